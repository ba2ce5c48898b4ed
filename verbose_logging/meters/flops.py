"""How much of what the devices can do is used: FLOPs per step, TFLOP/s and model FLOPs utilisation (MFU)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from verbose_logging.facts import (
    FactsDropped,
    MicroStep,
    RunOpened,
    StepEnd,
    TrainBegin,
    TrainingInspected,
)
from verbose_logging.flops.costs import Batch, Cost, FlopCosts
from verbose_logging.flops.peaks import Peak, peak_flops
from verbose_logging.hearing import hears
from verbose_logging.meters.base import BaseMeter, known
from verbose_logging.meters.ledger import Ledger
from verbose_logging.meters.recent import Recent
from verbose_logging.protocols import Measured, MetricSpec, Numbers

_TERA = 1e12
_NO_COST = Cost()
NOT_COUNTED = "padding, norms, activations, the optimizer, reference models, generation, evaluation"


class FlopsMeter(BaseMeter):
    """FLOPs of the step and of the second, and their share of the peak, over all devices of the job.

    The step's FLOPs are those of this rank's micro-batches times the number of ranks: what the others hold is not
    known here. Padding is no useful work and counts nowhere, so much padding shows as low utilisation. Where the
    model's cost is not known, or the batches are not seen, everything is absent; without a peak only MFU is.

    Args:
        ledger: Splits the time; observed before this meter.
        stated_peak: FLOP/s of one device, where the user states it.

    Example:
        A rank of two takes 1 s for a step of 4 sequences with 1,000 tokens each, at 6 GFLOP a token:

        >>> tokens, flops_per_token, ranks, peak = 4_000, 6e9, 2, 312e12
        >>> step_flops = tokens * flops_per_token * ranks
        >>> f"{step_flops / 1e12:.0f} TFLOP/s, {100 * step_flops / (peak * ranks):.1f} %"
        '48 TFLOP/s, 7.7 %'
    """

    group = "metrics"
    specs = (
        MetricSpec("model_flops_per_step", "", "FLOPs that the step needs, forward and backward, all ranks together."),
        MetricSpec("hardware_flops_per_step", "", "The same with what gradient checkpointing computes twice."),
        MetricSpec("tflops_per_second", "TFLOP/s", "Model FLOPs per second of all devices together.", "higher"),
        MetricSpec("mfu_percent", "%", "Share of the devices' peak that the model's FLOPs use.", "higher"),
    )

    def __init__(self, ledger: Ledger, stated_peak: float | None = None) -> None:
        self._ledger = ledger
        self._stated_peak = stated_peak
        self._world_size = 1
        self._costs: FlopCosts | None = None
        self._job_peak: float | None = None
        self._flops = Recent[float]()
        self._seconds = Recent[float]()
        self._step: Cost | None = None
        self._last: Cost | None = None

    @hears(RunOpened)
    def _open(self, fact: RunOpened) -> None:
        self._world_size = fact.world_size

    @hears(TrainBegin)
    def _begin(self, _: TrainBegin) -> None:
        self._flops, self._seconds = Recent[float](), Recent[float]()
        self._step, self._last = _NO_COST, None

    @hears(FactsDropped)
    def _lose(self, _: FactsDropped) -> None:
        self._step = None

    @hears(TrainingInspected)
    def _inspect(self, fact: TrainingInspected) -> None:
        self._costs = _understood(fact.flop_costs)
        peak = _peak(fact.devices, self._stated_peak)
        count = (fact.devices or {}).get("count", self._world_size)
        self._job_peak = None if peak is None else peak.flops_per_second * count

    @hears(MicroStep)
    def _add(self, fact: MicroStep) -> None:
        batch = batch_of(fact)
        if self._step is not None and self._costs is not None and batch is not None:
            self._step += self._costs.of(batch) * self._world_size
        else:
            self._step = None

    @hears(StepEnd)
    def _end_step(self, _: StepEnd) -> None:
        self._last = self._step if self._step is not None and self._step.model_flops else None
        seconds = self._ledger.step_time_seconds
        if self._last is not None and seconds is not None:
            self._flops.add(self._last.model_flops)
            self._seconds.add(seconds)
        self._step = _NO_COST

    def at_step(self) -> Numbers:
        """Returns the step's FLOPs and the present rate."""
        if self._last is None:
            return {}
        repeats = bool(self._last.recompute_flops)
        return self._rates() | known(
            model_flops_per_step=self._last.model_flops,
            hardware_flops_per_step=self._last.hardware_flops if repeats else None,
        )

    def at_epoch(self) -> Numbers:
        """Returns the present rate."""
        return self._rates()

    def at_end(self) -> Numbers:
        """Returns the present rate."""
        return self._rates()

    def _rates(self) -> dict[str, Measured]:
        seconds = sum(self._seconds.rows)
        if seconds <= 0:
            return {}
        rate = sum(self._flops.rows) / seconds
        return known(
            tflops_per_second=rate / _TERA,
            mfu_percent=None if self._job_peak is None else 100 * rate / self._job_peak,
        )


