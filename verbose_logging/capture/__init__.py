"""What the doors read alike, whoever trains: scalars, pauses, the model's own state, the run that goes on."""
