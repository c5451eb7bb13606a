"""Bare: what of a request may go to a host that is not the API's own.

A next link, a redirect and a parent's value are the server's words, and servers quote what they were sent,
the key included. So a request that leaves home carries nothing of the config: no header, no parameter with a
telling name, and nothing in its address that is known to be secret, however it is encoded. What stands in the
query is taken out; elsewhere it cannot be, and the request is not sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from restmill.config.telling import is_credential, may_be_credential
from restmill.wire.message import Headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.wire.message import Request


@dataclass(frozen=True, slots=True)
class Bare:
    """A request as it may leave home."""

    request: Request
    dropped: tuple[str, ...] = ()
    """Names of the parameters that were taken out, in order."""
    unsafe: bool = False
    """Whether its address holds a secret all the same."""

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Those of `dropped` that are no credential by name: without one the rows may be others."""
        return tuple(name for name in self.dropped if not is_credential(name))


def bare(request: Request, finds: Callable[[str], bool]) -> Bare:
    """`request` without what is the config's; `finds` says whether a text holds a known secret."""
    held = [name for name, value in request.params.items() if may_be_credential(name) or _held(value, finds)]
    kept = {name: value for name, value in request.params.items() if name not in held}
    start, mark, query = request.address.partition("?")
    pieces = query.partition("#")[0].split("&") if mark else []
    secret = [piece for piece in pieces if finds(piece) or finds(unquote_plus(piece))]
    if secret:
        left = "&".join(piece for piece in pieces if piece not in secret)
        start = f"{start}?{left}" if left else start
    sent = replace(
        request,
        address=start if secret else request.address,
        params=kept,
        headers=Headers(),
        trust="foreign",
    )
    named = [*held, *(_name(piece, finds) for piece in secret)]
    return Bare(sent, tuple(dict.fromkeys(named)), unsafe=finds(sent.url))


def _held(value: object, finds: Callable[[str], bool]) -> bool:
    return any(finds(str(one)) for one in (value if isinstance(value, list | tuple) else [value]))


def _name(piece: str, finds: Callable[[str], bool]) -> str:
    """The name of a parameter, unless that is the secret."""
    name = unquote_plus(piece.partition("=")[0])
    return "" if finds(name) else name
