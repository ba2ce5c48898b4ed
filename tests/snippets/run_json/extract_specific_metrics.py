import json
import pandas as pd

# Load log
with open('out/run_20231031_162345.json', 'r') as f:
    log = json.load(f)

# Convert to DataFrame for easy analysis
df = pd.DataFrame(log['training_iterations'])

# Statistics
print(f"Mean loss: {df['loss'].mean():.4f}")
print(f"Min loss: {df['loss'].min():.4f}")
print(f"Mean time: {df['time_ms'].mean():.2f} ms")
print(f"Mean MFU: {df[df['mfu'] > 0]['mfu'].mean():.2f}%")

# Export to CSV
df.to_csv('training_metrics.csv', index=False)
