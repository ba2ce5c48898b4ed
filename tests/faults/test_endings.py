"""How a run can end without `on_train_end`: the log says it, and the exit status stays what it was."""

from __future__ import annotations

import signal
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from transformers import TrainingArguments

from verbose_logging.reading.validate import validate_log

pytestmark = pytest.mark.trainer


@pytest.mark.parametrize("level", ["low", "ultra"])
def test_sigterm_is_recorded_and_kills_as_before(level: str, nursery: Any, tmp_path: Path) -> None:
    """The last line says SIGTERM, where the main thread stood and what the last steps were; the status is SIGTERM's."""
    child = nursery.start(tmp_path, f"make_trainer(ours({level!r}), AtStep(60, ready), steps=100_000).train()")
    assert child.is_ready()
    child.send(signal.SIGTERM)
    status = child.wait()
    last = child.lines()[-1]

    assert (-signal.SIGTERM, "training_interrupted", "SIGTERM") == (status, last["type"], last["exception"]["type"])
    assert "in _inner_training_loop" in last["exception"]["traceback"]
    assert last["step"] == last["last_steps"][-1]["step"] >= 60
    assert 50 == len(last["last_steps"])
    assert "memory" in last["resource_usage"]
    assert validate_log(tmp_path / "logs" / "log.jsonl").is_valid


def test_sigterm_can_be_left_alone(nursery: Any, tmp_path: Path) -> None:
    """With `handle_sigterm=False` the signal's default action is not touched; without, it is back after training."""
    script = """
    import signal
    def ask():
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    for handle in (True, False):
        make_trainer(ours(handle_sigterm=handle), AtStep(2, ask), steps=3).train()
        ask()
    """
    status, child = nursery.run(tmp_path, script)

    assert (0, "False\nTrue\nTrue\nTrue\n") == (status, child.stdout)


def test_a_users_handler_decides(nursery: Any, tmp_path: Path) -> None:
    """A handler that exits with 7 is called; the log has the signal, then the exit with its code."""
    script = """
    import signal, sys
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(7))
    make_trainer(ours(), AtStep(5, ready), steps=100_000).train()
    """
    child = nursery.start(tmp_path, script)
    assert child.is_ready()
    child.send(signal.SIGTERM)
    status = child.wait()
    lines = child.lines()

    assert (7, "SystemExit", 7) == (status, lines[-1]["exception"]["type"], lines[-1]["exception"]["code"])
    assert ["SIGTERM"] == [line["signal"] for line in lines if line["type"] == "signal_received"]


def test_before_a_handler_that_ends_at_once_the_log_is_brought_up_to_date(nursery: Any, tmp_path: Path) -> None:
    """A user's handler that calls `os._exit` costs the end entry and no step before it."""
    script = """
    import signal
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(9))
    make_trainer(ours(), AtStep(5, lambda: os.kill(os.getpid(), signal.SIGTERM)), steps=100_000).train()
    """
    status, child = nursery.run(tmp_path, script)

    assert (9, "signal_received", 5) == (status, child.lines()[-1]["type"], child.lines()[-1]["step"])


@pytest.mark.parametrize(("total", "expected"), [(100_000, "training_interrupted"), (5, "training_complete")])
def test_training_that_stops_because_of_a_signal_was_interrupted(
    total: int, expected: str, nursery: Any, tmp_path: Path
) -> None:
    """A handler that asks the Trainer to stop: interrupted by SIGTERM, unless the last step was done anyway."""
    script = f"""
    import signal
    class Stops(TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_training_stop = bool(asked)
    asked = []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    kill = AtStep(5, lambda: os.kill(os.getpid(), signal.SIGTERM))
    make_trainer(ours(), kill, Stops(), steps={total}).train()
    """
    status, child = nursery.run(tmp_path, script)
    last = child.lines()[-1]

    assert (0, expected) == (status, last["type"])
    assert last.get("exception", {}).get("type") in ("SIGTERM", None)


@pytest.mark.skipif(
    "enable_jit_checkpoint" not in {field.name for field in fields(TrainingArguments)},
    reason="this version of transformers has no enable_jit_checkpoint",
)
def test_the_trainers_own_handler_saves_its_checkpoint(nursery: Any, tmp_path: Path) -> None:
    """`enable_jit_checkpoint`: the checkpoint is there, and the log says that SIGTERM ended the run in good order."""
    script = "make_trainer(ours(), AtStep(5, ready), steps=100_000, enable_jit_checkpoint=True).train()"
    child = nursery.start(tmp_path, script)
    assert child.is_ready()
    child.send(signal.SIGTERM)
    status = child.wait()
    last = child.lines()[-1]

    assert (0, "training_interrupted", "SIGTERM") == (status, last["type"], last["exception"]["type"])
    assert 1 == len(list((tmp_path / "out").glob("checkpoint-*")))


def test_a_training_outside_the_main_thread_is_left_alone(nursery: Any, tmp_path: Path) -> None:
    """There no handler can be installed: SIGTERM kills as it always did, and the log is whole up to the last second."""
    script = """
    import threading
    trainer = make_trainer(ours(), AtStep(5, ready), steps=100_000)
    training = threading.Thread(target=trainer.train)
    training.start()
    training.join()
    """
    child = nursery.start(tmp_path, script)
    assert child.is_ready()
    child.send(signal.SIGTERM)

    assert -signal.SIGTERM == child.wait()


def test_ctrl_c(nursery: Any, tmp_path: Path) -> None:
    """A real SIGINT: interrupted by KeyboardInterrupt, and the shell still sees the signal."""
    child = nursery.start(tmp_path, "make_trainer(ours(), AtStep(5, ready), steps=100_000).train()")
    assert child.is_ready()
    child.send(signal.SIGINT)
    status = child.wait()
    last = child.lines()[-1]

    expected = (-signal.SIGINT, "training_interrupted", "KeyboardInterrupt")
    assert expected == (status, last["type"], last["exception"]["type"])


