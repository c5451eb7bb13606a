"""A partial read never replaces a table, and costs nothing that was there or was read beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill import sync
from tests.load.api import api, child, counts, of, resource, rows

if TYPE_CHECKING:
    from tests.load.conftest import Serve

REPLACE = {"write_disposition": "replace"}


def test_a_complete_read_replaces(serve: Serve) -> None:
    server = serve(rows=8)
    config = api(server.base_url, resource("projects"), defaults=REPLACE)
    sync(config, pipeline_name="whole")
    server.change(rows=5)
    assert counts(sync(config, pipeline_name="whole"), "projects") == {"projects": 5}


def test_a_partial_read_leaves_the_table_and_the_next_run_works(serve: Serve) -> None:
    server = serve(rows=30)
    config = api(server.base_url, resource("projects", limit=10), defaults=REPLACE)
    before = sync(config, pipeline_name="whole")
    server.reset()
    server.change(dead_after=2)
    receipt = sync(config, pipeline_name="whole")
    assert of(receipt, "projects").verdict == "partial"
    assert "left as it was" in of(receipt, "projects").reason
    assert receipt.exit_code == 3
    assert counts(before, "projects") == {"projects": 30}
    server.change(dead_after=0, rows=35)
    assert counts(sync(config, pipeline_name="whole"), "projects") == {"projects": 35}


def test_children_of_a_partial_parent_do_not_replace_theirs(serve: Serve) -> None:
    server = serve(rows=30)
    projects = resource("projects", limit=10, write_disposition="merge", primary_key="id")
    config = api(server.base_url, projects, child(), defaults=REPLACE)
    before = sync(config, pipeline_name="family")
    tasks = counts(before, "tasks")
    projects["endpoint"]["paginator"]["maximum_offset"] = 20
    assert sync(config, pipeline_name="family").exit_code == 3
    assert counts(before, "tasks") == tasks


def test_what_was_read_beside_it_is_loaded(serve: Serve) -> None:
    server = serve(rows=30)
    users = resource("users", primary_key="id", write_disposition="merge")
    users["endpoint"]["incremental"] = {"cursor_path": "updated_at", "start_param": "since"}
    bad = resource("nothing", "/v1/no-such")
    receipt = sync(api(server.base_url, users, bad, defaults=REPLACE), pipeline_name="beside")
    assert rows(receipt, "SELECT count(*) FROM users") == [(30,)]
    assert receipt.exit_code == 3
    assert receipt.tables == ("users",)


def test_nested_tables_are_left_with_their_root(serve: Serve) -> None:
    server = serve(rows=30)
    config = api(server.base_url, resource("projects", limit=10), defaults=REPLACE)
    before = sync(config, pipeline_name="nested")
    members = counts(before, "projects__members")
    server.reset()
    server.change(dead_after=2)
    sync(config, pipeline_name="nested")
    assert counts(before, "projects", "projects__members") == {"projects": 30, **members}


@pytest.mark.parametrize("strategy", ["scd2", "cdc"])
def test_a_partial_read_retires_and_deletes_no_rows(serve: Serve, strategy: str) -> None:
    server = serve(rows=30)
    merge = {"write_disposition": {"disposition": "merge", "strategy": strategy}, "primary_key": "id"}
    config = api(server.base_url, resource("users", limit=10), defaults=merge)
    before = sync(config, pipeline_name="retiring")
    server.reset()
    server.change(dead_after=2)
    receipt = sync(config, pipeline_name="retiring")
    assert of(receipt, "users").verdict == "partial"
    live = "WHERE _dlt_valid_to IS NULL" if strategy == "scd2" else ""
    assert rows(before, f"SELECT count(*) FROM users {live}") == [(30,)]  # noqa: S608  # of this test
    server.reset()
    server.change(dead_after=0, rows=28)
    assert sync(config, pipeline_name="retiring").exit_code == 0
    assert rows(before, f"SELECT count(*) FROM users {live}") == [(28,)]  # noqa: S608  # same
