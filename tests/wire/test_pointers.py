"""Pointers to a next page: found by the names APIs use, followed where that is known, never left unsaid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restmill.errors import NotData
from restmill.path import Json, Path
from restmill.wire.message import Page, Request
from restmill.wire.paging.detect import detect_pager
from restmill.wire.paging.pagers import Cursor, HeaderCursor, HeaderLink, JsonLink, Offset, Pager, SinglePage
from restmill.wire.paging.unfollowed import flagged, pointed
from tests.wire.model import START, page

LINK = "https://api.test/things?p=2"
ROWS: list[Json] = [{"id": 1, "next": "own", "hasMore": True}]
LINKS: dict[str, Json] = {
    '"@odata.nextLink"': {"@odata.nextLink": LINK},
    '"odata.nextLink"': {"odata.nextLink": LINK},
    "d.__next": {"d": {"__next": LINK}},
    "paging.next": {"paging": {"next": LINK}},
    "links.next.href": {"links": {"next": {"href": LINK}}},
    "_links.next.href": {"_links": {"next": {"href": LINK}}},
    "links.next": {"links": {"next": LINK}},
    "nextLink": {"nextLink": LINK},
    "NextLink": {"NextLink": LINK},
    "next_link": {"next_link": LINK},
    "next_page_url": {"next_page_url": LINK},
    "nextPageUrl": {"nextPageUrl": "/things?p=2"},
    "nextRecordsUrl": {"nextRecordsUrl": "/q/2"},
    "pagination.next_url": {"pagination": {"next_url": LINK}},
    "meta.pagination.links.next": {"meta": {"pagination": {"links": {"next": "?p=2"}}}},
    "links[?(@.rel=='next')].href": {"links": [{"rel": "self", "href": "/"}, {"rel": "next", "href": LINK}]},
    "link[?(@.relation=='next')].url": {"link": [{"relation": "next", "url": LINK}]},
}
TOKENS: dict[str, tuple[Json, str]] = {
    "nextPageToken": ({"nextPageToken": "t"}, "pageToken"),
    "next_page_token": ({"next_page_token": "t"}, "page_token"),
    "nextToken": ({"nextToken": "t"}, "nextToken"),
    "NextToken": ({"NextToken": "t"}, "nextToken"),
    "next_cursor": ({"next_cursor": "t"}, "cursor"),
    "nextCursor": ({"nextCursor": "t"}, "cursor"),
    "cursor.next": ({"cursor": {"next": "t"}}, "cursor"),
    "meta.next_page": ({"meta": {"next_page": 2}}, "page"),
    "meta.next_cursor": ({"meta": {"next_cursor": "t"}}, "cursor"),
    "response_metadata.next_cursor": ({"response_metadata": {"next_cursor": "t"}}, "cursor"),
    "meta.pagination.next": ({"meta": {"pagination": {"next": "t"}}}, "cursor"),
    "next_offset": ({"next_offset": 20}, "offset"),
    "nextPageStart": ({"nextPageStart": 25}, "start"),
    "continuationToken": ({"continuationToken": "t"}, "continuationToken"),
    "continuation_token": ({"continuation_token": "t"}, "continuation_token"),
    "continuation": ({"continuation": "t"}, "continuation"),
    "metadata.continue": ({"metadata": {"continue": "t"}}, "continue"),
    "paging.cursors.after": ({"paging": {"cursors": {"after": "t", "before": "s"}}}, "after"),
    "after": ({"after": "t"}, "after"),
    "cursor": ({"cursor": "t"}, "cursor"),
    "page_info.endCursor": ({"page_info": {"endCursor": "t", "hasNextPage": True}}, "after"),
}
HEADERS: dict[str, tuple[str, Pager | None]] = {
    "Link": (f'<{LINK}>; rel="nextPage"', HeaderLink("nextpage")),
    "X-Next-Page": ("2", HeaderCursor("X-Next-Page", "page")),
    "X-NextPage": ("2", HeaderCursor("X-NextPage", "page")),
    "X-Next-Cursor": ("t", HeaderCursor("X-Next-Cursor", "cursor")),
    "Next": (LINK, None),
    "NextPageToken": ("t", HeaderCursor("NextPageToken", "pageToken")),
    "X-Next-Page-Url": (LINK, None),
    "x-ms-continuation": ("t", HeaderCursor("x-ms-continuation", "continuation")),
    "x-ms-continuationtoken": ("t", HeaderCursor("x-ms-continuationtoken", "continuationToken")),
}
ELSEWHERE: dict[str, Pager] = {
    "single page": SinglePage(),
    "cursor": Cursor(Path("cursors.nxt")),
    "json link": JsonLink(Path("nxt")),
    "link header": HeaderLink("nxt"),
    "header cursor": HeaderCursor("Nxt"),
}


def answer(around: Json, headers: dict[str, str] | None = None, number: int = 1) -> Page:
    """An answer with one row under `items`, and this around it."""
    return page({"items": ROWS, **around}, ROWS, headers=headers, number=number)


def left(shown: Page, pager: Pager) -> str:
    """What is left, where nothing was asked before."""
    return flagged(shown, pager) or pointed(shown, pager, lambda _: False)


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("place", [*LINKS, *TOKENS])
def test_a_pointer_that_nobody_followed_is_named(place: str, name: str) -> None:
    around = LINKS[place] if place in LINKS else TOKENS[place][0]
    said = left(answer(around), ELSEWHERE[name])
    assert place in said or "hasNextPage" in said
    assert LINK not in said


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("header", HEADERS)
def test_so_is_one_in_a_header(header: str, name: str) -> None:
    assert header in left(answer({}, {header: HEADERS[header][0]}), ELSEWHERE[name])


@pytest.mark.parametrize("key", ["hasMore", "has_more", "has_next", "hasNextPage", "more", "MoreResults"])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_so_is_a_word_of_more(name: str, key: str) -> None:
    for number in (1, 3):
        assert key in left(answer({"meta": {key: True}}, number=number), ELSEWHERE[name])
        assert left(answer({"meta": {key: False}}, number=number), ELSEWHERE[name]) == ""


@pytest.mark.parametrize(
    "around",
    [
        {"last": False},
        {"done": False},
        {"isLastPage": False},
        {"page": {"last": False}},
        {"exceededTransferLimit": True},
    ],
)
def test_so_is_the_word_that_this_is_not_the_last(around: Json) -> None:
    assert "there is more" in left(answer(around), SinglePage())


@pytest.mark.parametrize("place", LINKS)
def test_links_are_followed_where_nothing_is_declared(place: str) -> None:
    pager, why = detect_pager(answer(LINKS[place]))
    assert pager == JsonLink(Path(place))
    assert place in why
    assert pager.after(answer(LINKS[place])).__class__.__name__ == "Next"


@pytest.mark.parametrize("place", TOKENS)
def test_tokens_are_followed_where_their_parameter_is_known(place: str) -> None:
    around, param = TOKENS[place]
    pager, why = detect_pager(answer(around))
    assert isinstance(pager, Cursor)
    assert (pager.cursor_path, pager.cursor_param) == (Path(place), param)
    assert f"`{param}`" in why


@pytest.mark.parametrize("header", HEADERS)
def test_headers_are_followed_where_it_is_known_how(header: str) -> None:
    value, pager = HEADERS[header]
    assert detect_pager(answer({}, {header: value}))[0] == (pager or SinglePage())


@pytest.mark.parametrize(
    "around",
    [
        {},
        {"next": None},
        {"next": ""},
        {"next": False},
        {"next": "null"},
        {"next": {}},
        {"next": {"href": None}},
        {"links": {"next": None, "self": LINK}},
        {"links": [{"rel": "self", "href": LINK}, {"rel": "prev", "href": LINK}]},
        {"next": "https://api.test/things"},  # a last page that points to itself
        {"next_page": 0},
        {"page": 3, "next_page": 3},
        {"page": 3, "next_page": 1},
        {"nextSyncToken": "t"},
        {"@odata.deltaLink": LINK},
        {"next_update": "2026-01-01"},
        {"nextRun": 5},
        {"step": {"next": "approve"}},
        {"has_more": False, "next_cursor": "t"},
        {"page_info": {"endCursor": "t", "hasNextPage": False}},
        {"last": True, "next": "t"},
        {"included": [{"next": LINK, "hasMore": True}]},
        {"last": 7},
        {"truncated": False},
    ],
)
@pytest.mark.parametrize("number", [1, 3])
def test_what_is_no_pointer_is_no_alarm(around: Json, number: int) -> None:
    for pager in (*ELSEWHERE.values(), Offset(10)):
        assert left(answer(around, number=number), pager) == ""
    assert detect_pager(answer(around))[0].__class__ in (SinglePage, Cursor, JsonLink)


def test_loose_pointers_may_stay_on_a_last_page() -> None:
    for around in ({"paging": {"cursors": {"after": "t"}}}, {"continuation": "t"}, {"bookmark": "t"}):
        assert left(answer(around), SinglePage())
        assert left(answer(around, number=2), SinglePage()) == ""


@pytest.mark.parametrize(
    ("pager", "around", "headers"),
    [
        (Cursor(Path("next")), {"next": "t"}, {}),
        (Cursor(Path("meta.next.cursor")), {"meta": {"next": {"cursor": "t"}}}, {}),
        (JsonLink(Path("next")), {"next": LINK}, {}),
        (JsonLink(Path('"@odata.nextLink"')), {"@odata.nextLink": LINK}, {}),
        (HeaderLink(), {}, {"Link": f"<{LINK}>; rel=next"}),
        (HeaderCursor("X-Next"), {}, {"x-next": "t"}),
        (Cursor(has_more_path=Path("more")), {"more": True}, {}),
    ],
)
def test_a_pager_knows_its_own_pointer(pager: Pager, around: Json, headers: dict[str, str]) -> None:
    assert left(answer(around, headers), pager) == ""


def test_an_echo_and_a_page_that_was_read_are_no_pointers() -> None:
    echo = replace(START, params={"after": "t", "page": 4})
    for around in ({"after": "t"}, {"next_page": 4}, {"next_page": 2}):
        assert left(page({"items": ROWS, **around}, ROWS, request=echo), SinglePage()) == ""
    assert pointed(answer({"next": LINK}), SinglePage(), lambda request: request.url == LINK) == ""


def test_a_key_of_a_record_is_none_of_the_envelope() -> None:
    record = {"id": 1, "next": LINK, "has_more": True}
    assert left(page(record, [record]), SinglePage()) == ""
    assert left(page({"data": record}, [record]), SinglePage()) == ""
    assert left(page([record], [record]), SinglePage()) == ""


def test_a_token_in_a_body_is_not_followed_by_a_guess() -> None:
    posted = replace(answer({"continuationToken": "t"}), request=Request("POST", START.address, json={}))
    assert isinstance(detect_pager(posted)[0], SinglePage)


@pytest.mark.parametrize(
    ("pager", "document", "hint"),
    [
        (JsonLink(Path("_links.next")), {"_links": {"next": {"href": LINK}}}, "'_links.next.href'"),
        (JsonLink(), {"next": {"URL": LINK}}, "'next.URL'"),
        (Cursor(Path("next")), {"next": {"cursor": "t"}}, "'next.cursor'"),
        (Offset(5, total_path=Path("hits.total")), {"hits": {"total": {"value": 7}}}, "'hits.total.value'"),
        (JsonLink(), {"next": 5, "nxt": 1}, "'nxt'"),
        (JsonLink(), {"next": [LINK]}, ""),
    ],
)
def test_a_hint_names_what_is_inside_and_never_the_key_itself(
    pager: Pager, document: Json, hint: str
) -> None:
    with pytest.raises(NotData) as caught:
        pager.after(page({"items": ROWS, **document}, ROWS))
    assert hint in caught.value.problem.hint
    own = str(getattr(pager, "next_url_path", ""))
    assert f"'{own}'" not in caught.value.problem.hint


BEGUN: dict[str, Json] = {
    "continuation.token": {"continuation": {"token": "k60"}},
    "bookmark": {"bookmark": "bm-60"},
    "meta.resumptionToken": {"meta": {"resumptionToken": "x"}},
    "weiter_ab": {"weiter_ab": "k60"},  # in no list of words, but spelt like the cursor that was sent
    "block.ref": {"block": {"ref": "k60"}},
}
BEGUN_AND_HONEST: dict[str, Json] = {
    "a sum": {"summary": {"rows": 110, "note": "that was all"}},
    "the first one": {"first": "k0"},
    "what was asked for": {"asked": "k40"},
    "for the next run": {"nextSyncToken": "t"},
    "an id": {"request": "r-17"},
    "words": {"closing": "k 60 was the last"},
}


def places(document: Json, above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """All places of a document."""
    inner = document.items() if isinstance(document, dict) else ()
    own = {(*above, key) for key, _ in inner}
    return own.union(*(places(value, (*above, key)) for key, value in inner))


@pytest.mark.parametrize("place", BEGUN)
def test_what_stands_on_no_page_before_is_no_edge_of_a_last_one(place: str) -> None:
    around = BEGUN[place]
    shown = answer({"paging": {"after": None}, **around}, number=3)
    shown = replace(shown, request=shown.request.with_params({"after": "k40"}))
    pager = Cursor(Path("paging.after"), "after")
    said = pointed(shown, pager, lambda _: False, fresh=frozenset(places(around)))
    assert f"`{place}`" in said
    assert "k60" not in said
    assert pointed(shown, pager, lambda _: False) == "", "it may stay on a last page if it always stood there"


@pytest.mark.parametrize("what", BEGUN_AND_HONEST)
def test_what_begins_on_a_last_page_may_be_of_no_page(what: str) -> None:
    around = BEGUN_AND_HONEST[what]
    shown = answer({"paging": {"after": None}, **around}, number=3)
    shown = replace(shown, request=shown.request.with_params({"after": "k40"}))
    pager = Cursor(Path("paging.after"), "after")
    assert pointed(shown, pager, lambda _: False, fresh=frozenset(places(around))) == ""


def test_long_tokens_of_one_make_begin_alike() -> None:
    around = {"chunk_ref": "eyJvZmZzZXQiOjYwfQ=="}
    shown = answer({"paging": {"after": None}, **around}, number=3)
    shown = replace(shown, request=shown.request.with_params({"after": "eyJvZmZzZXQiOjQwfQ=="}))
    fresh = frozenset(places(around))
    assert "`chunk_ref`" in pointed(
        shown, Cursor(Path("paging.after"), "after"), lambda _: False, fresh=fresh
    )
