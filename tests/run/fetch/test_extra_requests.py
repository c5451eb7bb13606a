"""Extras: how many requests a list, or many lists of one resource, cost beyond what dlt sends for them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from restmill.events import Noted, ReadDone
from restmill.path import Path
from restmill.run.fetch.extra_requests import Extras
from restmill.run.read.behind_end import BELIEVED
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.message import Headers
from restmill.wire.paging.pagers import Cursor, HeaderLink, JsonLink, Offset, PageNumber

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.run.read.spec import Order
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE = 10


@dataclass(frozen=True)
class Lists:
    """A list of the same length at every path, in pages of ten, with all that a pager may look for."""

    rows: int
    link: str = "page"

    def __call__(self, request: Request) -> Response:
        """One page."""
        address, query = request.url.partition("?")[0], dict(parse_qsl(urlsplit(request.url).query))
        named = next((query[name] for name in ("page", "p", "cursor") if name in query), 1)
        start = int(query["offset"]) if "offset" in query else (int(named) - 1) * SIZE
        rows = [{"id": i} for i in range(start, min(start + SIZE, self.rows))]
        pages = max(1, -(-self.rows // SIZE))
        more = start // SIZE + 1 < pages
        following = f"{address}?{self.link}={start // SIZE + 2}"
        body: dict[str, Json] = {"data": rows, "total": self.rows, "pages": pages, "more": more}
        body |= {"next": following if more else None}
        body |= {"cursors": {"next": str(start // SIZE + 2) if more else None}}
        headers = {"Link": f'<{following}>; rel="next"'} if more else {}
        answer = json_response(body)
        return replace(answer, headers=Headers({**dict(answer.headers.items()), **headers}))


_PAGES, _MORE = Path("pages"), Path("more")
KNOWN: dict[str, Pager] = {
    "offset, total": Offset(limit=SIZE),
    "page number, pages": PageNumber(base_page=1, total_path=_PAGES),
    "json_link": JsonLink(next_url_path=Path("next")),
    "header_link": HeaderLink(),
    "cursor": Cursor(),
}
OPEN: dict[str, Pager] = {
    "offset, no total": Offset(limit=SIZE, total_path=None),
    "page number, no total": PageNumber(base_page=1, total_path=None),
    "page number, has_more": PageNumber(base_page=1, total_path=None, has_more_path=_MORE),
}


def needed(pager: Pager, rows: int) -> int:
    """What dlt sends: a page for each ten rows, and where nobody states an end, an empty one."""
    pages = max(1, -(-rows // SIZE))
    if not isinstance(pager, Offset | PageNumber) or pager.total_path or pager.has_more_path:
        return pages
    return pages + (rows > 0)


def sent(pager: Pager, rows: int, lists: int = 1) -> tuple[int, Recorder]:
    """How many requests that many lists cost, read side by side."""
    seen = Recorder()
    rig = Rig(Lists(rows), observer=seen)

    async def all_of_them() -> None:
        await asyncio.gather(*(rig.read(order(pager, path=f"/things/{i}")) for i in range(lists)))

    run(all_of_them())
    assert len(rig.ids) == rows * lists
    assert all(isinstance(one, ReadDone) and one.complete and not one.doubt for one in seen.of(ReadDone))
    return len(rig.transport.sent), seen


LENGTHS = (0, 4, 10, 14, 17, 20, 47, 50, 53, 90, 197, 200, 1000)


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("name", KNOWN)
def test_a_list_that_says_where_it_ends_costs_at_most_one_request_more(name: str, rows: int) -> None:
    # A count of pages that is met by full pages may be capped, and rows may have moved: one request for each.
    more = 2 if name == "page number, pages" and rows > SIZE and rows % SIZE == 0 else 1
    assert sent(KNOWN[name], rows)[0] <= needed(KNOWN[name], rows) + more


@pytest.mark.parametrize("rows", LENGTHS)
@pytest.mark.parametrize("name", OPEN)
def test_a_list_without_a_total_costs_a_quarter_and_three_at_most(name: str, rows: int) -> None:
    assert sent(OPEN[name], rows)[0] <= 1.25 * needed(OPEN[name], rows) + 3


@pytest.mark.parametrize("rows", [0, 4, 10, 14, 20, 50, 200])
@pytest.mark.parametrize("lists", [25, 200])
@pytest.mark.parametrize("name", [*KNOWN, *OPEN])
def test_many_lists_teach_each_other(name: str, lists: int, rows: int) -> None:
    pager = {**KNOWN, **OPEN}[name]
    assert sent(pager, rows, lists)[0] <= 1.15 * lists * needed(pager, rows) + 3


def test_that_other_lists_are_believed_is_said() -> None:
    notes = [
        event.text for event in sent(OPEN["offset, no total"], 50, 25)[1].events if isinstance(event, Noted)
    ]
    assert BELIEVED in notes
    assert not [one for one in sent(KNOWN["offset, total"], 50)[1].events if isinstance(one, Noted)]


def test_where_rows_are_deleted_by_it_every_list_is_asked() -> None:
    rig = Rig(Lists(50))

    async def strictly() -> None:
        what = [replace(order(OPEN["offset, no total"], path=f"/things/{i}"), strict=True) for i in range(10)]
        await asyncio.gather(*(rig.read(one) for one in what))

    run(strictly())
    assert len(rig.transport.sent) >= 10 * (6 + 2)  # behind the empty page, and the first page again


def holed(number: int) -> Rig:
    """Lists of a server that leaves a hole in one of them."""
    seen = Recorder()

    def script(request: Request) -> Response:
        answer = Lists(40)(request)
        if request.address.endswith(f"/{number}") and request.params["offset"] == 20:
            return json_response({"data": []})
        return answer

    return Rig(script, observer=seen)


def one_by_one(rig: Rig, count: int, what: Order) -> list[ReadDone]:
    """The ends of so many lists, read in turn."""

    async def all_of_them() -> None:
        for i in range(count):
            request = replace(what.request, address=f"{HOME}/things/{i}")
            await rig.read(replace(what, request=request))

    run(all_of_them())
    assert isinstance(rig.observer, Recorder)
    return [one for one in rig.observer.of(ReadDone) if isinstance(one, ReadDone)]


def test_an_end_that_proves_wrong_is_asked_about_each_time() -> None:
    rig = holed(1)
    ends = one_by_one(rig, 12, order(OPEN["offset, no total"]))
    assert [bool(one.doubt) for one in ends] == [False, True, *[False] * 10]
    behind = [one for _, one in rig.transport.sent if one.params["offset"] == 50]
    assert len(behind) >= 12


def test_lists_that_were_believed_are_in_doubt_when_another_proves_the_server_wrong() -> None:
    ends = one_by_one(holed(22), 30, order(OPEN["offset, no total"]))
    (doubt,) = [one.doubt for one in ends if one.doubt]
    said = (
        "page 3 was empty, but rows follow",
        "not asked behind theirs",
        "30 rows, but the server states 40",
    )
    assert any(one in doubt for one in said)


@pytest.mark.parametrize("status", [500, 503])
def test_a_request_behind_the_end_that_fails_is_a_doubt_and_no_failure(status: int) -> None:
    def script(request: Request) -> Response:
        if int(request.params["page"]) > 3:
            return json_response({}, status)
        return Lists(30)(request)

    seen = Recorder()
    rig = Rig(script, observer=seen)
    run(rig.read(order(KNOWN["page number, pages"])))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    assert (done.complete, len(rig.ids)) == (True, 30)
    assert not any(gate.shut for gate in rig.memory.gates.values())
    if status == 503:
        assert done.doubt == "what lies behind the end that the server states could not be read"


def test_nothing_waits_at_the_door_when_the_end_is_known() -> None:
    rig = Rig(Lists(50), latency=0.2)
    run(rig.read(order(OPEN["offset, no total"])))
    offsets = [one.params["offset"] for _, one in rig.transport.sent]
    assert offsets[-1] == 0  # the look back is the last
    assert len(offsets) <= 10


def test_predictions_of_many_lists_share_their_allowance() -> None:
    extras = Extras()
    for _ in range(2):
        extras.begun()
    for _ in range(30):
        extras.page()
    assert [extras.guess(3, 1), extras.guess(3, 1)] == [True, False]
    extras.guessed(right=False)
    assert not extras.guess(3, 1)
    for _ in range(10):
        extras.page()
    assert extras.guess(3, 1)
