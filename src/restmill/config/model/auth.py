"""Auth: how requests prove who sends them (dlt's `rest_client.auth`, same keys, same defaults).

A credential that is not given is looked up by dlt's own config providers when the run starts, as under dlt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from restmill.config.model.kinds import (
    Anything,
    Block,
    Choice,
    Hidden,
    HttpUrl,
    Instance,
    OneOf,
    Table,
    Tagged,
    Text,
    Whole,
    block,
    key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.config.model.opaque import Opaque
    from restmill.path import Json
    from restmill.secrets import Secret


@block
class BearerAuth(Block):
    """`Authorization: Bearer <token>` (RFC 6750)."""

    token: Secret | None = key("The token.", Hidden(), default=None)


@block
class ApiKeyAuth(Block):
    """A key in a header, in the query string or in a cookie."""

    name: str = key("Name of the header, query parameter or cookie.", Text(), default="Authorization")
    api_key: Secret | None = key("The key.", Hidden(), default=None)
    location: Literal["header", "cookie", "query", "param"] = key(
        "Where the key is sent; `param` is `query`.",
        Choice(("header", "cookie", "query", "param")),
        default="header",
    )


@block
class HttpBasicAuth(Block):
    """User name and password (RFC 7617)."""

    username: Secret | None = key("The user name.", Hidden(warns=False), default=None)
    password: Secret | None = key("The password.", Hidden(), default=None)


@block
class OAuth2ClientCredentialsAuth(Block):
    """OAuth 2.0 client credentials (RFC 6749, 4.4): the client's id and secret are traded for a token."""

    access_token_url: str | None = key("URL that hands out tokens.", HttpUrl(), default=None, shown=False)
    client_id: Secret | None = key("The client's id.", Hidden(warns=False), default=None)
    client_secret: Secret | None = key("The client's secret.", Hidden(), default=None)
    access_token: Secret | None = key("A token to begin with.", Hidden(), default=None)
    access_token_request_data: Mapping[str, Json] = key(
        "Further form fields of the token request (`scope`, `audience`, ...).",
        Table(Anything(), hidden=True),
        factory=dict,
        shown=False,
    )
    default_token_expiration: int = key(
        "Seconds a token is used when the response does not say how long it lives.", Whole(0), default=3600
    )
    session: Opaque | None = key(
        "A `requests.Session` for the token request.", Instance("a requests.Session"), default=None
    )


Auth: TypeAlias = BearerAuth | ApiKeyAuth | HttpBasicAuth | OAuth2ClientCredentialsAuth

AUTHS: dict[str, type[Block]] = {
    "bearer": BearerAuth,
    "api_key": ApiKeyAuth,
    "http_basic": HttpBasicAuth,
    "oauth2_client_credentials": OAuth2ClientCredentialsAuth,
}

AUTH = OneOf((Tagged("auth", AUTHS, default="bearer", hidden=True), Instance("an auth object")))
