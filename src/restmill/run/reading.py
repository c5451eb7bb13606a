"""One paginated read: the pager says what is true, predictions make it fast.

After each page, in order, the pager names the one true next request. When it can also predict the requests
after that, they are fetched ahead, a few at first and twice as many with every page that proves them right.
A page whose request was predicted costs no waiting; a wrong prediction (a capped page, a drifting list) is
thrown away and costs speed, never rows. See docs/adr/0001.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, assert_never

from restmill.events import Noted, PageRead, ReadDone, ReadFailed, ReadStarted
from restmill.run.fetch import Answer, Refused
from restmill.run.lessons import must_ask, settle
from restmill.run.proof import Proof, stated
from restmill.shape.decode import fingerprint, keys_of, select
from restmill.wire.detect import detect_pager, detect_selector
from restmill.wire.message import Page
from restmill.wire.paging import (
    Cursor,
    Done,
    Fan,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    Next,
    Offset,
    PageNumber,
    Series,
    SinglePage,
)
from restmill.wire.ranges import asked_size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restmill.events import Observer
    from restmill.path import Json, Path
    from restmill.run.clock import Clock
    from restmill.run.fetch import Fetcher, Terms
    from restmill.run.lessons import Lesson
    from restmill.wire.message import Request
    from restmill.wire.paging import Decision, Pager

_FIRST_AHEAD = 2
_MOST_BYTES_AHEAD = 16 * 1024 * 1024
_LOOKBACK = 3
"""Pages compared with a new one: a server that ignores the offset repeats the very last page."""
_COUNTING = (Offset, PageNumber)
_REFERRING = (Cursor, JsonLink, HeaderLink, HeaderCursor)
_BUSY = frozenset({429, 503})
"""What a request behind the end is tried again for; any other error there is as good as an empty page."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to read. A pager or selector of None is detected from the first answer."""

    request: Request
    terms: Terms
    pager: Pager | None
    selector: Path | None
    most_ahead: int
    """Requests in flight ahead of the page being waited for."""
    keys: tuple[Path, ...] = ()
    """What makes two records different; without any, all they hold."""


@dataclass(frozen=True, slots=True)
class _Light:
    """An answer and the size of its body. The body itself is let go, unless somebody's own pager reads it."""

    answer: Answer
    size: int


@dataclass(frozen=True, slots=True)
class _Pending:
    """An end in doubt, while the request behind it is asked."""

    done: Done
    lesson: Lesson | None
    empty: bool


