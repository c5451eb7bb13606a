"""Redacted: what leaves the engine and the process, events, errors and receipts, without any known secret.

Errors and events name the address they are about, and an address may hold a key. They are cleaned here, once,
on their way out, so that nobody who prints, logs or stores them has to think of it. What is known is the
process's `KEYRING`, which grows: a token is a secret from the moment it has come.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from restmill.errors import RestmillError
from restmill.run.session.channel import Ended
from restmill.run.session.session import ReadHandle, Session
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.events import Event, Observer
    from restmill.path import Json
    from restmill.run.clock import Clock
    from restmill.run.read.spec import Order
    from restmill.run.receipt.receipt import Evidence, Receipt
    from restmill.run.transport.protocol import Transport
    from restmill.shape.records import Records
    from restmill.wire.limits.budget import Limits

    Redact: TypeAlias = Callable[[str], str]

_Frozen = TypeVar("_Frozen")
_NAMES = frozenset({"resource", "stage"})
"""Fields by which events are told apart: names of the config, not texts."""
_TOLD_APART = frozenset(
    (
        *("basis", "config_digest", "dataset", "kind", "load_id", "load_ids", "name", "pipeline"),
        *("resource", "run_id", "started", "table", "tables", "verdict", "versions"),
    )
)
"""Keys of JSON documents with names under them."""


class RedactedSession(Session):
    """A session whose events and errors hold no secret that is known."""

    def __init__(
        self,
        limits: Limits,
        transport: Callable[[Clock], Transport],
        redact: Redact = KEYRING.redact,
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

    def __init__(self, inner: ReadHandle, redact: Redact) -> None:  # all that `ReadHandle` has is the inner's
        self._inner = inner
        self._redact = redact

    def poll(self, wait: float = 0.0) -> Records | Ended | None:
        item = self._inner.poll(wait)
        if isinstance(item, Ended):
            redact_error(item.error, self._redact)
        return item

    def close(self) -> None:
        self._inner.close()


def redacting(observer: Observer, redact: Redact = KEYRING.redact) -> Observer:
    """An observer that passes events on to `observer` with every text in them redacted."""

    def tell(event: Event) -> None:
        observer(redacted_event(event, redact))

    return tell


def redacted_event(event: Event, redact: Redact = KEYRING.redact) -> Event:
    """The event with every text in it redacted; the same one where there is nothing to hide."""
    return _cleaned(event, redact, but=_NAMES)


def redacted_evidence(evidence: Evidence) -> Evidence:
    """The evidence of a resource with its sentences redacted; its name and its verdict are no texts."""
    return _cleaned(evidence, KEYRING.redact, but=frozenset({"resource", "verdict", "basis"}))


def redacted_receipt(receipt: Receipt) -> Receipt:
    """The receipt with its sentences redacted, by what is known at its end: a token may have come late."""
    return replace(
        receipt,
        location=KEYRING.redact(receipt.location),
        destination=KEYRING.redact(receipt.destination),
        resources=tuple(map(redacted_evidence, receipt.resources)),
        error=receipt.error and _cleaned(receipt.error, KEYRING.redact, but=frozenset({"kind"})),
    )


def redact_document(tree: Json, redact: Redact = KEYRING.redact) -> Json:
    """A JSON document with the texts in it redacted, but neither its keys nor what tells things apart."""
    match tree:
        case str():
            return redact(tree)
        case dict():
            return {
                key: one if key in _TOLD_APART else redact_document(one, redact) for key, one in tree.items()
            }
        case list() | tuple():
            return [redact_document(one, redact) for one in tree]
        case _:
            return tree


def _cleaned(one: _Frozen, redact: Redact, but: frozenset[str]) -> _Frozen:
    """A dataclass with its texts redacted, and those in its tuples."""
    texts = {
        field.name: value
        for field in fields(one)  # type: ignore[arg-type]  # a dataclass, whichever
        if field.name not in but and isinstance(value := getattr(one, field.name), str | tuple)
    }
    clean = {name: _cleaned_text(value, redact) for name, value in texts.items()}
    return replace(one, **clean) if clean != texts else one  # type: ignore[type-var]  # as above


def _cleaned_text(value: object, redact: Redact) -> object:
    if isinstance(value, tuple):
        return tuple(_cleaned_text(part, redact) for part in value)
    return redact(value) if isinstance(value, str) else value


def redact_error(error: BaseException | None, redact: Redact = KEYRING.redact) -> None:
    """Redact an error and all behind it, in place: a copy would leave the original in the traceback."""
    behind: list[BaseException | None] = [error]
    seen: set[int] = set()
    while behind:
        one = behind.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _redact_one(one, redact)
        behind += [one.__cause__, one.__context__]
        behind += [part for part in vars(one).values() if isinstance(part, BaseException)]
        behind += getattr(one, "exceptions", ())


def _redact_one(error: BaseException, redact: Redact) -> None:
    if isinstance(error, RestmillError):
        error.problems = tuple(problem.cleaned(redact) for problem in error.problems)
    error.args = tuple(redact_value(one, redact) for one in error.args)
    for name, value in vars(error).items():
        if isinstance(value, str | list | tuple | dict) and name != "problems":
            setattr(error, name, redact_value(value, redact))
    if isinstance(error, OSError):  # its text is made of these, not of `args`
        for name in ("filename", "strerror"):  # to set one that is None changes the text of the error
            if getattr(error, name) is not None:
                setattr(error, name, redact_value(getattr(error, name), redact))


def redact_value(value: Json, redact: Redact = KEYRING.redact) -> Json:
    """A record, or what an exception was given, with all its texts redacted; an object is kept as it is."""
    match value:
        case str() if type(value) is str:
            return redact(value)
        case bytes():
            text = value.decode("latin-1")
            clean = redact(text)
            return value if clean == text else clean.encode("latin-1")
        case list() | tuple() if type(value) in (list, tuple):
            return type(value)(redact_value(one, redact) for one in value)
        case dict() if type(value) is dict:
            return {redact_value(key, redact): redact_value(one, redact) for key, one in value.items()}
        case _:
            return value
