"""Whatever fails in us or under us: training ends with the same weights and exit status, and the log says so."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.trainer

# A training of eight steps, struck after the second; what it prints is a hash of its weights and its random state.
SCRIPT = """
import shutil, threading, psutil
from verbose_logging.rules.threshold import HighMemory
from verbose_logging.meters.optimizer import OptimizerMeter
def fail(*args, **kwargs):
    raise OSError("it is broken")
class BadSink:
    write = flush = close = fail
def strike():
    {strike}
options = {options}
{prepare}
callback = ours(**options)
trainer = make_trainer(callback, AtStep(2, strike), AtStep(7, lambda: callback.flush(1.0)), steps=8)
trainer.train()
print(digest(trainer))
"""


@pytest.fixture(scope="module")
def undisturbed(nursery: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a training prints without us."""
    script = "trainer = make_trainer(steps=8)\ntrainer.train()\nprint(digest(trainer))"
    status, child = nursery.run(tmp_path_factory.mktemp("plain"), script)
    assert 0 == status
    return str(child.stdout)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Makes the log's folder a file system of 64 KiB."""
    folder = tmp_path / "logs"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def disturbed(nursery: Any, folder: Path, *, strike: str = "pass", options: str = "{}", **more: str) -> Any:
    """Returns the process of a training that was struck, and its last word on itself."""
    prepare = more.pop("prepare", "")
    (folder / "tmp").mkdir()
    environment = {"TMPDIR": str(folder / "tmp"), "BADFS_BELOW": str(folder / "logs"), **more}
    script = SCRIPT.format(strike=strike, options=options, prepare=prepare)
    status, child = nursery.run(folder, script, **environment)
    assert 0 == status, child.stderr
    return child


def last_word(child: Any) -> dict[str, Any]:
    """Returns the entry of the run's end, wherever it stands."""
    lines = [*(child.lines() if (child.folder / "logs" / "log.jsonl").exists() else []), *child.saved_lines()]
    (end,) = (line for line in lines if line["type"] == "training_complete")
    return dict(end)


def test_the_disk_is_full(nursery: Any, undisturbed: str, small_disk: Path, tmp_path: Path) -> None:
    """What does not fit lies in a spill file, the end included; the last entry counts the failures and says why."""
    child = disturbed(nursery, tmp_path, strike="open('logs/ballast', 'wb').write(b'x' * 50000)")
    end = last_word(child)

    assert small_disk.exists()
    assert undisturbed == child.stdout
    assert end["logger"]["files"]["jsonl"]["failures"] >= 1
    assert "Errno 28" in end["logger"]["files"]["jsonl"]["error"]


@pytest.mark.parametrize("fault", ["write=EIO", "open=EIO", "write=short", "fsync=EIO", "write=slow"])
def test_the_disk_fails(fault: str, nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """Errors for good, short and slow writes: every entry is somewhere, in order and whole."""
    child = disturbed(nursery, tmp_path, strike=f"os.environ['BADFS'] = {fault!r}")
    log = child.lines() if (tmp_path / "logs" / "log.jsonl").exists() else []
    numbers = [line["seq"] for line in [*log, *child.saved_lines()]]

    assert undisturbed == child.stdout
    assert list(range(1, len(numbers) + 1)) == numbers
    assert 8 == last_word(child)["step"]


def test_the_disk_hangs(nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """A write that never returns: what waits lies in a temporary folder, the end too, which names the disk."""
    child = disturbed(nursery, tmp_path, strike="os.environ['BADFS'] = 'write=hang'")

    end = last_word(child)

    assert undisturbed == child.stdout
    assert 8 == end["step"]
    assert any("no answer for" in file.get("error", "") for file in end["logger"]["files"].values())
    assert "the disk does not answer" in child.stderr
    assert str(tmp_path / "tmp") in child.stderr


def test_the_disk_hangs_from_the_first(nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """A log that cannot even be opened, as on a dead network mount."""
    child = disturbed(nursery, tmp_path, BADFS="open=hang")
    end = last_word(child)

    assert undisturbed == child.stdout
    assert 8 == end["step"]
    assert any("no answer for" in file.get("error", "") for file in end["logger"]["files"].values())


def test_the_log_folder_vanishes(nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """It is made again, what comes from then on is in it, and the last entry counts that."""
    child = disturbed(nursery, tmp_path, strike="callback.flush(); shutil.rmtree('logs')")
    end = last_word(child)

    assert undisturbed == child.stdout
    assert (8, 1) == (end["step"], end["logger"]["files"]["jsonl"]["times_replaced"])


def test_the_gpu_driver_hangs(nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """NVML never answers: the probe is named, and no other is missing."""
    options = "{'sample_interval_seconds': 0.02}"
    wait = "while not callback._recordings.session._sampler.failures(): threading.Event().wait(0.01)"
    child = disturbed(
        nursery, tmp_path, strike=wait, options=options, FAKENVML_DEVICES="2", FAKENVML_FAULT="util=hang",
        prepare="from verbose_logging.probes.nvidia import NvidiaProbe; NvidiaProbe.interval_seconds = 0.02",
    )  # fmt: skip
    logger = last_word(child)["logger"]

    assert undisturbed == child.stdout
    assert "no answer" in logger["failures"]["probe nvidia"]["error"]
    assert "probe memory" not in logger["failures"]


def test_psutil_raises_everywhere(nursery: Any, undisturbed: str, tmp_path: Path) -> None:
    """Each probe of the host is counted and named."""
    prepare = "for name in psutil.__all__:\n    callable(getattr(psutil, name)) and setattr(psutil, name, fail)"
    child = disturbed(nursery, tmp_path, prepare=prepare)
    failures = last_word(child)["logger"]["failures"]

    assert undisturbed == child.stdout
    assert {"probe memory", "probe cpu", "probe process"} <= failures.keys()
    assert "OSError: it is broken" in failures["probe memory"]["error"]


@pytest.mark.parametrize(
    ("part", "how"),
    [
        ("sink BadSink 1", {"options": "{'sinks': [BadSink()]}"}),
        ("rule high_memory", {"prepare": "HighMemory.judge = fail"}),
        ("meter OptimizerMeter", {"prepare": "OptimizerMeter.observe = fail"}),
        ("model_state", {"options": "{'model_state': fail}"}),
    ],
)
def test_a_part_of_ours_or_the_users_raises(
    part: str, how: dict[str, str], nursery: Any, undisturbed: str, tmp_path: Path
) -> None:
    """A sink, a rule, a meter, `model_state`: named in the last entry with its error."""
    child = disturbed(nursery, tmp_path, **how)
    logger = last_word(child)["logger"]
    failures = {
        **logger.get("failures", {}),
        **{f"sink {name}": told for name, told in logger.get("sinks", {}).items()},
    }
    (named,) = (told for name, told in failures.items() if name.startswith(part))

    assert undisturbed == child.stdout
    assert "OSError: it is broken" in named["error"]
    assert named["failures"] >= 1
