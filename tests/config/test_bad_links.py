"""Configs whose resources do not fit together, or whose cursors do not: one line for each mistake."""

from __future__ import annotations

import pytest

from tests.config.configs import with_endpoint, with_resources
from tests.config.judging import ENDPOINT, Case, judge, problems, resource

CASES: list[Case] = [
    # incremental
    (
        with_endpoint(incremental={"initial_value": 1}),
        f"{ENDPOINT}.incremental.cursor_path",
        "`cursor_path` is missing",
        "",
        "",
    ),
    (
        with_endpoint(params={"s": {"cursor_path": "t"}}),
        f"{ENDPOINT}.params.s",
        "`type` is missing",
        "",
        "Add type: incremental.",
    ),
    (
        with_endpoint(params={"s": {"x": "t"}}),
        f"{ENDPOINT}.params.s",
        "`type` is missing",
        "",
        "Add type: resolve or incremental.",
    ),
    (
        with_endpoint(params={"s": {"type": "incremental", "cursor_path": "t", "end_value": 1}}),
        f"{ENDPOINT}.params.s",
        "an incremental param has no `end_value`",
        "",
        "Use `incremental`",
    ),
    (
        with_endpoint(
            params={
                "s": {"type": "incremental", "cursor_path": "t"},
                "u": {"type": "incremental", "cursor_path": "v"},
            }
        ),
        f"{ENDPOINT}.params.u",
        "a second incremental param, after `s`",
        "",
        "An endpoint has one cursor.",
    ),
    (
        with_endpoint(path="a/{s}", params={"s": {"type": "incremental", "cursor_path": "t"}}),
        f"{ENDPOINT}.params.s",
        "an incremental param cannot be part of the path",
        "",
        "Write {incremental.start_value}",
    ),
    (
        with_endpoint(params={"s": "{incremental.start_value}"}),
        f"{ENDPOINT}.params.s",
        "{incremental.start_value} needs `incremental` in the endpoint",
        "",
        "",
    ),
    (
        with_endpoint(params={"s": "{incremental.strat_value}"}, incremental={"cursor_path": "t"}),
        f"{ENDPOINT}.params.s",
        "there is no value {incremental.strat_value}",
        "",
        "Did you mean 'start_value'?",
    ),
    (
        with_endpoint(params={"s": "{incremental.zzz}"}, incremental={"cursor_path": "t"}),
        f"{ENDPOINT}.params.s",
        "there is no value {incremental.zzz}",
        "",
        "One of initial_value",
    ),
    # parents
    (
        with_endpoint(path="a/{x}"),
        f"{ENDPOINT}.path",
        "the path needs a param `x`",
        "",
        "Give it in `params`",
    ),
    (
        with_endpoint(path="a/{idd}", params={"id": 1}),
        f"{ENDPOINT}.path",
        "the path needs a param `idd`",
        "",
        "Did you mean 'id'?",
    ),
    (with_endpoint(path="a/{}"), f"{ENDPOINT}.path", "a placeholder {} has no name", "", "A literal brace"),
    (with_endpoint(path="a/{"), f"{ENDPOINT}.path", "a brace stands alone", "", "A literal brace"),
    (
        with_endpoint(json={"q": ["}"]}),
        f"{ENDPOINT}.json.q[0]",
        "a brace stands alone",
        "",
        "A literal brace",
    ),
    (
        with_endpoint(headers={"{x}": "a"}),
        f"{ENDPOINT}.headers['{{x}}']",
        "{x} must begin with `resources.` or `incremental.`",
        "",
        "A literal brace",
    ),
    (
        with_endpoint(data="{resource.a.b}"),
        f"{ENDPOINT}.data",
        "{resource.a.b} must begin with `resources.` or `incremental.`",
        "",
        "Did you mean 'resources'?",
    ),
    (
        with_endpoint(params={"x": "{resources.a}"}),
        f"{ENDPOINT}.params.x",
        "{resources.a} must be {resources.<resource>.<field>}",
        "",
        "",
    ),
    (
        with_endpoint(params={"x": {"type": "resolve", "resource": "a", "field": "id"}}),
        f"{ENDPOINT}.params.x",
        "the path has no placeholder {x} for this param",
        "",
        "In query params",
    ),
    (
        with_resources("users", {"name": "b", "endpoint": "{resources.user.id}"}),
        "resources[1].endpoint.path",
        "there is no resource `user`",
        "",
        "Did you mean 'users'?",
    ),
    (
        with_resources("users", {"name": "b", "endpoint": "{resources.zzz.id}"}),
        "resources[1].endpoint.path",
        "there is no resource `zzz`",
        "",
        "Declared here: b, users.",
    ),
    (
        with_resources(
            "u",
            "v",
            {"name": "b", "endpoint": {"path": "{resources.u.id}", "params": {"x": "{resources.v.id}"}}},
        ),
        "resources[2].endpoint.params.x",
        "a second parent `v`, after `u`",
        "",
        "A resource has one parent",
    ),
    (
        with_resources({"name": "b", "endpoint": "{resources.b.id}"}),
        "resources[0].endpoint.path",
        "a cycle of parents: b -> b",
        "",
        "",
    ),
    (
        with_resources(
            {"name": "b", "endpoint": "{resources.c.id}"},
            {"name": "c", "endpoint": "{resources.b.id}"},
            {"name": "d", "endpoint": "{resources.c.id}"},
        ),
        "resources[0].endpoint.path",
        "a cycle of parents: b -> c -> b",
        "",
        "",
    ),
    (
        resource(include_from_parent=["id"]),
        "resources[0].include_from_parent",
        "there is no parent to include from",
        "",
        "Bind one",
    ),
    (
        with_resources("a", resource_defaults={"include_from_parent": ["id"]}),
        "resource_defaults.include_from_parent",
        "there is no parent to include from",
        "",
        "Bind one",
    ),
    (
        with_resources("a", "b", {"name": "a"}),
        "resources[2].name",
        "a second resource `a`, after resources[0]",
        "",
        "",
    ),
    (with_resources("a", "a"), "resources[1]", "a second resource `a`, after resources[0]", "", ""),
    # what comes from the defaults is reported there
    (
        with_resources("a", resource_defaults={"endpoint": {"params": {"x": "{y}"}}}),
        "resource_defaults.endpoint.params.x",
        "{y} must begin with `resources.` or `incremental.`",
        "",
        "A literal brace",
    ),
    (
        with_resources(
            {"name": "a", "endpoint": {"params": {"z": 1}}},
            resource_defaults={"endpoint": {"json": {"x": "{y}"}}},
        ),
        "resource_defaults.endpoint.json.x",
        "{y} must begin with `resources.` or `incremental.`",
        "",
        "A literal brace",
    ),
    (
        with_resources("a", resource_defaults={"primary_keys": "id", "include_from_parent": ["x"]}),
        "resource_defaults.primary_keys",
        "there is no key `primary_keys` here",
        "",
        "Did you mean 'primary_key'?",
    ),
]


