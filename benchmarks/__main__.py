"""Runs every benchmark, each in a process of its own, and writes `benchmarks/RESULTS.md`: `python -m benchmarks`.

What is written is what was run, on what, and when. With names, only those are run, and the other sections stay as they
are. `changes.md` beside it says what each change to the code brought.
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
_SAID_BY_OTHERS = "[INFO] Running in WANDB"
_TITLE = "## "
_HEAD = """# Results

Written by `make bench`.
Ratios within one table compare; figures of two runs do not.
"""


def run(name: str) -> str:
    """Returns what a benchmark prints, as a section with when it ran and what else the machine did."""
    print(name, flush=True)
    began, load, date = time.perf_counter(), os.getloadavg()[0], datetime.now(timezone.utc)
    command = [sys.executable, "-W", "ignore", "-m", f"benchmarks.{name}"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, "NO_COLOR": "1"})  # noqa: S603 - ourselves
    lines = (line.rstrip() for line in done.stdout.splitlines() if not line.startswith(_SAID_BY_OTHERS))
    told = "\n".join(lines).strip("\n")
    failed = f", failed with status {done.returncode}" if done.returncode else ""
    ran = f"It ran for {time.perf_counter() - began:.0f} s{failed}; it began on {date:%Y-%m-%d %H:%M} UTC"
    return f"{_TITLE}{name}.py\n\n{ran}, at a load of {load:.1f}.\n\n```text\n{told}\n```\n"


def conditions() -> str:
    """Returns what the benchmarks were run on."""
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = f"- Machine: {machine}; no GPU was used", f"- Libraries: {', '.join(map(_version, _LIBRARIES))}"
    return "\n".join(lines) + "\n"


def _version(library: str) -> str:
    try:
        return f"{library} {metadata.version(library)}"
    except metadata.PackageNotFoundError:
        return f"{library} (not installed, left out)"


def sections_of(page: str) -> dict[str, str]:
    """Returns a page's sections by the name of their benchmark."""
    parts = page.split(f"\n{_TITLE}")[1:]
    return {part.split(".py\n")[0]: _TITLE + part for part in parts if part.split(".py\n")[0] in _RUN}


def main() -> None:
    """Runs the benchmarks that are named, by default all, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=_RUN)
    parser.add_argument("-o", "--output", type=Path, default=_HERE / "RESULTS.md")
    options = parser.parse_args()
    changes = (_HERE / "changes.md").read_text(encoding="utf-8")
    before = (
        sections_of(options.output.read_text(encoding="utf-8").removesuffix(changes)) if options.output.exists() else {}
    )
    sections = {name: section for name, section in before.items() if name not in options.names}
    for name in options.names:
        sections[name] = run(name)
        known = [sections[one].rstrip("\n") + "\n" for one in _RUN if one in sections]
        options.output.write_text("\n".join((_HEAD, conditions(), *known, changes)), encoding="utf-8")


if __name__ == "__main__":
    main()
