"""Values that do not stand where they belong are counted and said, in columns and by rows."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import dlt
import duckdb
import pytest

from restmill import sync
from restmill.load.columnar import eligibility
from restmill.load.schema.losses import losses_as_events
from restmill.run.observers import watching
from tests.load.api import api, of, resource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from restmill.events import Event
    from tests.load.conftest import Serve

NAN, INF = float("nan"), float("inf")
DROPS = {"columns": "discard_value", "data_type": "discard_value"}
_MILLISECONDS = (
    "2 values of `things.at` do not fit its type, timestamp, and stand in `at__v_bigint` instead; "
    "a number is read as seconds"
)
CASES: dict[str, tuple[list[Any], dict[str, Any], list[str]]] = {
    "epoch milliseconds in a timestamp": (
        [{"at": 1700000000000}, {"at": 1700000000001}, {"at": 1700000000}],
        {"columns": {"at": {"data_type": "timestamp"}}},
        [_MILLISECONDS],
    ),
    "a text in a declared bigint": (
        [{"n": "1"}, {"n": "many"}],
        {"columns": {"n": {"data_type": "bigint"}}},
        ["1 value of `things.n` does not fit its type, bigint, and stands in `n__v_text` instead"],
    ),
    "other types in an inferred column": (
        [{"n": 1}, {"n": "x"}, {"n": "y"}, {"n": 1.5}],
        {},
        [
            "2 values of `things.n` do not fit its type, bigint, and stand in `n__v_text` instead",
            "1 value of `things.n` does not fit its type, bigint, and stands in `n__v_double` instead",
        ],
    ),
    "other types in a nested table": (
        [{"id": 1, "l": [{"n": 1}, {"n": "x"}]}],
        {},
        ["1 value of `things__l.n` does not fit its type, bigint, and stands in `n__v_text` instead"],
    ),
    "numbers that are not finite": (
        [{"n": NAN, "o": {"p": INF}, "l": [{"q": -INF}, {"q": 1.5}]}, {"n": 1.5}, {"n": -INF}],
        {},
        [
            "2 values of `n` are no finite numbers (NaN, Infinity, 1e400), and NULL in the table",
            "1 value of `o.p` is no finite number (NaN, Infinity, 1e400), and NULL in the table",
            "1 value of `l[].q` is no finite number (NaN, Infinity, 1e400), and NULL in the table",
        ],
    ),
    "null among the records": (
        [{"n": 1}, None, {"n": 2}, None],
        {},
        ["2 records are null, and each is a row without values"],
    ),
    "values of a type that a contract drops": (
        [{"n": 1}, {"n": "x"}, {"n": "y"}],
        {"columns": {"n": {"data_type": "bigint"}}, "schema_contract": DROPS},
        ["the schema contract dropped 2 values of `things.n__v_text`"],
    ),
    "rows that a contract drops": (
        [{"n": 1}, {"n": "x"}, {"n": "y"}, {"n": 2}],
        {"columns": {"n": {"data_type": "bigint"}}, "schema_contract": {"data_type": "discard_row"}},
        ["the schema contract dropped 2 rows for `things`"],
    ),
    "nothing": ([{"n": 1, "o": {"p": 1.5}, "l": [{"q": None}, {"q": 1}]}, {"n": None}], {}, []),
}


def told(tmp_path: Path, runs: list[list[Any]], by_rows: bool, **hints: Any) -> list[list[str]]:
    """The notes about losses of each run into `losses.duckdb`."""
    notes: list[list[str]] = []

    def observe(event: Event) -> None:
        text = getattr(event, "text", "")
        if any(word in text for word in ("its type", "finite", "are null", "is null", "contract dropped")):
            notes[-1].append(text)

    into = dlt.destinations.duckdb(str(tmp_path / "losses.duckdb"))
    pipeline = dlt.pipeline("losses", str(tmp_path), destination=into, dataset_name="data")
    with eligibility.by_rows() if by_rows else nullcontext(), watching(observe):
        for records in runs:
            notes.append([])
            pipeline.extract(_things(records, **hints))
            with losses_as_events(pipeline):
                pipeline.normalize()
            pipeline.load()
    return notes


def _things(records: list[Any], **hints: Any) -> Any:
    def pages() -> Iterator[list[Any]]:
        eligibility.claim()
        for start in range(0, len(records), 2):
            yield records[start : start + 2]

    return dlt.resource(pages, name="things", **hints)


@pytest.mark.parametrize("by_rows", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_each_loss_is_one_note_with_its_number(tmp_path: Path, case: str, by_rows: bool) -> None:
    records, hints, expected = CASES[case]
    assert told(tmp_path, [records], by_rows, **hints) == [expected]


@pytest.mark.parametrize("by_rows", [False, True])
def test_what_a_contract_drops_is_counted_in_each_run(tmp_path: Path, by_rows: bool) -> None:
    first = [{"n": 1}]
    later = [{"n": 2, "new": 1, "l": [1, 2]}, {"n": 3, "new": None}, {"n": 4, "new": 5, "l": [3]}]
    contract = {"tables": "discard_row", "columns": "discard_value"}
    told(tmp_path, [first], by_rows)
    (notes,) = told(tmp_path, [later], by_rows, schema_contract=contract)
    assert sorted(notes) == [
        "the schema contract dropped 2 values of `things.new`",
        "the schema contract dropped 3 rows for `things__l`",
    ]


@pytest.mark.parametrize("by_rows", [False, True])
def test_epoch_seconds_become_a_timestamp_as_under_dlt(tmp_path: Path, by_rows: bool) -> None:
    told(tmp_path, [[{"at": 1700000000}]], by_rows, columns={"at": {"data_type": "timestamp"}})
    with duckdb.connect(str(tmp_path / "losses.duckdb")) as database:
        assert database.execute('SELECT epoch("at") FROM data.things').fetchall() == [(1700000000,)]


def test_a_table_that_a_contract_keeps_away_is_said(serve: Serve) -> None:
    contract = {"tables": "discard_row"}
    receipt = sync(
        api(serve(rows=5).base_url, resource("projects"), resource("users", schema_contract=contract))
    )
    told = "the schema contract keeps the table away: none of its rows are loaded"
    assert [told in of(receipt, name).notes for name in ("projects", "users")] == [False, True]
