"""`python -m verbose_logging`: the command line."""

from __future__ import annotations

import sys

from verbose_logging.cli import main

if __name__ == "__main__":
    sys.exit(main())
