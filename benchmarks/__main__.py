"""Runs every benchmark, each in a process of its own, and writes `benchmarks/RESULTS.md`: `python -m benchmarks`.

What is written is what was run, on what, and when. `changes.md` beside it says what each change to the code brought.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

_HERE = Path(__file__).parent
_RUN = ("overhead", "end_to_end", "scale", "reading", "eta", "flops", "health")
_LIBRARIES = (
    "verbose-logging", "torch", "transformers", "trl", "msgspec", "psutil",
    "trackio", "tensorboardX", "wandb", "mlflow-skinny",
)  # fmt: skip
_HEAD = """# Results

Written by `make bench`.
Ratios within one table compare; figures of two runs do not.
"""


def run(name: str) -> str:
    """Returns what a benchmark prints, as a section."""
    print(name, flush=True)
    began = time.perf_counter()
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})  # noqa: S603 - ourselves
    told = "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")
    failed = f", failed with status {done.returncode}" if done.returncode else ""
    return f"## {name}.py\n\nIt ran for {time.perf_counter() - began:.0f} s{failed}.\n\n```text\n{told}\n```\n"


def conditions() -> str:
    """Returns what the benchmarks were run on, and when."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = (
        f"- Date: {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        f"- Machine: {machine}; no GPU was used",
        f"- Load of the machine in the 1, 5 and 15 minutes before: {load}",
        f"- Libraries: {', '.join(map(_version, _LIBRARIES))}",
    )
    return "\n".join(lines) + "\n"


def _version(library: str) -> str:
    try:
        return f"{library} {metadata.version(library)}"
    except metadata.PackageNotFoundError:
        return f"{library} (not installed, left out)"


def main() -> None:
    """Runs the benchmarks that are named, by default all, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=_RUN)
    parser.add_argument("-o", "--output", type=Path, default=_HERE / "RESULTS.md")
    options = parser.parse_args()
    changes = (_HERE / "changes.md").read_text(encoding="utf-8")
    sections = [_HEAD, conditions()]
    for name in options.names:
        sections.append(run(name))
        options.output.write_text("\n".join((*sections, changes)), encoding="utf-8")  # what is known by now


if __name__ == "__main__":
    main()
