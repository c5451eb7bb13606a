"""Configs that are wrong: one line for each mistake, at its place, with what was got and a hint."""

from __future__ import annotations

from typing import Any

import pytest

from restmill.config.check import check
from restmill.errors import ConfigError, Problem
from tests.config.configs import CLIENT, with_endpoint, with_resources


def problems(tree: Any) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        check(tree)
    return list(caught.value.problems)


def client(**keys: Any) -> dict[str, Any]:
    return {"client": {**CLIENT, **keys}, "resources": []}


def resource(**keys: Any) -> dict[str, Any]:
    return with_resources({"name": "a", **keys})


class Thing:
    """A Python object without any use."""


ENDPOINT = "resources[0].endpoint"

# Each: the config, then the problem's path, what, got and hint (what and hint by their beginning).
ONE_PROBLEM: list[tuple[Any, str, str, str, str]] = [
    # the whole
    ([], "config", "a config must be a mapping", "a list", ""),
    ({"resources": []}, "client", "`client` is missing", "", ""),
    ({"client": None, "resources": []}, "client", "`client` is missing", "", ""),
    ({"client": CLIENT}, "resources", "`resources` is missing", "", ""),
    ({"client": CLIENT, "resources": {"a": 1}}, "resources", "must be a list", "a mapping", ""),
    ({"client": CLIENT, "resources": "a"}, "resources", "must be a list", "'a'", "Put it in a list"),
    ({"client": "x", "resources": []}, "client", "must be a mapping", "'x'", ""),
    (
        {"client": CLIENT, "resources": [], 1: 2},
        "['1']",
        "a key must be a text",
        "1",
        "Put the key in quotes.",
    ),
    (
        resource(write_disposition=5),
        "resources[0].write_disposition",
        "must be one of append, merge, replace, skip, a mapping or a Python function",
        "5",
        "",
    ),
    # levels
    (
        resource(path="x"),
        "resources[0].path",
        "there is no key `path` here",
        "",
        "`path` belongs into `endpoint`.",
    ),
    (
        resource(limit=1),
        "resources[0].limit",
        "there is no key `limit` here",
        "",
        "`limit` belongs into `endpoint.paginator`.",
    ),
    (
        with_endpoint(limit=1),
        f"{ENDPOINT}.limit",
        "there is no key `limit` here",
        "",
        "`limit` belongs into `paginator`.",
    ),
    (
        with_endpoint(primary_key=1),
        f"{ENDPOINT}.primary_key",
        "there is no key `primary_key` here",
        "",
        "`primary_key` belongs into `resources[0]`.",
    ),
    (
        with_endpoint(base_url=1),
        f"{ENDPOINT}.base_url",
        "there is no key `base_url` here",
        "",
        "`base_url` belongs into `client`.",
    ),
    (
        client(resources=1),
        "client.resources",
        "there is no key `resources` here",
        "",
        "`resources` belongs at the top.",
    ),
    (
        with_endpoint(paginator={"type": "offset", "data_selector": 1}),
        f"{ENDPOINT}.paginator.data_selector",
        "there is no key `data_selector` here",
        "",
        f"`data_selector` belongs into `{ENDPOINT}`.",
    ),
    (client(zzzzzz=1), "client.zzzzzz", "there is no key `zzzzzz` here", "", "Known here: base_url, headers"),
    # scalars
    (
        client(base_url="ftp://me:pw@x"),
        "client.base_url",
        "must be a URL that begins with http:// or https:// and a host",
        "a text",
        "",
    ),
    (
        client(base_url="https://x:port"),
        "client.base_url",
        "must be a URL that begins with http:// or https:// and a host",
        "a text",
        "",
    ),
    (client(base_url=5), "client.base_url", "must be a URL", "a number", ""),
    (client(timeout=0), "client.timeout", "must be more than 0", "0", ""),
    (client(timeout=float("nan")), "client.timeout", "must be a number", "nan", ""),
    (client(timeout="5"), "client.timeout", "must be a number", "'5'", "Remove the quotes."),
    (client(retry={"max_retries": -1}), "client.retry.max_retries", "must be at least 0", "-1", ""),
    (client(retry={"max_retries": True}), "client.retry.max_retries", "must be a whole number", "true", ""),
    (
        client(retry={"max_retries": "many"}),
        "client.retry.max_retries",
        "must be a whole number",
        "'many'",
        "",
    ),
    (
        client(retry={"statuses": [429, 42]}),
        "client.retry.statuses[1]",
        "must be an HTTP status from 100 to 599",
        "42",
        "",
    ),
    (client(retry=3), "client.retry", "must be a mapping", "3", ""),
    (client(breaker={"failures": 0}), "client.breaker.failures", "must be at least 1", "0", ""),
    (client(allowed_hosts="x"), "client.allowed_hosts", "must be a list", "'x'", "Put it in a list"),
    (client(cert=[]), "client", "`cert` must be one file, or a certificate file and a key file", "", ""),
    (client(verify=5), "client.verify", "must be true or false or a text", "5", ""),
    (client(headers={"X": True}), "client.headers.X", "must be a text", "true or false", "Put it in quotes."),
    (client(headers={"X": [1]}), "client.headers.X", "must be a text", "a list", ""),
    (client(headers={1: "x"}), "client.headers['1']", "a key must be a text", "1", "Put the key in quotes."),
    (client(headers="x"), "client.headers", "must be a mapping", "a text", ""),
    (client(session="x"), "client.session", "must be a requests.Session", "'x'", ""),
    (
        client(session=Thing),
        "client.session",
        "must be a requests.Session",
        "the class Thing",
        "Give an instance",
    ),
    (resource(name=""), "resources[0].name", "must not be empty", "''", "Leave the key out"),
    (resource(name=5), "resources[0].name", "must be a text", "5", "Put it in quotes."),
    (resource(name=None), "resources[0].name", "`name` is missing", "", ""),
    (
        resource(selected="yes"),
        "resources[0].selected",
        "must be true or false",
        "'yes'",
        "Write true, without quotes.",
    ),
    (resource(selected=1), "resources[0].selected", "must be true or false", "1", ""),
    (
        resource(on_error="isolat"),
        "resources[0].on_error",
        "must be one of isolate, raise",
        "'isolat'",
        "Did you mean 'isolate'?",
    ),
    (resource(on_error=5), "resources[0].on_error", "must be one of isolate, raise", "5", ""),
    (
        resource(delete_missing="sof"),
        "resources[0].delete_missing.mode",
        "must be one of soft, hard",
        "'sof'",
        "Did you mean 'soft'?",
    ),
    (
        resource(delete_missing={"mode": "soft", "max_fraction": 2}),
        "resources[0].delete_missing.max_fraction",
        "must be at most 1",
        "2",
        "",
    ),
    (
        resource(primary_key=5),
        "resources[0].primary_key",
        "must be a text, a list or a Python function",
        "5",
        "",
    ),
    (
        resource(processing_steps=[{"map": 5}]),
        "resources[0].processing_steps[0].map",
        "must be a Python function",
        "5",
        "",
    ),
    (
        resource(write_disposition="mrge"),
        "resources[0].write_disposition",
        "must be one of append, merge, replace, skip",
        "'mrge'",
        "Did you mean 'merge'?",
    ),
    (
        resource(columns={"x": {"data_type": "txt"}}),
        "resources[0].columns.x.data_type",
        "must be one of text",
        "'txt'",
        "Did you mean 'text'?",
    ),
    (resource(columns=[{"data_type": "text"}]), "resources[0].columns[0].name", "`name` is missing", "", ""),
    (
        resource(table_name="a" * 50, file_format="a" * 50),
        "resources[0].file_format",
        "must be one of preferred",
        f"'{'a' * 37}...'",
        "",
    ),
    (with_resources(5), "resources[0]", "must be a mapping or a dlt resource", "5", ""),
    (with_resources(Thing()), "resources[0]", "must be a mapping or a dlt resource", "a Thing object", ""),
    # paginators
    (
        with_endpoint(paginator="offse"),
        f"{ENDPOINT}.paginator",
        "there is no such type of paginator",
        "'offse'",
        "Did you mean 'offset'?",
    ),
    (
        with_endpoint(paginator={"type": 7}),
        f"{ENDPOINT}.paginator.type",
        "there is no such type of paginator",
        "7",
        "One of auto,",
    ),
    (
        with_endpoint(paginator={"limit": 5}),
        f"{ENDPOINT}.paginator",
        "`type` is missing; without it this is `auto`, which has no key `limit`",
        "",
        "Add type: offset.",
    ),
    (
        with_endpoint(paginator={"type": "offset", "page_param": "p"}),
        f"{ENDPOINT}.paginator.page_param",
        "there is no key `page_param` here",
        "",
        "`page_param` is a key of type page_number.",
    ),
    (
        with_endpoint(paginator={"tpye": "offset", "limit": 5}),
        f"{ENDPOINT}.paginator.tpye",
        "there is no key `tpye` here",
        "",
        "Did you mean 'type'?",
    ),
    (
        with_endpoint(paginator={"type": "offset", "limit": 0}),
        f"{ENDPOINT}.paginator.limit",
        "must be at least 1",
        "0",
        "",
    ),
    (
        with_endpoint(paginator={"type": "offset", "offset_param": "o", "offset_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`offset_param` and `offset_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "offset", "limit_param": "o", "limit_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`limit_param` and `limit_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "page_number", "page_param": "o", "page_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`page_param` and `page_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "cursor", "cursor_param": "o", "cursor_body_path": "b"}),
        f"{ENDPOINT}.paginator",
        "`cursor_param` and `cursor_body_path` are both given",
        "",
        "Keep",
    ),
    (
        with_endpoint(paginator={"type": "page_number", "total_path": None, "stop_after_empty_page": False}),
        f"{ENDPOINT}.paginator",
        "nothing ends the read",
        "",
        "Give total_path, maximum_page",
    ),
    (
        with_endpoint(paginator=5),
        f"{ENDPOINT}.paginator",
        "must be a type of paginator, a mapping or a paginator object",
        "5",
        "",
    ),
    (
        with_endpoint(paginator=Thing),
        f"{ENDPOINT}.paginator",
        "must be a type of paginator, a mapping or a paginator object",
        "the class Thing",
        "Give an instance",
    ),
    (
        with_endpoint(paginator={"type": "cursor", "cursor_path": "[["}),
        f"{ENDPOINT}.paginator.cursor_path",
        "is not a JSON path that can be read",
        "'[['",
        "Such as",
    ),
    (
        with_endpoint(paginator={"type": "auto", "zzzz": 1}),
        f"{ENDPOINT}.paginator.zzzz",
        "there is no key `zzzz` here",
        "",
        "Nothing belongs here.",
    ),
    # auth: nothing below is ever shown
    (
        client(auth="berer"),
        "client.auth",
        "there is no such type of auth",
        "a text",
        "Did you mean 'bearer'?",
    ),
    (client(auth=5), "client.auth", "must be a type of auth, a mapping or an auth object", "a number", ""),
    (
        client(auth={"type": "api_key", "api_key": ["x"]}),
        "client.auth.api_key",
        "must be a text",
        "a list",
        "",
    ),
    (
        client(auth={"type": "api_key", "location": "body"}),
        "client.auth.location",
        "must be one of header, cookie, query, param",
        "a text",
        "",
    ),
    (
        client(auth={"api_key": "x", "name": "n"}),
        "client.auth",
        "`type` is missing; without it this is `bearer`, which has no key `api_key`",
        "",
        "Add type: api_key.",
    ),
    (
        client(auth={"type": "oauth2_client_credentials", "default_token_expiration": -1}),
        "client.auth.default_token_expiration",
        "must be at least 0",
        "a number",
        "",
    ),
    # endpoints
    (with_endpoint(method="put"), f"{ENDPOINT}.method", "must be one of GET, POST", "'put'", ""),
    (
        with_endpoint(data_selector="["),
        f"{ENDPOINT}.data_selector",
        "is not a JSON path that can be read",
        "'['",
        "Such as",
    ),
    (with_endpoint(data_selector=5), f"{ENDPOINT}.data_selector", "must be a JSON path", "5", ""),
    (
        with_endpoint(json={"a": 1}, data="x"),
        f"{ENDPOINT}.data",
        "`json` and `data` are both given",
        "",
        "A request has one body.",
    ),
    (with_endpoint(json=["a"]), f"{ENDPOINT}.json", "must be a mapping", "a list", ""),
    (
        with_endpoint(response_actions=[{"status_code": 404, "action": "ignor"}]),
        f"{ENDPOINT}.response_actions[0].action",
        "must be one of ignore",
        "'ignor'",
        "Did you mean 'ignore'?",
    ),
    (
        with_endpoint(response_actions=[{"action": "skip"}]),
        f"{ENDPOINT}.response_actions[0]",
        "the action `skip` has no condition",
        "",
        "Add status_code",
    ),
    (
        with_endpoint(response_actions=[{"status_code": 1, "action": "skip"}]),
        f"{ENDPOINT}.response_actions[0].status_code",
        "must be an HTTP status from 100 to 599",
        "1",
        "",
    ),
    (
        with_endpoint(response_actions=[{"status_code": 404}]),
        f"{ENDPOINT}.response_actions[0].action",
        "`action` is missing",
        "",
        "",
    ),
    (
        with_endpoint(response_actions=["ignore"]),
        f"{ENDPOINT}.response_actions[0]",
        "must be a mapping or a Python function",
        "'ignore'",
        "",
    ),
    # hints
    (
        resource(write_disposition={"disposition": "merge", "strategy": "upsert", "deduplicated": True}),
        "resources[0].write_disposition",
        "`deduplicated` needs strategy delete-insert",
        "",
        "",
    ),
    (
        resource(
            write_disposition={"disposition": "merge", "strategy": "scd2", "validity_column_names": ["a"]}
        ),
        "resources[0].write_disposition",
        "`validity_column_names` must be two names: valid from, valid to",
        "",
        "",
    ),
    (
        resource(write_disposition={"strategy": "scd2"}),
        "resources[0].write_disposition.disposition",
        "`disposition` is missing",
        "",
        "",
    ),
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


@pytest.mark.parametrize(("tree", "path", "what", "got", "hint"), ONE_PROBLEM)
def test_one_mistake_is_one_problem(tree: Any, path: str, what: str, got: str, hint: str) -> None:
    found = problems(tree)
    assert [one.place.path for one in found] == [path]
    assert found[0].what.startswith(what)
    assert found[0].got == got
    assert found[0].hint.startswith(hint)
    assert bool(found[0].hint) == bool(hint)


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
