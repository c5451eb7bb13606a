"""The user's own Python objects: paginators, auth, sessions, registered names and functions, as under dlt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from dlt.common.configuration.specs import configspec
from dlt.extract.exceptions import ResourceExtractionError
from dlt.sources.helpers.rest_client import auth as dlt_auth
from dlt.sources.helpers.rest_client import paginators as dlts
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException
from dlt.sources.rest_api import config_setup
from requests.auth import AuthBase

from restmill import rest_api_source
from restmill.config.model.config import Opaque
from restmill.errors import ConfigError, Unreachable
from restmill.load.failures.dlt_errors import explained
from restmill.load.prepare.dlt_objects import known_auth, known_pager
from restmill.wire.paging import pagers
from tests.load.api import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.sandbox import SandboxServer
    from tests.load.conftest import Serve

ROWS = 130


class HeaderAuth(AuthBase):
    """Auth as people write it for requests."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["X-API-Key"] = KEY
        return r


@configspec
class TokenAuth(dlt_auth.AuthConfigBase):
    """Auth as people write it for dlt; its token may come from dlt's secrets."""

    token: str = None  # type: ignore[assignment]  # dlt's way to say "required"

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.token}"
        return r


def _params(request: requests.Request) -> dict[str, Any]:
    assert isinstance(request.params, dict)
    return request.params


class StepPaginator(dlts.BasePaginator):
    """A paginator with state of its own."""

    def __init__(self, step: int = 50) -> None:
        super().__init__()
        self.step = step
        self.at = 0

    def init_request(self, request: requests.Request) -> None:
        self.at = 0
        request.params = {**_params(request), "offset": 0, "limit": self.step}

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        self.at += len(data or [])
        self._has_next_page = self.at < response.json()["total"]

    def update_request(self, request: requests.Request) -> None:
        request.params = {**_params(request), "offset": self.at}


@pytest.fixture
def server(serve: Serve) -> SandboxServer:
    return serve(key=KEY)


@pytest.fixture
def registered() -> Iterator[None]:
    config_setup.register_paginator("steps", StepPaginator)
    config_setup.register_auth("token_auth", TokenAuth)
    yield
    config_setup.PAGINATOR_MAP.pop("steps")
    config_setup.AUTH_MAP.pop("token_auth")


def paths(server: SandboxServer) -> dict[str, int]:
    found = server.stats()["paths"]
    assert isinstance(found, dict)
    return found


def read(
    server: SandboxServer, endpoint: dict[str, Any] | None = None, **client: Any
) -> list[dict[str, Any]]:
    asked = {"path": "/v1/events", "data_selector": "data", "paginator": {"type": "offset", "limit": 50}}
    source = rest_api_source(
        {
            "client": {"base_url": server.base_url, "retry": {"max_retries": 0}, **client},
            "resources": [{"name": "events", "endpoint": {**asked, **(endpoint or {})}}],
        }
    )
    return list(source.resources["events"])


@pytest.mark.parametrize(
    "auth",
    [
        HeaderAuth(),
        TokenAuth(token=KEY),
        dlt_auth.BearerTokenAuth(token=KEY),
        dlt_auth.APIKeyAuth(name="api_key", api_key=KEY, location="query"),
        dlt_auth.HttpBasicAuth(username="anybody", password=KEY),
    ],
    ids=lambda auth: type(auth).__name__,
)
def test_auth_objects_sign_every_request(server: SandboxServer, auth: AuthBase) -> None:
    assert len(read(server, auth=auth)) == ROWS


def test_an_oauth_object_fetches_one_token(server: SandboxServer) -> None:
    auth = dlt_auth.OAuth2ClientCredentials(
        access_token_url=f"{server.base_url}/oauth/token", client_id="me", client_secret=KEY
    )
    assert len(read(server, auth=auth)) == ROWS
    assert paths(server)["/oauth/token"] == 1


