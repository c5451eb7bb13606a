"""What a cursor leaves out and how far it moves: values compare as what they read as; no loss is unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill import rest_api_source, sync
from restmill.errors import ApiError
from tests.load.api import of, rows
from tests.load.shelf import Shelf

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Evidence, Receipt


def notes(own: Shelf, **incremental: Json) -> dict[str, Any]:
    """A config with one list, `notes`, whose cursor is `at`; `hints` are of the resource."""
    hints = incremental.pop("hints", {})
    return own.config(
        {"name": "notes", "endpoint": {"incremental": {"cursor_path": "at", **incremental}}, **hints}
    )


def run(own: Shelf, *lists: list[Json], **incremental: Json) -> list[Receipt]:
    """One run for each list."""
    receipts = []
    for records in lists:
        own.lists["/notes"] = records
        receipts.append(sync(notes(own, **incremental), pipeline_name="marks"))
    return receipts


def ids(receipt: Receipt) -> list[int]:
    return [number for (number,) in rows(receipt, "SELECT id FROM notes ORDER BY id")]


def last(receipt: Receipt) -> Evidence:
    return of(receipt, "notes")


def reached() -> Json:
    """Dlt's state of the cursor."""
    sources = dlt.attach("marks").state["sources"]
    return next(iter(sources.values()))["resources"]["notes"]["incremental"]["at"]


SPELLINGS = [
    ("2024-10-26T10:00:00-05:00", "2024-10-26T09:30:00-06:00"),
    ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.500Z"),
    ("2024-01-01T08:00:00", "2024-01-01 09:00:00"),
    ("2024-01-01T02:00:00+0200", "2024-01-01T01:00:00Z"),
    ("Tue, 31 Dec 2024 10:00:00 GMT", "Fri, 03 Jan 2025 10:00:00 GMT"),
    ("12/31/2024 10:00 PM", "01/15/2025 9:00 AM"),
    ("31/12/2024", "01/02/2025"),
    ("Dec 31, 2024", "Jan 1, 2025"),
    ("9", "10"),
    ("99.5", "100"),
    (9, 10),
    ("/Date(999999999999)/", "/Date(1000000000000)/"),
    ("12/2023", "01/2024"),
    ("Dec 2023", "Jan 2024"),
    ("Q4 2023", "Q1 2024"),
    ("1st of December 2023", "1st of January 2024"),
    ("a", "b"),
]


@pytest.mark.parametrize(("earlier", "later"), SPELLINGS)
def test_a_newer_row_is_loaded_whatever_its_spelling(earlier: Json, later: Json) -> None:
    first, second, third = {"id": 1, "at": earlier}, {"id": 2, "at": later}, {"id": 3, "at": earlier}
    receipts = run(Shelf(), [first], [first, second], [second, third])
    assert [last(receipt).verdict for receipt in receipts] == ["complete"] * 3
    assert ids(receipts[-1]) == [1, 2]
    assert reached()["last_value"] == later
    assert "1 row left out by the cursor: before its value" in last(receipts[-1]).notes


@pytest.mark.parametrize(
    "again", ["2024-01-01T01:00:00+01:00", "2024-01-01T00:00:00.000Z", "2024-01-01 00:00:00"]
)
def test_a_row_at_the_boundary_is_known_in_another_spelling(again: str) -> None:
    append = {"write_disposition": "append"}
    receipts = run(
        Shelf(),
        [{"id": 1, "at": "2024-01-01T00:00:00Z"}],
        [{"id": 1, "at": again}, {"id": 2, "at": again}],
        hints=append,
    )
    assert ids(receipts[-1]) == [1, 2]
    assert "1 row left out by the cursor: loaded by an earlier run" in last(receipts[-1]).notes
    assert reached()["last_value"] == "2024-01-01T00:00:00Z"


def test_rows_at_or_behind_the_end_value_are_counted() -> None:
    days = ["2024-01-31T23:30:00-02:00", "2024-01-31T23:00:00Z", "2024-02-01T00:30:00+01:00"]
    records = [{"id": number, "at": day} for number, day in enumerate(days)]
    (receipt,) = run(Shelf(), records, initial_value="2024-01-01", end_value="2024-02-01T00:00:00Z")
    assert ids(receipt) == [1, 2]
    assert "1 row left out by the cursor: at or behind its end value" in last(receipt).notes


def test_a_minimum_goes_down() -> None:
    receipts = run(
        Shelf(),
        [{"id": 1, "at": "10"}],
        [{"id": 2, "at": "9"}, {"id": 3, "at": "11"}],
        last_value_func="min",
    )
    assert ids(receipts[-1]) == [1, 2]
    assert reached()["last_value"] == "9"