def batch_of(fact: MicroStep) -> Batch | None:
    """Returns what a micro-batch holds, `None` where its tokens are not known.

    Real lengths count; where they are not known, padding counts as text and all rows are as long as the longest. The
    decoder's tokens are the labels that the loss is taken over.

    Example:
        >>> batch_of(MicroStep(0.0, None, 2, 10, None, None, None, None, {"input_ids": [2, 5]}))
        Batch(samples=2, tokens=10, squared_lengths=50.0, decoder_tokens=10)
    """
    tokens = fact.padded_tokens if fact.real_tokens is None else fact.real_tokens
    if tokens is None or not fact.samples:
        return None
    squared = tokens**2 / fact.samples if fact.squared_lengths is None else fact.squared_lengths
    return Batch(fact.samples, tokens, squared, tokens if fact.loss_tokens is None else fact.loss_tokens)


def mfu_receipt(
    flop_costs: Mapping[str, Any] | None, devices: Mapping[str, Any] | None, stated_peak: float | None = None
) -> dict[str, Any]:
    """Returns what MFU is made of in this run, for people: formula, costs, peak and its source, devices.

    Args:
        flop_costs: What `inspect_flops` returned.
        devices: `name` of a device, `dtype` that it computes in, and `count` of the whole job, as far as known.
        stated_peak: FLOP/s of one device, where the user states it.

    Example:
        >>> mfu_receipt({"unknown": "no attention"}, {"name": "NVIDIA L4", "dtype": "bf16", "count": 2})["flops"]
        'unknown: no attention'
    """
    costs = _understood(flop_costs)
    peak = _peak(devices, stated_peak)
    receipt: dict[str, Any] = {f"device_{name}": value for name, value in (devices or {}).items()}
    if costs is None:
        return receipt | {"flops": f"unknown: {(flop_costs or {}).get('unknown', 'the model was not inspected')}"}
    text = costs.rows.get("text", Cost())
    receipt |= {
        "formula": costs.formula,
        "causal_attention_counts_half": any(attention.causal for attention in costs.attention),
        "forward_flops_per_token": text.forward_flops,
        "backward_flops_per_token": text.backward_flops,
        "not_counted": NOT_COUNTED,
        "ranks": "this rank's FLOPs times the number of ranks",
    }
    if peak is None:
        return receipt | {"peak": "unknown for this device and type; the option peak_flops states it"}
    return receipt | {"peak_flops": peak.flops_per_second, "peak_source": peak.source}


def _understood(flop_costs: Mapping[str, Any] | None) -> FlopCosts | None:
    return None if flop_costs is None or "unknown" in flop_costs else msgspec.convert(flop_costs, FlopCosts)


def _peak(devices: Mapping[str, Any] | None, stated_peak: float | None) -> Peak | None:
    found = devices or {}
    if stated_peak is not None:
        return Peak(stated_peak, str(found.get("dtype", "")), "stated by the user")
    return peak_flops(str(found.get("name", "")), str(found.get("dtype", "")))
