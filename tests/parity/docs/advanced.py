"""Examples of the page "Advanced configuration": arguments, headers, actions, sessions, credentials."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common import json
from dlt.common.configuration import configspec
from dlt.common.typing import TSecretStrValue  # noqa: TC002  # dlt reads the annotation
from dlt.sources.helpers import requests
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
)
from dlt.sources.rest_api.config_setup import register_auth

from tests.parity.case import Case, Config, many, resource
from tests.parity.docs.api import PASSWORD, TOKEN
from tests.parity.docs.basics import SECRETS, posts

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from dlt.extract import DltSource
    from requests import PreparedRequest, Response


@configspec
class BasicOAuth(OAuth2ClientCredentials):
    """OAuth as some vendors have it: the client's name and secret as a basic password."""

    def build_access_token_request(self) -> dict[str, Any]:
        pair = b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
        return {"headers": headers, "data": self.access_token_request_data}


@configspec
class CustomAuth(AuthConfigBase):
    """A scheme of one vendor's own."""

    api_key: TSecretStrValue = None  # type: ignore[assignment]  # dlt's own way to say: required

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["Authorization"] = f"Custom {self.api_key}"
        return r


def _guarded(auth: Callable[[str], object]) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/private/plain", "posts", auth=auth(api))


def _secret() -> Any:
    return dlt.secrets["your_api_token"]


def _zoom(api: str) -> object:
    return BasicOAuth(
        access_token_url=f"{api}/oauth/token",
        client_id=dlt.secrets["sources.zoom.client_id"],
        client_secret=dlt.secrets["sources.zoom.client_secret"],
        access_token_request_data={"grant_type": "account_credentials", "account_id": "42"},
    )


def _oauth(api: str) -> object:
    return {
        "type": "oauth2_client_credentials",
        "access_token_url": f"{api}/oauth/token",
        "client_id": "documented",
        "client_secret": _secret(),
    }


def _registered(engine: ModuleType, api: str) -> DltSource:
    register_auth("custom_auth", CustomAuth)
    auth = {"type": "custom_auth", "api_key": dlt.secrets["sources.my_source.my_api_key"]}
    source: DltSource = engine.rest_api_source(many(f"{api}/private/plain", "posts", auth=auth))
    return source


def _set_encoding(response: Response, *_: Any, **__: Any) -> Response:
    response.encoding = "windows-1252"
    return response


def _add_and_remove(response: Response, *_: Any, **__: Any) -> Response:
    payload = response.json()
    for record in payload["data"]:
        record["custom_field"] = "foobar"
        record.pop("email", None)
    response._content = json.dumps(payload).encode("utf-8")
    return response


def _remove_email(response: Response, *_: Any, **__: Any) -> Response:
    payload = response.json()
    for record in payload:
        record.pop("email", None)
    response._content = json.dumps(payload).encode("utf-8")
    return response


def _handled(envelope: str, *actions: object, path: str = "issues") -> Callable[[str], Config]:
    return lambda api: many(f"{api}/{envelope}", resource("issues", path, response_actions=list(actions)))


_IGNORED: tuple[Config, ...] = (
    {"status_code": 404, "action": "ignore"},
    {"content": "Not found", "action": "ignore"},
    {"status_code": 200, "content": "some text", "action": "ignore"},
)
_CLIENT_HEADERS = {"User-Agent": "MyApp/1.0", "Accept": "application/json", "X-API-Version": "v2"}


def _headers(api: str) -> Config:
    return many(f"{api}/plain", "posts", "comments", headers=dict(_CLIENT_HEADERS))


def _own_headers(api: str) -> Config:
    headers = {"Content-Type": "application/vnd.api+json", "X-Custom-Header": "posts", "X-API-Version": "v3"}
    return many(
        f"{api}/plain", resource("posts", "posts", headers=headers), "users", headers=dict(_CLIENT_HEADERS)
    )


def _impatient(api: str) -> Config:
    session = requests.Client(request_timeout=(30.0, 30.0), request_max_attempts=0).session
    return many(f"{api}/plain", "posts", session=session)


def _no_session(api: str) -> Config:
    """As the page has it: the client itself, which neither engine takes for a session."""
    return many(f"{api}/plain", "posts", session=requests.Client(request_max_attempts=0))


def _argument(name: str, value: object) -> Case:
    return Case(f"argument {name}", posts, source=lambda: {name: value})


_RETRIES = """
[runtime]
request_max_attempts = 10
request_backoff_factor = 1.5
request_timeout = 120
request_max_retry_delay = 30
http_show_error_body = true
"""
_ZOOM = {"SOURCES__ZOOM__CLIENT_ID": "zoom", "SOURCES__ZOOM__CLIENT_SECRET": PASSWORD}
_MINE = {"SOURCES__MY_SOURCE__MY_API_KEY": TOKEN}

CASES = (
    Case("auth bearer", _guarded(lambda _: {"type": "bearer", "token": _secret()}), environment=SECRETS),
    Case("auth bearer as an object", _guarded(lambda _: BearerTokenAuth(_secret())), environment=SECRETS),
    Case("auth token alone", _guarded(lambda _: {"token": _secret()}), environment=SECRETS),
    Case(
        "auth api_key in a header",
        _guarded(lambda _: APIKeyAuth(name="X-API-Key", api_key=_secret(), location="header")),
        environment=SECRETS,
    ),
    Case(
        "auth api_key in the query",
        _guarded(lambda _: {"type": "api_key", "name": "api_key", "api_key": _secret(), "location": "query"}),
        environment=SECRETS,
    ),
    Case("auth http_basic", _guarded(lambda _: HttpBasicAuth(username="user", password=PASSWORD))),
    Case("auth oauth2_client_credentials", _guarded(_oauth), environment=SECRETS),
    Case("auth oauth2 of a class of one's own", _guarded(_zoom), environment=_ZOOM),
    Case("auth of a class of one's own", _guarded(lambda _: CustomAuth(api_key=TOKEN))),
    Case("auth of a registered class", build=_registered, environment=_MINE),
    Case("response actions: ignore by status and content", _handled("paging", *_IGNORED)),
    Case(
        "response actions: ignore a missing list", _handled("paging", *_IGNORED, path="nothing"), empty=True
    ),
    Case(
        "response actions: one for all, one for some",
        _handled(
            "paging", _set_encoding, {"status_code": 200, "content": "some text", "action": _add_and_remove}
        ),
    ),
    Case("response actions: encoding", _handled("western", _set_encoding)),
    Case(
        "response actions: all kinds together",
        _handled("linked", _set_encoding, *_IGNORED, {"status_code": 200, "action": _remove_email}),
    ),
    Case(
        "response actions: a list of callables",
        _handled("linked", {"status_code": 200, "action": [_set_encoding, _remove_email]}),
    ),
    Case("headers of the client", _headers),
    Case("headers of an endpoint", _own_headers),
    Case("session with timeouts", _impatient),
    Case("session that is a client", _no_session, fails=True),
    Case("retries in dlt's config", posts, settings=_RETRIES),
    _argument("name", "blog"),
    _argument("section", "blog"),
    _argument("max_table_nesting", 0),
    _argument("root_key", True),
    _argument("schema_contract", {"tables": "evolve", "columns": "freeze"}),
    _argument("parallelized", True),
)
