"""Preview: the first page of each resource, by exactly one request each, and what a run would make of it.

A request that fails is not tried again, a child is asked for with its parent's first record, and an
incremental resource from its initial value. Everything a run would guess is guessed here by the same
functions, and said. Nothing is loaded and no cursor moves. (Fetching an OAuth token, and following a
redirect, take requests too.)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, assert_never

from restmill.errors import ApiError, Place, Problem
from restmill.events import ignore
from restmill.plan.parents import bindings
from restmill.plan.spec import Resource
from restmill.run.clock import SystemClock
from restmill.run.evidence.envelope import Envelope
from restmill.run.fetch.fetcher import Fetcher, Refused
from restmill.run.fetch.memory import Memory
from restmill.run.fetch.unforeseen import foreseen
from restmill.run.login import with_logins
from restmill.run.read.spec import Bound, order_for
from restmill.run.session.redacted import redact_value
from restmill.secrets import KEYRING
from restmill.shape.decode import keys_of, select
from restmill.shape.rename import rename
from restmill.wire.message import Page, without_login
from restmill.wire.paging.detect import detect_pager, detect_selector
from restmill.wire.paging.pagers import Done, Fan, Next

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping

    from restmill.path import Json
    from restmill.plan.spec import Cursor, Plan
    from restmill.run.clock import Clock
    from restmill.run.evidence.envelope import Seen
    from restmill.run.fetch.fetcher import Answer
    from restmill.run.read.spec import Order
    from restmill.run.transport.protocol import Transport
    from restmill.shape.decode import Selection
    from restmill.wire.message import Request
    from restmill.wire.paging.pagers import Decision, Pager

    Redact: TypeAlias = Callable[[str], str]

_LONGEST_VALUE = 40
"""Characters shown of a cursor or link in the next request."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How something is done, and whether the config said so or it was detected."""

    text: str = ""
    given: bool = True


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One resource after one request. Texts hold no secret."""

    resource: str
    request: str = ""
    """METHOD and URL as sent, without what credentials add."""
    auth: str = ""
    status: int = 0
    """0: there was no answer."""
    seconds: float = 0.0
    size: int = 0
    """Bytes of the body as decoded."""
    selector: Choice = Choice()
    pager: Choice = Choice()
    records: tuple[Json, ...] = ()
    """All records of the page, renamed as in a run, before processing steps."""
    total: int | None = None
    """Rows the server claims to hold."""
    following: str = ""
    """What a run would ask for next, or why it would end here."""
    notes: tuple[str, ...] = ()
    problem: Problem | None = None


def preview(
    plan: Plan,
    names: Collection[str],
    show: Callable[[Glimpse], None],
    transport: Callable[[Clock], Transport],
    clock: Clock | None = None,
) -> None:
    """Show a glimpse of each resource in `names`, in the plan's order, as they come.

    Raises:
        KeyError: a name is not in the plan.
    """
    asyncio.run(_preview(plan, names, show, transport, clock or SystemClock()))


async def _preview(
    plan: Plan,
    names: Collection[str],
    show: Callable[[Glimpse], None],
    transport: Callable[[Clock], Transport],
    clock: Clock,
) -> None:
    sender = transport(clock)
    try:
        async for glimpse in glimpses(plan, names, Fetcher(sender, Memory(plan.limits), clock, ignore)):
            show(glimpse)
    finally:
        await sender.close()


async def glimpses(plan: Plan, names: Collection[str], fetcher: Fetcher) -> AsyncIterator[Glimpse]:
    """A glimpse of each resource in `names`; parents that are not in it are asked in silence."""
    plan = with_logins(plan)
    KEYRING.learn(plan.secrets)
    redact = KEYRING.redact
    seen: dict[str, Glimpse] = {}
    needed = _with_ancestors(plan, names)
    for resource in plan.resources:
        if resource.name not in needed:
            continue
        if isinstance(resource, Resource):
            glimpse = await _safe_glimpse(plan, resource, seen, fetcher, redact)
        else:
            glimpse = Glimpse(resource.name, notes=("a ready dlt resource: it reads for itself",))
        seen[resource.name] = glimpse
        if resource.name in names:
            yield _redacted(glimpse, redact)


def _with_ancestors(plan: Plan, names: Collection[str]) -> set[str]:
    needed: set[str] = set()
    for name in names:
        above: str | None = name
        while above is not None and above not in needed:
            needed.add(above)
            known = next((one for one in plan.resources if one.name == above), None)
            if known is None:
                raise KeyError(above)
            above = known.parent.resource if isinstance(known, Resource) and known.parent else None
    return needed


async def _safe_glimpse(
    plan: Plan, resource: Resource, seen: Mapping[str, Glimpse], fetcher: Fetcher, redact: Redact
) -> Glimpse:
    """The glimpse; whatever an answer leads to is a problem of its own resource."""
    try:
        return await _glimpse(plan, resource, seen, fetcher, redact)
    except Exception as error:
        met = foreseen(error, Place(resource.name))
        if not isinstance(met, ApiError):
            raise
        return Glimpse(resource.name, problem=met.problem)


async def _glimpse(
    plan: Plan, resource: Resource, seen: Mapping[str, Glimpse], fetcher: Fetcher, redact: Redact
) -> Glimpse:
    try:
        order = order_for(plan, resource, _bound(resource, seen))
    except ApiError as error:
        return Glimpse(resource.name, problem=error.problem)
    once = replace(order.terms, policy=replace(order.terms.policy, max_retries=0))
    request = order.request if order.pager is None else order.pager.first(order.request)
    asked = Glimpse(resource.name, f"{request.method} {without_login(request.url)}")
    try:
        answer = await fetcher.fetch(request, once)
    except Refused as refused:
        return replace(asked, status=refused.status, problem=refused.error.problem)
    except ApiError as error:
        return replace(asked, problem=error.problem)
    return _read(asked, replace(order, request=request), answer, resource, redact)


def _bound(resource: Resource, seen: Mapping[str, Glimpse]) -> Bound:
    """Values from the parent's first record and the cursor's initial value.

    Raises:
        ApiError: the parent has no record, or its record lacks a field.
    """
    values, params = _of_cursor(resource.cursor) if resource.cursor else ({}, {})
    if resource.parent is None:
        return Bound(values, params)
    parent = seen[resource.parent.resource]
    if not parent.records:
        raise _unbound(resource, f"its parent `{parent.resource}` has no record to start from")
    first = next(bindings(resource.name, resource.parent, parent.records[0]), None)
    if first is None:
        raise _unbound(resource, f"the first record of its parent `{parent.resource}` has an empty list")
    if isinstance(first, Problem):
        raise ApiError(first)
    return Bound({**values, **first}, params)


def _unbound(resource: Resource, what: str, got: str = "") -> ApiError:
    return ApiError(Problem(Place(resource.name), what, got))


def _of_cursor(cursor: Cursor) -> tuple[dict[str, Json], dict[str, Json]]:
    """Placeholder values and parameters of a first run (`extract.incremental` does it with dlt's state)."""
    own = cursor.arguments.get("incremental")
    given = {
        name: getattr(own, name) if own is not None else cursor.arguments.get(name)
        for name in ("initial_value", "end_value")
    }
    convert = cursor.convert or (lambda value: value)
    initial, end = (None if value is None else convert(value) for value in given.values())
    values: dict[str, Json] = {
        f"incremental.{name}": initial for name in ("initial_value", "start_value", "last_value")
    }
    values["incremental.end_value"] = end
    params = {cursor.start_param: initial, cursor.end_param: end}
    return values, {name: value for name, value in params.items() if name}


def _redacted(glimpse: Glimpse, redact: Redact) -> Glimpse:
    """The glimpse with every text in it redacted, those of the records, too: they are shown, not loaded."""
    return replace(
        glimpse,
        request=redact(glimpse.request),
        following=redact(glimpse.following),
        notes=tuple(redact(note) for note in glimpse.notes),
        problem=glimpse.problem and glimpse.problem.cleaned(redact),
        records=tuple(redact_value(record, redact) for record in glimpse.records),
    )


def _read(asked: Glimpse, order: Order, answer: Answer, resource: Resource, redact: Redact) -> Glimpse:
    """The glimpse with everything that the answer tells."""
    response = answer.response
    glimpse = replace(asked, status=response.status, seconds=response.seconds, size=len(response.body))
    passed = answer.stop or answer.skipped
    if passed:
        return replace(glimpse, following=f"end: {passed}" if answer.stop else f"skipped: {passed}")
    selector = order.selector or detect_selector(answer.document)
    found = select(answer.document, selector)
    seen = Envelope(order.request, detected=order.selector is None).seen(1, answer, found, selector)
    page = Page(order.request, response, answer.document, seen.records)
    pager, guess = (order.pager, "") if order.pager else detect_pager(page)
    glimpse = replace(
        glimpse,
        selector=Choice(str(selector), order.selector is not None),
        pager=Choice(guess or pager.describe(), order.pager is not None),
        records=tuple(rename(record, resource.rename) for record in seen.records),
        notes=_notes(resource, found, seen),
    )
    if seen.fault:
        return replace(glimpse, problem=Problem(Place(resource.name), seen.fault))
    if not found.matched:
        return replace(glimpse, problem=_unmatched(resource, str(selector), answer.document))
    return _foreseen(glimpse, pager, page, redact)


def _notes(resource: Resource, found: Selection, seen: Seen) -> tuple[str, ...]:
    notes = []
    if resource.cursor is not None:
        notes.append("incremental: asked from the initial value, whatever earlier runs have loaded")
    if resource.steps and found.matched:
        notes.append("the rows are shown before the resource's processing steps")
    if found.nulls:
        notes.append(f"{found.nulls:,} left out: null where the selector leads")
    if sign := seen.beside or seen.changed:
        notes.append(f"the answer has {sign}, which may be a sign of an error: a run would doubt it")
    return tuple(notes)


def _unmatched(resource: Resource, selector: str, document: Json) -> Problem:
    return Problem(
        Place(resource.name),
        f"`data_selector: {selector}` matches nothing in the answer",
        got=keys_of(document),
        hint="Leave it out to have the records found.",
    )


def _foreseen(glimpse: Glimpse, pager: Pager, page: Page, redact: Redact) -> Glimpse:
    try:
        decision = pager.after(page)
        total = pager.total(page)
    except ApiError as error:  # the answer lacks what the paginator was told to find in it
        return replace(glimpse, problem=error.problem)
    return replace(glimpse, total=total, following=following(page.request, decision, redact))


def following(request: Request, decision: Decision, redact: Redact) -> str:
    """What comes after `request`, in a few words; redacted before it is cut short."""
    match decision:
        case Done(reason, complete):
            return f"end: {reason}" + ("" if complete else " (proves nothing)")
        case Next(then):
            return f"next: {_difference(request, then, redact)}"
        case Fan(series):
            count = "" if series.count is None else f" ... {series.count:,} more"
            last = series.at(series.count - 1) if series.count and series.count > 1 else None
            until = (
                f" ... {_difference(request, last, redact)} ({series.count:,} requests)" if last else count
            )
            return f"next: {_difference(request, series.at(0), redact)}{until}"
        case _:
            assert_never(decision)


def _difference(before: Request, after: Request, redact: Redact) -> str:
    """The parameters that `after` sets anew, or its address when that is another."""
    if after.address != before.address:
        return f"{after.method} {_cut(redact(without_login(after.url)), 2 * _LONGEST_VALUE)}"
    changed = [
        f"{key}={_cut(redact(str(value)))}"
        for key, value in after.params.items()
        if before.params.get(key) != value
    ]
    body = after.json if isinstance(after.json, dict) else {}
    earlier = before.json if isinstance(before.json, dict) else {}
    changed += [
        f"{key}={_cut(redact(str(value)))} (body)" for key, value in body.items() if earlier.get(key) != value
    ]
    return " ".join(changed) or after.target


def _cut(text: str, width: int = _LONGEST_VALUE) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."
