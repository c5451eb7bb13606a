"""What a complete verdict rests on: a closed set of words, from the strongest proof to the weakest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from restmill.events import Basis, PageRead, ReadDone, ReadFailed, ReadStarted
from restmill.path import Path
from restmill.run.receipt.receipt import Evidence, Ledger
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Offsets, Rig, Script, order, terms
from restmill.wire.actions import Rule
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Cursor, HeaderLink, Offset, PageNumber, Pager, SinglePage

if TYPE_CHECKING:
    from restmill.run.read.spec import Order


def basis(script: Script, what: Order) -> tuple[bool, str]:
    """How a read ended, and what that rests on."""
    seen = Recorder()
    run(Rig(script, observer=seen).read(replace(what, keys=(Path("id"),))))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done.complete, done.basis


def cursors(request: Request) -> Response:
    at = int(request.params.get("cursor") or 0)
    return json_response({"data": [{"id": at}], "cursors": {"next": str(at + 1) if at < 4 else None}})


def numbered(request: Request) -> Response:
    start = (int(request.params["page"]) - 1) * 100
    return json_response({"data": [{"id": i} for i in range(start, min(250, start + 100))], "pages": 3})


def bare(_: Request) -> Response:
    return json_response({"data": [{"id": 1}]})


@pytest.mark.parametrize(
    ("script", "pager", "expected"),
    [
        (Offsets(250), Offset(limit=100), "total"),
        (Offsets(250, total=False), Offset(limit=100), "end"),
        (cursors, Cursor(), "end"),
        (numbered, PageNumber(base_page=1, total_path=Path("pages")), "count"),
        (bare, Cursor(), "page"),
        (bare, HeaderLink(), "page"),
        (bare, SinglePage(), "page"),
    ],
)
def test_what_a_complete_read_rests_on(script: Script, pager: Pager, expected: Basis) -> None:
    assert basis(script, order(pager)) == (True, expected)


def test_an_end_that_a_rule_declares_is_said_to_be_declared() -> None:
    what = order(Offset(limit=100), of=replace(terms(), rules=(Rule(do="ignore", status=404),)))
    assert basis(lambda _: Response(404, Headers(), b"{}"), what) == (True, "declared")


def test_neither_a_doubt_nor_an_open_end_rests_on_anything() -> None:
    def short(request: Request) -> Response:
        start = int(request.params["offset"])
        return json_response({"data": [{"id": i % 200} for i in range(start, min(250, start + 100))]})

    assert basis(short, order(Offset(limit=100))) == (True, "")
    assert basis(lambda _: json_response({"data": [{"id": 1}]}), order(Offset(limit=1))) == (False, "")


def evidence(*ends: ReadDone | ReadFailed) -> Evidence:
    """What a ledger makes of reads that end so."""
    ledger = Ledger()
    for end in ends:
        ledger(ReadStarted("things", 0.0, "GET http://a"))
        ledger(PageRead("things", 0.5, 1, 10, 100, 0.1, None))
        ledger(end)
    return ledger.evidence(["things"])[0]


def done(basis: Basis, doubt: str = "") -> ReadDone:
    """The end of a complete read."""
    return ReadDone("things", 1.0, 10, 1, complete=True, reason="the end", doubt=doubt, basis=basis)


def test_many_reads_rest_on_the_weakest_of_them() -> None:
    words = get_args(Basis)
    assert words == ("", "page", "declared", "count", "end", "total")
    assert evidence(done("total"), done("page"), done("end")).basis == "page"
    assert evidence(done("total"), done("total")).basis == "total"
    assert evidence(done("total"), done("", doubt="two are missing")).basis == ""
    assert evidence(done("total"), ReadFailed("things", 1.0, 0, 0, "503")).basis == ""
    assert evidence().basis == ""
