import json

def validate_log_file(filename):
    """Validate log file format"""
    try:
        with open(filename, 'r') as f:
            for i, line in enumerate(f):
                log_entry = json.loads(line)
                required_fields = ['timestamp', 'type', 'level', 'message']
                for field in required_fields:
                    assert field in log_entry, f"Missing {field} in line {i+1}"
        print(f"✅ {filename} is valid")
    except Exception as e:
        print(f"❌ {filename} validation failed: {e}")

validate_log_file('verbose_training_logs.jsonl')
