from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from verbose_logging import facts
from verbose_logging.flops.costs import AttentionCost, Cost, FlopCosts
from verbose_logging.meters.flops import FlopsMeter, batch_of, mfu_receipt
from verbose_logging.meters.ledger import Ledger
from verbose_logging.protocols import Numbers

COSTS = FlopCosts({"text": Cost(2e9, 4e9)}, [AttentionCost("text", causal=True, window=None, per_pair=Cost(2e6, 4e6))])
DEVICES = {"name": "NVIDIA A100-SXM4-80GB", "dtype": "bf16", "count": 2}


def inspected(costs: FlopCosts | dict[str, Any] | None = COSTS, devices: Any = DEVICES) -> facts.TrainingInspected:
    """Returns the fact of a model that costs 6 GFLOP a token and 6 MFLOP a pair, on two A100s."""
    plain = None if costs is None else dict(msgspec.to_builtins(costs))
    return facts.TrainingInspected(0.0, {}, {}, {}, {}, {}, flop_costs=plain, devices=devices)


def micro_step(at: float = 0.0, **counts: Any) -> facts.MicroStep:
    """Returns the fact of two sequences with 1,000 tokens each, in rows of 1,500."""
    known = {"samples": 2, "padded_tokens": 3000, "real_tokens": 2000, "squared_lengths": 2_000_000}
    unknown = {"loss_tokens": None, "items_in_batch": None}
    return facts.MicroStep(at, loss=1.0, shapes={}, **{**unknown, **known, **counts})


STEP_FLOPS = 2000 * 6e9 + 2_000_000 / 2 * 6e6  # 18 TFLOP


def step(number: int, *micro_steps: facts.MicroStep, seconds: float = 1.0) -> list[facts.Fact]:
    """Returns the facts of a step; steps of one length follow one another."""
    end = number * seconds
    return [
        facts.StepBegin(end - seconds / 2),
        *micro_steps,
        facts.StepEnd(end, number, log_follows=False),
    ]


def metered(
    *script: facts.Fact, inspection: facts.TrainingInspected | None = None, ranks: int = 1, stated: float | None = None
) -> FlopsMeter:
    """Returns a meter that has seen a run."""
    ledger = Ledger()
    meter = FlopsMeter(ledger, stated)
    opening: Sequence[facts.Fact] = (
        facts.RunOpened(0.0, 0.0, 0.0, "run", 0, ranks),
        inspection or inspected(),
        facts.TrainBegin(0.0, 0, 100, 1, 100, 100, 1),
    )
    for fact in (*opening, *script):
        ledger.observe(fact)
        meter.observe(fact)
    return meter


def after_two_steps(**options: Any) -> Numbers:
    """Returns the numbers of the second of two like steps of one second (the first one's start is start-up)."""
    return metered(*step(1, micro_step()), *step(2, micro_step()), **options).at_step()


def test_a_step_costs_its_real_tokens_and_its_pairs() -> None:
    """Padding is no useful work; attention goes by the sequences' own lengths, half of them where it is causal."""
    assert STEP_FLOPS == after_two_steps()["model_flops_per_step"]


def test_micro_batches_add_up() -> None:
    """A step's FLOPs are those of all its micro-batches."""
    numbers = metered(*step(1, micro_step(), micro_step(), micro_step())).at_step()

    assert 3 * STEP_FLOPS == numbers["model_flops_per_step"]


def test_utilisation_is_the_share_of_all_devices_peak() -> None:
    """Two ranks at 18 TFLOP each in a second are 36 of 624 TFLOP/s."""
    meter = metered(*(fact for number in range(1, 8) for fact in step(number, micro_step())), ranks=2)

    assert 2 * STEP_FLOPS / 1e12 == pytest.approx(meter.at_step()["tflops_per_second"])
    assert 100 * 2 * STEP_FLOPS / 624e12 == pytest.approx(meter.at_step()["mfu_percent"])
    assert meter.at_epoch() == meter.at_end()


def test_an_evaluation_between_steps_changes_no_rate() -> None:
    """The minute that an evaluation takes is no time of a step."""
    steps = [fact for number in range(1, 8) for fact in step(number, micro_step())]
    pause = facts.Evaluated(67.0, 7, 0.0, {})
    after = [
        facts.StepBegin(67.5),
        micro_step(),
        facts.StepEnd(68.0, 8, log_follows=False),
    ]

    assert metered(*steps).at_step()["tflops_per_second"] == pytest.approx(
        metered(*steps, pause, *after).at_step()["tflops_per_second"]
    )


def test_the_first_two_steps_count_for_no_rate_once_there_are_five() -> None:
    """Compilation in the first steps does not stay in the rate."""
    slow = [*step(1, micro_step(), seconds=10.0), *step(2, micro_step(), seconds=10.0)]
    fast = [
        fact
        for number in range(3, 6)
        for fact in (
            facts.StepBegin(17.5 + number),
            micro_step(),
            facts.StepEnd(18.0 + number, number, log_follows=False),
        )
    ]

    assert STEP_FLOPS / 1e12 == pytest.approx(metered(*slow, *fast).at_step()["tflops_per_second"])


