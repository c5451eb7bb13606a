"""The cells of the matrix: how a list can be asked for, and the ways in which it can lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, get_args

from restmill.errors import ApiError
from restmill.events import ReadDone
from restmill.path import Path
from restmill.run.read.spec import Order
from restmill.sandbox import Behaviour
from restmill.sandbox.behaviour import NextHeader, NextKey
from restmill.sandbox.disguise import ErrorKind
from restmill.testing import Recorder, run
from restmill.testing.rig import HOME, Rig, terms
from restmill.wire.message import Request
from restmill.wire.paging.pagers import Cursor, HeaderCursor, HeaderLink, JsonLink, Offset, PageNumber
from tests.matrix.ground import LIST, Ground

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.paging.pagers import Pager

Switches: TypeAlias = "dict[str, Json]"
SIZE = 20
_PAGES = Path("total_pages")
_IN_BODY = Offset(limit=SIZE, offset_body_path="offset", limit_body_path="limit")


@dataclass(frozen=True)
class Way:
    """How a list is asked for: a path, its parameters, a pager and a selector; None: detected."""

    path: str
    pager: Pager | None
    selector: str | None = "data"
    params: tuple[tuple[str, int], ...] = ()
    method: str = "GET"
    server: tuple[tuple[str, Json], ...] = ()
    """Switches of the server that is asked in this way."""

    def order(self, *, keyed: bool, merged: bool) -> Order:
        """The order for this way."""
        request = Request("GET", f"{HOME}/{self.path}/{LIST}", dict(self.params))
        request = replace(request, method="POST", json={}) if self.method == "POST" else request
        selector = Path(self.selector) if self.selector else None
        keys = (Path("id"),) if keyed else ()
        return Order(request, terms(), self.pager, selector, 4, keys, merged=merged)


_SIZED = (("limit", SIZE),)
_GROUPED = (("grouped", True),)
WAYS: dict[str, Way] = {
    "offset": Way("v1", Offset(limit=SIZE)),
    "offset, total in a header": Way("array", Offset(limit=SIZE), "$"),
    "offset, filter": Way("v1", Offset(limit=SIZE), "data[?(@.id>0)]"),
    "offset, any depth": Way("v1", Offset(limit=SIZE), "$..data[*]"),
    "cursor, filter": Way("cursor", Cursor(), "data[?(@.id>0)]", _SIZED),
    "offset, groups": Way("v1", Offset(limit=SIZE), "data[*].items[*]", server=_GROUPED),
    "cursor, groups": Way("cursor", Cursor(), "data[*].items[*]", _SIZED, server=_GROUPED),
    "offset in a body": Way("search", _IN_BODY, method="POST"),
    "page_number, total of rows": Way("v1", PageNumber(base_page=1), params=_SIZED),
    "page_number, total of pages": Way("pages", PageNumber(1, total_path=_PAGES), "results", _SIZED),
    "page_number, no total": Way("pages", PageNumber(1, total_path=None), "results", _SIZED),
    "cursor": Way("cursor", Cursor(), params=_SIZED),
    "cursor, has_more": Way("cursor", Cursor(has_more_path=Path("has_more")), params=_SIZED),
    "json_link": Way("links", JsonLink(), params=_SIZED),
    "header_link": Way("header-links", HeaderLink(), "$", _SIZED),
    "header_cursor": Way("header-cursor", HeaderCursor("NextPageToken"), "$", _SIZED),
    "auto, cursor": Way("cursor", None, None, _SIZED),
    "auto, json_link": Way("links", None, None, _SIZED),
    "auto, header_link": Way("header-links", None, None, _SIZED),
    "auto, page_number": Way("pages", None, None, (*_SIZED, ("base", 1))),
    "auto, single page": Way("all", None, None),
}

KINDS = get_args(ErrorKind)
_NOT_AT_ONCE = ("null", "warnings", "flipped")
"""On a first page null may be an empty list, and so may be a list with words or numbers beside it."""
BESIDE = ("ok", "code", "graphql", "timed_out")

LIES: dict[str, Switches] = {
    "nothing": {},
    "capped": {"cap": 7},
    "capped to the default": {"cap": 15, "cap_to_default": True, "default_limit": 10},
    "capped above a threshold": {"cap": 6, "cap_above": 30, "default_limit": 6},
    "limit ignored": {"limit_ignored": True, "default_limit": 9},
    "offset ignored": {"offset_ignored": True},
    "short pages": {"short_pages": True},
    **{f"total {mode}": {"total": mode} for mode in ("missing", "null", "string", "wrong", "too_high")},
    **{f"total {mode}": {"total": mode} for mode in ("zero_past_end", "page")},
    "total first_page": {"total": "first_page"},
    **{f"{status} past the end": {"past_end": status} for status in (400, 404, 416)},
    "same cursor": {"same_cursor": True},
    "alternating cursors": {"alternating_cursor": True},
    "link to itself": {"self_link": True},
    "relative links": {"relative_links": True},
    "empty page": {"empty_middle": True},
    "204 in mid-stream": {"no_content_middle": True},
    "200 without a body": {"no_body_middle": True},
    "another selector": {"odd_middle": True},
    "html from page 3": {"html_from": 3},
    "html at once": {"html_from": 1},
    "an error in a 200 from page 3": {"error_from": 3},
    "an error in a 200 at once": {"error_from": 1},
    "truncated from page 3": {"truncate_from": 3},
    "unstable order": {"unstable_order": True},
    "duplicates": {"duplicates": 0.2},
    **{f"{count} inserted": {"insert_while_paging": count} for count in (1, 3)},
    **{f"{count} deleted": {"delete_while_paging": count} for count in (1, 3, SIZE)},
    "failures": {"fail_rate": 0.3, "fail_statuses": (429, 500, 503)},
    "html by chance": {"html": 0.2},
    "truncated by chance": {"truncate": 0.2},
    "disconnects": {"disconnect": 0.2},
    "dead": {"dead_after": 4},
    "total capped": {"total": "capped"},
    "429 without a word of when": {"fail_rate": 0.3, "fail_statuses": (429,)},
    "429 until a date": {"fail_rate": 0.3, "fail_statuses": (429,), "retry_after": "date"},
    **{f"error from page 3, {kind}": {"error_from": 3, "error_kind": kind} for kind in KINDS},
    **{
        f"error at once, {kind}": {"error_from": 1, "error_kind": kind}
        for kind in KINDS
        if kind not in _NOT_AT_ONCE
    },
    **{
        f"errors by chance, {kind}": {"errors": 0.2, "error_kind": kind} for kind in ("ok", "graphql", "code")
    },
    **{f"half of page 3, {kind}": {"partial_from": 3, "error_kind": kind} for kind in BESIDE},
    **{
        f"half of page 1, {kind}": {"partial_from": 1, "error_kind": kind}
        for kind in BESIDE
        if kind != "code"
    },
    **{f"next at {key}": {"next_key": key} for key in get_args(NextKey)[1:]},
    **{f"next in {header}": {"next_header": header} for header in get_args(NextHeader)[1:]},
    "next on the last page": {"open_end": True},
    "scroll": {"scroll": True},
    "latin-1": {"encoding": "latin-1"},
    "windows-1252 in silence": {"encoding": "windows-1252", "encoding_told": False},
    "utf-16": {"encoding": "utf-16"},
    "a stray byte": {"encoding": "stray"},
    "UTF-8 said to be Latin-1": {"encoding": "mislabelled"},
}
"""Ways in which a server lies, or only seems to."""

_BODIES = frozenset(("v1", "pages", "cursor", "links", "search"))
TOTALLED = _BODIES - {"cursor", "links"} | {"array", "header-links"}
"""Routes that state a total."""
_REFERRING = frozenset(("cursor", "links", "header-links", "header-cursor"))
_MET_BY: dict[str, frozenset[str]] = {
    "next_key": frozenset(("cursor", "links")),
    "next_header": frozenset(("header-links", "header-cursor")),
    "open_end": _REFERRING,
    "scroll": frozenset(("cursor", "header-cursor")),
    "partial_from": _BODIES,
}
"""Switches that change some routes only: in another way of asking they would be the same cell again."""


def meets(way: Way, switches: Switches) -> bool:
    """Whether an answer that this way of asking may get is another one because of each of the switches."""
    return all(way.path in _MET_BY.get(name, (way.path,)) for name in switches)


@dataclass(frozen=True)
class Outcome:
    """How a read ended, and whether what it brought is right."""

    complete: bool
    right: bool
    requests: int
    why: str


def outcome(way: Way, switches: Switches, *, keyed: bool = True, merged: bool = True) -> Outcome:
    """Read the list in this way from a server with these switches."""
    ground = Ground(Behaviour(**{**dict(way.server), **switches}))
    seen = Recorder()
    rig = Rig(ground, latency=0.01, observer=seen)

    def ids() -> list[int]:
        found = [record for page in rig.pages for record in page]
        return [record.get("id", -1) if isinstance(record, dict) else -1 for record in found]

    try:
        run(rig.read(way.order(keyed=keyed, merged=merged)))
    except ApiError as error:
        return Outcome(complete=False, right=ground.right(ids()), requests=ground.requests, why=str(error))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    complete = done.complete and not done.doubt
    assert complete == bool(done.basis), done
    once = merged or not keyed or len(ids()) == len(set(ids()))
    return Outcome(complete, ground.right(ids()) and once, ground.requests, done.doubt or done.reason)
