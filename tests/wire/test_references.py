"""Cursors and links: every row once, an end with its reason, and no walking in place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import parse_header_links

from restmill.errors import NotData
from restmill.path import Json, Path
from restmill.wire.message import Request
from restmill.wire.paging.pagers import (
    Cursor,
    Done,
    HeaderCursor,
    HeaderLink,
    JsonLink,
    Next,
    Pager,
    SinglePage,
    conflicts,
    links,
)
from tests.wire.model import START, Ask, drive, page

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://api.test/things"
SCROLL = "https://api.test/scroll/a"


def cursor_api(n: int, size: int) -> Ask:
    def ask(request: Request) -> tuple[int, Json, list[int], dict[str, str]]:
        start = int(request.params.get("cursor", 0))
        rows = list(range(n))[start : start + size]
        following = str(start + size) if start + size < n else ""
        return 200, {"items": rows, "cursors": {"next": following}}, rows, {"After": following}

    return ask


def link_api(n: int, size: int, form: Callable[[int], str]) -> Ask:
    def ask(request: Request) -> tuple[int, Json, list[int], dict[str, str]]:
        start = int(request.address.partition("at=")[2] or 0)
        rows = list(range(n))[start : start + size]
        link = form(start + size) if start + size < n else None
        header = f'<{URL}>; rel="first"' + (f', <{link}>; rel="next"' if link else "")
        return 200, {"items": rows, "next": link}, rows, {"Link": header}

    return ask


FORMS: list[Callable[[int], str]] = [
    lambda at: f"{URL}?at={at}",
    lambda at: f"?at={at}",
    lambda at: f"/x?at={at}",
]


@given(st.integers(0, 30), st.integers(1, 7), st.sampled_from([Cursor(), HeaderCursor("After")]))
def test_cursors_read_every_row_once(n: int, size: int, pager: Pager) -> None:
    read = drive(pager, cursor_api(n, size))
    assert (read.rows, read.done.complete, read.sent) == (list(range(n)), True, max(1, -(-n // size)))


@given(
    st.integers(0, 30), st.integers(1, 7), st.sampled_from([JsonLink(), HeaderLink()]), st.sampled_from(FORMS)
)
def test_links_read_every_row_once(n: int, size: int, pager: Pager, form: Callable[[int], str]) -> None:
    read = drive(pager, link_api(n, size, form))
    assert (read.rows, read.done.complete, read.sent) == (list(range(n)), True, max(1, -(-n // size)))


def test_a_single_page_is_all_unless_it_is_suspect() -> None:
    assert SinglePage().after(page([1])) == Done("a single page", complete=True)
    assert SinglePage("there is more").after(page([1])) == Done("there is more", complete=False)


@pytest.mark.parametrize(("sent", "got"), [("a", "a"), (5, "5"), ("5", 5)])
def test_a_cursor_that_does_not_move_may_be_that_of_a_scroll(sent: Json, got: Json) -> None:
    """Once a loop at once. A scroll has one token for all pages, so pages decide; see `run.trail`."""
    request = replace(START, params={"cursor": sent})
    for pager, answer in (
        (Cursor(), page({"cursors": {"next": got}}, [1], request=request)),
        (HeaderCursor(), page({}, [1], request=request, headers={"next": str(got)})),
    ):
        decision = pager.after(answer)
        assert isinstance(decision, Next)
        assert decision.request.url == request.url


def test_the_link_that_a_further_page_came_by_may_be_that_of_a_scroll() -> None:
    answer = page({"next": "/scroll/a"}, [1], request=replace(START, address=SCROLL), number=2)
    assert JsonLink().after(answer) == Next(replace(START, address=SCROLL))


def test_a_cursor_called_none_is_not_the_absence_of_one() -> None:
    decision = Cursor().after(page({"cursors": {"next": "None"}}, [1]))
    assert decision == Next(replace(START, params={"cursor": "None"}))


@pytest.mark.parametrize("link", [URL, "/things", "#here", "https://API.test/things"])
def test_a_link_to_the_same_page_is_a_loop(link: str) -> None:
    for pager, answer in (
        (JsonLink(), page({"next": link}, [1])),
        (HeaderLink(), page({}, [1], headers={"link": f"<{link}>; rel=next"})),
    ):
        done = pager.after(answer)
        assert isinstance(done, Done)
        assert not done.complete
        assert done.reason.startswith("the next link did not move: ")


@pytest.mark.parametrize("nothing", [None, "", 0, False, "absent"])
def test_no_cursor_is_the_end(nothing: Json) -> None:
    document = {} if nothing == "absent" else {"cursors": {"next": nothing}}
    done = Cursor().after(page(document, [1]))
    assert isinstance(done, Done)
    assert (done.reason, done.complete) == ("no cursor at `cursors.next`", True)
    assert bool(done.detail) is (nothing == "absent")
    assert Cursor().after(page(document, [1], number=2)) == Done("no cursor at `cursors.next`", complete=True)


def test_an_absent_key_beside_signs_of_more_is_suspect() -> None:
    done = Cursor(Path("nxt")).after(page({"items": [1], "next": "x", "total_count": 9}))
    assert isinstance(done, Done)
    assert not done.complete
    assert "no cursor at `nxt`, but the answer says `total_count: 9`" in done.reason
    assert done.detail == "the first answer has no `nxt`, but the keys items, next, total_count"
    assert JsonLink().after(page({"next": None, "total": 9, "items": [1]})) == Done(
        "no next link at `next`", complete=True
    )


def test_cursor_options_are_those_of_dlt() -> None:
    more = Cursor(has_more_path=Path("more"), cursor_body_path="after")
    answer = page({"cursors": {"next": "b"}, "more": True}, [1])
    assert more.after(answer) == Next(replace(START, json={"after": "b"}))
    assert more.after(replace(answer, document={"cursors": {"next": "b"}, "more": "no"})) == Done(
        "`more` is false", complete=True
    )
    assert more.after(replace(answer, document={"more": False})) == Done(
        "no cursor at `cursors.next`",
        complete=True,
        detail="the first answer has no `cursors.next`, but the keys more",
    )
    assert more.after(replace(answer, document={"more": True})) == Done(
        "`more` is true, but there is no cursor at `cursors.next`", complete=False
    )
    with pytest.raises(NotData):
        more.after(replace(answer, document={"cursors": {"next": "b"}}))
    empty = replace(answer, records=[])
    assert isinstance(more.after(empty), Next)
    assert replace(more, stop_after_empty_page=True).after(empty) == Done("an empty page", complete=True)


def test_a_next_link_must_be_a_string() -> None:
    with pytest.raises(NotData, match="`next_url_path: next` is not a link"):
        JsonLink().after(page({"next": {"href": "/x"}}, [1]))


def test_no_header_is_the_end() -> None:
    assert HeaderLink().after(page({})) == Done("no link with rel=next", complete=True)
    assert HeaderCursor("After").after(page({})) == Done("no cursor in the header After", complete=True)


def test_a_link_drops_the_parameters_and_keeps_the_body() -> None:
    request = Request("POST", URL, {"a": 1}, json={"q": 1})
    decision = JsonLink().after(page({"next": "?b=2"}, [1], request=request))
    assert decision == Next(Request("POST", f"{URL}?b=2", json={"q": 1}))


words = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
targets = st.from_regex(r"(https://h/)?[a-zA-Z0-9/?&=%._:~-]{1,12}", fullmatch=True)


@given(
    st.lists(
        st.tuples(targets, words, st.dictionaries(words.filter("rel".__ne__), words, max_size=2)), max_size=4
    )
)
def test_link_headers_are_read_as_requests_reads_them(parts: list[tuple[str, str, dict[str, str]]]) -> None:
    header = ", ".join(
        "; ".join([f"<{target}>", *(f'{name}="{value}"' for name, value in others.items()), f'rel="{rel}"'])
        for target, rel, others in parts
    )
    theirs = {link["rel"]: link["url"] for link in parse_header_links(header)} if header else {}
    assert links(header) == theirs


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", {}),
        ("<a>", {}),
        ("nonsense; rel=next", {}),
        ("<a>; rel=next", {"next": "a"}),
        ("<a>;rel='next'", {"next": "a"}),
        ("<a> ; REL = Next ,<b>; rel=prev", {"next": "a", "prev": "b"}),
        ('<a>; rel="next last"', {"next": "a", "last": "a"}),
        ("<a>; rel=prev; rel=next", {"prev": "a"}),
        ('<a>; title="one, <two>; rel=prev"; rel="next"', {"next": "a"}),
        ('<a>; title="say \\"hi\\""; rel=next', {"next": "a"}),
        ("<?a=1,2;3>; crossorigin; rel=next", {"next": "?a=1,2;3"}),
        ("<a>; rel=next, <b>; rel=next", {"next": "b"}),
    ],
)
def test_link_headers_by_rfc_8288(header: str, found: dict[str, str]) -> None:
    assert links(header) == found


@pytest.mark.parametrize(
    ("pager", "line"),
    [
        (Cursor(), "cursor: from cursors.next into cursor"),
        (
            Cursor(cursor_body_path="a", has_more_path=Path("m")),
            "cursor: from cursors.next into body a, more at m",
        ),
        (JsonLink(), "json link: next"),
        (HeaderLink(), "link header: rel=next"),
        (HeaderCursor("After"), "header cursor: from After into cursor"),
        (SinglePage(), "single page"),
    ],
)
def test_pagers_describe_themselves_and_know_no_end(pager: Pager, line: str) -> None:
    assert pager.describe() == line
    assert pager.first(START) is START
    assert pager.past_end(START, 404) is None
    assert pager.total(page({"total": 3})) == (None if isinstance(pager, SinglePage) else 3)
    assert conflicts(pager) == ()


def test_a_cursor_has_one_place() -> None:
    both = Cursor(cursor_param="a", cursor_body_path="b")
    assert conflicts(both) == ("either `cursor_param` or `cursor_body_path` must be given, not both",)
