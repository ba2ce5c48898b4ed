# Extract timing data
step_times = [log['timing']['step_time_seconds'] 
              for log in logs 
              if log['type'] == 'training_step_complete']

# Calculate statistics
import numpy as np
avg_time = np.mean(step_times)
std_time = np.std(step_times)
print(f"Average step time: {avg_time:.3f}s ± {std_time:.3f}s")
