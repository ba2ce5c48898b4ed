"""What is contained, and how often it is told."""

from __future__ import annotations

from verbose_logging.guard import Guard


def test_a_part_that_is_switched_off_is_not_told_of_again() -> None:
    """A call that stands uncontained until it fails may do so after another call has switched its part off."""
    told: list[str] = []
    guard = Guard(lambda _part, error: told.append(str(error)))
    usage = guard.guarded("resources", lambda: 1 / 0, default=None)
    for _ in range(3):
        usage()

    guard.note("resources", ValueError("an odd reading"))

    assert ["division by zero"] * 2 == told
    assert {"failures": 4, "error": "ValueError: an odd reading", "switched_off": True} == guard.report()["resources"]
