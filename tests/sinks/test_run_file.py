"""A run's JSON file: its keys, its name, when it is saved, and with whose history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sinks.run_files import begun, document, entries_of, run_file, save, whole_run
from verbose_logging.entries import TrainingStart
from verbose_logging.sinks.run_file import SavingBudget
from verbose_logging.testing import FactScript, ManualClock, record


def test_has_the_keys_that_people_know(site: Any, folder: Path) -> None:
    """Every key of nanoGPT-style run files is there, in their order."""
    save(run_file(site, folder), entries_of(whole_run()))

    found = document(folder)
    assert [
        *("run_name", "start_time", "end_time", "config", "training_iterations", "eval_steps", "checkpoints"),
        *("metadata", "summary"),
    ] == list(found)
    assert {"iter": 1, "loss": 4.0, "time_ms": 900.0, "mfu": -100.0, "lr": 0.001, "grad_norm": 2.0} == found[
        "training_iterations"
    ][0]
    assert ["iter", "train_loss", "val_loss", "lr", "timestamp"] == list(found["eval_steps"][0])
    assert [(2, 3.0, 3.5), (4, 2.5, 3.25)] == [
        (row["iter"], row["train_loss"], row["val_loss"]) for row in found["eval_steps"]
    ]
    assert [("iter", 2), ("val_loss", 3.5), ("path", "out/checkpoint")] == list(found["checkpoints"][0].items())[:3]
    assert {
        "total_iterations": 4,
        "final_iter": 4,
        "final_train_loss": 2.5,
        "best_val_loss": 3.25,
        "avg_time_ms": 975.0,
        "avg_mfu": -100.0,
        "total_eval_steps": 2,
        "total_checkpoints": 1,
    } == found["summary"]


@pytest.mark.parametrize(
    ("run_name", "expected"),
    [
        (None, "run_20231114_221320.json"),
        ("my_experiment", "my_experiment_20231114_221320.json"),
        ("../../etc/pass wd", "etc_pass_wd_20231114_221320.json"),
        ("...", "run_20231114_221320.json"),
        ("x" * 300, "x" * 100 + "_20231114_221320.json"),
    ],
)
def test_is_named_after_run_and_start(site: Any, folder: Path, run_name: str | None, expected: str) -> None:
    """The name is the run's and the time of its start, and never leads out of the folder."""
    save(run_file(site, folder, run_name), entries_of(whole_run()))

    assert [expected] == [path.name for path in folder.iterdir()]
    assert expected.removesuffix(".json") == document(folder)["run_name"]


def test_second_run_of_a_second_gets_a_number(site: Any, folder: Path) -> None:
    """Two runs that begin in the same second leave two files, each named in itself."""
    for _ in range(2):
        save(run_file(site, folder), entries_of(whole_run()))

    names = sorted(path.stem for path in folder.iterdir())
    assert ["run_20231114_221320", "run_20231114_221320-2"] == names
    assert names == [json.loads((folder / f"{name}.json").read_text())["run_name"] for name in names]


def test_is_saved_every_so_many_steps(site: Any, folder: Path) -> None:
    """A run that is still going has its steps in the file, and no end."""
    sink = run_file(site, folder, every_steps=2)
    entries = entries_of(begun().step(loss=4.0).step(loss=3.0).step(loss=2.0))
    for entry in entries:
        sink.write([entry])
        site.clock.advance(1.0)

    assert (2, None) == (len(document(folder)["training_iterations"]), document(folder)["end_time"])


def test_is_saved_at_a_checkpoint(site: Any, folder: Path) -> None:
    """A run that resumes from a checkpoint finds the steps before it."""
    sink = run_file(site, folder)
    site.clock.advance(1.0)
    sink.write(entries_of(begun().step(loss=4.0).save()))

    assert [1] == [row["iter"] for row in document(folder)["checkpoints"]]


@pytest.mark.parametrize(
    ("seconds", "pause"),
    [(0.001, 2.0), (1.0, 300.0), (10.0, 2000.0)],
    ids=["a twentieth of a percent", "five minutes at most", "but never more than half a percent"],
)
def test_saving_waits_by_what_it_took(seconds: float, pause: float) -> None:
    """The first one is made at once, and the next one when the pause is over."""
    clock = ManualClock()
    budget = SavingBudget(clock)
    assert budget.allows_another()
    budget.note(seconds)

    clock.advance(0.99 * pause)
    assert not budget.allows_another()
    clock.advance(0.02 * pause)
    assert budget.allows_another()


