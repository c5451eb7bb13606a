"""Repair: a list whose rows moved while it was read is read again, in pages of another size.

A server without a stable order, or a list that others change, shows some rows twice and others never. Pages
of another size cut it elsewhere, so what slipped through one cut is found by the next. Only records that no
pass has brought yet are handed on. The read is repaired when what all passes brought together meets a total
that never changed, or when one further pass is without any doubt.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.errors import ApiError
from restmill.run.fetch.fetcher import Refused
from restmill.run.read.one_pass import Pass
from restmill.wire.paging.page_sizes import other_sizes, resized
from restmill.wire.paging.pagers import Offset, PageNumber

if TYPE_CHECKING:
    from restmill.events import Basis
    from restmill.run.evidence.proof import Proof
    from restmill.run.read.meter import Account
    from restmill.run.read.one_pass import Way
    from restmill.run.read.spec import Order
    from restmill.wire.paging.pagers import Done


_MOST_PASSES = 4


class Repair:
    """Further passes over the list of a read whose first pass left a doubt."""

    def __init__(self, order: Order, way: Way, account: Account, first: Pass) -> None:
        self._order = replace(order, pager=first.pager, selector=first.selector)
        self._way = replace(way, keep=first.proof.recover)
        self._account = account
        self._first = first
        self._total = first.proof.claimed if first.proof.steady and not first.proof.apart else None
        """The total that no pass has contradicted yet."""
        self._requests = account.requests
        self._rows = account.rows
        self._passes = 0

    async def run(self, doubt: str) -> tuple[str, Basis]:
        """The doubt that remains, "" when none does; and what a complete verdict then rests on."""
        first = self._first
        if not isinstance(first.pager, Offset | PageNumber) or not self._may_help():
            return doubt, ""
        for size in other_sizes(
            first.pager, self._order.request, first.proof.first_rows, first.proof.claimed
        ):
            before = first.proof.distinct
            found = await self._further(size)
            if found is None:
                continue
            if basis := self._proven(*found):
                return self._mended(basis)
            if first.proof.distinct == before or self._passes == _MOST_PASSES or self._account.over():
                break
        return self._remaining(), ""

    def _may_help(self) -> bool:
        """Whether records can be told apart, and some may be missing: too many of them are not mended."""
        proof = self._first.proof
        if self._order.terms.acts:
            return False  # what a further pass hands on would have to go through the user's functions
        if self._order.selector and self._order.selector.by_place:
            return False  # in pages of another size it takes other records
        helpless = (
            proof.hollow
            or proof.spoilt
            or proof.shared
            or proof.erred
            or bool(proof.left or proof.distrusted or proof.cut_off)
        )
        short = not (proof.proven or helpless)
        return bool(self._order.keys) and proof.rows > 0 and short and not self._account.over()

    async def _further(self, size: int) -> tuple[Pass, Done] | None:
        """One more pass, in pages of `size` rows; None when the server would not have it."""
        pager, request = resized(self._first.pager, self._order.request, size)
        order = replace(self._order, pager=pager, request=request)
        given = self._first.proof.first_rows
        least = given + 1 if size > given else 0
        further = Pass(order, self._way, self._account, least)
        try:
            done = await further.run()
        except (Refused, ApiError):
            self._account.note(f"the list could not be read again in pages of {size:,}")
            return None
        if further.capped:
            return None
        self._passes += 1
        self._first.proof.shared |= further.proof.shared
        if self._contradicts(further.proof):
            self._total = None
        return further, done

    def _contradicts(self, proof: Proof) -> bool:
        """Whether a further pass was told another total, or more than one."""
        pairs = (proof.claimed, self._total), (proof.said, self._first.proof.said)
        return not proof.steady or any(None not in pair and len(set(pair)) > 1 for pair in pairs)

    def _proven(self, further: Pass, done: Done) -> Basis:
        """What proves the read now; "" when nothing does."""
        proof, together = further.proof, self._first.proof
        if self._total is not None and together.distinct == self._total:
            return "total"
        if not done.complete or proof.doubt():
            return ""
        # Without a total, rows that only an earlier pass has seen may be gone, or missed by this one, unless
        # it came as one page.
        agreed = proof.distinct == together.distinct or proof.pages_with_rows == 1
        basis = proof.basis(done)
        return basis if basis == "total" or agreed else ""

    def _mended(self, basis: Basis) -> tuple[str, Basis]:
        self._account.note(f"rows moved while the list was read: {self._cost()}")
        twice = "" if self._order.merged else self._first.proof.repeats()
        return twice, basis

    def _remaining(self) -> str:
        return f"{self._first.proof.doubt()} ({self._cost()})" if self._passes else self._first.proof.doubt()

    def _cost(self) -> str:
        passes = "1 more pass" if self._passes == 1 else f"{self._passes} more passes"
        found = self._account.rows - self._rows
        requests = self._account.requests - self._requests
        sent = "1 request" if requests == 1 else f"{requests:,} requests"
        return f"{passes}, {sent}, found {found:,} rows that had moved"
