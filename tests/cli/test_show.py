from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from verbose_logging.cli import main

STARTED_AT = datetime.fromisoformat("2026-01-02T03:04:05+00:00").astimezone().isoformat()
WHOLE = rf"""complete: 4 of 4 steps in 10 s
  run          run-1, level high, started {STARTED_AT}
  model        TinyLM, 1,000 parameters, 25.0% trainable
  data         train 32 samples, eval 8 samples
  steps        4 of 4, epoch 1 of 1
  loss         first 8.0000, last 5.5000, best 5.0000 (step 3)
  evaluations  1, last loss 6.5000, best 6.5000 (step 2)
  step time    mean 600 ms, median 400 ms
  checkpoints  1 (step 2)

Where the time went
  forward backward  3.00 s   75.0%
  other             1.00 s   25.0%
  total             4.00 s  100.0%

Peaks
  memory usage peak  68.2%

Alerts
  WARNING  high_memory  step 2, 1x  memory at 91% \x1b[31m; use less

Files
  log              run.jsonl
  last checkpoint  out/checkpoint-2

Next
  check every line  verbose-logging validate run.jsonl
  the losses        jq -c 'select(.type == "training_step_complete") | [.step, .metrics.loss]' run.jsonl
  the last line     tail -n 1 run.jsonl
"""


def test_a_run_is_shown_whole(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict comes first, then everything else; escapes from the log are shown and not obeyed."""
    assert 0 == main(["show", str(log_file)])
    assert WHOLE.splitlines() == [line.rstrip() for line in capsys.readouterr().out.splitlines()]


@pytest.mark.usefixtures("log_file")
def test_the_newest_log_below_here_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a name the newest log is meant."""
    assert 0 == main(["show"])
    assert capsys.readouterr().out.startswith("complete: 4 of 4 steps")


def test_json_holds_the_same(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--json` prints the summary as strict JSON."""
    assert 0 == main(["show", str(log_file), "--json"])

    summary = json.loads(capsys.readouterr().out)

    assert ("complete", 5.0, "run.jsonl") == (summary["outcome"], summary["best_loss"], summary["log_file"])


def test_skipped_lines_are_admitted(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A summary that rests on fewer lines than the file has says so."""
    log_file.write_bytes(log_file.read_bytes() + b'{"cut": ')

    assert 0 == main(["show", str(log_file)])
    assert "1 line skipped; the first is line 12: the last line is cut" in capsys.readouterr().out


def test_a_file_without_entries_is_refused(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to show in a file that is no log."""
    log_file.write_text("no log\n")

    assert 1 == main(["show", str(log_file)])
    assert (
        "",
        "error: run.jsonl: no log entry in it; 'verbose-logging validate run.jsonl' says what is wrong\n",
    ) == capsys.readouterr()


def test_a_path_with_spaces_can_be_copied(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The commands to go on with work in a shell."""
    log_file.rename("my run.jsonl")

    assert 0 == main(["show", "my run.jsonl"])
    assert "tail -n 1 'my run.jsonl'" in capsys.readouterr().out
