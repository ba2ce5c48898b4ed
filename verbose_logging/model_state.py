"""The user's own view of the model: `model_state` is asked on the training thread, at progress reports only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeAlias

from verbose_logging.facts import Fact, ModelStateRead
from verbose_logging.inspection import redact
from verbose_logging.milestones import Milestones
from verbose_logging.plain import plain
from verbose_logging.settings import Settings

Ask: TypeAlias = Callable[[Any, Any], None]


def model_state_asker(
    settings: Settings, state: Any, put: Callable[[Fact], None], tell: Callable[[str, Exception], None]
) -> Ask | None:
    """Returns what to call with the Trainer's state and the model at each step's end; `None` where nothing is to ask.

    Args:
        settings: All options.
        state: The Trainer's state as training begins.
        put: Takes what the user's function said, right before the fact of the step's end.
        tell: Told of the function's first failure, which is its last.
    """
    if settings.model_state is None:
        return None
    milestones = Milestones(settings.report_percent)
    milestones.begin(state.global_step, state.max_steps if state.max_steps > 0 else None)
    return _Asker(settings.model_state, milestones, put, tell).ask


class _Asker:
    def __init__(
        self,
        function: Callable[[Any, Any], Mapping[str, Any]],
        milestones: Milestones,
        put: Callable[[Fact], None],
        tell: Callable[[str, Exception], None],
    ) -> None:
        self._function = function
        self._milestones = milestones
        self._put = put
        self._tell = tell
        self._is_off = False

    def ask(self, state: Any, model: Any) -> None:
        """Copies what the function says, should a progress report follow; one that fails is not asked again."""
        if self._is_off or not self._milestones.passed(state.global_step):
            return
        try:
            said = self._function(state, model)
            if not isinstance(said, Mapping):
                raise TypeError(f"expected a mapping of names to values, got {type(said).__name__}")  # noqa: TRY301
            self._put(ModelStateRead(monotonic(), redact(plain(said))))
        except Exception as error:  # noqa: BLE001 - an observer never stops the observed
            self._is_off = True
            self._tell("model_state, which is not asked again,", error)
