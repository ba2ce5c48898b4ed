import json
import matplotlib.pyplot as plt

with open('out/run_20231031_162345.json', 'r') as f:
    log = json.load(f)

eval_iters = [x['iter'] for x in log['eval_steps']]
train_losses = [x['train_loss'] for x in log['eval_steps']]
val_losses = [x['val_loss'] for x in log['eval_steps']]

plt.figure(figsize=(10, 6))
plt.plot(eval_iters, train_losses, label='Train Loss', marker='o')
plt.plot(eval_iters, val_losses, label='Val Loss', marker='s')
plt.xlabel('Iteration')
plt.ylabel('Loss')
plt.title('Training vs Validation Loss')
plt.legend()
plt.grid(True, alpha=0.3)
plt.savefig('train_val_comparison.png', dpi=150)
