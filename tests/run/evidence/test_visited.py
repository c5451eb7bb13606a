"""Scrolls: one token for all pages. A loop is the same token and the same page; a read of either ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.run.evidence.visited import Trail
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.message import Request
from restmill.wire.paging.pagers import Cursor, HeaderCursor, HeaderLink, JsonLink, Next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json
    from restmill.wire.message import Page, Response
    from restmill.wire.paging.pagers import Done, Pager

ASK, CURSOR = Request("GET", HOME, {"cursor": "60bb598b"}), Cursor()
TOKEN = "60bb598b"  # what a server calls a scroll


class Own:
    """A pager of the user's own: asks the same again until a page is empty."""

    def first(self, request: Request) -> Request:
        return request

    def after(self, page: Page) -> Next | Done:
        return Next(replace(page.request, params={"cursor": TOKEN}))

    def past_end(self, request: Request, status: int) -> Done | None:  # noqa: ARG002  # the seam's face
        return None

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        return None

    def describe(self) -> str:
        return "own"


PAGERS: dict[str, Pager] = {
    "cursor in a parameter": Cursor(),
    "cursor in a body": Cursor(cursor_body_path="scroll_id"),
    "cursor, ends at an empty page": Cursor(stop_after_empty_page=True),
    "header cursor": HeaderCursor(),
    "json link": JsonLink(),
    "header link": HeaderLink(),
    "a pager of the user's own": Own(),
}


class Scroll:
    """A server that remembers the place: pages of `lists`, then empty ones, always with the same token."""

    def __init__(self, lists: Sequence[Sequence[Json]]) -> None:
        self._lists = [list(one) for one in lists]

    def __call__(self, _: Request) -> Response:
        link = f"{HOME}/scroll/{TOKEN}"
        found = self._lists.pop(0) if self._lists else []
        document: Json = {"data": found, "cursors": {"next": TOKEN}, "next": link}
        return json_response(document, headers={"next": TOKEN, "Link": f"<{link}>; rel=next"})


def ended(pager: Pager, lists: Sequence[Sequence[Json]]) -> tuple[ReadDone, list[Json], int]:
    """How the read ended, the records it brought, and how many requests it took."""
    seen = Recorder()
    rig = Rig(Scroll(lists), observer=seen)
    run(rig.read(replace(order(pager), keys=(Path("id"),))))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, [record for page in rig.pages for record in page], len(rig.transport.sent)


def rows(first: int, last: int) -> list[Json]:
    return [{"id": i} for i in range(first, last + 1)]


@pytest.mark.parametrize("name", PAGERS)
def test_one_token_for_all_pages_is_a_scroll(name: str) -> None:
    done, records, sent = ended(PAGERS[name], [rows(1, 3), rows(4, 6), rows(7, 7)])
    assert records == rows(1, 7)
    assert (done.complete, done.doubt, done.basis) == (True, "", "end")
    assert sent == (4 if "empty" in name else 5)  # an empty page is asked for once more: it may be a hole


@pytest.mark.parametrize("name", PAGERS)
def test_the_same_token_and_the_same_page_are_a_loop_after_one_repeat(name: str) -> None:
    done, records, sent = ended(PAGERS[name], [rows(1, 3), rows(4, 6), *[rows(4, 6)] * 50])
    assert records == rows(1, 6)
    assert not done.complete
    assert done.reason.startswith("the paging went in a circle: the same request brought no new record: ")
    assert sent == 3


@pytest.mark.parametrize("name", PAGERS)
def test_an_empty_page_amid_a_scroll_is_a_hole(name: str) -> None:
    done, records, _ = ended(PAGERS[name], [rows(1, 3), [], rows(4, 6)])
    if "empty" in name:  # that is what the config says
        return
    assert records == rows(1, 6)
    assert done.complete


@pytest.mark.parametrize("name", PAGERS)
def test_one_record_at_a_time_without_end_is_a_circle(name: str) -> None:
    """Of a page that counts how often it was asked for every answer is new."""
    done, records, sent = ended(PAGERS[name], [rows(i, i) for i in range(2_000)])
    assert not done.complete
    assert done.reason.startswith(
        "the paging went in a circle: the same request brought one record 1,000 times"
    )
    assert 1_000 <= len(records) == sent - 1 < 1_010


def test_a_scroll_of_pages_of_one_record_may_be_a_thousand_long() -> None:
    done, records, _ = ended(Cursor(), [rows(i, i) for i in range(999)])
    assert (len(records), done.complete) == (999, True)


def test_pages_of_plain_values_that_come_again_end_a_scroll() -> None:
    done, records, sent = ended(Cursor(), [["a", "b"], *[["c", "d"]] * 50])
    assert (records, done.complete, sent) == (["a", "b", "c", "d"], False, 3)


def test_tokens_that_take_turns_while_the_pages_go_on() -> None:
    turn = iter("abababab")
    lists = iter([*(rows(3 * i, 3 * i + 2) for i in range(4)), [], []])

    def script(_: Request) -> Response:
        found = next(lists, [])
        return json_response({"data": found, "cursors": {"next": next(turn) if found else None}})

    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(order(Cursor())))
    assert rig.ids == list(range(12))
    assert [one.complete for one in seen.events if isinstance(one, ReadDone)] == [True]


@pytest.mark.parametrize(
    ("met", "short", "complete"), [(False, False, False), (True, False, True), (False, True, True)]
)
def test_an_empty_page_twice_is_no_end_where_nothing_shows_a_scroll(
    met: bool, short: bool, complete: bool
) -> None:
    """One token for all pages by mistake: the empty page between two full ones comes for ever."""
    trail = Trail()
    assert trail.enter(Request("GET", HOME), CURSOR) is None
    assert trail.arrived([{"id": 1}], fresh=True, short=short) is None
    assert trail.enter(ASK, CURSOR) is None
    assert trail.arrived([], fresh=False, met=met, short=True) is None
    assert trail.enter(ASK, CURSOR) is None
    done = trail.arrived([], fresh=False, met=met, short=True)
    assert done is not None
    assert done.complete == complete
