from __future__ import annotations

from types import SimpleNamespace

from verbose_logging.probes.swap import SwapProbe

_GB = 1024**3


def test_swap_is_read_in_gb_and_percent() -> None:
    """1 of 8 GB is 12.5 %."""
    psutil = SimpleNamespace(swap_memory=lambda: SimpleNamespace(total=8 * _GB, used=_GB))

    assert {"usage_percent": 12.5, "used_gb": 1.0, "total_gb": 8.0} == SwapProbe(psutil).read()


def test_a_machine_without_swap_has_no_reading() -> None:
    """No swap is absent, not an empty swap."""
    psutil = SimpleNamespace(swap_memory=lambda: SimpleNamespace(total=0, used=0))

    assert {} == SwapProbe(psutil).read()
