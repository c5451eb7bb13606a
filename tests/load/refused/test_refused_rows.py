"""A refused row costs its own table, for one run: the others load, and healed data or config is complete."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill import sync
from restmill.errors import DestinationError, RestmillError
from restmill.load.prepare.plans import plan_of_mapping
from restmill.load.sync.discard import Waiting, discard
from tests.load.api import of
from tests.load.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.load.sync.run import Where
    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt

    Query = Callable[[str], list[tuple[Any, ...]]]

DESTINATIONS = ("duckdb", "postgres")


def typed(**column: Json) -> dict[str, Any]:
    return {"columns": {"v": column}}


def rows(value: Json, bad: Json = None, count: int = 25, **more: Json) -> list[Json]:
    """So many records with this `v`; the thirteenth has the bad one, if there is one."""
    made = [{"id": number, "v": value, **more} for number in range(1, count + 1)]
    if bad is not None:
        made[12] |= bad
    return made


NOON = "2024-01-02T12:00:00Z"
REFUSED: dict[str, tuple[dict[str, Any], list[Json], tuple[str, ...]]] = {
    "text too long": (typed(data_type="text", precision=5), rows("a", {"v": "x" * 9}), ("postgres",)),
    "int2": (typed(data_type="bigint", precision=16), rows(1, {"v": 70_000}), DESTINATIONS),
    "int4": (typed(data_type="bigint", precision=32), rows(1, {"v": 2**40}), DESTINATIONS),
    "int8": (typed(data_type="bigint"), rows(1, {"v": 2**65}), ("postgres",)),
    "decimal": (
        typed(data_type="decimal", precision=5, scale=2),
        rows("1.25", {"v": "123456.25"}),
        DESTINATIONS,
    ),
    "null value": (
        typed(data_type="text", nullable=False),
        rows("a", {"v": None}),
        DESTINATIONS,
    ),
    "null key": ({}, rows("a", {"id": None}), DESTINATIONS),
    "frozen type": (
        {**typed(data_type="bigint"), "schema_contract": {"data_type": "freeze"}},
        rows(1, {"v": "x"}),
        DESTINATIONS,
    ),
    "before the calendar": (
        typed(data_type="timestamp"),
        rows(NOON, {"v": "0001-01-01T00:00:00+14:00"}),
        DESTINATIONS,
    ),
    "behind any clock": (typed(data_type="timestamp"), rows(NOON, {"v": 10**17}), DESTINATIONS),
    "unique": (typed(data_type="text", unique=True), [], ("postgres",)),
}
CASES = [(where, name) for name, (_, _, places) in REFUSED.items() for where in places]
UNIQUE = [{"id": number, "v": f"v{number}"} for number in range(1, 26)]


def bad_and_good(case: str) -> tuple[list[Json], list[Json]]:
    """The records that are refused, and the same healed."""
    if case == "unique":
        return [*UNIQUE[:12], {"id": 13, "v": "v1"}, *UNIQUE[13:]], UNIQUE
    bad = REFUSED[case][1]
    return bad, [{"id": number, "v": bad[0]["v"]} for number in range(1, 26)]


class Place:
    """A dataset in one of the databases."""

    def __init__(self, where: str, request: pytest.FixtureRequest, dataset: str) -> None:
        self.dsn = request.getfixturevalue("postgres_dsn") if where == "postgres" else ""
        self.dataset = dataset
        self.pipeline = f"{where}_{dataset}"

    def sync(self, shelf: Shelf, *resources: Json, **defaults: Json) -> Receipt:
        """One run."""
        return sync(shelf.config(*resources, **defaults), **self.target())

    def target(self) -> Where:
        """Where the rows go."""
        return {
            "destination": self._destination(),
            "pipeline_name": self.pipeline,
            "dataset_name": self.dataset,
        }

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of a query; {} is the dataset."""
        with dlt.attach(self.pipeline, destination=self._destination()).sql_client() as client:
            return [tuple(row) for row in client.execute_sql(text.format(self.dataset)) or ()]

    def counted(self, table: str) -> tuple[int, int]:
        """Rows, and ids among them."""
        ((rows, ids),) = self.query(f"SELECT count(*), count(DISTINCT id) FROM {{}}.{table}")  # noqa: S608
        return rows, ids

    def _destination(self) -> Any:
        return dlt.destinations.postgres(self.dsn) if self.dsn else "duckdb"


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Callable[[str], Place]:
    name = "".join(one if one.isalnum() else "_" for one in request.node.name.casefold())[-40:]
    return lambda where: Place(where, request, f"d_{name.strip('_')}")


