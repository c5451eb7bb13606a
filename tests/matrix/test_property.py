"""Property: whatever pages a server makes of a list at rest, `complete` means that every key came.

The model. A server holds the keys 0 to n-1; none comes or goes during the read (lists that change are the
matrix's affair). Each answer is made from a plan drawn beforehand, so that the same request asked again may
be answered in another way:

- order: all keys as they are, or shuffled anew within runs of ties, for each answer by itself;
- size: what was asked for, capped, or one row less;
- rows: as cut, with some of them twice, or none at all though there are some;
- total: the truth, the truth on the first page only, a lie (one number for the whole read, as a server that
  miscounts has it), the rows of the page, zero behind the end, null, or none;
- errors: an answer with a good status that is an error in some API's spelling, or half a page beside one;
- the next page: one token for each, one for all of them (a scroll), or one under a name that nobody declared;
- past the end: an empty page, a 404 or a 416.

What no reader can know is left out: rows that a server leaves out of its pages, by hiding them or by a new
order, while it states no true total that would tell. Such draws are discarded, as `silent`; rows that only
come twice, sizes and lies about the total are not excused. Nor are errors, but for one: where a total that is
a lie is met, an error behind it looks like an end.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from restmill.events import ReadDone
from restmill.path import Path
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Rig, order
from restmill.wire.paging.pagers import Cursor, Offset, PageNumber

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Request, Response
    from restmill.wire.paging.pagers import Pager

SIZE = 5
_HONEST = "truth"
TOTALS = (_HONEST, "first", "lie", "page", "zero past end", "null", "none")
ERRORS: tuple[Json, ...] = (
    {"error": {"code": 500, "message": "x"}},
    {"data": None, "success": False},
    {"data": [], "errors": [{"message": "x"}]},
    {"data": None, "errors": [{"message": "x"}]},
    {"data": [], "ok": False},
    {"data": [], "code": 50001, "message": "x"},
    {"error_code": 17, "error_msg": "x"},
    {"jsonrpc": "2.0", "error": {"code": -32000, "message": "x"}},
    {"data": None, "status": "failed"},
)


@dataclass(frozen=True)
class Turn:
    """How one answer is made; the last turn of a plan counts for all that follow."""

    shuffle: int = 0
    """Seed of the order of ties; 0: as they are."""
    short: bool = False
    twice: bool = False
    hidden: bool = False
    error: int = 0
    """Which of `ERRORS` comes instead, from 1; 0: none."""
    beside: bool = False
    """Half of the rows, and an error beside them."""


@dataclass
class Server:
    """A list that stays as it is, and answers that do not."""

    n: int
    turns: list[Turn]
    total: str = _HONEST
    lie: int = 0
    cap: int = 100
    ties: int = 7
    past: int = 200
    scroll: bool = False
    """All pages have one token, and the server knows how far it has read."""
    elsewhere: bool = False
    """The token of the next page has another name than the one declared."""
    asked: int = 0
    at: int = 0
    hid: set[int] = field(default_factory=set)

    def __call__(self, request: Request) -> Response:
        """The next answer."""
        turn = self.turns[min(self.asked, len(self.turns) - 1)] if self.turns else Turn()
        self.asked += 1
        start, size = self._window(request)
        if start >= self.n and start and self.past != 200 and not self.scroll:
            return json_response({}, self.past)
        if turn.error:
            self.at = start
            return json_response(ERRORS[turn.error - 1])
        cut = self._ordered(turn)[start : start + max(1, size - turn.short)]
        rows = [] if turn.hidden else [*cut, *cut[-1:]] if turn.twice else cut
        self.hid |= set(cut) if turn.hidden else set()
        self.at = start + len(cut)
        following = (7 if self.scroll else self.at) if self.at < self.n else None
        where: Json = {"nextPageToken": following} if self.elsewhere else {"cursors": {"next": following}}
        rows, signs = (rows[: len(rows) // 2], {"errors": [{"message": "x"}]}) if turn.beside else (rows, {})
        body: dict[str, Json] = {"data": [{"id": key} for key in rows], "code": 0, **where, **signs}
        return json_response({**body, **self._total(rows, start)})

    def _window(self, request: Request) -> tuple[int, int]:
        params = request.params
        size = min(self.cap, int(params.get("limit") or SIZE))
        if "page" in params:
            return (int(params["page"]) - 1) * size, size
        if self.scroll and "offset" not in params:
            return (self.at if "cursor" in params else 0), size
        return int(params.get("offset") or params.get("cursor") or 0), size

    def _ordered(self, turn: Turn) -> list[int]:
        keys = list(range(self.n))
        if turn.shuffle:
            for at in range(0, self.n, self.ties):
                part = keys[at : at + self.ties]
                random.Random(turn.shuffle * 1000 + at).shuffle(part)  # noqa: S311  # no secret
                keys[at : at + self.ties] = part
        return keys

    def _total(self, rows: list[int], start: int) -> dict[str, Json]:
        said = {
            _HONEST: self.n,
            "first": self.n if start == 0 else None,
            "lie": self.lie,
            "page": len(rows),
            "zero past end": self.n if start < self.n else 0,
            "null": None,
        }
        return {"total": said[self.total]} if self.total in said else {}


def read(server: Server, pager: Pager, *, merged: bool = True) -> tuple[ReadDone, list[int]]:
    """The end of a read, and the keys it brought."""
    seen = Recorder()
    rig = Rig(server, observer=seen)
    what = replace(order(pager, most_ahead=2), keys=(Path("id"),), merged=merged)
    sized = what.request if isinstance(pager, Offset) else what.request.with_params({"limit": SIZE})
    run(rig.read(replace(what, request=sized)))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, rig.ids


PAGERS = (Offset(limit=SIZE), Offset(limit=SIZE, total_path=None), PageNumber(base_page=1), Cursor())
flags = st.sampled_from((False, False, True))
errors = st.integers(-4 * len(ERRORS), len(ERRORS)).map(lambda which: max(0, which))
turns = st.builds(Turn, st.integers(0, 3), st.booleans(), st.booleans(), st.booleans(), errors, flags)
servers = st.builds(
    Server,
    n=st.integers(0, 40),
    turns=st.lists(turns, max_size=12),
    total=st.sampled_from(TOTALS),
    lie=st.integers(0, 60),
    cap=st.sampled_from((2, 3, SIZE, 100)),
    past=st.sampled_from((200, 404, 416)),
    scroll=flags,
    elsewhere=flags,
)


def silent(server: Server, pager: Pager) -> bool:
    """Whether the server may have left rows out of its pages, and states no true total that would tell."""
    by_number = isinstance(pager, PageNumber)  # a short page's last row is on no other page
    left_out = any(turn.shuffle or turn.hidden or (turn.short and by_number) for turn in server.turns)
    told = server.total in (_HONEST, "first", "zero past end") and pager != Offset(
        limit=SIZE, total_path=None
    )
    misled = server.total == "lie" and any(turn.error for turn in server.turns)
    return (left_out and not told) or misled


@given(server=servers, pager=st.sampled_from(PAGERS))
@example(server=Server(n=6, turns=[], total="lie", elsewhere=True), pager=Cursor())  # token 5, page size 5
def test_complete_means_that_every_key_came(server: Server, pager: Pager) -> None:
    done, got = read(server, pager)
    assert server.asked < 400
    if not (done.complete and not done.doubt):
        event("not complete")
        return
    missing = set(range(server.n)) - set(got)
    assume(not (missing and silent(server, pager)))
    event(f"complete, by {done.basis}")
    assert not missing
    assert set(got) <= set(range(server.n))


@given(server=servers, pager=st.sampled_from(PAGERS))
def test_complete_where_equal_keys_stay_apart_means_every_key_once(server: Server, pager: Pager) -> None:
    done, got = read(server, pager, merged=False)
    if done.complete and not done.doubt and not silent(server, pager):
        assert sorted(got) == list(range(server.n))


@given(
    n=st.integers(0, 60),
    cap=st.sampled_from((1, 2, 5, 100)),
    total=st.sampled_from((_HONEST, "none", "null")),
)
@example(n=25, cap=100, total=_HONEST)
def test_an_honest_server_is_complete_in_every_way_of_asking(n: int, cap: int, total: str) -> None:
    for pager in PAGERS:
        done, got = read(Server(n, [], total=total, cap=cap), pager)
        assert (done.complete, done.doubt, got) == (True, "", list(range(n)))
