"""What the destination alone knows to refuse goes to quarantine in the same run, and all else is loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dlt
import pytest

from restmill.errors import SetAside
from restmill.load.refused import bisection
from tests.load.api import of
from tests.load.refused.test_refused_rows import DESTINATIONS, REFUSED, UNIQUE, place
from tests.load.shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from tests.load.refused.test_refused_rows import Place

__all__ = ["place"]

_RAISING = (
    "CREATE FUNCTION {0}.no() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN IF NEW.v = '0' THEN RAISE check_violation; END IF; RETURN NEW; END $$"
)
CASES: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "unique index": (("CREATE UNIQUE INDEX u ON {0}.things (v)",), "1", DESTINATIONS),
    "deferred constraint": (
        ("ALTER TABLE {0}.things ADD CONSTRAINT d UNIQUE (v) DEFERRABLE INITIALLY DEFERRED",),
        "1",
        ("postgres",),
    ),
    "check constraint": (("ALTER TABLE {0}.things ADD CHECK (v <> '0')",), "0", ("postgres",)),
    "foreign key": (
        (
            "CREATE TABLE {0}.known AS SELECT n::varchar AS v FROM generate_series(1, 100) AS n",
            "ALTER TABLE {0}.known ADD PRIMARY KEY (v)",
            "ALTER TABLE {0}.things ADD FOREIGN KEY (v) REFERENCES {0}.known (v)",
        ),
        "0",
        ("postgres",),
    ),
    "trigger": (
        (
            _RAISING,
            "CREATE TRIGGER t BEFORE INSERT ON {0}.things FOR EACH ROW EXECUTE FUNCTION {0}.no()",
        ),
        "0",
        ("postgres",),
    ),
    "another type": (
        ("ALTER TABLE {0}.things ALTER COLUMN v TYPE integer USING v::integer",),
        "x",
        DESTINATIONS,
    ),
}
"""Case -> what somebody has done to the table, a value of `v` that it no longer takes, where that is so."""
WAYS = [(where, case) for case, (_, _, places) in CASES.items() for where in places]


def things(first: int, bad: str = "", *places: int) -> list[Json]:
    """Ten records with texts of digits; some of them may have another text. Each has two nested rows."""
    made: list[Any] = [
        {"id": number, "v": str(number), "parts": [{"p": number}, {"p": number, "q": [number]}]}
        for number in range(first, first + 10)
    ]
    for number in places:
        made[number]["v"] = bad
    return made


def kept(there: Place, table: str = "things") -> list[tuple[str, Any]]:
    """Reasons and records in quarantine."""
    found = there.query(f"SELECT reason, record FROM {{}}.{table}__quarantine ORDER BY record::varchar")  # noqa: S608
    return [(why, json.loads(record) if isinstance(record, str) else record) for why, record in found]


def whole(there: Place) -> bool:
    """Whether all nested rows hang on rows that are there, two on each and one below, and none besides."""
    (rows,), (parts,), (below,) = (
        there.query(f"SELECT count(*) FROM {{}}.{name}")[0]  # noqa: S608
        for name in ("things", "things__parts", "things__parts__q")
    )
    orphans = (
        "SELECT count(*) FROM {0}.things__parts WHERE _dlt_parent_id NOT IN (SELECT _dlt_id FROM {0}.things)"
    )
    return (parts, below) == (2 * rows, rows) and there.query(orphans) == [(0,)]


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize(("where", "case"), WAYS)
def test_refused_records_are_kept_and_all_others_load(
    place: Callable[[str], Place], where: str, case: str, disposition: str, columnar: bool
) -> None:
    if where == "postgres" and columnar:
        pytest.skip("records go to PostgreSQL by rows")
    statements, bad, _ = CASES[case]
    if (case, disposition, where) == ("another type", "merge", "postgres"):
        pytest.skip("no row at all can be merged, see below")
    there, shelf = place(where), Shelf(things=things(1), others=things(1))
    own = {"name": "things", "endpoint": "/things", "quarantine": True, "columnar": columnar}
    there.sync(shelf, own, "others", write_disposition=disposition)
    for statement in statements:
        there.query(statement)
    shelf.lists["/things"] = things(11, bad, 4, 7)
    receipt = there.sync(shelf, own, "others", write_disposition=disposition)
    seen = of(receipt, "things")
    assert (seen.verdict, seen.quarantined, receipt.exit_code) == ("suspect", 2, 3)
    assert "2 of 10 rows are in `things__quarantine`" in seen.reason
    assert there.counted("things") == (18, 18)
    assert whole(there)
    assert of(receipt, "others").verdict == "complete"
    reasons, records = zip(*kept(there), strict=True)
    assert sorted(one["id"] for one in records) == [15, 18]
    assert records[0]["parts"][1]["q"] == [records[0]["id"]]
    assert not any(f'"{bad}"' in why or f": {bad}" in why for why in reasons)
    assert not dlt.attach(there.pipeline).has_pending_data
    entered = "SELECT verdict, quarantined FROM {}._restmill_runs WHERE resource = 'things' ORDER BY started"
    assert there.query(entered)[-1] == ("suspect", 2)
    shelf.lists["/things"] = things(21)
    assert of(there.sync(shelf, own, "others", write_disposition=disposition), "things").verdict == "complete"
    assert there.counted("things") == (28, 28)
    assert whole(there)


OWN = {"name": "things", "endpoint": "/things", "quarantine": True}


def test_of_two_records_that_exclude_each_other_the_first_stays(place: Callable[[str], Place]) -> None:
    """DuckDB sees this at the commit only, when it has deleted before, and dlt would try it for ever."""
    there, shelf = place("duckdb"), Shelf(things=things(1))
    there.sync(shelf, OWN)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "new", 2, 5, 8)
    assert of(there.sync(shelf, OWN), "things").quarantined == 2
    assert there.query("SELECT id FROM {}.things WHERE v = 'new'") == [(13,)]
    assert [one["id"] for _, one in kept(there)] == [16, 19]


def test_what_duckdb_refuses_at_the_commit_is_refused_for_good(place: Callable[[str], Place]) -> None:
    """A merge deletes before it inserts, and then two new rows with one key are seen at the end only."""
    there, shelf = place("duckdb"), Shelf(things=UNIQUE[:5], others=things(1))
    there.sync(shelf, "things", "others")
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = [*UNIQUE[5:], {"id": 99, "v": "v20"}]
    with pytest.raises(SetAside) as caught:
        there.sync(shelf, "things", "others")
    assert "The other tables are loaded" in caught.value.problem.hint
    assert "v20" not in str(caught.value)
    assert not dlt.attach(there.pipeline).has_pending_data
    shelf.lists["/things"] = UNIQUE
    assert there.sync(shelf, "things", "others").verdict == "complete"
    assert there.counted("things") == (25, 25)


@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize("where", DESTINATIONS)
def test_a_refused_nested_row_costs_its_record(
    place: Callable[[str], Place], where: str, disposition: str
) -> None:
    there, shelf = place(where), Shelf(things=things(1))
    there.sync(shelf, OWN, write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things__parts__q (value)")
    second: list[Any] = things(11)
    second[6]["parts"][1]["q"] = [3]
    shelf.lists["/things"] = second
    assert of(there.sync(shelf, OWN, write_disposition=disposition), "things").quarantined == 1
    assert there.counted("things") == (19, 19)
    assert whole(there)
    ((why, record),) = kept(there)
    assert record == second[6]
    assert "3" not in why.replace("u_3", "")


def test_a_foreign_key_into_a_table_of_the_same_run_is_no_refusal(place: Callable[[str], Place]) -> None:
    """The table waits until all others are loaded, so nothing goes to quarantine."""
    there, shelf = place("postgres"), Shelf(things=things(1), others=things(1))
    there.sync(shelf, OWN, "others")
    there.query("ALTER TABLE {0}.others ADD PRIMARY KEY (id)")
    there.query("ALTER TABLE {0}.things ADD FOREIGN KEY (id) REFERENCES {0}.others (id)")
    shelf.lists = {"/things": things(11), "/others": things(11)}
    receipt = there.sync(shelf, OWN, "others")
    assert [(one.verdict, one.quarantined) for one in receipt.resources] == [("complete", 0)] * 2
    assert there.counted("things") == (20, 20)


def test_a_row_that_leads_to_a_later_one_is_taken(place: Callable[[str], Place]) -> None:
    there, shelf = place("postgres"), Shelf(things=[{"id": one, "up": one} for one in range(1, 11)])
    there.sync(shelf, OWN, write_disposition="append")
    there.query("ALTER TABLE {0}.things ADD PRIMARY KEY (id)")
    there.query("ALTER TABLE {0}.things ADD FOREIGN KEY (up) REFERENCES {0}.things (id)")
    second: list[Any] = [{"id": one, "up": 20} for one in range(11, 21)]
    second[4]["up"] = 99
    shelf.lists["/things"] = second
    assert of(there.sync(shelf, OWN, write_disposition="append"), "things").quarantined == 1
    assert [one["id"] for _, one in kept(there)] == [15]


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_an_integer_beyond_64_bits_by_rows_into_a_new_table(
    place: Callable[[str], Place], disposition: str
) -> None:
    hints, bad, _ = REFUSED["int8"]
    there, shelf = place("postgres"), Shelf(things=bad, others=things(1))
    receipt = there.sync(shelf, {**OWN, **hints}, "others", write_disposition=disposition)
    assert of(receipt, "things").quarantined == 1
    assert there.counted("things") == (24, 24)
    ((why, record),) = kept(there)
    assert why.startswith("bigint out of range; ")
    assert record == {"id": 13, "v": 2**65}


STAGED: dict[str, tuple[Any, str]] = {
    "upsert": ({"disposition": "merge", "strategy": "upsert"}, ""),
    "insert-only": ({"disposition": "merge", "strategy": "insert-only"}, ""),
    "scd2": ({"disposition": "merge", "strategy": "scd2"}, ""),
    "truncate-and-insert": ("replace", "truncate-and-insert"),
    "insert-from-staging": ("replace", "insert-from-staging"),
}


@pytest.mark.parametrize("where", DESTINATIONS)
@pytest.mark.parametrize("case", STAGED)
def test_each_way_of_writing(
    place: Callable[[str], Place], where: str, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disposition, strategy = STAGED[case]
    if strategy:
        monkeypatch.setenv("DESTINATION__REPLACE_STRATEGY", strategy)
    there, shelf = place(where), Shelf(things=things(1))
    there.sync(shelf, OWN, write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "1" if strategy == "" else "14", 4, 7)
    assert of(there.sync(shelf, OWN, write_disposition=disposition), "things").quarantined == 2
    assert there.counted("things") == ((8, 8) if strategy else (18, 18))
    assert [one["id"] for _, one in kept(there)] == [15, 18]
    assert whole(there)


def test_an_empty_table_that_is_written_straight(place: Callable[[str], Place]) -> None:
    there, shelf = place("duckdb"), Shelf(things=things(1))
    there.sync(shelf, OWN)
    for table in ("things__parts__q", "things__parts", "things"):
        there.query(f"DELETE FROM {{}}.{table}")  # noqa: S608
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "x", 4, 7)
    assert of(there.sync(shelf, OWN), "things").quarantined == 1
    assert there.counted("things") == (9, 9)
    assert whole(there)


def test_a_cursor_moves_past_what_is_kept(place: Callable[[str], Place]) -> None:
    there = place("duckdb")
    cursor = {"cursor_path": "id", "initial_value": 0}
    own = {**OWN, "endpoint": {"path": "/things", "incremental": cursor}}
    shelf = Shelf(things=things(1))
    there.sync(shelf, own, write_disposition="append")
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "1", 4)
    there.sync(shelf, own, write_disposition="append")
    shelf.lists["/things"] = [*things(11), *things(21)]
    assert of(there.sync(shelf, own, write_disposition="append"), "things").verdict == "complete"
    assert there.counted("things") == (29, 29)


def test_what_is_seen_before_the_load_is_kept_beside_what_is_not(place: Callable[[str], Place]) -> None:
    there, shelf = place("duckdb"), Shelf(things=things(1))
    there.sync(shelf, OWN)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = [*things(11, "1", 4), {"id": None, "v": "y"}]
    assert of(there.sync(shelf, OWN), "things").quarantined == 2
    assert there.query("SELECT count(*) FROM {}.things__quarantine") == [(2,)]
    assert there.counted("things") == (19, 19)


@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_too_many_cost_the_table_and_nothing_of_a_trial_stays(
    place: Callable[[str], Place], disposition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bisection, "MOST_REFUSED", 2)
    there, shelf = place("duckdb"), Shelf(things=things(1), others=things(1))
    there.sync(shelf, OWN, "others", write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = things(11, "1", 3, 5, 8)
    with pytest.raises(SetAside) as caught:
        there.sync(shelf, OWN, "others", write_disposition=disposition)
    assert "more than 2 records are refused" in caught.value.problem.hint
    assert there.counted("things") == (10, 10)
    assert there.counted("others") == ((20, 10) if disposition == "append" else (10, 10))
    shelf.lists["/things"] = things(11)
    assert of(there.sync(shelf, OWN, "others", write_disposition=disposition), "things").verdict == "complete"
    assert there.counted("things") == (20, 20)


def test_where_no_row_at_all_can_be_merged_it_costs_the_table(place: Callable[[str], Place]) -> None:
    """PostgreSQL refuses the statement itself: texts of the staging table are no integers."""
    there, shelf = place("postgres"), Shelf(things=things(1))
    there.sync(shelf, OWN)
    there.query("ALTER TABLE {0}.things ALTER COLUMN v TYPE integer USING v::integer")
    shelf.lists["/things"] = things(11)
    with pytest.raises(SetAside) as caught:
        there.sync(shelf, OWN)
    assert "`quarantine` could not keep apart what was refused: " in caught.value.problem.hint
    assert 'column "v" is of type integer' in caught.value.problem.hint
    assert there.counted("things") == (10, 10)
    assert not dlt.attach(there.pipeline).has_pending_data


@pytest.mark.parametrize("disposition", ["append", "merge"])
@pytest.mark.parametrize("columnar", [True, False])
def test_a_table_of_many_files(
    place: Callable[[str], Place], columnar: bool, disposition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS", "3")
    monkeypatch.setenv("NORMALIZE__DATA_WRITER__BUFFER_MAX_ITEMS", "3")
    there, shelf = place("duckdb"), Shelf(things=things(1))
    own = {**OWN, "columnar": columnar}
    there.sync(shelf, own, write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {}.things (v)")
    shelf.lists["/things"] = [*things(11, "1", 4, 7), *things(21, "1", 9)]
    assert of(there.sync(shelf, own, write_disposition=disposition), "things").quarantined == 3
    assert there.counted("things") == (27, 27)
    assert whole(there)
    assert [one["id"] for _, one in kept(there)] == [15, 18, 30]


@pytest.mark.parametrize("quarantine", [True, False])
@pytest.mark.parametrize("disposition", ["append", "merge"])
def test_parquet_files_into_postgresql(
    place: Callable[[str], Place], disposition: str, quarantine: bool
) -> None:
    """Their driver's refusals are for good, though dlt would try the same again for ever."""
    pytest.importorskip("adbc_driver_postgresql", reason="PostgreSQL takes Parquet files through ADBC only")
    there, shelf = place("postgres"), Shelf(things=things(1))
    own = {**OWN, "file_format": "parquet", "quarantine": quarantine}
    there.sync(shelf, own, write_disposition=disposition)
    there.query("CREATE UNIQUE INDEX u ON {0}.things (v)")
    shelf.lists["/things"] = things(11, "1", 4, 7)
    if quarantine:
        receipt = there.sync(shelf, own, write_disposition=disposition)
        assert of(receipt, "things").quarantined == 2
        assert [one["id"] for _, one in kept(there)] == [15, 18]
    else:
        with pytest.raises(SetAside):
            there.sync(shelf, own, write_disposition=disposition)
    assert there.counted("things") == ((18, 18) if quarantine else (10, 10))
    assert whole(there)
    assert not dlt.attach(there.pipeline).has_pending_data
