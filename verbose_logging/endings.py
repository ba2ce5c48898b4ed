"""How a run ended: the last entry, with everything worth knowing afterwards."""

from __future__ import annotations

from typing import Any

from verbose_logging import facts
from verbose_logging.entries import Entry, Group, TrainingComplete, TrainingFailed, TrainingInterrupted
from verbose_logging.formatting import counted, fixed, short_duration, thousands
from verbose_logging.measurements import Measurements, finite
from verbose_logging.ring import StepRing, as_trees

_LAST_STEPS = 50


def completed(run: Measurements, fact: facts.TrainEnd, failures: dict[str, Any]) -> Entry:
    """Training ended by itself, at its last step or before."""
    statistics, nonfinite = _statistics(run)
    total = run.position.total_steps
    seconds = run.ledger.total_seconds
    message = f"🏁 Training complete: {counted(run.position.finished, 'step')} in {short_duration(seconds)}"
    if total and run.position.finished < total:
        message = (
            f"🏁 Training stopped early at step {thousands(run.position.finished)} of {thousands(total)} "
            f"after {short_duration(seconds)}"
        )
    loss = statistics.get("final_loss")
    if isinstance(loss, float):
        message += f", loss {fixed(loss)}"
    return TrainingComplete(
        **run.position.header(fact.at, message),
        statistics=statistics,
        time_ledger=run.ledger.report(),
        peaks=dict(run.resources.peaks),
        logger=_logger(fact.account, failures),
        nonfinite=nonfinite,
    )


def broken(run: Measurements, fact: facts.RunBroken, failures: dict[str, Any], ring: StepRing) -> Entry:
    """Training ended by an exception or from outside; its last steps are told at full detail, whatever the level."""
    statistics, nonfinite = _statistics(run)
    reason = fact.exception.get("type", "unknown reason")
    kind = TrainingFailed if fact.outcome == "failed" else TrainingInterrupted
    header = run.position.header(fact.at, f"🛑 Training {fact.outcome} after step {run.position.step}: {reason}")
    return kind(
        **header | {"level": "ERROR" if fact.outcome == "failed" else "WARNING"},
        statistics=statistics,
        time_ledger=run.ledger.report(),
        peaks=dict(run.resources.peaks),
        logger=_logger(fact.account, failures),
        exception=fact.exception or None,
        last_steps=as_trees(ring.last(_LAST_STEPS)) or None,
        nonfinite=nonfinite,
    )


def _statistics(run: Measurements) -> tuple[Group, dict[str, str] | None]:
    tally = run.tally
    statistics = {
        **run.at_end(),
        "epochs": tally.epochs,
        "evaluations": tally.evaluations,
        "checkpoints": tally.checkpoints,
    }
    statistics |= {f"final_{name}": loss for name, loss in tally.last_losses.items()}
    statistics |= {f"best_{name}": loss for name, loss in tally.best_losses.items()}
    clean, nonfinite = finite(statistics)
    return clean, None if nonfinite is None else {k.replace("metrics.", "statistics."): v for k, v in nonfinite.items()}


def _logger(account: object, failures: dict[str, Any]) -> dict[str, Any]:
    costs = dict(account) if isinstance(account, dict) else {}
    return costs | ({"failures": failures} if failures else {})
