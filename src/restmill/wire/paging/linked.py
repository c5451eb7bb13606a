"""Pagers that follow a reference to the next page: a cursor or a link, in the body or in a header.

The server says where to go on, so nothing can be predicted. A cursor may stay the same for all pages: the
server of a scroll (Elasticsearch, Intercom) remembers the place itself. Whether such a read moves is seen in
its pages, by who has read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.errors import NotData, Place, Problem
from restmill.path import Path
from restmill.wire.address import NoAddress
from restmill.wire.next_page.links import links
from restmill.wire.next_page.more_signs import sign_of_more
from restmill.wire.next_page.next_words import NOTHING
from restmill.wire.paging.decision import Decision, Done, Next, Slot, keys_of, misses
from restmill.wire.paging.numbered import says_more
from restmill.wire.paging.totals import any_total

if TYPE_CHECKING:
    from restmill.wire.message import Page, Request

_CURSORS_NEXT = Path("cursors.next")
_NEXT = Path("next")


class _Reference:
    """What all these pagers share: the first request is the declared one, and no error status is an end."""

    __slots__ = ()

    def first(self, request: Request) -> Request:
        """`request` itself: the first page needs no reference."""
        return request

    def past_end(self, request: Request, status: int) -> Done | None:  # noqa: ARG002  # the seam's face
        """None: a reference that the server gave does not lead past the end."""
        return None

    def total(self, page: Page) -> int | None:
        """The number of all rows that the answer states, in its document or in a header."""
        return any_total(page)


@dataclass(frozen=True, slots=True)
class Cursor(_Reference):
    """dlt's `JSONResponseCursorPaginator`, with its options."""

    cursor_path: Path = _CURSORS_NEXT
    cursor_param: str | None = None
    """None: `cursor`, unless `cursor_body_path` is given."""
    cursor_body_path: str | None = None
    stop_after_empty_page: bool = False
    has_more_path: Path | None = None

    def after(self, page: Page) -> Decision:
        """The same request with the cursor of this page; null, "", 0 or no cursor ends the read.

        Raises:
            NotData: `has_more_path` is declared and not in the answer, or the cursor is an object.
        """
        if not page.length and self.stop_after_empty_page:
            return Done("an empty page", complete=True, basis="end")
        cursor = self.cursor_path.first(page.document)
        if isinstance(cursor, dict) and any(cursor.values()) and not self.cursor_body_path:
            raise misses(page, "cursor_path", self.cursor_path, "is an object, not a cursor")
        if not cursor or (isinstance(cursor, dict) and not self.cursor_body_path):
            return self._ended(page)
        if says_more(page, self.has_more_path) is False:
            return Done(f"`{self.has_more_path}` is false", complete=True, basis="end")
        return Next(self._slot.put(page.request, cursor))

    def describe(self) -> str:
        """For example `cursor: from cursors.next into cursor`."""
        more = f", more at {self.has_more_path}" if self.has_more_path else ""
        return f"cursor: from {self.cursor_path} into {self._slot}{more}"

    @property
    def _slot(self) -> Slot:
        return Slot.of(self.cursor_param, self.cursor_body_path, "cursor")

    def _ended(self, page: Page) -> Done:
        if (
            self.has_more_path
            and self.has_more_path.find(page.document)
            and says_more(page, self.has_more_path)
        ):
            why = f"`{self.has_more_path}` is true, but there is no cursor at `{self.cursor_path}`"
            return Done(why, complete=False)
        return _absent(page, self.cursor_path, "cursor")


