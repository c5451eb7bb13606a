"""Arbitrary JSON over several runs: shaping gives the tables, types, rows and links that dlt gives.

Where dlt fails, shaping fails too or leaves the batch to dlt as rows. Those may load then, because dlt sees
them with the columns that later batches have added.
"""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from tests.shape.columnar.twins import Table, by_dlt, by_shaping

_KEYS = (
    "id", "a", "b", "c", "d", "aB", "A", "a b", "a__b", "b__c", "value", "list", "é", "1st", "_x", "x_",
    "a_very_long_name_that_no_postgresql_server_would_take_as_it_is_written_here",
)  # fmt: skip
_ODD_KEYS = ("", " ", "_dlt_id", "_dlt_load_id", "a__v_text", "b__v_bigint", "a__b__c")
_TEXTS = (
    "", "x", "zażółć", "1", "-3", "1.5", "0x1f", "true", "no", "null", "{}", "[1]", '"q"', "\\N",
    "2024-01-02", "2024-01-02T03:04:05Z", "2024-01-02T03:04:05", "2024-01-02 03:04:05.123456+02:00",
    "2024-02-30T00:00:00Z",
    "2024-01-02T03:04:05.1234567Z", "12:30:00", "2024", "2024-W01-1", "20240102T030405Z", "1e5", "NaN",
    "aGk=", "9999-12-31T23:59:59-01:00", "2024-01-02T24:00:00Z", "2024-01-02t03:04:05z", "-0.0",
)  # fmt: skip
_INTS = (0, 1, -1, 7, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 1700000000)
_FLOATS = (0.0, -0.0, 1.0, 1.5, -2.25, 1e300, 5e-324, 1e16, 1700000000.5, 0.1)

