"""One pass over a list, from its first page to its end: the pager says what is true, predictions are quick.

After each page, in order, the pager names the one true next request. What it can predict beyond that is
fetched ahead and thrown away when it proves wrong (docs/adr/0001). A pass keeps its own proof: a further one,
made to repair the first, is judged by the same rules.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never, cast

from restmill.errors import ApiError
from restmill.run.caller import called
from restmill.run.evidence.envelope import without_list
from restmill.run.evidence.list_end import (
    COUNTING,
    REFERRING,
    carries_pages,
    doubtful,
    is_full,
    is_short,
    judged,
    look_of,
    notes_on_first,
    reads_around,
    repeated,
    shifts,
    stated_end,
)
from restmill.run.evidence.proof import Proof
from restmill.run.evidence.stated import stated, stated_least, stated_loosely, stated_pages
from restmill.run.evidence.visited import Trail
from restmill.run.fetch.fetcher import Answer, Refused
from restmill.run.read.answers import Pages
from restmill.run.read.behind_end import BELIEVED, Behind
from restmill.run.read.beside_hooks import Beside
from restmill.run.read.prefetch import Ahead, Light
from restmill.wire.next_page.more_signs import is_positional
from restmill.wire.next_page.pointers import flag
from restmill.wire.paging.detect import as_dlt_sends, detect_pager
from restmill.wire.paging.pagers import Done, Fan, Next, Offset, PageNumber, SinglePage
from restmill.wire.paging.unfollowed import flagged, pointed, said_last

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restmill.path import Json, Path
    from restmill.run.evidence.list_end import Look
    from restmill.run.evidence.proof import Marks
    from restmill.run.fetch.extra_requests import Check
    from restmill.run.fetch.fetcher import Fetcher
    from restmill.run.read.meter import Account
    from restmill.run.read.spec import Order
    from restmill.shape.records import Records
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Decision

_LOOKBACK = 3
"""Pages compared with a new one: a server that ignores the offset repeats the very last page."""


@dataclass(frozen=True, slots=True)
class Way:
    """How pages come and go: where they are fetched, what is kept of them, where they are put."""

    fetcher: Fetcher
    put: Callable[[Records, int], Awaitable[None]]
    keep: Callable[[Records], list[Json]] | None = None
    """Which records of a page to hand on; None: all of them."""


class Pass:
    """Reads all pages of one order and hands them on in request order."""

    def __init__(self, order: Order, way: Way, account: Account, least: int = 0) -> None:
        """`least`: rows that the first page must have; with fewer, the pass is not worth making."""
        self.pager = order.pager
        self.proof = Proof(order.keys, merged=order.merged)
        self.capped = False
        """Whether the pass was given up because its first page had fewer rows than `least`."""
        self._order = order
        self._way = way
        self._account = account
        self._least = least
        self._extras = way.fetcher.extras(order.terms.resource)
        self._ahead = Ahead(self._fetched, order.most_ahead, account.note, self._extras)
        self._trail = Trail()
        self._made = Pages(order, self.proof, account, first=way.keep is None)
        self._recent: deque[Look] = deque(maxlen=_LOOKBACK)
        self._terms = order.terms
        self._behind = Behind(self._extras, self.proof, account, always=order.strict)
        self._said: int | None = None
        """The number of all rows, or pages, that the server stated last."""
        self._pages = 0
        self._beside: Beside | None = None
        if order.terms.acts:
            self._beside = Beside(way.fetcher, order, self._made, self.proof, account)

    @property
    def selector(self) -> Path | None:
        """Where the records are; None until a first answer has shown it."""
        return self._made.selector

    async def run(self) -> Done:
        """Read to the end.

        Raises:
            Refused, ApiError: the pass could not go on; pages handed over before remain valid.
        """
        try:
            done = await self._read_all()
            self._extras.ended(self._pages)
        finally:
            self._behind.settle(holds=None)  # if it still is: the next read has to ask for itself
            self._ahead.forget()
        return done

    async def _read_all(self) -> Done:
        first = request = await self._first()
        while True:
            if why := self._account.over():
                return self._behind.end or Done(why, complete=False)
            following = await self._step(request)
            if isinstance(following, Done):
                self._ahead.forget()
                await self._look_back(first, request, following)
                return following
            request = following

    async def _first(self) -> Request:
        if self.pager is None:
            return self._order.request
        if carries_pages(self.pager):
            return self.pager.first(self._order.request)
        return cast("Request", await called(self.pager.first, self._order.request))

    async def _step(self, request: Request) -> Request | Done:
        """One page: the next request, or the end. Nothing of the page is kept."""
        light = self._trail.enter(request, self.pager) or await self._answer_or_end(request)
        if isinstance(light, Done):
            return self._behind.holds(light)
        if self._behind.fallback:
            self._extras.spend()
        else:
            self._extras.page()
        self._account.spelt(light.answer.text)
        page = self._page(request, light.answer)
        if self._made.seen.fault:
            return self._faulty(page)
        marks = self.proof.marks(page.records, page.paged)
        still = self._trail.arrived(
            page.elements, fresh=self.proof.news(marks), met=self.proof.met, short=is_short(self.pager, page)
        )
        self.proof.passed_by = self._trail.passed_by(light.answer.lost)
        if still is not None:
            return self._behind.holds(still)
        again = self._repeats(page, marks.listed)
        if (end := self._behind.end) and (again is not None or not self.proof.news(marks)):
            return self._behind.holds(end)
        self._behind.goes_on(page)
        self.proof.left = ""
        if again is None:
            await self._hand_over(page, marks, light.size)
        elif not self._counts_from_one(page):
            return self._as_dlt_sends(page) or again
        return await self._after(page, light.answer)

    async def _after(self, page: Page, answer: Answer) -> Request | Done:
        if answer.skipped and page.number > 1 and isinstance(self.pager, REFERRING):
            return Done("an empty body where the way to the next page should be", complete=False)
        decision = await self._decide(page)
        self.proof.told = flag(page)[1] is False
        if isinstance(decision, Done):
            return await self._ended(decision, page, answer)
        self._made.leads_on(page)
        if self._beside:
            self._beside.goes_on(page, self.pager)
        if self.proof.hollow:
            return Done("nothing but empty pages", complete=True, basis="end")
        if why := self.proof.stale():
            return Done(why, complete=False)
        if page.number == 1 and page.length < self._least:
            self.capped = True
            return Done("the page size is capped", complete=False)
        if page.number == 1:
            self._press(page)
        self._expect_end(page)
        return await self._stated_end(page) or self._look_ahead(decision)

    def _expect_end(self, page: Page) -> None:
        """Where a link or cursor leads on, but the answer says that it is the last: expect nothing there."""
        if self._beside or self._made.seen.lost or not isinstance(self.pager, REFERRING):
            return
        why = said_last(page, self.pager, met=self.proof.proven)
        if why:
            self._behind.expects(Done(why, complete=True, basis="end"))
            self.proof.left = " ".join(filter(None, self._left(page)))

    async def _stated_end(self, page: Page) -> Done | None:
        """The end that the server states where the pager does not believe it, if that held in other reads."""
        end = None if self._beside else stated_end(self.pager, page)
        if end is None or await self._behind.asks_on(end, always=any(self._left(page))):
            return None
        return replace(end, basis="count")

    async def _answer_or_end(self, request: Request) -> Light | Done:
        if self._beside:
            end = await self._beside.end_at(request, self._behind.end)
            if end is not None:
                return self._behind.unseen() if self._beside.blind and self._behind.end else end
        try:
            light = await self._in_time(request)
        except TimeoutError:
            return Done(self._account.over(), complete=False)
        except (Refused, ApiError) as error:
            return self._behind.end_at(request, error, self.pager, self._said)
        stop = light.answer.stop
        if not stop:
            return light
        return Done(stop, complete=self._pages == 0 or self.proof.reached(self._said), basis="declared")

    async def _in_time(self, request: Request) -> Light:
        left = self._account.left
        if left is None:
            return await self._ahead.answer(request)
        async with asyncio.timeout(left):
            return await self._ahead.answer(request)

    async def _ended(self, done: Done, page: Page, answer: Answer) -> Request | Done:
        """The pager's end; or the request behind it, where the end is in doubt and nobody has asked yet."""
        done = judged(done, page, answer, missed=self._made.missed, ruled=bool(self._order.terms.rules))
        done = without_list(done, self._made.seen, page, self.pager, self.proof)
        full = is_full(self.pager, page)
        more, left = self._left(page)
        if done.probe is None or not done.complete or not (left or doubtful(page, self.proof, full=full)):
            self.proof.left = more or left
            return done if done.complete or not left else replace(done, detail=left)
        self.proof.left = more  # whether there is a page where something points, the probe tells
        check: Check = "count" if page.length else "end"
        check = "first" if page.number == 1 and not full else check
        if not await self._behind.asks(done, page, check, always=bool(left)):
            return done
        self._ahead.keep(done.probe)
        return done.probe

    def _left(self, page: Page) -> tuple[str, str]:
        """What the last answer says of more, and of a page that nobody asked for.

        A total that several pages met is stronger; one that a first page meets may be its own length.
        """
        proven = self.proof.proven
        if proven and page.number > 1:
            return "", ""
        knows, fresh = self._trail.knows, self._made.fresh
        pointer = pointed(page, self.pager, knows, firm_only=proven, fresh=fresh)
        return flagged(page, self.pager), pointer

    def _press(self, first: Page) -> None:
        """Let further pages be pressed, where nobody looks at their records or for a way on among them."""
        for note in notes_on_first(self.pager, first):
            self._account.note(note)
        press, selector = self._order.press, self.selector
        if press is None or selector is None or self._way.keep is not None or not self.proof.keyed:
            return
        if selector.plain and reads_around(self.pager, selector):
            press.begin(selector)
            self._terms = replace(self._terms, press=press)

    def _page(self, request: Request, answer: Answer) -> Page:
        page = self._made.page(request, answer, self._pages + 1, self._said)
        if self._beside:
            self._beside.taken(page, answer)
        return page

    def _faulty(self, page: Page) -> Done:
        """The end of the read at an error in disguise; behind a believed end, any error confirms that."""
        seen = self._made.seen
        end = self._behind.end
        self.proof.depth.refused(str(page.document))
        if end is None:
            return Done(seen.fault, complete=False)
        return self._behind.unseen() if seen.busy else self._behind.holds(end)

    async def _decide(self, page: Page) -> Decision:
        if self.pager is None:
            self.pager, guess = detect_pager(page)
            self._account.note(guess)
        self._said = stated(self.pager, page)
        if carries_pages(self.pager):
            return self.pager.after(page)
        return cast("Decision", await called(self.pager.after, page))

    async def _hand_over(self, page: Page, marks: Marks, size: int) -> None:
        rows = page.length
        self._pages += 1
        self._made.taken()
        follows = isinstance(self.pager, REFERRING) and not is_positional(page.request)
        self.proof.add(page.records, marks, full=is_full(self.pager, page), follows=follows)
        if not rows and isinstance(self.pager, COUNTING) and self.pager.stop_after_empty_page:
            self.proof.emptied()
        total = None if self.pager is None or page.document is None else self.pager.total(page)
        if total is not None and not isinstance(self.pager, COUNTING) and total < self.proof.listed:
            total = None  # of something else, or of this page
        said = stated(self.pager, page)
        self.proof.claim(total, said, rows, least=stated_least(self.pager, page, said))
        self.proof.hint(stated_loosely(page))
        self.proof.declare(stated_pages(self.pager, page))
        if isinstance(self.pager, Offset) and page.paged and page.paged.elements is None and page.records:
            self.proof.blind = True
        keep = self._way.keep
        records = page.records if keep is None else keep(page.records)
        self._account.page(len(records), size, page.response.seconds, total)
        if records or keep is None:  # empty pages, too: dlt's limits count them
            await self._way.put(records, size)

    def _repeats(self, page: Page, marks: list[int]) -> Done | None:
        """The end of the read, if this page is one we have seen."""
        look = None if isinstance(self.pager, SinglePage) else look_of(page, marks)
        if look is None or not any(map(look.same, self._recent)):
            self._recent += [] if look is None else [look]
            return None
        return repeated(self.pager, page)

    def _as_dlt_sends(self, page: Page) -> Request | None:
        """The second page as dlt asks for it, where a guessed parameter was not understood."""
        found = as_dlt_sends(self.pager, page.request)
        if self._order.pager is not None or page.number != 2 or found is None:
            return None
        self.pager, request = found
        self._account.note("the first page came again: the token is sent as `cursor`")
        return request

    def _counts_from_one(self, page: Page) -> bool:
        """Whether the second page repeats the first because the server's pages 0 and 1 are the same page."""
        guessed = isinstance(self.pager, PageNumber) and not self.pager.base_known
        if guessed and page.number == 2:
            self._account.note(
                "pages 0 and 1 are the same: the server counts from 1 (`base_page: 1` saves a request)"
            )
            self._pages += 1
            return True
        return False

    async def _look_back(self, first: Request, last: Request, done: Done) -> None:
        """Ask for the first page again, where nothing else can tell that the list moved while it was read."""
        proof = self.proof
        silent = done.complete and not proof.doubt() and proof.basis(done) != "total"
        told = silent and proof.pages_with_rows > 1 and proof.opening and shifts(self.pager, last)
        if not (told and self._order.repair) or self._account.over():
            return
        question = await self._extras.must_ask("moved", always=self._order.strict)
        if question is None:
            self._account.note(BELIEVED)
            return
        self._extras.spend()
        try:
            await (self._beside.look_back(first) if self._beside else self._again(first))
        finally:
            question.settle(holds=None if proof.moved_on is None else not proof.moved_on)

    async def _again(self, first: Request) -> None:
        """Ask for the first page once more, and enter what it is now."""
        try:
            light = await self._fetched(first, extra=True)
        except (Refused, ApiError):
            self.proof.moved(known=False)
            return
        page = self._page(first, light.answer)
        if self._made.seen.fault:
            self.proof.moved(known=False)
        elif self.proof.identity(page) != self.proof.opening:
            self.proof.moved(known=True)

    async def _fetched(self, request: Request, *, extra: bool = False) -> Light:
        self._account.requests += 1
        extra = extra or self._behind.fallback is not None
        answer = await self._way.fetcher.fetch(
            request, replace(self._terms, extra=True) if extra else self._terms
        )
        size = len(answer.response.body)
        if carries_pages(self.pager):
            answer = replace(answer, response=replace(answer.response, body=b"", guise=None, said=None))
        return Light(answer, size)

    def _look_ahead(self, decision: Next | Fan) -> Request:
        match decision:
            case Next(request):
                return request
            case Fan(series):
                self._ahead.predict(series, self._account.ahead)
                return series.at(0)
            case other:
                assert_never(other)
