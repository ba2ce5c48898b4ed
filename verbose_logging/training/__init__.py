"""Fine-tuning from a config: what is asked for, checked, loaded and trained. The way in is `train.py`."""
