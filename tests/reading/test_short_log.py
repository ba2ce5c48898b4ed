from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from verbose_logging.entries import decode_entry
from verbose_logging.reading.short_log import is_short_log, summarize_short_log
from verbose_logging.reading.summary import summarize
from verbose_logging.sinks.standard import flatten


def _short(*logs: Any) -> list[dict[str, Any]]:
    """Returns the lines that the standard sink writes for these logs."""
    lines = [flatten(decode_entry(line)) for log in logs for line in log.lines]
    return [line for line in lines if line is not None]


def test_a_short_log_is_known_by_its_first_line(tmp_path: Path, full_run: Any) -> None:
    """The short log of a run is one, the full one is none."""
    short = tmp_path / "short.jsonl"
    short.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in _short(full_run)))

    assert is_short_log(short)
    assert not is_short_log(full_run.write(tmp_path / "full.jsonl"))


@pytest.mark.parametrize("content", [b"", b"{}\n", b"x\n", b'{"timestamp":"t","type":"x","level":"I","message":"m"}\n'])
def test_other_files_are_no_short_logs(tmp_path: Path, content: bytes) -> None:
    """What holds no entry of ours is none."""
    path = tmp_path / "file.jsonl"
    path.write_bytes(content)

    assert not is_short_log(path)


def test_a_short_log_says_what_the_full_one_says(full_run: Any) -> None:
    """The flat figures mean the same as the nested ones."""
    summary = summarize_short_log(_short(full_run))

    assert ("complete", 4, 8.0, 5.5, 5.0, 3) == tuple(
        summary[key] for key in ("outcome", "steps_done", "first_loss", "last_loss", "best_loss", "best_loss_step")
    )
    assert 0.4 == summary["median_step_time_seconds"]
    assert "earlier_runs" not in summary


def test_a_short_log_says_nothing_of_health(new_log: Callable[..., Any]) -> None:
    """It does not name the rules that found something, so it must not call a run healthy."""
    log = new_log().begin()
    for step in range(1, 31):
        log.step(step, 5.0)

    assert not {"health", "alerts"} & summarize_short_log(_short(log)).keys()
    assert "healthy: no warning in 30 steps" == summarize(map(msgspec.json.decode, log.lines))["health"]


def test_a_loss_that_is_not_finite_is_counted(new_log: Callable[..., Any]) -> None:
    """The flat mark of a NaN is understood."""
    log = new_log().begin().step(1, 5.0).step(2, None, nonfinite={"metrics.loss": "NaN"})

    assert 1 == summarize_short_log(_short(log))["nonfinite_loss_steps"]


def test_runs_are_told_apart_by_their_beginning(new_log: Callable[..., Any]) -> None:
    """Without run ids a run ends where the next one opens, and only the newest is summed up whole."""
    logs = [new_log().begin().step(1, 1.0).complete(1), new_log().begin().step(1, 7.0)]

    summary = summarize_short_log(_short(*logs))

    assert ("unfinished", 7.0) == (summary["outcome"], summary["best_loss"])
    assert ["complete: 1 steps in 4 s"] == [run["verdict"] for run in summary["earlier_runs"]]


def test_a_second_start_opens_a_run_of_its_own(new_log: Callable[..., Any]) -> None:
    """Where only the start of training is written it tells the runs apart."""
    lines = [line for line in _short(new_log().begin().step(1, 1.0)) if "initialization" not in line["type"]]

    assert 2 == len(summarize_short_log(lines * 3)["earlier_runs"])
