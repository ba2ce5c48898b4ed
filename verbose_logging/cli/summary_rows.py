"""The lines of a summary: each a function from the summary to its text, `None` where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from verbose_logging.formatting import fixed, percent, short_duration, thousands

Summary = Mapping[str, Any]
_TERA = 1e12
_MB = 1024**2


def _joined(*parts: str | None) -> str | None:
    return ", ".join(part for part in parts if part) or None


def _step_note(summary: Summary, key: str) -> str:
    return f" (step {summary[key]})" if key in summary else ""


def _number(label: str, value: float | None) -> str | None:
    return None if value is None else f"{label} {fixed(value)}"


def run(summary: Summary) -> str | None:
    """Returns the run's name where it was given one, its id, level and start."""
    level = summary.get("verbosity_level")
    started = summary.get("started_at")
    return _joined(
        summary.get("run_name"),
        summary.get("run_id"),
        f"level {level}" if level else None,
        f"started {started}" if started else None,
    )


def model(summary: Summary) -> str | None:
    """Returns the model's name and size."""
    info = summary.get("model", {})
    total, trainable = info.get("total_parameters"), info.get("trainable_parameters")
    share = f"{percent(100 * trainable / total)} trainable" if total and trainable is not None else None
    return _joined(info.get("name"), f"{thousands(total)} parameters" if total else None, share)


def data(summary: Summary) -> str | None:
    """Returns the size of each data set."""
    info = summary.get("data", {})
    sets = {"": info} if "size" in info or "type" in info else info
    texts = [f"{name} {_data_set(part)}".strip() for name, part in sets.items()]
    return _joined(*texts)


def _data_set(info: Mapping[str, Any]) -> str:
    size = info.get("size")
    known = f"{thousands(size)} samples" if isinstance(size, int) else size
    return str(known or info.get("type"))


def steps(summary: Summary) -> str | None:
    """Returns how far the run is, in steps and epochs."""
    done, total = summary.get("steps_done"), summary.get("total_steps")
    epoch, epochs = summary.get("epoch"), summary.get("total_epochs")
    resumed, attempt = summary.get("resumed_from_step"), summary.get("attempt", 1)
    return _joined(
        None if done is None else thousands(done) + (f" of {thousands(total)}" if total else ""),
        f"epoch {epoch}" + (f" of {epochs}" if epochs else "") if epoch else None,
        f"resumed after step {thousands(resumed)}" if resumed else None,
        f"attempt {attempt}" if attempt > 1 else None,
    )


def loss(summary: Summary) -> str | None:
    """Returns the first, last and best loss."""
    best = _number("best", summary.get("best_loss"))
    return _joined(
        _number("first", summary.get("first_loss")),
        _last_loss(summary),
        best and best + _step_note(summary, "best_loss_step"),
        f"{summary['nonfinite_loss_steps']} steps not finite" if "nonfinite_loss_steps" in summary else None,
    )


def _last_loss(summary: Summary) -> str | None:
    nonfinite = summary.get("last_loss_nonfinite")
    if nonfinite is None:
        return _number("last", summary.get("last_loss"))
    before = _number("before that", summary.get("last_loss"))
    return f"last {nonfinite}" + (f" ({before})" if before else "")


def evaluation(summary: Summary) -> str | None:
    """Returns the last evaluation's loss and the best one."""
    if not summary.get("evaluations"):
        return None
    last = summary["last_evaluation"]
    best = _number("best", summary.get("best_eval_loss"))
    return _joined(
        f"{summary['evaluations']} so far" if summary["outcome"] == "unfinished" else f"{summary['evaluations']}",
        _number("last loss", last["metrics"].get("eval_loss")),
        best and best + _step_note(summary, "best_eval_step"),
    )


def step_time(summary: Summary) -> str | None:
    """Returns mean and median step time."""
    mean, median = summary.get("mean_step_time_seconds"), summary.get("median_step_time_seconds")
    return _joined(
        f"mean {short_duration(mean)}" if mean is not None else None,
        f"median {short_duration(median)}" if median is not None else None,
    )


def throughput(summary: Summary) -> str | None:
    """Returns the last known token rate, FLOP rate and MFU."""
    tokens, tflops = summary.get("tokens_per_second"), summary.get("tflops_per_second")
    mfu, peak = summary.get("mfu_percent"), summary.get("peak_flops")
    base = f" of {peak / _TERA:.4g} TFLOP/s a device" if peak else ""
    return _joined(
        f"{thousands(tokens)} tokens/s" if tokens is not None else None,
        f"{tflops:.4g} TFLOP/s" if tflops is not None else None,
        f"MFU {percent(mfu)}{base}" if mfu is not None else None,
    )


def time_left(summary: Summary) -> str | None:
    """Returns the forecast that the last step made."""
    eta_minutes = summary.get("eta_minutes")
    return None if eta_minutes is None else short_duration(60 * eta_minutes)


def checkpoints(summary: Summary) -> str | None:
    """Returns the number of checkpoints and the step of the last."""
    if not summary.get("checkpoints"):
        return None
    return f"{summary['checkpoints']}{_step_note(summary['latest_checkpoints'][-1], 'step')}"


def lost(summary: Summary) -> str | None:
    """Returns how many entries could not be kept."""
    return f"{thousands(summary['entries_dropped'])} entries" if "entries_dropped" in summary else None


def logger(summary: Summary) -> str | None:
    """Returns what the logger itself has written and cost."""
    told = summary.get("logger", {})
    cpu = [told[key] for key in ("recorder_cpu_seconds", "sampler_cpu_seconds") if key in told]
    hook = told.get("longest_hook")
    size = f" ({fixed(told['bytes_written'] / _MB, 1)} MB)" if "bytes_written" in told else ""
    return _joined(
        f"{thousands(told['entries_recorded'])} entries{size}" if "entries_recorded" in told else None,
        f"{fixed(sum(cpu), 2)} s of CPU" if cpu else None,
        f"longest hook {hook} {short_duration(told['longest_hook_seconds'])}" if hook else None,
    )


def loss_text(losses: Mapping[str, Any]) -> str | None:
    """Returns the last and best loss of one evaluation metric.

    Example:
        >>> loss_text({"last": 2.5, "best": 2.0, "best_step": 40})
        'last 2.5000, best 2.0000 (step 40)'
    """
    return _joined(_number("last", losses["last"]), f"best {fixed(losses['best'])}{_step_note(losses, 'best_step')}")


ROWS: dict[str, Callable[[Summary], str | None]] = {
    "run": run,
    "model": model,
    "data": data,
    "steps": steps,
    "loss": loss,
    "evaluations": evaluation,
    "step time": step_time,
    "throughput": throughput,
    "time left": time_left,
    "checkpoints": checkpoints,
    "lost": lost,
    "logger": logger,
}
