import json
import matplotlib.pyplot as plt

with open('out/run_20231031_162345.json', 'r') as f:
    log = json.load(f)

fig, (ax1, ax2, ax3) = plt.subplots(1, 3, figsize=(15, 4))

# Loss over time
iters = [x['iter'] for x in log['training_iterations']]
losses = [x['loss'] for x in log['training_iterations']]
ax1.plot(iters, losses)
ax1.set_title('Training Loss')
ax1.set_xlabel('Iteration')
ax1.set_ylabel('Loss')

# Time per iteration
times = [x['time_ms'] for x in log['training_iterations'][5:]]  # Skip warmup
ax2.hist(times, bins=30)
ax2.set_title('Time Distribution')
ax2.set_xlabel('Time (ms)')
ax2.set_ylabel('Frequency')

# MFU over time
mfus = [x['mfu'] for x in log['training_iterations'] if x['mfu'] > 0]
ax3.plot(mfus)
ax3.set_title('Model FLOPs Utilization')
ax3.set_xlabel('Iteration')
ax3.set_ylabel('MFU (%)')

plt.tight_layout()
plt.savefig('training_analysis.png', dpi=150)
print("Saved to training_analysis.png")
