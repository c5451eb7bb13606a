"""Header fields: what can be sent, and what is wrong with the rest, without showing it."""

from __future__ import annotations

import pytest

from restmill.wire.header_fields import flaw, unsendable


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", ""),
        ("abc", ""),
        ("a b\tc", ""),
        ("Bearer caf\xe9", ""),
        ("abc\n", "a line break at its end"),
        ("abc\r\n", "a line break at its end"),
        ("\nabc", "a line break"),
        ("v\r\nX-Evil: 1", "a line break"),
        ("a\0b", "a control character"),
        ("a\x1bb", "a control character"),
        ("a\x7f", "a control character"),
        ("\u65e5\u672c", "a character outside of Latin-1"),
        ("abc\u200b", "a character outside of Latin-1"),
        ("\ufeffabc", "a character outside of Latin-1"),
    ],
)
def test_what_no_header_can_carry(value: str, why: str) -> None:
    assert flaw(value) == why
    assert unsendable({"A": "1", "X-Key": value}) == (why and f"the header `X-Key` holds {why}")


@pytest.mark.parametrize("name", ["", "X A", "X:A", "X\n", "\xe9"])
def test_names_that_are_none(name: str) -> None:
    assert "name" in unsendable({name: "secret-value"})
    assert "secret-value" not in unsendable({name: "secret-value"})
