"""SIGKILL at any moment: whole lines, the last second at most is missing, and the next run repairs the tail."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from verbose_logging.reading.validate import validate_log

pytestmark = pytest.mark.trainer

KILLS = 100
AT_ONCE = 10
PROMISED_SECONDS = 1.0

# Notes each step with a write of its own, which survives any death; and how late a thread can be on this machine now.
SCRIPT = """
import signal, threading, time
notes = os.open("notes", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
def note(what, value):
    os.write(notes, b"%s %.6f\\n" % (what.encode(), value))
class Notes(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        note(f"step-{state.global_step}", time.monotonic())
        threading.Event().wait(0.05)
    def on_train_begin(self, args, state, control, **kwargs):
        killer.start()
def be_late():
    while True:
        before = time.monotonic()
        threading.Event().wait(0.05)
        note(f"late-{before}", time.monotonic() - before - 0.05)
def kill():
    note("killed", time.monotonic())
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=be_late, daemon=True).start()
killer = threading.Timer(float(os.environ["DELAY"]), kill)
killer.daemon = True
make_trainer(ours(), Notes(), steps=100_000, gradient_accumulation_steps=2).train()
"""


class Death(NamedTuple):
    """What a killed process had noted of itself."""

    steps: dict[int, float]
    killed_at: float
    latest: float

    def promised_steps(self) -> set[int]:
        """Returns the steps that the log has to have: a second old, and what the machine made every thread wait."""
        return {step for step, at in self.steps.items() if at < self.killed_at - PROMISED_SECONDS - self.latest}


def death_of(folder: Path) -> Death:
    """Returns what the last process in a folder has noted."""
    notes = [line.split() for line in (folder / "notes").read_text(encoding="utf-8").splitlines()]
    (killed_at,) = (float(value) for what, value in notes if what == "killed")
    steps = {int(what[5:]): float(value) for what, value in notes if what.startswith("step-")}
    late = {float(what[5:]): float(value) for what, value in notes if what.startswith("late-")}
    lately = [by for at, by in late.items() if at > killed_at - 2 * PROMISED_SECONDS]
    return Death(steps, killed_at, max(lately, default=PROMISED_SECONDS))


def whole_lines(folder: Path) -> list[dict[str, Any]]:
    """Returns the log's whole lines; every one of them is JSON."""
    log = folder / "logs" / "log.jsonl"
    content = log.read_bytes() if log.exists() else b""
    return [json.loads(line) for line in content.split(b"\n")[:-1]]


def steps_of_the_last_run(lines: list[dict[str, Any]]) -> set[int]:
    """Returns the steps of the run that began last."""
    own = [line for line in lines if line["run_id"] == lines[-1]["run_id"]] if lines else []
    return {line["step"] for line in own if line["type"] == "training_step_complete"}


def test_a_hundred_kills(nursery: Any, tmp_path: Path) -> None:
    """Ten lives, one after the other, in each of ten folders, each killed within three seconds; the last may live."""
    chance = random.Random(7)
    folders = [tmp_path / f"{place}" for place in range(AT_ONCE)]
    checked = 0
    for _ in range(KILLS // AT_ONCE):
        children = [nursery.start(folder, SCRIPT, DELAY=f"{chance.uniform(0.0, 3.0):.3f}") for folder in folders]
        for child in children:
            assert -9 == child.wait()
            death = death_of(child.folder)
            missing = death.promised_steps() - steps_of_the_last_run(whole_lines(child.folder))
            assert set() == missing, (missing, death)
            checked += len(death.promised_steps())
    for folder in folders:
        status, child = nursery.run(folder, "make_trainer(ours(), steps=2).train()")
        report = validate_log(folder / "logs" / "log.jsonl")
        assert (0, [], []) == (status, report.findings, report.gaps)
        assert "training_complete" == child.lines()[-1]["type"]
    assert checked > KILLS
