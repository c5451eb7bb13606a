"""Progress where nothing can be redrawn: one line for what begins, ends, waits or fails, in ASCII.

A pipe, a log file or a CI page reads it; escape codes and signs beyond ASCII would be noise there. The
observer writes on the engine's thread, a line at a time, and remembers only what the closing lines need.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill import events
from restmill.cli.text import STAGES, counted, grouped, in_ascii, lasting, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from restmill.cli.progress.model import Line, Progress
    from restmill.events import Event

_WORTH_A_LINE = 1.0
"""Seconds a wait must last: the budget makes many shorter ones."""
_ALIKE = 10.0
"""Seconds in which retries of a resource for the same reason are one line: pages are read side by side."""


@dataclass(slots=True)
class _Folded:
    """Retries alike: when the last line was said, and how many there were since."""

    at: float
    more: int = 0


class Lines:
    """An observer that says what happens, through `say`. Ends of many-read resources are said by `close`."""

    def __init__(
        self, progress: Progress, say: Callable[[str], None], *, singles: Collection[str] = ()
    ) -> None:
        self._progress = progress
        self._say = say
        self._singles = frozenset(singles)
        """Resources that are known to have one read, so that its end is the resource's end."""
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._retried: dict[tuple[str, int, str], _Folded] = {}

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        self._progress(event)
        with self._lock:
            text = self._told(event)
            if text:
                self._say(in_ascii(one_line(text)))

    def close(self, now: float) -> None:
        """Say the ends that could not be known before the run's end."""
        for line in self._progress.picture(now).lines:
            if line.resource in self._begun - self._ended:
                self._say(in_ascii(one_line(f"{line.resource}: {ending(line)}")))

    def _told(self, event: Event) -> str:
        match event:
            case events.ReadStarted(resource=name, target=target) if name not in self._begun:
                self._begun.add(name)
                return f"{name}: reading {target}"
            case events.ReadDone(resource=name, at=at) | events.ReadFailed(resource=name, at=at):
                return self._end(name, at)
            case events.Retrying():
                return self._retry(event)
            case events.StageBegan(stage=stage):
                return STAGES.get(stage, "")
            case _:
                return _trouble(event)

    def _retry(self, event: events.Retrying) -> str:
        """A line for the first of many retries alike, which says how many there were since the last line."""
        kind = (event.resource, event.attempt, event.why)
        last = self._retried.get(kind)
        if last is not None and event.at < last.at + _ALIKE:
            last.more += 1
            return ""
        self._retried[kind] = _Folded(event.at)
        more = f" (and {last.more:,} more like it before)" if last is not None and last.more else ""
        next_one = f"the next one in {lasting(event.wait)}"
        return f"{event.resource}: attempt {event.attempt} failed, {next_one}: {event.why}{more}"

    def _end(self, name: str, at: float) -> str:
        if name not in self._singles:
            return ""
        self._ended.add(name)
        line = next(line for line in self._progress.picture(at).lines if line.resource == name)
        return f"{name}: {ending(line)}"


def _trouble(event: Event) -> str:
    match event:
        case events.Waiting(resource=name, host=host, wait=wait, why=why) if wait >= _WORTH_A_LINE:
            return f"{name}: waiting {lasting(wait)} for {host}: {why}"
        case events.HostHalted(host=host, why=why):
            return f"{host} is halted: {why}"
        case _:
            return ""


def ending(line: Line) -> str:
    """`1,300 rows, 13 pages, 2 retries, 1.2 s`, and why when it did not end well."""
    parts = [counted(line.rows, "row"), counted(line.pages, "page")]
    if line.reads > 1:
        parts.append(counted(line.reads, "read"))
    if line.retries:
        parts.append(counted(line.retries, "retry"))
    parts.append(lasting(line.seconds))
    word = {"short": "incomplete, ", "failed": "failed, ", "reading": "stopped, "}.get(line.state, "")
    why = f": {line.why}" if line.state in ("short", "failed") and line.why else ""
    return word + ", ".join(parts) + grouped(why)
