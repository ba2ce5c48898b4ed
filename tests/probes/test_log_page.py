"""Each figure of a GPU stands on the page about the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "log.md").read_text(encoding="utf-8")


def test_every_figure_of_a_device_is_documented(on_fake_driver: Callable[..., Any]) -> None:
    """The driver's fields are those of the page's table."""
    read = "from verbose_logging.probes.nvidia import NvidiaProbe; answer(NvidiaProbe(pynvml).read())"
    (device,) = on_fake_driver(read, devices=1)["devices"]

    assert [] == [name for name in device if f"`{name}`" not in PAGE]
