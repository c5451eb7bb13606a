"""Redacted: what leaves the engine, its events and its errors, without any secret of the plan.

Errors and events name the address they are about, and an address may hold a key. They are cleaned here, once,
on their way out, so that nobody who prints, logs or stores them has to think of it.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from restmill.errors import Problem, RestmillError
from restmill.run.channel import Ended
from restmill.run.session import ReadHandle, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.events import Event, Observer
    from restmill.run.clock import Clock
    from restmill.run.order import Order
    from restmill.run.transport import Transport
    from restmill.secrets import Redactor
    from restmill.shape.pressed import Records
    from restmill.wire.gate import Limits

_NAMES = frozenset({"resource", "stage"})
"""Fields by which events are told apart: names of the config, not texts."""


class RedactedSession(Session):
    """A session whose events and errors hold no secret that `redact` knows."""

    def __init__(
        self,
        limits: Limits,
        transport: Callable[[Clock], Transport],
        redact: Redactor,
        *,
        clock: Clock | None = None,
        observer: Observer,
    ) -> None:
        super().__init__(limits, transport, clock=clock, observer=redacting(observer, redact))
        self._redact = redact

    def read(self, order: Order) -> ReadHandle:
        """See `Session.read`."""
        return _RedactedHandle(super().read(order), self._redact)


class _RedactedHandle(ReadHandle):
    """A read whose error is redacted when it is taken."""

    def __init__(
        self, inner: ReadHandle, redact: Redactor
    ) -> None:  # all that `ReadHandle` has is the inner's
        self._inner = inner
        self._redact = redact

    def poll(self, wait: float = 0.0) -> Records | Ended | None:
        item = self._inner.poll(wait)
        if isinstance(item, Ended):
            redact_error(item.error, self._redact)
        return item

    def close(self) -> None:
        self._inner.close()


def redacting(observer: Observer, redact: Redactor) -> Observer:
    """An observer that passes events on to `observer` with every text in them redacted."""

    def tell(event: Event) -> None:
        texts = {
            one.name: value
            for one in fields(event)
            if one.name not in _NAMES and isinstance(value := getattr(event, one.name), str)
        }
        clean = {name: redact(text) for name, text in texts.items()}
        # Only text fields are replaced, and by text.
        observer(replace(event, **clean) if clean != texts else event)  # type: ignore[arg-type]

    return tell


def redacted(problem: Problem, redact: Redactor) -> Problem:
    """The problem with every text of it redacted."""
    return Problem(
        replace(problem.place, path=redact(problem.place.path)),
        redact(problem.what),
        redact(problem.got),
        redact(problem.hint),
    )


def redact_error(error: BaseException | None, redact: Redactor) -> None:
    """Redact an error and all behind it, in place: a copy would leave the original in the traceback."""
    while error is not None:
        if isinstance(error, RestmillError):
            error.problems = tuple(redacted(problem, redact) for problem in error.problems)
        error.args = tuple(redact(one) if isinstance(one, str) else one for one in error.args)
        error = error.__cause__ or error.__context__
