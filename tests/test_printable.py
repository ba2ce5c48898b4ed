from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verbose_logging.printable import printable


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("✅ Step 3 completed - Loss: 0.25", "✅ Step 3 completed - Loss: 0.25"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\nerror: forged", "a\\nerror: forged"),
        ("gpu \u202egnp.exe", "gpu \\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\x9b31m", "\\x9b31m"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(given_text: str, shown: str) -> None:
    """Controls, line ends, writing direction and lone surrogates are shown and not obeyed."""
    assert shown == printable(given_text)


@given(st.text())
def test_the_result_can_always_be_printed(text: str) -> None:
    """Whatever stands in a log, the text for the terminal is printable and encodes."""
    shown = printable(text)

    assert shown.isprintable()
    assert shown == shown.encode().decode()
