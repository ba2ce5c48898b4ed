"""Runs every benchmark: `python -m benchmarks`."""

from __future__ import annotations

from benchmarks import eta, flops, overhead, reading

if __name__ == "__main__":
    overhead.main()
    eta.main()
    flops.main()
    reading.main()
