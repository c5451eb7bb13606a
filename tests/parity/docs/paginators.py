"""Examples of both pages: every paginator as the documentation declares it, and two of a user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderCursorPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
)
from dlt.sources.rest_api.config_setup import register_paginator

from tests.parity.case import Case, Config, many, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from dlt.extract import DltSource
    from requests import Request, Response


class NumberedPaginator(BasePaginator):
    """Counts pages in a query parameter until one is empty, as in the documentation's first example."""

    def __init__(self, page_param: str = "page", initial_page: int = 1) -> None:
        super().__init__()
        self.page_param = page_param
        self.page = initial_page

    def init_request(self, request: Request) -> None:
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:  # noqa: ARG002
        if response.json():
            self.page += 1
        else:
            self._has_next_page = False

    def update_request(self, request: Request) -> None:
        if request.params is None:
            request.params = {}
        request.params[self.page_param] = self.page


class PostedPaginator(BasePaginator):
    """Puts a cursor of the answer into the next request's body, as in the documentation's second example."""

    def __init__(self) -> None:
        super().__init__()
        self.cursor: object = None

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:  # noqa: ARG002
        if response.json():
            self.cursor = response.json().get("next_page_cursor")
        else:
            self._has_next_page = False

    def update_request(self, request: Request) -> None:
        if request.json is None:
            request.json = {}
        request.json["cursor"] = self.cursor


class NextLinkPaginator(JSONLinkPaginator):
    """A class that is registered under a name, to be written as a dictionary."""


def _registered(engine: ModuleType, api: str) -> DltSource:
    register_paginator("custom_paginator", NextLinkPaginator)
    paginator = {"type": "custom_paginator", "next_url_path": "paging.nextLink"}
    source: DltSource = engine.rest_api_source(_paged("next-link", paginator)(api))
    return source


def _paged(envelope: str, paginator: object, path: str = "items", **keys: Any) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/{envelope}", resource("things", path, paginator=paginator, **keys))


def _made(
    envelope: str, make: Callable[[], object], path: str = "items", **keys: Any
) -> Callable[[str], Config]:
    """A paginator object counts: each config needs one of its own."""

    def config(api: str) -> Config:
        return _paged(envelope, make(), path, **keys)(api)

    return config


def _of_client(envelope: str, make: Callable[[], object]) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/{envelope}", "items", paginator=make())


def _hierarchy(api: str) -> Config:
    """The endpoint's paginator before the defaults', the defaults' before the client's."""
    config = many(
        api,
        resource("own", "pages/items", paginator={"type": "page_number", "total_path": "total_pages"}),
        resource("defaults", "paging/items"),
        paginator={"type": "json_link", "next_url_path": "next"},
    )
    config["resource_defaults"] = {
        "endpoint": {"paginator": {"type": "json_link", "next_url_path": "paging.next"}}
    }
    return config


def _searched(envelope: str, cursor_path: str, body_path: str) -> Callable[[str], Config]:
    def config(api: str) -> Config:
        paginator = JSONResponseCursorPaginator(cursor_path=cursor_path, cursor_body_path=body_path)
        search = resource("found", "search", method="POST", json={"query": "example"})
        return many(f"{api}/{envelope}", search, paginator=paginator)

    return config


def _asked(**keys: Any) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/cursors", resource("found", "search", method="POST", **keys))


_SOME = {"rows": 35}

CASES = (
    Case(
        "json_link", _paged("pagination", {"type": "json_link", "next_url_path": "pagination.next"}, "posts")
    ),
    Case(
        "json_link as an object",
        _made("pagination", lambda: JSONLinkPaginator(next_url_path="pagination.next"), "posts"),
    ),
    Case(
        "json_link with an odd key",
        _paged("odata", {"type": "json_link", "next_url_path": "['@odata.nextLink']"}, "users"),
    ),
    Case("header_link, detected", lambda api: many(f"{api}/linked", "issues")),
    Case("header_link", _paged("linked", "header_link")),
    Case("auto", _paged("paging", "auto")),
    Case("single_page", _paged("paging", "single_page")),
    Case("hierarchy of three levels", _hierarchy, may_ask_past_end=True),
    Case("registered class", build=_registered),
    Case(
        "offset until the total",
        _of_client("counted", lambda: OffsetPaginator(limit=100, total_path="total")),
        {"rows": 210},
    ),
    Case(
        "offset until an empty page",
        _of_client("uncounted", lambda: OffsetPaginator(limit=100, total_path=None)),
        {"rows": 200},
        may_ask_past_end=True,
    ),
    Case(
        "offset up to maximum_offset",
        _of_client("uncounted", lambda: OffsetPaginator(limit=10, maximum_offset=20, total_path=None)),
        _SOME,
    ),
    Case(
        "offset while has_more",
        _of_client("flagged", lambda: OffsetPaginator(limit=10, total_path=None, has_more_path="has_more")),
        _SOME,
        may_ask_past_end=True,
    ),
    Case(
        "page_number until the total",
        _of_client("pages", lambda: PageNumberPaginator(total_path="total_pages")),
    ),
    Case(
        "page_number until an empty page",
        _of_client("uncounted", lambda: PageNumberPaginator(total_path=None)),
        may_ask_past_end=True,
    ),
    Case(
        "page_number up to maximum_page",
        _of_client("uncounted", lambda: PageNumberPaginator(maximum_page=2, total_path=None)),
    ),
    Case(
        "page_number while has_more",
        _of_client("flagged", lambda: PageNumberPaginator(total_path=None, has_more_path="has_more")),
        may_ask_past_end=True,
    ),
    Case(
        "cursor in the query",
        _of_client(
            "cursors", lambda: JSONResponseCursorPaginator(cursor_path="cursors.next", cursor_param="cursor")
        ),
    ),
    Case("cursor in the body", _searched("next-token", "nextPageToken", "nextPageToken")),
    Case("cursor deep in the body", _searched("meta", "meta.nextToken", "pagination.cursor")),
    Case(
        "cursor in a header",
        _of_client("header-cursor", lambda: HeaderCursorPaginator(cursor_key="NextPageToken")),
    ),
    Case("class of one's own in the query", _of_client("numbered", NumberedPaginator)),
    Case("class of one's own in the body", _made("posted", PostedPaginator, "data", method="POST")),
    Case("POST with JSON", _asked(json={"query": "python"})),
    Case("POST with a form", _asked(data={"q": "python", "limit": 10})),
    Case("POST with plain text", _asked(data="raw text data")),
)
