"""Numbers as people read them, and text that cannot hurt a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.cli.text import counted, in_ascii, lasting, printable, shortened, sized, squeezed


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (-1, "0 ms"),
        (0.012, "12 ms"),
        (0.4, "0.4 s"),
        (9.96, "10 s"),
        (60, "60 s"),
        (125, "2 min 05 s"),
        (3725, "1 h 02 min"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"), [(812, "812 B"), (14_000, "14 kB"), (3_200_000, "3.2 MB"), (999_999, "1.0 MB")]
)
def test_sizes_count_by_thousands(size: int, words: str) -> None:
    assert sized(size) == words


def test_nouns_follow_their_number() -> None:
    assert [counted(1, "row"), counted(1300, "row"), counted(2, "retry")] == [
        "1 row",
        "1,300 rows",
        "2 retries",
    ]


@given(st.text(max_size=60), st.integers(2, 40))
def test_what_is_cut_fits_and_says_so(text: str, width: int) -> None:
    for cut in (shortened, squeezed):
        done = cut(text, width)
        assert len(done) <= width
        assert done == text or "…" in done


@given(st.text())
def test_no_control_character_reaches_a_terminal(text: str) -> None:
    assert "\x1b" not in printable(text)
    assert "\x9b" not in printable(text)
    assert len(printable(text)) == len(text)


def test_our_signs_have_ascii_forms_of_the_same_width() -> None:
    assert in_ascii("✓!✗…·") == "+!x~-"
