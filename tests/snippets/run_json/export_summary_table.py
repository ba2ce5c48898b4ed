import json
import pandas as pd

# Load multiple logs
logs = [
    'out/run_baseline.json',
    'out/run_zero1.json',
    'out/run_fsdp.json'
]

summaries = []
for log_file in logs:
    with open(log_file, 'r') as f:
        data = json.load(f)
    
    summaries.append({
        'Run': data['run_name'],
        'Final Train Loss': data['summary']['final_train_loss'],
        'Best Val Loss': data['summary']['best_val_loss'],
        'Avg Time (ms)': data['summary']['avg_time_ms'],
        'Avg MFU (%)': data['summary']['avg_mfu'],
        'Total Iters': data['summary']['total_iterations']
    })

df = pd.DataFrame(summaries)
print(df.to_markdown(index=False))

# Save to CSV
df.to_csv('run_comparison.csv', index=False)
