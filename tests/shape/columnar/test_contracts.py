"""Schema contracts: what they refuse is refused by shaping, too, and what they discard costs no speed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.shape.columnar.twins import Table, by_dlt, by_shaping

KNOWN = [{"id": number, "a": number, "l": [{"x": 1}]} for number in range(4)]


def both(second: list[dict[str, Any]], contract: dict[str, str], size: int = 2) -> Any:
    """What becomes of a second run under the contract, the same by dlt and by shaping."""
    table = Table(contract={"tables": "evolve", **contract})
    theirs = by_dlt([KNOWN, second], table, "duckdb")
    ours = by_shaping([KNOWN, second], table, "duckdb", size)
    assert (ours.tables, ours.rows, bool(ours.refused)) == (theirs.tables, theirs.rows, bool(theirs.refused))
    return ours


@pytest.mark.parametrize(
    ("contract", "second"),
    [
        ({"columns": "discard_value"}, {"id": 9, "b": 5, "l": [{"x": 2, "y": 3}]}),
        ({"tables": "discard_value"}, {"id": 9, "m": [{"z": [1]}]}),
        ({"tables": "discard_row"}, {"id": 9, "m": [{"z": [1]}]}),
        ({"data_type": "discard_value"}, {"id": 9, "a": "text", "l": [{"x": "text"}]}),
    ],
)
def test_what_is_discarded_is_discarded_while_shaping(
    contract: dict[str, str], second: dict[str, Any]
) -> None:
    ours = both([second] * 8, contract)
    assert ours.by_rows == 0
    assert len(ours.rows[1]["things"]) == 8
    assert "b" not in str(ours.rows[1]["things"])


def test_a_row_that_names_a_discarded_column_is_dropped_even_when_it_is_null() -> None:
    second: list[dict[str, Any]] = [{"id": 5, "b": None}, {"id": 6, "b": 1}, {"id": 7, "b": None}, {"id": 8}]
    ours = both(second, {"columns": "discard_row"}, size=1)
    assert [row["id"] for row in ours.rows[1]["things"]] == ["5", "8"]


def test_a_nested_row_is_dropped_without_its_parent() -> None:
    ours = both([{"id": 5, "l": [{"x": 1}, {"x": 1, "new": 1}]}], {"columns": "discard_row"})
    assert (len(ours.rows[1]["things"]), len(ours.rows[1]["things__l"])) == (1, 1)


@pytest.mark.parametrize("contract", [{"columns": "freeze"}, {"tables": "freeze"}, {"data_type": "freeze"}])
def test_what_is_frozen_fails_as_under_dlt(contract: dict[str, str]) -> None:
    assert both([{"id": 1}, {"id": 2, "b": 1, "a": "text", "m": [1]}], contract).refused


def test_the_first_run_may_add_columns() -> None:
    table = Table(contract={"columns": "freeze"})
    assert by_shaping([KNOWN], table, "duckdb", 2).shaped == 2
