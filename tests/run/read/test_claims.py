"""A total or a count of pages that stands on the first page only: it holds until it is contradicted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Rig, order
from restmill.wire.message import Headers
from restmill.wire.paging.pagers import Cursor, HeaderLink, JsonLink, Offset, PageNumber, SinglePage

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE = 10
ROWS = 37
LATER: dict[str, dict[str, Json]] = {
    "left out": {},
    "null": {"total": None},
    "a word": {"total": "many"},
    "no number": {"total": -1},
}


@dataclass
class Server:
    """A list whose first page alone says how long it is; it gives `given` of its rows."""

    claim: dict[str, Json] = field(default_factory=lambda: {"total": ROWS})
    headers: dict[str, str] = field(default_factory=dict)
    later: dict[str, Json] = field(default_factory=dict)
    given: int = ROWS

    def __call__(self, request: Request) -> Response:
        """One page by offset, page, cursor or link."""
        params = request.params
        at = request.address.partition("at=")[2]
        start = int(
            params.get("offset") or params.get("cursor") or at or (int(params.get("page", 1)) - 1) * SIZE
        )
        rows = [{"id": i} for i in range(start, min(start + SIZE, self.given))]
        following = str(start + SIZE) if start + SIZE < self.given else None
        link = f"https://api.test/things?at={following}"
        refers = {"cursors": {"next": following}, "next": link} if following else {}
        said = self.later if start else self.claim
        response = json_response({"data": rows, **refers, **said})
        linked = {"Link": f"<{link}>; rel=next"} if following else {}
        return replace(response, headers=Headers({**linked, **({} if start else self.headers)}))


def ended(server: Server, pager: Pager) -> tuple[ReadDone, int]:
    """How a read ended, and how many requests it took."""
    seen = Recorder()
    rig = Rig(server, observer=seen)
    run(rig.read(replace(order(pager), keys=(Path("id"),), merged=True)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, len(rig.transport.sent)


PAGERS: dict[str, Pager] = {
    "offset": Offset(limit=SIZE),
    "page number": PageNumber(base_page=1),
    "cursor": Cursor(),
    "json link": JsonLink(),
    "link header": HeaderLink(),
}


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("name", PAGERS)
def test_silence_is_no_contradiction(name: str, later: str) -> None:
    done, sent = ended(Server(later=LATER[later]), PAGERS[name])
    assert (done.complete, done.doubt, done.basis) == (True, "", "total")
    assert sent == ended(Server(later={"total": ROWS}), PAGERS[name])[1], "as if it stood on every page"


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("name", PAGERS)
def test_rows_that_fall_short_of_it_leave_a_doubt(name: str, later: str) -> None:
    done, _ = ended(Server(later=LATER[later], given=20), PAGERS[name])
    assert "20 rows, but the server claims 37" in done.doubt


@pytest.mark.parametrize("header", ["X-Total-Count", "X-Total", "Content-Range"])
@pytest.mark.parametrize("name", PAGERS)
def test_a_header_claims_as_a_body_does(name: str, header: str) -> None:
    value = f"items 0-9/{ROWS}" if header == "Content-Range" else str(ROWS)
    whole, _ = ended(Server({}, {header: value}), PAGERS[name])
    short, _ = ended(Server({}, {header: value}, given=20), PAGERS[name])
    assert (whole.complete, whole.doubt, whole.basis) == (True, "", "total")
    assert "20 rows, but the server claims 37" in short.doubt


@pytest.mark.parametrize(
    "claim",
    [
        {"total_count": ROWS},
        {"totalCount": str(ROWS)},
        {"meta": {"total": ROWS}},
        {"page": {"totalElements": ROWS}},
        {"@odata.count": ROWS},
        {"odata.count": str(ROWS)},
        {"__count": ROWS},
        {"hydra:totalItems": ROWS},
        {"totalItems": ROWS},
        {"pagination": {"total_records": ROWS}},
        {"paging": {"total-results": ROWS}},
        {"nbHits": ROWS},
    ],
)
@pytest.mark.parametrize("name", ["offset", "cursor"])
def test_a_total_goes_by_many_names(name: str, claim: dict[str, Json]) -> None:
    whole, _ = ended(Server(claim), PAGERS[name])
    short, _ = ended(Server(claim, given=20), PAGERS[name])
    assert (whole.complete, whole.doubt, whole.basis) == (True, "", "total")
    assert "20 rows, but the server claims 37" in short.doubt


@pytest.mark.parametrize("given", [ROWS, 20])
@pytest.mark.parametrize("in_header", [True, False])
def test_a_count_of_pages_on_the_first_page_only(in_header: bool, given: int) -> None:
    pager = PageNumber(base_page=1, total_path=None if in_header else Path("pages"))
    pager = replace(pager, total_header="X-Total-Pages") if in_header else pager
    server = Server(
        {} if in_header else {"pages": 4}, {"X-Total-Pages": "4"} if in_header else {}, given=given
    )
    done, _ = ended(server, pager)
    assert done.complete
    assert bool(done.doubt) is (given == 20)


@pytest.mark.parametrize(
    "name", ["total_pages", "totalPages", "pages", "page_count", "last_page", "numPages"]
)
@pytest.mark.parametrize(
    "pager", [Cursor(), JsonLink(), SinglePage(), PageNumber(base_page=1, total_path=None)]
)
def test_pages_that_are_missing_leave_a_doubt(pager: Pager, name: str) -> None:
    short, _ = ended(Server({"meta": {name: 4}}, given=10), pager)
    assert short.doubt.startswith("1 pages with rows, but the server states 4")
    whole, _ = ended(Server({"meta": {name: 1}}, given=10), pager)
    assert (whole.complete, whole.doubt) == (True, "")


@pytest.mark.parametrize("selector", ["$", "data"])
def test_a_record_may_have_any_number_of_pages(selector: str) -> None:
    book: Json = {"id": 1, "pages": 300, "total": 7, "next": "x", "hasMore": True}
    seen = Recorder()
    answer = {"data": book} if selector == "data" else book
    what = replace(order(SinglePage()), selector=Path(selector))
    run(Rig(lambda _: json_response(answer), observer=seen).read(what))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    assert (done.rows, done.complete, done.doubt) == (1, True, "")


def test_a_claim_that_rows_contradict_is_forgotten() -> None:
    for name in ("offset", "cursor", "json link"):
        done, _ = ended(Server({"total": 12}), PAGERS[name])
        assert (done.rows, done.complete, done.doubt) == (ROWS, True, "")


def test_the_length_of_the_first_page_is_no_claim() -> None:
    for pager in PAGERS.values():
        done, _ = ended(Server({"total": SIZE}), pager)
        assert (done.rows, done.complete, done.doubt) == (ROWS, True, "")


def test_a_zero_past_the_end_takes_nothing_back() -> None:
    done, _ = ended(Server(later={"total": 0}, given=20), Offset(limit=SIZE))
    assert "rows" in done.doubt


UNCOUNTED: dict[str, Pager] = {
    "offset": Offset(limit=SIZE, total_path=None),
    "page number": PageNumber(base_page=1, total_path=None),
}
CLAIMS: dict[str, tuple[dict[str, Json], dict[str, str]]] = {
    "total": ({"total": ROWS}, {}),
    "meta.totalCount": ({"meta": {"totalCount": ROWS}}, {}),
    "a count beyond the page": ({"summary": {"recordCount": ROWS}}, {}),
    "a row count as text": ({"rowCount": str(ROWS)}, {}),
    "X-Total-Count": ({}, {"X-Total-Count": str(ROWS)}),
    "Content-Range": ({}, {"Content-Range": f"0-9/{ROWS}"}),
}


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("name", UNCOUNTED)
def test_without_a_declared_total_a_claim_counts_for_the_verdict(name: str, claim: str) -> None:
    """`total_path: null` says by what no page is counted, and takes nothing from what the server states."""
    body, headers = CLAIMS[claim]
    whole, sent = ended(Server(body, headers), UNCOUNTED[name])
    short, _ = ended(Server(body, headers, given=20), UNCOUNTED[name])
    assert (whole.complete, whole.doubt) == (True, "")
    assert sent == ended(Server({}), UNCOUNTED[name])[1], "it ends as without a total"
    assert short.doubt.startswith("20 rows, but the server states 37")


@pytest.mark.parametrize("name", UNCOUNTED)
@pytest.mark.parametrize("count", [SIZE, 3, 0])
def test_a_count_that_may_be_that_of_the_page_is_no_claim(count: int, name: str) -> None:
    done, _ = ended(Server({"recordCount": count}, given=20), UNCOUNTED[name])
    assert (done.complete, done.doubt) == (True, "")


@pytest.mark.parametrize("name", PAGERS)
@pytest.mark.parametrize(
    "claim",
    [
        {"summary": {"record_count": ROWS}},
        {"numberOfRecords": ROWS},
        {"count": ROWS},
        {"meta": {"hits": ROWS}},
    ],
)
def test_a_count_beyond_its_page_is_a_claim_for_every_pager(claim: dict[str, Json], name: str) -> None:
    whole, _ = ended(Server(claim), PAGERS[name])
    short, _ = ended(Server(claim, given=20), PAGERS[name])
    assert (whole.complete, whole.doubt) == (True, "")
    assert "20 rows, but the server states 37" in short.doubt


@pytest.mark.parametrize("name", ["offset", "page number", "link header"])
def test_a_count_on_a_lone_page_may_be_how_many_may_come(name: str) -> None:
    done, _ = ended(Server({"count": 100}, given=7), PAGERS[name])
    assert (done.complete, done.doubt) == (True, "")
