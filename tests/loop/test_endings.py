"""How a plain loop ends, and who may ask it to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loop.plain_loops import MakeLogger, entries


def test_an_exception_is_recorded_and_goes_on_its_way(make_logger: MakeLogger, tmp_path: Path) -> None:
    """The log says why the loop ended, and the loop's author sees the same exception."""
    with pytest.raises(ZeroDivisionError), make_logger() as logger:
        logger.log_step(1, loss=1 / 0)

    (end,) = entries(tmp_path, "training_failed")
    assert "ZeroDivisionError" == end["exception"]["type"]
    assert "1 / 0" in end["exception"]["traceback"]


def test_ctrl_c_is_an_interruption(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A person who stops a loop has not failed."""
    with pytest.raises(KeyboardInterrupt), make_logger():
        raise KeyboardInterrupt

    assert 1 == len(entries(tmp_path, "training_interrupted"))


def test_a_finding_can_ask_a_loop_to_stop(make_logger: MakeLogger, tmp_path: Path) -> None:
    """The loop looks at `stop_requested`; the last entry says who asked."""
    logger = make_logger(alerts={"nonfinite_loss": {"action": "stop"}}, total_steps=100)
    assert not logger.stop_requested
    logger.log_step(0, loss=3.0)
    logger.log_step(1, loss=float("nan"))
    logger.flush()

    assert logger.stop_requested
    logger.close()
    assert "nonfinite_loss" == entries(tmp_path)[-1]["stop_requested"]["rule"]
