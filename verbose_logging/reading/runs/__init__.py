"""From what stands in a file to a run: its steps as a table, its events, and the run as an object."""