texts = st.sampled_from(_TEXTS) | st.text(max_size=4)
odd = st.sampled_from(
    [2**63, 2**64 - 1, 2**64, -(2**63) - 1, float("nan"), float("inf"), "\uf0271", "\uf026x", "\ud800"]
)
kinds: dict[str, st.SearchStrategy[Any]] = {
    "text": texts,
    "int": st.sampled_from(_INTS) | st.integers(-100, 100),
    "float": st.sampled_from(_FLOATS) | st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "time": st.sampled_from([text for text in _TEXTS if text.startswith("2024-01-02T")]),
    "zulu": st.datetimes().map(lambda time: time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
}
plain = st.none() | st.one_of(*kinds.values())
key_names = st.sampled_from(_KEYS)


def _bigger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(key_names, inner, max_size=3)


anything = st.recursive(plain, _bigger, max_leaves=6)


_modes = st.sampled_from(["evolve", "freeze", "discard_row", "discard_value", "discard_value"])
contracts = st.fixed_dictionaries({}, optional={"tables": _modes, "columns": _modes, "data_type": _modes})


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A resource's hints; mostly none."""
    columns = draw(
        st.dictionaries(
            st.sampled_from(["b", "c", "d"]),
            st.sampled_from(
                [
                    "json",
                    "text",
                    "double",
                    "bigint",
                    "timestamp",
                    "date",
                    "time",
                    "bool",
                    "decimal",
                    "wei",
                    "binary",
                ]
            ),
            max_size=2,
        )
        if draw(st.integers(0, 3)) == 0
        else st.just({})
    )
    way = draw(st.sampled_from(["append", "append", "merge", "upsert", "insert-only"]))
    return Table(
        disposition=way if way in {"append", "merge"} else "merge",
        strategy=way if way in {"upsert", "insert-only"} else "",
        key="" if way == "append" else "id",
        max_nesting=draw(st.sampled_from([None, None, None, 0, 1, 2])),
        columns=columns,
        contract=draw(contracts) if draw(st.integers(0, 2)) == 0 else {},
    )


@st.composite
def field_kinds(draw: st.DrawFn) -> dict[str, st.SearchStrategy[Any]]:
    """What each field of a case usually holds: APIs are mostly regular, and seldom wholly."""
    made: dict[str, st.SearchStrategy[Any]] = {}
    for key in draw(st.lists(key_names, min_size=1, max_size=5, unique=True)):
        flat = kinds[draw(st.sampled_from(sorted(kinds)))] | st.none()
        inner = st.fixed_dictionaries({}, optional={"id": kinds["int"], draw(key_names): flat})
        made[key] = draw(
            st.sampled_from([flat, flat, flat, inner, st.lists(inner, max_size=3), st.lists(flat, max_size=3),
                             st.lists(st.lists(flat, max_size=2), max_size=2), anything])
        )  # fmt: skip
    return made


@st.composite
def cases(draw: st.DrawFn) -> list[list[Any]]:
    """Up to three runs of records."""
    usual = {key: kind for key, kind in draw(field_kinds()).items() if key != "id"}
    wild = draw(st.integers(0, 3)) == 0
    if draw(st.integers(0, 9)) == 0:
        usual[draw(st.sampled_from(_ODD_KEYS))] = plain
    number = st.integers(0, 50)
    runs: list[list[Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        if wild:
            usual |= {draw(key_names): anything}
            if draw(st.integers(0, 9)) == 0:
                usual |= {draw(key_names): odd}
        records = st.fixed_dictionaries(
            {"id": number}, optional={key: kind for key, kind in usual.items() if key != "id"}
        )
        runs.append(draw(st.lists(records, max_size=6)))
    return runs


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@given(runs=cases(), table=tables(), size=st.integers(1, 7))
@settings(max_examples=max(settings().max_examples * 4, 500))
def test_shaping_gives_what_dlt_gives(
    destination: str, runs: list[list[Any]], table: Table, size: int
) -> None:
    theirs = by_dlt(runs, table, destination)
    ours = by_shaping(runs, table, destination, size)
    event("refused" if theirs.refused else "some by rows" if ours.by_rows else "all shaped")
    event("some cast in a mould" if ours.cast else "none cast")
    event("some pressed" if ours.pressed else "none pressed")
    if theirs.refused:
        beyond = theirs.refused.startswith("OverflowError")  # an integer that shaping puts into a variant
        assert ours.refused or ours.by_rows or beyond or not _encodable(runs)
        return
    assert not ours.refused
    assert ours.tables == theirs.tables
    assert ours.rows == theirs.rows


def _encodable(runs: list[list[Any]]) -> bool:
    """Whether dlt can write the records down at all: no integers beyond 64 bits, no halves of characters.

    Shaping needs no such file, so it may succeed where dlt fails.
    """
    try:
        orjson.dumps(runs)
    except TypeError:
        return False
    return True


def test_a_variant_begins_where_its_first_record_stands_though_a_later_one_taught_it() -> None:
    """Record 3 teaches a nested table, and the variant by the way; the variant begins in record 1."""
    first = {"id": 19, "a": [], "b": 0}
    rest = [{"id": 0, "b": ""}, {"id": 0, "c": "2000-01-01T00:00:00Z"}, {"id": 0, "b": "", "a": [{}]}]
    theirs = by_dlt([[first, *rest]], Table(), "duckdb")
    ours = by_shaping([[first, *rest]], Table(), "duckdb", 4)
    assert ours.shaped == 1
    assert ours.tables == theirs.tables


def test_a_number_that_is_none_in_a_column_of_texts_is_dlts_affair() -> None:
    runs = [[{"id": 0, "a": "x"}, {"id": 1, "a": float("nan")}]]
    assert by_shaping(runs, Table(), "duckdb", 1).rows == by_dlt(runs, Table(), "duckdb").rows


def test_a_time_that_no_calendar_has_in_utc_is_dlts_affair() -> None:
    texts = ["", "9999-12-31T23:59:59-01:00", "2024-01-02T03:04:05Z"]
    runs = [[{"id": 0, "b": 0}, *({"id": 0, "b": text} for text in texts), {"id": 1, "a": [{}]}]]
    theirs = by_dlt(runs, Table(), "postgres")
    ours = by_shaping(runs, Table(), "postgres", 5)
    assert not ours.refused
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)


def test_a_number_that_is_none_is_null_in_a_column_of_another_type_too() -> None:
    runs: list[list[Any]] = [[{"id": 0, "b": "\uf0271"}], [{"id": 0, "b": float("nan")}]]
    theirs, ours = by_dlt(runs, Table(), "duckdb"), by_shaping(runs, Table(), "duckdb", 1)
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)


@pytest.mark.parametrize(
    "odd", [{"b": False}, {"c": {"d": False}}, {"e": [{"f": 0.5}, {"f": False}]}, {"g": [0.5, False]}]
)
def test_false_beside_fractions_is_no_zero(odd: dict[str, Any]) -> None:
    usual = {"id": 0, "b": 0.5, "c": {"d": 0.5}, "e": [{"f": 0.5}], "g": [0.5]}
    runs = [[usual, usual, usual, {**usual, **odd}]]
    ours = by_shaping(runs, Table(), "duckdb", 2)
    theirs = by_dlt(runs, Table(), "duckdb")
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)


def test_nested_rows_of_a_page_that_was_pressed_behind_another_count_from_zero() -> None:
    records = [{"id": number, "tags": ["a", "b"], "parts": [{"of": [1, 2]}]} for number in range(4)]
    shaped = by_shaping([records], Table(), "duckdb", size=2)
    assert shaped.pressed == 1
    assert shaped.rows == by_dlt([records], Table(), "duckdb").rows
