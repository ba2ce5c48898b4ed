for f in out/*.json; do
    loss=$(jq -r '.summary.best_val_loss' "$f")
    echo "$f: $loss"
done | sort -t: -k2 -n | head -1
