"""Training is the same with the recorder and without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Trainer

from verbose_logging import VerboseLoggingCallback
from verbose_logging.capture.recordings import Recordings
from verbose_logging.entries import encode_entry
from verbose_logging.facts import Fact
from verbose_logging.guard import Guard
from verbose_logging.recorder import recorder_for
from verbose_logging.session import Session
from verbose_logging.settings import Settings
from verbose_logging.testing import MemorySink

pytestmark = pytest.mark.trainer

MakeTrainer = Callable[..., Trainer]


def weights(trainer: Trainer) -> Mapping[str, torch.Tensor]:
    """Returns the model's weights."""
    return trainer.model.state_dict()


@pytest.mark.parametrize("optimizer", ["sgd", "adamw_torch"])
def test_weights_are_bit_identical_at_ultra(optimizer: str, make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """After 30 steps with dropout, evaluation and saving, not one bit of a weight or of the random state differs."""
    arguments = {"max_steps": 30, "optim": optimizer, "eval_strategy": "steps", "eval_steps": 10, "save_steps": 15}
    callback = VerboseLoggingCallback("ultra", log_file=str(tmp_path / "log.jsonl"), console="off")
    results = []
    for callbacks in ([], [callback]):
        trainer = make_trainer(callbacks=callbacks, save_strategy="steps", **arguments)
        trainer.train()
        results.append((weights(trainer), torch.get_rng_state(), trainer.state.log_history))
    callback.close()
    (plain, plain_state, plain_history), (recorded, recorded_state, recorded_history) = results

    assert all(torch.equal(plain[name], recorded[name]) for name in plain)
    assert torch.equal(plain_state, recorded_state)
    assert [entry.get("loss") for entry in plain_history] == [entry.get("loss") for entry in recorded_history]


class TapedCallback(VerboseLoggingCallback):
    """Keeps the facts that its recorder is given."""

    def __init__(self, log_file: str, sink: MemorySink) -> None:
        super().__init__("ultra", log_file=log_file, console="off", sinks=[sink])
        self.facts: list[Fact] = []
        self._recordings = Recordings(self.settings, self._hook_record, make_session=self._taped_session)

    def _taped_session(self, settings: Settings, **place: Any) -> Session:
        recorder = recorder_for(settings, silent_guard())

        def handle(fact: Fact) -> list[Any]:
            self.facts.append(fact)
            return recorder.handle(fact)

        return Session(settings, handle=handle, **place)


def silent_guard() -> Guard:
    """Returns a guard that tells nobody."""
    return Guard(lambda _part, _error: None)


def test_replaying_a_runs_facts_gives_its_entries(make_trainer: MakeTrainer, tmp_path: Path) -> None:
    """The facts of a real run, given to a fresh recorder, make the same bytes again."""
    sink = MemorySink()
    callback = TapedCallback(str(tmp_path / "log.jsonl"), sink)
    make_trainer(callbacks=[callback], gradient_accumulation_steps=2, eval_strategy="steps", eval_steps=5).train()
    callback.close()

    again = recorder_for(Settings.from_options(verbosity_level="ultra"), silent_guard())
    replayed = [encode_entry(entry) for fact in callback.facts for entry in again.handle(fact)]

    assert len(replayed) > 30
    assert [encode_entry(entry) for entry in sink.entries] == replayed
