"""Why a run ended, in words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from verbose_logging.crash import allocator_figures, describe_exception, is_out_of_memory, outcome_of

GIB = 1 << 30


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


def fake_torch() -> Any:
    """Returns a torch that has one device, with 3 of 4 GiB in use and two refusals behind it."""
    statistics = {
        "allocated_bytes": {"all": {"current": 3 * GIB, "peak": 3 * GIB}},
        "reserved_bytes": {"all": {"current": 4 * GIB, "peak": 4 * GIB}},
        "num_alloc_retries": 1,
        "num_ooms": 2,
    }
    cuda = SimpleNamespace(
        is_initialized=lambda: True,
        device_count=lambda: 1,
        memory_stats_as_nested_dict=lambda _index: statistics,
        get_device_properties=lambda _index: SimpleNamespace(name="GPU", uuid="1", total_memory=80 * GIB),
    )
    return SimpleNamespace(cuda=cuda)


@pytest.mark.parametrize(
    ("expected", "error"),
    [
        (True, MemoryError()),
        (True, OutOfMemoryError("Allocation on device 0 would exceed allowed memory")),
        (True, RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")),
        (True, RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")),
        (False, RuntimeError("expected scalar type Half but found Float")),
        (False, ValueError("out of memory")),
    ],
)
def test_out_of_memory_is_recognised(expected: bool, error: Exception) -> None:
    """By type or by the words of torch's allocators."""
    assert expected is is_out_of_memory(error)


def test_the_allocators_figures_are_told() -> None:
    """What each device held, with how often the allocator had to give up."""
    (device,) = allocator_figures(fake_torch())["allocator"]["devices"]

    assert (3.0, 4.0, 2) == (device["memory_allocated_gb"], device["memory_reserved_gb"], device["num_ooms"])


@pytest.mark.parametrize("torch", [None, SimpleNamespace(), SimpleNamespace(cuda=SimpleNamespace())])
def test_without_a_device_no_figures_are_told(torch: Any) -> None:
    """No torch, no CUDA, or one in trouble: nothing is claimed."""
    assert {} == allocator_figures(torch)


def test_a_long_message_keeps_both_its_ends() -> None:
    """A message of a megabyte is cut in its middle, and says by how much."""
    message = describe_exception(ValueError(f"begin {'x' * 1_000_000} end"))["message"]

    assert message.startswith("begin ")
    assert message.endswith(" end")
    assert "990,010 more characters" in message


def test_a_deep_recursion_is_told_briefly() -> None:
    """A thousand equal frames are a few lines."""

    def fall(depth: int) -> int:
        return fall(depth + 1) + 1

    with pytest.raises(RecursionError) as caught:
        fall(0)

    assert len(describe_exception(caught.value)["traceback"]) < 10_000


def test_causes_are_told_without_secrets() -> None:
    """The traceback holds the cause as well, and a token in it is hidden."""
    error = ValueError("no model")
    error.__cause__ = KeyError("hf_abcdefghijklmnopqrstuvwxyz0123")

    told = describe_exception(error)["traceback"]

    assert "KeyError" in told
    assert "hf_abc" not in told


@pytest.mark.parametrize(
    ("expected", "error"),
    [("interrupted", KeyboardInterrupt()), ("interrupted", SystemExit(3)), ("failed", ValueError())],
)
def test_outcome_is_failure_or_interruption(expected: str, error: BaseException) -> None:
    """Ctrl-C and exits interrupt; anything else is a failure."""
    assert expected == outcome_of(error)
