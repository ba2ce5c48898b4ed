# Pretty-print JSON
cat out/run_20231031_162345.json | jq '.'

# View summary only
cat out/run_20231031_162345.json | jq '.summary'

# Extract final loss
cat out/run_20231031_162345.json | jq '.summary.final_train_loss'

# Count iterations
cat out/run_20231031_162345.json | jq '.training_iterations | length'
