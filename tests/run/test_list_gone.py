"""A list that turns into something else, whatever selects from it, and a code that flips beside rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run.test_envelope import healthy, read

if TYPE_CHECKING:
    from restmill.path import Json

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
