"""A list that turns into something else, whatever selects from it, and a code that flips beside rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.testing import json_response
from tests.run.evidence.test_envelope import ROWS, answer, healthy, read

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.wire.message import Response

SELECTORS = ("data", "data[*]", "data[?(@.id>=0)]", "$..data[*]")


@pytest.mark.parametrize("selector", SELECTORS)
@pytest.mark.parametrize("instead", [None, {"error": "too busy"}, {"message": "wait"}, "busy"], ids=str)
@pytest.mark.parametrize("way", ["offset", "cursor"])
def test_a_list_that_is_something_else_from_page_two(way: str, instead: Json, selector: str) -> None:
    found = read(way, lambda at: {**healthy(at), **({"data": instead} if at else {})}, selector)
    assert found.verdict != "complete", found


@pytest.mark.parametrize("selector", SELECTORS)
def test_an_error_where_the_first_answer_has_its_list(selector: str) -> None:
    found = read("cursor", lambda _: {"data": {"error": "too busy"}, "next": None}, selector)
    assert found.verdict != "complete", found


def test_pages_that_follow_one_another_and_never_have_a_list() -> None:
    assert read("cursor", lambda at: {**healthy(at), "data": None}).verdict != "complete"
    assert read("cursor", lambda _: {"data": None, "next": None}).verdict == "complete"


@pytest.mark.parametrize(
    ("before", "now"), [(0, 40001), (0, 17), (0, -1), (200, 5001), ("0", "1002"), (10000, 7)]
)
def test_a_code_that_flips_beside_rows_is_a_doubt(before: Json, now: Json) -> None:
    found = read("cursor", lambda at: {**healthy(at), "code": now if at == 3 else before})
    assert found.verdict == "suspect", found


@pytest.mark.parametrize(("before", "now"), [(0, 1), (200, 204), (1, 2), (7, 8)])
def test_a_code_beside_rows_that_may_be_anything_is_none(before: Json, now: Json) -> None:
    found = read("cursor", lambda at: {**healthy(at), "code": now if at == 3 else before})
    assert found.verdict == "complete", found


NO_PAGES: dict[str, Json] = {
    "an empty object": {},
    "0": 0,
    "1": 1,
    "null": None,
    "false": False,
    "true": True,
    "an empty text": "",
    "a text": "try again",
    "an object": {"info": "backend offline"},
    "an error": [{"error": "backend 3 down"}],
    "an info": [{"info": "no data available, backend offline"}],
    "a message and a code": [{"message": "limit", "code": 17}],
    "salesforce": [{"message": "limit", "errorCode": "X"}],
    "two messages": [{"message": "a"}, {"message": "b", "severity": "high"}],
    "a notice": [{"notice": "maintenance", "url": "https://status.example"}],
    "a status": [{"status": "busy"}],
    "a reason": [{"reason": "x", "retry_after": 30}],
    "an empty record": [{}],
    "a list of null": [None],
    "a list of a list": [[]],
    "a list of texts": ["ERR_TIMEOUT"],
    "a list of numbers": [17],
}
"""What is no page of a bare list of records."""
BARE = ("offset", "page number", "header link", "header cursor")


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "no key"])
@pytest.mark.parametrize("way", BARE)
@pytest.mark.parametrize("name", NO_PAGES)
def test_a_bare_list_that_turns_into_something_else(name: str, way: str, keyed: bool) -> None:
    def page(at: int) -> Response:
        document = NO_PAGES[name] if at == 3 else ROWS[at : at + 3]
        # null that leads on may be an empty list, as Go writes one
        return json_response(None) if document is None else answer(way, document, at)

    found = read(way, page, "$", keyed=keyed)
    assert found.verdict != "complete", found
    assert found.ids[:3] == [0, 1, 2]
    assert set(found.ids) <= set(range(7)), "what is no record became a row"


@pytest.mark.parametrize("keyed", [True, False], ids=["keyed", "no key"])
@pytest.mark.parametrize("way", BARE)
@pytest.mark.parametrize("stray", [{"error": "backend 3 down"}, {"message": "limit", "errorCode": "X"}])
def test_an_error_among_the_records_of_a_bare_list(stray: Json, way: str, keyed: bool) -> None:
    def page(at: int) -> Response:
        return answer(way, [*ROWS[3:5], stray] if at == 3 else ROWS[at : at + 3], at)

    found = read(way, page, "$", keyed=keyed)
    assert found.verdict != "complete", found
    assert any("a record that is nothing but an error" in note for note in found.notes)


REGION = [{"arn": f"vm:{i}", "id": i, "region": "eu", "size": "m"} for i in range(7)]


@pytest.mark.parametrize(
    ("stray", "verdict"),
    [
        ({"errorCode": "RegionUnavailable", "region": "ap", "message": "could not be listed"}, "suspect"),
        ({"region": "ap", "error": {"code": 503}}, "suspect"),
        ({"region": "ap", "size": "m"}, "complete"),  # a sparse record
        ({"id": 9, "error": "of this thing"}, "complete"),
    ],
)
def test_an_error_of_a_part_says_which_part(stray: Json, verdict: str) -> None:
    def page(at: int) -> Json:
        return {**healthy(at), "data": [*REGION[3:5], stray] if at == 3 else REGION[at : at + 3]}

    assert read("cursor", page, keyed=False).verdict == verdict


@pytest.mark.parametrize("way", BARE)
@pytest.mark.parametrize(
    "records",
    [
        [{"id": 7, "message": "a", "code": 3}, {"id": 8, "error": "b"}],
        [{"uid": 1, "message": "a"}, {"uid": 2, "error": "b"}, {"uid": 3}, {"uid": 4}],
        [{"id": 7}, {"name": "another kind", "size": 3}],
        [{"id": 7}, {"label": "x"}],
    ],
    ids=str,
)
def test_records_of_a_bare_list_that_look_like_errors(records: list[Json], way: str) -> None:
    found = read(way, lambda at: answer(way, records if at < 6 else [], at) if at in (0, 6) else [], "$")
    assert not any("error" in note for note in found.notes), found


@pytest.mark.parametrize("way", ["offset", "page number", "cursor", "json link"])
@pytest.mark.parametrize("last", [{}, []], ids=str)
def test_objects_keyed_by_id_end_with_an_empty_object(last: Json, way: str) -> None:
    def page(at: int) -> Json:
        rows = {f"k{row['id']}": row for row in ROWS[at : at + 3]} if at < 6 else last
        return {"data": rows, "next": str(at + 3) if at < 6 else None}

    found = read(way, page, "data.*")
    assert found.verdict == "complete", found
    assert sorted(found.ids) == list(range(6))


@pytest.mark.parametrize("way", ["offset", "cursor"])
def test_objects_keyed_by_id_and_an_error_in_their_place(way: str) -> None:
    def page(at: int) -> Json:
        rows = {f"k{row['id']}": row for row in ROWS[at : at + 3]}
        return {"data": {"error": "too busy"} if at == 3 else rows, "next": None if at == 3 else str(at + 3)}

    assert read(way, page, "data.*").verdict != "complete"