RAISES = """
import threading
class Odd(Exception):
    def __str__(self):
        raise OSError("no words")
def end():
    {ending}
make_trainer(ours(), AtStep(3, end), steps=9).train()
"""


@pytest.mark.parametrize(
    ("ending", "outcome", "exception"),
    [
        ("raise ValueError('no')", (1, "training_failed"), ("ValueError", "no")),
        ("raise MemoryError", (1, "training_failed"), ("MemoryError", "")),
        ("raise RuntimeError('CUDA out of memory. Tried')", (1, "training_failed"), ("RuntimeError", "CUDA out of")),
        ("raise Odd", (1, "training_failed"), ("Odd", "<exception str() failed>")),
        ("sys.exit(7)", (7, "training_interrupted"), ("SystemExit", "7")),
        ("torch.empty(1 << 60)", (1, "training_failed"), ("RuntimeError", "[enforce fail at alloc_cpu.cpp")),
    ],
)
def test_what_a_callback_raises_is_told_and_passes_through(
    ending: str, outcome: tuple[int, str], exception: tuple[str, str], nursery: Any, tmp_path: Path
) -> None:
    """The end entry has type, message and traceback, the last finished step, and the status is what it was."""
    ended, child = nursery.run(tmp_path, RAISES.format(ending=ending))
    last = child.lines()[-1]
    told = last["exception"]

    assert (outcome, 3) == ((ended, last["type"]), last["step"])
    assert (exception[0], True) == (told["type"], told["message"].startswith(exception[1]))
    assert "in on_step_end" in told["traceback"]
    assert "resource_usage" in last


def test_a_data_loader_worker_that_is_killed(nursery: Any, tmp_path: Path) -> None:
    """The Trainer's error is in the log, and neither worker has written a word into it."""
    script = """
    import multiprocessing, signal
    def kill():
        os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    try:
        make_trainer(ours(), AtStep(3, kill), steps=100_000, dataloader_num_workers=2).train()
    except Exception as error:  # which one depends on what the dead worker was about
        print(type(error).__name__, error, end="")
        raise
    """
    status, child = nursery.run(tmp_path, script)
    lines = child.lines()
    told = lines[-1]["exception"]

    assert (1, "training_failed") == (status, lines[-1]["type"])
    assert child.stdout == f"{told['type']} {told['message']}" != ""
    assert list(range(1, len(lines) + 1)) == [line["seq"] for line in lines]


def test_a_worker_that_is_terminated_writes_nothing(nursery: Any, tmp_path: Path) -> None:
    """SIGTERM ends a forked child as it always did, however young or deep in C it is; the log stays the parent's."""
    script = """
    import signal
    def fork_and_terminate():
        unheard, _ = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            while True:
                os.read(unheard, 1)
        os.kill(child, signal.SIGTERM)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    ends = []
    fork_some = AtStep(3, lambda: ends.extend(fork_and_terminate() for _ in range(10)))
    make_trainer(ours(), fork_some, steps=6).train()
    print(set(ends))
    """
    status, child = nursery.run(tmp_path, script)

    assert (0, f"{{{-signal.SIGTERM}}}\n") == (status, child.stdout)
    assert "training_complete" == child.lines()[-1]["type"]


def test_a_forked_child_has_the_users_handler(nursery: Any, tmp_path: Path) -> None:
    """What a child does with SIGTERM is what the user's handler says, as it is in the parent after training."""
    script = """
    import signal
    def theirs(number, frame):
        pass
    def fork_and_look():
        child = os.fork()
        if child == 0:
            os._exit(signal.getsignal(signal.SIGTERM) is theirs)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    signal.signal(signal.SIGTERM, theirs)
    make_trainer(ours(), AtStep(3, fork_and_look), steps=6).train()
    """
    status, child = nursery.run(tmp_path, script)

    assert (0, "1\n") == (status, child.stdout)


def test_os_exit_leaves_a_log_without_an_end(nursery: Any, tmp_path: Path) -> None:
    """`os._exit` tells nobody; what was there a second before is in the log."""
    script = "make_trainer(ours(), AtStep(3, lambda: os._exit(4)), steps=9).train()"
    status, _ = nursery.run(tmp_path, script)
    log = tmp_path / "logs" / "log.jsonl"

    assert 4 == status
    assert not log.exists() or "training_interrupted" not in log.read_text(encoding="utf-8")


def test_an_interpreter_that_ends_before_its_training(nursery: Any, tmp_path: Path) -> None:
    """A script that ends while a daemon thread trains on: the log says, once, that the interpreter ended first."""
    script = """
    import threading
    reached = threading.Event()
    trainer = make_trainer(ours(), AtStep(5, reached.set), steps=100_000)
    threading.Thread(target=trainer.train, daemon=True).start()
    reached.wait()
    """
    status, child = nursery.run(tmp_path, script)
    (end,) = (line for line in child.lines() if line["type"].startswith("training_interrupted"))

    assert (0, "SystemExit") == (status, end["exception"]["type"])


def test_the_handler_is_gone_with_the_training(nursery: Any, tmp_path: Path) -> None:
    """After an exception in training, SIGTERM finds its default action again."""
    script = """
    import signal
    def fail():
        raise ValueError
    try:
        make_trainer(ours(), AtStep(2, fail), steps=3).train()
    except ValueError:
        print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
    """
    status, child = nursery.run(tmp_path, script)

    assert (0, "True\n") == (status, child.stdout)
