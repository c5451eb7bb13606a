"""Which resources can have missing rows deleted, what is said of the others, and how the plan shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
import pytest

from restmill.plan.describe import describe
from restmill.plan.spec import Deletion
from tests.plan.planning import planned, problems, tree

if TYPE_CHECKING:
    from restmill.path import Json

MERGE = {"write_disposition": "merge", "primary_key": "id"}


def resource(**more: Json) -> dict[str, Json]:
    return {"name": "x", "endpoint": "x", "delete_missing": "hard", **MERGE, **more}


def by(**options: Json) -> dict[str, Json]:
    return {"write_disposition": {"disposition": "merge", **options}}


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"write_disposition": "append"}, "`append` keeps every row"),
        ({"write_disposition": None}, "`append` keeps every row"),
        ({"write_disposition": lambda _: "merge"}, "`a function` keeps every row"),
        ({"primary_key": None}, "told by their `primary_key`"),
        ({"primary_key": lambda _: "id"}, "told by their `primary_key`"),
        (by(strategy="scd2"), "`scd2` retires rows"),
        (by(strategy="cdc"), "`cdc` deletes rows"),
        (by(strategy="insert-only"), "`insert-only` leaves known rows"),
        (by(strategy="upsert", skip_unchanged_rows=True), "`skip_unchanged_rows`"),
        (by(strategy="delete-insert", source_filter="a > 1"), "`source_filter`"),
        ({"endpoint": {"path": "x", "incremental": {"cursor_path": "at", "start_param": "s"}}}, "increment"),
        ({"endpoint": {"path": "x", "params": {"s": dlt.sources.incremental("at")}}}, "incremental"),
        ({"table_name": lambda _: "x"}, "`table_name` is a function"),
        ({"table_name": "y"}, "another resource loads into the table `y`"),
        ({"schema_contract": {"columns": "discard_row"}}, "schema contract discards"),
    ],
)  # fmt: skip
def test_what_nothing_could_be_told_of_is_refused(more: dict[str, Json], what: str) -> None:
    found = problems(tree(resource(**more), {"name": "y", "endpoint": "y"}))
    assert [path for path, _ in found] == ["resources[0].delete_missing"]
    assert what in found[0][1]


BY_PLACE = [
    "data[1:]",
    "data[:-1]",
    "data[::2]",
    "data[0:50]",
    "data[-10:]",
    "data[0]",
    "data[-1]",
    "data[0,1]",
]
BY_PLACE += ["$[1:]", "$..data[1:]", "data[1:].row", "data[1:][*]", "data[*].lines[1:]", "(data[1:])"]
WHOLE = ["data", "data[*]", "data[:]", "data[0:]", "data[?(@.id>1)]", "$[1]", "$[1][*]", "data[0].rows[*]"]
WHOLE += ["$", "data[::1]", "$..data", "pages[0].rows", "data[?(@.tags[0]=='a')]"]


@pytest.mark.parametrize("selector", BY_PLACE)
def test_a_selector_that_takes_a_part_of_each_page_is_refused(selector: str) -> None:
    one = resource(endpoint={"path": "x", "data_selector": selector})
    ((path, what),) = problems(tree(one))
    assert path == "resources[0].delete_missing"
    assert "takes elements by their place on a page: which ones come depends on how pages are cut" in what
    del one["delete_missing"]
    assert any("by their place on a page" in note.text for note in planned(one).notes)


@pytest.mark.parametrize("selector", WHOLE)
def test_a_selector_that_does_not_depend_on_the_cut_is_planned(selector: str) -> None:
    plan = planned(resource(endpoint={"path": "x", "data_selector": selector}))
    assert plan.resource("x").deletion is not None
    assert not any("by their place" in note.text for note in plan.notes)


def test_so_is_the_selector_of_a_parent_above_it() -> None:
    users = {"name": "users", "endpoint": {"path": "users", "data_selector": "list[1:]"}}
    posts = {"name": "posts", "endpoint": "users/{resources.users.id}/posts"}
    found = problems(tree(users, posts, resource(endpoint="posts/{resources.posts.id}/x")))
    assert [path for path, _ in found] == ["resources[2].delete_missing"]
    assert "`data_selector: list[1:]` of `users`" in found[0][1]


@pytest.mark.parametrize(
    "more",
    [
        {},
        by(),
        by(strategy="upsert"),
        by(strategy="delete-insert", deduplicated=True),
        {"primary_key": None, "columns": {"id": {"primary_key": True}}},
        {"primary_key": None, "columns": [{"name": "id", "primary_key": True}]},
        {"schema_contract": "evolve"},
    ],
)
def test_what_can_be_told_is_planned(more: dict[str, Json]) -> None:
    found = planned(resource(**more)).resource("x").deletion
    assert found == Deletion("hard", 0.2, "_restmill_deleted_at")


def test_replace_needs_no_deletion_and_the_plan_says_so() -> None:
    plan = planned(resource(write_disposition="replace"))
    assert plan.resource("x").deletion is None
    assert any("`replace` keeps only" in note.text for note in plan.notes)


@pytest.mark.parametrize(
    ("include", "path", "fields"),
    [
        (["id"], "users/{resources.users.id}/x", {"resources.users.id": "_users_id"}),
        (["name"], "users/{resources.users.id}/x", {}),
        ([], "users/{resources.users.id}/x", {}),
        (["id"], "users/{resources.users.profile.id}/x", {}),
    ],
)
def test_children_are_judged_by_parent_where_their_rows_say_whose_they_are(
    include: list[str], path: str, fields: dict[str, str]
) -> None:
    users = {"name": "users", "endpoint": "users"}
    plan = planned(users, resource(endpoint=path, include_from_parent=include))
    found = plan.resource("x").deletion
    assert found is not None
    assert found.parent_fields == fields
    noted = any("`include_from_parent: [" in note.text for note in plan.notes)
    assert noted == (not fields)


@pytest.mark.parametrize(
    ("key", "movable"),
    [
        ({}, True),
        ({"primary_key": "_users_id"}, False),
        ({"primary_key": ["id", "_users_id"]}, False),
        ({"primary_key": None, "columns": {"id": {"primary_key": True}}}, True),
        ({"primary_key": None, "columns": {"_users_id": {"primary_key": True}}}, False),
        ({"primary_key": None, "columns": [{"name": "_users_id", "primary_key": True}]}, False),
    ],
)
def test_a_row_can_move_to_another_parent_unless_its_key_holds_the_parent(
    key: dict[str, Json], movable: bool
) -> None:
    users = {"name": "users", "endpoint": "users"}
    asked = resource(endpoint="users/{resources.users.id}/x", include_from_parent=["id"], **key)
    plan = planned(users, asked)
    found = plan.resource("x").deletion
    assert found is not None
    assert found.movable == movable
    assert any("with `_users_id` in `primary_key` each" in note.text for note in plan.notes) == movable
    assert ("within each `users`" in describe(plan).resources[1].deletes) == (not movable)


def test_the_plan_says_what_becomes_of_missing_rows() -> None:
    options = {"mode": "soft", "max_fraction": 0.05, "allow_empty": True}
    (told,) = describe(planned(resource(delete_missing=options))).resources
    assert told.deletes == (
        "soft, marked in `_restmill_deleted_at`; none if more than 5% of the table has vanished; "
        "an empty answer deletes all; after a complete read by `restmill run` or `sync`; "
        "rows of a list of several pages only when a second read has not found them either"
    )
    (told,) = describe(planned(resource(delete_missing={**options, "second_look": False}))).resources
    assert told.deletes.endswith("by `restmill run` or `sync`; no second look")
    assert not describe(planned("x")).resources[0].deletes


def test_a_filter_has_a_say_and_the_plan_says_so() -> None:
    plan = planned(resource(processing_steps=[{"filter": bool}]))
    assert any("no longer pass the filter" in note.text for note in plan.notes)
