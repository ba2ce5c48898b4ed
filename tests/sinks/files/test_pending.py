from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.sinks.files.pending import PendingLines

LINES = st.lists(st.binary(max_size=12).map(lambda data: b"{" + data.replace(b"\n", b"") + b"}\n"), max_size=20)


def test_bytes_are_bounded_exactly() -> None:
    """The line that reaches the bound is kept, the next byte is not."""
    pending = PendingLines(max_bytes=8, reserve_bytes=0)
    assert [True, True, False] == [pending.add(line, vital=False) for line in (b"abc\n", b"def\n", b"\n")]


def test_lines_are_bounded_exactly() -> None:
    """So many lines are kept, and not one more."""
    pending = PendingLines(max_lines=2)
    assert [True, True, False] == [pending.add(b"a\n", vital=False) for _ in range(3)]


def test_lines_given_together_are_kept_all_or_none() -> None:
    """Where bytes or lines lack room for the last one, the first is not kept either; what just fits is kept."""
    pending = PendingLines(max_bytes=8, max_lines=3, reserve_bytes=4)
    assert not pending.extend([b"abc\n", b"defg\n"])
    assert not pending.extend([b"\n"] * 4)
    assert pending.extend([b"abc\n", b"def\n"])
    assert not pending.extend([b"\n"])
    assert pending.head(max_bytes=100) == b"abc\ndef\n"


def test_vital_lines_use_the_reserve_and_no_more() -> None:
    """A vital line is kept where there is no room for others, up to the reserve."""
    pending = PendingLines(max_bytes=4, max_lines=1, reserve_bytes=4)
    assert pending.add(b"abc\n", vital=False)
    assert not pending.add(b"def\n", vital=False)
    assert pending.add(b"end\n", vital=True)
    assert not pending.add(b"\n", vital=True)


def test_delivery_makes_room() -> None:
    """What is delivered no longer counts."""
    pending = PendingLines(max_bytes=4)
    pending.add(b"abc\n", vital=False)
    assert pending.delivered(4) == 1
    assert pending.add(b"def\n", vital=False)


def test_line_longer_than_a_batch_is_a_batch() -> None:
    """The oldest line is given whole, however long it is."""
    pending = PendingLines()
    pending.add(b"a" * 100 + b"\n", vital=False)
    pending.add(b"b\n", vital=False)
    assert pending.head(max_bytes=10) == b"a" * 100 + b"\n"


def test_taking_all_leaves_nothing() -> None:
    """Lines that are taken are gone, and their bytes are free."""
    pending = PendingLines(max_bytes=4)
    pending.add(b"abc\n", vital=False)
    assert [b"abc\n"] == pending.take_all()
    assert len(pending) == 0
    assert pending.add(b"def\n", vital=False)


@given(lines=LINES, cuts=st.lists(st.integers(0, 30)))
def test_lines_leave_in_order_and_whole(lines: list[bytes], cuts: list[int]) -> None:
    """However many bytes were written, exactly the lines among them leave, a missing newline forgiven."""
    pending = PendingLines()
    for line in lines:
        pending.add(line, vital=False)
    left = list(lines)
    for written in cuts:
        count = pending.delivered(written)
        assert sum(map(len, left[:count])) <= written + 1
        left = left[count:]
        assert b"".join(left) == b"".join([pending.head(max_bytes=10_000)])
