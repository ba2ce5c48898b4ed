import json

# Read verbose logs
logs = []
with open('verbose_training_logs.jsonl', 'r') as f:
    for line in f:
        logs.append(json.loads(line))

# Filter by log type
training_steps = [log for log in logs if log['type'] == 'training_step_complete']
resource_warnings = [log for log in logs if log['level'] == 'WARNING']