def test_what_checkpointing_repeats_stands_apart() -> None:
    """Repeated work is the hardware's; it raises neither the model's FLOPs nor utilisation."""
    repeating = FlopCosts({"text": Cost(2e9, 4e9, 2e9)}, COSTS.attention)
    plain, repeated = after_two_steps(), after_two_steps(inspection=inspected(repeating))

    assert "hardware_flops_per_step" not in plain
    assert STEP_FLOPS + 2000 * 2e9 == repeated["hardware_flops_per_step"]
    assert plain == {name: number for name, number in repeated.items() if name != "hardware_flops_per_step"}


def test_an_unknown_device_has_no_utilisation() -> None:
    """Without a peak the rate is told and the share of it is not."""
    numbers = after_two_steps(inspection=inspected(devices={"name": "cpu", "dtype": "fp32", "count": 1}))

    assert "mfu_percent" not in numbers
    assert "tflops_per_second" in numbers


def test_a_stated_peak_is_that_of_each_device() -> None:
    """`peak_flops` is FLOP/s of one device, also of one that the table knows."""
    numbers = after_two_steps(stated=100e12)

    assert numbers["tflops_per_second"] == pytest.approx(numbers["mfu_percent"] * 2)


@pytest.mark.parametrize("costs", [None, {"unknown": "why"}], ids=["not inspected", "not understood"])
def test_without_a_known_cost_everything_is_absent(costs: Any) -> None:
    """A model that is not understood has no FLOPs, rather than wrong ones."""
    assert {} == after_two_steps(inspection=inspected(costs))


def test_without_batches_everything_is_absent() -> None:
    """Where the live Trainer is not reached nothing is known of the tokens."""
    assert {} == metered(*step(1), *step(2)).at_step()


def test_a_step_of_which_a_micro_batch_is_not_known_is_absent() -> None:
    """Half of a step's FLOPs would pass for all of them."""
    blind = micro_step(padded_tokens=None, real_tokens=None)

    assert {} == metered(*step(1, micro_step(), blind)).at_step()
    assert {} == metered(*step(1, blind, micro_step())).at_step()


def test_a_step_with_lost_facts_is_absent() -> None:
    """Micro-batches that were dropped are not known to be there."""
    begin, *rest = step(1, micro_step())
    lost = facts.FactsDropped(0.6, 3, 0.5, 0.6)

    assert {} == metered(begin, micro_step(), lost, *rest).at_step()


def test_a_second_training_starts_anew() -> None:
    """Neither the last step nor the rate of the training before is told again."""
    again = facts.TrainBegin(9.0, 0, 100, 1, 100, 100, 1)

    assert {} == metered(*step(1, micro_step()), again).at_step()


def test_unknown_lengths_fall_back_to_full_rows() -> None:
    """Where only the padded size is known, two rows of 1,500 attend as such."""
    batch = batch_of(micro_step(real_tokens=None, squared_lengths=None))

    assert batch is not None
    assert (3000, 2 * 1500**2) == (batch.tokens, batch.squared_lengths)


def test_the_decoder_s_tokens_are_the_labels() -> None:
    """What the loss is taken over is what the decoder writes."""
    batch = batch_of(micro_step(loss_tokens=77))

    assert batch is not None
    assert 77 == batch.decoder_tokens


def test_the_receipt_says_what_utilisation_is_made_of() -> None:
    """Formula, cost of a token, the peak with its source, and how many devices of which kind."""
    receipt = mfu_receipt(msgspec.to_builtins(COSTS), DEVICES)

    assert {
        "device_name": "NVIDIA A100-SXM4-80GB",
        "device_dtype": "bf16",
        "device_count": 2,
        "forward_flops_per_token": 2e9,
        "backward_flops_per_token": 4e9,
        "causal_attention_counts_half": True,
        "peak_flops": 312e12,
        "peak_source": "NVIDIA A100 data sheet",
    }.items() <= receipt.items()
    assert receipt["formula"]


def test_the_receipt_says_what_is_not_known() -> None:
    """A missing peak and a missing cost are each named."""
    no_peak = mfu_receipt(msgspec.to_builtins(COSTS), {"name": "cpu", "dtype": "fp32", "count": 1})

    assert "unknown" in no_peak["peak"]
    assert "unknown: why" == mfu_receipt({"unknown": "why"}, DEVICES)["flops"]
    assert "unknown: the model was not inspected" == mfu_receipt(None, None)["flops"]


def test_the_receipt_names_the_user_as_source() -> None:
    """A stated peak is not passed off as the vendor's."""
    receipt = mfu_receipt(msgspec.to_builtins(COSTS), DEVICES, 1e12)

    assert (1e12, "stated by the user") == (receipt["peak_flops"], receipt["peak_source"])
