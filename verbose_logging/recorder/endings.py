"""How a run ended: the last entry, with everything worth knowing afterwards."""

from __future__ import annotations

from typing import Any

from verbose_logging import facts
from verbose_logging.entries import Entry, Group, Severity, TrainingComplete, TrainingFailed, TrainingInterrupted
from verbose_logging.formatting import UNKNOWN, counted, fixed, short_duration, thousands
from verbose_logging.recorder.measurements import Measurements, finite
from verbose_logging.recorder.ring import StepRing, as_trees

LAST_STEPS = 50
_BRIEF_CHARACTERS = 200


def ending(
    run: Measurements, fact: facts.TrainEnd | facts.RunBroken, *, failures: dict[str, Any], ring: StepRing
) -> Entry:
    """How the run ended. One that stopped before its last step because a signal asked for it was interrupted."""
    if isinstance(fact, facts.RunBroken):
        return _broken(run, fact, failures=failures, ring=ring)
    if fact.signal is None or not _is_early(run):
        return _completed(run, fact, failures)
    exception = {"type": fact.signal, "message": f"{fact.signal} came, and training was stopped in good order"}
    broken = facts.RunBroken(fact.at, "interrupted", exception, fact.account)
    return _broken(run, broken, failures=failures, ring=ring)


def _completed(run: Measurements, fact: facts.TrainEnd, failures: dict[str, Any]) -> Entry:
    """Training ended by itself, at its last step or before."""
    whole = _whole(run, fact, failures)
    seconds = run.ledger.total_seconds
    message = f"🏁 Training complete: {_steps_done(run)} in {short_duration(seconds)}"
    if _is_early(run):
        message = (
            f"🏁 Training stopped early at step {thousands(run.position.finished)} of "
            f"{thousands(run.position.total_steps or 0)} after {short_duration(seconds)}"
        )
        if run.tally.stop_requested is not None:
            message += f", as {run.tally.stop_requested['rule']} asked"
    marked = (whole["nonfinite"] or {}).get("statistics.final_loss")
    loss = marked or fixed(whole["statistics"].get("final_loss"))
    if loss != UNKNOWN:
        message += f", loss {loss}"
    return TrainingComplete(**run.position.header(fact.at, message), **whole)


def _broken(run: Measurements, fact: facts.RunBroken, *, failures: dict[str, Any], ring: StepRing) -> Entry:
    """Training ended by an exception or from outside; its last steps are told at full detail, whatever the level."""
    kind = TrainingFailed if fact.outcome == "failed" else TrainingInterrupted
    level: Severity = "ERROR" if fact.outcome == "failed" else "WARNING"
    message = f"🛑 Training {fact.outcome} after step {run.position.step}: {_brief(fact.exception)}"
    return kind(
        **run.position.header(fact.at, message, level=level),
        **_whole(run, fact, failures),
        exception=fact.exception or None,
        resource_usage=run.resource_usage(),
        last_steps=as_trees(ring.last(LAST_STEPS)) or None,
    )


def _steps_done(run: Measurements) -> str:
    """Returns how many steps are done, and how many of those this session did where it went on with a run."""
    finished = run.position.finished
    own = finished - run.position.first_step
    return counted(finished, "step") + (f", {thousands(own)} of them" if own < finished else "")


def _is_early(run: Measurements) -> bool:
    return run.position.total_steps is not None and run.position.finished < run.position.total_steps


def _brief(exception: dict[str, Any]) -> str:
    """Returns an exception's type and the first line of what it says."""
    lines = str(exception.get("message") or "").splitlines() or [""]
    told = (exception.get("type") or "unknown reason", lines[0][:_BRIEF_CHARACTERS])
    return ": ".join(str(text) for text in told if text)


def _whole(run: Measurements, fact: facts.TrainEnd | facts.RunBroken, failures: dict[str, Any]) -> dict[str, Any]:
    """Returns what every end says of the whole run."""
    statistics, nonfinite = _statistics(run)
    return {
        "statistics": statistics,
        "time_ledger": run.ledger.report(),
        "peaks": dict(run.resources.peaks),
        "logger": _logger(fact.account, failures),
        "nonfinite": nonfinite,
        "stop_requested": run.tally.stop_requested,
    }


def _statistics(run: Measurements) -> tuple[Group, dict[str, str] | None]:
    tally = run.tally
    numbers = run.at_end()
    statistics = {
        **numbers.timing,
        **numbers.metrics,
        **numbers.progress,
        "epochs": tally.epochs,
        "evaluations": tally.evaluations,
        "checkpoints": tally.checkpoints,
    }
    statistics |= {f"final_{name}": loss for name, loss in tally.last_losses.items()}
    statistics |= {f"best_{name}": loss for name, loss in tally.best_losses.items()}
    clean, nonfinite = finite(statistics)
    marked = (numbers.nonfinite or {}) | (nonfinite or {})
    return clean, {name.replace("metrics.", "statistics."): word for name, word in marked.items()} or None


def _logger(account: object, failures: dict[str, Any]) -> dict[str, Any]:
    costs = dict(account) if isinstance(account, dict) else {}
    failures = {**costs.get("failures", {}), **failures}
    return costs | ({"failures": failures} if failures else {})
