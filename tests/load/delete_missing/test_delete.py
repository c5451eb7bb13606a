"""Rows that vanished from the API: deleted or marked after a proven read, and never by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
import pytest
from dlt.common.pipeline import LoadInfo

from restmill import sync
from restmill.load.delete_missing import delete
from tests.load.api import counts, of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt


class Killed(BaseException):
    """The end of the process."""


def killed(*_: object) -> None:
    raise Killed


def run(shelf: Shelf, *resources: Json, name: str = "shelf", **defaults: Json) -> Receipt:
    return sync(shelf.config(*(resources or ("users",)), **defaults), pipeline_name=name)


def ids(receipt: Receipt, table: str = "users") -> list[Any]:
    return [found for (found,) in rows(receipt, f"SELECT id FROM {table} ORDER BY id")]  # noqa: S608


def test_hard_deletes_what_the_api_no_longer_has() -> None:
    shelf = Shelf(users=records(20))
    assert run(shelf, delete_missing="hard").exit_code == 0
    shelf.lists["/users"] = records(17, first=3)
    receipt = run(shelf, delete_missing="hard")
    assert ids(receipt) == list(range(3, 20))
    users = of(receipt, "users")
    assert (users.verdict, users.deleted, receipt.exit_code) == ("complete", 3, 0)
    assert "deleted: 3 rows that the API no longer has" in users.notes


def test_without_it_rows_stay() -> None:
    shelf = Shelf(users=records(20))
    run(shelf)
    shelf.lists["/users"] = records(17)
    receipt = run(shelf)
    assert len(ids(receipt)) == 20
    assert of(receipt, "users").deleted == 0


@pytest.mark.parametrize("strategy", ["delete-insert", "upsert"])
def test_soft_marks_rows_once_and_unmarks_them_when_they_are_back(strategy: str) -> None:
    shelf = Shelf(users=records(20))
    options: dict[str, Json] = {
        "delete_missing": "soft",
        "write_disposition": {"disposition": "merge", "strategy": strategy},
    }
    run(shelf, **options)
    shelf.lists["/users"] = records(18)
    receipt = run(shelf, **options)
    query = "SELECT id, _restmill_deleted_at FROM users WHERE _restmill_deleted_at IS NOT NULL ORDER BY id"
    marked = rows(receipt, query)
    assert [one for one, _ in marked] == [19, 20]
    assert of(receipt, "users").deleted == 2
    again = run(shelf, **options)
    assert rows(again, query) == marked
    assert of(again, "users").deleted == 0
    shelf.lists["/users"] = records(19)
    assert [one for one, _ in rows(run(shelf, **options), query)] == [20]
    assert len(ids(again)) == 20


def test_the_mark_may_have_another_name() -> None:
    shelf = Shelf(users=records(10))
    options: dict[str, Json] = {"delete_missing": {"mode": "soft", "column": "gone_at"}}
    run(shelf, **options)
    shelf.lists["/users"] = records(9)
    assert rows(run(shelf, **options), "SELECT id FROM users WHERE gone_at IS NOT NULL") == [(10,)]


def test_too_many_vanished_rows_stay_and_the_run_says_so() -> None:
    shelf = Shelf(users=records(20))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = records(15)
    for _ in range(2):
        receipt = run(shelf, delete_missing="hard")
        users = of(receipt, "users")
        assert (len(ids(receipt)), users.verdict, users.deleted, receipt.exit_code) == (20, "suspect", 0, 3)
        assert "5 of 20 rows have vanished from the API" in users.reason
        assert "`max_fraction: 0.26` would let them go" in users.reason
    allowed = run(shelf, delete_missing={"mode": "hard", "max_fraction": 0.26})
    assert (ids(allowed), allowed.exit_code) == (list(range(1, 16)), 0)


def test_as_many_as_max_fraction_says_may_go() -> None:
    shelf = Shelf(users=records(15))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = records(12)
    assert of(run(shelf, delete_missing="hard"), "users").deleted == 3


def test_an_empty_answer_deletes_nothing_unless_it_may() -> None:
    shelf = Shelf(users=records(5))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = []
    receipt = run(shelf, delete_missing={"mode": "hard", "max_fraction": 1})
    assert (len(ids(receipt)), of(receipt, "users").verdict, receipt.exit_code) == (5, "suspect", 3)
    assert "`allow_empty: true` would let them go" in of(receipt, "users").reason
    receipt = run(shelf, delete_missing={"mode": "hard", "allow_empty": True})
    assert (ids(receipt), of(receipt, "users").deleted, receipt.exit_code) == ([], 5, 0)
    assert of(run(shelf, delete_missing="hard"), "users").verdict == "complete"


@pytest.mark.parametrize("mode", ["soft", "hard"])
def test_a_partial_read_deletes_nothing(mode: str) -> None:
    shelf = Shelf(users=records(20))
    run(shelf, delete_missing=mode)
    shelf.lists["/users"] = 500
    receipt = run(shelf, delete_missing=mode)
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (20, 0)
    assert "vanished rows stay: `users` is partial" in of(receipt, "users").notes


def test_a_suspect_read_deletes_nothing() -> None:
    shelf = Shelf(users=records(20))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = [*records(18), records(1)[0]]
    receipt = run(shelf, delete_missing="hard")
    assert (of(receipt, "users").verdict, len(ids(receipt))) == ("suspect", 20)


def test_one_page_proves_an_end_only_when_the_config_says_so() -> None:
    shelf = Shelf(users=records(10))
    shelf.totals = False
    link = {"data_selector": "data", "paginator": {"type": "header_link"}}
    run(shelf, delete_missing="hard", endpoint=link)
    shelf.lists["/users"] = records(9)
    receipt = run(shelf, delete_missing="hard", endpoint=link)
    assert (len(ids(receipt)), receipt.exit_code) == (10, 0)
    assert "one page, and nothing shows that it was the only one" in of(receipt, "users").notes[-1]
    single = {"data_selector": "data", "paginator": "single_page"}
    assert ids(run(shelf, delete_missing="hard", endpoint=single)) == list(range(1, 10))


def test_nested_rows_go_with_their_row() -> None:
    emails = [{"address": "a", "uses": [{"kind": "work"}, {"kind": "home"}]}, {"address": "b", "uses": []}]
    shelf = Shelf(users=records(10, emails=emails))
    tables = ("users", "users__emails", "users__emails__uses")
    first = run(shelf, delete_missing="hard")
    assert counts(first, *tables) == dict(zip(tables, (10, 20, 20), strict=True))
    shelf.lists["/users"] = records(9, emails=emails)
    second = run(shelf, delete_missing="hard")
    assert counts(second, *tables) == dict(zip(tables, (9, 18, 18), strict=True))
    orphans = "SELECT count(*) FROM users__emails WHERE _dlt_parent_id NOT IN (SELECT _dlt_id FROM users)"
    assert rows(second, orphans) == [(0,)]


def test_rows_of_another_pipeline_are_not_touched() -> None:
    ours, theirs = Shelf(users=records(10)), Shelf(users=records(10, first=101))
    file = "shared.duckdb"

    def into_one_file(shelf: Shelf, name: str) -> Receipt:
        destination = dlt.destinations.duckdb(file)
        config = shelf.config("users", delete_missing="hard")
        return sync(config, pipeline_name=name, destination=destination)

    into_one_file(ours, "ours")
    into_one_file(theirs, "theirs")
    ours.lists["/users"] = records(9)
    receipt = into_one_file(ours, "ours")
    assert ids(receipt) == [*range(1, 10), *range(101, 111)]


def test_a_crash_between_load_and_deletion_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(users=records(10))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = records(9)
    with monkeypatch.context() as patch:
        patch.setattr(delete, "_judged", killed)
        with pytest.raises(Killed):
            run(shelf, delete_missing="hard")
    receipt = run(shelf, delete_missing="hard")
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (9, 1)


def test_a_filter_decides_what_is_missing() -> None:
    shelf = Shelf(users=records(10))
    run(shelf, delete_missing="hard")
    step = {"filter": lambda user: user["id"] != 4}
    assert 4 not in ids(run(shelf, delete_missing="hard", processing_steps=[step]))


def test_resources_that_are_not_selected_are_left_alone() -> None:
    shelf = Shelf(users=records(10), teams=records(10))
    run(shelf, "users", "teams", delete_missing="hard")
    shelf.lists |= {"/users": records(9), "/teams": records(9)}
    config = shelf.config("users", "teams", delete_missing="hard")
    receipt = sync(config, pipeline_name="shelf", resources=["teams"])
    assert counts(receipt, "users", "teams") == {"users": 10, "teams": 9}


def test_a_table_gets_its_mark_when_it_is_asked_for_later() -> None:
    shelf = Shelf(users=records(10))
    run(shelf)
    shelf.lists["/users"] = records(9)
    receipt = run(shelf, delete_missing="soft")
    assert rows(receipt, "SELECT id FROM users WHERE _restmill_deleted_at IS NOT NULL") == [(10,)]
    assert ids(run(shelf, delete_missing="hard")) == list(range(1, 10))


def test_rows_that_are_back_without_a_change_are_not_taken_for_vanished() -> None:
    shelf = Shelf(users=records(10))
    for _ in range(3):
        receipt = run(shelf, delete_missing="hard")
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (10, 0)


def test_the_table_of_runs_knows_what_became_of_them() -> None:
    shelf = Shelf(users=records(20), teams=records(5))
    for users, teams in ((20, 5), (18, 5), (5, 5)):
        shelf.lists |= {"/users": records(users), "/teams": records(teams)}
        receipt = run(shelf, "users", "teams", delete_missing="hard")
    found = rows(receipt, "SELECT verdict, deleted, count(*) FROM _restmill_runs GROUP BY ALL ORDER BY ALL")
    assert found == [("complete", 0, 4), ("complete", 2, 1), ("suspect", 0, 1)]


def test_a_load_that_failed_in_part_deletes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(users=records(10))
    run(shelf, delete_missing="hard")
    shelf.lists["/users"] = records(9)
    monkeypatch.setattr(LoadInfo, "has_failed_jobs", True)
    receipt = run(shelf, delete_missing="hard")
    assert (len(ids(receipt)), of(receipt, "users").deleted) == (10, 0)
    assert "vanished rows stay: a part of the load has failed" in of(receipt, "users").notes


def test_rows_that_were_read_and_are_not_in_the_table_are_no_proof() -> None:
    shelf = Shelf(users=records(19))
    options: dict[str, Json] = {"delete_missing": "hard", "columns": {"id": {"data_type": "bigint"}}}
    run(shelf, **options)
    shelf.lists["/users"] = [*records(17), {"id": "17", "name": "n17"}]
    receipt = run(shelf, **options)
    assert (len(ids(receipt)), of(receipt, "users").verdict) == (19, "suspect")
    assert of(receipt, "users").reason.startswith("18 records were read, and 17 rows of this run")
