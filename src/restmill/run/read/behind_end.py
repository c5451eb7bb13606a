"""Behind the end: an end that may be none, and the request that tells.

The list itself does not need that request: when it fails, the end stays what it was, and its evidence is
weaker. Whether a resource's ends hold at all is a question for all its reads (see `extra_requests`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.run.fetch.fetcher import Refused

if TYPE_CHECKING:
    from restmill.errors import ApiError
    from restmill.run.evidence.proof import Proof
    from restmill.run.fetch.extra_requests import Check, Extras, Question
    from restmill.run.read.meter import Account
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Done, Pager

BELIEVED = (
    "not each list is asked behind its end, or for its first page again: the first ones were as they seemed"
)
"""The note where other reads are believed."""


class Behind:
    """The end in doubt of one pass; `always`: to be asked behind, whatever other reads have found."""

    def __init__(self, extras: Extras, proof: Proof, account: Account, *, always: bool) -> None:
        self.end: Done | None = None
        """The pager's end, while the request behind it is asked."""
        self.confirmed = False
        """Whether nothing was found behind it."""
        self._stated: Done | None = None
        """An end that the server states and the pager does not believe, likewise."""
        self._extras = extras
        self._proof = proof
        self._account = account
        self._always = always
        self._question: Question | None = None
        self._empty = False

    @property
    def fallback(self) -> Done | None:
        """The end, where the request under way tells nothing; None: the list needs that request."""
        return self.end or self._stated

    async def asks(self, done: Done, page: Page, check: Check, *, always: bool = False) -> bool:
        """Whether to ask behind the pager's end at `page`; not where other reads have shown that it holds."""
        if await self._must_ask(check, always=always):
            self.end, self._empty = done, not page.length
        return self.end is not None

    def expects(self, done: Done) -> None:
        """Go on as the pager says, though the answer states an end: it is one if nothing new is behind it."""
        self.end, self._empty = done, False

    async def asks_on(self, stated: Done, *, always: bool) -> bool:
        """Whether to go on behind an end that the server states, likewise."""
        if await self._must_ask("count", always=always):
            self._stated = stated
        return self._stated is not None

    async def _must_ask(self, check: Check, *, always: bool) -> bool:
        self._question = await self._extras.must_ask(check, always=always or self._always)
        if self._question is None and check != "first":
            self._account.note(BELIEVED)
        return self._question is not None

    def holds(self, done: Done) -> Done:
        """The end: `done`, or the one that was in doubt, now that nothing new was found behind it."""
        self.settle(holds=True)
        end, self.end = self.end, None
        self.confirmed = end is not None
        return end or done

    def end_at(
        self, request: Request, error: ApiError | Refused, pager: Pager | None, said: int | None
    ) -> Done:
        """The end of the list that a failed request means; raises `error` where it means none.

        `said`: the number of rows, or pages, that the server stated last.
        """
        status = error.status if isinstance(error, Refused) and not error.no_end else None
        if isinstance(error, Refused):
            self._proof.depth.refused(error.response.text)
        ended = pager.past_end(request, status) if status and pager else None
        if self.fallback is None:
            if ended is not None and not ended.complete and self._proof.owed(said):
                raise error  # the server states more: this is no end
            if ended is None:
                raise error
            return replace(ended, complete=ended.complete or self._proof.reached(said))
        return (ended if ended and ended.complete else self.fallback) if status else self.unseen()

    def unseen(self) -> Done:
        """The end, though what lies behind it could not be read: that is a doubt, and no failure."""
        end = self.fallback
        assert end is not None
        self._proof.unseen()
        self.settle(holds=None)
        self.end = self._stated = None
        return end

    def goes_on(self, page: Page) -> None:
        """A page came that the list has to be read on from: an end in doubt was none, if it has rows."""
        end, self.end = self.end, None
        believed = self.settle(holds=False if end else not page.length)
        if believed:
            self._proof.distrust(believed)
        self._stated = None
        if end is not None and not self._empty:
            self._proof.refuted()
            self._account.note(f"there are rows behind the end that the server states ({end.reason})")

    def settle(self, *, holds: bool | None) -> int:
        """Tell the other reads what was found, if anything was asked; see `Question.settle`."""
        question, self._question = self._question, None
        return 0 if question is None else question.settle(holds=holds)
