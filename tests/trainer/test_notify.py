"""A real training whose messages find nobody."""

from __future__ import annotations

import socket
from datetime import datetime
from typing import Any

import pytest

pytestmark = pytest.mark.trainer


def test_a_training_waits_for_no_message(train: Any) -> None:
    """A server that accepts and never answers costs training nothing, and its end two seconds."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(50)
        address = f"json://user:hunter2@127.0.0.1:{deaf.getsockname()[1]}/hook"
        trainer, lines = train(options={"notify": [address]}, max_steps=20)

    start, end = (
        datetime.fromisoformat(next(line["timestamp"] for line in lines if line["type"] == kind))
        for kind in ("training_start", "training_complete")
    )
    assert (end - start).total_seconds() < 5.0  # the first message alone takes that long to be given up
    assert 20 == trainer.state.global_step
    assert 20 == sum(line["type"] == "training_step_complete" for line in lines)
    assert "hunter2" not in str(lines)
