"""The most floating-point operations per second that a device can do, by its name and the type it computes in.

Figures are those of dense matrix products with accumulation in 32 bits, without the doubling that data sheets print
for sparsity. A device that is not in the table, and one that is only a part of such a device, is not known: a wrong
peak is worse than none.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_EVERYWHERE = re.compile(r"NVIDIA|TESLA|GEFORCE|AMD|INSTINCT|\d+GB?")  # in names, without a meaning for speed


class Peak(NamedTuple):
    """What one device can do at most.

    Args:
        flops_per_second: FLOP/s.
        dtype: Type that it computes in.
        source: Where the figure is from.
    """

    flops_per_second: float
    dtype: str
    source: str


class Device(NamedTuple):
    """One row of the table, in TFLOP/s; `None` where the device does not have the type.

    Args:
        words: What its name holds.
        bf16: bfloat16, on matrix units.
        fp16: float16, on matrix units.
        tf32: float32 rounded to 19 bits, on matrix units.
        fp32: float32.
        source: Data sheet or white paper.
        may_hold: Further words that its name may hold and that do not change its speed.
    """

    words: str
    bf16: float | None
    fp16: float | None
    tf32: float | None
    fp32: float
    source: str
    may_hold: str = ""

    def is_called(self, name: str) -> bool:
        """Returns whether a name holds the row's words and no others that mean anything."""
        words, needed = set(re.findall(r"[A-Z0-9]+", name.upper())), set(self.words.split())
        others = words - needed - set(self.may_hold.split())
        return needed <= words and all(_EVERYWHERE.fullmatch(word) for word in others)


DEVICES = (
    Device("GB200", 2500, 2500, 1250, 80, "NVIDIA Blackwell data sheet, GB200 NVL72, per GPU"),
    Device("B200", 2250, 2250, 1100, 75, "NVIDIA Blackwell data sheet, HGX B200, per GPU"),
    Device("GH200", 989.4, 989.4, 494.7, 66.9, "NVIDIA GH200 Grace Hopper Superchip data sheet", "HBM3 HBM3E"),
    Device("H200", 989.4, 989.4, 494.7, 66.9, "NVIDIA H200 data sheet, SXM"),
    Device("H200 NVL", 835.5, 835.5, 417.5, 60, "NVIDIA H200 data sheet, NVL"),
    Device("H100 HBM3", 989.4, 989.4, 494.7, 66.9, "NVIDIA H100 architecture white paper, SXM5", "SXM5"),
    Device("H100 PCIE", 756, 756, 378, 51.2, "NVIDIA H100 data sheet, PCIe"),
    Device("H100 NVL", 835.5, 835.5, 417.5, 60, "NVIDIA H100 data sheet, NVL"),
    Device("H800", 989.4, 989.4, 494.7, 66.9, "NVIDIA H800 data sheet, SXM"),
    Device("H800 PCIE", 756, 756, 378, 51.2, "NVIDIA H800 data sheet, PCIe"),
    Device("H20", 148, 148, 74, 44, "NVIDIA H20 data sheet", "HBM3"),
    Device("A100", 312, 312, 156, 19.5, "NVIDIA A100 data sheet", "SXM4 PCIE"),
    Device("A800", 312, 312, 156, 19.5, "NVIDIA A800 data sheet", "SXM4 PCIE"),
    Device("A40", 149.7, 149.7, 74.8, 37.4, "NVIDIA A40 data sheet", "PCIE"),
    Device("A30", 165, 165, 82, 10.3, "NVIDIA A30 data sheet", "PCIE"),
    Device("A10", 125, 125, 62.5, 31.2, "NVIDIA A10 data sheet", "PCIE"),
    Device("A10G", 70, 70, 35, 35, "AWS and NVIDIA A10G data sheet, February 2022; not the A10's 125"),
    Device("L40S", 362.05, 362.05, 183, 91.6, "NVIDIA L40S data sheet"),
    Device("L40", 181.05, 181.05, 90.5, 90.5, "NVIDIA L40 data sheet"),
    Device("L4", 121, 121, 60, 30.3, "NVIDIA L4 data sheet"),
    Device("T4", None, 65, None, 8.1, "NVIDIA T4 data sheet"),
    Device("V100 SXM2", None, 125, None, 15.7, "NVIDIA V100 data sheet, SXM2"),
    Device("V100 PCIE", None, 112, None, 14, "NVIDIA V100 data sheet, PCIe"),
    Device("V100S PCIE", None, 130, None, 16.4, "NVIDIA V100 data sheet, V100S PCIe"),
    Device("RTX 3090", 71, 71, 35.6, 35.6, "NVIDIA Ampere GA102 white paper"),
    Device("RTX 4090", 165.2, 165.2, 82.6, 82.6, "NVIDIA Ada white paper"),
    Device("RTX 5090", 209.5, 209.5, 104.8, 104.8, "NVIDIA RTX Blackwell white paper"),
    Device("RTX A6000", 154.8, 154.8, 77.4, 38.7, "NVIDIA Ampere GA102 white paper"),
    Device("RTX 6000 ADA GENERATION", 364.2, 364.2, 182.1, 91.1, "NVIDIA RTX 6000 Ada Generation data sheet"),
    Device("MI250X", 191.5, 191.5, None, 47.85, "AMD Instinct MI250X data sheet, one of its two dies"),
    Device("MI300X", 1307.4, 1307.4, 653.7, 163.4, "AMD Instinct MI300X data sheet", "OAM"),
    Device("MI325X", 1307.4, 1307.4, 653.7, 163.4, "AMD Instinct MI325X data sheet", "OAM"),
    Device("MI355X", 2516.6, 2516.6, None, 157.3, "AMD Instinct MI355X data sheet", "OAM"),
)


def peak_flops(name: str, dtype: str) -> Peak | None:
    """Returns what a device of that name can do, `None` where that is not known.

    Every word of the name must be accounted for, so that an L40S is no L4, and neither a laptop's 4090 nor a slice
    of an A100 passes for the whole.

    Args:
        name: As the driver gives it.
        dtype: "bf16", "fp16", "tf32" or "fp32".

    Example:
        >>> peak_flops("NVIDIA L40S", "bf16")
        Peak(flops_per_second=362050000000000.0, dtype='bf16', source='NVIDIA L40S data sheet')
        >>> peak_flops("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "bf16") is None
        True
    """
    if dtype not in {"bf16", "fp16", "tf32", "fp32"}:
        return None
    device = next((device for device in DEVICES if device.is_called(name)), None)
    tflops = getattr(device, dtype, None)
    return None if device is None or tflops is None else Peak(tflops * 1e12, dtype, device.source)
