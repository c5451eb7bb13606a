"""Pagers: what to ask for next, decided from one page and its own request. This is their public face.

`decision` has the vocabulary, `numbered` the pagers that count, `linked` those that follow a cursor or a
link. Every option has dlt's name, default and meaning; where servers are known to break dlt's reading, the
safer one is taken, and the difference is in the docstring of the pager.
"""

from __future__ import annotations

from restmill.wire.next_page.links import links
from restmill.wire.paging.decision import Decision, Done, Fan, Next, Pager, Series
from restmill.wire.paging.linked import Cursor, HeaderCursor, HeaderLink, JsonLink, SinglePage
from restmill.wire.paging.numbered import Offset, PageNumber

__all__ = [
    "Cursor",
    "Decision",
    "Done",
    "Fan",
    "HeaderCursor",
    "HeaderLink",
    "JsonLink",
    "Next",
    "Offset",
    "PageNumber",
    "Pager",
    "Series",
    "SinglePage",
    "conflicts",
    "links",
]


def conflicts(pager: Pager) -> tuple[str, ...]:
    """What is contradictory in a pager's options, one sentence each (dlt's constructors refuse the same)."""
    match pager:
        case Offset():
            return (
                *_one_place("offset", pager.offset_param, pager.offset_body_path),
                *_one_place("limit", pager.limit_param, pager.limit_body_path),
                *(() if pager.limit > 0 else ("`limit` must be at least 1",)),
                *_an_end(pager, "maximum_offset", pager.maximum_offset),
            )
        case PageNumber():
            return (
                *_one_place("page", pager.page_param, pager.page_body_path),
                *_an_end(pager, "maximum_page", pager.maximum_page),
            )
        case Cursor():
            return _one_place("cursor", pager.cursor_param, pager.cursor_body_path)
        case _:
            return ()


def _one_place(what: str, param: str | None, body_path: str | None) -> tuple[str, ...]:
    if param is None and body_path is None:
        return ()
    if bool(param) == bool(body_path):
        return (f"either `{what}_param` or `{what}_body_path` must be given, not both",)
    return ()


def _an_end(pager: Offset | PageNumber, option: str, maximum: int | None) -> tuple[str, ...]:
    ends = (pager.total_path, pager.total_header, maximum, pager.has_more_path)
    if pager.stop_after_empty_page or any(end is not None for end in ends):
        return ()
    return (f"one of `total_path`, `{option}`, `has_more_path` or `stop_after_empty_page` must be given",)
