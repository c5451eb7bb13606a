"""Collation: texts compare as what both read as, and as text otherwise; a total order within each kind."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.shape.collation import Collation, instant


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2024-10-26T10:00:00-05:00", "2024-10-26T09:30:00-06:00"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.500Z"),
        ("2024-01-01T08:00:00", "2024-01-01 09:00:00"),
        ("2024-01-01T00:00:00.9Z", "2024-01-01T00:00:00.91Z"),
        ("2024-01-01", "2024-01-01T00:00:01Z"),
        ("Tue, 31 Dec 2024 00:00:00 GMT", "Fri, 03 Jan 2025 00:00:00 GMT"),
        ("12/31/2024", "01/02/2025"),
        ("12/31/2024 11:00 PM", "1/1/2025 1:00 AM"),
        ("31.12.2024", "01.02.2025"),
        ("2024-12-31T23:00:00Z", "Wed, 01 Jan 2025 00:00:00 GMT"),
        ("9", "10"),
        ("9.5", "10"),
        ("-2", "-1"),
        ("0099", "100"),
        ("9007199254740993", "9007199254740994"),
        ("/Date(999999999999)/", "/Date(1000000000000)/"),
        ("20241231", "2025-01-01"),
        ("a", "b"),
        ("", "a"),
    ],
)
def test_the_later_one_is_greater(earlier: str, later: str) -> None:
    order = Collation()
    one, two = order.reading(earlier), order.reading(later)
    assert one < two
    assert two > one
    assert one <= two
    assert two >= one
    assert one != two
    assert max(one, two) == two
    assert max(one, later) == two == max(later, one)  # a plain text beside a reading


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000Z"),
        ("10", "10.0"),
        ("10", 10),
        ("2024-01-01", date(2024, 1, 1)),
        ("2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_is_the_same_is_equal(one: str, other: Any) -> None:
    assert Collation().reading(one) == other
    assert other == Collation().reading(one)
    assert (Collation().reading(one) != other) is False


@pytest.mark.parametrize(
    ("text", "other"), [("a", 1), ("2024-01-01", 1), ("5", datetime(2024, 1, 1, tzinfo=UTC))]
)
def test_what_does_not_compare_raises_as_ever(text: str, other: Any) -> None:
    with pytest.raises(TypeError):
        max(Collation().reading(text), other)
    with pytest.raises(TypeError):
        max(other, Collation().reading(text))


def test_a_reading_is_the_text_it_was() -> None:
    reading = Collation().reading("2024-01-01")
    assert orjson.dumps([reading]) == b'["2024-01-01"]'
    assert type(str(reading)) is str


@pytest.mark.parametrize(
    ("one", "other", "doubtful"),
    [
        ("2024-01-01", "unknown", True),
        ("2024-01-01", "1704067200", True),
        ("2024-01-01", "", True),
        ("9", "1a", True),
        ("650000", "65f2e1", False),
        ("0xFFE", "0x1000", True),
        ("0x0", "0xFF0", False),
        ("0x0000FFE", "0x0001000", False),
        ("x'0ff'", "x'1000'", False),
        ("\\xf9", "\\x10a", True),
        ("f9", "10a", True),
        ("FFh", "100h", True),
        ("beef", "added", False),
        ("f9-2", "10a-2", False),
        ("01HX", "01HY", False),
        ("INV-0009", "INV-0010", False),
        ("1.9.0", "1.10.0", True),
        ("1.9.0", "1.9.1", False),
        ("31 déc. 2023", "12 janv. 2024", True),
        ("9", "10", False),
        ("二", "十", True),
        ("\u2168", "\u2169", True),
        ("②", "⑩", True),
        ("二", "二", False),
        ("é", "è", False),
        ("2024-01-01", "20240102", False),
        ("03/04/2024", "04/02/2024", True),
        ("03/04/2024", "03/05/2024", False),
    ],
)
def test_doubts(one: str, other: str, doubtful: bool) -> None:
    assert bool(Collation().doubt(one, other)) is doubtful
    assert bool(Collation().doubt(other, one)) is doubtful


ZEROS = {
    "Arabic": "\u0660",
    "Persian": "\u06f0",
    "Hindi": "\u0966",
    "Bengali": "\u09e6",
    "Tamil": "\u0be6",
    "Thai": "\u0e50",
    "Khmer": "\u17e0",
    "full width": "\uff10",
    "mathematical": "\U0001d7ce",
}


def written(text: str, script: str) -> str:
    """`text` with the digits of a script."""
    zero = ord(ZEROS[script])
    return text.translate({ord("0") + i: zero + i for i in range(10)})


@pytest.mark.parametrize("script", ZEROS)
@pytest.mark.parametrize(
    ("earlier", "later", "doubtful"),
    [
        ("9", "10", False),
        ("9.5", "10", False),
        ("\u22122", "\u22121", False),
        ("\u200f9", "\u200f10", False),
        ("2024-12-31", "2025-01-01", False),
        ("2024-12-31T23:00:00-05:00", "2025-01-01T05:00:00Z", False),
        ("31/12/2024", "01/01/2025", False),
        ("2024\uff0f1\uff0f2", "2024\uff0f1\uff0f11", False),
        ("5", "2024-01-01", True),
        ("rev-10", "rev-9", True),
    ],
)
def test_digits_of_any_script_are_digits(script: str, earlier: str, later: str, *, doubtful: bool) -> None:
    order = Collation()
    for one, other in ((written(earlier, script), written(later, script)), (earlier, written(later, script))):
        order.learn((one, other))
        assert bool(order.doubt(one, other)) is doubtful
        assert order.reading(one) < order.reading(other) or doubtful
        assert str(order.reading(one)) == one


def test_one_date_tells_what_the_others_mean() -> None:
    order = Collation()
    order.learn(["03/04/2024", "31/12/2024"])
    assert order.day_first
    assert order.doubt("03/04/2024", "04/02/2024") == ""
    assert order.reading("03/04/2024") > order.reading("04/02/2024")  # April 3rd, February 4th
    order.learn(["12/31/2024"])
    assert order.torn


@pytest.mark.parametrize(
    ("text", "named"), [("9999-12-31", True), ("99991231", False), (5, False), ("x", False)]
)
def test_numbers_have_no_clock(text: Any, named: bool) -> None:
    assert (instant(Collation().reading(text)) is not None) is named


KINDS = {
    "times": st.datetimes().map(lambda moment: moment.isoformat()),
    "numbers": st.one_of(st.integers(), st.decimals(-1000, 1000, places=3)).map(str),
    "texts": st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_total_order(kind: str) -> None:
    @given(st.lists(KINDS[kind], min_size=3, max_size=3))
    def check(texts: list[str]) -> None:
        order = Collation()
        readings = [order.reading(text) for text in texts]
        for one, two, three in product(readings, repeat=3):
            assert (one < two) + (one == two) + (one > two) == 1
            assert not (one <= two <= three) or one <= three

    check()
