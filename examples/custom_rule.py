"""A rule of your own: a finding with a verdict and a suggestion, told when it begins and when it is over.

Run it: python examples/custom_rule.py
Then look: jq -c 'select(.rule == "slow_rewards") | [.step, .state, .message]' verbose_training_logs.jsonl
"""

from __future__ import annotations

from collections.abc import Iterable

from verbose_logging import TrainingLogger
from verbose_logging.entries import Entry, TrainingStepComplete
from verbose_logging.protocols import Condition


class SlowRewards:
    """The reward has not been above a floor for some steps.

    A rule sees every entry, in order and at full detail whatever the level writes, and says what holds after it. The
    recorder tells a finding once when it begins and once when it is over. A rule is made anew for each run; its
    parameters can be set by name: alerts={"slow_rewards": {"floor": 0.5}}.
    """

    name = "slow_rewards"
    kind = "training_health"
    severity = "WARNING"

    def __init__(self, floor: float = 0.2, patience: int = 5) -> None:
        """Takes the floor, and for how many steps in a row the reward may lie below it."""
        self._floor = floor
        self._patience = patience
        self._steps_below = 0

    def judge(self, entry: Entry) -> Iterable[Condition]:
        """Returns whether the condition holds; nothing after an entry that does not tell."""
        reward = entry.metrics.get("reward") if isinstance(entry, TrainingStepComplete) else None
        if not isinstance(reward, float):
            return
        self._steps_below = 0 if reward > self._floor else self._steps_below + 1
        yield Condition(
            firing=self._steps_below >= self._patience,
            verdict=f"The reward has been at most {self._floor:g} for {self._steps_below} steps",
            evidence={"reward": reward, "floor": self._floor},
            suggestion="look at what the model generates; lower the temperature or the learning rate",
        )


with TrainingLogger("custom-rule", total_steps=30, rules=[SlowRewards]) as logger:
    for step in range(1, 31):
        reward = 0.1 if step in range(10, 21) else 0.5  # stands for a training step
        logger.log_step(step, reward=reward)
