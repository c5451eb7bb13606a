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


@pytest.mark.parametrize(
    ("path", "fields", "usual", "elsewhere"),
    [
        ("cursor", {}, "cursors", "paging"),
        ("links", {}, "'next'", "'@odata.nextLink'"),
        ("header-links", {}, 'rel="next"', 'rel="nextPage"'),
        ("header-cursor", {}, "NextPageToken", "X-Next-Cursor"),
    ],
)
def test_the_way_on_may_stand_elsewhere(
    path: str, fields: dict[str, int], usual: str, elsewhere: str
) -> None:
    for switches, there, not_there in (({}, usual, elsewhere), ({"next_elsewhere": True}, elsewhere, usual)):
        answer = page(switches, path, **fields)
        text = f"{answer.headers} {list(orjson.loads(answer.body))}"
        assert there in text
        assert not_there not in text


def test_a_total_may_stand_on_the_first_page_only() -> None:
    first = {"total": "first_page"}
    pages = (orjson.loads(page(first, offset=offset, limit=20).body) for offset in (0, 20))
    assert ["total" in one for one in pages] == [True, False]
