"""Placeholders, parents and cursors: what is asked for, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
import pytest

from restmill.path import Path
from restmill.plan.template import Template
from restmill.secrets import Secret
from tests.plan.planning import USERS, notes, planned, problems, tree

if TYPE_CHECKING:
    from restmill.path import Json


def test_a_static_param_moves_into_the_path_and_may_stand_there_twice() -> None:
    endpoint = {"path": "{v}/{org}/x/{org:>4}", "params": {"org": "a/b", "v": 2, "page": 1}}
    request = planned({"name": "x", "endpoint": endpoint}).resource("x").request
    assert request.path.render_path({}) == "2/a/b/x/ a/b"
    assert request.params == {"page": 1}


def test_text_of_a_static_param_is_a_template_as_in_dlt() -> None:
    child = {"name": "x", "endpoint": {"path": "u/{who}/x", "params": {"who": "{resources.users.id}"}}}
    resource = planned(USERS, child).resource("x")
    assert resource.request.path == Template.parse("u/{resources.users.id}/x")
    assert resource.parent is not None
    assert resource.parent.fields == {"resources.users.id": Path("id")}


def test_doubled_braces_are_text_in_every_place() -> None:
    endpoint = {
        "path": "a/{{b}}/c",
        "params": {"q": "{{x}}"},
        "headers": {"X": "{{y}}"},
        "json": {"{{k}}": "{{v}}"},
    }
    request = planned({"name": "x", "endpoint": endpoint}).resource("x").request
    assert request.path.render_path({}) == "a/{b}/c"
    assert (request.params, request.headers, request.json) == ({"q": "{x}"}, {"X": "{y}"}, {"{k}": "{v}"})


def test_a_child_is_bound_by_resolve_params_and_expressions_anywhere() -> None:
    endpoint = {
        "path": "users/{uid}/posts",
        "params": {
            "uid": {"type": "resolve", "resource": "users", "field": "keys[0].id"},
            "q": "{resources.users.q}",
        },
        "headers": {"X-User": "{resources.users.name}"},
        "json": {"deep": ["{resources.users.a.b}"]},
    }
    child = {"name": "posts", "endpoint": endpoint, "include_from_parent": ["name"]}
    resource = planned(child, USERS).resource("posts")
    assert resource.parent is not None
    assert resource.parent.resource == "users"
    assert resource.parent.include == ("name",)
    assert {name: str(path) for name, path in resource.parent.fields.items()} == {
        "uid": "keys[0].id",
        "resources.users.a.b": "a.b",
        "resources.users.name": "name",
        "resources.users.q": "q",
    }
    assert list(resource.request.params) == ["q"]


def test_parents_stand_before_their_children() -> None:
    child = {"name": "posts", "endpoint": {"path": "users/{resources.users.id}/posts"}}
    grandchild = {"name": "likes", "endpoint": {"path": "posts/{resources.posts.id}/likes"}}
    names = [one.name for one in planned(grandchild, child, "tags", USERS).resources]
    assert names == ["users", "tags", "posts", "likes"]


def test_endpoint_headers_win_over_the_clients_in_any_case() -> None:
    client = {"base_url": "https://h", "headers": {"X-A": "1", "X-B": "{literal}", "X-C": "3"}}
    endpoint = {"path": "x", "headers": {"x-a": "2", "X-C": None}}
    request = planned({"name": "x", "endpoint": endpoint}, client=client).resource("x").request
    assert request.headers == {"X-B": "{literal}", "x-a": "2", "X-C": None}


def test_secrets_are_sent_as_they_are_and_shown_nowhere() -> None:
    secret, braced = Secret("tops3cret"), Secret("br{a}ced")
    endpoint = {
        "path": "x/{key}",
        "params": {"key": Secret("pathkey{"), "sig": braced},
        "headers": {"X-Key": secret, "Authorization": "Bearer {resources.users.token}"},
        "data": {"t": [secret]},
    }
    client = {"base_url": "https://h", "headers": {"X-Client": Secret("client{key}")}}
    plan = planned(USERS, {"name": "x", "endpoint": endpoint}, client=client)
    request = plan.resource("x").request
    assert request.path.render_path({}) == "x/pathkey{"
    assert request.params == {"sig": "br{a}ced"}
    assert request.data == {"t": ["tops3cret"]}
    assert request.headers["X-Client"] == "client{key}"
    assert request.headers["X-Key"] == "tops3cret"
    assert request.headers["Authorization"] == Template.parse("Bearer {resources.users.token}")
    assert {secret, braced, Secret("client{key}"), Secret("pathkey{")} <= set(plan.secrets)


@pytest.mark.parametrize(
    ("endpoint", "where", "what"),
    [
        ({"path": "x/{p:05d}", "params": {"p": "text"}}, "path", "does not suit its format"),
        ({"path": "x/{resources.users.id!q}"}, "path", "is not a template"),
        ({"path": "x/{resources.users.id:{width}}"}, "path", "nothing fills a placeholder"),
        ({"path": "x", "params": {"a": "{resources.users.id:{width}}"}}, "params", "nothing fills"),
        ({"path": "x", "json": {"a": "{resources.users.id!q}"}}, "json", "not a template"),
        ({"path": "x", "params": {"a": "{resources.users.a..}"}}, "path", "not a JSON path"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_place(endpoint: Json, where: str, what: str) -> None:
    found = problems(tree(USERS, {"name": "x", "endpoint": endpoint}))
    assert [path for path, _ in found if path.startswith(f"resources[1].endpoint.{where}")]
    assert [said for _, said in found if what in said]


def test_all_problems_come_at_once_and_each_once() -> None:
    bad = {"path": "x/{resources.users.id!q}"}
    config = tree(
        USERS,
        {"name": "a", "endpoint": bad},
        {"name": "b", "endpoint": bad, "delete_missing": "soft"},
    )
    places = [place for place, _ in problems(config)]
    assert sorted(places) == [
        "resources[1].endpoint.path",
        "resources[2].delete_missing",
        "resources[2].endpoint.path",
    ]


def test_an_incremental_param_keeps_its_place_in_the_query() -> None:
    since = {"type": "incremental", "cursor_path": "updated_at", "initial_value": 5, "convert": str}
    endpoint = {"path": "x", "params": {"a": 1, "since": since, "b": 2}}
    resource = planned({"name": "x", "endpoint": endpoint}).resource("x")
    assert list(resource.request.params.items()) == [("a", 1), ("since", None), ("b", 2)]
    assert resource.cursor is not None
    assert resource.cursor.arguments == {"cursor_path": "updated_at", "initial_value": 5}
    assert (resource.cursor.start_param, resource.cursor.end_param) == ("since", "")
    assert resource.cursor.convert is str


def test_a_ready_incremental_object_is_passed_on() -> None:
    own: dlt.sources.incremental[int] = dlt.sources.incremental("updated_at", initial_value=5)
    resource = planned({"name": "x", "endpoint": {"path": "x", "params": {"since": own}}}).resource("x")
    assert resource.cursor is not None
    assert resource.cursor.arguments["incremental"] is own
    assert resource.cursor.start_param == "since"


def test_the_endpoints_incremental_and_its_params() -> None:
    incremental = {
        "cursor_path": "t",
        "initial_value": 1,
        "end_value": 9,
        "start_param": "from",
        "end_param": "to",
    }
    endpoint = {"path": "x", "params": {"q": "{incremental.start_value}"}, "incremental": incremental}
    resource = planned({"name": "x", "endpoint": endpoint}).resource("x")
    assert resource.cursor is not None
    assert resource.cursor.arguments == {"cursor_path": "t", "initial_value": 1, "end_value": 9}
    assert (resource.cursor.start_param, resource.cursor.end_param, resource.cursor.convert) == (
        "from",
        "to",
        None,
    )
    assert resource.parent is None


def test_a_param_wins_over_the_endpoints_incremental_and_that_is_noted() -> None:
    since = {"type": "incremental", "cursor_path": "a"}
    endpoint = {"path": "x", "params": {"since": since}, "incremental": {"cursor_path": "b"}}
    plan = planned({"name": "x", "endpoint": endpoint})
    cursor = plan.resource("x").cursor
    assert cursor is not None
    assert cursor.arguments == {"cursor_path": "a"}
    assert "`params.since` is incremental, so `endpoint.incremental` has no say" in notes(plan, "x")


@pytest.mark.parametrize(
    ("endpoint", "whole"),
    [
        ({"json": {"ids": "{resources.users.id}"}}, True),
        ({"json": {"ids": ["{resources.users.id}"]}}, True),
        ({"json": {"ids": "x{resources.users.id}"}}, False),
        ({"json": {"ids": "{resources.users.id}", "more": "x{resources.users.id}"}}, False),
        ({"json": {"ids": "{resources.users.id}"}, "params": {"a": "{resources.users.id}"}}, False),
        ({"json": {"{resources.users.id}": 1}}, False),
        ({"data": {"ids": "{resources.users.id}"}}, False),
        ({"params": {"ids": "{resources.users.id}"}}, False),
        ({"headers": {"X-Id": "{resources.users.id}"}}, False),
        ({"path": "of/{resources.users.id}"}, False),
    ],
)
def test_what_stands_alone_in_a_json_body_may_be_whole(endpoint: dict[str, Json], whole: bool) -> None:
    child = {"name": "posts", "endpoint": {"path": "posts", "method": "POST", **endpoint}}
    resource = planned("users", child).resource("posts")
    assert resource.parent is not None
    assert bool(resource.parent.whole) is whole
