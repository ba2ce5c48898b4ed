"""The user's own view of the model: `model_state` is asked on the training thread, at progress reports only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, NamedTuple, TypeAlias

from verbose_logging.facts import Fact, ModelStateRead
from verbose_logging.inspection import redact
from verbose_logging.plain import plain
from verbose_logging.recorder.milestones import Milestones
from verbose_logging.settings import Settings

Ask: TypeAlias = Callable[[Any, Any], None]


class LoopState(NamedTuple):
    """What a plain loop knows of the Trainer's state, by the same names.

    Args:
        global_step: Optimizer steps finished.
        max_steps: Optimizer steps of the whole run, `None` where they are not known.
        epoch: Epochs that are done, with their fraction.
    """

    global_step: int
    max_steps: int | None
    epoch: float


def model_state_asker(
    settings: Settings, state: Any, *, put: Callable[[Fact], None], tell: Callable[[str, Exception], None]
) -> Ask | None:
    """Returns what to call with the training's state and the model at each step's end; `None` for nothing to ask.

    Args:
        settings: All options.
        state: The Trainer's state, or a loop's, as training begins.
        put: As in `ModelStateAsker`.
        tell: As in `ModelStateAsker`.
    """
    if settings.model_state is None:
        return None
    asker = ModelStateAsker(settings.model_state, settings.report_percent, put=put, tell=tell)
    asker.begin(state.global_step, state.max_steps)
    return asker.ask


class ModelStateAsker:
    """Asks the user's function whenever a progress report is about to follow.

    Args:
        function: Takes the training's state and the model, returns values by name.
        report_percent: Share of the run between two progress reports, in percent.
        put: Takes what was said, right before the fact of the step's end.
        tell: Told of the function's first failure, which is its last.

    Example:
        >>> facts = []
        >>> asker = ModelStateAsker(lambda state, model: {"ratio": 0.5}, 50, put=facts.append, tell=print)
        >>> asker.begin(0, 4)
        >>> for step in range(1, 5):
        ...     asker.ask(LoopState(step, 4, 0.0), model=None)
        >>> [fact.model_state for fact in facts]
        [{'ratio': 0.5}, {'ratio': 0.5}]
    """

    def __init__(
        self,
        function: Callable[[Any, Any], Mapping[str, Any]],
        report_percent: float,
        *,
        put: Callable[[Fact], None],
        tell: Callable[[str, Exception], None],
    ) -> None:
        self._function = function
        self._milestones = Milestones(report_percent)
        self._put = put
        self._tell = tell
        self._is_off = False

    def begin(self, step: int, total_steps: int | None) -> None:
        """Starts behind the step that training begins with."""
        self._milestones.begin(step, total_steps if total_steps and total_steps > 0 else None)

    def ask(self, state: Any, model: Any) -> None:
        """Copies what the function says at a step's end, should a report follow; one that fails is not asked again."""
        if self._is_off or not self._milestones.passed(state.global_step):
            return
        try:
            said = self._function(state, model)
            if not isinstance(said, Mapping):
                raise TypeError(f"expected a mapping of names to values, got {type(said).__name__}")  # noqa: TRY301
            self._put(ModelStateRead(monotonic(), redact(plain(said))))
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._is_off = True
            self._tell("model_state (not asked again)", error)
