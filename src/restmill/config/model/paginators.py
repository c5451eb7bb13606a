"""Paginators: how the next page is asked for (dlt's `rest_client.paginators`, same keys, same defaults).

`given` matters here: a `total_path` that nobody wrote is a guess, a written one is a promise.
"""

from __future__ import annotations

from typing import TypeAlias

from restmill.config.model.kinds import (
    Block,
    Flag,
    Instance,
    JsonPath,
    OneOf,
    Tagged,
    Text,
    Whole,
    block,
    key,
)

_HAS_MORE = "JSON path of a boolean in the response that says whether more pages follow."
_TOTAL_HEADER = "Response header that holds the total number of records, such as `X-Total-Count`."
_EMPTY = "Whether a page without records ends the read."


@block
class AutoPaginator(Block):
    """Detected from the first response: Link header, JSON link, cursor, or single page (dlt's rules)."""


@block
class SinglePagePaginator(Block):
    """The response is all there is."""


@block
class JsonLinkPaginator(Block):
    """The response body holds the URL of the next page."""

    next_url_path: str = key("JSON path of the next page's URL.", JsonPath(), default="next")


@block
class HeaderLinkPaginator(Block):
    """The `Link` response header holds the URL of the next page (RFC 8288)."""

    links_next_key: str = key("Relation (`rel`) of the next page's link.", Text(), default="next")


@block
class HeaderCursorPaginator(Block):
    """A response header holds the cursor of the next page."""

    cursor_key: str = key("Response header that holds the cursor.", Text(), default="next")
    cursor_param: str = key("Query parameter that carries the cursor.", Text(), default="cursor")


@block
class CursorPaginator(Block):
    """The response body holds the cursor of the next page."""

    cursor_path: str = key("JSON path of the cursor in the response.", JsonPath(), default="cursors.next")
    cursor_param: str | None = key(
        "Query parameter that carries the cursor; `cursor` when neither it nor `cursor_body_path` is given.",
        Text(),
        default=None,
    )
    cursor_body_path: str | None = key(
        "Dotted path in the JSON request body that carries the cursor, instead of `cursor_param`.",
        Text(),
        default=None,
    )
    stop_after_empty_page: bool = key(_EMPTY, Flag(), default=False)
    has_more_path: str | None = key(_HAS_MORE, JsonPath(empty=True), default=None)


@block
class OffsetPaginator(Block):
    """Pages by how many records come before them."""

    limit: int = key("Records asked for per page.", Whole(1), default=100)
    offset: int = key("Offset of the first page.", Whole(0), default=0)
    offset_param: str | None = key(
        "Query parameter that carries the offset; `offset` when neither it nor `offset_body_path` is given.",
        Text(empty=True),
        default=None,
    )
    offset_body_path: str | None = key(
        "Dotted path in the JSON request body that carries the offset, instead of `offset_param`.",
        Text(),
        default=None,
    )
    limit_param: str | None = key(
        "Query parameter that carries the limit; `limit` when neither it nor `limit_body_path` is given.",
        Text(empty=True),
        default=None,
    )
    limit_body_path: str | None = key(
        "Dotted path in the JSON request body that carries the limit, instead of `limit_param`.",
        Text(),
        default=None,
    )
    total_path: str | None = key(
        "JSON path of the total number of records; None when there is none.",
        JsonPath(empty=True),
        default="total",
        null=True,
    )
    total_header: str | None = key(_TOTAL_HEADER, Text(), default=None)
    maximum_offset: int | None = key(
        "Offset at which the read stops; if that is before the end, it is `partial`, by choice.",
        Whole(0),
        default=None,
    )
    stop_after_empty_page: bool = key(_EMPTY, Flag(), default=True)
    has_more_path: str | None = key(_HAS_MORE, JsonPath(empty=True), default=None)


@block
class PageNumberPaginator(Block):
    """Pages by their number."""

    base_page: int = key("Number the API gives to its first page.", Whole(0), default=0)
    page: int | None = key(
        "Number of the first page to ask for; `base_page` when not given.", Whole(0), default=None
    )
    page_param: str | None = key(
        "Query parameter that carries the page number; `page` when neither it nor `page_body_path` is given.",
        Text(empty=True),
        default=None,
    )
    page_body_path: str | None = key(
        "Dotted path in the JSON request body that carries the page number, instead of `page_param`.",
        Text(),
        default=None,
    )
    total_path: str | None = key(
        "JSON path of the total number of pages; None when there is none.",
        JsonPath(empty=True),
        default="total",
        null=True,
    )
    total_header: str | None = key(_TOTAL_HEADER, Text(), default=None)
    maximum_page: int | None = key(
        "Page number at which the read stops; if that is before the end, it is `partial`, by choice.",
        Whole(0),
        default=None,
    )
    stop_after_empty_page: bool = key(_EMPTY, Flag(), default=True)
    has_more_path: str | None = key(_HAS_MORE, JsonPath(empty=True), default=None)


Paginator: TypeAlias = (
    AutoPaginator
    | SinglePagePaginator
    | JsonLinkPaginator
    | HeaderLinkPaginator
    | HeaderCursorPaginator
    | CursorPaginator
    | OffsetPaginator
    | PageNumberPaginator
)

PAGINATORS: dict[str, type[Block]] = {
    "json_link": JsonLinkPaginator,
    "json_response": JsonLinkPaginator,
    "header_link": HeaderLinkPaginator,
    "header_cursor": HeaderCursorPaginator,
    "auto": AutoPaginator,
    "single_page": SinglePagePaginator,
    "cursor": CursorPaginator,
    "offset": OffsetPaginator,
    "page_number": PageNumberPaginator,
}

PAGINATOR = OneOf((Tagged("paginator", PAGINATORS, default="auto"), Instance("a paginator object")))
