"""One read: a pass over the list, further passes where rows moved past it, and one end for all to see."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from restmill.errors import Place
from restmill.events import ReadDone, ReadFailed, ReadStarted
from restmill.run.fetch.fetcher import Refused
from restmill.run.fetch.requests_errors import told
from restmill.run.fetch.unforeseen import foreseen
from restmill.run.read.meter import Account
from restmill.run.read.one_pass import Pass, Way
from restmill.run.read.reread import Repair

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restmill.events import Basis, Observer
    from restmill.run.clock import Clock
    from restmill.run.fetch.fetcher import Fetcher
    from restmill.run.read.spec import Order
    from restmill.shape.records import Records
    from restmill.wire.paging.pagers import Done


class Reading:
    """Reads all pages of one order and hands them on in request order."""

    def __init__(
        self,
        order: Order,
        fetcher: Fetcher,
        clock: Clock,
        observer: Observer,
        put: Callable[[Records, int], Awaitable[None]],
    ) -> None:
        self._order = order
        self._tell = observer
        self._way = Way(fetcher, put)
        self._account = Account(order, clock, observer)
        fetcher.extras(order.terms.resource).begun()
        self._first = Pass(order, self._way, self._account)

    async def run(self) -> Basis:
        """Read to the end. The last event is a `ReadDone` or a `ReadFailed`; returns the former's basis.

        Raises:
            ApiError: the read could not go on; pages handed over before it remain valid.
        """
        self._tell(ReadStarted(*self._account.stamp, self._order.request.target))
        try:
            return await self._read()
        except asyncio.CancelledError:
            self._over("stopped by the caller before the end", complete=False)
            raise
        except Refused as refused:
            self._failed(refused.error)
            raise refused.error from refused
        except Exception as error:
            met = foreseen(error, Place(f"{self._order.terms.resource}  {self._order.request.target}"))
            self._failed(met)
            if met is error:
                raise
            raise met from error

    async def _read(self) -> Basis:
        first = self._first
        done = await first.run()
        doubt = first.proof.doubt() if done.complete else ""
        basis = first.proof.basis(done)
        if doubt and self._order.repair:
            doubt, basis = await Repair(self._order, self._way, self._account, first).run(doubt)
        return self._over(_worded(done), complete=done.complete, doubt=doubt, basis=basis)

    def _over(self, reason: str, *, complete: bool, doubt: str = "", basis: Basis = "") -> Basis:
        self._account.close()
        rests: Basis = "" if doubt or not complete else basis
        proof, counts = self._first.proof, (self._account.rows, self._account.pages)
        divided = self._order.divided
        done = ReadDone(
            *self._account.stamp,
            *counts,
            complete,
            reason,
            proof.distinct,
            doubt,
            rests,
            divided,
            self._order.unlikely,
        )
        self._tell(done)
        return rests

    def _failed(self, error: Exception) -> None:
        self._account.close()
        counts = self._account.rows, self._account.pages
        self._tell(ReadFailed(*self._account.stamp, *counts, told(error)))


def _worded(done: Done) -> str:
    return f"{done.reason}: {done.detail}" if done.detail else done.reason
