"""Records that cannot become rows are sorted out, and no others; the others load as if alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.shape.columnar.test_against_dlt import cases, tables
from tests.shape.columnar.twins import Table, by_dlt, by_sorting_out, told_apart


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@given(runs=cases(), table=tables(), size=st.integers(1, 7))
def test_what_is_left_is_what_dlt_makes_without_the_refused(
    destination: str, runs: list[list[Any]], table: Table, size: int
) -> None:
    runs = told_apart(runs, table, destination)
    ours, refused = by_sorting_out(runs, table, destination, size)
    taken = [
        [record for number, record in enumerate(run) if number not in left]
        for run, left in zip(runs, refused, strict=True)
    ]
    event("some refused" if any(refused) else "all taken")
    theirs = by_dlt(taken, table, destination)
    assert not ours.refused
    if theirs.refused.startswith("OverflowError"):  # an integer that shaping puts into a variant
        return
    assert not theirs.refused
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@given(runs=cases(), table=tables(), size=st.integers(1, 7))
def test_each_refused_record_would_have_failed_the_run(
    destination: str, runs: list[list[Any]], table: Table, size: int
) -> None:
    runs = told_apart(runs, table, destination)
    _, refused = by_sorting_out(runs, table, destination, size)
    for run, left in enumerate(refused):
        for last in left:
            before = [
                [
                    record
                    for number, record in enumerate(one)
                    if number not in refused[place] or (place, number) == (run, last)
                ]
                for place, one in enumerate([*runs[:run], runs[run][: last + 1]])
            ]
            # Or a contract drops the row, its table or its very key, of which dlt says nothing.
            dropped = table.contract.get("tables", "").startswith("discard") or (
                table.key and table.contract.get("columns", "").startswith("discard")
            )
            assert by_dlt(before, table, destination).refused or dropped


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("brought", [1, 1.5, True, "2024-01-02T03:04:05Z"])
def test_a_row_id_of_another_type_refuses_the_records_that_need_a_made_one(
    destination: str, size: int, brought: Any
) -> None:
    """The column gets, as under dlt, the type of what the first record brought; made ids are texts."""
    runs = [[{"id": 2, "_dlt_id": brought}, {"id": 26}]]
    ours, refused = by_sorting_out(runs, Table(), destination, size)
    theirs = by_dlt(
        [[one for number, one in enumerate(runs[0]) if number not in refused[0]]], Table(), destination
    )
    assert not ours.refused
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)
