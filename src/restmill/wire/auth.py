"""Credentials: what is added to a request just before it leaves, and how a short-lived token is got.

The engine decides which hosts may see a credential; nothing here does. Renewing a token is a request like
any other: `token_request` says what to send and `read_token` what came back.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never
from urllib.parse import unquote_plus

from restmill.errors import NotData, Place, Problem, Rejected
from restmill.secrets import Secret
from restmill.spellings import LONGEST
from restmill.wire.message import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json

_EARLY = 30.0  # seconds before its end at which a token is renewed
# RFC 6749, 5.2: only these words of an error answer are repeated in a message.
_OAUTH_ERRORS = frozenset(
    {
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key under a name (dlt's `api_key`); `param` is dlt's other word for `query`."""

    name: str = "Authorization"
    key: Secret
    location: Literal["header", "cookie", "query", "param"] = "header"


@dataclass(frozen=True, slots=True)
class Bearer:
    """`Authorization: Bearer <token>` (RFC 6750, 2.1)."""

    token: Secret


@dataclass(frozen=True, slots=True)
class Basic:
    """`Authorization: Basic <base64 of username:password>`, in UTF-8 (RFC 7617)."""

    username: str = field(repr=False)  # some APIs take the key as the name
    password: Secret = field()


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth 2 client credentials (RFC 6749, 4.4), as dlt's `oauth2_client_credentials`."""

    token_url: str
    client_id: Secret
    client_secret: Secret
    data: Mapping[str, Json] = field(default_factory=dict, repr=False, hash=False)
    """Further fields of the token request; they override the standard ones."""
    default_expiry: float = 3600.0
    """Seconds a token is good for when the answer does not say."""
    access_token: Secret | None = None
    """A token to begin with; its life is unknown, so it is used until it is refused."""


Auth: TypeAlias = ApiKey | Bearer | Basic | ClientCredentials


@dataclass(frozen=True, slots=True)
class Token:
    """An access token. Times are monotonic seconds."""

    value: Secret
    expires_at: float
    lifetime: float = 3600.0

    @property
    def renew_at(self) -> float:
        """30 s before the end, but never before half of its life."""
        return self.expires_at - min(_EARLY, self.lifetime / 2)


def sign(auth: Auth, request: Request, token: Token | None = None) -> Request:
    """`request` with the credential; it replaces a parameter, header or cookie of the same name.

    Raises:
        ValueError: `auth` needs a token (see `needs_token`) and none was given.
    """
    match auth:
        case ApiKey(name=name, key=key, location="header"):
            return request.with_header(name, key.reveal())
        case ApiKey(name=name, key=key, location="cookie"):
            return request.with_header(
                "Cookie", _with_cookie(request.headers.get("Cookie", ""), name, key.reveal())
            )
        case ApiKey(name=name, key=key):
            return _without_parameter(request, name).with_params({name: key.reveal()})
        case Bearer(value):
            return request.with_header("Authorization", f"Bearer {value.reveal()}")
        case Basic():
            encoded = b64encode(_pair(auth).encode()).decode()
            return request.with_header("Authorization", f"Basic {encoded}")
        case ClientCredentials():
            access = token.value if token else auth.access_token
            if access is None:
                raise ValueError("a token is needed before this request can be signed")
            return request.with_header("Authorization", f"Bearer {access.reveal()}")
        case _:
            assert_never(auth)


def needs_token(auth: Auth, token: Token | None, now: float) -> bool:
    """Whether a token must be got before the next request; `now` in monotonic seconds."""
    if not isinstance(auth, ClientCredentials):
        return False
    return now >= token.renew_at if token else auth.access_token is None


def token_request(auth: ClientCredentials) -> Request:
    """The request for a new token: a form with id and secret in it, as dlt sends it."""
    fields = {
        "client_id": auth.client_id,
        "client_secret": auth.client_secret,
        "grant_type": "client_credentials",
    }
    return Request(
        "POST",
        auth.token_url,
        headers=Headers({"Content-Type": "application/x-www-form-urlencoded"}),
        data={name: _revealed(value) for name, value in {**fields, **auth.data}.items()},
    )


def read_token(auth: ClientCredentials, response: Response, document: Json, now: float) -> Token:
    """The token in an answer to `token_request`; `document` is its JSON body, None when it has none.

    Raises:
        Rejected: the status is an error.
        NotData: there is no `access_token` in the answer, or none that can be sent.
    """
    place = Place(path=token_request(auth).target)
    fields = document if isinstance(document, dict) else {}
    if response.status >= 400:
        word = str(fields.get("error"))
        got = f"status {response.status}" + (f", {word}" if word in _OAUTH_ERRORS else "")
        hint = "Check `client_id`, `client_secret` and `access_token_url`."
        raise Rejected(Problem(place, "no access token was granted", got, hint))
    value = fields.get("access_token")
    if not isinstance(value, str) or not value:
        got = f"the keys {', '.join(map(str, fields))}" if fields else "no JSON object"
        raise NotData(Problem(place, "the answer holds no `access_token`", got))
    if len(value) > LONGEST:
        got = f"an `access_token` of {len(value)} characters"
        raise NotData(Problem(place, f"no header takes a token of more than {LONGEST}", got))
    lifetime = _seconds(fields.get("expires_in")) or auth.default_expiry
    return Token(Secret(value), now + lifetime, lifetime)


def secrets_of(auth: Auth) -> tuple[Secret, ...]:
    """All that must never be shown of `auth`, for the redactor."""
    match auth:
        case ApiKey(key=key):
            return (key,)
        case Bearer(token):
            return (token,)
        case Basic(password=password):
            return (password, Secret(_pair(auth)))
        case ClientCredentials(client_id=name, client_secret=secret, access_token=token):
            return (name, secret, *((token,) if token else ()), *_secrets_in(auth.data))
        case _:
            assert_never(auth)


def describe(auth: Auth) -> str:
    """One line for the plan, without any value of a credential."""
    match auth:
        case ApiKey(name=name, location=location):
            return f"api key: {'query' if location == 'param' else location} {name}"
        case Bearer():
            return "bearer token"
        case Basic():
            return "http basic"
        case ClientCredentials():
            return f"oauth2 client credentials from {token_request(auth).target}"
        case _:
            assert_never(auth)


def _pair(auth: Basic) -> str:
    return f"{auth.username}:{auth.password.reveal()}"


def _with_cookie(cookies: str, name: str, value: str) -> str:
    others = [c.strip() for c in cookies.split(";") if c.strip() and c.partition("=")[0].strip() != name]
    return "; ".join([*others, f"{name}={value}"])


def _without_parameter(request: Request, name: str) -> Request:
    bare, mark, query = request.address.partition("?")
    if not mark:
        return request
    kept = [piece for piece in query.split("&") if unquote_plus(piece.partition("=")[0]) != name]
    return replace(request, address=f"{bare}?{'&'.join(kept)}" if kept else bare)


def _revealed(value: Json) -> Json:
    return value.reveal() if isinstance(value, Secret) else value


def _secrets_in(fields: Mapping[str, Json]) -> tuple[Secret, ...]:
    return tuple(value for value in fields.values() if isinstance(value, Secret))


def _seconds(value: Json) -> float:
    """A number of seconds, also from a string; 0.0 when there is none."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0
