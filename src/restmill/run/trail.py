"""The trail of a pass: what was asked before, so that a walk in a circle is told from a scroll.

A server of pages answers the same request with the same page, so to ask it twice is to walk in a circle. A
server of a scroll (Elasticsearch, Intercom) gives one token for all pages and remembers the place: there the
same request brings the next page. What tells them apart is the page itself: it has a record that is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restmill.wire.paging import Done, HeaderLink, JsonLink, Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json
    from restmill.wire.message import Request
    from restmill.wire.paging import Pager

_LINKS = (JsonLink, HeaderLink)
_NUMBERS = (Offset, PageNumber)


class Trail:
    """Every request of one pass, and whether the present one was made before."""

    def __init__(self) -> None:
        self._asked: set[int] = set()
        self._last: int | None = None
        self._target = ""
        self._again = False
        self._blank = False
        self._may_hide = False
        """Whether a full page came and no request has brought two pages: then nothing shows a scroll."""
        self._scrolls = False

    def enter(self, request: Request, pager: Pager | None) -> Done | None:
        """Take the next request; the end of the read, if asking it can only lead in a circle.

        A number names its page, and so does a link, unless the page just read gave the link it came by.
        """
        asked, self._target = hash_of(request), request.target
        self._again = asked in self._asked
        moves = isinstance(pager, _NUMBERS) or (isinstance(pager, _LINKS) and asked != self._last)
        self._asked.add(asked)
        self._last = asked
        return self._circle("") if self._again and moves else None

    def knows(self, request: Request) -> bool:
        """Whether this request was made before."""
        return hash_of(request) in self._asked

    def arrived(
        self, records: Sequence[Json], *, fresh: bool, met: bool = False, short: bool = False
    ) -> Done | None:
        """Take the page; the end of the read, if the request was made before and this page is no further.

        `fresh`: one of the records was not seen before. `met`: all that the server states has come. `short`:
        fewer records came than were asked for. A scroll is over when an empty page comes twice; of a server
        that gives one token by mistake, it is one page that may hide others.
        """
        if self._again and not fresh and records:
            return self._circle("the same request brought no new record")
        self._scrolls = self._scrolls or (self._again and fresh)
        self._may_hide = not self._scrolls and (self._may_hide or (bool(records) and not short))
        blank, self._blank = self._blank, not records
        if self._again and blank and not records:
            if self._may_hide and not met:
                return self._circle("the same request brought nothing twice")
            return Done("an empty page, twice: the scroll is over", complete=True, basis="end")
        return None

    def _circle(self, how: str) -> Done:
        return Done(
            "the paging went in a circle", complete=False, detail=f"{how}: {self._target}".removeprefix(": ")
        )


def hash_of(request: Request) -> int:
    """What makes two requests the same to a server: method, URL and body."""
    return hash((request.method, request.url, repr(request.json), repr(request.data)))