class Reading:
    """Reads all pages of one order and hands them on in request order."""

    def __init__(
        self,
        order: Order,
        fetcher: Fetcher,
        clock: Clock,
        observer: Observer,
        put: Callable[[list[Json], int], Awaitable[None]],
    ) -> None:
        self._order = order
        self._fetcher = fetcher
        self._clock = clock
        self._tell = observer
        self._put = put
        self._pager = order.pager
        self._selector = order.selector
        self._ahead: deque[tuple[Request, asyncio.Task[_Light]]] = deque()
        self._reach = _FIRST_AHEAD
        self._asked: set[int] = set()
        self._recent: deque[tuple[int, int]] = deque(maxlen=_LOOKBACK)
        self._proof = Proof(order.keys)
        self._pending: _Pending | None = None
        self._notes: set[str] = set()
        self._matched = False
        self._missed = ""
        self._pages = self._bytes = 0

    async def run(self) -> None:
        """Read to the end. The last event is a `ReadDone` or a `ReadFailed`.

        Raises:
            ApiError: the read could not go on; pages handed over before it remain valid.
        """
        self._tell(ReadStarted(self._order.terms.resource, self._clock.now(), self._order.request.target))
        try:
            done = await self._read_all()
        except asyncio.CancelledError:
            why = "stopped by the caller before the end"
            self._over(Done(why, complete=False))
            raise
        except Refused as refused:
            self._failed(refused.error)
            raise refused.error from refused
        except Exception as error:
            self._failed(error)
            raise
        finally:
            if self._pending is not None:  # unsettled: the next read has to ask for itself
                settle(self._pending.lesson, holds=False)
            self._forget_ahead()
        self._over(done)

    def _over(self, done: Done) -> None:
        proof = self._proof
        reason = f"{done.reason}: {done.detail}" if done.detail else done.reason
        doubt = proof.doubt() if done.complete else ""
        counts = proof.rows, self._pages
        basis = "" if doubt or not done.complete else proof.basis(done)
        self._tell(ReadDone(*self._stamp(), *counts, done.complete, reason, proof.distinct, doubt, basis))

    def _failed(self, error: Exception) -> None:
        self._tell(ReadFailed(*self._stamp(), self._proof.rows, self._pages, str(error)))

    def _stamp(self) -> tuple[str, float]:
        return self._order.terms.resource, self._clock.now()

    async def _read_all(self) -> Done:
        request = self._order.request if self._pager is None else self._pager.first(self._order.request)
        while True:
            following = await self._step(request)
            if isinstance(following, Done):
                return following
            request = following

    async def _step(self, request: Request) -> Request | Done:
        """One page: the next request, or the end. Nothing of the page is kept."""
        if hash_of(request) in self._asked:
            return self._end(Done("the paging went in a circle", complete=False, detail=request.target))
        self._asked.add(hash_of(request))
        light = await self._answer_or_end(request)
        if isinstance(light, Done):
            return self._end(light)
        page = self._page(request, light.answer)
        marks = self._proof.marks(page.records)
        repeated = self._repeats(page, marks)
        if self._pending is not None and (repeated is not None or not self._proof.news(marks)):
            return self._end(self._pending.done)
        self._refuted()
        if repeated is None:
            await self._hand_over(page, marks, light.size)
        elif not self._counts_from_one(page):
            return repeated
        return await self._after(page, light.answer)

    async def _after(self, page: Page, answer: Answer) -> Request | Done:
        decision = self._decide(page)
        if isinstance(decision, Done):
            return await self._ended(decision, page, answer)
        if self._proof.hollow:
            return Done("nothing but empty pages", complete=True, basis="end")
        if why := self._proof.stale():
            return Done(why, complete=False)
        self._note_cap(page)
        return self._look_ahead(decision)

    async def _answer_or_end(self, request: Request) -> _Light | Done:
        try:
            light = await self._answer(request)
        except Refused as refused:
            ended = self._pager.past_end(request, refused.status) if self._pager else None
            if ended is None and self._pending is not None and refused.status not in _BUSY:
                ended = self._pending.done
            if ended is None:
                raise
            return ended
        stop = light.answer.stop
        return Done(stop, complete=self._pages == 0, basis="declared") if stop else light

    async def _ended(self, done: Done, page: Page, answer: Answer) -> Request | Done:
        """The pager's end; or the request behind it, where the end is in doubt and nobody has asked yet."""
        done = self._judged(done, page, answer)
        if done.probe is None or not done.complete or not self._doubtful(page):
            return done
        lesson = None
        if page.number == 1 and not self._full(page):
            lesson = await must_ask(self._fetcher, self._order.terms.resource)
            if lesson is None:
                return done
        self._pending = _Pending(done, lesson, empty=not page.records)
        return done.probe

    def _doubtful(self, page: Page) -> bool:
        """Whether an end with something behind it may be a hole, or a count of this page only."""
        rows, proof = len(page.records), self._proof
        if not rows:
            return not proof.met and (proof.pages_with_rows > 1 or proof.first_full)
        return page.number == 1 or rows >= proof.first_rows or self._full(page)

    def _full(self, page: Page) -> bool:
        limit = self._pager.limit if isinstance(self._pager, Offset) else 0
        asked = asked_size(page.request)
        size = limit or (asked[1] if asked else 0)
        return 0 < size <= len(page.records)

    def _end(self, done: Done) -> Done:
        """`done`, or the end that was in doubt, now that nothing new was found behind it."""
        pending, self._pending = self._pending, None
        if pending is None:
            return done
        settle(pending.lesson, holds=True)
        return pending.done

    def _refuted(self) -> None:
        """There is something behind an end that was in doubt, if one was: read on."""
        pending, self._pending = self._pending, None
        settle(pending.lesson if pending else None, holds=False)
        if pending is not None and not pending.empty:
            self._proof.refuted()
            self._note(f"there are rows behind the end that the server states ({pending.done.reason})")

    def _page(self, request: Request, answer: Answer) -> Page:
        number = self._pages + 1
        if answer.skipped:
            self._note(f"page {number} was skipped: {answer.skipped}")
            return Page(request, answer.response, None, [], number)
        if self._selector is None:
            self._selector = detect_selector(answer.document)
            self._note(f"records are taken from `{self._selector}` (detected)")
        found = select(answer.document, self._selector)
        if found.matched:
            self._matched, self._missed = True, ""
        elif not self._matched:
            has = keys_of(answer.document)
            self._missed = f"data_selector `{self._selector}` matched nothing; the answer has {has}"
        return Page(request, answer.response, answer.document, found.records, number)

    def _decide(self, page: Page) -> Decision:
        if self._pager is None:
            self._pager, guess = detect_pager(page)
            self._note(guess)
        return self._pager.after(page)

    async def _hand_over(self, page: Page, marks: list[int], size: int) -> None:
        rows = len(page.records)
        self._pages += 1
        self._bytes += size
        self._proof.add(page.records, marks, full=self._full(page))
        if not rows and isinstance(self._pager, _COUNTING) and self._pager.stop_after_empty_page:
            self._proof.emptied()
        total = None if self._pager is None or page.document is None else self._pager.total(page)
        self._proof.claim(total, stated(self._pager, page), rows)
        self._tell(PageRead(*self._stamp(), self._pages, rows, size, page.response.seconds, total))
        await self._put(page.records, size)  # empty pages, too: dlt's limits count them

    def _repeats(self, page: Page, marks: list[int]) -> Done | None:
        """The end of the read, if this page is one we have seen. Pages of scalars may repeat honestly."""
        records = page.records
        if not records or not isinstance(records[0], dict) or isinstance(self._pager, SinglePage):
            return None
        seen = fingerprint([len(records), records[0], records[-1]]), hash(tuple(marks))
        if seen not in self._recent:
            self._recent.append(seen)
            return None
        if page.number == 2 and isinstance(self._pager, Offset) and len(records) > self._pager.limit:
            why = "the whole list came at once: the server does not page it"
            return Done(why, complete=True, basis="page")
        return Done(
            f"page {page.number} repeats an earlier page: the server seems to ignore the paging",
            complete=False,
        )

    def _counts_from_one(self, page: Page) -> bool:
        """Whether the second page repeats the first because the server's pages 0 and 1 are the same page."""
        guessed = isinstance(self._pager, PageNumber) and not self._pager.base_known
        if guessed and page.number == 2:
            self._note(
                "pages 0 and 1 are the same: the server counts from 1 (`base_page: 1` saves a request)"
            )
            self._pages += 1
            return True
        return False

    def _judged(self, done: Done, page: Page, answer: Answer) -> Done:
        """The pager's end, unless something was missed on the way there."""
        if self._missed:
            return replace(done, complete=False, reason=self._missed)
        if not answer.skipped:
            return done
        if self._order.terms.rules:
            return replace(done, complete=False, reason=f"the last page was skipped {answer.skipped}")
        if page.number == 1 and answer.response.status != HTTPStatus.NO_CONTENT:
            return Done("an empty answer: no document, and no word that there is no data", complete=False)
        if page.number > 1 and isinstance(self._pager, _REFERRING):
            return Done("an empty body where the way to the next page should be", complete=False)
        return done

    async def _answer(self, request: Request) -> _Light:
        """The answer to the true next request: already on its way if it was predicted."""
        if self._ahead and self._ahead[0][0] == request:
            return await self._ahead.popleft()[1]
        if self._ahead:
            self._note(f"pages came shorter or longer than predicted ({len(self._ahead)} fetched again)")
            self._forget_ahead()
        return await self._fetched(request)

    async def _fetched(self, request: Request) -> _Light:
        terms = self._order.terms
        if self._pending is not None:
            terms = replace(terms, policy=replace(terms.policy, statuses=terms.policy.statuses & _BUSY))
        answer = await self._fetcher.fetch(request, terms)
        size = len(answer.response.body)
        if self._pager is None or isinstance(self._pager, (*_COUNTING, *_REFERRING, SinglePage)):
            answer = replace(answer, response=replace(answer.response, body=b""))
        return _Light(answer, size)

    def _note_cap(self, page: Page) -> None:
        """Say so when the first of several pages is shorter than was asked for."""
        pager, rows = self._pager, len(page.records)
        if page.number == 1 and isinstance(pager, Offset) and 0 < rows < pager.limit:
            self._note(f"asked for {pager.limit} rows a page, got {rows}: the server caps them")

    def _look_ahead(self, decision: Next | Fan) -> Request:
        match decision:
            case Next(request):
                return request
            case Fan(series):
                self._predict(series)
                return series.at(0)
            case other:
                assert_never(other)

    def _predict(self, series: Series) -> None:
        """Keep up to `_reach` predicted requests on their way, starting where the present ones end."""
        if self._ahead and self._ahead[0][0] != series.at(0):
            return  # the truth has moved; `_answer` notices and starts anew
        mean = max(1, self._bytes // self._pages)
        reach = max(1, min(self._reach, self._order.most_ahead, _MOST_BYTES_AHEAD // mean))
        stop = reach if series.count is None else min(reach, series.count)
        for i in range(len(self._ahead), stop):
            request = series.at(i)
            task = asyncio.ensure_future(self._fetched(request))
            self._ahead.append((request, task))
        self._reach *= 2

    def _forget_ahead(self) -> None:
        for _, task in self._ahead:
            task.cancel()
            task.add_done_callback(_observe)
        self._ahead.clear()
        self._reach = _FIRST_AHEAD

    def _note(self, text: str) -> None:
        if text and text not in self._notes:
            self._notes.add(text)
            self._tell(Noted(*self._stamp(), text))


def hash_of(request: Request) -> int:
    """What makes two requests the same to a server: method, URL and body."""
    return hash((request.method, request.url, repr(request.json), repr(request.data)))


def _observe(task: asyncio.Task[_Light]) -> None:
    """Look at the error of a discarded prediction, or asyncio reports it as lost."""
    if not task.cancelled():
        task.exception()