@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize(("where", "case"), CASES)
def test_the_others_load_and_healed_data_is_complete(
    place: Callable[[str], Place], where: str, case: str, disposition: str
) -> None:
    there, hints = place(where), REFUSED[case][0]
    bad, good = bad_and_good(case)
    shelf = Shelf(things=bad, others=rows("a"))
    both = ({"name": "things", "endpoint": "/things", **hints}, {"name": "others", "endpoint": "/others"})
    with pytest.raises(DestinationError) as caught:
        there.sync(shelf, *deepcopy(both), write_disposition=disposition)
    problem = caught.value.problem
    assert "`things" in f"{problem.what} {problem.got}"
    assert "The other tables are loaded" in problem.hint
    assert "70000" not in str(problem)  # no value of a record
    assert there.counted("others") == (25, 25)
    assert not dlt.attach(there.pipeline).has_pending_data
    shelf.lists["/things"] = good
    receipt = there.sync(shelf, *deepcopy(both), write_disposition=disposition)
    assert receipt.verdict == "complete"
    assert there.counted("things") == (25, 25)
    assert there.counted("others") == ((50, 25) if disposition == "append" else (25, 25))


@pytest.mark.parametrize("where", DESTINATIONS)
@pytest.mark.parametrize("disposition", ["append", "merge", "replace"])
def test_a_config_that_is_put_right_is_complete(
    place: Callable[[str], Place], where: str, disposition: str
) -> None:
    """The first run has made a table with a column that is too small; nothing of it is left."""
    there, shelf = place(where), Shelf(things=rows(1, {"v": 70_000}), others=rows("a"))
    narrow = {"name": "things", "endpoint": "/things", **typed(data_type="bigint", precision=16)}
    with pytest.raises(DestinationError):
        there.sync(shelf, narrow, "others", write_disposition=disposition)
    wide = {**narrow, **typed(data_type="bigint")}
    assert there.sync(shelf, wide, "others", write_disposition=disposition).verdict == "complete"
    assert there.counted("things") == (25, 25)


@pytest.mark.parametrize("where", DESTINATIONS)
def test_the_cursor_stays_and_so_do_the_rows_of_earlier_runs(
    place: Callable[[str], Place], where: str
) -> None:
    there = place(where)
    first = rows(1, count=10, at="2024-01-01", parts=[{"p": 1}])
    shelf = Shelf(things=first, others=rows("a"))
    cursor = {"cursor_path": "at", "initial_value": "2000-01-01"}
    things = {
        "name": "things",
        "endpoint": {"path": "/things", "incremental": cursor},
        **typed(data_type="bigint", precision=16),
    }
    for disposition in ("append",):
        there.sync(shelf, things, "others", write_disposition=disposition)
        late = [{"id": 11, "v": 70_000, "at": "2024-02-01", "new": 1, "parts": [{"p": 2}]}]
        shelf.lists["/things"] = first + late
        for _ in range(2):
            with pytest.raises(DestinationError):
                there.sync(shelf, things, "others", write_disposition=disposition)
            assert there.counted("things") == (10, 10)
        shelf.lists["/things"] = [*first, {**late[0], "v": 7}]
        there.sync(shelf, things, "others", write_disposition=disposition)
        assert there.counted("things") == (11, 11)
        assert there.query("SELECT count(*) FROM {}.things__parts") == [(11,)]


@pytest.mark.parametrize("where", DESTINATIONS)
def test_children_that_append_wait_for_a_parent_whose_cursor_stays(
    place: Callable[[str], Place], where: str
) -> None:
    there = place(where)
    shelf = Shelf(things=rows(1, {"v": 70_000}, at="2024-01-01"), others=rows("a"), kids=rows("k", count=2))
    things = {
        "name": "things",
        "endpoint": {
            "path": "/things",
            "incremental": {"cursor_path": "at", "initial_value": "2000-01-01"},
        },
        **typed(data_type="bigint", precision=16),
    }
    kids = {"name": "kids", "endpoint": {"path": "/kids", "params": {"of": "{resources.things.id}"}}}
    shelf.lists["/kids"] = rows("k", count=2)
    with pytest.raises(DestinationError):
        there.sync(shelf, things, kids, "others", write_disposition="append")
    shelf.lists["/things"] = rows(1, at="2024-01-01")
    receipt = there.sync(shelf, things, kids, "others", write_disposition="append")
    assert of(receipt, "kids").rows == 50
    assert there.query("SELECT count(*) FROM {}.kids") == [(50,)]
    assert there.counted("things") == (25, 25)


