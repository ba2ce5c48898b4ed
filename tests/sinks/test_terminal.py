"""How a stream shows text: width, colours, characters."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.sinks.terminal import INDENT, Terminal, encodable, is_watched

STEP = "✅ Epoch 1/3 | Step 1/150 | loss=10.2313 | avg_loss=10.2313 | lr=1.00e-05 | grad_norm=2.3456 | steps/s=0.85"


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Returns true."""
        return True


@pytest.fixture(autouse=True)
def colourful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 100 columns that has colours, and nothing else asked for."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")


def test_first_row_is_coloured_on_a_terminal() -> None:
    """The verdict stands out; why and what to try do not."""
    assert "\x1b[33m⚠️ Full\x1b[0m\n   try: less" == Terminal(Tty()).render("⚠️ Full\n   try: less", "yellow")


def test_no_colour_where_nobody_watches() -> None:
    """A file gets the text and nothing else."""
    assert "⚠️ Full" == Terminal(io.StringIO()).render("⚠️ Full", "yellow")


def test_no_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR takes every escape sequence away."""
    monkeypatch.setenv("NO_COLOR", "1")

    assert "⚠️ Full" == Terminal(Tty()).render("⚠️ Full", "bold yellow")


def test_force_color_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR colours what goes to a file, and folds nothing there."""
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert f"\x1b[33m{STEP * 2}\x1b[0m" == Terminal(io.StringIO()).render(STEP * 2, "yellow")


def test_a_terminal_that_knows_no_colours_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb is taken at its word."""
    monkeypatch.setenv("TERM", "dumb")

    assert "⚠️ Full" == Terminal(Tty()).render("⚠️ Full", "yellow")


def test_a_row_is_folded_to_the_width() -> None:
    """What does not fit goes on below, indented, folded at a blank and nothing lost."""
    first, *others = Terminal(Tty()).render(STEP).split("\n")

    assert others
    assert all(len(row) < 100 and row.startswith(INDENT) for row in others)
    assert STEP.split() == " ".join([first, *others]).split()


@pytest.mark.parametrize("columns", [60, 30])
def test_a_rule_is_cut_to_the_width(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule of 80 signs has 60 of them on a terminal of 60 columns, however narrow that is."""
    monkeypatch.setenv("COLUMNS", str(columns))

    assert "=" * columns == Terminal(Tty()).render("=" * 80)


def test_a_file_gets_rows_of_any_length() -> None:
    """Nothing is folded where there is no width."""
    assert STEP * 3 == Terminal(io.StringIO()).render(STEP * 3)


def test_somebody_watches_a_terminal_and_nobody_a_file() -> None:
    """Steps are thinned out only for people."""
    assert is_watched(Tty())
    assert not is_watched(io.StringIO())


def test_a_closed_stream_is_not_watched() -> None:
    """A stream that is gone is nobody's terminal."""
    stream = io.StringIO()
    stream.close()

    assert not is_watched(stream)


@pytest.mark.parametrize(
    ("text", "encoding", "shown"),
    [
        ("✅ Step 1", "ascii", "Step 1"),
        ("   • Batch size: 8 \N{MULTIPLICATION SIGN} 4", "ascii", "   * Batch size: 8 x 4"),
        ("8 \N{MULTIPLICATION SIGN} 4", "latin-1", "8 \N{MULTIPLICATION SIGN} 4"),
        ("⚠️ Speicher läuft voll", "ascii", "! Speicher l?uft voll"),
        ("✅ Step 1", "utf-8", "✅ Step 1"),
    ],
)
def test_an_encoding_gets_what_it_can_show(text: str, encoding: str, shown: str) -> None:
    """Signs are spelled, pictures left out with their blank, anything else is a question mark."""
    assert shown == encodable(text, encoding)


@given(text=st.text(), encoding=st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8", "cp932"]))
def test_every_text_can_be_encoded_afterwards(text: str, encoding: str) -> None:
    """Whatever is told, the stream takes it, and rows stay rows."""
    shown = encodable(text, encoding)

    shown.encode(encoding)
    assert text.count("\n") == shown.count("\n")
