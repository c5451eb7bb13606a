"""Windows: a list that ends where the server lets nobody read any further may go on there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import HOME, Rig, order
from restmill.wire.paging.pagers import Cursor, HeaderLink, JsonLink, Offset, PageNumber
from restmill.wire.windows import forbids_depth

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE, WINDOW = 10, 60

HEADERS = [
    "X-Result-Window",
    "x-max-result-window",
    "Max-Result-Window",
    "X-Results-Window",
    "X-Search-Window",
    "X-Max-Offset",
    "X-Max-Results",
    "X-Maximum-Results",
    "X-Result-Limit",
    "X-Results-Cap",
    "X-Search-Limit",
    "X-Max-Records",
    "X-Max-Hits",
    "X-Truncated-At",
    "X-Pagination-Limit",
]
BODIES: list[Json] = [
    {"max_result_window": WINDOW},
    {"maxResultWindow": WINDOW},
    {"result_window": WINDOW},
    {"meta": {"result-window": WINDOW}},
    {"meta": {"limits": {"maxResultWindow": str(WINDOW)}}},
    {"settings": {"index": {"max_result_window": WINDOW}}},
    {"paging": {"max_offset": WINDOW}},
    {"info": {"maxResults": WINDOW}},
    {"maxTotalHits": WINDOW},
    {"resultLimit": WINDOW},
    {"pagination": {"paginationLimitedTo": WINDOW}},
    {"search": {"max_depth": WINDOW}},
]
PAGERS: dict[str, Pager | None] = {
    "offset": Offset(limit=SIZE),
    "page number": PageNumber(base_page=1, total_path=None),
    "cursor": Cursor(),
    "json link": JsonLink(),
    "header link": HeaderLink(),
    "detected": None,
}


@dataclass
class Server:
    """A list of `rows` rows of which nobody sees more than `window`."""

    headers: dict[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    rows: int = 100
    window: int = WINDOW
    total: int | None = None
    beyond: Response | None = None
    once: bool = False
    """Whether only the first answer says it."""

    def __call__(self, request: Request) -> Response:
        params = request.params
        at = request.address.partition("at=")[2]
        start = int(
            params.get("offset") or params.get("cursor") or at or (int(params.get("page", 1)) - 1) * SIZE
        )
        seen = min(self.rows, self.window)
        if start >= seen and self.beyond is not None:
            return self.beyond
        found = [{"id": i} for i in range(start, min(start + SIZE, seen))]
        token = str(start + SIZE) if start + SIZE < seen else None
        link = token and f"{HOME}/things?at={token}"
        said = {} if self.once and start else self.body
        document = {"data": found, "cursors": {"next": token}, "next": link, **said}
        document |= {} if self.total is None else {"total": self.total}
        linked = {"Link": f"<{link}>; rel=next"} if link else {}
        told = {} if self.once and start else self.headers
        return json_response(document, headers={**linked, **told})


def ended(server: Server, pager: Pager | None = PAGERS["cursor"]) -> tuple[ReadDone, int]:
    """How the read ended, and how many requests it took."""
    seen = Recorder()
    rig = Rig(server, latency=0.0, observer=seen)
    run(rig.read(replace(order(), pager=pager, keys=(Path("id"),), merged=True)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, len(rig.transport.sent)


@pytest.mark.parametrize("name", PAGERS)
@pytest.mark.parametrize("header", HEADERS)
def test_a_list_that_ends_at_the_window_of_a_header_is_suspect(header: str, name: str) -> None:
    done, _ = ended(Server({header: str(WINDOW)}), PAGERS[name])
    assert done.rows == WINDOW
    assert done.doubt == f"the list ends at 60 rows, and the header `{header}` allows 60: there may be more"


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_so_it_is_where_the_body_says_it(body: Json) -> None:
    for once in (True, False):
        done, _ = ended(Server(body=body, once=once))
        assert done.doubt.endswith("` allows 60: there may be more")


@pytest.mark.parametrize("value", ["1,000", "1000", "max=1000", "1_000"])
def test_however_the_number_is_written(value: str) -> None:
    server = Server({"X-Result-Window": value}, window=1000, rows=5000)
    assert "allows 1,000" in ended(server)[0].doubt


@pytest.mark.parametrize("name", PAGERS)
def test_a_total_that_is_the_window_is_no_proof(name: str) -> None:
    done, _ = ended(Server({"X-Result-Window": str(WINDOW)}, total=WINDOW), PAGERS[name])
    assert "the header `X-Result-Window`" in done.doubt


@pytest.mark.parametrize("name", PAGERS)
@pytest.mark.parametrize(
    ("server", "rows"),
    [
        (Server({"X-Result-Window": "60"}, rows=57), 57),
        (Server({"X-Result-Window": "10000"}, rows=50), 50),
        (Server({"X-RateLimit-Limit": "60", "X-Rate-Window": "60"}, rows=60), 60),
        (Server({"X-Max-Age": "60", "X-Page-Limit": "60", "X-Request-Limit": "60"}, rows=60), 60),
        (Server(body={"limit": 10, "maxResults": 10, "window": 60}, rows=60), 60),
        (Server(body={"max_result_window": 60}, rows=7), 7),
        (Server(body={"meta": {"max_score": 60, "timeout_limit": 60}}, rows=60), 60),
    ],
)
def test_what_is_no_window_or_was_not_met_is_no_doubt(server: Server, rows: int, name: str) -> None:
    done, sent = ended(server, PAGERS[name])
    assert (done.rows, done.complete, done.doubt) == (rows, True, "")
    assert sent == ended(replace(server, headers={}, body={}), PAGERS[name])[1]


def test_a_weaker_name_does_not_outweigh_a_total_that_is_met() -> None:
    assert ended(Server({"X-Max-Results": "60"}, rows=60, total=60))[0].doubt == ""
    assert ended(Server({"X-Max-Results": "60"}, rows=60))[0].doubt


REFUSALS = [
    "Result window is too large, from + size must be less than or equal to: [10000] but was [10010].",
    "Only the first 1000 search results are available",
    "Maximum SOQL offset allowed is 2000",
    "paging through more than 10,000 results is not supported",
    "you can only fetch the 1000 hits for this query: maxResults",
    "Too many results requested, limit+offset must be <= 1000",
    "Maximum results size of 10,000 records is exceeded. Cursor pagination is required.",
    "Integer offset too deep, use cursor",
    "Deep paging is not allowed; use search_after",
    "The maximum offset is 5000",
    "Please use the scroll API",
]
ENDS = [
    "this page is past the end of the list",
    "Invalid page.",
    "Page number 8 is out of range",
    "offset 70 is greater than the total of 60",
    "no more results",
    "That page contains no results",
    "Not found",
    "page must be between 1 and 6",
]


@pytest.mark.parametrize("text", REFUSALS)
@pytest.mark.parametrize("name", ["offset", "page number"])
@pytest.mark.parametrize("status", [200, 400, 404, 416])
def test_an_error_behind_the_end_that_forbids_the_depth(text: str, name: str, status: int) -> None:
    beyond = json_response({"error": {"code": "x", "message": text}}, status)
    server = Server(beyond=beyond, total=WINDOW if name == "offset" else None)
    done, _ = ended(server, PAGERS[name])
    assert done.doubt or not done.complete


@pytest.mark.parametrize("text", ENDS)
def test_an_error_that_says_the_end_is_one(text: str) -> None:
    assert not forbids_depth(text)
    done, _ = ended(Server(beyond=json_response({"error": text}, 404), rows=60), PAGERS["offset"])
    assert (done.complete, done.doubt) == (True, "")
