"""What findings and metrics mean, for people; `reading.explanations` reads it, and the documentation shows it."""
