"""The flight recorder for Hugging Face training."""
