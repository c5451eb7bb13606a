"""The transport: one signed request out, one whole response back.

It follows no redirect, retries nothing and knows no credentials: those are decisions, and decisions are made
above. A body is read to its end and unpacked, or the attempt has failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from restmill.wire.coding import Unread
    from restmill.wire.message import Request, Response


Trouble: TypeAlias = Literal["connect", "connection", "timeout", "tls", "body", "address", "size"]
_OURS: frozenset[Trouble] = frozenset({"address", "size"})


class Failed(Exception):  # noqa: N818  # read as a sentence: "raise Failed"
    """No usable answer, or a body that broke off. `final`: trying again cannot help."""

    def __init__(
        self, why: str, *, final: bool = False, kind: Trouble = "connection", answer: object = None
    ) -> None:
        """`answer`: what an auth object of the user's got in place of its credentials."""
        super().__init__(why)
        self.why = why
        self.final = final
        self.kind: Trouble = kind
        self.answer = answer

    @property
    def ours(self) -> bool:
        """Whether it says nothing of the host: nothing was sent, or a bound of ours was met."""
        return self.kind in _OURS


def unread(error: Unread) -> Failed:
    """A body that cannot be taken: broken on its way, or beyond the config's bound."""
    return Failed(str(error), final=True, kind="size") if error.own else Failed(str(error), kind="body")


class Transport(Protocol):
    """Sends one request as it stands."""

    async def send(self, request: Request) -> Response:
        """The answer, whatever its status.

        Raises:
            Failed: there was none, or its body broke off.
        """

    async def close(self) -> None:
        """Give back all connections."""
