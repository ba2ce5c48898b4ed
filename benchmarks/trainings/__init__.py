"""Small real trainings, sick and healthy, that the health benchmark and the tests run."""
