"""Pagers that count: by offset and by page number.

Servers cap the limit in silence, leave the total out, set it to 0 past the end, or mean this page only. So:
an offset moves by the rows received; a short page proves nothing; a total counts only while the rows do not
contradict it; and when in doubt, one more request is cheaper than a lost row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.wire.next_page.more_signs import SIZES, whole
from restmill.wire.paging.decision import Decision, Done, Fan, Next, Series, Slot, misses
from restmill.wire.paging.totals import DEFAULT_TOTAL, claimed, stated_total

if TYPE_CHECKING:
    from restmill.path import Path
    from restmill.wire.message import Page, Request

_PAST = {404: True, 416: True, 400: False}
"""Statuses of a page past the end -> whether they prove the end; a 400 may as well be a forbidden offset."""
_TRUE, _FALSE = ("yes", "true", "t", "y", "1"), ("no", "false", "f", "n", "0")


@dataclass(frozen=True, slots=True)
class Offset:
    """dlt's `OffsetPaginator`, with its options, except that the offset moves by the rows received."""

    limit: int
    offset: int = 0
    offset_param: str | None = None
    """None: `offset`, unless `offset_body_path` is given."""
    limit_param: str | None = None
    """None: `limit`, unless `limit_body_path` is given."""
    total_path: Path | None = DEFAULT_TOTAL
    """Number of all rows."""
    maximum_offset: int | None = None
    stop_after_empty_page: bool = True
    has_more_path: Path | None = None
    offset_body_path: str | None = None
    limit_body_path: str | None = None
    total_header: str | None = None
    """Response header with the number of all rows; it wins over `total_path`."""

    def first(self, request: Request) -> Request:
        """`request` with the start offset and the limit."""
        limit = Slot.of(self.limit_param, self.limit_body_path, "limit")
        return limit.put(self.slot.put(request, self.offset), self.limit)

    def after(self, page: Page) -> Decision:
        """The page that starts behind the last row received.

        Raises:
            NotData: a declared total or `has_more_path` is not in the answer.
        """
        here, rows = self._here(page.request), page.length
        if not rows and self.stop_after_empty_page:
            return _emptied(self, page, _Reach(here + self.limit, self.limit, 1, ""))
        step = page.paged.step(self.limit) if page.paged else rows or self.limit
        then = here + step
        stated = claimed(self, page)
        total = self._credible(stated, here, rows)
        if total is not None:
            left = -((then - total - self._base) // step)
            met = f"the total of {total} rows is reached" if left <= 0 else ""
            return _onward(self, page, _Reach(then, step, left, met))
        # Rows that fill each page before this one look like a cap: the next page may be predicted as well.
        capped = step > 1 and here > self.offset and (here - self.offset) % step == 0
        full = step >= self.limit and stated != rows
        return _onward(self, page, _Reach(then, step, None if full or capped else 1, ""))

    def past_end(self, request: Request, status: int) -> Done | None:
        """Status 404, 416 or 400 behind the first offset is the end of the list."""
        return _past_end(status) if self._here(request) > self.offset else None

    def total(self, page: Page) -> int | None:
        """The total, unless this page contradicts it or it may be the length of this page only."""
        found = stated_total(self, page)[0] if page.countable else None
        here = self._here(page.request)
        if found is not None and here > self.offset and here - self._base > found:
            return None  # an empty page further behind than the total reaches: rows have gone before it
        return self._credible(found, here, page.length)

    def describe(self) -> str:
        """For example `offset: offset/limit=100, total at total, if there`."""
        limit = Slot.of(self.limit_param, self.limit_body_path, "limit")
        return f"offset: {self.slot}/{limit}={self.limit}" + _options(
            self, "maximum_offset", self.maximum_offset
        )

    @property
    def slot(self) -> Slot:
        """Where the number is written."""
        return Slot.of(self.offset_param, self.offset_body_path, "offset")

    @property
    def _base(self) -> int:
        """An offset starting at 1 counts rows from 1 (RFC 7644, 3.4.2.4): the last row is number `total`."""
        return 1 if self.offset == 1 else 0

    def _here(self, request: Request) -> int:
        here = whole(self.slot.read(request))
        return self.offset if here is None else here

    def _credible(self, total: int | None, here: int, rows: int) -> int | None:
        if total is None or (rows and here + rows - self._base > total):
            return None  # rows behind the end: the total is of something else
        page_length = here == self.offset and total == rows >= self.limit
        return None if page_length else total


@dataclass(frozen=True, slots=True)
class PageNumber:
    """dlt's `PageNumberPaginator`, with its options.

    `total_path` is the number of *pages*. Its default, `total`, is the number of rows in most APIs. Unless
    the name says `page`, both readings stay open: the read ends with the later one, and looks ahead only to
    the nearer; an empty page ends it in any case.
    """

    base_page: int = 0
    page: int | None = None
    """Number of the first page to read; None: `base_page`."""
    page_param: str | None = None
    """None: `page`, unless `page_body_path` is given."""
    total_path: Path | None = DEFAULT_TOTAL
    """Number of all pages."""
    maximum_page: int | None = None
    stop_after_empty_page: bool = True
    has_more_path: Path | None = None
    page_body_path: str | None = None
    base_known: bool = True
    """False when `base_page` was guessed: then pages are read up to the number `total`, not `total - 1`."""
    total_header: str | None = None
    """Response header with the total, read as `total_path` is; it wins over that."""

    def first(self, request: Request) -> Request:
        """`request` with the number of the first page."""
        return self.slot.put(request, self._start)

    def after(self, page: Page) -> Decision:
        """The page with the next number; an empty page is no end while declared pages are ahead.

        Raises:
            NotData: a declared total or `has_more_path` is not in the answer.
        """
        here, rows = self._here(page.request), page.length
        if not rows and self.stop_after_empty_page:
            following = _Reach(here + 1, 1, 1, "")
            misread = self._misread(page)
            if misread and self.counts_pages:
                return _onward(self, page, following)
            return _emptied(self, page, following, misread)
        ahead = self._ahead(claimed(self, page), here, page)
        met = f"all pages are read: {here} was the last" if ahead == 0 else ""
        return _onward(self, page, _Reach(here + 1, 1, ahead, met))

    def past_end(self, request: Request, status: int) -> Done | None:
        """Status 404, 416 or 400 behind the first page is the end of the list."""
        return _past_end(status) if self._here(request) > self._start else None

    def total(self, page: Page) -> int | None:
        """The number at `total_path` where it can only be rows; only the last page with rows is sure."""
        total = stated_total(self, page)[0] if page.countable else None
        rows, read = page.length, self._here(page.request) - self._base + 1
        if total is None or self.counts_pages or not 1 < rows < total or total < read * rows:
            return None
        return total

    def describe(self) -> str:
        """For example `page number: page from 1, total at pages`."""
        return f"page number: {self.slot} from {self._start}" + _options(
            self, "maximum_page", self.maximum_page
        )

    @property
    def slot(self) -> Slot:
        """Where the number is written."""
        return Slot.of(self.page_param, self.page_body_path, "page")

    @property
    def _start(self) -> int:
        return self.base_page if self.page is None else self.page

    @property
    def _base(self) -> int:
        """A read that starts with page 1 counts from 1, also when `base_page` was left at its default, 0."""
        return 1 if self._start == 1 else self.base_page

    @property
    def counts_pages(self) -> bool:
        """Whether the total is one of pages, by its name."""
        name = self.total_header or (self.total_path.text if self.total_path else "")
        return "page" in name.lower()

    def _here(self, request: Request) -> int:
        here = whole(self.slot.read(request))
        return self._start if here is None else here

    def _ahead(self, total: int | None, here: int, page: Page) -> int | None:
        """How many requests can be predicted: 0 when the last page is read, None when there is no bound."""
        rows, read = page.length, here - self._base + 1
        asked = asked_size(page.request)
        short = rows < (asked[1] if asked else 1)
        if total is None or (rows and read > total + (not self.base_known)):
            return 1 if short else None
        if self.counts_pages or not rows:
            return max(0, total + (not self.base_known and total > 1) - read)
        if total == rows:  # pages, rows, or the length of this page: only a short first page is sure
            return int(not short) if read == 1 else max(1, total - read)
        return self._nearer(total, rows, read)

    def _nearer(self, total: int, rows: int, read: int) -> int:
        pages_of_rows = -(-total // rows)
        full, rest = divmod(total - rows, read - 1) if read > 1 else (0, 1)
        if read <= pages_of_rows and ((rest == 0 and full >= rows) or read == pages_of_rows):
            return min(1, total - read)  # if the total counts rows, this was the last page: look no further
        return (pages_of_rows if read < pages_of_rows else total) - read

    def _misread(self, page: Page) -> str:
        total, where = stated_total(self, page)
        after_this = self._here(page.request) - self._base + (1 if self.counts_pages else 0)
        if total is None or total <= after_this:
            return ""
        return f"`{where or self.total_path}: {total}` is not the number of pages"


@dataclass(frozen=True, slots=True)
class _Reach:
    """What the numbers say: the next one, its step, how many are predictable, and why it is over."""

    then: int
    step: int
    ahead: int | None
    met: str


def _emptied(pager: Offset | PageNumber, page: Page, reach: _Reach, detail: str = "") -> Done:
    """The end at an empty page. It is no proof: a hole in the list looks the same from this side."""
    _, maximum = _maximum(pager)
    inside = maximum is None or reach.then < maximum
    probe = pager.slot.put(page.request, reach.then) if inside else None
    return Done("an empty page", complete=True, detail=detail, probe=probe, basis="end")


def _beyond(pager: Offset | PageNumber, page: Page, reach: _Reach) -> Request | None:
    """What lies behind a count that is met: the count may be of this page only, or capped."""
    _, maximum = _maximum(pager)
    if not page.length or (maximum is not None and reach.then >= maximum):
        return None
    return pager.slot.put(page.request, reach.then)


def _onward(pager: Offset | PageNumber, page: Page, reach: _Reach) -> Decision:
    more = says_more(page, pager.has_more_path)
    option, maximum = _maximum(pager)
    if more is False:
        return Done(f"`{pager.has_more_path}` is false", complete=True, basis="end")
    if reach.met and not more:
        probe = _beyond(pager, page, reach)
        return Done(reach.met, complete=True, probe=probe, basis="count")
    if maximum is not None and reach.then >= maximum:
        return Done(f"`{option}: {maximum}` is reached", complete=False)
    count = 1 if reach.met else reach.ahead
    if maximum is not None:
        room = -((reach.then - maximum) // reach.step)
        count = room if count is None else min(count, room)
    promised = reach.met != "" or reach.ahead is not None
    series = Series(page.request, pager.slot, reach.then, reach.step, count, promised)
    return Next(series.at(0)) if count == 1 else Fan(series)


def _maximum(pager: Offset | PageNumber) -> tuple[str, int | None]:
    if isinstance(pager, Offset):
        return "maximum_offset", pager.maximum_offset
    return "maximum_page", pager.maximum_page


def says_more(page: Page, path: Path | None) -> bool | None:
    """The boolean at `has_more_path`, also from a string (dlt's `str2bool`); None when no path is declared.

    Raises:
        NotData: the answer has nothing there, or no boolean.
    """
    if path is None:
        return None
    found = path.first(page.document)
    if found is None:
        raise misses(page, "has_more_path", path, "is not in the answer")
    if isinstance(found, str) and found.lower() in _TRUE + _FALSE:
        return found.lower() in _TRUE
    if not isinstance(found, bool):
        raise misses(page, "has_more_path", path, "is not true or false")
    return found


def _past_end(status: int) -> Done | None:
    if status not in _PAST:
        return None
    return Done(f"status {status} behind the last page", complete=_PAST[status], basis="end")


def asked_size(request: Request) -> tuple[str, int] | None:
    """The parameter that asks for so many rows, by a usual name, and how many; None when there is none."""
    for name, value in request.params.items():
        size = whole(value)
        if size and name.lower().replace("_", "").replace("-", "").lstrip("$") in SIZES:
            return name, size
    return None


def _options(pager: Offset | PageNumber, option: str, maximum: int | None) -> str:
    where = f"{pager.total_path}, if there" if pager.total_path is DEFAULT_TOTAL else pager.total_path
    total = f", total at {where}" if pager.total_path else ""
    total = f", total in the header {pager.total_header}" if pager.total_header else total
    more = f", more at {pager.has_more_path}" if pager.has_more_path else ""
    return total + more + (f", {option} {maximum}" if maximum is not None else "")
