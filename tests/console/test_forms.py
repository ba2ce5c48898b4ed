"""What holds for every form."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from verbose_logging.console.forms import FORMS
from verbose_logging.console.output import Output
from verbose_logging.entries import decode_entry, encode_entry
from verbose_logging.settings import Settings
from verbose_logging.testing import FactScript, record

Show = Callable[..., list[Output]]
COMBINATIONS = [(form,) for form in sorted(FORMS)] + [("steps", "progress")]


@pytest.fixture(scope="module")
def script() -> FactScript:
    """A run with everything in it: evaluation, checkpoint, a finding, a micro-batch."""
    script = FactScript(total_steps=4, steps_per_epoch=2).open().begin()
    for _ in range(2):
        script.epoch_begin().read("memory", {"usage_percent": 99.0})
        script.step(loss=2.0, gradient_norm=1.0, micro_steps=[{"loss": 2.0, "samples": 4, "real_tokens": 32}])
        script.step(loss=1.0).evaluate(eval_loss=1.5).save().epoch_end()
    return script.end()


@pytest.mark.parametrize("level", ["low", "medium", "high", "ultra"])
@pytest.mark.parametrize("forms", COMBINATIONS, ids="+".join)
def test_a_log_replayed_shows_what_the_run_showed(
    forms: tuple[str, ...], level: str, script: FactScript, show: Show
) -> None:
    """Entries that went through the file and came back give the same output, at every level."""
    entries = record(script.facts, level=level).entries
    from_file = [decode_entry(encode_entry(entry)) for entry in entries]

    assert show(entries, *forms) == show(from_file, *forms)


@pytest.mark.parametrize("forms", COMBINATIONS, ids="+".join)
def test_every_form_but_off_tells_turns_findings_and_the_end(
    forms: tuple[str, ...], script: FactScript, show: Show
) -> None:
    """Whatever else is shown, a run's milestones are; off shows nothing at all."""
    text = "\n".join(output.text for output in show(record(script.facts).entries, *forms))

    for told in ("🚀 Training starts", "📊 Epoch 2", "Evaluation at step 4: loss=1.5000", "💾 Checkpoint", "⚠️", "🏁"):
        assert (forms != ("off",)) == (told in text)


@pytest.mark.parametrize("forms", COMBINATIONS, ids="+".join)
def test_nothing_is_shown_twice(forms: tuple[str, ...], script: FactScript, show: Show) -> None:
    """Two forms together show what they have in common once."""
    outputs = show(record(script.facts, level="ultra").entries, *forms)

    assert len(outputs) == len(set(outputs))


def test_what_a_terminal_would_obey_is_escaped(show: Show) -> None:
    """A path in a log can neither recolour a terminal nor forge a second line."""
    script = FactScript(total_steps=1, steps_per_epoch=1).open().begin().save(path="out\x1b[31m/\nERROR")
    text = show(record(script.facts).entries, "milestones")[-1].text

    assert "out\\x1b[31m/\\nERROR" in text


@pytest.mark.parametrize(
    ("level", "forms"),
    [
        ("low", ("milestones",)),
        ("medium", ("progress",)),
        ("high", ("steps", "progress")),
        ("ultra", ("steps", "progress")),
    ],
)
def test_auto_goes_by_the_level(level: str, forms: tuple[str, ...]) -> None:
    """Each level has forms of its own; a form that is named is the only one."""
    assert forms == Settings.from_options(verbosity_level=level).console_forms
    assert ("table",) == Settings.from_options(verbosity_level=level, console="table").console_forms
