from __future__ import annotations

from types import SimpleNamespace

from verbose_logging.probes.temperature import TemperatureProbe


def _sensor(label: str, current: float | None) -> SimpleNamespace:
    return SimpleNamespace(label=label, current=current)


def test_sensors_are_named_by_chip_and_label() -> None:
    """Sensors of the same name are numbered from the second; one that gives nothing is left out."""
    sensors = {
        "coretemp": [_sensor("Core 0", 61.0), _sensor("Core 1", None)],
        "nvme": [_sensor("Composite", 40), _sensor("Composite", 41), _sensor("Composite", 42)],
        "acpitz": [_sensor("", 27.8)],
    }
    probe = TemperatureProbe(SimpleNamespace(sensors_temperatures=lambda: sensors))
    expected = {
        "coretemp Core 0": 61.0,
        "nvme Composite": 40.0,
        "nvme Composite #2": 41.0,
        "nvme Composite #3": 42.0,
        "acpitz": 27.8,
    }

    assert expected == probe.read()


def test_a_system_without_sensors_has_no_reading() -> None:
    """On macOS and Windows psutil has no `sensors_temperatures`."""
    assert {} == TemperatureProbe(SimpleNamespace()).read()
