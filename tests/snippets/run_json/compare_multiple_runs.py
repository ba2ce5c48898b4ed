from training_logger import compare_runs

# Compare multiple runs
comparison = compare_runs([
    'out/run_20231031_162345.json',
    'out/run_20231031_171523.json'
])

for run in comparison['runs']:
    print(f"{run['run_name']}: final_loss={run['final_loss']:.4f}, "
          f"best_val={run['best_val_loss']:.4f}, mfu={run['avg_mfu']:.2f}%")
