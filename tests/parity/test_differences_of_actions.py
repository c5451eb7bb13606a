"""Known differences in when a user's functions are called: see `test_differences`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from dlt.common.exceptions import DictValidationException
from dlt.sources import rest_api as theirs

from restmill import rest_api_source
from restmill.errors import ConfigError
from tests.parity.case import Config, one
from tests.parity.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.parity.conftest import Both
    from tests.parity.scripts import Answer, Asked


class InTurn(requests.Session):
    """A session whose requests come one at a time."""


UNCOUNTED: Config = {"type": "offset", "limit": 3, "total_path": None}


def _noting(note: Callable[[str], None]) -> Callable[..., None]:
    return lambda response: note(response.request.path_url)


def test_no_function_sees_requests_of_our_own(both: Both) -> None:
    seen: list[str] = []
    actions = [_noting(seen.append)]
    dlts, ours = both(
        lambda api: one(api, "array/users", paginator=UNCOUNTED, response_actions=actions),
        switches={"rows": 6},
    )
    assert dlts.rows == ours.rows
    assert len(ours.sent) == len(dlts.sent) + 2  # behind the empty page, and the first page once more
    assert seen[: len(dlts.sent)] == seen[len(dlts.sent) :]


def test_no_repair_where_functions_look_on() -> None:
    def answer(asked: Asked) -> Answer:  # a total of 25, of which the server shows 20 and some twice
        start = asked.number("offset")
        return 200, {}, {"data": [{"id": i % 20} for i in range(start, min(start + 10, 25))], "total": 25}

    def config(*actions: Any) -> Callable[[str], Config]:
        paged = {"path": "posts", "data_selector": "data", "paginator": {"type": "offset", "limit": 10}}
        posts = {"name": "posts", "primary_key": "id", "endpoint": {**paged, "response_actions": [*actions]}}
        return lambda url: {"client": {"base_url": url}, "resources": [posts]}

    seen: list[str] = []
    without = script("restmill", answer, config())
    looked_at = script("restmill", answer, config(_noting(seen.append)))
    assert len(without.asked) > len(looked_at.asked)
    assert len(seen) == 3


def test_functions_and_redirects() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/posts":
            return 302, {"Location": "/moved"}, {}
        return 200, {}, [{"id": 1}]

    def config(note: Callable[[Any], None]) -> Callable[[str], Config]:
        hook = lambda r: note((r.status_code, len(r.history)))  # noqa: E731
        return lambda url: one(url, "posts", paginator="single_page", response_actions=[hook])

    found: dict[str, list[Any]] = {"dlt": [], "restmill": []}
    for engine, noted in found.items():
        script(engine, answer, config(noted.append))
    assert found == {"dlt": [(302, 0), (200, 0)], "restmill": [(200, 1)]}


def test_functions_and_parents() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/parents":
            start = asked.number("offset")
            return 200, {}, {"data": [{"id": i} for i in range(start, min(start + 2, 6))], "total": 6}
        return 200, {}, {"data": [{"of": asked.path}]}

    def config(note: Callable[[str], None]) -> Callable[[str], Config]:
        paged = {"path": "parents", "data_selector": "data", "paginator": {"type": "offset", "limit": 2}}
        one_page: Config = {"path": "kids/{resources.parents.id}", "paginator": "single_page"}
        kids = {**one_page, "response_actions": [_noting(note)]}
        return lambda url: {
            "client": {"base_url": url},
            "resources": [{"name": "parents", "endpoint": paged}, {"name": "kids", "endpoint": kids}],
        }

    found: dict[str, list[str]] = {"dlt": [], "restmill": []}
    for engine, noted in found.items():
        script(engine, answer, config(noted.append))
    assert found["restmill"] == [f"/kids/{i}" for i in range(6)]
    assert sorted(found["dlt"]) == found["restmill"]
    assert found["dlt"] != found["restmill"]


def test_cookies_of_the_api() -> None:
    def answer(asked: Asked) -> Answer:
        start = asked.number("offset")
        body = {"data": [{"id": i} for i in range(start, min(start + 2, 6))], "total": 6}
        return 200, {"Set-Cookie": "seen=1; Path=/"}, body

    def config(**client: Any) -> Callable[[str], Config]:
        paged = {"path": "posts", "data_selector": "data", "paginator": {"type": "offset", "limit": 2}}
        posts = {"name": "posts", "endpoint": paged}
        return lambda url: {"client": {"base_url": url, **client}, "resources": [posts]}

    def sent(engine: str, **client: Any) -> set[str | None]:
        return {one.headers.get("Cookie") for one in script(engine, answer, config(**client)).asked[2:]}

    assert sent("dlt") == {"seen=1"}
    assert sent("restmill") == {None}
    assert sent("restmill", session=InTurn()) == {"seen=1"}


def test_config_errors() -> None:
    wrong: Any = {"client": {"base_url": "http://a.test"}, "resources": [{"name": "a", "endpint": 1}]}
    with pytest.raises(DictValidationException):
        theirs.rest_api_source(wrong)
    with pytest.raises(ConfigError, match="endpint") as caught:
        rest_api_source(wrong)
    assert isinstance(caught.value, ValueError)
    assert not isinstance(caught.value, DictValidationException)