def test_with_raise_the_column_is_named_where_the_database_names_its_type_only(
    place: Callable[[str], Place],
) -> None:
    there, shelf = place("postgres"), Shelf(things=rows("a", {"v": "x" * 9}), others=rows("a"))
    narrow = typed(data_type="text", precision=5)
    with pytest.raises(DestinationError) as caught:
        there.sync(shelf, {"name": "things", "endpoint": "/things", "on_error": "raise", **narrow}, "others")
    problem = caught.value.problem
    assert (str(problem.place), problem.what) == ("load", "the table `things` could not be written")
    assert "the column is `things.v`" in problem.got
    assert "xxx" not in str(problem)


@pytest.mark.parametrize("where", DESTINATIONS)
def test_a_run_that_would_raise_loads_nothing(place: Callable[[str], Place], where: str) -> None:
    there, shelf = place(where), Shelf(things=rows("a", {"id": None}), others=rows("a"))
    things = {"name": "things", "endpoint": "/things", "on_error": "raise"}
    with pytest.raises(DestinationError) as caught:
        there.sync(shelf, things, "others")
    assert "Nothing is left of this run" in caught.value.problem.hint


def away(*_: object, **__: object) -> None:
    """A destination that cannot be reached."""
    raise ConnectionError("refused")


def read_and_not_loaded(there: Place, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that reads both tables and finds its destination away."""
    with monkeypatch.context() as patched:
        patched.setattr(SqlJobClientBase, "initialize_storage", away)
        with pytest.raises(RestmillError):
            there.sync(shelf, "things", "others", write_disposition="append")


@pytest.mark.parametrize("where", DESTINATIONS)
def test_what_was_read_with_another_config_is_not_loaded_blindly(
    place: Callable[[str], Place], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, shelf = place(where), Shelf(things=rows(1), others=rows("a"))
    read_and_not_loaded(there, shelf, monkeypatch)
    assert dlt.attach(there.pipeline).has_pending_data
    renamed = {"name": "things", "endpoint": "/things", "rename": {"v": "w"}}
    receipt = there.sync(shelf, renamed, "others", write_disposition="append")
    assert there.counted("things") == (25, 25)
    assert any("another config" in note for note in of(receipt, "things").notes)
    assert there.query("SELECT count(w) FROM {}.things") == [(25,)]


@pytest.mark.parametrize("where", DESTINATIONS)
def test_what_the_same_config_has_read_is_loaded_without_a_word(
    place: Callable[[str], Place], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, shelf = place(where), Shelf(things=rows(1), others=rows("a"))
    read_and_not_loaded(there, shelf, monkeypatch)
    there.sync(shelf, "things", "others", write_disposition="append")
    assert there.counted("things") == (50, 25)


KEPT = [name for name in REFUSED if name != "unique"]  # see test_sifting.py


@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize(("where", "case"), [one for one in CASES if one[1] in KEPT])
def test_with_a_quarantine_a_refused_record_costs_no_other(
    place: Callable[[str], Place], where: str, case: str, disposition: str
) -> None:
    """In PostgreSQL records go by rows, in DuckDB as columns."""
    there, hints = place(where), REFUSED[case][0]
    bad, good = bad_and_good(case)
    shelf = Shelf(things=bad, others=rows("a"))
    both = ({"name": "things", "endpoint": "/things", **hints}, {"name": "others", "endpoint": "/others"})
    receipt = there.sync(shelf, *deepcopy(both), write_disposition=disposition, quarantine=True)
    seen = of(receipt, "things")
    assert (seen.verdict, seen.quarantined, receipt.exit_code) == ("suspect", 1, 3)
    assert there.counted("things") == (24, 24)
    assert there.query("SELECT count(*) FROM {}.things__quarantine") == [(1,)]
    shelf.lists["/things"] = good
    again = there.sync(shelf, *deepcopy(both), write_disposition=disposition, quarantine=True)
    assert again.verdict == "complete"
    assert there.counted("things")[1] == 25


TAKEN: dict[str, tuple[dict[str, Any], Json]] = {
    "NUL in a text": ({}, "a\0b"),
    "half a surrogate pair": ({}, "a\ud800b"),
    "no decimal": (typed(data_type="decimal"), "1.2.3"),
    "a year beyond the calendar": (typed(data_type="timestamp"), "12024-01-01T00:00:00Z"),
    "no time": (typed(data_type="timestamp"), "yesterday"),
    "no number": (typed(data_type="bigint"), "one"),
}


@pytest.mark.parametrize("quarantine", [True, False])
@pytest.mark.parametrize("where", DESTINATIONS)
@pytest.mark.parametrize("case", TAKEN)
def test_what_looks_refused_is_a_row(
    place: Callable[[str], Place], where: str, case: str, quarantine: bool
) -> None:
    """It stands in a column beside, or the text is cleaned when the page is decoded."""
    hints, odd = TAKEN[case]
    there, good = place(where), "1" if hints else "a"
    shelf = Shelf(things=rows(good, {"v": odd}), others=rows("a"))
    things = {"name": "things", "endpoint": "/things", "quarantine": quarantine, **deepcopy(hints)}
    assert there.sync(shelf, things, "others").verdict == "complete"
    assert there.counted("things") == there.counted("others") == (25, 25)


@pytest.mark.parametrize("where", DESTINATIONS)
def test_what_waits_is_let_go_of_at_the_users_word(
    place: Callable[[str], Place], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, shelf = place(where), Shelf(things=rows(1), others=rows("a"))
    with monkeypatch.context() as patched:
        patched.setattr(SqlJobClientBase, "initialize_storage", away)
        with pytest.raises(RestmillError):
            there.sync(shelf, "things", "others", write_disposition="append")
    plan = plan_of_mapping(shelf.config("things", "others", write_disposition="append"))
    target = there.target()
    shown: list[Waiting] = []
    assert discard(plan, lambda found: bool(shown.extend(found)), **target) == ()  # type: ignore[func-returns-value]
    assert dlt.attach(there.pipeline).has_pending_data
    assert [sorted(one.tables) for one in shown] == [["others", "things"]]
    (gone,) = discard(plan, bool, **target)
    assert gone == shown[0]
    assert not dlt.attach(there.pipeline).has_pending_data
    assert discard(plan, bool, **target) == ()
    there.sync(shelf, "things", "others", write_disposition="append")
    assert there.counted("things") == (25, 25)


ALTERED: dict[str, tuple[str, Json, tuple[str, ...]]] = {
    "a shorter text": ("TYPE varchar(5)", "x" * 9, ("postgres",)),
    "a value that must be": ("SET NOT NULL", None, DESTINATIONS),
    "a smaller number": ("TYPE smallint", 70_000, DESTINATIONS),
    "a narrower decimal": ("TYPE numeric(5, 2)", 123_456, DESTINATIONS),
}
"""Case -> what somebody has done to the column `v`, a value that it no longer takes, and where that is so."""
ALTERATIONS = [(where, name) for name, (_, _, places) in ALTERED.items() for where in places]


def altered(there: Place, case: str, **more: Json) -> tuple[Shelf, dict[str, Any], Json]:
    """A table that was loaded and altered then, with a record in the API that it no longer takes."""
    statement, bad, _ = ALTERED[case]
    good = 1 if "number" in case or "decimal" in case else "a"
    shelf = Shelf(things=rows(good), others=rows("a"))
    things = {"name": "things", "endpoint": "/things", **more}
    there.sync(shelf, things, "others")
    there.query(f"ALTER TABLE {{}}.things ALTER COLUMN v {statement}")
    shelf.lists["/things"] = rows(good, {"v": bad})
    return shelf, things, good


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize(("where", "case"), ALTERATIONS)
def test_with_a_quarantine_a_column_that_somebody_has_altered_costs_the_record(
    place: Callable[[str], Place], where: str, case: str, columnar: bool
) -> None:
    there = place(where)
    shelf, things, good = altered(there, case, quarantine=True, columnar=columnar)
    receipt = there.sync(shelf, things, "others")
    seen = of(receipt, "things")
    assert (seen.verdict, seen.quarantined, receipt.exit_code) == ("suspect", 1, 3)
    ((reason,),) = there.query("SELECT reason FROM {}.things__quarantine")
    assert reason.startswith("`things.v` ")
    shelf.lists["/things"] = rows(good)
    assert there.sync(shelf, things, "others").verdict == "complete"
    assert there.counted("things") == (25, 25)


@pytest.mark.parametrize(("where", "case"), ALTERATIONS)
def test_without_one_it_costs_the_table_and_the_others_load(
    place: Callable[[str], Place], where: str, case: str
) -> None:
    there = place(where)
    shelf, things, good = altered(there, case)
    with pytest.raises(DestinationError) as caught:
        there.sync(shelf, things, "others")
    assert "`things" in f"{caught.value.problem.what} {caught.value.problem.got}"
    assert there.counted("others") == (25, 25)
    shelf.lists["/things"] = rows(good)
    assert there.sync(shelf, things, "others").verdict == "complete"
    assert there.counted("things") == (25, 25)
