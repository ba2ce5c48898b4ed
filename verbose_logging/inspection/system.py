"""The machine, the process and the installed packages, as they are at the start of a run."""

from __future__ import annotations

import os
import platform as standard_platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil as host

from verbose_logging.inspection.gpu import inspect_gpus
from verbose_logging.inspection.redaction import redact_argv
from verbose_logging.inspection.sections import gather
from verbose_logging.probes.memory import MemoryProbe
from verbose_logging.probes.swap import SwapProbe
from verbose_logging.probes.units import gb

PACKAGES = (
    *("verbose-logging", "torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers"),
    *("safetensors", "numpy", "bitsandbytes", "deepspeed", "flash-attn", "xformers", "triton", "unsloth", "vllm"),
    *("psutil", "msgspec", "nvidia-ml-py"),
)
ENVIRONMENT = (
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING"),
    *("WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "GROUP_RANK"),
    *("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_PROCID", "SLURM_NODEID", "SLURM_NNODES"),
    *("NCCL_DEBUG", "NCCL_P2P_DISABLE", "NCCL_IB_DISABLE", "NCCL_SOCKET_IFNAME"),
    *("PYTORCH_ALLOC_CONF", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_HIP_ALLOC_CONF"),
    *("OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"),
)


def installed_version(package: str) -> str | None:
    """Returns the version of an installed distribution, without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def nvidia_gpus() -> dict[str, Any]:
    """Returns what the NVIDIA driver knows of the machine's GPUs.

    Raises:
        ImportError: nvidia-ml-py is not installed.
        NVMLError: There is no driver.
    """
    import pynvml  # noqa: PLC0415 - a stripped installation may lack it

    return inspect_gpus(pynvml)


def inspect_system(  # noqa: PLR0913 - every source can be exchanged; callers give the folder
    *,
    psutil: Any = host,
    platform: Any = standard_platform,
    environ: Mapping[str, str] = os.environ,
    versions: Callable[[str], str | None] = installed_version,
    gpus: Callable[[], Mapping[str, Any]] = nvidia_gpus,
    folder: Path = Path(),
    root: Path = Path("/"),
) -> dict[str, Any]:
    """Returns platform, python, cpu, memory, swap, disk, gpu, process, packages and environment, without secrets.

    A section that cannot be read is absent. May hang where a disk or the GPU driver does.

    Args:
        psutil: The psutil module, or one like it.
        platform: The standard library's module, or one like it.
        environ: Environment variables; only those of `ENVIRONMENT` are kept.
        versions: Returns a distribution's version, `None` where it is not installed.
        gpus: Returns the section on GPUs.
        folder: Where the log lies; while it does not exist, its nearest parent that does counts.
        root: The file system's root, where the processor's name and a container's limits are found.
    """
    return gather(
        {
            "platform": lambda: _platform(platform),
            "python": lambda: gather(
                {
                    "version": platform.python_version,
                    "implementation": platform.python_implementation,
                    "executable": lambda: sys.executable,
                }
            ),
            "cpu": lambda: _cpu(psutil, platform, root),
            "memory": lambda: {"total_gb": MemoryProbe(psutil, root=root).read()["total_gb"]},
            "swap": lambda: {"total_gb": SwapProbe(psutil).read()["total_gb"]},
            "disk": lambda: _disk(psutil, folder.absolute()),
            "gpu": gpus,
            "process": _process,
            "packages": lambda: {name: version for name in PACKAGES if (version := versions(name))},
            "environment": lambda: {name: environ[name] for name in ENVIRONMENT if name in environ},
        }
    )


def _platform(platform: Any) -> dict[str, Any]:
    return gather(
        {
            "description": platform.platform,
            "system": platform.system,
            "release": platform.release,
            "machine": platform.machine,
            "hostname": platform.node,
        }
    )


def _cpu(psutil: Any, platform: Any, root: Path) -> dict[str, Any]:
    return gather(
        {
            "model": lambda: _processor_name(root) or platform.processor() or None,
            "physical_count": lambda: psutil.cpu_count(logical=False),
            "logical_count": lambda: psutil.cpu_count(logical=True),
            "usable_count": lambda: len(psutil.Process().cpu_affinity()),
        }
    )


def _processor_name(root: Path) -> str | None:
    """Returns the name that Linux gives, which the standard library leaves out there."""
    try:
        lines = (root / "proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _disk(psutil: Any, folder: Path) -> dict[str, Any]:
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    usage = psutil.disk_usage(str(existing))
    return {"path": folder, "total_gb": gb(usage.total), "free_gb": gb(usage.free)}


def _process() -> dict[str, Any]:
    return gather({"pid": os.getpid, "argv": lambda: redact_argv(sys.argv), "cwd": os.getcwd})
