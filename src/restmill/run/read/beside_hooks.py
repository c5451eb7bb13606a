"""Beside the list: requests of our own where the user's functions look at the answers.

A request behind the end, or for the first page once more, is evidence for the verdict and no page of the
list. No function of the user's sees its answer, and what goes wrong with it fails no read: it is evidence
that is missing. So such an answer is looked at as the server sent it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.errors import ApiError
from restmill.run.evidence.list_end import stated_end
from restmill.run.fetch.fetcher import Refused
from restmill.shape.decode import Undecodable, read_document, select
from restmill.shape.encoding import recoded
from restmill.wire.message import Page

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.evidence.proof import Proof
    from restmill.run.fetch.fetcher import Answer, Fetcher
    from restmill.run.read.answers import Pages
    from restmill.run.read.meter import Account
    from restmill.run.read.spec import Order
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Done, Pager


class Beside:
    """Such requests of one pass."""

    def __init__(self, fetcher: Fetcher, order: Order, made: Pages, proof: Proof, account: Account) -> None:
        self._fetcher = fetcher
        self._terms = order.terms.aside
        self._extras = fetcher.extras(order.terms.resource)
        self._strict = order.strict
        self._made = made
        self._proof = proof
        self._account = account
        self._end: Done | None = None
        self.blind = False
        """Whether what lies behind an end could not be read."""
        self._reworded = False
        """Whether functions have made other records than the server sent."""
        self._bodies: set[int] = set()
        """What the server sent in their place: a body that comes again holds nothing new."""
        self._opening: tuple[Json, ...] | None = None
        """What names the elements of the first page as the server sent it, where functions reworded it."""

    def taken(self, page: Page, answer: Answer) -> None:
        """Enter a page of the list."""
        self._reworded = self._reworded or answer.raw is not None
        if answer.raw is not None:
            self._bodies.add(hash(answer.raw.body))
        if page.number == 1 and answer.raw is not None:
            self._opening = self._identity(page.request, answer.raw)

    def goes_on(self, page: Page, pager: Pager | None) -> None:
        """Enter that the pager goes on after `page`, be it that the server states an end there."""
        self._end = stated_end(pager, page)

    async def end_at(self, request: Request, believed: Done | None) -> Done | None:
        """The end, `believed` or stated, if no rows are behind it; None: `request` is one of the list."""
        if believed is not None or self._end is None:
            return None if believed is None or await self._rows_at(request, new=True) else believed
        question = await self._extras.must_ask("count", always=self._strict)
        if question is None:
            return self._end
        rows = await self._rows_at(request, new=False)
        question.settle(holds=None if self.blind else not rows)
        return None if rows else self._end

    async def _rows_at(self, request: Request, *, new: bool) -> bool:
        """Whether the answer holds rows, `new`: such as no page has brought."""
        self._account.requests += 1
        self._extras.spend()
        try:
            answer = await self._fetcher.fetch(request, self._terms)
        except (Refused, ApiError) as error:
            if isinstance(error, Refused):
                self._proof.depth.refused(error.response.text)
            if not isinstance(error, Refused) or error.no_end:
                self._unseen()
            return False
        if answer.raw is None or hash(answer.raw.body) in self._bodies:
            return False
        page = self._read(request, answer.raw)
        if page is None:
            if self._reworded:
                self._unseen()
            return False
        if self._reworded or not new:  # reworded: its marks are those of other records
            return bool(page.length)
        return self._proof.news(self._proof.marks(page.records, page.paged))

    def _unseen(self) -> None:
        self.blind = True
        self._proof.unseen()

    async def look_back(self, request: Request) -> None:
        """Ask for the first page once more, where it can be told from another, and enter what it is now."""
        opening = self._proof.opening if self._opening is None else self._opening
        if not opening:
            return
        self._account.requests += 1
        try:
            answer = await self._fetcher.fetch(request, self._terms)
        except (Refused, ApiError):
            self._proof.moved(known=False)
            return
        if self._identity(request, answer.response) != opening:
            self._proof.moved(known=True)

    def _identity(self, request: Request, response: Response) -> tuple[Json, ...]:
        page = self._read(request, response)
        return () if page is None else self._proof.identity(page)

    def _read(self, request: Request, response: Response) -> Page | None:
        """The page in an answer as the server sent it; None where there is nothing to be read as such."""
        kind, encoding = response.headers.get("Content-Type", ""), self._terms.encoding
        try:
            _, document = read_document(recoded(response.body, kind, encoding), kind, encoding)
        except Undecodable:
            return None
        if self._made.selector is None:
            return None
        found = select(document, self._made.selector)
        paged = self._made.lists.paged(document) if self._made.lists else None
        if not found.matched and (paged is None or not paged.elements):
            return None
        return Page(request, response, document, found.records, paged=paged)
