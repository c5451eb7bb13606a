"""What has landed: keys that were different in the API and are one in the table do not pass for complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill import sync
from tests.load.api import of, rows
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from restmill.path import Json

ONE_TIME: list[Json] = [{"id": "2026-01-01T00:00:00Z"}, {"id": "2026-01-01T01:00:00+01:00"}]
TEXT: Json = {"id": {"data_type": "text"}}


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize(
    ("read", "columns", "left"),
    [
        ([*records(3), {"id": "01"}], {}, 3),
        (ONE_TIME, {}, 1),
        ([{"id": 1}, {"id": "1"}], TEXT, 1),
    ],
    ids=["number", "moment", "text"],
)
def test_keys_that_become_one_in_the_table_are_a_doubt(
    read: list[Json], columns: Json, left: int, columnar: bool
) -> None:
    shelf = Shelf(users=read)
    receipt = sync(shelf.config("users", columns=columns, columnar=columnar), pipeline_name="shelf")
    users = of(receipt, "users")
    told = f"{len(read)} different records were read, and {left} rows of this run are in the table"
    assert rows(receipt, "SELECT count(*) FROM users") == [(left,)]
    assert (users.verdict, receipt.exit_code) == ("suspect", 3)
    assert users.reason.startswith(told)
    assert rows(receipt, "SELECT verdict, reason FROM _restmill_runs") == [("suspect", users.reason)]


@pytest.mark.parametrize(
    "more",
    [
        {"write_disposition": "append"},
        {"write_disposition": "replace"},
        {"write_disposition": {"disposition": "merge", "strategy": "upsert"}},
        {"columns": {**TEXT, "gone": {"hard_delete": True}}},
        {"processing_steps": [{"filter": lambda record: record["id"] != 2}]},
    ],
    ids=["append", "replace", "upsert", "hard delete", "filter"],
)
def test_other_rows_than_keys_are_no_doubt_where_that_is_asked_for(more: Json) -> None:
    shelf = Shelf(users=[{"id": "1", "gone": True}, {"id": 2, "gone": False}])
    config = shelf.config({"name": "users", **more})
    for _ in range(2):
        assert sync(config, pipeline_name="shelf").exit_code == 0


def test_what_a_cursor_has_passed_is_no_doubt() -> None:
    shelf = Shelf(users=records(3, at=5))
    config = shelf.config("users")
    config["resource_defaults"]["endpoint"]["incremental"] = {"cursor_path": "at", "start_param": "since"}
    for _ in range(2):
        assert sync(config, pipeline_name="shelf").exit_code == 0


def test_a_table_that_a_contract_keeps_away_is_no_failure() -> None:
    config = Shelf(users=records(3)).config("users", schema_contract={"tables": "discard_value"})
    assert sync(config, pipeline_name="shelf").exit_code == 0
