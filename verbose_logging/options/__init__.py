"""What stands behind `settings.py`: the checks of each option, and the files and names that options come from."""
