"""Cases: every paginator with every option, declared, detected, and as an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    OffsetPaginator,
)
from dlt.sources.rest_api.config_setup import register_paginator

from tests.parity.case import PAGED, Case, Config, many, one, resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from dlt.extract import DltSource
    from requests import Request, Response


class SkipPaginator(BasePaginator):
    """What a user writes for an API that counts in its own way."""

    def __init__(self, step: int = 3) -> None:
        super().__init__()
        self.step = step
        self.at = 0

    def init_request(self, request: Request) -> None:
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:  # noqa: ARG002  # dlt's face
        self.at += self.step
        self._has_next_page = self.at < int(response.json()["total"])

    def update_request(self, request: Request) -> None:
        request.params = {"offset": self.at, "limit": self.step}


def _paged(path: str, paginator: object, **keys: Any) -> Callable[[str], Config]:
    return lambda api: one(api, path, paginator=paginator, **keys)


def _posted(paginator: Config) -> Callable[[str], Config]:
    paging = {"paging": {"limit": 3}, "filter": {"open": True}}
    return _paged("body/users", paginator, method="POST", json=paging, data_selector="items")


def _offset(**keys: object) -> Config:
    return {"type": "offset", "limit": 3, **keys}


def _numbers(**keys: object) -> Config:
    return {"type": "page_number", "base_page": 1, "total_path": "total_pages", **keys}


def _registered(engine: ModuleType, api: str) -> DltSource:
    register_paginator("skip", SkipPaginator)
    source: DltSource = engine.rest_api_source(one(api, "v1/users", paginator="skip"))
    return source


def _inherited(api: str) -> Config:
    return many(
        api,
        resource("from_client", "v1/users"),
        resource("auto_gives_way", "v1/users", paginator="auto"),
        resource("own", "links/users", paginator="json_link"),
        paginator=PAGED,
    )


def _by_default(api: str) -> Config:
    config = many(api, "users", resource("tasks", "tasks"))
    config["client"]["base_url"] = f"{api}/v1"
    config["resource_defaults"] = {"endpoint": {"paginator": PAGED}}
    return config


_IN_BODY = {"offset_body_path": "paging.offset", "limit_body_path": "paging.limit"}
_HEADER_CURSOR = {"type": "header_cursor", "cursor_key": "NextPageToken", "cursor_param": "cursor"}

CASES = (
    Case("paginator detected: JSON link", lambda api: one(api, "links/users")),
    Case("paginator detected: Link header", lambda api: one(api, "header-links/users")),
    Case("paginator detected: cursor", lambda api: one(api, "cursor/users")),
    Case("paginator detected: page number", lambda api: one(api, "pages/users?base=0")),
    Case("paginator detected: single page", lambda api: one(api, "all/users")),
    Case("paginator auto by name", _paged("links/users", "auto")),
    Case("paginator auto as dict", _paged("header-links/users", {"type": "auto"})),
    Case("paginator single_page", _paged("v1/users", "single_page")),
    Case("paginator json_link by name", _paged("links/users", "json_link")),
    Case(
        "paginator json_link next_url_path",
        _paged("links/users", {"type": "json_link", "next_url_path": "next"}),
    ),
    Case(
        "paginator json_link at a nested path",
        _paged("made/first", {"type": "json_link", "next_url_path": "page.next"}, data_selector="rows"),
        documents={
            "first": {"rows": [{"id": 1}], "page": {"next": "/made/second?x=1"}},
            "second": {"rows": [{"id": 2}], "page": {"next": None}},
        },
    ),
    Case("paginator json_response, the old name", _paged("links/users", {"type": "json_response"})),
    Case(
        "paginator json_link with relative links",
        _paged("links/users", "json_link"),
        {"relative_links": True},
    ),
    Case(
        "paginator json_link with params",
        _paged("links/users", "json_link", params={"limit": 2, "sort": "id"}),
    ),
    Case("paginator header_link", _paged("header-links/users", "header_link")),
    Case(
        "paginator header_link links_next_key",
        _paged("header-links/users?page=3", {"type": "header_link", "links_next_key": "prev"}),
    ),
    Case("paginator header_cursor", _paged("header-cursor/users", _HEADER_CURSOR)),
    Case(
        "paginator cursor in the query",
        _paged("cursor/users", {"type": "cursor", "cursor_path": "cursors.next", "cursor_param": "cursor"}),
    ),
    Case("paginator cursor by name", _paged("cursor/users", "cursor")),
    Case(
        "paginator cursor has_more_path",
        _paged("cursor/users", {"type": "cursor", "has_more_path": "has_more"}),
    ),
    Case(
        "paginator cursor stop_after_empty_page",
        _paged("cursor/users", {"type": "cursor", "stop_after_empty_page": True}),
    ),
    Case(
        "paginator cursor in the body",
        _posted({"type": "cursor", "cursor_path": "cursor", "cursor_body_path": "paging.cursor"}),
    ),
    Case(
        "paginator cursor in the body, POST to the sandbox",
        _paged(
            "cursor/users", {"type": "cursor", "cursor_body_path": "cursor"}, method="POST", json={"limit": 3}
        ),
    ),
    Case("paginator offset", _paged("v1/users", _offset())),
    Case(
        "paginator offset total_path",
        _paged("more/users", _offset(total_path="total"), data_selector="items"),
    ),
    Case(
        "paginator offset without total",
        _paged("array/users", _offset(total_path=None)),
        {"rows": 6},
        may_ask_past_end=True,
    ),
    Case("paginator offset from an offset", _paged("v1/users", _offset(offset=2))),
    Case(
        "paginator offset maximum_offset",
        _paged("v1/users", _offset(total_path=None, maximum_offset=5)),
        may_ask_past_end=True,
    ),
    Case("paginator offset maximum_offset with total", _paged("v1/users", _offset(maximum_offset=4))),
    Case(
        "paginator offset params of other names",
        _paged("v1/users", _offset(offset_param="offset", limit_param="page_size")),
    ),
    Case(
        "paginator offset has_more_path",
        _paged("more/users", _offset(total_path=None, has_more_path="more"), data_selector="items"),
        may_ask_past_end=True,
    ),
    Case(
        "paginator offset goes on after an empty page",
        _paged("v1/users", _offset(stop_after_empty_page=False, total_path=None, maximum_offset=12)),
        {"empty_middle": True, "rows": 9},
    ),
    Case("paginator offset in the body", _posted(_offset(**_IN_BODY))),
    Case("paginator offset with a total as text", _paged("v1/users", _offset()), {"total": "string"}),
    Case("paginator offset of an empty list", _paged("v1/users", _offset()), {"rows": 0}, empty=True),
    Case("paginator page_number from 1", _paged("pages/users", _numbers())),
    Case(
        "paginator page_number from 0",
        _paged("pages/users", _numbers(base_page=0), params={"base": 0, "size": 2}),
    ),
    Case("paginator page_number from a page", _paged("pages/users", _numbers(page=2))),
    Case(
        "paginator page_number without total",
        _paged("pages/users", _numbers(total_path=None)),
        may_ask_past_end=True,
    ),
    Case(
        "paginator page_number maximum_page",
        _paged("pages/users", _numbers(total_path=None, maximum_page=2)),
        may_ask_past_end=True,
    ),
    Case("paginator page_number maximum_page with total", _paged("pages/users", _numbers(maximum_page=2))),
    Case(
        "paginator page_number page_param",
        _paged("v1/users", {"type": "page_number", "base_page": 1, "page_param": "page", "total_path": None}),
        may_ask_past_end=True,
    ),
    Case(
        "paginator page_number has_more_path",
        _paged(
            "more/users",
            {"type": "page_number", "total_path": None, "has_more_path": "more"},
            data_selector="items",
        ),
        may_ask_past_end=True,
    ),
    Case(
        "paginator page_number in the body",
        _posted({"type": "page_number", "page_body_path": "paging.page", "total_path": None}),
        may_ask_past_end=True,
    ),
    Case("paginator of the client, auto gives way to it", _inherited),
    Case("paginator in resource_defaults", _by_default),
    Case(
        "paginator object OffsetPaginator",
        lambda api: one(api, "v1/users", paginator=OffsetPaginator(limit=3)),
    ),
    Case(
        "paginator object on the client",
        lambda api: one(api, "links/users", client={"paginator": JSONLinkPaginator(next_url_path="next")}),
    ),
    Case(
        "paginator object HeaderLinkPaginator",
        lambda api: one(api, "header-links/users", paginator=HeaderLinkPaginator()),
    ),
    Case(
        "paginator object of a class of the user's own",
        lambda api: one(api, "v1/users", paginator=SkipPaginator()),
    ),
    Case("paginator registered under a name", build=_registered),
)
