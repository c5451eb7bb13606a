"""Keys from both sides: equal where dlt makes them equal, and refused where nobody can be sure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from restmill.load.delete_missing.keys import Columns, Incomparable, finder

if TYPE_CHECKING:
    from restmill.path import Json

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "api", "stored"),
    [
        ("bigint", 7, 7),
        ("bigint", "007", 7),
        ("bigint", 7, Decimal(7)),
        ("text", "7", "7"),
        ("text", 7, "7"),
        ("text", "a\0b", "ab"),
        ("date", "2026-01-01", date(2026, 1, 1)),
        ("timestamp", "2026-01-01T12:00:00Z", NOON),
        ("timestamp", "2026-01-01T12:00:00.1234567Z", NOON + timedelta(microseconds=123_000)),
        ("timestamp", "2026-01-01T13:00:00+01:00", NOON.astimezone(timezone(timedelta(hours=-5)))),
        ("timestamp", int(NOON.timestamp()), NOON.replace(tzinfo=None)),
    ],
)
def test_both_sides_have_one_key(kind: str, api: Json, stored: object) -> None:
    columns = Columns(("x",), (kind,))
    assert columns.key([api]) == columns.key([stored])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bigint", None),
        ("bigint", 7.0),
        ("bigint", True),
        ("bigint", "seven"),
        ("text", 7.0),
        ("text", {"a": 1}),
        ("date", "soon"),
    ],
)
def test_what_is_not_the_same_for_sure_is_refused(kind: str, value: Json) -> None:
    with pytest.raises(Incomparable):
        Columns(("x",), (kind,)).key([value])


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.text(), st.text())
def test_other_keys_are_other_keys(one: int, other: int, word: str, another: str) -> None:
    columns = Columns(("a", "b"), ("bigint", "text"))
    same = one == other and word.replace("\0", "") == another.replace("\0", "")
    assert (columns.key([one, word]) == columns.key([other, another])) == same


@pytest.mark.parametrize(
    ("name", "record", "found"),
    [
        ("id", {"id": 1}, 1),
        ("user_id", {"userId": 1}, 1),
        ("user_id", {"": 0, "user id": 1}, 1),
        ("owner__id", {"owner": {"id": 1}}, 1),
        ("owner__id", {"owner": {"name": "a"}, "Owner": {"ID": 1}}, 1),
        ("owner__user_id", {"owner": {"userId": 1}}, 1),
        ("id", {"name": 1}, None),
        ("owner__id", {"owner": 1}, None),
        ("id", 7, None),
    ],
)
def test_values_are_found_by_the_names_of_columns(name: str, record: Json, found: Json) -> None:
    assert finder((name,), NamingConvention())(record) == [found]
