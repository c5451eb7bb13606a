"""The same config gives the same resources, order, paths, params and paging as dlt's own functions."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import dlt.sources.helpers.rest_client.paginators as dlt_paging
from dlt.sources.rest_api.config_setup import (
    build_resource_dependency_graph,
    create_paginator,
    expand_and_index_resources,
)
from hypothesis import given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.spec import Plan, Resource
from restmill.plan.template import parse_tree
from restmill.wire.paging import pagers

if TYPE_CHECKING:
    from restmill.path import Json

NAMES = ["r0", "r1", "r2", "r3"]
PAGERS = {
    pagers.Offset: dlt_paging.OffsetPaginator,
    pagers.PageNumber: dlt_paging.PageNumberPaginator,
    pagers.JsonLink: dlt_paging.JSONLinkPaginator,
    pagers.SinglePage: dlt_paging.SinglePagePaginator,
    type(None): type(None),
}

scalars = st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["t", "", "{{x}}"])
params = st.dictionaries(
    st.sampled_from(["a", "b", "limit"]), scalars | st.lists(scalars, max_size=2), max_size=3
)
bodies = st.dictionaries(st.sampled_from(["k", "n"]), scalars | st.just({"deep": 1}), max_size=2)
paginators = st.sampled_from(
    [
        None,
        "auto",
        "single_page",
        {"type": "offset", "limit": 7},
        {"type": "page_number"},
        "json_link",
        {"type": "auto"},
    ]
)
columns = st.sampled_from(
    [
        {"id": {"data_type": "bigint"}, "note": {"nullable": True}},
        {"note": {"data_type": "text"}},
        [{"name": "id", "data_type": "text"}],
        [{"name": "note", "primary_key": True}, {"name": "x", "data_type": "json"}],
    ]
)


def endpoints(**more: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "params": params,
            "json": bodies,
            "paginator": paginators,
            "data_selector": st.sampled_from([None, "items", "$.data[*]"]),
            "headers": st.just({"X-A": "{{1}}"}),
            **more,
        },
    )


def hints(**more: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "primary_key": st.sampled_from(["id", ["id", "x"]]),
            "write_disposition": st.sampled_from(
                ["merge", "append", {"disposition": "merge", "strategy": "upsert"}]
            ),
            "columns": columns,
            "max_table_nesting": st.integers(0, 3),
            "selected": st.booleans(),
            **more,
        },
    )


@st.composite
def bound(draw: st.DrawFn, parents: list[str]) -> dict[str, Json]:
    """An endpoint with something to bind: a static param, a resolve param, or a parent in path or params."""
    endpoint = draw(endpoints())
    own = dict(endpoint.get("params") or {})
    parent = draw(st.sampled_from(parents))
    match draw(st.sampled_from(["plain", "static", "resolve", "expression", "query", "both", "unbound"])):
        case "plain":
            endpoint["path"] = draw(st.sampled_from(["x/y", "https://h.example/z?q=1", "", "x/{{y}}"]))
        case "static":
            endpoint["path"] = "x/{p}" + draw(st.sampled_from(["", "/y"]))
            own["p"] = draw(st.integers(0, 9) | st.sampled_from(["a/b", f"{{resources.{parent}.k}}"]))
        case "resolve":
            endpoint["path"] = "x/{q}/y"
            own["q"] = {"type": "resolve", "resource": parent, "field": "k.id"}
        case "expression":
            endpoint["path"] = f"x/{{resources.{parent}.id}}"
        case "query":
            own["since"] = f"{{resources.{parent}.deep.id}}"
        case "both":
            endpoint["path"] = f"x/{{resources.{parent}.id}}/y"
            endpoint["json"] = {f"{{resources.{draw(st.sampled_from(parents))}.id}}": [1]}
        case _:
            endpoint["path"] = "x/{missing}"
    return endpoint | ({"params": own} if own else {})


@st.composite
def resources(draw: st.DrawFn, name: str, parents: list[str]) -> Json:
    declared = draw(hints())
    if draw(st.integers(0, 3)):
        declared["endpoint"] = draw(
            bound(parents) | bound(parents) | endpoints() | st.sampled_from(["p/q", "p/{z}"])
        )
    return name if not declared else {"name": name, **declared}


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Json]:
    """Mostly sound: a name is rarely used twice, and most parents stand before their children."""
    names = draw(st.permutations(NAMES)) if draw(st.integers(0, 9)) else ["r0", "r1", "r0"]
    listed = [
        draw(resources(name, names[: max(at, 1)] if at or draw(st.booleans()) else ["nobody", *names]))
        for at, name in enumerate(names)
    ]
    client = draw(st.fixed_dictionaries({}, optional={"paginator": paginators}))
    return {
        "client": {"base_url": "https://api.example.com", **client},
        "resource_defaults": draw(hints(endpoint=endpoints())),
        "resources": draw(st.permutations(listed)),
    }


def ours(config: dict[str, Json]) -> Plan | None:
    try:
        return build(check(config))
    except ConfigError:
        return None


def theirs(config: dict[str, Json]) -> tuple[list[str], Json, Json] | None:
    """Order, merged resources and bindings as dlt has them, or None where it refuses the config."""
    copy = deepcopy(config)  # dlt writes into what it is given
    try:
        graph, resources, bindings = build_resource_dependency_graph(
            copy["resource_defaults"], copy["resources"]
        )
        return list(graph.static_order()), resources, bindings
    except ValueError:  # CycleError is one
        return None


def escaped_in_path(config: dict[str, Json]) -> bool:
    """Whether a path has doubled braces, which dlt takes for a placeholder in the end."""
    endpoints = [one.get("endpoint") for one in config["resources"] if isinstance(one, dict)]
    return any("{{" in (one.get("path") or "") for one in endpoints if isinstance(one, dict))


@given(configs())
def test_the_same_resources_as_dlts(config: dict[str, Json]) -> None:
    before = deepcopy(config)
    plan, expected = ours(config), theirs(config)
    assert config == before
    assert (plan is None) == (expected is None)
    if plan is None or expected is None:
        return
    order, resources, bindings = expected
    assert [one.name for one in plan.resources] == order
    for one in plan.resources:
        assert isinstance(one, Resource)
        same_request(
            one, resources[one.name]["endpoint"], bindings[one.name], doubled=escaped_in_path(config)
        )
        same_paging(one, resources[one.name]["endpoint"], config["client"].get("paginator"))
        same_hints(one, merged_alone(config, one.name))


def merged_alone(config: dict[str, Json], name: str) -> Json:
    """One resource as dlt merges it when no resource before it has changed the defaults' columns."""
    copy = deepcopy(config)
    declared = [
        one for one in copy["resources"] if name in (one, one["name"] if isinstance(one, dict) else one)
    ]
    return expand_and_index_resources(declared, copy["resource_defaults"])[name]


