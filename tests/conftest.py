"""What all tests share."""

collect_ignore = ["snippets"]  # scripts as users write them; tests/cli/test_snippets.py runs them
