"""Credentials that objects of the user's hold: a session, an auth object.."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from requests.utils import default_headers

from restmill.config.telling import is_credential, is_literal, looks_secret
from restmill.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest, Session

_PLAIN = frozenset(
    ("accept", "content-length", "content-type", "date", "host", "user-agent", "x-amz-date"),
)
"""Headers that an auth object may set and that are no credential."""


def secrets_of_session(session: Session) -> Iterator[Secret]:
    """What a session adds to its requests: headers of its own, cookies, auth, telling parameters, proxies."""
    usual = {name.lower() for name in default_headers()}
    yield from (Secret(_text(value)) for name, value in session.headers.items() if name.lower() not in usual)
    yield from (Secret(_text(value)) for value in session.cookies.values() if value)
    for name, value in _pairs(session.params):
        if is_literal(name, value) or looks_secret(value):
            yield Secret(value)
    yield from secrets_of_object(session.auth)
    yield from (Secret(proxy) for proxy in session.proxies.values() if "@" in proxy)


def secrets_of_object(auth: object) -> Iterator[Secret]:
    """What an auth holds: of a pair both, of an object the fields with telling names or looks."""
    if isinstance(auth, tuple):
        yield from (Secret(_text(one)) for one in auth)
        yield Secret(":".join(map(_text, auth)))
        return
    fields = getattr(auth, "__dict__", {})
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from (Secret(_text(one)) for one in value.values() if looks_secret(_text(one)))
        elif isinstance(value, str | bytes | Secret) and (is_credential(name) or looks_secret(_text(value))):
            yield Secret(_text(value))
    if "username" in fields and "password" in fields:
        yield Secret(f"{_text(fields['username'])}:{_text(fields['password'])}")


def added_by(before: PreparedRequest, after: PreparedRequest) -> Iterator[Secret]:
    """What an auth object has put into a request: headers, and parameters of the query."""
    for name, value in after.headers.items():
        if name.lower() not in _PLAIN and before.headers.get(name) != value:
            yield Secret(_text(value))
    had = set(parse_qsl(urlsplit(before.url or "").query))
    for one in parse_qsl(urlsplit(after.url or "").query):
        if one not in had:
            yield Secret(one[1])


def _pairs(params: object) -> list[tuple[str, str]]:
    """Parameters as `requests` takes them: a mapping, pairs, or a query string."""
    if isinstance(params, str | bytes):
        return parse_qsl(_text(params))
    return parse_qsl(urlencode(params, doseq=True)) if isinstance(params, Mapping | list | tuple) else []


def _text(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
