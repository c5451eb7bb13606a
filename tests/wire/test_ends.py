"""Doubtful ends of pagers that count: what lies behind them can be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.path import Json, Path
from restmill.wire.paging.pagers import Done, Fan, Next, Offset, PageNumber
from tests.wire.model import START, page

if TYPE_CHECKING:
    from restmill.wire.message import Request


def at(**params: Json) -> Request:
    return replace(START, params=params)


def test_an_empty_page_is_no_end_while_declared_pages_are_ahead() -> None:
    pager = PageNumber(base_page=1, total_path=Path("total_pages"))
    assert pager.after(page({"items": [], "total_pages": 3}, request=at(page=2))) == Next(at(page=3))
    ended = pager.after(page({"items": [], "total_pages": 3}, request=at(page=3)))
    assert ended == Done("an empty page", complete=True)
    assert isinstance(ended, Done)
    assert ended.probe == at(page=4)


def test_an_end_says_what_lies_behind_it_if_that_can_be_asked() -> None:
    assert probe(Offset(5).after(page({"items": []}, request=at(offset=10)))) == at(offset=15)
    assert probe(Offset(5, maximum_offset=12).after(page({"items": []}, request=at(offset=10)))) is None
    assert probe(Offset(5).after(page({"items": [1, 2], "total": 2}, request=at(offset=0)))) == at(offset=2)
    met = page({"items": [1, 2], "total": 7}, request=at(offset=5), number=2)
    assert probe(Offset(5).after(met)) == at(offset=7)
    counted = PageNumber(base_page=1, total_path=Path("pages"))
    assert probe(counted.after(page({"items": [1, 2], "pages": 1}, request=at(page=1)))) == at(page=2)
    bounded = replace(counted, maximum_page=2)
    assert probe(bounded.after(page({"items": [1, 2], "pages": 1}, request=at(page=1)))) is None


def probe(decision: Next | Fan | Done) -> Request | None:
    assert isinstance(decision, Done)
    assert decision.complete
    return decision.probe
