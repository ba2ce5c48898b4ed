"""From a file to what stands in it: which file is meant, its lines, steps in blocks, other entries one by one."""
