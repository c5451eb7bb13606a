"""Numbers of one field: each is found in its row as it was sent, whatever the order of pages and runs."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from restmill.shape.convert import EXACT
from restmill.shape.sanitize import storable
from tests.shape.columnar.test_against_dlt import cases, tables
from tests.shape.columnar.twins import Outcome, Shelf, Table, by_dlt, by_widening, told_apart

_FRACTIONS = (0.5, -1.25, 0.1, 1e300, 5e-324, float(2**60), 1e18, 3.0, -0.0)
_WITHIN = (0, 1, -7, EXACT - 1, EXACT, -EXACT)
_BEYOND = (EXACT + 1, -EXACT - 1, 2**60, 2**63 - 1, -(2**63))
_HUGE = (2**64, 10**28 + 1, -(10**28) - 1)
fractions = st.sampled_from(_FRACTIONS) | st.floats(allow_nan=False, allow_infinity=False)
within = st.sampled_from(_WITHIN) | st.integers(-EXACT, EXACT)
beyond = st.sampled_from(_BEYOND) | st.integers(-(2**63), 2**63 - 1)
huge = st.sampled_from(_HUGE)


def runs_of(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """Up to three runs of records with numbers in their fields, in objects and in lists."""
    some = st.none() | numbers
    record = st.fixed_dictionaries(
        {"n": some},
        optional={"o": st.fixed_dictionaries({"n": some}), "l": st.lists(numbers, max_size=3)},
    )
    return st.lists(st.lists(record, min_size=1, max_size=6), min_size=1, max_size=3)


def found(outcome: Outcome) -> list[list[Any]]:
    """For each run, the numbers of each field as they stand in the tables, whatever their columns are."""
    return [
        [
            [_numbers(row, "n") for row in rows.get("things", [])],
            [_numbers(row, "o__n") for row in rows.get("things", [])],
            [_numbers(row, "value") for row in rows.get("things__l", [])],
        ]
        for rows in outcome.rows
    ]


def sent(runs: list[list[Any]]) -> list[list[Any]]:
    """The same numbers in the records."""
    return [
        [
            [_exact(record["n"]) for record in run],
            [_exact(record.get("o", {}).get("n")) for record in run],
            [_exact(number) for record in run for number in record.get("l", [])],
        ]
        for run in runs
    ]


def _numbers(row: dict[str, Any], column: str) -> list[Fraction]:
    texts = [text for name, text in row.items() if name == column or name.startswith(f"{column}__v_")]
    return [Fraction(eval(text, {"Decimal": Decimal})) for text in texts]  # noqa: S307  # what `repr` made


def _exact(number: Any) -> list[Fraction]:
    return [] if number is None else [Fraction(number)]


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@given(runs=runs_of(within | beyond | fractions), size=st.integers(1, 7), stubborn=st.booleans())
@example(runs=[[{"n": 0}], [{"n": EXACT + 1}, {"n": 0.5}]], size=2, stubborn=False)
def test_no_number_is_rounded(destination: str, runs: list[list[Any]], size: int, stubborn: bool) -> None:
    ours = by_widening(runs, Table(), destination, size, Shelf(stubborn=stubborn))
    event("some pressed" if ours.pressed else "none pressed")
    assert not ours.refused
    assert found(ours) == sent(runs)


@given(
    first=within | fractions,
    runs=runs_of(within | beyond | huge | fractions),
    size=st.integers(1, 7),
    stubborn=st.booleans(),
)
def test_nor_is_one_beyond_64_bits(first: Any, runs: list[list[Any]], size: int, stubborn: bool) -> None:
    runs = [[{"n": first, "o": {"n": first}, "l": [first]}], *runs]
    ours = by_widening([storable(run) for run in runs], Table(), "duckdb", size, Shelf(stubborn=stubborn))
    assert not ours.refused
    assert found(ours) == sent(runs)


@given(runs=runs_of(within | fractions), size=st.integers(1, 7), order=st.randoms(use_true_random=False))
def test_numbers_that_doubles_hold_stand_in_one_column_in_any_order(
    runs: list[list[Any]], size: int, order: Any
) -> None:
    shuffled = deepcopy(runs)
    order.shuffle(shuffled)
    for run in shuffled:
        order.shuffle(run)
    for some in (runs, shuffled):
        ours = by_widening(some, Table(), "duckdb", size, Shelf())
        assert found(ours) == sent(some)
        kinds = {
            f"{name}.{column['name']}": column["data_type"]
            for name, one in ours.tables.items()
            for column in one["columns"]
            if column["name"][:5] != "_dlt_"
        }
        assert kinds.keys() <= {"things.n", "things.o__n", "things__l.value"}
        event(f"{len({*kinds.values()})} types")
        for name, numbers in zip(("things.n", "things.o__n", "things__l.value"), _fields(some), strict=True):
            whole = all(one.denominator == 1 and abs(one) <= EXACT for one in numbers)
            assert whole or kinds[name] == "double"


def _fields(runs: list[list[Any]]) -> list[list[Fraction]]:
    """All numbers of each field."""
    return [
        [number for cells in columns for cell in cells for number in cell]
        for columns in zip(*sent(runs), strict=True)
    ]


@pytest.mark.parametrize("destination", ["duckdb", "postgres"])
@given(runs=cases(), table=tables(), size=st.integers(1, 7), stubborn=st.booleans())
def test_no_row_is_lost_of_whatever_comes(
    destination: str, runs: list[list[Any]], table: Table, size: int, stubborn: bool
) -> None:
    table.contract = {}
    runs = told_apart(runs, table, destination)
    theirs = by_dlt(runs, table, destination)
    ours = by_widening(runs, table, destination, size, Shelf(stubborn=stubborn))
    if theirs.refused:
        return
    assert not ours.refused
    counts = [{name: len(rows) for name, rows in run.items()} for run in ours.rows]
    assert counts == [{name: len(rows) for name, rows in run.items()} for run in theirs.rows]


@pytest.mark.parametrize("mode", ["freeze", "discard_row", "discard_value"])
@given(runs=runs_of(within | st.sampled_from((0.5, 0.1))), size=st.integers(1, 7))
def test_a_contract_on_types_says_what_becomes_of_fractions(
    mode: str, runs: list[list[Any]], size: int
) -> None:
    table = Table(contract={"data_type": mode})
    theirs = by_dlt(runs, table, "duckdb")
    ours = by_widening(runs, table, "duckdb", size, Shelf())
    event("refused" if theirs.refused else "not refused")
    assert bool(ours.refused) == bool(theirs.refused)
    assert (ours.tables, ours.rows) == (theirs.tables, theirs.rows)