def test_an_auth_object_that_cannot_get_its_credentials_is_an_error_without_traceback(
    server: SandboxServer,
) -> None:
    class Broken(AuthBase):
        def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:  # noqa: ARG002
            raise requests.exceptions.ConnectionError("no token today")

    with pytest.raises(ResourceExtractionError, match="could not get its credentials") as caught:
        read(server, auth=Broken())
    assert isinstance(explained(caught.value), Unreachable)


def test_a_paginator_object_starts_anew_for_every_read(server: SandboxServer) -> None:
    paginator = StepPaginator()
    for _ in range(2):
        assert len({row["id"] for row in read(server, {"paginator": paginator}, auth=HeaderAuth())}) == ROWS
    assert paginator.at == 0


@pytest.mark.usefixtures("registered")
def test_registered_names_work_with_their_arguments(server: SandboxServer) -> None:
    found = read(
        server,
        {"paginator": {"type": "steps", "step": 40}},
        auth={"type": "token_auth", "token": KEY},
    )
    assert len(found) == ROWS
    assert paths(server) == {"/v1/events": 4}


@pytest.mark.usefixtures("registered")
def test_a_registered_auth_finds_its_token_in_dlts_secrets(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="`token`"):
        read(server, auth="token_auth")
    monkeypatch.setenv("SOURCES__REST_API__CREDENTIALS__TOKEN", KEY)
    assert len(read(server, auth="token_auth")) == ROWS


def test_a_session_sends_with_its_own_headers(server: SandboxServer) -> None:
    with requests.Session() as session:
        session.headers["X-API-Key"] = KEY
        assert len(read(server, session=session)) == ROWS


def test_functions_see_every_answer_and_may_change_it(server: SandboxServer) -> None:
    seen: list[int] = []

    def count(response: requests.Response, *_: object) -> None:
        seen.append(response.status_code)

    def shorten(response: requests.Response, *_: object) -> None:
        body = response.json()
        body["data"] = [{"id": row["id"]} for row in body["data"]]
        response._content = json.dumps(body).encode()

    actions = [count, {"status_code": 200, "action": shorten}]
    found = read(server, {"response_actions": actions}, auth=HeaderAuth())
    assert len(found) == ROWS
    assert {frozenset(row) for row in found} == {frozenset({"id"})}
    assert seen == [200] * len(seen)


def test_a_function_may_end_the_read_as_dlts_hooks_do(server: SandboxServer) -> None:
    def stop(response: requests.Response, *_: object) -> None:
        raise IgnoreResponseException

    assert read(server, {"response_actions": [stop]}, auth=HeaderAuth()) == []


def test_a_function_that_fails_is_the_users_own_error(server: SandboxServer) -> None:
    def fail(response: requests.Response, *_: object) -> None:
        raise LookupError("my own mistake")

    with pytest.raises(Exception, match="my own mistake"):
        read(server, {"response_actions": [fail]}, auth=HeaderAuth())


@pytest.mark.parametrize(
    ("paginator", "kind"),
    [
        (dlts.OffsetPaginator(limit=10, total_path=None), pagers.Offset),
        (dlts.PageNumberPaginator(base_page=1), pagers.PageNumber),
        (dlts.JSONLinkPaginator("meta.next"), pagers.JsonLink),
        (dlts.HeaderLinkPaginator(), pagers.HeaderLink),
        (dlts.HeaderCursorPaginator(), pagers.HeaderCursor),
        (dlts.JSONResponseCursorPaginator(), pagers.Cursor),
        (dlts.SinglePagePaginator(), pagers.SinglePage),
        (StepPaginator(), type(None)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_dlts_own_paginators_become_pagers(paginator: dlts.BasePaginator, kind: type[object]) -> None:
    assert isinstance(known_pager(paginator), kind)


def test_a_subclass_of_dlts_paginator_is_called_and_not_read() -> None:
    class Mine(dlts.OffsetPaginator):
        pass

    assert known_pager(Mine(limit=10)) is None
    own = Opaque(HeaderAuth(), "client.auth")
    assert known_auth(own) is own


def test_what_is_neither_paginator_nor_auth_is_refused_by_its_class(server: SandboxServer) -> None:
    with pytest.raises(ConfigError, match="an object of class object"):
        read(server, {"paginator": object()})
