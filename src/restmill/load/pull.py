"""Pulling: dlt's generators take pages from the engine.

dlt asks its generators in turn. One that has nothing yet yields None, and dlt asks the next: that is how all
resources read at the same time although dlt's extract step has one thread. Closing a generator closes its
reads.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from restmill.errors import ApiError, ConfigError, Place, Problem
from restmill.events import ParentDone
from restmill.load.watch import tell
from restmill.run.channel import Ended
from restmill.run.order import Bound, order_for
from restmill.shape.rename import rename

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from restmill.path import Json
    from restmill.plan.spec import Parent, Plan, Resource
    from restmill.run.session import ReadHandle, Session
    from restmill.shape.press import Press
    from restmill.shape.pressed import Records

    # One parent's child read, the values bound to it, and what its records take from the parent.
    _Begun: TypeAlias = tuple[ReadHandle, Mapping[str, Json], Mapping[str, Json]]

_PATIENCE = 0.02
"""Seconds a generator waits for news before it lets dlt ask the others; any read's news ends the wait."""
_MOST_OPEN = 64
"""Child reads begun but not yet taken, per page of parents."""


def pull_pages(
    session: Session, plan: Plan, resource: Resource, bound: Bound, press: Press | None = None
) -> Iterator[Records | None]:
    """The pages of one top-level read, in order, pressed where `press` can; None while there is nothing yet.

    Raises:
        ApiError: the read failed and the resource's `on_error` is `raise`.
    """
    handle = session.read(replace(order_for(plan, resource, bound), press=press))
    try:
        yield from _drain(handle, resource)
    finally:
        handle.close()


def pull_children(
    session: Session, plan: Plan, resource: Resource, parents: Iterable[Json], bound: Bound
) -> Iterator[Records | None]:
    """The child pages of some parent records, in the parents' order; up to 64 parents are read at once.

    Raises:
        ApiError: a read failed, or a parent has no value to bind, and the resource's `on_error` is `raise`.
        ValueError, TypeError: a parent's value fits no path or format, likewise.
    """
    begun = filter(None, (_begin(session, plan, resource, record, bound) for record in parents))
    opened: deque[_Begun] = deque()
    try:
        opened.extend(islice(begun, _MOST_OPEN))  # those before a parent that raises are closed as well
        while opened:
            handle, values, included = opened[0]
            ended = yield from _drain(handle, resource, included)
            tell(ParentDone(resource.name, time.monotonic(), values, ended.basis))
            handle.close()
            opened.popleft()
            opened.extend(islice(begun, 1))
    finally:
        for handle, *_ in opened:
            handle.close()


def _begin(session: Session, plan: Plan, resource: Resource, record: Json, bound: Bound) -> _Begun | None:
    """The child read of one parent record; None: skipped and counted."""
    values: dict[str, Json] = {}
    try:
        values, included = _bound_values(resource, record)
        order = order_for(plan, resource, Bound({**bound.values, **values}, bound.params))
    except (ApiError, ValueError, TypeError) as error:
        if resource.on_error == "raise" or isinstance(error, ConfigError):
            raise
        session.skipped(resource.name, error.problem.what if isinstance(error, ApiError) else str(error))
        tell(ParentDone(resource.name, time.monotonic(), values))
        return None
    return session.read(order), values, included


def _bound_values(resource: Resource, record: Json) -> tuple[dict[str, Json], dict[str, Json]]:
    """Placeholder values, and fields to include, from a parent's record."""
    parent = resource.parent
    assert parent is not None
    values = {
        name: _field(resource, parent, record, str(path), path.find(record))
        for name, path in parent.fields.items()
    }
    included = {
        f"_{parent.resource}_{key}": _field(resource, parent, record, key, _top(record, key))
        for key in parent.include
    }
    return values, included


def _field(resource: Resource, parent: Parent, record: Json, name: str, found: list[Json]) -> Json:
    if found:
        return found[0]
    have = ", ".join(str(key) for key in record) if isinstance(record, dict) else type(record).__name__
    raise ApiError(
        Problem(
            Place(f"{resource.name}"),
            f"a row of the parent resource `{parent.resource}` has no field `{name}`",
            got=f"fields {have}",
            hint="`on_error: isolate` skips and counts such rows.",
        )
    )


def _top(record: Json, key: str) -> list[Json]:
    return [record[key]] if isinstance(record, dict) and key in record else []


def _drain(
    handle: ReadHandle, resource: Resource, included: Mapping[str, Json] | None = None
) -> Generator[Records | None, None, Ended]:
    """The pages of a read, renamed and with what each record takes from its parent; returns how it ended."""
    while True:
        item = handle.poll(_PATIENCE)
        if isinstance(item, Ended):
            if item.error is not None and (
                resource.on_error == "raise" or not isinstance(item.error, ApiError)
            ):
                raise item.error
            return item
        if item is None:
            yield None
            continue
        page = [rename(record, resource.rename) for record in item] if resource.rename else item
        if included:
            for record in page:
                record.update(included)
        yield page
