"""Verify: a row that is in the table more often than in the API is a difference, with or without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from restmill import sync
from tests.load.shelf import Shelf, records
from tests.load.verify.test_full import check, counts, only

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.receipt.receipt import Receipt


def change(receipt: Receipt, statement: str) -> None:
    """Somebody else's hand in the table."""
    with duckdb.connect(receipt.location) as connection:
        connection.execute(f"SET search_path = '{receipt.dataset}'")
        connection.execute(statement)


@pytest.mark.parametrize("strategy", ["delete-insert", "upsert", "scd2"])
def test_rows_that_are_in_the_table_twice_are_extra(strategy: str) -> None:
    shelf = Shelf(users=records(10))
    config = shelf.config("users", write_disposition={"disposition": "merge", "strategy": strategy})
    change(sync(config, pipeline_name="shelf"), "INSERT INTO users SELECT * FROM users WHERE id > 5")
    found = check(config)
    users = only(found)
    assert (counts(users), found.exit_code) == ((10, 15, 0, 5, 0), 3)
    assert users.difference is not None
    assert users.difference.first["extra"] == tuple({"id": number} for number in range(6, 11))
    assert "5 rows of the table have the key of another row" in users.notes


def test_a_sample_sees_that_a_merged_table_has_a_key_twice() -> None:
    shelf = Shelf(users=records(50))
    config = shelf.config("users")
    receipt = sync(config, pipeline_name="shelf")
    assert check(config, pages=2).exit_code == 0
    change(receipt, "INSERT INTO users SELECT * FROM users WHERE id = 50")
    assert check(config, pages=2).exit_code == 3


def test_an_appended_table_without_a_key_holds_the_rows_of_every_run() -> None:
    shelf = Shelf(users=records(10))
    config = shelf.config("users", primary_key=None, write_disposition="append")
    sync(config, pipeline_name="shelf")
    assert check(config).exit_code == 0
    sync(config, pipeline_name="shelf")
    found = check(config)
    assert (counts(only(found)), found.exit_code) == ((10, 20, 0, 10, 0), 3)
    assert "the resource appends, so its table holds the rows of every run" in only(found).notes


@pytest.mark.parametrize("column", ["v", "content", "copy"])
def test_equal_rows_without_a_key_are_counted(column: str) -> None:
    shelf = Shelf(users=[*({column: 1, "w": 1} for _ in range(10)), {column: 2, "w": 1}])
    config = shelf.config("users", primary_key=None, write_disposition="replace")
    receipt = sync(config, pipeline_name="shelf")
    assert check(config).exit_code == 0
    change(receipt, "DELETE FROM users WHERE rowid > 0 AND rowid < 10")
    found = check(config)
    assert (counts(only(found)), found.exit_code) == ((11, 2, 9, 0, 0), 3)
    change(receipt, "UPDATE users SET w = 2")
    assert counts(only(check(config))) == (11, 2, 11, 2, 0)


def test_a_key_that_the_api_has_twice_may_be_in_a_replaced_table_twice() -> None:
    twice = [{"id": 1, "name": "b", "parts": [1]}, {"id": 1, "name": "a", "parts": [2]}, *records(3, 2)]
    shelf = Shelf(users=twice)
    config = shelf.config("users", write_disposition="replace")
    receipt = sync(config, pipeline_name="shelf")
    assert counts(only(check(config))) == (5, 5, 0, 0, 0)
    change(receipt, "DELETE FROM users WHERE name = 'b'")
    assert counts(only(check(config)))[:4] == (5, 4, 1, 0)


def test_which_of_two_equal_rows_a_nested_row_is_in_makes_no_difference() -> None:
    shelf = Shelf(users=[{"id": 1, "parts": [1]}, {"id": 1, "parts": [2]}, *records(3, 2)])
    config = shelf.config("users", write_disposition="replace")
    receipt = sync(config, pipeline_name="shelf")
    change(receipt, "UPDATE users__parts SET value = 3 - value")
    assert counts(only(check(config))) == (5, 5, 0, 0, 0)
    change(receipt, "UPDATE users__parts SET value = 5")
    assert counts(only(check(config))) == (5, 5, 0, 0, 1)


@pytest.mark.parametrize("more", [{"strategy": "scd2"}, {"strategy": "delete-insert"}], ids=str)
def test_a_merge_without_a_primary_key_does_not_append(more: Json) -> None:
    shelf = Shelf(users=records(10))
    merge = {"disposition": "merge", **more}
    config = shelf.config("users", primary_key=None, merge_key="id", write_disposition=merge)
    for _ in range(2):
        receipt = sync(config, pipeline_name="shelf")
    assert check(config).exit_code == 0
    change(receipt, "INSERT INTO users SELECT * FROM users WHERE id > 5")
    users = only(check(config))
    assert counts(users) == (10, 15, 0, 5, 0)
    assert len(users.notes) == 1


def test_of_appended_rows_with_a_key_those_of_the_last_load_may_not_be_there_twice() -> None:
    shelf = Shelf(users=records(5))
    config = shelf.config("users", write_disposition="append")
    sync(config, pipeline_name="shelf")
    change(sync(config, pipeline_name="shelf"), "INSERT INTO users SELECT * FROM users")
    assert counts(only(check(config))) == (5, 20, 0, 5, 0)
