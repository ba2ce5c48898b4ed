from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from verbose_logging.inspection import inspect_system
from verbose_logging.inspection.gpu import inspect_gpus

GB = 1024**3


class _Broken:
    def __getattr__(self, name: str) -> Any:
        raise OSError(name)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file system that names the processor and limits nothing."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Fast CPU 9000\nmodel name\t: other\n")
    return tmp_path


@pytest.fixture
def sources(root: Path) -> dict[str, Any]:
    """A machine with known figures."""
    psutil = SimpleNamespace(
        cpu_count=lambda *, logical: 16 if logical else 8,
        Process=lambda: SimpleNamespace(cpu_affinity=lambda: [0, 1, 2, 3]),
        virtual_memory=lambda: SimpleNamespace(total=64 * GB, used=16 * GB, available=48 * GB),
        swap_memory=lambda: SimpleNamespace(total=2 * GB, used=0),
        disk_usage=lambda _: SimpleNamespace(total=500 * GB, free=125 * GB, percent=75.0),
    )
    platform = SimpleNamespace(
        platform=lambda: "Linux-6.1-x86_64",
        system=lambda: "Linux",
        release=lambda: "6.1",
        machine=lambda: "x86_64",
        node=lambda: "node7",
        processor=lambda: "",
        python_version=lambda: "3.11.7",
        python_implementation=lambda: "CPython",
    )
    return {
        "psutil": psutil,
        "platform": platform,
        "environ": {"WORLD_SIZE": "2", "HF_TOKEN": "hf_abcdefghijklmnopqr", "NCCL_DEBUG": "INFO", "HOME": "/home/ann"},
        "versions": {"torch": "2.13.0", "trl": "1.16.0"}.get,
        "gpus": lambda: {"devices": [{"name": "NVIDIA H100", "uuid": "GPU-1", "memory_total_gb": 80.0}]},
        "folder": root / "logs" / "later",
        "root": root,
    }


def test_every_section_has_the_figures_of_its_source(sources: dict[str, Any], root: Path) -> None:
    """Each section says what its source says, in the log's units."""
    info = inspect_system(**sources)

    assert {
        "description": "Linux-6.1-x86_64",
        "system": "Linux",
        "release": "6.1",
        "machine": "x86_64",
        "hostname": "node7",
    } == info["platform"]
    assert {"model": "Fast CPU 9000", "physical_count": 8, "logical_count": 16, "usable_count": 4} == info["cpu"]
    assert {"total_gb": 64.0} == info["memory"]
    assert {"total_gb": 2.0} == info["swap"]
    assert {"path": str(root / "logs" / "later"), "total_gb": 500.0, "free_gb": 125.0} == info["disk"]
    assert [{"name": "NVIDIA H100", "uuid": "GPU-1", "memory_total_gb": 80.0}] == info["gpu"]["devices"]
    assert {"torch": "2.13.0", "trl": "1.16.0"} == info["packages"]


def test_only_listed_variables_are_kept(sources: dict[str, Any]) -> None:
    """The environment is read by a list: what is not on it is not in the log."""
    assert {"WORLD_SIZE": "2", "NCCL_DEBUG": "INFO"} == inspect_system(**sources)["environment"]


def test_a_secret_in_a_listed_variable_is_hidden(sources: dict[str, Any]) -> None:
    """A listed variable is searched for secrets like any other value."""
    sources["environ"] = {"NCCL_DEBUG": "token=swordfish"}

    assert {"NCCL_DEBUG": "token=[redacted]"} == inspect_system(**sources)["environment"]


@pytest.mark.parametrize(
    ("source", "broken", "absent"),
    [
        ("psutil", _Broken(), {"memory", "swap", "disk"}),
        ("platform", _Broken(), {"platform", "python"}),
        ("versions", lambda _: 1 / 0, {"packages"}),
        ("gpus", lambda: 1 / 0, {"gpu"}),
        ("environ", None, {"environment"}),
    ],
    ids=["psutil", "platform", "versions", "gpus", "environ"],
)
def test_a_source_that_raises_takes_only_its_sections(
    sources: dict[str, Any], source: str, broken: Any, absent: set[str]
) -> None:
    """A section that cannot be read is absent, and all others are there."""
    whole = set(inspect_system(**sources))

    assert whole - absent == set(inspect_system(**(sources | {source: broken})))


def test_a_part_that_raises_takes_only_itself(sources: dict[str, Any]) -> None:
    """Where the processor's cores cannot be counted, its name still stands."""
    sources["psutil"] = _Broken()

    assert {"model": "Fast CPU 9000"} == inspect_system(**sources)["cpu"]


def test_the_real_machine_is_described_without_importing_what_it_lists() -> None:
    """The defaults work on this machine, give plain values, and name this process and the installed versions."""
    info = inspect_system()

    assert info == msgspec.json.decode(msgspec.json.encode(info))
    assert info["memory"]["total_gb"] > 0
    assert f"{sys.version_info.major}.{sys.version_info.minor}." in info["python"]["version"]
    assert "msgspec" in info["packages"]
    assert {"pid", "argv", "cwd"} == set(info["process"])


class _Nvml:
    """Two GPUs, one of which is lost."""

    def __init__(self) -> None:
        self.uses = 0

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        self.uses += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.uses -= 1

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return b"550.54"

    def nvmlSystemGetCudaDriverVersion(self) -> int:  # noqa: N802
        return 12040

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        if index == 0:
            raise RuntimeError("GPU is lost")
        return index

    def nvmlDeviceGetName(self, handle: int) -> str:  # noqa: N802
        return f"NVIDIA L4 <{handle}>"

    def nvmlDeviceGetUUID(self, handle: int) -> str:  # noqa: N802
        raise RuntimeError(f"Not Supported on {handle}")

    def nvmlDeviceGetMemoryInfo(self, _: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=24 * GB)


def test_gpus_give_what_the_driver_gives() -> None:
    """A lost GPU and an unsupported field are absent, everything else is there, and NVML is let go."""
    nvml = _Nvml()

    assert {
        "driver_version": "550.54",
        "cuda_version": "12.4",
        "devices": [{"index": 1, "name": "NVIDIA L4 <1>", "memory_total_gb": 24.0}],
    } == inspect_gpus(nvml)
    assert 0 == nvml.uses
