from __future__ import annotations

import pytest

from verbose_logging.flops.peaks import DEVICES, Device, peak_flops

BF16_TFLOPS = {
    "NVIDIA GB200": 2500,
    "NVIDIA B200": 2250,
    "NVIDIA GH200 480GB": 989.4,
    "NVIDIA H200": 989.4,
    "NVIDIA H200 NVL": 835.5,
    "NVIDIA H100 80GB HBM3": 989.4,
    "NVIDIA H100 PCIe": 756,
    "NVIDIA H100 NVL": 835.5,
    "NVIDIA H800": 989.4,
    "NVIDIA H800 PCIe": 756,
    "NVIDIA H20": 148,
    "NVIDIA A100-SXM4-40GB": 312,
    "NVIDIA A100-SXM4-80GB": 312,
    "NVIDIA A100-PCIE-40GB": 312,
    "NVIDIA A100 80GB PCIe": 312,
    "A100-SXM4-40GB": 312,
    "NVIDIA A800-SXM4-80GB": 312,
    "NVIDIA A40": 149.7,
    "NVIDIA A30": 165,
    "NVIDIA A10": 125,
    "NVIDIA A10G": 70,
    "NVIDIA L40S": 362.05,
    "NVIDIA L40": 181.05,
    "NVIDIA L4": 121,
    "NVIDIA GeForce RTX 3090": 71,
    "NVIDIA GeForce RTX 4090": 165.2,
    "NVIDIA GeForce RTX 5090": 209.5,
    "NVIDIA RTX A6000": 154.8,
    "NVIDIA RTX 6000 Ada Generation": 364.2,
    "AMD Instinct MI250X": 191.5,
    "AMD Instinct MI300X": 1307.4,
    "AMD Instinct MI300X OAM": 1307.4,
    "AMD Instinct MI325X": 1307.4,
    "AMD Instinct MI355X": 2516.6,
}
FP16_TFLOPS = {
    "Tesla T4": 65,
    "Tesla V100-SXM2-16GB": 125,
    "Tesla V100-SXM2-32GB": 125,
    "Tesla V100-PCIE-16GB": 112,
    "Tesla V100S-PCIE-32GB": 130,
}


def tflops(name: str, dtype: str) -> float | None:
    """Returns the peak in TFLOP/s."""
    peak = peak_flops(name, dtype)
    return None if peak is None else peak.flops_per_second / 1e12


@pytest.mark.parametrize("name", BF16_TFLOPS)
def test_a_device_is_known_by_its_real_name(name: str) -> None:
    """The name that the driver gives finds the dense bf16 figure of exactly that device."""
    assert BF16_TFLOPS[name] == pytest.approx(tflops(name, "bf16"))


@pytest.mark.parametrize("name", FP16_TFLOPS)
def test_an_older_device_has_fp16_and_no_bf16(name: str) -> None:
    """Volta and Turing have no matrix units for bf16, so that MFU in bf16 is not known there."""
    assert FP16_TFLOPS[name] == pytest.approx(tflops(name, "fp16"))
    assert peak_flops(name, "bf16") is None


@pytest.mark.parametrize(
    ("name", "tf32", "fp32"),
    [
        ("NVIDIA H100 80GB HBM3", 494.7, 66.9),
        ("NVIDIA A100-SXM4-80GB", 156, 19.5),
        ("NVIDIA GeForce RTX 3090", 35.6, 35.6),
        ("Tesla T4", None, 8.1),
        ("AMD Instinct MI355X", None, 157.3),
    ],
)
def test_float32_is_rounded_or_true(name: str, tf32: float | None, fp32: float) -> None:
    """TF32 and true float32 are two figures; where there is no TF32, it is not known."""
    assert (tf32, fp32) == (pytest.approx(tflops(name, "tf32")), pytest.approx(tflops(name, "fp32")))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "cpu",
        "NVIDIA A100-SXM4-40GB MIG 1g.5gb",
        "GRID A100-10C",
        "NVIDIA GeForce RTX 4090 Laptop GPU",
        "NVIDIA GeForce RTX 4090 D",
        "NVIDIA GeForce RTX 3090 Ti",
        "NVIDIA H100 80GB HBM2e",
        "NVIDIA L400",
        "AMD Instinct MI250X / MI250",
        "AMD Radeon Graphics",
    ],
)
def test_another_device_is_not_known(name: str) -> None:
    """A name that is only like one in the table, or a part of such a device, finds nothing."""
    assert peak_flops(name, "bf16") is None
    assert peak_flops(name, "fp32") is None


def test_another_type_is_not_known() -> None:
    """Nor is a type that the table does not hold, whatever the fields of a row are called."""
    assert [None, None, None] == [peak_flops("NVIDIA L4", dtype) for dtype in ("int8", "source", "")]


@pytest.mark.parametrize("device", DEVICES, ids=lambda device: device.words)
def test_every_row_is_found_by_a_real_name_and_says_where_it_is_from(device: Device) -> None:
    """A row that is added to the table needs a name here, and a source; no name fits two rows."""
    names = [name for name in (*BF16_TFLOPS, *FP16_TFLOPS) if device.is_called(name)]

    assert names
    assert device.source
    for name in names:
        assert [device] == [row for row in DEVICES if row.is_called(name)]
