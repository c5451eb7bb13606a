"""The caller's thread: where a user's own functions run, as they do under dlt.

The engine has a thread of its own, and what a script relies on is not there: `dlt.current`, what belongs to
its thread, its context. So a read that meets such a function hands the call to whoever takes its pages, and
waits for the outcome. Without such a caller a thread is made for it. Either way it may block.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Caller(Protocol):
    """Whoever takes a read's pages."""

    def ask(self, call: Call) -> None:
        """Let `call` be run when its turn has come."""


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)
"""The caller of the read that the present task belongs to."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the user's with its arguments, and the place for its outcome."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    outcome: asyncio.Future[Any]

    def run(self) -> None:
        """Call it, here and now. An exception of its own is its outcome; Ctrl-C is the caller's."""
        try:
            value = self.function(*self.args)
        except Exception as error:  # noqa: BLE001  # raised where it is waited for
            self._settle(self.outcome.set_exception, error)
        else:
            self._settle(self.outcome.set_result, value)

    def _settle(self, settle: Callable[[Any], None], what: object) -> None:
        loop = self.outcome.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(lambda: None if self.outcome.done() else settle(what))


async def called(function: Callable[..., Any], *args: Any) -> Any:
    """What `function` returns, or raises."""
    caller = CALLER.get()
    if caller is None:
        return await asyncio.to_thread(function, *args)
    call = Call(function, args, asyncio.get_running_loop().create_future())
    caller.ask(call)
    return await call.outcome
