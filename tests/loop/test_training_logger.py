"""A plain loop leaves the same log as a Trainer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from verbose_logging import TrainingLogger, load_run
from verbose_logging.errors import SettingsError
from verbose_logging.reading.validate import validate_log

MakeLogger = Callable[..., TrainingLogger]


@pytest.fixture
def make_logger(tmp_path: Path) -> Iterator[MakeLogger]:
    """Makes loggers that write to the test's folder."""
    made: list[TrainingLogger] = []

    def make(run_name: str | None = None, **options: Any) -> TrainingLogger:
        defaults = {"log_file": str(tmp_path / "log.jsonl"), "console": "off", "output_dir": tmp_path, "probes": ()}
        made.append(TrainingLogger(run_name, **{**defaults, **options}))
        return made[-1]

    yield make
    for logger in made:
        logger.close()


def entries(folder: Path, kind: str | None = None) -> list[dict[str, Any]]:
    """Returns the log's lines, all or of one type."""
    lines = map(json.loads, (folder / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return [line for line in lines if kind in {None, line["type"]}]


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a loop over two epochs of three steps, counted from 0, each with an evaluation."""
    folder = tmp_path_factory.mktemp("loop")
    model = torch.nn.Linear(4, 1)
    config = {"learning_rate": 0.1, "hub_token": "hf_abcdefgh01234567"}
    options = {"log_file": folder / "log.jsonl", "console": "off", "output_dir": folder}
    with TrainingLogger("toy", total_steps=6, total_epochs=2, config=config, model=model, **options) as logger:
        for step in range(6):
            loss = torch.tensor(2.0 / (step + 1), requires_grad=True)
            logger.log_step(
                step,
                loss=loss,
                learning_rate=0.1,
                grad_norm=torch.tensor(1.5),
                samples=4,
                tokens=32,
                epoch=step // 3,
                accuracy=0.5,
            )
            if step % 3 == 2:
                logger.log_evaluation(step, val_loss=0.5)
                (folder / "ckpt.pt").write_bytes(b"x" * 1024)
                logger.log_checkpoint(step, folder / "ckpt.pt", val_loss=0.5)
    return folder


def test_a_loop_gives_the_entries_of_a_trainer_in_their_order(loop: Path) -> None:
    """Starts, epochs, steps, evaluations, checkpoints and the end stand where a Trainer's would."""
    kinds = [entry["type"] for entry in entries(loop) if entry["type"] != "progress_report"]
    step = ["training_step_complete", "training_metrics_update"]
    epoch = ["epoch_begin", *3 * step, "evaluation_complete", "model_checkpoint_save", "epoch_complete"]
    starts = ["system_initialization", "training_initialization", "training_start"]

    assert [*starts, *epoch, *epoch, "training_complete"] == kinds


def test_every_line_of_a_loop_is_valid(loop: Path) -> None:
    """A loop's log satisfies the schema, and nothing is missing."""
    assert [] == validate_log(loop / "log.jsonl").findings


def test_numbers_are_those_that_were_given(loop: Path) -> None:
    """Tensors become numbers; the step keeps its number, and counts as one more that is finished."""
    first = entries(loop, "training_step_complete")[0]

    given = {"loss": 2.0, "learning_rate": 0.1, "grad_norm": 1.5, "accuracy": 0.5, "real_tokens": 32}
    assert given.items() <= first["metrics"].items()
    assert 0 == first["step"]
    assert {"current_step": 1, "total_steps": 6, "remaining_steps": 5}.items() <= first["progress"].items()


def test_a_loop_that_counts_from_zero_is_complete_at_its_last_step(loop: Path) -> None:
    """Six steps numbered 0 to 5 are all of six."""
    (end,) = entries(loop, "training_complete")

    assert "🏁 Training complete: 6 steps" in end["message"]
    assert 100.0 == end["statistics"]["progress_percent"]


def test_a_steps_time_is_not_split_where_nobody_saw_it(loop: Path) -> None:
    """A loop's steps have a time and no phases; the ledger calls it training."""
    step = entries(loop, "training_step_complete")[1]
    (end,) = entries(loop, "training_complete")

    assert step["timing"]["step_time_seconds"] > 0
    assert "phases" not in step["timing"]
    assert end["time_ledger"]["training_seconds"] > 0
    assert end["time_ledger"]["evaluation_seconds"] > 0


def test_the_header_knows_the_model_and_the_config_without_its_secrets(loop: Path) -> None:
    """`model` and `config` stand in the log; a token does not."""
    (header,) = entries(loop, "training_initialization")

    assert 5 == header["model_info"]["total_parameters"]
    assert {"learning_rate": 0.1, "hub_token": "[redacted]"} == header["training_args"]


def test_evaluations_and_checkpoints_keep_their_numbers(loop: Path) -> None:
    """The step is the one that was given, and a checkpoint has its size and metrics."""
    evaluation = entries(loop, "evaluation_complete")[0]
    checkpoint = entries(loop, "model_checkpoint_save")[1]

    assert (2, {"val_loss": 0.5}) == (evaluation["step"], evaluation["metrics"])
    assert (5, 0.5, 1 / 1024) == (checkpoint["step"], checkpoint["metrics"]["val_loss"], checkpoint["size_mb"])


def test_an_evaluation_before_the_first_step_stands_at_its_own_step(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop in the style of nanoGPT evaluates before it trains; at iteration 10 the last finished step is 9."""
    with make_logger() as logger:
        logger.log_evaluation(0, val_loss=3.0)
        for step in range(10):
            logger.log_step(step, loss=1.0)
        logger.log_evaluation(10, val_loss=2.0)

    assert [0, 10] == [entry["step"] for entry in entries(tmp_path, "evaluation_complete")]


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


def test_without_a_context_the_first_steps_time_is_not_known(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Nobody saw when the first step began, so its time is absent and not 0."""
    logger = make_logger()
    logger.log_step(1, loss=2.0)
    logger.log_step(2, loss=1.0)
    logger.close()

    first, second = entries(tmp_path, "training_step_complete")
    assert "step_time_seconds" not in first["timing"]
    assert second["timing"]["step_time_seconds"] > 0


def test_steps_from_one_are_steps_finished(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop that counts from 1 has finished as many as the number says."""
    with make_logger(total_steps=4) as logger:
        logger.log_step(1, loss=1.0)

    (step,) = entries(tmp_path, "training_step_complete")
    assert 25.0 == step["progress"]["progress_percent"]


def test_a_resumed_loop_goes_on_where_it_was(make_logger: MakeLogger, tmp_path: Path) -> None:
    """With 50 of 100 steps behind it, the step numbered 50 is the 51st, and the first of this session."""
    with make_logger(total_steps=100, resumed_from_step=50) as logger:
        logger.log_step(50, loss=1.0)

    (start,), (step,) = entries(tmp_path, "training_start"), entries(tmp_path, "training_step_complete")
    assert 50 == start["resumed_from_step"]
    assert (51, 1) == (step["progress"]["current_step"], step["progress"]["steps_completed_this_session"])


def test_every_tenth_step_is_the_mean_of_ten(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop that logs every tenth step only has the time of one step in each entry, not of ten."""
    with make_logger() as logger:
        for step in (0, 10, 20):
            logger.log_step(step, loss=1.0)

    first, *rest = entries(tmp_path, "training_step_complete")
    (end,) = entries(tmp_path, "training_complete")
    told = first["timing"]["step_time_seconds"] + sum(10 * step["timing"]["step_time_seconds"] for step in rest)
    assert pytest.approx(end["time_ledger"]["training_seconds"], abs=2e-5) == told  # each is told in microseconds


def test_nothing_a_loop_passes_raises(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Nonsense costs its own value; the loop goes on and the log stays valid."""
    with make_logger() as logger:
        logger.log_step(1, loss="high", learning_rate=object(), note="text", fine=1.0)
        logger.log_step("two", loss=1.0)
        logger.log_step(3, loss=float("nan"))
        logger.log_evaluation(3, val_loss=None)
        logger.log_checkpoint(3, object())

    steps = entries(tmp_path, "training_step_complete")
    assert 1.0 == steps[0]["metrics"]["fine"]
    assert {"metrics.loss": "NaN"} == steps[-1]["nonfinite"]
    assert [] == validate_log(tmp_path / "log.jsonl").findings


def test_a_loss_is_kept_without_its_graph(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A tensor is copied where it is: what the loop does to it later changes nothing, and its graph can go."""
    weight = torch.ones(1, requires_grad=True)
    running = (2 * weight).sum()
    with make_logger() as logger:
        logger.log_step(1, loss=running)
        with torch.no_grad():
            running.zero_()

    (step,) = entries(tmp_path, "training_step_complete")
    assert 2.0 == step["metrics"]["loss"]


def test_a_switched_off_logger_writes_nothing(
    make_logger: MakeLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """VERBOSE_LOGGING_DISABLED=1 leaves a loop as if we were not there."""
    monkeypatch.setenv("VERBOSE_LOGGING_DISABLED", "1")
    with make_logger() as logger:
        logger.log_step(1, loss=1.0)

    assert [] == list(tmp_path.iterdir())


def test_only_rank_0_records(make_logger: MakeLogger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other processes of a job stay silent."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with make_logger() as logger:
        logger.log_step(1, loss=1.0)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("option", [{"total_steps": 0}, {"total_steps": "100"}, {"total_epochs": True}])
def test_a_wrong_plan_is_refused(make_logger: MakeLogger, option: dict[str, Any]) -> None:
    """What makes no sense is said before training, by its name and value."""
    ((name, given),) = option.items()

    with pytest.raises(SettingsError, match=f"{name}: expected a positive whole number, got {given!r}"):
        make_logger(**option)


def test_a_wrong_option_is_refused_with_the_nearest_name(make_logger: MakeLogger) -> None:
    """A typing error does not pass as an option."""
    with pytest.raises(SettingsError, match="did you mean 'verbosity_level'"):
        make_logger(verbosity_levl="high")


def test_a_loop_needs_no_torch(tmp_path: Path) -> None:
    """Whatever computes the loss, the recorder loads no training library."""
    code = (
        "import sys\nfrom verbose_logging import TrainingLogger\n"
        "with TrainingLogger(console='off') as logger: logger.log_step(1, loss=1.0)\n"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert "set()" == run.stdout.strip()


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


class DeviceScalar:
    """A number on a device: a copy of it may be read on the recorder's thread only."""

    def __init__(self, value: float, readers: list[str]) -> None:
        """Takes the number, and where to note which thread reads it."""
        self._value = value
        self._readers = readers

    def detach(self) -> DeviceScalar:
        """Returns itself."""
        return self

    def clone(self) -> DeviceScalar:
        """Returns a copy on the device."""
        return DeviceScalar(self._value, self._readers)

    def numel(self) -> int:
        """Returns 1."""
        return 1

    def item(self) -> float:
        """Waits for the device."""
        self._readers.append(threading.current_thread().name)
        return self._value

    def __float__(self) -> float:
        return self.item()


def test_a_run_has_the_id_that_it_is_given(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Who has to know a run's id beforehand gives it."""
    with make_logger(run_id="tuesday-7") as logger:
        logger.log_step(1, loss=1.0)

    assert {"tuesday-7"} == {entry["run_id"] for entry in entries(tmp_path)}


def test_steps_may_be_numbers_of_numpy(make_logger: MakeLogger, tmp_path: Path) -> None:
    """A loop over `numpy.arange` has its log and its run's document as any other."""
    with make_logger("toy") as logger:
        for step in np.arange(3):
            logger.log_step(step, loss=np.float32(1.5))
        logger.log_evaluation(step, val_loss=np.float32(1.5))
        logger.log_checkpoint(step, tmp_path)

    assert [0, 1, 2] == [entry["step"] for entry in entries(tmp_path, "training_step_complete")]
    (document,) = (json.loads(path.read_bytes()) for path in tmp_path.glob("toy_*.json"))
    assert [0, 1, 2] == [row["iter"] for row in document["training_iterations"]]
    assert [2] == [row["iter"] for row in document["eval_steps"]] == [row["iter"] for row in document["checkpoints"]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"total_step": 3}, "no option 'total_step'; did you mean 'total_steps'?"),
        ({"resumed_from_step": -3}, "resumed_from_step: expected a positive whole number, got -3"),
        ({"resumed_from_step": "last"}, "resumed_from_step: expected a positive whole number, got 'last'"),
        ({"console": "step"}, "console: got 'step', expected auto, steps,"),
    ],
)
def test_a_wrong_option_of_a_loop_is_told_at_once(options: dict[str, Any], message: str) -> None:
    """What the logger is given is judged where it is made, by the names that it takes itself too."""
    with pytest.raises(SettingsError) as refusal:
        TrainingLogger(**options)

    assert str(refusal.value).startswith(message)


def test_the_loop_never_waits_for_its_device(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Whatever is given on a device is read by the recorder's thread, never by the loop's."""
    readers: list[str] = []
    scalar = DeviceScalar(2.0, readers)
    with make_logger() as logger:
        logger.log_step(1, loss=scalar, learning_rate=scalar, grad_norm=scalar, tokens=scalar, reward=scalar)
        logger.log_evaluation(1, val_loss=scalar)
        logger.log_checkpoint(1, tmp_path, val_loss=scalar)

    assert {"verbose-logging-pipeline"} == set(readers)
    (step,) = entries(tmp_path, "training_step_complete")
    assert {"loss": 2.0, "learning_rate": 2.0, "grad_norm": 2.0, "reward": 2.0}.items() <= step["metrics"].items()


@pytest.mark.parametrize(("first", "saved_at", "finished"), [(0, 5, 5), (0, 4, 5), (1, 5, 5)])
def test_a_loop_that_resumes_from_a_known_checkpoint_goes_on_with_its_run(
    make_logger: MakeLogger, tmp_path: Path, first: int, saved_at: int, finished: int
) -> None:
    """Counted from 0 and saved before or behind the step, or counted from 1: it is one run of ten steps, each once."""
    (tmp_path / "ckpt.pt").write_bytes(b"weights")
    with make_logger(total_steps=10) as logger:
        for step in range(first, first + 8):
            if step == saved_at and saved_at == finished and first == 0:
                logger.log_checkpoint(saved_at, tmp_path / "ckpt.pt")
            logger.log_step(step, loss=1.0)
            if step == saved_at and not (saved_at == finished and first == 0):
                logger.log_checkpoint(saved_at, tmp_path / "ckpt.pt")
    with make_logger(total_steps=10, resumed_from_step=finished, resumed_from=tmp_path / "ckpt.pt") as logger:
        for step in range(first + finished, first + 10):
            logger.log_step(step, loss=0.5)

    assert 1 == len({entry["run_id"] for entry in entries(tmp_path)})
    start = entries(tmp_path, "training_start")[1]
    assert (2, finished) == (start["session"], start["resumed_from_step"])
    losses = [1.0] * finished + [0.5] * (10 - finished)
    steps = load_run(tmp_path / "log.jsonl").steps
    assert (list(range(first, first + 10)), losses) == (steps["step"], steps["loss"])
    (document,) = tmp_path.glob("run_*.json")
    rows = json.loads(document.read_text(encoding="utf-8"))["training_iterations"]
    assert list(zip(range(first, first + 10), losses, strict=True)) == [(row["iter"], row["loss"]) for row in rows]


def test_a_run_can_be_given_its_id(make_logger: MakeLogger, tmp_path: Path) -> None:
    """Who starts a run, a server for example, can know its id beforehand."""
    with make_logger(run_id="nightly-7") as logger:
        logger.log_step(1, loss=1.0)

    assert {"nightly-7"} == {entry["run_id"] for entry in entries(tmp_path)}