def test_records_without_a_value_are_counted() -> None:
    (receipt,) = run(
        Shelf(), [{"id": 1, "at": None}, {"id": 2, "at": "5"}], on_cursor_value_missing="exclude"
    )
    assert "1 row left out: without a cursor value" in last(receipt).notes


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2024-06-01T00:00:00Z", ""),
        ("unknown", "2024-06-01T00:00:00Z"),
        ("2024-06-01T00:00:00Z", "1717200001"),
        ("2024-06-01T00:00:00Z", "2024-05-31T22:00:00"),
        ("03/04/2024", "04/02/2024"),
        ("04/02/2024", "03/04/2024"),
        ("z9", "100"),
        ("v9", "v10"),
        ("31 déc. 2023", "1 janv. 2024"),
        ("20 déc. 2023", "12 janv. 2024"),
    ],
)
def test_where_the_order_cannot_be_known_the_read_is_suspect(earlier: str, later: str) -> None:
    receipts = run(Shelf(), [{"id": 1, "at": earlier}], [{"id": 2, "at": later}])
    assert last(receipts[0]).verdict == "complete"
    assert last(receipts[1]).verdict == "suspect"
    assert "the order of `at` is not clear" in last(receipts[1]).reason


@pytest.mark.parametrize("disposition", ["merge", "append"])
def test_a_date_in_the_future_does_not_end_all_reading(disposition: str) -> None:
    far = {"id": 2, "at": "9999-12-31T23:59:59Z"}
    receipts = run(
        Shelf(),
        [{"id": 1, "at": "2024-01-01T00:00:00Z"}, far],
        [far, {"id": 3, "at": "2024-05-01T00:00:00Z"}],
        [far, {"id": 4, "at": "2024-06-01T00:00:00Z"}],
        hints={"write_disposition": disposition},
    )
    assert ids(receipts[-1]) == [1, 2, 3, 4]
    assert {last(receipt).verdict for receipt in receipts} == {"complete"}
    assert reached()["last_value"] == "2024-06-01T00:00:00Z"
    told = "the cursor does not move there (`at` is 9999-12-31T23:59:59Z)"
    assert any(told in note for note in last(receipts[0]).notes)


@pytest.mark.parametrize("kind", [int, str])
@pytest.mark.parametrize("unit", [1, 1_000])
def test_nor_does_a_number_that_stands_for_never(kind: type, unit: int) -> None:
    def row(number: int, seconds: int) -> Json:
        return {"id": number, "at": kind(seconds * unit)}

    far = row(2, 253_402_300_799)
    receipts = run(
        Shelf(),
        [far, row(1, 1_704_067_200)],
        [far, row(3, 1_714_521_600)],
        [far, row(4, 1_717_200_000)],
    )
    assert ids(receipts[-1]) == [1, 2, 3, 4]
    assert {last(receipt).verdict for receipt in receipts} == {"complete"}
    assert reached()["last_value"] == kind(1_717_200_000 * unit)
    assert any("the cursor does not move there" in note for note in last(receipts[0]).notes)


def test_rows_of_the_future_only_leave_the_cursor_where_it_was() -> None:
    far = [{"id": 1, "at": "2999-01-01"}]
    receipts = run(Shelf(), far, far, [{"id": 2, "at": "2024-01-01"}], hints={"write_disposition": "append"})
    assert ids(receipts[-1]) == [1, 2]
    assert reached()["last_value"] == "2024-01-01"


def test_a_cursor_that_dlt_has_set_into_the_future_goes_back() -> None:
    far = {"id": 2, "at": "9999-12-31T23:59:59Z"}
    own = Shelf(notes=[{"id": 1, "at": "2024-01-01T00:00:00Z"}, far])
    (receipt,) = run(own, [{"id": 1, "at": "2024-01-01T00:00:00Z"}, far])
    pipeline = dlt.attach("marks")
    with pipeline.managed_state(extract_state=True) as state:  # as dlt would have left it
        mark = next(iter(state["sources"].values()))["resources"]["notes"]["incremental"]["at"]
        mark |= {"start_value": "2024-01-01T00:00:00Z", "last_value": "9999-12-31T23:59:59Z"}
    (receipt,) = run(own, [far, {"id": 3, "at": "2024-05-01T00:00:00Z"}])
    assert ids(receipt) == [1, 2, 3]
    assert any("the cursor was 9999-12-31T23:59:59Z" in note for note in last(receipt).notes)
    assert reached()["last_value"] == "2024-05-01T00:00:00Z"


def test_an_initial_value_in_the_future_is_what_the_config_says() -> None:
    (receipt,) = run(Shelf(), [{"id": 1, "at": "2024-01-01"}], initial_value="2999-01-01")
    assert "1 row left out by the cursor: before its value" in last(receipt).notes


def test_a_number_has_no_clock() -> None:
    run(Shelf(), [{"id": 1, "at": 253402300799}])
    assert reached()["last_value"] == 253402300799


