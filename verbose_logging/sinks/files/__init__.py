"""Files that survive what disks and processes do: appended whole, retried, turned over, repaired, spilled elsewhere."""
