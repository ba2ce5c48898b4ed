"""A line per micro-batch, at the level ultra. What other levels write of them after a finding is for the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from verbose_logging.console.figures import metric
from verbose_logging.console.output import Output, told
from verbose_logging.console.run_view import RunView
from verbose_logging.console.steps import place
from verbose_logging.entries import EntryBase, SubstepComplete
from verbose_logging.formatting import decimal, step_duration, thousands


class Batches:
    """`Epoch 1/3 | Step 1/150 | Batch 1 | loss=10.2313 | samples=8 | tokens=512 | time=58.03ms`."""

    paced: ClassVar[bool] = True

    def outputs(self, entry: EntryBase, run: RunView) -> Iterator[Output]:
        """Yields a micro-batch's line; its loss is its share of the step's."""
        if isinstance(entry, SubstepComplete) and run.settings.get("verbosity_level", "ultra") == "ultra":
            batch = entry.batch or {}
            parts = (
                place(entry, run),
                f"Batch {entry.micro_step}",
                f"loss={metric(entry, 'loss', decimal)}",
                f"samples={thousands(batch.get('samples'))}",
                f"tokens={thousands(batch.get('real_tokens'))}",
                f"time={step_duration(entry.micro_step_time_seconds)}",
            )
            yield told(entry, f"🔬 {' | '.join(parts)}")