def same_request(one: Resource, endpoint: Json, binding: Json, *, doubled: bool) -> None:
    if not doubled:
        assert one.request.path == parse_tree(endpoint["path"]) or str(one.request.path) == endpoint["path"]
    bound_names = {param.param_name for param in binding or ()}
    left = {name: value for name, value in endpoint.get("params", {}).items() if name not in bound_names}
    assert one.request.params == parse_tree(left)
    assert list(one.request.params) == list(left)
    assert one.request.json == parse_tree(endpoint.get("json"))
    assert one.request.headers == parse_tree(endpoint.get("headers", {}))
    fields = {param.param_name: param.resolve_config["field"] for param in binding or ()}
    assert ({name: str(path) for name, path in one.parent.fields.items()} if one.parent else {}) == fields
    assert (one.parent.resource if one.parent else None) == (
        binding[0].resolve_config["resource"] if binding else None
    )


def same_paging(one: Resource, endpoint: Json, clients: Json) -> None:
    expected = create_paginator(endpoint.get("paginator")) or create_paginator(clients)
    assert PAGERS[type(one.pager)] is type(expected)
    if isinstance(one.pager, pagers.Offset):
        assert isinstance(expected, dlt_paging.OffsetPaginator)
        assert one.pager.limit == expected.limit
    assert (str(one.selector) if one.selector else None) == endpoint.get("data_selector")


def same_hints(one: Resource, merged: Json) -> None:
    passed = {key: value for key, value in merged.items() if key not in ("name", "endpoint")}
    own = dict(one.hints)
    assert (
        list(own.pop("columns", None) or {})
        == [column["name"] if isinstance(column, dict) else column for column in passed.get("columns") or ()]
        or one.hints["columns"] == passed["columns"]
    )
    assert own == {key: value for key, value in passed.items() if key != "columns"}
