from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from verbose_logging.cli import main

STARTED_AT = datetime.fromisoformat("2026-01-02T03:04:05+00:00").astimezone().isoformat()
WHOLE = rf"""complete: 4 of 4 steps in 10 s
WARNING high_memory: memory at 91% \x1b[31m
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
  WARNING  high_memory  step 2, 1x  memory at 91% \x1b[31m
                                    use less

Files
  log              run.jsonl
  last checkpoint  out/checkpoint-2

Next
  the curves        verbose-logging plot run.jsonl -o run.png
  check every line  verbose-logging validate run.jsonl
  the losses        jq -c 'select(.type == "training_step_complete") | [.step, .metrics.loss]' run.jsonl
  the last line     tail -n 1 run.jsonl
"""

SHORT = """\
{"timestamp":"2026-01-02T03:04:05+00:00","type":"training_start","level":"INFO","message":"m","step":0,"epoch":1}
{"timestamp":"2026-01-02T03:04:06+00:00","type":"training_complete","level":"INFO","message":"m","step":9,"epoch":1}
{"timestamp":"2026-01-02T03:04:05+00:00","type":"training_start","level":"INFO","message":"m","step":0,"epoch":1}
{"timestamp":"2026-01-02T03:04:06+00:00","type":"training_step_complete","level":"INFO","message":"m","step":1,\
"epoch":1,"step_time":0.5,"loss":7.5}
{"timestamp":"2026-01-02T03:04:07+00:00","type":"training_complete","level":"INFO","message":"m","step":1,"epoch":1}
"""
SHORT_SHOWN = f"""training_logs.jsonl is the short log; there is no full log beside it
complete: 1 steps in 2 s
  run        started {STARTED_AT}
  steps      1, epoch 1
  loss       first 7.5000, last 7.5000, best 7.5000 (step 1)
  step time  mean 500 ms, median 500 ms

Earlier runs
  {STARTED_AT}  complete: 9 steps in 1 s

Files
  log  training_logs.jsonl

Next
  the losses     jq -c 'select(.type == "training_step_complete") | [.step, .loss]' training_logs.jsonl
  the last line  tail -n 1 training_logs.jsonl
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


@pytest.mark.parametrize("content", ["no log\n", '{"a":1}\n'])
def test_a_file_without_entries_is_refused(log_file: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    """There is nothing to show in a file that is no log."""
    log_file.write_text(content)

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


def test_an_entry_that_says_nothing_is_shown(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A type alone is an entry; there is little to say, and it is said."""
    log_file.write_text('{"type":"mine"}\n')

    assert 0 == main(["show", str(log_file)])
    assert capsys.readouterr().out.startswith("no end entry: 0 steps\n\nFiles\n")


def test_what_some_runs_have_is_shown(log_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rates, the attempt that succeeded and the losses of several evaluation sets have their place."""
    log = log_file.read_text(encoding="utf-8")
    for old, new in {
        '"attempt":1': '"attempt":2',
        '"metric_sources":{}': '"metric_sources":{},"mfu_receipt":{"peak_flops":1.21e14}',
        '"eta_minutes":2.0': '"eta_minutes":2.0,"tokens_per_second":12345.6',
        '"learning_rate":0.001': '"learning_rate":0.001,"tflops_per_second":30.25,"mfu_percent":25.0',
        '"eval_loss":6.5': '"eval_a_loss":6.5,"eval_b_loss":7.5',
    }.items():
        log = log.replace(old, new)
    log_file.write_text(log, encoding="utf-8")

    assert 0 == main(["show", str(log_file)])

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    assert [
        "  steps        4 of 4, epoch 1 of 1, attempt 2",
        "  loss         first 8.0000, last 5.5000, best 5.0000 (step 3)",
        "  evaluations  1",
        "  step time    mean 600 ms, median 400 ms",
        "  throughput   12,346 tokens/s, 30.25 TFLOP/s, MFU 25.0% of 121 TFLOP/s a device",
        "  checkpoints  1 (step 2)",
        "",
        "Evaluation losses",
        "  eval_a_loss  last 6.5000, best 6.5000 (step 2)",
        "  eval_b_loss  last 7.5000, best 7.5000 (step 2)",
    ] == lines[5:15]


@pytest.mark.usefixtures("log_file")
def test_the_short_log_leads_to_the_full_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever names the short log is told so, and gets the full log beside it."""
    Path("training_logs.jsonl").write_text(SHORT, encoding="utf-8")

    assert 0 == main(["show", "training_logs.jsonl"])

    note, *shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    whole = WHOLE.replace("  last checkpoint", "  beside it        training_logs.jsonl\n  last checkpoint")

    assert "training_logs.jsonl is the short log; shown is the full log beside it, run.jsonl" == note
    assert whole.splitlines() == shown


@pytest.mark.usefixtures("empty_folder")
def test_a_short_log_alone_is_shown_run_by_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Without the full log the short one says what it has, and does not name itself as beside itself."""
    Path("training_logs.jsonl").write_text(SHORT, encoding="utf-8")

    assert 0 == main(["show", "training_logs.jsonl"])
    assert SHORT_SHOWN.splitlines() == [line.rstrip() for line in capsys.readouterr().out.splitlines()]
