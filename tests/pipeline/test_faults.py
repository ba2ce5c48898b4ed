from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType

import pytest

from tests.pipeline.pipelines import build, entry_of
from verbose_logging.entries import Entry
from verbose_logging.facts import Fact, SubstepEnd
from verbose_logging.testing import MemorySink

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")

_LEAVES_THE_CLOSE_TO_ATEXIT = """
import atexit
from verbose_logging.clock import SystemClock
from verbose_logging.facts import SubstepEnd
from verbose_logging.pipeline import Pipeline
from verbose_logging.testing import MemorySink

pipeline = Pipeline(lambda fact: print(fact.at) or [], MemorySink(), clock=SystemClock(), on_problem=print)
atexit.register(lambda: print(pipeline.close()))
pipeline.put(SubstepEnd(1.0))
"""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_dead_thread_is_replaced() -> None:
    """When something kills the thread, the next flush starts another, and later facts are handled."""

    def handle(fact: Fact) -> Sequence[Entry]:
        if fact.at == 0.0:
            raise SystemExit
        return entry_of(fact)

    sink = MemorySink()
    pipeline = build(sink, handle)
    others = set(threading.enumerate())
    pipeline.start()
    (thread,) = set(threading.enumerate()) - others
    pipeline.put(SubstepEnd(0.0))
    pipeline.flush(timeout=0.0)
    thread.join(10.0)
    assert not thread.is_alive()
    pipeline.put(SubstepEnd(1.0))
    assert pipeline.flush()
    assert [SubstepEnd(1.0)] == [entry.fields["fact"] for entry in sink.of_type("fact")]
    assert pipeline.close()


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system sends threads no signals")
def test_signal_handler_may_flush_within_a_flush() -> None:
    """A signal that arrives while the main thread waits for a flush can flush, too."""
    answers: list[bool] = []
    main = threading.main_thread().ident
    assert main is not None

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        answers.append(pipeline.flush())

    def handle(_fact: Fact) -> Sequence[Entry]:
        signal.pthread_kill(main, signal.SIGUSR1)
        return ()

    pipeline = build(MemorySink(), handle)
    pipeline.put(SubstepEnd(0.0))
    previous = signal.signal(signal.SIGUSR1, on_signal)
    try:
        answers.append(pipeline.flush())
    finally:
        signal.signal(signal.SIGUSR1, previous)
        pipeline.close()
    assert [True, True] == answers


@needs_fork
def test_forked_child_discards_everything() -> None:
    """In a child nothing is handled, nothing waits, no thread starts and closing is done at once."""
    sink = MemorySink()
    pipeline = build(sink)
    pipeline.put(SubstepEnd(1.0))
    pipeline.start()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        pipeline.put(SubstepEnd(2.0))
        pipeline.put_vital(SubstepEnd(3.0))
        pipeline.start()
        done = [pipeline.flush(), pipeline.close()]
        ours = [thread.name for thread in threading.enumerate() if thread.name.startswith("verbose-logging")]
        told = [done, sink.closed, pipeline.account()["facts_waiting"], ours]
        os.write(write_end, json.dumps(told).encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        assert [[True, True], False, 0, []] == json.loads(pipe.read())
    os.waitpid(child, 0)
    assert pipeline.close()
    assert [SubstepEnd(1.0)] == [entry.fields["fact"] for entry in sink.of_type("fact")]


def test_close_at_exit_delivers_what_waits() -> None:
    """A pipeline that starts only while the interpreter runs its exit hooks still delivers."""
    done = subprocess.run(
        [sys.executable, "-c", _LEAVES_THE_CLOSE_TO_ATEXIT], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "1.0\nTrue\n"
    assert done.stderr == ""
