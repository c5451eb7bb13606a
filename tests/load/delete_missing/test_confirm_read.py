"""The second look: a row that one read of a moving list has missed is not taken for one that has vanished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from restmill import sync
from restmill.events import PageRead, StageBegan
from restmill.load.delete_missing import confirm_read
from restmill.testing import Recorder
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Evidence, Receipt

HARD: Json = {"mode": "hard", "max_fraction": 0.5}


class Killed(BaseException):
    """The end of the process."""


def run(shelf: Shelf, *resources: Json, **defaults: Json) -> Receipt:
    shelf.asked.clear()
    config = shelf.config(*(resources or ("users",)), **{"delete_missing": HARD, **defaults})
    return sync(config, pipeline_name="second")


def ids(receipt: Receipt, table: str = "users", key: str = "id") -> list[Any]:
    return [found for (found,) in rows(receipt, f"SELECT {key} FROM {table} ORDER BY ALL")]  # noqa: S608


def without(*gone: int, count: int = 20) -> list[Json]:
    return [one for one in records(count) if one["id"] not in gone]


def shifting(shelf: Shelf, path: str = "/users", gone: int = 5, rest: list[Json] | None = None) -> None:
    """Behind the first page a row of it goes, so that the next one moves up to where nobody looks again.

    A new one at the end makes up the number.
    """
    now = shelf.lists[path] if rest is None else rest
    assert isinstance(now, list)
    shelf.lists[path] = now
    shelf.turns[path] = [[*(one for one in now if one["id"] != gone), *records(1, first=900)]]


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_a_row_that_one_read_has_missed_stays(mode: str, columnar: bool) -> None:
    shelf = Shelf(users=records(20))
    options: dict[str, Json] = {"delete_missing": mode, "columnar": columnar}
    run(shelf, **options)
    shifting(shelf)
    receipt = run(shelf, **options)
    users: Evidence = of(receipt, "users")
    assert ids(receipt) == [*range(1, 21), 900]
    assert (users.verdict, users.deleted, receipt.exit_code) == ("suspect", 0, 3)
    assert users.reason == (
        "the read has missed rows: a second look found 1 of 1 that seemed to have vanished, and all stay"
    )
    if mode == "soft":
        assert rows(receipt, "SELECT count(*) FROM users WHERE _restmill_deleted_at IS NOT NULL") == [(0,)]
    settled = run(shelf, **options)
    assert (of(settled, "users").deleted, settled.exit_code) == (1, 0)


def test_without_a_second_look_one_read_has_the_last_word() -> None:
    """What the second look is for: this row is in the API, and comes back with the next run only."""
    shelf = Shelf(users=records(20))
    alone: Json = {"mode": "hard", "second_look": False}
    run(shelf, delete_missing=alone)
    shifting(shelf)
    receipt = run(shelf, delete_missing=alone)
    assert (11 in ids(receipt), of(receipt, "users").verdict) == (False, "complete")
    assert 11 in ids(run(shelf, delete_missing=alone))


def test_what_both_reads_lack_goes_and_the_cost_is_told() -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = without(3, 14)
    receipt = run(shelf)
    users = of(receipt, "users")
    assert ids(receipt) == [one["id"] for one in without(3, 14)]
    assert (users.verdict, users.deleted, users.rows, users.pages) == ("complete", 2, 18, 2)
    assert users.second_look == len(shelf.asked) - users.requests == 2
    assert "read again, because rows seemed to have vanished: 2 requests" in users.notes
    last = "SELECT verdict, deleted, requests, second_look FROM _restmill_runs ORDER BY started DESC LIMIT 1"
    assert rows(receipt, last) == [("complete", 2, users.requests, 2)]


def test_a_list_that_moves_lets_nothing_go() -> None:
    """Nobody knows which rows the second read has missed in its turn."""
    shelf = Shelf(users=records(20))
    run(shelf)
    shifting(shelf, rest=[*without(3, 14), *records(2, first=700)])
    receipt = run(shelf)
    assert set(range(1, 21)) <= set(ids(receipt))
    assert "found 1 of 3 that seemed to have vanished" in of(receipt, "users").reason
    settled = run(shelf)
    assert (of(settled, "users").deleted, {3, 5, 14} & set(ids(settled))) == (3, set())


def test_a_run_in_which_nothing_vanished_costs_nothing() -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = records(24)
    users = of(run(shelf), "users")
    assert (users.second_look, len(shelf.asked)) == (0, users.requests)


def test_one_page_with_its_total_is_one_moment() -> None:
    shelf = Shelf(users=records(9))
    run(shelf)
    shelf.lists["/users"] = records(7)
    receipt = run(shelf)
    assert (ids(receipt), of(receipt, "users").basis) == (list(range(1, 8)), "total")
    assert (of(receipt, "users").second_look, of(receipt, "users").requests) == (0, len(shelf.asked))


def test_one_page_and_a_question_behind_it_are_two() -> None:
    """The first may be capped, and the row behind it moves up before that is asked for."""
    shelf = Shelf(users=records(9))
    shelf.totals = False
    run(shelf)
    shelf.lists["/users"] = records(7)
    users = of(run(shelf), "users")
    assert (users.pages, users.basis, users.deleted, users.second_look) == (2, "end", 2, 2)


def test_what_is_not_to_go_is_not_looked_for() -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = records(12)
    users = of(run(shelf, delete_missing="hard"), "users")
    assert ("max_fraction" in users.reason, users.second_look) == (True, 0)


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (500, "`users` is partial: "),
        ([], "no row came"),
        ([*records(11), *records(6)], "`users` is suspect: 17 rows but 11 distinct"),
    ],
)
@pytest.mark.parametrize("on_error", ["isolate", "raise"])
def test_a_second_look_that_proves_nothing_lets_nothing_go(
    later: list[Json] | int, why: str, on_error: str
) -> None:
    shelf = Shelf(users=records(20))
    options = {"on_error": on_error, "delete_missing": HARD}
    config = shelf.config({"name": "users", **options})
    sync(config, pipeline_name="second")
    shelf.lists["/users"] = records(17)
    shelf.turns["/users"] = [None, later]
    receipt = sync(config, pipeline_name="second")
    users = of(receipt, "users")
    assert (len(ids(receipt)), users.deleted) == (20, 0)
    assert (users.verdict, users.basis, users.errors, receipt.exit_code) == ("complete", "total", (), 0)
    told = users.notes[-1]
    assert told.startswith("vanished rows stay: the second look proves nothing: ")
    assert why in told or (on_error == "raise" and later == 500 and "500" in told)


def test_a_step_that_fails_in_the_second_look_lets_nothing_go() -> None:
    shelf = Shelf(users=records(20), teams=records(20))
    calls: list[int] = []

    def counted(record: Json) -> Json:
        calls.append(record["id"])
        if len(calls) > 20 + 17 + 5:
            raise ValueError(record["name"])
        return record

    users = {"name": "users", "processing_steps": [{"map": counted}], "delete_missing": HARD}
    run(shelf, users, "teams")
    shelf.lists |= {"/users": records(17), "/teams": records(17)}
    receipt = run(shelf, users, "teams")
    seen, others = of(receipt, "users"), of(receipt, "teams")
    assert (len(ids(receipt, "users")), seen.deleted, seen.verdict) == (20, 0, "complete")
    assert "vanished rows stay: the second look proves nothing: " in seen.notes[-1]
    assert "a `map` step raised ValueError" in seen.notes[-1]
    assert "n6" not in seen.notes[-1]
    assert (len(ids(receipt, "teams")), others.deleted, others.verdict) == (17, 3, "complete")


def test_a_crash_before_the_second_look_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = records(17)

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(confirm_read, "seen_of", killed)
        with pytest.raises(Killed):
            run(shelf)
    receipt = run(shelf)
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (17, 3)


def test_the_run_is_told_that_it_looks_and_nothing_of_what_is_read() -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = records(17)
    seen = Recorder()
    sync(shelf.config("users", delete_missing=HARD), pipeline_name="second", observer=seen)
    stages = [one.stage for one in seen.events if isinstance(one, StageBegan)]
    assert stages == ["extract", "normalize", "load", "look"]
    assert sum(one.rows for one in seen.events if isinstance(one, PageRead)) == 17


@pytest.mark.parametrize(
    ("key", "record", "column"),
    [
        ("userId", {"userId": 1}, "user_id"),
        ("who__id", {"who": {"id": 1}}, "who__id"),
        ("code", {"code": "c"}, "code"),
        ("day", {"day": "2026-01-01"}, "day"),
        ("at", {"at": "2026-01-01T00:00:00.123456Z"}, '"at"'),
    ],
)
def test_keys_are_found_wherever_they_are(key: str, record: dict[str, Any], column: str) -> None:
    def numbered(number: int) -> dict[str, Any]:
        values: dict[str, dict[str, Any]] = {
            "userId": {"userId": number},
            "who__id": {"who": {"id": number}},
            "code": {"code": f"c{number}"},
            "day": {"day": f"2026-01-{number + 1:02}"},
            "at": {"at": f"2026-01-01T00:{number:02}:00.123456Z"},
        }
        return {**values[key], "name": f"n{number}"}

    assert record.keys() == {name for name in numbered(0) if name != "name"}
    everything = [numbered(number) for number in range(20)]
    kinds = {"day": {"data_type": "date"}, "at": {"data_type": "timestamp"}}
    options: dict[str, Json] = {"primary_key": key}
    if key in kinds:
        options["columns"] = {key: kinds[key]}
    shelf = Shelf(users=everything)
    run(shelf, **options)
    shelf.lists["/users"] = everything
    shelf.turns["/users"] = [[*everything[:4], *everything[5:], numbered(27)]]
    receipt = run(shelf, **options)
    assert (len(ids(receipt, key=column)), of(receipt, "users").verdict) == (21, "suspect")
    shelf.lists["/users"] = everything[:-2]
    assert of(run(shelf, **options), "users").deleted == 3


def test_numbers_that_the_table_has_as_texts_are_the_same_keys() -> None:
    shelf = Shelf(users=records(20))
    options: dict[str, Json] = {"columns": {"id": {"data_type": "text"}}}
    run(shelf, **options)
    shifting(shelf)
    assert of(run(shelf, **options), "users").verdict == "suspect"
    shelf.lists["/users"] = records(17)
    assert of(run(shelf, **options), "users").deleted == 4


def test_keys_that_cannot_be_compared_for_sure_stay() -> None:
    shelf = Shelf(users=[{"id": number + 0.5, "name": "n"} for number in range(20)])
    run(shelf)
    users = shelf.lists["/users"]
    assert isinstance(users, list)
    shelf.lists["/users"] = users[:-3]
    receipt = run(shelf)
    assert (len(ids(receipt)), of(receipt, "users").second_look) == (20, 0)
    assert "`second_look: false` would let them go" in of(receipt, "users").notes[-1]
    assert of(run(shelf, delete_missing={"mode": "hard", "second_look": False}), "users").deleted == 3


def test_renamed_keys_and_filters_count_as_in_the_run() -> None:
    shelf = Shelf(users=records(20))
    users: dict[str, Json] = {"name": "users", "primary_key": "key", "rename": {"id": "key"}}
    users["processing_steps"] = [{"filter": lambda one: one["key"] != 4}]
    run(shelf, {**users, "processing_steps": []})
    receipt = run(shelf, users)
    assert (4 in ids(receipt, key="key"), of(receipt, "users").deleted) == (False, 1)
    shifting(shelf)
    assert of(run(shelf, users), "users").verdict == "suspect"
