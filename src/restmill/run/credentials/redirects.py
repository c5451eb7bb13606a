"""Redirects of requests that get a credential: none is followed to another origin, whoever sends them.

A token endpoint that answers 307 makes `requests` send the same form, client secret and all, to wherever it
points. Our own token requests go through the fetcher, which forbids that. Those of an auth object (dlt's
`OAuth2ClientCredentials`, a class of the user's) go through a session of theirs; while such an object is at
work, `requests` asks here before it follows. Outside of that nothing of `requests` is changed.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import requests
from requests.sessions import SessionRedirectMixin

from restmill.run.credentials.origins import at_home
from restmill.wire.message import origin_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json

_original_target = SessionRedirectMixin.get_redirect_target
_original_resolve = SessionRedirectMixin.resolve_redirects
_guarded: ContextVar[bool] = ContextVar("guarded", default=False)
_following: ContextVar[bool] = ContextVar("following", default=False)
"""Whether a redirect is being followed; with `allow_redirects=False` it is only looked at."""


class Elsewhere(requests.TooManyRedirects):
    """A request for a credential would have been sent on to another origin."""


@contextmanager
def staying_home() -> Iterator[None]:
    """Let `requests` follow no redirect to another origin until the block ends.

    Raises:
        Elsewhere: inside the block, by whatever would have followed one.
    """
    before = _guarded.set(True)
    try:
        yield
    finally:
        _guarded.reset(before)


def _target(self: SessionRedirectMixin, resp: requests.Response) -> str | None:
    target = _original_target(self, resp)
    if target and _guarded.get() and _following.get() and not _stays(resp.url, target):
        resp.close()
        raise Elsewhere("a request for a credential was redirected to another host", response=resp)
    return target


def _stays(url: str, target: str) -> bool:
    try:
        return at_home(origin_of(urljoin(url, target)), frozenset({origin_of(url)}))
    except ValueError:  # no address at all
        return False


def _resolve(self: SessionRedirectMixin, *args: Json, **more: Json) -> Iterator[requests.Response]:
    before = _following.get()
    _following.set(not more.get("yield_requests"))
    try:
        yield from _original_resolve(self, *args, **more)
    finally:
        _following.set(before)


SessionRedirectMixin.get_redirect_target = _target  # type: ignore[method-assign]
SessionRedirectMixin.resolve_redirects = _resolve  # type: ignore[method-assign]
