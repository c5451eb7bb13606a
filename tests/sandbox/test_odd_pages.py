"""Switches for single pages, and for pages that run short, as a client without sockets sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from restmill.sandbox import Behaviour
from restmill.sandbox.message import Answer, Ask
from restmill.sandbox.pages import Desk, respond

if TYPE_CHECKING:
    from collections.abc import Mapping

N = 130


def page(switches: Mapping[str, object], path: str = "v1", **fields: int | str) -> Answer:
    """The page of users that these fields ask for."""
    asked = Ask(
        "GET",
        f"/{path}/users",
        (path, "users"),
        {name: str(value) for name, value in fields.items()},
        fields,
        "http://h",
    )
    return respond(Desk(Behaviour(rows=N, **switches)), asked)  # type: ignore[arg-type]


def size(answer: Answer) -> int:
    """How many records a page of /v1 has."""
    return len(orjson.loads(answer.body)["data"])


def test_a_cap_counts_above_its_threshold_only() -> None:
    cap = {"cap": 50, "cap_above": 100}
    assert [size(page(cap, limit=limit)) for limit in (40, 60, 100, 101)] == [40, 60, 100, 50]


def test_every_second_page_may_be_short_of_one() -> None:
    short = {"short_pages": True}
    assert [size(page(short, offset=offset, limit=20)) for offset in (0, 19, 20, 39)] == [19, 19, 20, 20]
    first = orjson.loads(page(short, "cursor", limit=20).body)
    follow = orjson.loads(page(short, "cursor", limit=20, cursor=first["cursors"]["next"]).body)
    assert [record["id"] for record in first["data"] + follow["data"]] == list(range(1, 39))


@pytest.mark.parametrize("path", ["v1", "pages", "array", "cursor", "links", "header-links", "header-cursor"])
def test_records_of_one_page_may_stand_under_another_name(path: str) -> None:
    start = {"page": 4} if path in ("pages", "links", "header-links") else {"offset": 60}
    found = orjson.loads(page({"odd_middle": True}, path, limit=20, **start).body)
    assert [record["id"] for record in found["hits"]] == list(range(61, 81))
    assert b'"hits"' not in page({}, path, limit=20, **start).body
    first = page({"odd_middle": True}, path, limit=20)
    assert b'"hits"' not in first.body


def test_a_page_in_the_middle_may_have_no_body() -> None:
    answer = page({"no_body_middle": True}, offset=60, limit=20)
    assert (answer.status, answer.body) == (200, b"")
    assert size(page({"no_body_middle": True}, offset=80, limit=20)) == 20


def test_pages_may_turn_into_html_or_be_cut_from_one_on() -> None:
    assert size(page({"html_from": 3}, offset=20, limit=20)) == 20
    assert b"<html>" in page({"html_from": 3}, offset=40, limit=20).body
    cut = page({"truncate_from": 2}, offset=100, limit=20)
    assert cut.status == 200
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(cut.body)
    assert b"<html>" in page({"html_from": 1}).body


def test_pages_may_turn_into_errors_with_a_good_status() -> None:
    assert size(page({"error_from": 3}, offset=20, limit=20)) == 20
    answer = page({"error_from": 3}, offset=40, limit=20)
    assert (answer.status, orjson.loads(answer.body)["ok"]) == (200, False)


def body(switches: Mapping[str, object], path: str = "v1", **fields: int | str) -> dict[str, object]:
    """The JSON object of a page."""
    found = orjson.loads(page(switches, path, limit=20, **fields).body)
    assert isinstance(found, dict)
    return found


KINDS: dict[str, dict[str, object]] = {
    "ok": {"ok": False, "error": {"code": "too_busy", "message": "the server cannot answer now"}},
    "success": {"success": False, "data": None},
    "status": {"status": "error", "data": [], "message": "the server cannot answer now"},
    "error_code": {"error_code": 1200, "errors": ["the server cannot answer now"]},
    "graphql": {"data": None, "errors": [{"message": "the server cannot answer now", "path": ["list"]}]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_errors_with_a_good_status(kind: str) -> None:
    assert body({"error_from": 2, "error_kind": kind}, offset=20) == KINDS[kind]


@pytest.mark.parametrize(
    ("kind", "records"), [("code", []), ("timed_out", []), ("null", None), ("warnings", []), ("flipped", [])]
)
def test_the_page_itself_may_turn_into_an_error(kind: str, records: object) -> None:
    error = body({"error_from": 2, "error_kind": kind}, offset=20)
    assert (error["data"], error["total"]) == (records, N)


def test_a_code_and_a_flag_stand_on_good_pages_too() -> None:
    good, bad = (body({"error_from": 2, "error_kind": "code"}, offset=offset) for offset in (0, 20))
    assert (good["code"], bad["code"]) == (0, 40001)
    assert body({"error_from": 2, "error_kind": "success"})["success"] is True
    assert "code" not in body({"error_kind": "code"})


def test_a_list_may_turn_into_an_object_and_an_array_into_an_error() -> None:
    object_ = {"error_from": 1, "error_kind": "object"}
    assert body(object_)["data"] == {"error": "too busy"}
    assert body({"error_from": 1, "error_kind": "code"}, "array")["code"] == 40001
    assert page({"error_from": 1, "error_kind": "null"}, "array", limit=20).body == b"null"


@pytest.mark.parametrize(
    ("kind", "sign"), [("graphql", "errors"), ("code", "code"), ("timed_out", "timed_out")]
)
def test_records_may_be_missing_beside_a_sign_of_it(kind: str, sign: str) -> None:
    switches = {"partial_from": 2, "error_kind": kind}
    first, second = (body(switches, offset=offset) for offset in (0, 20))
    sizes = [len(found["data"]) for found in (first, second) if isinstance(found["data"], list)]
    assert (sizes, second["total"]) == ([20, 10], N)
    assert sign in second
    assert second[sign] != first.get(sign)


LINK = "http://h/links/users?limit=20&page=2"
TOKEN = "dXNlcnM6MjA="


@pytest.mark.parametrize(
    ("path", "key", "found"),
    [
        ("links", "usual", {"next": LINK}),
        ("links", "@odata.nextLink", {"@odata.nextLink": LINK}),
        ("links", "paging.next", {"paging": {"next": LINK}}),
        ("links", "links.next.href", {"links": {"next": {"href": LINK}}}),
        ("links", "d.__next", {"d": {"__next": LINK}}),
        ("links", "list of links", {"links": [{"rel": "self", "href": "/"}, {"rel": "next", "href": LINK}]}),
        ("cursor", "usual", {"cursors": {"next": TOKEN}, "has_more": True}),
        ("cursor", "nextPageToken", {"nextPageToken": TOKEN}),
        ("cursor", "paging.nextToken", {"paging": {"nextToken": TOKEN}}),
        ("cursor", "pagination.next_cursor", {"pagination": {"next_cursor": TOKEN}}),
        ("cursor", "pageInfo.endCursor", {"pageInfo": {"endCursor": TOKEN, "hasNextPage": True}}),
        (
            "cursor",
            "paging.next",
            {"paging": {"next": "http://h/cursor/users?limit=20&cursor=dXNlcnM6MjA%3D"}},
        ),
    ],
)
def test_the_way_on_may_stand_under_another_key(path: str, key: str, found: object) -> None:
    first = body({"next_key": key}, path)
    assert {name: value for name, value in first.items() if name != "data"} == found


def test_a_next_page_token_goes_into_its_own_parameter() -> None:
    google = {"next_key": "nextPageToken"}
    starts = [body(google, "cursor", **asked)["data"] for asked in ({"pageToken": TOKEN}, {"cursor": TOKEN})]
    assert [data[0]["id"] for data in starts if isinstance(data, list)] == [21, 1]
    last = page(google, "cursor", pageToken=TOKEN, limit=N).body
    assert orjson.loads(last)["nextPageToken"] is None


@pytest.mark.parametrize(
    ("path", "where", "header", "value"),
    [
        ("header-links", "rel=nextPage", "Link", 'rel="nextPage"'),
        ("header-links", "rel=NEXT", "Link", 'rel="NEXT"'),
        ("header-links", "X-Next-Page", "X-Next-Page", "2"),
        ("header-cursor", "usual", "NextPageToken", TOKEN),
        ("header-cursor", "X-Next-Cursor", "X-Next-Cursor", TOKEN),
        ("header-cursor", "x-ms-continuation", "x-ms-continuation", TOKEN),
    ],
)
def test_the_way_on_may_stand_in_another_header(path: str, where: str, header: str, value: str) -> None:
    headers = page({"next_header": where}, path, limit=20).headers
    assert value in headers[header]
    assert 'rel="next"' not in str(headers)
    assert ("NextPageToken" in headers) == (where == "usual")


def test_the_last_page_may_lead_to_an_empty_one() -> None:
    end = body({"open_end": True}, "links", page=7)
    assert len(end["data"] if isinstance(end["data"], list) else []) == 10
    assert str(end["next"]).endswith("page=8")
    behind = body({"open_end": True}, "links", page=8)
    assert (behind["data"], behind["next"]) == ([], None)


def test_a_scroll_has_one_token_for_all_pages() -> None:
    desk = Desk(Behaviour(rows=30, scroll=True))
    token, seen = "", []
    for _ in range(3):
        ask = Ask("GET", "/cursor/users", ("cursor", "users"), {}, {"limit": 20, "cursor": token}, "http://h")
        found = orjson.loads(respond(desk, ask).body)
        seen.append((found["cursors"]["next"], len(found["data"])))
        token = found["cursors"]["next"]
    assert seen == [("scroll-1", 20), ("scroll-1", 10), ("scroll-1", 0)]


def test_records_may_stand_in_groups_and_none_is_lost() -> None:
    pages_ = [body({"grouped": True}, offset=offset) for offset in range(0, N, 20)]
    lists = (found["data"] for found in pages_)
    elements = [one for data in lists if isinstance(data, list) for one in data]
    assert (len(elements), pages_[0]["total"]) == (N, N)
    assert {len(one["items"]) for one in elements} == {0, 1, 2}
    assert [record["id"] for one in elements for record in one["items"]] == list(range(1, N + 1))


def test_a_total_may_stop_counting() -> None:
    assert [body({"total": "capped"}, offset=offset)["total"] for offset in (0, 120)] == [100, 100]
    assert body({"total": "capped"}, "pages")["total_pages"] == 5


def test_a_mislabelled_list_is_utf_8_whatever_it_says() -> None:
    answer = page({"encoding": "mislabelled"}, limit=20)
    assert answer.content_type == "application/json; charset=ISO-8859-1"
    assert answer.body.decode() == page({}, limit=20).body.decode()


@pytest.mark.parametrize("codec", ["latin-1", "windows-1252", "utf-16"])
@pytest.mark.parametrize("told", [True, False])
def test_bodies_may_be_in_other_encodings(codec: str, told: bool) -> None:
    answer = page({"encoding": codec, "encoding_told": told}, limit=20)
    assert answer.content_type == ("application/json" + f"; charset={codec}" * told)
    assert orjson.loads(answer.body.decode(codec)) == body({})
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()


def test_one_byte_may_be_no_utf_8() -> None:
    answer = page({"encoding": "stray"}, limit=20)
    with pytest.raises(UnicodeDecodeError):
        answer.body.decode()
    assert len(orjson.loads(answer.body.decode(errors="replace"))["data"]) == 20


def test_a_total_may_stand_on_the_first_page_only() -> None:
    first = {"total": "first_page"}
    pages = (orjson.loads(page(first, offset=offset, limit=20).body) for offset in (0, 20))
    assert ["total" in one for one in pages] == [True, False]
