"""What the doors have in common: recordings, device scalars, pauses, the model's own state, the run that goes on."""
