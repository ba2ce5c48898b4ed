import json

# Load a log file
with open('out/run_20231031_162345.json', 'r') as f:
    log = json.load(f)

# View summary
print(log['summary'])

# Plot loss curve
import matplotlib.pyplot as plt

iters = [x['iter'] for x in log['training_iterations']]
losses = [x['loss'] for x in log['training_iterations']]

plt.plot(iters, losses)
plt.xlabel('Iteration')
plt.ylabel('Loss')
plt.title('Training Loss')
plt.savefig('loss_curve.png')
