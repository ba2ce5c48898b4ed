"""A process that has imported everything once; its forked children run scripts, each as if it were its own process.

Reads commands from stdin, a JSON object a line: a `script` to run in a folder `cwd` with more `environment`, answered
by the child's pid; or a pid to `wait` for, answered by its exit status, negative for a signal. Answers go to the
descriptor named on the command line, since libraries print what they like.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
from typing import Any

import torch
from transformers import GPT2Config, GPT2LMHeadModel, PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from verbose_logging import VerboseLoggingCallback

torch.set_num_threads(1)
ANSWERS = int(sys.argv[1])


def make_trainer(*callbacks: Any, steps: int = 10, **arguments: Any) -> Trainer:
    """Returns a Trainer of a tiny GPT-2 with dropout on, always with the same weights and data."""
    torch.manual_seed(0)
    size = {"vocab_size": 50, "n_positions": 16, "n_embd": 16, "n_layer": 1, "n_head": 2}
    model = arguments.pop("model", None) or GPT2LMHeadModel(GPT2Config(**size, bos_token_id=0, eos_token_id=0))
    rows = torch.randint(0, 50, (64, 8), generator=torch.Generator().manual_seed(1))
    defaults = {
        "output_dir": "out",
        "max_steps": steps,
        "per_device_train_batch_size": 4,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "use_cpu": True,
        "disable_tqdm": True,
        "seed": 3,
    }
    dataset = arguments.pop("train_dataset", None) or [{"input_ids": row, "labels": row} for row in rows]
    args = TrainingArguments(**{**defaults, **arguments})
    trainer = Trainer(model=model, args=args, train_dataset=dataset, callbacks=list(callbacks))
    trainer.remove_callback(PrinterCallback)  # stdout is the scripts' own
    return trainer


def ours(level: str = "ultra", **options: Any) -> VerboseLoggingCallback:
    """Returns a silent callback that writes to `logs/log.jsonl`."""
    return VerboseLoggingCallback(level, **{"log_file": "logs/log.jsonl", "console": "off", **options})


class AtStep(TrainerCallback):
    """Does something at the end of a step."""

    def __init__(self, step: int, action: Any) -> None:
        self._step = step
        self._action = action

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Does it."""
        if state.global_step == self._step:
            self._action()


def digest(trainer: Trainer) -> str:
    """Returns a hash of every bit of the weights and of the random state."""
    tensors = [*trainer.model.state_dict().values(), torch.get_rng_state()]
    return hashlib.sha256(b"".join(tensor.contiguous().numpy().tobytes() for tensor in tensors)).hexdigest()


def ready() -> None:
    """Tells the test that the moment has come."""
    os.close(os.open("ready", os.O_CREAT, 0o600))


def answer(number: int) -> None:
    """Gives an answer."""
    os.write(ANSWERS, b"%d\n" % number)


def next_script() -> dict[str, Any] | None:
    """Serves commands; in a forked child, returns the one that made it."""
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            _, status = os.waitpid(command["wait"], 0)
            answer(os.waitstatus_to_exitcode(status))
        elif (pid := os.fork()) == 0:
            return command  # type: ignore[no-any-return]
        else:
            answer(pid)
    return None


def move_in(command: dict[str, Any]) -> None:
    """Gives the child its folder, its environment, and files for what it prints."""
    os.close(ANSWERS)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run in a shell's background
    os.chdir(command["cwd"])
    os.environ.update(command["environment"])
    tempfile.tempdir = None  # the parent's choice
    for descriptor, name in enumerate((os.devnull, "stdout", "stderr")):
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
        os.dup2(os.open(name if descriptor else os.devnull, flags, 0o600), descriptor)


def run(script: str) -> int:
    """Returns the exit status of a script, negative for a signal that it ends by."""
    try:
        exec(compile(script, "script.py", "exec"), globals())  # noqa: S102 - the tests' own scripts
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException as error:  # noqa: BLE001 - as the interpreter itself does
        sys.last_value = error
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def leave(status: int) -> None:
    """Ends the process as the interpreter does, without the seconds that it takes to free what the parent loaded."""
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - waits for threads that are no daemons
    atexit._run_exitfuncs()  # noqa: SLF001 - the one way to run them
    sys.stdout.flush()
    sys.stderr.flush()
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if (given := next_script()) is not None:
    move_in(given)
    leave(run(given["script"]))
