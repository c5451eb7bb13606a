"""Where a request may go: home, along a redirect, or not at all; and the login that an address carries."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from restmill.errors import ForeignHost, Place, Problem
from restmill.secrets import Secret
from restmill.wire import auth as flows

if TYPE_CHECKING:
    from restmill.wire.message import Request


def login_of(address: str) -> flows.Basic | None:
    """The login in an address as basic auth, as `requests` takes it; None when there is none."""
    login = urlsplit(address).netloc.rpartition("@")[0]
    name, _, password = login.partition(":")
    return flows.Basic(unquote(name), Secret(unquote(password))) if login else None


def foreign(resource: str, request: Request, what: str, hint: str) -> ForeignHost:
    """The refusal of a request that would go elsewhere."""
    return ForeignHost(
        Problem(
            Place(f"{resource}  {request.method} {request.origin}"),
            f"a link or redirect leads to {request.origin}, {what}",
            hint=hint,
        )
    )


def at_home(origin: str, homes: frozenset[str]) -> bool:
    """One of ours, also when http was answered by a redirect to https on the same host and default port."""
    return origin in homes or (origin.startswith("https://") and f"http{origin[5:]}" in homes)


def redirected(request: Request, status: int, address: str) -> Request:
    """The request that a redirect asks for (RFC 9110, 15.4): 303, and 301/302 after POST, become GET."""
    address = address.partition("#")[0]
    moved = replace(request, address=address, params={})
    if status == 303 or (status in (301, 302) and request.method == "POST"):
        return replace(moved, method="GET", json=None, data=None)
    return moved
