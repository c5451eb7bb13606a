"""Who watches a run: observers for the whole process, and the log.

A dlt source is often built in one place and run in another, so observers are not passed along but registered
for as long as a `with` block lasts. Whatever is worth a user's attention also goes to the `restmill` logger,
whether or not anybody watches.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from restmill import events
from restmill.run.session.redacted import redacted_event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.events import Event, Observer

log = logging.getLogger("restmill")
_watchers: tuple[Observer, ...] = ()


@contextmanager
def watching(*observers: Observer) -> Iterator[None]:
    """Send every event of this process to `observers`, too, until the block ends."""
    global _watchers  # noqa: PLW0603  # replaced whole, so that a running `tell` sees one state or the other
    before = _watchers
    _watchers = (*before, *observers)
    try:
        yield
    finally:
        _watchers = tuple(watcher for watcher in _watchers if watcher not in observers)


@contextmanager
def watching_alone(*observers: Observer) -> Iterator[None]:
    """Send every event of this process to `observers` and the log only, until the block ends."""
    global _watchers  # noqa: PLW0603  # as above
    before, _watchers = _watchers, observers
    try:
        yield
    finally:
        _watchers = before


def tell(event: Event) -> None:
    """Pass an event, without any known secret, to the log and to everybody watching."""
    event = redacted_event(event)
    _log(event)
    for watcher in _watchers:
        watcher(event)


def _log(event: Event) -> None:
    match event:
        case events.Retrying(resource, _, attempt, wait, why):
            log.warning("%s: attempt %d failed (%s); next one in %.1f s", resource, attempt, why, wait)
        case events.Waiting(resource, _, host, wait, why) if wait >= 1:
            log.warning("%s: waiting %.1f s for %s (%s)", resource, wait, host, why)
        case events.HostHalted(_, _, host, why):
            log.error("%s is halted: %s", host, why)
        case events.ReadDone(resource, _, rows, pages, complete, reason) if not complete:
            log.warning("%s: incomplete after %d rows, %d pages: %s", resource, rows, pages, reason)
        case events.ReadFailed(resource, _, rows, pages, error):
            log.error("%s: failed after %d rows, %d pages: %s", resource, rows, pages, error)
        case events.Quarantined() | events.LeftOut():
            _log_refused(event)
        case events.Noted() | events.RowsNoted() | events.Doubted() | events.CursorHeld():
            _log_note(event)
        case _:
            log.debug("%s", event)


def _log_refused(event: events.Quarantined | events.LeftOut) -> None:
    match event:
        case events.Quarantined(resource, _, rows, table):
            log.warning("%s: %d records cannot become rows and are kept in %s", resource, rows, table)
        case events.LeftOut(resource, _, rows, why):
            log.warning("%s: %d records left out: %s", resource, rows, why)


def _log_note(event: events.Noted | events.RowsNoted | events.Doubted | events.CursorHeld) -> None:
    match event:
        case events.Noted(resource, _, text):
            log.info("%s: %s", resource, text)
        case events.RowsNoted(resource, _, rows, text):
            log.info("%s: %d rows %s", resource, rows, text)
        case events.Doubted(resource, _, text):
            log.warning("%s: suspect: %s", resource, text)
        case events.CursorHeld(resource, _, why):
            log.warning("%s: the cursor stays, and the next run reads the same again: %s", resource, why)
