"""Cases: every way to show credentials, on the client and on one endpoint."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from dlt.common.configuration.specs import configspec
from dlt.common.typing import TSecretStrValue  # noqa: TC002  # dlt reads the annotation
from dlt.sources.helpers.rest_client.auth import (
    APIKeyAuth,
    AuthConfigBase,
    BearerTokenAuth,
    HttpBasicAuth,
    OAuth2ClientCredentials,
    OAuthJWTAuth,
)
from dlt.sources.rest_api.config_setup import register_auth

from tests.parity.case import KEY, PAGED, Case, Config, many, one, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from dlt.extract import DltSource
    from requests import PreparedRequest


@configspec
class VendorAuth(AuthConfigBase):
    """What a user writes who knows dlt."""

    token: TSecretStrValue = None  # type: ignore[assignment]  # dlt's own way to say: required

    def __call__(self, r: PreparedRequest) -> PreparedRequest:
        r.headers["X-API-Key"] = self.token
        return r


def _guarded(auth: object) -> Callable[[str], Config]:
    return lambda api: one(api, "v1/users", client={"auth": auth}, paginator=PAGED)


def _seen(auth: object) -> Callable[[str], Config]:
    return lambda api: one(api, "echo/credentials", client={"auth": auth})


def _oauth(**keys: object) -> Callable[[str], Config]:
    def config(api: str) -> Config:
        auth = {
            "type": "oauth2_client_credentials",
            "access_token_url": f"{api}/oauth/token",
            "client_id": "parity",
            "client_secret": KEY,
            **keys,
        }
        auth["access_token_url"] = str(auth["access_token_url"]).replace("{api}", api)
        return one(api, "v1/users", client={"auth": auth}, paginator=PAGED)

    return config


def _registered(engine: ModuleType, api: str) -> DltSource:
    register_auth("vendor", VendorAuth)
    auth = {"type": "vendor", "token": KEY}
    source: DltSource = engine.rest_api_source(one(api, "v1/users", client={"auth": auth}, paginator=PAGED))
    return source


def _with_object(api: str) -> Config:
    credentials = OAuth2ClientCredentials(
        access_token_url=f"{api}/oauth/token", client_id="parity", client_secret=KEY
    )
    return one(api, "v1/users", client={"auth": credentials}, paginator=PAGED)


def _jwt(api: str) -> Config:
    serialization = import_module("cryptography.hazmat.primitives.serialization")
    rsa = import_module("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    auth = OAuthJWTAuth(client_id="parity", private_key=key.decode(), auth_endpoint=f"{api}/token/3600")
    return one(api, "echo/credentials", client={"auth": auth})


def _per_endpoint(api: str) -> Config:
    return many(
        api,
        resource("own", "echo/own", auth={"type": "bearer", "token": "endpoint"}),
        resource("inherited", "echo/inherited"),
        resource("none", "echo/none", auth=None),
        auth={"type": "bearer", "token": "client"},
    )


LOCKED = {"key": KEY}
_FROM_ENVIRONMENT = {"CREDENTIALS__TOKEN": KEY, "TOKEN": KEY, "SOURCES__REST_API__TOKEN": KEY}

CASES = (
    Case("auth bearer", _guarded({"type": "bearer", "token": KEY}), LOCKED),
    Case("auth without a type is bearer", _guarded({"token": KEY}), LOCKED),
    Case("auth by name, token from dlt's secrets", _guarded("bearer"), LOCKED, environment=_FROM_ENVIRONMENT),
    Case(
        "auth bearer without token, from dlt's secrets",
        _guarded({"type": "bearer"}),
        LOCKED,
        environment=_FROM_ENVIRONMENT,
    ),
    Case(
        "auth api_key in a header", _guarded({"type": "api_key", "name": "X-API-Key", "api_key": KEY}), LOCKED
    ),
    Case("auth api_key in the default header", _seen({"type": "api_key", "api_key": KEY})),
    Case(
        "auth api_key in the query",
        _guarded({"type": "api_key", "name": "api_key", "api_key": KEY, "location": "query"}),
        LOCKED,
    ),
    Case(
        "auth api_key as param",
        _guarded({"type": "api_key", "name": "key", "api_key": KEY, "location": "param"}),
        LOCKED,
    ),
    Case(
        "auth api_key beside other params",
        lambda api: one(
            api,
            "v1/users",
            client={"auth": {"type": "api_key", "name": "key", "api_key": KEY, "location": "query"}},
            params={"sort": "name", "order": "desc"},
            paginator=PAGED,
        ),
        LOCKED,
    ),
    Case("auth http_basic", _guarded({"type": "http_basic", "username": "me", "password": KEY}), LOCKED),
    Case(
        "auth http_basic with letters beyond ASCII",
        _seen({"type": "http_basic", "username": "zoë", "password": "grün:öl"}),
    ),
    Case("auth oauth2_client_credentials", _oauth(), LOCKED),
    Case("auth oauth2 with request data", _oauth(access_token_request_data={"scope": "read"}), LOCKED),
    Case(
        "auth oauth2 default_token_expiration",
        _oauth(access_token_url="{api}/token/none", default_token_expiration=3600),
    ),
    Case("auth on an endpoint overrides the client's, None removes it", _per_endpoint),
    Case("auth BearerTokenAuth object", _guarded(BearerTokenAuth(token=KEY)), LOCKED),
    Case("auth APIKeyAuth object", _guarded(APIKeyAuth(name="X-API-Key", api_key=KEY)), LOCKED),
    Case("auth HttpBasicAuth object", _guarded(HttpBasicAuth("me", KEY)), LOCKED),
    Case("auth OAuth2ClientCredentials object", _with_object, LOCKED),
    Case("auth OAuthJWTAuth object", _jwt, needs=("jwt", "cryptography"), environment=_FROM_ENVIRONMENT),
    Case("auth object of a class of the user's own", _guarded(VendorAuth(token=KEY)), LOCKED),
    Case("auth registered under a name", build=_registered, switches=LOCKED),
    Case("auth wrong key", _guarded({"token": "wrong"}), LOCKED, fails=True),
)
