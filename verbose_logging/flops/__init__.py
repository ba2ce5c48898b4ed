"""Floating-point operations (FLOPs): what training a model costs, and what a device can do in a second."""