@pytest.mark.parametrize(
    ("path", "got"),
    [
        ("parts[*].at", "several values"),
        ("at", "a mapping"),
        ("parts", "a list"),
        ("$..at", "several values"),
    ],
)
def test_a_path_to_several_values_or_an_object_is_an_error(path: str, got: str) -> None:
    own = Shelf(notes=[{"id": 1, "at": {"on": "2024-01-01"}, "parts": [{"at": "1"}, {"at": "2"}]}])
    with pytest.raises(ApiError, match="must lead to one value") as raised:
        sync(notes(own, cursor_path=path), pipeline_name="marks")
    assert raised.value.problem.got == got
    assert str(raised.value.problem.place) == "notes"


@pytest.mark.parametrize(
    ("value", "func"),
    [
        ("2024-01-01T00:00:00Z", "max"),
        ("2024-01-01T00:00:00+02:00", "max"),
        ("2024-01-01", "max"),
        ("20240101", "max"),
        ("2024-01-01T00:00:00.5Z", "max"),
        ("9990-01-01T00:00:00Z", "min"),
        ("9990-01-01", "min"),
    ],
)
@pytest.mark.parametrize("lag", [10**8, 10**11, 10**15])
def test_a_lag_that_leads_out_of_the_calendar_ends_at_its_edge(value: str, func: str, lag: int) -> None:
    first, late = {"id": 1, "at": value}, {"id": 2, "at": "0900-01-01" if func == "max" else "9998-01-01"}
    receipts = run(Shelf(), [first], [first, late], lag=lag, last_value_func=func)
    assert last(receipts[-1]).verdict == "complete"
    assert ids(receipts[-1])[0] == 1
    if lag > 10**8:
        assert ids(receipts[-1]) == [1, 2]


def test_a_lag_with_append_is_said() -> None:
    first = {"id": 1, "at": "2024-01-01T00:00:00Z"}
    receipts = run(Shelf(), [first], [first], lag=60, hints={"write_disposition": "append"})
    assert any("`lag`" in note for note in last(receipts[1]).notes)


def test_an_object_of_the_users_own_compares_likewise() -> None:
    own = Shelf(notes=[{"id": 1, "at": "9"}])
    for records in ([{"id": 1, "at": "9"}], [{"id": 2, "at": "10"}]):
        own.lists["/notes"] = records
        config = own.config(
            {"name": "notes", "endpoint": {"params": {"after": dlt.sources.incremental("at")}}}
        )
        config["resources"][0]["endpoint"]["params"]["after"] = dlt.sources.incremental[str]("at", "1")
        receipt = sync(config, pipeline_name="marks")
    assert ids(receipt) == [1, 2]


def test_a_cursor_that_a_hint_adds_compares_likewise(pipeline: dlt.Pipeline) -> None:
    own = Shelf()
    for records in ([{"id": 1, "at": "9"}], [{"id": 2, "at": "10"}, {"id": 3, "at": "8"}]):
        own.lists["/notes"] = records
        source = rest_api_source(own.config({"name": "notes"}))
        source.resources["notes"].apply_hints(incremental=dlt.sources.incremental("at"))
        pipeline.run(source)
    with pipeline.sql_client() as client, client.execute_query("SELECT id FROM notes ORDER BY id") as cursor:
        assert cursor.fetchall() == [(1,), (2,)]


def test_a_function_of_the_users_own_sees_plain_values() -> None:
    seen: set[type] = set()

    def longest(values: Any) -> Any:
        seen.update(map(type, values))
        return max(values, key=len)

    receipts = run(Shelf(), [{"id": 1, "at": "9"}], [{"id": 2, "at": "10"}], last_value_func=longest)
    assert ids(receipts[-1]) == [1, 2]
    assert seen == {str}


def test_rows_in_falling_order_end_the_read_with_a_date_of_the_future_on_top() -> None:
    days = [{"id": number, "at": f"2024-01-{number:02}"} for number in range(28, 0, -1)]
    far = {"id": 99, "at": "3024-01-01"}
    own = Shelf()
    receipts = run(own, [far, *days], [far, *days], row_order="desc")
    assert ids(receipts[-1]) == [*range(1, 29), 99]
    assert reached()["last_value"] == "2024-01-28"
    assert last(receipts[-1]).verdict == "complete"


@pytest.mark.parametrize("path", ["at", "seen.at"])
def test_seconds_beside_milliseconds_leave_a_doubt(path: str) -> None:
    """Newer devices send milliseconds: the mark stands there, and what comes in seconds is before it."""
    shelf, start = Shelf(), 1_735_689_600

    def device(number: int, at: int) -> Json:
        return {"id": number, "at": at, "seen": {"at": at}}

    devices = [device(i, (start + i) * (1000 if i % 5 == 0 else 1)) for i in range(1, 11)]
    new = [device(i, start + i) for i in range(11, 15)]
    first, second = run(shelf, devices, [*devices, *new], cursor_path=path, initial_value=0)
    for receipt in (first, second):
        assert last(receipt).verdict == "suspect"
        assert "some are seconds since 1970, others milliseconds" in last(receipt).reason
    assert ids(second) == list(range(1, 15)), "a cursor in doubt stays, so nothing is before it"
