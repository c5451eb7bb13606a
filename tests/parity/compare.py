"""What two outcomes disagree about, in words. An empty list means parity."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.parity.engines import Outcome
    from tests.parity.server import Sent

_SHOWN = 3
_PLACE = re.compile(r"(?<=[?&\"])(offset|page)(=|\":)(\d+)")


def differences(
    theirs: Outcome, ours: Outcome, *, past_end: bool = False, any_order: bool = False
) -> list[str]:
    """Everything dlt's outcome and ours do not share.

    With `past_end`, requests beyond the end, and for a page again, are allowed; with `any_order`, columns may
    come in another order, as they do when the rows of several parents come in another order.
    """
    if theirs.failed or ours.failed:
        return list(_failure(theirs, ours))
    return [
        *_mappings("hints of table", theirs.hints, ours.hints),
        *_columns(theirs, ours, any_order=any_order),
        *_mappings("DuckDB table", _arranged(theirs, any_order), _arranged(ours, any_order)),
        *_rows(theirs.rows, ours.rows),
        *_mappings("state of source", theirs.state, ours.state),
        *_requests(theirs.sent, ours.sent, past_end=past_end),
    ]


def looked_ahead(theirs: Outcome, ours: Outcome) -> int:
    """How many requests past the end ours has sent."""
    return len(_beyond(theirs.sent, ours.sent))


def _failure(theirs: Outcome, ours: Outcome) -> Iterator[str]:
    if bool(theirs.failed) != bool(ours.failed):
        yield f"dlt {theirs.failed or 'succeeded'}, restmill {ours.failed or 'succeeded'}"


def _mappings(what: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted({*theirs, *ours}):
        if name not in ours:
            yield f"{what} {name}: missing"
        elif name not in theirs:
            yield f"{what} {name}: not in dlt's"
        elif theirs[name] != ours[name]:
            yield f"{what} {name}:\n    dlt      {theirs[name]}\n    restmill {ours[name]}"


def _arranged(outcome: Outcome, any_order: bool) -> Mapping[str, Any]:
    return {name: sorted(table) if any_order else table for name, table in outcome.physical.items()}


def _columns(theirs: Outcome, ours: Outcome, *, any_order: bool) -> Iterator[str]:
    for table in sorted({*theirs.columns} & {*ours.columns}):
        yield from _mappings(f"column {table}.", theirs.columns[table], ours.columns[table])
        if not any_order and list(theirs.columns[table]) != list(ours.columns[table]):
            yield f"order of columns in {table}: {list(theirs.columns[table])} / {list(ours.columns[table])}"


def _rows(theirs: Mapping[str, list[str]], ours: Mapping[str, list[str]]) -> Iterator[str]:
    for table in sorted({*theirs, *ours}):
        missing = Counter(theirs.get(table, ())) - Counter(ours.get(table, ()))
        extra = Counter(ours.get(table, ())) - Counter(theirs.get(table, ()))
        if missing or extra:
            yield f"rows of {table}: {_some('missing', missing)}{_some('not in dlt', extra)}"


def _some(what: str, rows: Counter[Any]) -> str:
    shown = "".join(f"\n    {what}: {row}" for row in list(rows)[:_SHOWN])
    return f"{sum(rows.values())} {what}{shown} "


def _requests(theirs: list[Sent], ours: list[Sent], *, past_end: bool) -> Iterator[str]:
    missing = Counter(theirs) - Counter(ours)
    extra = Counter(ours) - Counter(theirs)
    if past_end:
        extra -= Counter(_beyond(theirs, ours))
    if missing or extra:
        yield f"requests: {_some('missing', missing)}{_some('not sent by dlt', extra)}"


def _beyond(theirs: list[Sent], ours: list[Sent]) -> list[Sent]:
    """Requests of ours behind what dlt asked for: for a place further on, or again, once, to look back."""
    furthest: dict[str, int] = {}
    for sent in theirs:
        list_, place = _split(sent)
        furthest[list_] = max(furthest.get(list_, -1), place)
    extra = Counter(ours) - Counter(theirs)
    found = []
    for sent in extra.elements():
        list_, place = _split(sent)
        looks_back = sent in theirs and sent not in found
        if looks_back or (list_ in furthest and place > furthest[list_]):
            found.append(sent)
    return found


def _split(sent: Sent) -> tuple[str, int]:
    """The list a request belongs to, and how far into it; -1 where no place is named."""
    asked = f"{sent.run} {sent.target} {sent.body}"
    found = _PLACE.search(asked)
    return _PLACE.sub(r"\1=", asked), int(found[3]) if found else -1
