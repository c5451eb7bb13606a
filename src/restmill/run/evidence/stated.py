"""What an answer states of its whole list: a number of rows or pages, as far as its pager can take it so.

Whatever such a number counts, it should not change while the list is read, and what came should meet it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.wire.next_page.more_signs import starts_behind
from restmill.wire.paging.pagers import Offset, PageNumber
from restmill.wire.paging.totals import any_total, least_total, pages_in, stated_total

if TYPE_CHECKING:
    from restmill.wire.message import Page
    from restmill.wire.paging.pagers import Pager


def stated_pages(pager: Pager | None, page: Page) -> int | None:
    """How many pages the answer states; None where the read began behind the first, or cuts its own pages."""
    if isinstance(pager, Offset) or (page.number == 1 and not page.length):
        return None
    if not isinstance(pager, PageNumber):
        return None if page.number > 1 or starts_behind(page.request) else pages_in(page)
    if pager.page not in (None, pager.base_page):
        return None
    return stated_total(pager, page)[0] if pager.counts_pages else pages_in(page)


def stated_least(pager: Pager | None, page: Page, said: int | None) -> int | None:
    """How many rows, or pages, there are at least, by a number that a counting pager does not go by.

    `total_path: null` says that the pages are not counted by a total. It takes nothing from what is stated,
    which is `said` (see `stated`).
    """
    if not page.countable:
        return None
    pages = isinstance(pager, PageNumber) and pager.total_path is not None
    declared = not isinstance(pager, Offset | PageNumber) or pager.total_path or pager.total_header
    return (said if pages or not declared else None) or least_total(page)


def stated_loosely(page: Page) -> int | None:
    """How many rows there may be, by a word that may mean the page size, too."""
    return least_total(page, whole_list=False) if page.countable else None


def stated(pager: Pager | None, page: Page) -> int | None:
    """Any number of all rows or pages in the answer: whatever it counts, it should not change."""
    if not page.countable:
        return None
    if isinstance(pager, Offset | PageNumber) and (pager.total_path or pager.total_header):
        total = stated_total(pager, page)[0]
        one = isinstance(pager, PageNumber) and pager.counts_pages and total == 1
        return None if one and not page.length else total  # an empty list has one page, for many
    return any_total(page)