@pytest.mark.parametrize("case", CASES)
def test_one_mistake_is_one_problem(case: Case) -> None:
    judge(case)


def test_all_problems_come_at_once() -> None:
    tree = with_resources(
        {"name": "a", "selcted": True, "endpoint": {"paginator": {"type": "offset", "limit": "x"}}},
        {"name": "b", "endpoint": {"path": "{resources.a.id}/{resources.c.id}"}},
        "c",
        "c",
    )
    tree["client"]["base_url"] = "x"
    assert [one.place.path for one in problems(tree)] == [
        "client.base_url",
        "resources[0].selcted",
        "resources[0].endpoint.paginator.limit",
        "resources[3]",
        "resources[1].endpoint.path",
    ]


def test_a_mistake_in_a_parent_is_not_a_mistake_in_its_child() -> None:
    child = {"name": "b", "endpoint": "{resources.a.id}"}
    assert len(problems(with_resources({"nam": "a"}, child))) == 1
    assert len(problems(with_resources({"name": "a", "x": 1}, child))) == 1


def test_a_ready_cursor_with_an_end_is_refused() -> None:
    class Cursor:
        cursor_path = "t"
        end_value = 5

    found = problems(with_endpoint(params={"since": Cursor()}))
    assert [one.what for one in found] == ["an incremental param has no `end_value`"]
    found = problems(with_endpoint(path="a/{since}", params={"since": Cursor()}))
    assert len(found) == 2
