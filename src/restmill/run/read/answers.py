"""From answers to pages: records are selected, and it is judged whether the answer is a page at all.

Where the selector is a guess, the first answer makes it. What speaks against a page goes into the proof; what
the selector has missed is kept for the end of the read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.run.evidence.envelope import Envelope, Seen
from restmill.run.evidence.list_end import asked_for, is_odd
from restmill.shape.decode import keys_of, select
from restmill.wire.errors.elements import error_of_element
from restmill.wire.message import Page
from restmill.wire.paging.detect import detect_selector
from restmill.wire.paging.paged_lists import Lists

if TYPE_CHECKING:
    from restmill.path import Json, Path
    from restmill.run.evidence.proof import Proof
    from restmill.run.fetch.fetcher import Answer
    from restmill.run.read.meter import Account
    from restmill.run.read.spec import Order
    from restmill.shape.decode import Selection
    from restmill.wire.errors.envelopes import Keys
    from restmill.wire.message import Paged, Request


class Pages:
    """Makes the pages of one pass."""

    def __init__(self, order: Order, proof: Proof, account: Account, *, first: bool = True) -> None:
        """`first`: the pass is the first one of its read, so that what it leaves out is counted."""
        self.selector = order.selector
        self.seen = Seen([])
        """What the answer that came last is."""
        self.missed = ""
        """That no answer had what the selector names; "" once one had it."""
        self._pager = order.pager
        self._proof = proof
        self._note = account.note
        self._account = account if first else None
        self._nulls = 0
        self._envelope = Envelope(order.request, detected=order.selector is None)
        self.lists: Lists | None = None
        """What tells the list that is paged; None before the first page."""
        self._matched = False

    def page(self, request: Request, answer: Answer, number: int, said: int | None) -> Page:
        """Page `number`; `said` is the number of all rows, or pages, that an earlier one stated."""
        if answer.skipped:
            self._note(f"page {number} was skipped: {answer.skipped}")
            self.seen = Seen([])
            return Page(request, answer.response, None, [], number)
        place = self._place(answer.document)
        found, paged = self._selected(request, answer.document, place)
        listed = len(paged.elements or ()) if paged else 0
        self.seen = self._envelope.seen(number, answer, found, place, listed)
        self._weigh(number, found, answer.document)
        self._look_beside(number, found, paged)
        page = Page(request, answer.response, answer.document, self.seen.records, number, paged, said)
        self._proof.depth.stated(page)
        return page

    @property
    def fresh(self) -> frozenset[Keys]:
        """Places that hold something around the records of the last page with rows, and of none before it."""
        return self._envelope.fresh

    def taken(self) -> None:
        """Count what the page that came last has left out, now that its records are handed on."""
        if self._account and self._nulls:
            self._account.left_out(self._nulls, f"left out: null where `{self.selector}` leads")

    def leads_on(self, page: Page) -> None:
        """Take it that a page leads on: without its list it is an empty one, if nothing else is strange."""
        if self.seen.lost and (self.seen.strange or self.seen.other):
            self._proof.odd(page.number, keys_of(page.document), kept=False)

    def _place(self, document: Json) -> Path:
        if self.selector is None:
            self.selector = detect_selector(document)
            self._note(f"records are taken from `{self.selector}` (detected)")
        return self.selector

    def _selected(self, request: Request, document: Json, place: Path) -> tuple[Selection, Paged | None]:
        """The records of an answer, and what it holds of the list that is paged."""
        found = select(document, place)
        self._nulls = found.nulls
        if self.lists is None:
            self.lists = Lists(place, asked_for(self._pager, request))
        paged = self.lists.paged(document)
        if not found.matched and self.lists.excuses(paged, before=self._matched):
            found = replace(found, matched=True)
        return found, paged

    def _look_beside(self, number: int, found: Selection, paged: Paged | None) -> None:
        """Doubt a page on which elements of the list give no record, and say that they are errors."""
        if paged is None or not paged.elements or self.lists is None:
            return
        key = error_of_element(paged.elements, found.records, chosen=self.lists.chooses)
        if key:
            self._proof.beside(number, f"an element without a record has `{key}`")

    def _weigh(self, number: int, found: Selection, document: Json) -> None:
        """Enter what speaks against a page, and keep what its selector has missed."""
        seen = self.seen
        if seen.beside and seen.sure:
            self._proof.beside(number, seen.beside)
        if seen.changed:
            self._proof.changed(number, seen.changed)
        self._note(seen.beside and f"page {number} has {seen.beside}")
        if number > 1 and not found.matched and is_odd(found, document, ()):
            self._proof.odd(number, keys_of(document), kept=False)
        if found.matched:
            self._matched, self.missed = True, ""
        elif not self._matched:
            has = keys_of(document)
            self.missed = f"data_selector `{self.selector}` matched nothing; the answer has {has}"