@dataclass(frozen=True, slots=True)
class JsonLink(_Reference):
    """dlt's `JSONLinkPaginator`."""

    next_url_path: Path = _NEXT

    def after(self, page: Page) -> Decision:
        """A request to the link at `next_url_path`; null, "", a word such as `none` or no link ends the read.

        Raises:
            NotData: what is there is no string, or no URL that a request can be sent to.
        """
        link = self.next_url_path.first(page.document)
        if link is None or (isinstance(link, str) and link.strip().lower() in NOTHING):
            return _absent(page, self.next_url_path, "next link")
        if not isinstance(link, str):
            raise misses(page, "next_url_path", self.next_url_path, "is not a link")
        return _followed(page, link, f"`{self.next_url_path}`")

    def describe(self) -> str:
        """For example `json link: next`."""
        return f"json link: {self.next_url_path}"


@dataclass(frozen=True, slots=True)
class HeaderLink(_Reference):
    """dlt's `HeaderLinkPaginator`: the `Link` header (RFC 8288)."""

    links_next_key: str = "next"

    def after(self, page: Page) -> Decision:
        """A request to the link whose relation is `links_next_key`; no such link ends the read."""
        link = links(page.response.headers.get("Link", "")).get(self.links_next_key.lower())
        if not link or link.lower() in NOTHING:
            return Done(
                f"no link with rel={self.links_next_key}",
                complete=True,
                basis="end" if page.number > 1 else "page",
            )
        return _followed(page, link, f"the link with rel={self.links_next_key}")

    def describe(self) -> str:
        """For example `link header: rel=next`."""
        return f"link header: rel={self.links_next_key}"


@dataclass(frozen=True, slots=True)
class HeaderCursor(_Reference):
    """dlt's `HeaderCursorPaginator`."""

    cursor_key: str = "next"
    """Name of the response header that holds the cursor."""
    cursor_param: str = "cursor"

    def after(self, page: Page) -> Decision:
        """The same request with the cursor of this answer's header; without one, the read ends."""
        cursor = page.response.headers.get(self.cursor_key)
        if not cursor:
            return Done(
                f"no cursor in the header {self.cursor_key}",
                complete=True,
                basis="end" if page.number > 1 else "page",
            )
        return Next(Slot(self.cursor_param).put(page.request, cursor))

    def describe(self) -> str:
        """For example `header cursor: from NextPageToken into cursor`."""
        return f"header cursor: from {self.cursor_key} into {self.cursor_param}"


@dataclass(frozen=True, slots=True)
class SinglePage(_Reference):
    """dlt's `SinglePagePaginator`: the first page is all there is."""

    suspect: str = ""
    """Why there may be more after all; "" when nothing says so."""

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        """None: the answer may be one record, whose `total` is anything."""
        return None

    def after(self, page: Page) -> Decision:  # noqa: ARG002  # the seam's face
        """Done; incomplete when there were signs of more."""
        return Done(
            self.suspect or "a single page", complete=not self.suspect, basis="" if self.suspect else "page"
        )

    def describe(self) -> str:
        """`single page`."""
        return "single page"


def _followed(page: Page, link: str, source: str) -> Next | Done:
    """A further page may have the link it was asked with, as with a scroll; the declared request is none.

    Raises:
        NotData: the link is no URL that a request can be sent to.
    """
    try:
        following = page.request.following(link)
    except NoAddress as error:
        what = f"{source} holds no URL that a request can be sent to: {error}"
        raise NotData(Problem(Place(path=page.request.target), what)) from None
    if page.number == 1 and following.url == page.request.url:
        return Done(f"the next link did not move: {source} leads back to the same page", complete=False)
    return Next(following)


def _absent(page: Page, path: Path, what: str) -> Done:
    """The end; but a first page that does not even have the key, and shows signs of more, is suspect."""
    ended = Done(f"no {what} at `{path}`", complete=True, basis="end")
    if page.number > 1 or not page.length or path.find(page.document):
        return ended
    sign = sign_of_more(page.document, page.length)
    detail = f"the first answer has no `{path}`, but {keys_of(page.document)}"
    if sign:
        return Done(f"{ended.reason}, but {sign}", complete=False, detail=detail)
    return Done(ended.reason, complete=True, detail=detail, basis="page")
