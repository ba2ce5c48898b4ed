# Extract memory usage
memory_usage = [log['resource_usage']['memory']['usage_percent']
                for log in logs 
                if 'resource_usage' in log and 'memory' in log['resource_usage']]

# Plot trends
import matplotlib.pyplot as plt
plt.plot(memory_usage)
plt.title('Memory Usage Over Time')
plt.ylabel('Memory Usage (%)')
plt.xlabel('Training Steps')
plt.show()