def test_evaluation_behind_the_end_is_saved_at_once(site: Any, folder: Path) -> None:
    """What follows the end of training still gets into the file."""
    sink = run_file(site, folder)
    sink.write(entries_of(whole_run()))
    sink.write(entries_of(whole_run().evaluate(eval_loss=1.5))[-1:])

    assert 1.5 == document(folder)["summary"]["best_val_loss"]


def test_nan_is_null_and_named(site: Any, folder: Path) -> None:
    """A loss that is not finite is no number in the file, and the row says which one it was."""
    save(run_file(site, folder), entries_of(begun().step(loss=2.0).step(loss=float("nan")).end()))

    assert (None, {"loss": "NaN"}) == tuple(
        document(folder)["training_iterations"][1][key] for key in ("loss", "nonfinite")
    )
    assert document(folder)["summary"]["final_train_loss"] is None


def test_lowest_level_has_the_reported_steps(site: Any, folder: Path) -> None:
    """At low the progress reports are the rows; at high they add none."""
    script = begun(total_steps=20)
    for _ in range(20):
        script.step(loss=1.0)
    save(run_file(site, folder), entries_of(script.end(), level="low"))

    assert list(range(2, 21, 2)) == [row["iter"] for row in document(folder)["training_iterations"]]


def test_resumed_run_goes_on_with_its_file(site: Any, folder: Path) -> None:
    """One history: steps above the checkpoint are replaced, those below kept, both sessions are listed."""
    first = begun().step(loss=4.0).step(loss=3.0).evaluate(eval_loss=3.5).save().step(loss=9.0)
    sink = run_file(site, folder)
    sink.write(entries_of(first))
    sink.close()
    save(run_file(site, folder), entries_of(begun(first_step=2).step(loss=2.0).step(loss=1.0).end()))

    found = document(folder)
    assert [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)] == [
        (row["iter"], row["loss"]) for row in found["training_iterations"]
    ]
    assert (4, 1.0, 3.5, 1) == tuple(
        found["summary"][key] for key in ("total_iterations", "final_train_loss", "best_val_loss", "total_eval_steps")
    )
    assert [(0, None), (2, "complete")] == [
        (session["first_step"], session.get("outcome")) for session in found["metadata"]["sessions"]
    ]


def test_resumed_run_leaves_other_files_alone(site: Any, folder: Path) -> None:
    """A file that does not reach the step, is broken, or is somebody else's is not touched."""
    folder.mkdir(parents=True)
    others = {
        "run_20200101_000000.json": b'{"summary": {"final_iter": 1}}',
        "run_20200101_000001.json": b'{"summary": {"final_iter": 9}, "train',
        "run_20200101_000002.json": b"[]",
        "config.json": b'{"summary": {"final_iter": 9}}',
    }
    for name, content in others.items():
        (folder / name).write_bytes(content)
    save(run_file(site, folder), entries_of(begun(first_step=2).step(loss=2.0).step(loss=1.0).end()))

    assert others == {name: (folder / name).read_bytes() for name in others}
    assert len(others) + 1 == len(list(folder.iterdir()))


def test_smaller_batch_begins_anew(site: Any, folder: Path) -> None:
    """When the Trainer starts again with a smaller batch, the steps of the first attempt are gone."""
    script = begun().step(loss=9.0)
    second = FactScript(total_steps=4, steps_per_epoch=4).begin(attempt=2).epoch_begin().step(loss=1.0).end()
    save(run_file(site, folder), record([*script.facts, *second.facts]).entries)

    assert [1.0] == [row["loss"] for row in document(folder)["training_iterations"]]
    assert 1 == len(document(folder)["metadata"]["sessions"])


def test_no_training_no_file(site: Any, folder: Path) -> None:
    """A session that only wrote a user's lines leaves no run behind."""
    save(run_file(site, folder), entries_of(FactScript(total_steps=1, steps_per_epoch=1).open()))

    assert not folder.exists()


def test_a_run_whose_start_was_lost_leaves_no_file_and_no_trouble(site: Any, folder: Path) -> None:
    """Nobody knows when it began, so there is no name for it; the log has its lines."""
    lost = [entry for entry in entries_of(whole_run()) if not isinstance(entry, TrainingStart)]
    save(run_file(site, folder), lost)

    assert not folder.exists()
