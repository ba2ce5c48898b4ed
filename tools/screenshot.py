"""A picture of a terminal in which a command runs: `python -m tools.screenshot OUT.svg SECONDS COMMAND...`.

The command gets a terminal of its own; after so many seconds, or when it has ended, its screen becomes an SVG.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte
from rich.console import Console
from rich.style import Style
from rich.text import Text

COLUMNS, ROWS = 172, 34
EMOJI_STYLE = "\ufe0f".encode()  # makes what is before it two columns wide; pyte leaves out what follows it


def screen_of(command: list[str], seconds: float) -> pyte.Screen:
    """Returns what the command's terminal shows when the time is up or the command has ended."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color"}
    running = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)  # noqa: S603
    os.close(theirs)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            stream.feed(os.read(ours, 65536).replace(EMOJI_STYLE, b" "))
        except OSError:  # the terminal's other end is closed
            break
    running.terminate()
    running.wait()
    return screen


def as_text(screen: pyte.Screen) -> Text:
    """Returns the screen's rows with their colours, without the empty ones at the end."""
    rows = []
    for number in range(screen.lines):
        row = Text()
        for column in range(screen.columns):
            cell = screen.buffer[number][column]
            color = None if cell.fg == "default" else {"brown": "yellow"}.get(cell.fg, cell.fg)
            color = f"#{color}" if color and len(color) == 6 and color.isalnum() and not color.isalpha() else color  # noqa: PLR2004
            row.append(cell.data, Style(color=color, bold=cell.bold))
        row.rstrip()
        rows.append(row)
    while rows and not rows[-1].plain:
        rows.pop()
    return Text("\n").join(rows)


def main() -> None:
    """Writes the picture."""
    out, seconds, *command = sys.argv[1:]
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    console.print(as_text(screen_of(command, float(seconds))))
    Path(out).write_text(console.export_svg(title=" ".join(command)), encoding="utf-8")


if __name__ == "__main__":
    main()
