"""Cases: what a request carries, what is picked from an answer, and what happens to odd answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests
from dlt.sources.helpers.requests import Client

from tests.parity.case import PAGED, Case, Config, many, one, resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response


def _asked(path: str, **keys: Any) -> Callable[[str], Config]:
    return lambda api: one(api, path, **keys)


def _picked(selector: str, document: object, name: str = "", **keys: Any) -> Case:
    return Case(
        name or f"data_selector {selector}",
        _asked("made/answer", data_selector=selector, **keys),
        documents={"answer": document},
    )


def _detected(what: str, document: object) -> Case:
    return Case(f"selector detected: {what}", _asked("made/answer"), documents={"answer": document})


def _without_email(response: Response, *_: Any, **__: Any) -> Response:
    document = response.json()
    for record in document["data"]:
        record.pop("email")
    response._content = json.dumps(document).encode()
    return response


def _renamed(response: Response, *_: Any, **__: Any) -> Response:
    response._content = response.content.replace(b'"name"', b'"full_name"')
    return response


def _acted(*actions: object, path: str = "v1/users") -> Callable[[str], Config]:
    return lambda api: one(api, path, paginator=PAGED, response_actions=list(actions))


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["X-Session"] = "mine"
    session.params = {"from": "session"}
    return session


def _short_names(api: str) -> Config:
    return {
        "client": {"base_url": f"{api}/v1/", "paginator": PAGED},
        "resources": ["users", {"name": "tasks"}, {"name": "people", "endpoint": "users"}],
    }


_NESTED = {"meta": {"n": 2}, "payload": {"rows": [{"id": 1, "tag": "a"}, {"id": 2, "tag": "b"}]}}
_WRAPPED = {"edges": [{"node": {"id": 1}}, {"node": {"id": 2}}], "info": [1, 2, 3]}

CASES = (
    Case(
        "request params of every kind",
        _asked(
            "echo/params",
            params={
                "text": "ä b&c",
                "number": 7,
                "part": 0.5,
                "no": None,
                "list": ["x", "y"],
                "empty": "",
            },
        ),
    ),
    Case("request params in the path", _asked("echo/{kind}/x?fixed=1", params={"kind": "ü b", "rest": 2})),
    Case(
        "request headers of client and endpoint",
        lambda api: one(
            api,
            "echo/headers",
            client={"headers": {"X-A": "client", "X-B": "client"}},
            headers={"X-B": "endpoint"},
        ),
    ),
    Case("request POST json", _asked("echo/post", method="POST", json={"a": [1, {"b": None}], "ä": "ö"})),
    Case("request POST json, empty", _asked("echo/post", method="POST", json={})),
    Case("request POST data as form", _asked("echo/post", method="POST", data={"a": "1 2", "b": ["x", "y"]})),
    Case(
        "request POST data as text",
        _asked("echo/post", method="POST", data="<ask/>", headers={"Content-Type": "text/xml"}),
    ),
    Case("request POST with params", _asked("echo/post", method="POST", params={"q": 1}, json={"a": 1})),
    Case("request GET with a body", _asked("echo/get", json={"a": 1})),
    Case(
        "request with both json and data",
        _asked("echo/post", method="POST", json={"a": 1}, data={"b": 1}),
        fails=True,
    ),
    Case(
        "request to an absolute URL",
        lambda api: one("http://elsewhere.invalid", f"{api}/v1/users", paginator=PAGED),
    ),
    Case("request paths from names, endpoints as text", _short_names),
    Case("request path with a leading slash", lambda api: one(f"{api}/v1", "/users", paginator=PAGED)),
    Case("request path with doubled braces", _asked("echo/braces", params={"q": "{{x}}"})),
    Case("client.session", lambda api: one(api, "echo/session", client={"session": _session()})),
    Case(
        "client.session of dlt",
        lambda api: one(api, "v1/users", client={"session": Client().session}, paginator=PAGED),
    ),
    _picked("payload.rows", _NESTED),
    _picked("$.payload.rows", _NESTED),
    _picked("payload.rows[*].tag", _NESTED, "data_selector of plain values"),
    _picked("edges[*].node", _WRAPPED),
    _picked("$..node", _WRAPPED),
    _picked("$", {"id": 1, "list": [{"a": 1}]}),
    _picked("payload", _NESTED, "data_selector of one object"),
    _picked("a['b.c'].rows", {"a": {"b.c": {"rows": [{"id": 1}]}}}, "data_selector with a quoted key"),
    _picked("rows[0]", {"rows": [{"id": 1}, {"id": 2}]}, "data_selector with an index"),
    _picked("rows[?(@.id > 1)]", {"rows": [{"id": 1}, {"id": 2}, {"id": 3}]}, "data_selector with a filter"),
    _picked("rows", {"rows": [[1, 2], [3]]}, "data_selector of lists in lists"),
    Case(
        "data_selector of null",
        _asked("made/answer", data_selector="rows"),
        documents={"answer": {"rows": None}},
        empty=True,
    ),
    _detected("a bare list", [{"id": 1}, {"id": 2}]),
    _detected("a known key", {"meta": [1, 2, 3], "results": [{"id": 1}]}),
    _detected("the only list", {"a": {"b": [{"id": 1}]}, "n": 3}),
    _detected("two lists", {"books": [{"id": 1}], "errors": [], "other": [{"id": 2}, {"id": 3}]}),
    _detected("no list", {"id": 1, "name": "one"}),
    _detected("plain values", [1, "two", 3.5, None, True]),
    Case(
        "single entity path",
        lambda api: many(
            api,
            resource("users", "v1/users", paginator=PAGED),
            resource("user", "v1/users/{resources.users.id}"),
        ),
        any_order=True,
    ),
    Case(
        "response_actions ignore a status",
        _acted({"status_code": 404, "action": "ignore"}, path="status/404"),
        empty=True,
    ),
    Case(
        "response_actions ignore a content",
        _acted({"content": "gone for good", "action": "ignore"}, path="status/200"),
        empty=True,
    ),
    Case(
        "response_actions ignore status and content",
        _acted(
            {"status_code": 404, "content": "something else", "action": "ignore"},
            {"status_code": 404, "content": "gone", "action": "ignore"},
            path="status/404",
        ),
        empty=True,
    ),
    Case(
        "response_actions that do not apply",
        _acted({"status_code": 403, "action": "ignore"}, path="status/404"),
        fails=True,
    ),
    Case(
        "response_actions ignore past the end",
        lambda api: one(
            api,
            "array/users",
            paginator={"type": "offset", "limit": 3, "total_path": None},
            response_actions=[{"status_code": 404, "action": "ignore"}],
        ),
        {"past_end": 404, "rows": 6},
        may_ask_past_end=True,
    ),
    Case("response_actions with a function", _acted({"status_code": 200, "action": _without_email})),
    Case(
        "response_actions with functions", _acted({"status_code": 200, "action": [_without_email, _renamed]})
    ),
    Case("response_actions as a bare function", _acted(_without_email)),
    Case(
        "response_actions of functions and words",
        _acted(
            _without_email, {"status_code": 404, "action": "ignore"}, {"content": "email", "action": _renamed}
        ),
    ),
    Case("status 404 is an error", _asked("status/404"), fails=True),
)
