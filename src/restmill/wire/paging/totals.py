"""Totals: how many rows, or pages, there are in all, by what an answer states.

A total may stand at a declared path, under a usual name of the envelope, or in a header. One that stands on
the first page only still holds: where a later page is silent, the number stated before it counts, until
another number or more rows contradict it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.errors import NotData, Place, Problem, did_you_mean
from restmill.path import Path
from restmill.wire.next_page.more_signs import (
    COUNTS,
    LOOSE_COUNTS,
    STATED_TOTALS,
    envelope,
    objects_in_headers,
    scalars,
    whole,
)
from restmill.wire.next_page.next_words import PAGE_COUNTS
from restmill.wire.paging.decision import misses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json
    from restmill.wire.message import Page
    from restmill.wire.paging.numbered import Offset, PageNumber

DEFAULT_TOTAL = Path("total")
_PAGE_HEADERS = ("X-Total-Pages", "X-Page-Count", "X-Pagination-Page-Count", "X-Pages", "X-WP-TotalPages")
_SHARDS = "_shards."
"""Where Elasticsearch counts the parts of an index."""
_TOTAL_HEADERS = (
    "X-Total-Count",
    "X-Total",
    "Total-Count",
    "X-Records",
    "X-WP-Total",
    "X-Pagination-Total-Count",
    "X-Total-Records",
    "X-Total-Items",
    "Content-Range",
)


def claimed(pager: Offset | PageNumber, page: Page) -> int | None:
    """The total that a counting pager goes by.

    Raises:
        NotData: a declared one was never stated; it must be on the first page.
    """
    if not page.countable:
        return None
    total, _ = stated_total(pager, page)
    if total is not None or not (page.number == 1 or not pager.stop_after_empty_page):
        return total
    if pager.total_header:
        near = did_you_mean(pager.total_header, list(page.response.headers))
        what = f"`total_header: {pager.total_header}` is not a number in the answer"
        raise NotData(Problem(Place(path=page.request.target), what, hint=near))
    if pager.total_path not in (None, DEFAULT_TOTAL):
        raise misses(page, "total_path", pager.total_path, "is not a number in the answer")
    return None


def stated_total(pager: Offset | PageNumber, page: Page) -> tuple[int | None, str]:
    """The number of all rows (or pages) that holds on `page`, and where it stands; "" for the declared path.

    Where the config declares no total, one under a usual name counts, in the body or in a header.
    """
    where = pager.total_header or ""
    if pager.total_header:
        found = header_total(page.response.headers, pager.total_header)
    elif pager.total_path is None:
        return None, ""
    else:
        found = whole(pager.total_path.first(page.document))
    if found is None and pager.total_path == DEFAULT_TOTAL and not pager.total_header:
        found, where = page.once(_usual)
    return _or_before(found, page), where


def any_total(page: Page) -> int | None:
    """The number of all rows that an answer, or an earlier one, states in its document or in a header."""
    return _or_before(page.once(_usual)[0], page)


def least_total(page: Page, *, whole_list: bool = True) -> int | None:
    """How many rows there are at least, by a first page that counts more than it has itself.

    `recordCount: 137` over 25 rows is no length of the page; 25 may be one. `count: 137` may be how many were
    asked for (not `whole_list`): it says something where the list has several pages.
    """
    if page.number != 1 or not page.length:
        return None
    names = COUNTS if whole_list else LOOSE_COUNTS
    sent = {whole(value) for value in page.request.params.values()}
    counts = (whole(value) for _, name, value in scalars(envelope(page)) if name in names)
    found = (number for number in counts if number is not None and number > page.length)
    return max((number for number in found if number not in sent), default=None)


def _usual(page: Page) -> tuple[int | None, str]:
    """The number of all rows under a usual name, in the body or in a header, and where it stands."""
    in_body = total_in(envelope(page))
    if in_body:
        return in_body
    return total_in_headers(page.response.headers) or (None, "")


def total_in(document: Json) -> tuple[int, str] | None:
    """The number of all rows that `document` states under a name that means no less, and where it stands."""
    for path, name, value in scalars(document):
        number = whole(value) if name in STATED_TOTALS else None
        if number is not None and not path.startswith(_SHARDS):
            return number, path
    return None


def total_in_headers(headers: Mapping[str, str]) -> tuple[int, str] | None:
    """The number of all rows that a header of a usual name states, or the JSON in one, and its name."""
    for name in _TOTAL_HEADERS:
        total = header_total(headers, name)
        if total is not None:
            return total, name
    for name, inside in objects_in_headers(headers):
        if found := total_in(inside):
            return found[0], name
    return None


def pages_in(page: Page) -> int | None:
    """How many pages the answer states under a usual name, in its document or in a header."""
    return page.once(_pages)


def _pages(page: Page) -> int | None:
    in_body = (whole(value) for _, name, value in scalars(envelope(page)) if name in PAGE_COUNTS)
    in_header = pages_in_headers(page.response.headers) or (None, "")
    return next((number for number in (*in_body, in_header[0]) if number is not None), None)


def pages_in_headers(headers: Mapping[str, str]) -> tuple[int, str] | None:
    """How many pages a header states, and its name; None when none does."""
    found = ((whole(headers.get(name)), name) for name in _PAGE_HEADERS)
    within = (
        (whole(value), header)
        for header, inside in objects_in_headers(headers)
        for _, name, value in scalars(inside)
        if name in PAGE_COUNTS
    )
    return next(((number, name) for number, name in (*found, *within) if number is not None), None)


def header_total(headers: Mapping[str, str], name: str) -> int | None:
    """The number in header `name`; of `items 0-99/1300` (RFC 9110, 14.4) the one behind the slash."""
    value = headers.get(name, "")
    return None if value.startswith("bytes") else whole(value.rpartition("/")[2])


def _or_before(found: int | None, page: Page) -> int | None:
    return page.claimed_before if found is None else found
