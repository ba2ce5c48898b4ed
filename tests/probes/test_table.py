from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from verbose_logging.probes import PROBES, ProbeContext, build_probes
from verbose_logging.protocols import Probe
from verbose_logging.testing import StubProbe

_UNITS = re.compile(r"_(percent|gb|mb|c|w|mhz|seconds|per_second)$")
_WITHOUT_UNIT = re.compile(r"^(num_\w+|index|uuid|name|error|per_core|load_average|throttle_reasons|devices)$")


def _context(**changes: Any) -> ProbeContext:
    values = {"disk_path": Path(), "dear_readings": True, "monotonic": time.monotonic}
    return ProbeContext(**(values | changes))


def _probe(name: str) -> Probe:
    probe = PROBES[name](_context())
    assert probe is not None
    return probe


def _keys(value: Any) -> Iterator[str]:
    for key, inner in value.items():
        yield key
        for each in inner if isinstance(inner, list) else [inner]:
            if isinstance(each, dict):
                yield from _keys(each)


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_bears_the_name_of_its_line(name: str) -> None:
    """The table's name is the key of the reading, and the class keeps the protocol."""
    probe = _probe(name)

    assert isinstance(probe, Probe)
    assert (name, True) == (probe.name, probe.interval_seconds >= 1.0)


@pytest.mark.parametrize("name", PROBES)
def test_readings_are_plain_json(name: str) -> None:
    """On this machine, whatever it has, two readings come back unchanged from strict JSON."""
    probe = _probe(name)
    for reading in (probe.read(), probe.read()):
        assert reading == json.loads(json.dumps(reading, allow_nan=False))


@pytest.mark.parametrize("name", [name for name in PROBES if name != "temperatures"])
def test_names_carry_their_units(name: str) -> None:
    """Every measured figure says in its name what it is measured in; sensors keep the names that they have."""
    nameless = [key for key in _keys(_probe(name).read()) if not _UNITS.search(key) and not _WITHOUT_UNIT.match(key)]

    assert [] == nameless


@pytest.mark.parametrize("name", ["memory", "process", "cpu", "disk"])
def test_every_machine_has_these(name: str) -> None:
    """A first reading of the essentials is never empty."""
    assert _probe(name).read()


def test_dear_readings_are_left_out_where_the_level_does_not_ask() -> None:
    """Below ultra there are no sensors and no single cores."""
    probes = {probe.name: probe for probe in build_probes(_context(dear_readings=False), entry_points=_none)}

    assert sorted(PROBES.keys() - {"temperatures"}) == sorted(probes)
    assert "per_core" not in probes["cpu"].read()


def test_gpu_libraries_and_disks_have_threads_of_their_own() -> None:
    """What may hang does not claim to answer at once."""
    alone = [name for name in PROBES if not getattr(_probe(name), "answers_at_once", False)]

    assert ["disk", "temperatures", "nvidia", "torch_cuda"] == alone


def _none(*, group: str) -> Iterable[Any]:
    assert group == "verbose_logging.probes"
    return []


def _entry_point(name: str, factory: Any) -> SimpleNamespace:
    return SimpleNamespace(name=name, load=lambda: factory)


def test_an_installed_package_adds_its_probe() -> None:
    """An entry point names a factory that is given the context; its probe follows ours."""
    context = _context()
    given = []

    def factory(context: ProbeContext) -> Probe:
        given.append(context)
        return StubProbe([{}], name="fan")

    probes = build_probes(context, entry_points=lambda group: [_entry_point(group, factory)])

    assert ("fan", [context]) == (probes[-1].name, given)


def _broken(_context: ProbeContext) -> Probe:
    raise OSError("no such bus")


@pytest.mark.parametrize(
    ("factory", "problem"),
    [
        (_broken, "OSError('no such bus')"),
        (lambda _context: object(), "TypeError('object lacks one of name, interval_seconds and read')"),
        (lambda _context: StubProbe([{}], name="cpu"), "ValueError(\"there is a probe 'cpu' already\")"),
        (None, "TypeError(\"'NoneType' object is not callable\")"),
    ],
)
def test_a_broken_addition_is_reported_and_left_out(factory: Any, problem: str) -> None:
    """Whatever is wrong with another's probe, ours are there, and one line says what it was."""
    problems: list[tuple[str, str]] = []
    probes = build_probes(
        _context(),
        on_problem=lambda part, error: problems.append((part, repr(error))),
        entry_points=lambda group: [_entry_point(f"{group}.bad", factory)],
    )

    assert [("probe verbose_logging.probes.bad", problem)] == problems
    assert list(PROBES) == [probe.name for probe in probes]
