"""The trail of a pass: what was asked before, so that a walk in a circle is told from a scroll.

A server of pages answers the same request with the same page, so to ask it twice is to walk in a circle. A
server of a scroll (Elasticsearch, Intercom) gives one token for all pages and remembers the place: there the
same request brings the next page. What tells them apart is the page itself: it has a record that is new.

Such a server moves on with each request, also with one whose answer is lost. To ask again then brings the
page behind the lost one, and nothing in that page shows it: the trail has to remember.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from restmill.wire.paging.pagers import Done, HeaderLink, JsonLink, Offset, PageNumber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json
    from restmill.wire.message import Request
    from restmill.wire.paging.pagers import Pager

_LINKS = (JsonLink, HeaderLink)
_NUMBERS = (Offset, PageNumber)
_FIRST_AND_TOKEN = 2
"""So many different requests a scroll has."""
_MOST_ALONE = 1_000
"""Pages of one record each, one after the other by the same request: no list is cut so, it has no end."""


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
        self._entered = 0
        self._alone = 0
        """Pages of one record that the same request brought, one after the other."""
        self._opening: int | None = None
        self._named = False
        """Whether a parameter says that it is a scroll: then its tokens may differ."""
        self._repeated: set[int] = set()
        self._lost: dict[int, str] = {}
        """Of which requests an answer was lost, and how."""

    def enter(self, request: Request, pager: Pager | None) -> Done | None:
        """Take the next request; the end of the read, if asking it can only lead in a circle.

        A number names its page, and so does a link, unless the page just read gave the link it came by.
        """
        asked, self._target = hash_of(request), request.target
        self._again = asked in self._asked
        moves = isinstance(pager, _NUMBERS) or (isinstance(pager, _LINKS) and asked != self._last)
        self._asked.add(asked)
        self._last = asked
        self._entered += 1
        self._opening = asked if self._opening is None else self._opening
        self._repeated |= {asked} if self._again else set()
        self._named = self._named or (not isinstance(pager, _NUMBERS) and _scrolls_by_name(request))
        return self._circle("") if self._again and moves else None

    def passed_by(self, lost: str) -> str:
        """Why a page may have been passed by; "" when nothing says so.

        `lost`: what became of an answer to the present request before the one that came. The first request
        opens a scroll, and a new one when it is tried again; unless it is itself what all pages are asked by.
        """
        if lost and self._last is not None:
            self._lost.setdefault(self._last, f"page {self._entered} was asked for again ({lost})")
        one_token = bool(self._repeated) and len(self._asked) <= _FIRST_AND_TOKEN
        if not (self._scrolls or one_token or self._named):
            return ""
        told = (why for asked, why in self._lost.items() if asked != self._opening or asked in self._repeated)
        why = next(told, "")
        return why and f"{why}, and the server of a scroll may have moved on meanwhile: rows may be missing"

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
        self._alone = self._alone + 1 if self._again and len(records) == 1 else 0
        if self._alone >= _MOST_ALONE:
            return self._circle(f"the same request brought one record {_MOST_ALONE:,} times")
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


def _scrolls_by_name(request: Request) -> bool:
    """Whether a parameter, or a key of the body, has the word in its name: `scroll_id`, `scrollToken`."""
    bodies = (one for one in (request.json, request.data) if isinstance(one, Mapping))
    names = [*request.params, *(name for body in bodies for name in body)]
    names += [name for name, _ in parse_qsl(urlsplit(request.address).query)]
    return any("scroll" in str(name).lower() for name in names)


def hash_of(request: Request) -> int:
    """What makes two requests the same to a server: method, URL and body."""
    return hash((request.method, request.url, repr(request.json), repr(request.data)))
