"""dlt's own paginator and auth objects, read as what they stand for: `OffsetPaginator(limit=10)` is `Offset`.

Only the classes themselves: a subclass may do anything, and is called instead (see `custom_objects`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.sources.helpers.rest_client import auth as dlt_auth
from dlt.sources.helpers.rest_client import paginators as dlts

from restmill.config.model.config import ApiKeyAuth, BearerAuth, HttpBasicAuth
from restmill.path import Path
from restmill.secrets import Secret
from restmill.wire.paging import pagers

if TYPE_CHECKING:
    from restmill.config.model.config import Auth, Opaque
    from restmill.wire.paging.pagers import Pager


def known_pager(paginator: dlts.BasePaginator) -> Pager | None:
    """The pager for one of dlt's own classes; None for a subclass, which may do anything."""
    kind = type(paginator)
    if kind is dlts.SinglePagePaginator:
        return pagers.SinglePage()
    if isinstance(paginator, dlts.JSONLinkPaginator) and kind is dlts.JSONLinkPaginator:
        return pagers.JsonLink(next_url_path=Path(str(paginator.next_url_path)))
    if isinstance(paginator, dlts.HeaderLinkPaginator) and kind is dlts.HeaderLinkPaginator:
        return pagers.HeaderLink(links_next_key=paginator.links_next_key)
    if isinstance(paginator, dlts.HeaderCursorPaginator) and kind is dlts.HeaderCursorPaginator:
        return pagers.HeaderCursor(cursor_key=paginator.cursor_key, cursor_param=paginator.cursor_param)
    if isinstance(paginator, dlts.RangePaginator):
        return _range(paginator)
    return _cursor(paginator)


def _cursor(paginator: dlts.BasePaginator) -> Pager | None:
    if type(paginator) is not dlts.JSONResponseCursorPaginator:
        return None
    assert isinstance(paginator, dlts.JSONResponseCursorPaginator)
    return pagers.Cursor(
        cursor_path=Path(str(paginator.cursor_path)),
        cursor_param=paginator.cursor_param,
        cursor_body_path=paginator.cursor_body_path,
        stop_after_empty_page=paginator.stop_after_empty_page,
        has_more_path=_path(paginator.has_more_path),
    )


def _range(paginator: dlts.RangePaginator) -> Pager | None:
    if type(paginator) is dlts.OffsetPaginator:
        assert isinstance(paginator, dlts.OffsetPaginator)
        return pagers.Offset(
            limit=paginator.limit,
            offset=paginator.initial_value,
            offset_param=paginator.param_name,
            offset_body_path=paginator.param_body_path,
            limit_param=paginator.limit_param,
            limit_body_path=paginator.limit_body_path,
            total_path=_path(paginator.total_path),
            maximum_offset=paginator.maximum_value,
            stop_after_empty_page=bool(paginator.stop_after_empty_page),
            has_more_path=_path(paginator.has_more_path),
        )
    if type(paginator) is dlts.PageNumberPaginator:
        return pagers.PageNumber(
            base_page=paginator.base_index,
            page=paginator.initial_value,
            base_known=True,
            page_param=paginator.param_name,
            page_body_path=paginator.param_body_path,
            total_path=_path(paginator.total_path),
            maximum_page=paginator.maximum_value,
            stop_after_empty_page=bool(paginator.stop_after_empty_page),
            has_more_path=_path(paginator.has_more_path),
        )
    return None


def known_auth(guest: Opaque) -> Auth | Opaque:
    """The declared form of one of dlt's own auth objects; the object itself for everything else."""
    auth = guest.value
    kind = type(auth)
    if kind is dlt_auth.BearerTokenAuth:
        return BearerAuth(token=Secret(str(auth.token)))
    if kind is dlt_auth.HttpBasicAuth:
        return HttpBasicAuth(username=Secret(str(auth.username)), password=Secret(str(auth.password)))
    if kind is dlt_auth.APIKeyAuth:
        return ApiKeyAuth(name=auth.name, api_key=Secret(str(auth.api_key)), location=auth.location)
    return guest


def _path(compiled: object) -> Path | None:
    return None if compiled is None else Path(str(compiled))
