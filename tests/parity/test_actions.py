"""Response actions: what a user's functions see of an answer, and what they may change.

Each case is run by dlt and by restmill; what the functions saw and what came of it has to be the same.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from dlt.sources.helpers.rest_client.paginators import BasePaginator

from tests.parity.scripts import agree, both, listed, listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Response

    from tests.parity.case import Config
    from tests.parity.scripts import Answer, Asked


SEEN: dict[str, Callable[[Response], Any]] = {
    "status": lambda r: (r.status_code, r.ok, r.reason, bool(r)),
    "method and target": lambda r: (r.request.method, r.request.path_url),
    "its credentials": lambda r: r.request.headers["Authorization"],
    "its headers": lambda r: r.request.headers["x-mine"],
    "names of its headers": lambda r: sorted(name.lower() for name in r.request.headers),
    "its body": lambda r: (r.request.body, r.request.headers.get("Content-Type")),
    "length of its body": lambda r: r.request.headers.get("Content-Length"),
    "url": lambda r: r.url.partition("//")[2].partition("/")[2],
    "url and request agree": lambda r: r.url == r.request.url,
    "encoding": lambda r: (r.encoding, r.apparent_encoding),
    "text": lambda r: (r.text, r.content, r.json()),
    "headers": lambda r: [(name, r.headers[name]) for name in ("Content-Type", "x-total", "Link")],
    "spelling of headers": lambda r: sorted(name for name in r.headers if name not in ("Server", "Date")),
    "links": lambda r: r.links["next"]["url"],
    "cookies": lambda r: (r.cookies.get_dict(), sorted(cookie.name for cookie in r.cookies)),
    "raw": lambda r: (r.raw.status, r.raw.headers["X-Total"], r.raw.headers.getlist("Set-Cookie")),
    "raw body": lambda r: r.raw.read(),
    "raw version": lambda r: (r.raw.version, r.raw.reason),
    "lines": lambda r: list(r.iter_lines()),
    "chunks": lambda r: b"".join(r.iter_content(7)),
    "elapsed": lambda r: 0 < r.elapsed.total_seconds() < 20,
    "redirects": lambda r: (r.is_redirect, r.is_permanent_redirect, r.history, r.next),
    "class": lambda r: type(r) is requests.Response,
    "closed": lambda r: r.close(),
    "as a block": lambda r: r.__enter__() is r,
}


def _rich(asked: Asked) -> Answer:
    fields = {
        "X-Total": "1",
        "Link": '<http://127.0.0.1/x?page=2>; rel="next"',
        "Set-Cookie": "a=1; Expires=Wed, 21 Oct 2037 07:28:00 GMT\nb=2; Path=/",
    }
    return 200, fields, [{"id": 1, "t": "für"}]


@pytest.mark.parametrize("name", SEEN)
def test_an_action_sees_what_it_sees_under_dlt(name: str) -> None:
    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        return lambda url: {
            "client": {
                "base_url": url,
                "auth": {"type": "bearer", "token": "T"},
                "headers": {"X-Mine": "1"},
            },
            "resources": [
                {
                    "name": "posts",
                    "endpoint": {
                        "path": "posts",
                        "method": "POST",
                        "params": {"q": ["a b", "c"]},
                        "json": {"ü": [1, None]},
                        "paginator": "single_page",
                        "response_actions": [lambda r: note(SEEN[name](r))],
                    },
                }
            ],
        }

    assert len(agree(both(_rich, config))) == 1


def _replace_json(response: Response) -> None:
    document = response.json()
    kept = document["data"][:1]
    response.json = lambda **_: {**document, "data": kept}  # type: ignore[method-assign]


def _replace_with_objects(response: Response) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    response.json = lambda **_: {"data": [{"at": datetime(2024, 1, 1, tzinfo=UTC)}], "pages": 1}  # type: ignore[method-assign]


def _content(response: Response) -> None:
    document = response.json()
    document["data"] = [{"id": row["id"]} for row in document["data"]]
    response._content = json.dumps(document).encode()


def _status(response: Response) -> None:
    response.status_code = 404


def _headers(response: Response) -> None:
    response.headers = {"X-Next": "no", "Content-Type": "application/json"}  # type: ignore[assignment]


def _returned(response: Response) -> Response:
    other = requests.Response()
    other.status_code = 500
    return other


def _generator(response: Response) -> Any:
    yield response


def _attribute(response: Response) -> None:
    response.mine = getattr(response, "mine", 0) + 1  # type: ignore[attr-defined]


def _use_attribute(response: Response) -> None:
    response._content = json.dumps({"data": [{"mine": response.mine}], "pages": 1}).encode()  # type: ignore[attr-defined]


class _Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, response: Response) -> None:
        self.calls += 1
        response.headers["X-Calls"] = str(self.calls)

    def method(self, response: Response) -> None:
        self(response)


def _with(name: str, response: Response) -> None:
    document = response.json()
    document["data"] = [{**row, "by": name} for row in document["data"]]
    response._content = json.dumps(document).encode()


CHANGES: dict[str, list[Any]] = {
    "json": [_replace_json],
    "json in objects": [_replace_with_objects],
    "content": [_content],
    "content after json": [_content, _replace_json, _content],
    "content, seen by a condition": [_content, {"content": "name", "action": "ignore"}],
    "status": [_status],
    "status, then a rule for it": [_status, {"status_code": 404, "action": "ignore"}],
    "headers": [_headers],
    "what is returned is looked at by nobody": [_returned],
    "a generator is never begun": [_generator],
    "attributes": [_attribute, _attribute, {"status_code": 200, "action": _attribute}, _use_attribute],
    "a list in an action": [{"status_code": 200, "action": [_attribute, _use_attribute]}],
    "a list without a condition": [{"action": [_attribute, _use_attribute]}],
    "a rule that does not apply": [{"status_code": 201, "action": _content}],
    "by content": [{"content": "n3", "action": _content}],
    "by both": [{"content": "n3", "status_code": 200, "action": _content}],
    "a partial": [functools.partial(_with, "me")],
    "a method": [_Counter().method],
    "an object": [_Counter()],
    "a lambda": [lambda _: None],
    "order": [functools.partial(_with, "one"), functools.partial(_with, "two")],
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_an_action_changes_counts_as_under_dlt(name: str) -> None:
    agree(both(listed, lambda _: listing(*CHANGES[name])))


LATIN = "für".encode("windows-1252")


@pytest.mark.parametrize("kind", ["text/html", "application/json", "text/plain; charset=utf-8"])
def test_encoding_set_by_an_action_holds(kind: str) -> None:
    def answer(_: Asked) -> Answer:
        return 200, {"Content-Type": kind}, b'{"data": [{"t": "' + LATIN + b'"}], "pages": 1}'

    def set_encoding(response: Response) -> None:
        response.encoding = "windows-1252"

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        by_text = {"content": "für", "action": lambda r: note(r.text)}
        return listing(set_encoding, lambda r: note(r.encoding), by_text)

    noted = agree(both(answer, config))
    assert noted[0] == "windows-1252"
    assert len(noted) == 2


def test_the_paginator_gets_the_same_object() -> None:
    class Mine(BasePaginator):
        def update_state(self, response: Response, data: list[Any] | None = None) -> None:
            same = id(response) == response.own  # type: ignore[attr-defined]
            self.note((response.mine, same, response.request.method, len(data or [])))  # type: ignore[attr-defined]
            self._has_next_page = False

        def update_request(self, request: requests.Request) -> None:
            """Nothing."""

        def __deepcopy__(self, _: Any) -> Mine:
            return self

    def mark(response: Response) -> None:
        response.own = id(response)  # type: ignore[attr-defined]

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        paginator = Mine()
        paginator.note = note  # type: ignore[attr-defined]
        return listing(_attribute, mark, paginator=paginator)

    assert agree(both(listed, config)) == [(1, True, "GET", 10)]


def test_a_session_hands_on_its_own_answers() -> None:
    class Adapter(requests.adapters.HTTPAdapter):
        def build_response(self, req: Any, resp: Any) -> Response:
            made = super().build_response(req, resp)
            made.from_adapter = True  # type: ignore[attr-defined]
            return made

    def config(note: Callable[..., None]) -> Callable[[str], Config]:
        session = requests.Session()
        session.mount("http://", Adapter())
        session.headers["X-Session"] = "s"
        made = listing(
            lambda r: note((r.from_adapter, r.connection is not None, r.request.headers["X-Session"]))
        )

        def of(url: str) -> Config:
            whole = made(url)
            whole["client"]["session"] = session
            return whole

        return of

    assert agree(both(listed, config)) == [(True, True, "s")] * 2
