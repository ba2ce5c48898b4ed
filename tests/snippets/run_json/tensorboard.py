from torch.utils.tensorboard import SummaryWriter
import json

with open('out/run_20231031_162345.json', 'r') as f:
    log = json.load(f)

writer = SummaryWriter('runs/experiment_1')

for data in log['training_iterations']:
    writer.add_scalar('Loss/train', data['loss'], data['iter'])
    if data['mfu'] > 0:
        writer.add_scalar('MFU', data['mfu'], data['iter'])

for data in log['eval_steps']:
    writer.add_scalar('Loss/val', data['val_loss'], data['iter'])

writer.close()
