"""How a page is wrapped: each example of the documentation shows another way, and each has a name here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.path import Json
    from tests.parity.docs.records import Record

PAGE = 3
"""Records on a page where nothing else is asked, and where a link leads to the next page also the most."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of a list: from `start`, at most `limit` of `total`; `asked` is the query it came by."""

    name: str
    records: list[Record]
    start: int
    limit: int
    total: int
    url: str
    asked: Mapping[str, str]

    @property
    def following(self) -> int | None:
        """Where the next page starts."""
        end = self.start + self.limit
        return end if end < self.total else None

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.total // self.limit)

    def link(self, *, by_page: bool = True) -> str | None:
        """The address of the next page."""
        if self.following is None:
            return None
        place = {"page": self.following // self.limit + 1} if by_page else {"offset": self.following}
        return f"{self.url}?{urlencode({**self.asked, **place})}"


Wrapped: TypeAlias = "tuple[Json, dict[str, str]]"


def _body(wrap: Callable[[Page], Json]) -> Callable[[Page], Wrapped]:
    return lambda page: (wrap(page), {})


def _linked(page: Page) -> Wrapped:
    link = page.link()
    return list(page.records), {"Link": f'<{link}>; rel="next"'} if link else {}


def _header_cursor(page: Page) -> Wrapped:
    return list(page.records), {"NextPageToken": str(page.following)} if page.following else {}


def _cursor(page: Page) -> str | None:
    return None if page.following is None else str(page.following)


def _posted(page: Page) -> Json:
    """Pages that end with an empty object; the cursor of the last one leads to it."""
    if not page.records:
        return {}
    return {"items": list(page.records), "next_page_cursor": page.start + page.limit}


ENVELOPES: dict[str, Callable[[Page], Wrapped]] = {
    "plain": _body(lambda page: list(page.records)),
    "numbered": _body(lambda page: list(page.records)),
    "linked": _linked,
    "poke": _body(
        lambda page: {
            "count": page.total,
            "next": page.link(by_page=False),
            "previous": None,
            "results": list(page.records),
        }
    ),
    "next": _body(lambda page: {"data": list(page.records), "next": page.link()}),
    "paging": _body(lambda page: {"data": list(page.records), "paging": {"next": page.link()}}),
    "pagination": _body(lambda page: {"data": list(page.records), "pagination": {"next": page.link()}}),
    "next-link": _body(lambda page: {"data": list(page.records), "paging": {"nextLink": page.link()}}),
    "odata": _body(
        lambda page: {
            "value": list(page.records),
            **({"@odata.nextLink": link} if (link := page.link()) else {}),
        }
    ),
    "keyed": _body(lambda page: {page.name: list(page.records)}),
    "nested": _body(lambda page: {"results": {page.name: list(page.records)}}),
    "results": _body(lambda page: {"results": list(page.records)}),
    "counted": _body(lambda page: {"items": list(page.records), "total": page.total}),
    "uncounted": _body(lambda page: {"items": list(page.records)}),
    "flagged": _body(lambda page: {"items": list(page.records), "has_more": page.following is not None}),
    "pages": _body(lambda page: {"items": list(page.records), "total_pages": page.pages}),
    "cursors": _body(lambda page: {"items": list(page.records), "cursors": {"next": _cursor(page)}}),
    "next-token": _body(lambda page: {"items": list(page.records), "nextPageToken": _cursor(page)}),
    "meta": _body(lambda page: {"items": list(page.records), "meta": {"nextToken": _cursor(page)}}),
    "header-cursor": _header_cursor,
    "posted": _body(_posted),
}

WHOLE = {"plain", "keyed", "nested", "results"}
"""Lists that come in one piece."""
CAPPED = {"linked", "poke", "next", "paging", "pagination", "next-link", "odata"}
"""Lists that link to their next page; whatever is asked, a page is short, so that there is one."""
FROM_ONE = {"linked", "next", "paging", "pagination", "next-link", "odata", "numbered"}
"""Lists whose first page is page 1."""
