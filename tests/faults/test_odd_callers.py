"""Entries written from where nobody should: signal handlers, destructors, exit hooks, many threads, forked children."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.trainer


def notes(child: Any) -> list[Any]:
    """Returns what the notes in the log say."""
    return [line["number"] for line in child.lines() if line["type"] == "note"]


PRELUDE = """
callback = ours(standard_log_file=None)
def note(number):
    callback._write_log({"type": "note", "number": number})
"""


def test_from_a_signal_handler(nursery: Any, tmp_path: Path) -> None:
    """Hundreds of signals that interrupt the training, from before its beginning on: one run, every note there once."""
    script = """
import itertools, signal
numbers = itertools.count()
def handle(number, frame):
    note(next(numbers))
note(next(numbers))
signal.signal(signal.SIGALRM, handle)
signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
class Stops(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        control.should_training_stop = state.global_step == 200
make_trainer(callback, Stops(), steps=100_000).train()
signal.setitimer(signal.ITIMER_REAL, 0)
print(next(numbers))
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)
    written = int(child.stdout)

    assert 0 == status, child.stderr
    assert list(range(written)) == sorted(notes(child))
    assert 1 == len({line["run_id"] for line in child.lines()})
    assert written > 100


def test_from_a_destructor_and_at_exit(nursery: Any, tmp_path: Path) -> None:
    """Objects that die within the training, and hooks that run before and after ours as the interpreter ends."""
    script = """
import atexit, gc
class Dies:
    def __init__(self, number):
        self.number, self.itself = number, self
    def __del__(self):
        note(self.number)
atexit.register(lambda: note(3))
def die():
    Dies(1)
    gc.collect()
make_trainer(callback, AtStep(2, die), steps=4).train()
atexit.register(lambda: note(2))
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)

    assert 0 == status, child.stderr
    assert {1, 2} <= set(notes(child))


def test_after_the_close(nursery: Any, tmp_path: Path) -> None:
    """A closed callback that is written to opens a recording of its own; nothing is raised."""
    script = """
note(1)
callback.close()
note(2)
callback.close()
callback.close()
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)

    assert (0, [1, 2]) == (status, notes(child))
    assert 2 == len({line["run_id"] for line in child.lines()})


def test_from_sixty_four_threads(nursery: Any, tmp_path: Path) -> None:
    """Each writes a hundred notes while the training runs: all are there, each thread's own in order."""
    script = """
import threading
def write(thread):
    for place in range(100):
        note([thread, place])
threads = [threading.Thread(target=write, args=(number,)) for number in range(64)]
def begin():
    for thread in threads:
        thread.start()
make_trainer(callback, AtStep(2, begin), steps=20).train()
for thread in threads:
    thread.join()
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)
    written = notes(child)

    assert (0, 6400) == (status, len(written))
    for thread in (0, 31, 63):
        assert list(range(100)) == [place for number, place in written if number == thread]
    numbers = [line["seq"] for line in child.lines()]
    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_burst_of_a_hundred_thousand(nursery: Any, tmp_path: Path) -> None:
    """What finds room is there, and the rest is counted to the last one; no probe's reading is among it."""
    script = """
callback = ours(probes=[])
note(-1)
callback.flush()
for number in range(100_000):
    note(number)
callback.flush(200.0)
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)
    lines = child.lines()
    dropped = sum(line["count"] for line in lines if line["type"] == "entries_dropped")

    assert 0 == status
    assert 100_001 == len(notes(child)) + dropped


def test_a_storm_of_forks(nursery: Any, tmp_path: Path) -> None:
    """Fifty children in the middle of the training, each of which writes notes and ends: the log is the parent's."""
    script = """
def storm():
    for _ in range(50):
        if os.fork() == 0:
            note("child")
            callback.flush()
            os._exit(0)
    for _ in range(50):
        os.wait()
make_trainer(callback, AtStep(3, storm), steps=6).train()
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)
    numbers = [line["seq"] for line in child.lines()]

    assert (0, []) == (status, notes(child))
    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_killed_writer_thread_is_replaced(nursery: Any, tmp_path: Path) -> None:
    """Something ends our thread in the middle of the training: another takes its place by itself."""
    script = """
import threading
callback = ours(standard_log_file=None, sample_interval_seconds=0.05)
died = []
def strike():
    session = callback._recordings.session
    whole = session._record
    def die(fact):
        died.append(True)
        session._record = whole
        raise SystemExit
    session._record = die
def writers():
    return sum(thread.name == "verbose-logging-pipeline" for thread in threading.enumerate())
def wait():
    for _ in range(300):
        threading.Event().wait(0.1)
        if died and writers() == 1:
            break
    print(writers())
make_trainer(callback, AtStep(3, strike), AtStep(5, wait), steps=9).train()
"""
    status, child = nursery.run(tmp_path, PRELUDE + script)

    assert (0, "1\n") == (status, child.stdout)
    assert "training_complete" == child.lines()[-1]["type"]
