"""Keys and tokens: what a client shows, and whether it opens the door.

A key may come in any of the places where real APIs look for one. A token from `/oauth/token` (RFC 6749,
section 4.4) opens the door like the key until it expires, and is refused afterwards even where no key is
asked for: whoever uses tokens wants to see them expire.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote_plus

from restmill.sandbox.behaviour import Behaviour
from restmill.sandbox.chance import unit
from restmill.sandbox.message import Answer, AskError, document

CREDENTIALS = ("api_key", "key")
"""Query parameters that may carry the key; they are never logged and never part of a next link."""

_ISSUED = "sandbox-token-"


class Access:
    """The tokens that were given out, and the check of what clients show."""

    def __init__(self) -> None:
        self._expiry: dict[str, float] = {}

    def issue(self, behaviour: Behaviour, headers: Mapping[str, str], body: bytes, now: float) -> Answer:
        """Answer a client credentials request; `now` is in seconds of any steady clock.

        Raises:
            AskError: 400 for another grant type, 401 when the secret is not the key that is asked for.
        """
        form = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
        if form.get("grant_type") != "client_credentials":
            raise AskError(400, "unsupported_grant_type", "grant_type is client_credentials")
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if not client:
            basic = _basic(headers.get("Authorization", ""))
            client, secret = (unquote_plus(part) for part in basic or ("", ""))
        if not client or (behaviour.key and secret != behaviour.key):
            raise AskError(401, "invalid_client", headers={"WWW-Authenticate": 'Basic realm="sandbox"'})
        number = len(self._expiry) + 1
        token = f"{_ISSUED}{number}-{int(unit(behaviour.seed, 'token', number) * (1 << 48)):012x}"
        self._expiry[token] = now + behaviour.token_ttl_s
        lifetime = behaviour.token_ttl_s
        whole = int(lifetime) if lifetime.is_integer() else lifetime
        return document({"access_token": token, "token_type": "Bearer", "expires_in": whole})

    def check(self, behaviour: Behaviour, shown: Iterator[str], now: float) -> None:
        """Let the request in, or not. `shown` are all the keys and tokens it carries.

        Raises:
            AskError: 401 when the key is missing or wrong, or a token is unknown or has expired.
        """
        opened = not behaviour.key
        for credential in shown:
            if credential.startswith(_ISSUED):
                if now >= self._expiry.get(credential, now):
                    raise AskError(
                        401,
                        "the token has expired",
                        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
                    )
                return
            opened = opened or credential == behaviour.key
        if not opened:
            raise AskError(401, "the API key is missing or wrong", headers={"WWW-Authenticate": "Bearer"})


def shown(headers: Mapping[str, str], query: Mapping[str, str], cookies: Mapping[str, str]) -> Iterator[str]:
    """Yield every key or token that a request carries."""
    yield from (query[name] for name in CREDENTIALS if name in query)
    if "X-API-Key" in headers:
        yield headers["X-API-Key"]
    if "api_key" in cookies:
        yield cookies["api_key"]
    scheme, _, rest = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip()
    elif basic := _basic(headers.get("Authorization", "")):
        yield basic[1]


def _basic(header: str) -> tuple[str, str] | None:
    """Return user and password of an RFC 7617 header, or None for any other."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password
