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
from typing import TYPE_CHECKING, TypeAlias, cast

from requests import RequestException

from restmill.errors import ApiError, Problem
from restmill.events import Noted, ParentDone
from restmill.load.extract.turns import in_turn, turn
from restmill.plan.parents import bindings, missing
from restmill.run.fetch.requests_errors import caused, told
from restmill.run.observers import tell
from restmill.run.read.spec import Bound, order_for
from restmill.run.session.channel import Ended
from restmill.run.user_code import own_code
from restmill.shape.rename import include, rename

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from restmill.path import Json
    from restmill.plan.spec import Parent, Plan, Resource
    from restmill.run.read.spec import Order, Taken
    from restmill.run.session.session import ReadHandle, Session
    from restmill.shape.page_parser import Press
    from restmill.shape.records import Records

    # One parent's child read, the values bound to it, and what its records take from the parent.
    _Begun: TypeAlias = tuple[ReadHandle, Mapping[str, Json], Mapping[str, Json]]

_PATIENCE = 0.02
"""Seconds a generator waits for news before it lets dlt ask the others; any read's news ends the wait."""
_MOST_OPEN = 64
"""Child reads begun but not yet taken, per page of parents."""


def pull_pages(
    session: Session,
    plan: Plan,
    resource: Resource,
    bound: Bound,
    press: Press | None = None,
    taken: Taken | None = None,
) -> Iterator[Records | None]:
    """The pages of one top-level read, in order, pressed where `press` can; None while there is nothing yet.

    Raises:
        ApiError: the read failed and the resource's `on_error` is `raise`.
    """
    try:
        order = order_for(plan, resource, bound)
    except Exception as error:
        if not skipped(session, resource, error):
            raise
        return
    handle = session.read(replace(order, press=press, taken=taken))
    try:
        yield from _drain(handle, resource)
    finally:
        handle.close()


def pull_children(
    session: Session, plan: Plan, resource: Resource, parents: Iterable[Json], bound: Bound
) -> Iterator[Records | None]:
    """The child pages of some parent records, in the parents' order; up to 64 parents are read at once.

    One at a time, where code of the user's is called between pages (see `turns`).

    Raises:
        ApiError: a read failed, or a parent has no value to bind, and the resource's `on_error` is `raise`.
        ValueError, TypeError: a parent's value fits no path or format, likewise.
    """
    if not in_turn(resource):
        yield from _pull_children(session, plan, resource, parents, bound)
        return
    with turn(session, resource.name) as is_mine:
        while not is_mine():
            yield None
        yield from _pull_children(session, plan, resource, parents, bound)


def _pull_children(
    session: Session, plan: Plan, resource: Resource, parents: Iterable[Json], bound: Bound
) -> Iterator[Records | None]:
    most_open = 1 if in_turn(resource) else _MOST_OPEN
    begun = (one for record in parents for one in _begin(session, plan, resource, record, bound))
    opened: deque[_Begun] = deque()
    try:
        opened.extend(islice(begun, most_open))  # those before a parent that raises are closed as well
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


def _begin(session: Session, plan: Plan, resource: Resource, record: Json, bound: Bound) -> Iterator[_Begun]:
    """The child reads of one parent record: none where a value is missing (counted), several for a list."""
    parent = resource.parent
    assert parent is not None
    for values in bindings(resource.name, parent, record):
        try:
            order, included = _order(plan, resource, record, values, bound)
        except Exception as error:
            if not skipped(session, resource, error):
                raise
            tell(ParentDone(resource.name, time.monotonic(), {} if isinstance(values, Problem) else values))
            continue
        yield session.read(order), cast("Mapping[str, Json]", values), included


def _order(
    plan: Plan, resource: Resource, record: Json, values: dict[str, Json] | Problem, bound: Bound
) -> tuple[Order, dict[str, Json]]:
    """The read with these values, and what its records take from the parent's."""
    assert resource.parent is not None
    if isinstance(values, Problem):
        raise ApiError(values)
    included = _included(resource.name, resource.parent, record)
    return order_for(plan, resource, Bound({**bound.values, **values}, bound.params)), included


def _included(resource: str, parent: Parent, record: Json) -> dict[str, Json]:
    """What a parent's record gives to each record of its children.

    Raises:
        ApiError: it lacks one of the fields.
    """
    for key in parent.include:
        if not _top(record, key):
            raise ApiError(missing(resource, parent, record, key))
    return {f"_{parent.resource}_{key}": record[key] for key in parent.include}


def _top(record: Json, key: str) -> list[Json]:
    return [record[key]] if isinstance(record, dict) and key in record else []


def skipped(session: Session, resource: Resource, error: Exception) -> bool:
    """Whether a read that cannot begin costs no other; it is told as one that failed."""
    unfit = resource.on_error == "isolate" and isinstance(error, ValueError | TypeError)  # of a value
    if not unfit and not is_isolated(resource, error):
        return False
    session.skipped(resource.name, error.problem.what if isinstance(error, ApiError) else told(error))
    return True


def is_isolated(resource: Resource, error: BaseException) -> bool:
    """Whether a read that failed costs no other: it is the API's or the user's doing, no fault of ours."""
    known = isinstance(error, ApiError | RequestException) or own_code(error) is not None
    return resource.on_error == "isolate" and known


def _drain(
    handle: ReadHandle, resource: Resource, included: Mapping[str, Json] | None = None
) -> Generator[Records | None, None, Ended]:
    """The pages of a read, renamed and with what each record takes from its parent; returns how it ended."""
    told: set[str] = set()
    while True:
        item = handle.poll(_PATIENCE)
        if isinstance(item, Ended):
            if item.error is not None and not is_isolated(resource, item.error):
                raise caused(item.error)
            return item
        if item is None:
            yield None
            continue
        page = [rename(record, resource.rename) for record in item] if resource.rename else item
        if included:
            own = {name for record in page for name in include(record, included)}
            for name in sorted(own - told):
                text = f"records have a field `{name}` of their own, which is kept as `original_{name}`"
                tell(Noted(resource.name, time.monotonic(), text))
            told |= own
        yield page
