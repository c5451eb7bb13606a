"""Sessions of the user's own: where their code is called for a request, requests come one at a time."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

import pytest
import requests
from dlt.sources.helpers.requests import Client
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3.util import Retry

from restmill import rest_api_source
from restmill.load.prepare.plans import plan_of_mapping
from restmill.run.read.spec import order_for
from restmill.run.transport.requests_session import is_plain
from tests.load.shelf import Shelf, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import PreparedRequest, Response


class Derived(requests.Session):
    """A class of one's own."""


class Adapter(HTTPAdapter):
    """An adapter of one's own."""


class Auth(AuthBase):
    """Auth of one's own."""

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        return r


def made(change: Callable[[requests.Session], object] = lambda _: None) -> requests.Session:
    session = requests.Session()
    change(session)
    return session


def _sending(session: requests.Session) -> None:
    inner = session.send

    def send(*args: Any, **more: Any) -> Response:
        return inner(*args, **more)

    session.send = functools.wraps(inner)(send)  # type: ignore[method-assign]


PLAIN: dict[str, requests.Session] = {
    "a session": made(),
    "headers": made(lambda one: one.headers.update({"X-A": "1"})),
    "cookies": made(lambda one: one.cookies.set("a", "1")),
    "proxies": made(lambda one: one.proxies.update({"http": "http://p"})),
    "a name and a password": made(lambda one: setattr(one, "auth", ("a", "b"))),
    "basic auth": made(lambda one: setattr(one, "auth", HTTPBasicAuth("a", "b"))),
    "retries": made(lambda one: one.mount("https://", HTTPAdapter(max_retries=Retry(3)))),
    "a larger pool": made(lambda one: one.mount("https://", HTTPAdapter(pool_maxsize=50))),
    "dlt's": Client().session,
    "dlt's without retries": Client(request_max_attempts=1, raise_for_status=False).session,
}
OWN: dict[str, requests.Session] = {
    "a class": Derived(),
    "a hook": made(lambda one: one.hooks["response"].append(lambda r, **_: r)),
    "an adapter": made(lambda one: one.mount("https://api.test", Adapter())),
    "another adapter": made(lambda one: one.mount("http://", Shelf())),
    "an auth object": made(lambda one: setattr(one, "auth", Auth())),
    "a function as auth": made(lambda one: setattr(one, "auth", lambda r: r)),
    "a method put in its place": made(_sending),
}


@pytest.mark.parametrize("name", [*PLAIN, *OWN])
def test_a_session_is_plain_where_no_code_of_the_users_is_in_it(name: str) -> None:
    assert is_plain(PLAIN.get(name) or OWN[name]) is (name in PLAIN)


@pytest.mark.parametrize("name", [*PLAIN, *OWN])
def test_nothing_is_predicted_for_one_that_is_not_plain(name: str) -> None:
    session = PLAIN.get(name) or OWN[name]
    plan = plan_of_mapping({"client": {"base_url": "http://a.test", "session": session}, "resources": ["a"]})
    assert (order_for(plan, plan.resource("a")).most_ahead == 1) is (name in OWN)
    assert plan.transport.in_turn is (name in OWN)


class Counting(BaseAdapter):
    """An adapter that knows how many requests are in it."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__()
        self.shelf = shelf
        self.guard = threading.Lock()
        self.now = self.most = self.all = 0

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        with self.guard:
            self.now += 1
            self.all += 1
            self.most = max(self.most, self.now)
        answer = self.shelf.send(request)
        with self.guard:
            self.now -= 1
        return answer

    def close(self) -> None:
        """Nothing is open."""


def test_requests_come_one_at_a_time_and_none_for_nothing() -> None:
    shelf = Shelf(users=records(95), teams=records(35))
    shelf.totals = False
    adapter = Counting(shelf)
    shelf.session.mount("http://", adapter)
    config = shelf.config("users", "teams")
    config["resource_defaults"]["endpoint"]["repair"] = False
    del config["pipeline"]
    found = list(rest_api_source(config))
    assert len(found) == 130
    assert adapter.most == 1
    assert (
        adapter.all == 10 + 4 + 2 * 2
    )  # all pages; for each list the empty one that ends it, and one behind
