"""Ends: whether a pager's end is one, or a hole, a count of one page only, or an answer without a body.

One more request tells, where there is something behind the end to ask for; a resource with many short lists
asks it once (see `extra_requests`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import partial
from http import HTTPStatus
from operator import itemgetter
from typing import TYPE_CHECKING

import orjson

from restmill.path import Path
from restmill.shape.decode import select
from restmill.shape.records import Pressed
from restmill.wire.next_page.more_signs import is_positional
from restmill.wire.paging.detect import detect_selector
from restmill.wire.paging.numbered import asked_size
from restmill.wire.paging.pagers import (
    Cursor,
    Done,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    Offset,
    PageNumber,
    SinglePage,
)
from restmill.wire.paging.totals import stated_total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from restmill.path import Json
    from restmill.run.evidence.proof import Proof
    from restmill.run.fetch.fetcher import Answer
    from restmill.shape.decode import Selection
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Pager

COUNTING = (Offset, PageNumber)
REFERRING = (Cursor, JsonLink, HeaderLink, HeaderCursor)


def doubtful(page: Page, proof: Proof, *, full: bool) -> bool:
    """Whether an end with something behind it may be a hole, or a count of this page only."""
    rows = page.length
    if not rows:
        return not proof.met and (proof.pages_with_rows > 1 or proof.first_full)
    return page.number == 1 or rows >= proof.first_rows or full


def stated_end(pager: Pager | None, page: Page) -> Done | None:
    """The end, if a first page as long as the total is all: a request behind it is ours, not the list's."""
    rows = len(page.records)
    if page.number != 1 or not rows or not isinstance(pager, Offset):
        return None
    if stated_total(pager, page)[0] != rows:
        return None
    return Done(f"the total of {rows} rows is reached", complete=True, basis="end")


def is_full(pager: Pager | None, page: Page) -> bool:
    """Whether the page has as many rows as were asked for."""
    return 0 < asked_for(pager, page.request) <= page.length


def is_short(pager: Pager | None, page: Page) -> bool:
    """Whether the page has fewer rows than were asked for; False where no number was."""
    return page.length < asked_for(pager, page.request)


def asked_for(pager: Pager | None, request: Request) -> int:
    """How many rows a page was asked for; 0 when that is not known."""
    named = asked_size(request)
    return pager.limit if isinstance(pager, Offset) else named[1] if named else 0


def notes_on_first(pager: Pager | None, page: Page) -> Iterator[str]:
    """That the first of several pages is shorter than was asked for, and where its total was found."""
    if page.number > 1 or not isinstance(pager, COUNTING):
        return
    rows = page.length
    if isinstance(pager, Offset) and 0 < rows < pager.limit:
        yield f"asked for {pager.limit} rows a page, got {rows}: the server caps them"
    where = "" if pager.total_header else stated_total(pager, page)[1]
    if where:
        kind = "the header " if where in page.response.headers else ""
        yield f"the total is taken from {kind}`{where}` (detected)"


def judged(done: Done, page: Page, answer: Answer, *, missed: str, ruled: bool) -> Done:
    """The pager's end, unless something was missed on the way there.

    `missed` says that the selector matched nothing; `ruled`: the config has rules for answers of its own.
    """
    if missed:
        return replace(done, complete=False, reason=missed)
    if not answer.skipped:
        return done
    if ruled:
        return replace(done, complete=False, reason=f"the last page was skipped {answer.skipped}")
    if page.number == 1 and answer.response.status != HTTPStatus.NO_CONTENT:
        return Done("an empty answer: no document, and no word that there is no data", complete=False)
    return done


def is_odd(found: Selection, document: Json, like: Sequence[Json]) -> bool:
    """Whether a further page has something else where the first one had its records, such as `like`.

    A page whose list is left out has no records; one with a list elsewhere has them elsewhere. A lone value
    is a list of one, if it looks like a record.
    """
    if not found.matched:
        others = select(document, detect_selector(document))
        return not others.lone and any(isinstance(record, dict) for record in others.records)
    if not (found.lone and like and isinstance(like[0], dict)):
        return False
    names = set(like[0])
    lone = found.records[0]
    return 2 * len(names.intersection(lone if isinstance(lone, dict) else ())) < len(names)


def shifts(pager: Pager | None, last: Request) -> bool:
    """Whether pages are places in the list, so that rows which come or go in front of one move it."""
    return isinstance(pager, COUNTING) or (isinstance(pager, JsonLink | HeaderLink) and is_positional(last))


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a page looks like: how many records, their marks, and how its first and its last record read."""

    rows: int
    marks: int
    ends: Callable[[], str]

    def same(self, other: Look) -> bool:
        """Whether both pages hold the same records, as far as one can tell."""
        return (self.rows, self.marks) == (other.rows, other.marks) and self.ends() == other.ends()


def look_of(page: Page, marks: list[int]) -> Look | None:
    """The look of a page; None for one that may come twice: an empty one, or one of scalars."""
    records = page.elements
    if not records:
        return None
    if isinstance(records, Pressed):
        first, last = records.record(0), records.record(-1)
        return Look(len(records), hash(tuple(marks)), lambda: _reading(first(), last()))
    if not isinstance(records[0], dict):
        return None
    return Look(len(records), hash(tuple(marks)), _kept(records[0], records[-1]))


def _kept(*records: Json) -> Callable[[], str]:
    """What reads the records as they are now: whoever gets them may change them."""
    try:
        text = orjson.dumps(records, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers beyond 64 bits
        return partial(str, _reading(*records))
    return lambda: _reading(*orjson.loads(text))


def _reading(*records: Json) -> str:
    """How records read, without what is null, or missing, in whatever order their keys are."""
    return repr([_full(record) for record in records])


def _full(value: Json) -> Json:
    if isinstance(value, dict):
        kept = ((key, _full(one)) for key, one in value.items() if one is not None)
        return sorted(((str(key), one) for key, one in kept), key=itemgetter(0))
    return [_full(one) for one in value] if isinstance(value, list) else value


def repeated(pager: Pager | None, page: Page) -> Done:
    """The end of a read whose page repeats an earlier one."""
    if page.number == 2 and isinstance(pager, Offset) and page.length > pager.limit:
        why = "the whole list came at once: the server does not page it"
        return Done(why, complete=True, basis="page")
    why = f"page {page.number} repeats an earlier page: the server seems to ignore the paging"
    return Done(why, complete=False)


def reads_around(pager: Pager | None, selector: Path) -> bool:
    """Whether all that this pager looks for in a document is somewhere else than its records."""
    if not (is_dataclass(pager) and carries_pages(pager)):
        return False
    paths = [value for one in fields(pager) if isinstance(value := getattr(pager, one.name), Path)]
    return all(path.plain and _apart(path.keys, selector.keys) for path in paths)


def _apart(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether neither of two places is, or is inside of, the other."""
    return any(a != b for a, b in zip(one, other, strict=False))


def carries_pages(pager: Pager | None) -> bool:
    """Whether pages of this pager can do without the body they came in."""
    return pager is None or isinstance(pager, (*COUNTING, *REFERRING, SinglePage))
