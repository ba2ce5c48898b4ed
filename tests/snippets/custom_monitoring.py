import threading
import time

def monitor_logs():
    """Monitor logs in real-time"""
    while True:
        try:
            with open('verbose_training_logs.jsonl', 'r') as f:
                lines = f.readlines()
                if lines:
                    last_log = json.loads(lines[-1])
                    if last_log['level'] == 'WARNING':
                        print(f"⚠️ Warning: {last_log['message']}")
        except:
            pass
        time.sleep(5)

# Start monitoring in background
monitor_thread = threading.Thread(target=monitor_logs, daemon=True)
monitor_thread.start()
