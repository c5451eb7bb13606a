"""Turns: child reads that may not overlap, in the order in which they were asked for.

A user's own paginator or response action may wait between requests, count, or remember what it has seen;
under dlt there is one of them at work at a time, and parents have their turn one after the other.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from restmill.plan.spec import Fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from restmill.plan.spec import Resource
    from restmill.run.session.session import Session

_lines: MutableMapping[Session, dict[str, deque[object]]] = WeakKeyDictionary()


def in_turn(resource: Resource) -> bool:
    """Whether its lists are read one after the other: code of the user's is called between pages."""
    acts = any(not isinstance(rule.do, str) for rule in resource.actions)
    return acts or isinstance(resource.pager, Fresh)


@contextmanager
def turn(session: Session, resource: str) -> Iterator[Callable[[], bool]]:
    """A place in the resource's line until the block ends; what it gives says whether it is the first."""
    line = _lines.setdefault(session, {}).setdefault(resource, deque())
    place = object()
    line.append(place)
    try:
        yield lambda: line[0] is place
    finally:
        line.remove(place)
