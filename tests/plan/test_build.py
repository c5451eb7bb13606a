"""A whole plan: tables, notes, pipeline, and what stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
import pytest

from restmill.config.check.check import check
from restmill.plan.build import build
from restmill.plan.spec import Foreign, Step
from tests.plan.planning import USERS, notes, planned, tree

if TYPE_CHECKING:
    from restmill.path import Json


def test_steps_come_one_by_one_in_dlts_order() -> None:
    steps = [{"yield_map": iter, "filter": bool, "map": dict}, {"filter": all}]
    plan = planned({"name": "x", "processing_steps": steps})
    assert plan.resource("x").steps == (
        Step("filter", bool),
        Step("map", dict),
        Step("yield_map", iter),
        Step("filter", all),
    )
    assert plan.resource("x").by_rows == ""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, ""),
        ({"columns": {"a": {"data_type": "text"}}}, ""),
        ({"table_name": str}, "`table_name` is a function of the record"),
        ({"columns": dict}, "`columns` is a Python object"),
        ({"columnar": False, "columns": dict}, "`columnar` is false"),
        ({"nested_hints": {"a": {"columns": {}}}}, "`nested_hints`: a nested table has hints of its own"),
        ({"file_format": "jsonl"}, "`file_format` is jsonl"),
        ({"file_format": "parquet"}, ""),
    ],
)
def test_what_is_known_to_need_rows_before_a_run_is_in_the_plan(more: Json, why: str) -> None:
    assert planned({"name": "x", **more}).resource("x").by_rows == why


def test_hints_rename_and_on_error_are_passed_on() -> None:
    declared = {
        "name": "x",
        "primary_key": ["a", "b"],
        "selected": False,
        "rename": {"user.id": "customer_id"},
    }
    plan = planned(declared, {"name": "y", "on_error": "isolate"})
    assert plan.resource("x").hints == {"primary_key": ["a", "b"], "selected": False}
    assert plan.resource("x").rename == {"user.id": "customer_id"}
    assert (plan.resource("x").on_error, plan.resource("y").on_error) == ("raise", "isolate")
    assert build(check(tree("x")), on_error="isolate").resource("x").on_error == "isolate"


@pytest.mark.parametrize(
    ("hints", "noted"),
    [
        ({"write_disposition": "merge"}, True),
        ({"write_disposition": {"disposition": "merge", "strategy": "upsert"}}, True),
        ({"write_disposition": "merge", "columns": {"a": {"data_type": "text"}}}, True),
        ({"write_disposition": "merge", "columns": [{"name": "a"}]}, True),
        ({"write_disposition": "merge", "columns": {"a": {"primary_key": True}}}, False),
        ({"write_disposition": "merge", "columns": [{"name": "a", "merge_key": True}]}, False),
        ({"write_disposition": "merge", "columns": dict}, False),
        ({"write_disposition": "merge", "primary_key": "a"}, False),
        ({"write_disposition": "merge", "merge_key": ["a"]}, False),
        ({"write_disposition": {"disposition": "merge", "strategy": "scd2"}}, False),
        ({"write_disposition": "append"}, False),
        ({}, False),
    ],
)
def test_a_merge_that_has_no_key_is_noted(hints: Json, noted: bool) -> None:
    plan = planned({"name": "x", **hints})
    assert any("`merge` without" in text for text in notes(plan, "x")) is noted


def test_a_ready_dlt_resource_is_passed_on_and_may_be_a_parent() -> None:
    own = dlt.resource([{"id": 1}], name="own")
    plan = planned({"name": "x", "endpoint": "x/{resources.own.id}/y"}, own)
    foreign = plan.resources[0]
    assert isinstance(foreign, Foreign)
    assert (foreign.name, foreign.value.value) == ("own", own)
    parent = plan.resource("x").parent
    assert parent is not None
    assert parent.resource == "own"
    with pytest.raises(KeyError):
        plan.resource("own")


def test_what_is_detected_at_run_time_is_noted() -> None:
    said = notes(planned("users"), "users")
    assert said == [
        "the path is the resource's name: users",
        "where the records are is detected from the first answer",
        "how pages follow each other is detected from the first answer",
    ]
    assert notes(planned(USERS), "users") == []


def test_a_child_says_what_it_is_read_for() -> None:
    child = {"name": "posts", "endpoint": "users/{resources.users.id}/posts"}
    said = "is read once for each record of `users`: {resources.users.id} from `id`"
    assert said in notes(planned(USERS, child), "posts")


def test_a_cursor_that_children_share_is_noted() -> None:
    endpoint = {"path": "users/{resources.users.id}/posts", "incremental": {"cursor_path": "at"}}
    said = notes(planned(USERS, {"name": "posts", "endpoint": endpoint}), "posts")
    shared = "one cursor serves the children of all rows of `users`"
    assert f"{shared}: older ones of a row that appears later are not read" in said


@pytest.mark.parametrize(
    ("hints", "noted"),
    [
        ({}, True),
        ({"write_disposition": "append", "primary_key": "id"}, True),
        ({"write_disposition": "merge"}, True),
        ({"write_disposition": "merge", "primary_key": "id"}, False),
        ({"write_disposition": "replace"}, False),
    ],
)
def test_a_lag_that_appends_is_noted(hints: dict[str, Json], noted: bool) -> None:
    endpoint = {"path": "users", "incremental": {"cursor_path": "at", "lag": 60}}
    said = notes(planned({"name": "users", "endpoint": endpoint, **hints}), "users")
    assert any("`lag`" in text for text in said) is noted


def test_a_format_in_the_path_is_noted() -> None:
    child = {"name": "posts", "endpoint": "users/{resources.users.id:05d}/{resources.users.n!s}/posts"}
    said = notes(planned(USERS, child), "posts")
    assert "{resources.users.id:05d} is formatted in the path; dlt leaves the format out there" in said
    assert "{resources.users.n!s} is formatted in the path; dlt leaves the format out there" in said


def test_a_total_path_that_nobody_wrote_is_noted_where_the_paginator_stands() -> None:
    offset = {"type": "offset", "limit": 5}
    said = (
        "no total is declared: `total`, or a usual header, counts where an answer has it, else the read "
        "goes to its end"
    )
    own = planned({"name": "x", "endpoint": {"path": "x", "paginator": offset}})
    assert said in notes(own, "x")
    shared = planned("x", "y", client={"base_url": "https://h", "paginator": {"type": "page_number"}})
    assert notes(shared, "client.paginator") == [said]
    declared = planned("x", client={"base_url": "https://h", "paginator": offset | {"total_path": "total"}})
    assert not notes(declared, "client.paginator")


def test_the_pipeline_is_named_by_the_config_the_file_or_the_host() -> None:
    block = {"name": "p", "destination": "postgres", "dataset_name": "d"}
    given = build(check(tree("x", pipeline=block)), name="file")
    assert (given.pipeline.name, given.pipeline.destination, given.pipeline.dataset_name) == (
        "p",
        "postgres",
        "d",
    )
    assert not notes(given, "pipeline")
    guessed = build(check(tree("x")), name="my-api.v2")
    assert (guessed.pipeline.name, guessed.pipeline.destination) == ("my_api_v2", "duckdb")
    assert notes(guessed, "pipeline") == [
        "the name is not given: my_api_v2",
        "the destination is not given: duckdb",
        "the dataset is not given: my_api_v2_dataset",
    ]
    inside = build(check(tree("x")))
    assert inside.pipeline.name == "api_example_com"
    assert not notes(inside, "pipeline")


def test_a_destination_object_is_handed_on() -> None:
    own = object()
    assert planned("x", pipeline={"destination": own}).pipeline.destination is own
