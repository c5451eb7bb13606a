"""Guesses from the first answer: dlt's, and what is said beyond them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dlt.sources.helpers.rest_client import detector, paginators
from hypothesis import example, given
from hypothesis import strategies as st
from requests import Response as TheirResponse

from restmill.path import Json, Path, path_of
from restmill.wire.next_page.more_signs import whole
from restmill.wire.paging.detect import detect_pager, detect_selector, single_entity_path
from restmill.wire.paging.pagers import Cursor, Done, HeaderLink, JsonLink, PageNumber, Pager, SinglePage
from tests.wire.model import START, page

keys = st.sampled_from(
    [
        "data",
        "items",
        "meta",
        "links",
        "next",
        "next_page",
        "href",
        "url",
        "pages",
        "total_pages",
        "total",
        "a",
        "rows",
    ]
)
scalars = st.one_of(
    st.none(),
    st.integers(0, 9),
    st.sampled_from(["", "x", "/p2", "https://api.test/p2", "3"]),
    st.just([1, 2]),
)
documents = st.one_of(
    st.lists(st.integers(), max_size=2),
    st.dictionaries(
        keys, st.recursive(scalars, lambda inner: st.dictionaries(keys, inner, max_size=3)), max_size=4
    ),
)


class Theirs(TheirResponse):
    def __init__(self, document: Json) -> None:
        super().__init__()
        self.document = document

    def json(self, **_: object) -> Json:
        return self.document


def ours_of(theirs: paginators.BasePaginator) -> tuple[type, str]:
    match theirs:
        case paginators.JSONLinkPaginator():
            return JsonLink, str(theirs.next_url_path)
        case paginators.JSONResponseCursorPaginator():
            return Cursor, str(theirs.cursor_path)
        case paginators.PageNumberPaginator():
            return PageNumber, str(theirs.total_path)
        case _:
            return SinglePage, ""


def of_ours(pager: Pager) -> tuple[type, str]:
    match pager:
        case JsonLink(next_url_path=path) | Cursor(cursor_path=path) | PageNumber(total_path=path):
            return type(pager), str(path)
        case _:
            return type(pager), ""


@given(documents)
@example({"next": "/p2"})
@example({"links": {"next": {"href": "x"}}})
@example({"next": {"other": 1}, "meta": {"next": 5}})
@example({"total_pages": 3, "next": 5})
def test_the_pager_is_the_one_that_dlt_detects(document: Json) -> None:
    theirs, _ = detector.PaginatorFactory().create_paginator(Theirs(document))
    ours, _ = detect_pager(page(document, []))
    assert of_ours(ours) == ours_of(theirs)


@given(documents)
def test_the_records_are_those_that_dlt_detects(document: Json) -> None:
    keys_found, data = detector.find_response_page_data(document)
    ours = detect_selector(document)
    assert ours == Path(".".join(keys_found))
    assert ours.find(document) == [data]


@given(st.lists(st.text(min_size=1, max_size=5).filter("*".__ne__), min_size=1, max_size=2))
def test_any_key_can_be_selected(names: list[str]) -> None:
    document: Json = [1, 2]
    for name in reversed(names):
        document = {name: document}
    assert path_of(tuple(names)).find(document) == [[1, 2]]
    assert detect_selector(document).find(document) == [[1, 2]]


@pytest.mark.parametrize(
    "key", ["where", "parent", "true", "null", "@odata.items", 'say "it"', "back\\slash", "1st", "-"]
)
def test_keys_that_mean_something_in_a_path_are_quoted(key: str) -> None:
    assert detect_selector({key: [1]}).find({key: [1]}) == [[1]]


@pytest.mark.parametrize("path", ["users/{id}", "a/{b}/c-{d.e}", "{resources.x.y}/", "/x/{a}.json"])
def test_a_path_that_ends_in_a_placeholder_is_one_entity(path: str) -> None:
    assert single_entity_path(path)
    assert detector.single_entity_path(path)


@pytest.mark.parametrize("path", ["users", "users/{id}/posts", "users/{}", ""])
def test_other_paths_are_lists(path: str) -> None:
    assert not single_entity_path(path)
    assert not detector.single_entity_path(path)


def test_a_link_header_comes_first() -> None:
    pager, why = detect_pager(page({"next": "/x"}, headers={"Link": "</y>; rel=next"}))
    assert (pager, why) == (HeaderLink(), "pages by the Link header, rel=next")


@pytest.mark.parametrize(
    ("document", "params", "base", "known"),
    [
        ({"pages": 3, "page": 1}, {}, 1, True),
        ({"pages": 3, "current_page": 0}, {}, 0, True),
        ({"meta": {"total_pages": "3", "currentPage": 1}}, {}, 1, True),
        ({"pages": 3}, {"page": 1}, 1, True),
        ({"pages": 3}, {}, 0, False),
        ({"pages": 3, "page": "first"}, {}, 0, False),
    ],
)
def test_page_numbers_start_where_the_answer_or_the_request_says(
    document: Json, params: dict[str, Json], base: int, known: bool
) -> None:
    pager, why = detect_pager(page(document, [1], request=replace(START, params=params)))
    assert isinstance(pager, PageNumber)
    assert (pager.base_page, pager.base_known) == (base, known)
    assert ("guess" in why) is not known


@pytest.mark.parametrize(
    ("document", "sign"),
    [
        ({"items": [1], "total": 9}, "`total: 9`"),
        ({"items": [1], "meta": {"total_count": "9"}}, "`meta.total_count: 9`"),
        ({"items": [], "count": 1}, "`count: 1`"),
        ({"items": [1], "has_more": True}, "`has_more: true`"),
        ({"items": [1], "paging": {"hasNextPage": "true"}}, "`paging.hasNextPage: true`"),
    ],
)
def test_one_page_with_signs_of_more_is_suspect(document: Json, sign: str) -> None:
    pager, why = detect_pager(page(document))
    done = pager.after(page(document))
    assert isinstance(done, Done)
    assert not done.complete
    assert sign in done.reason
    assert sign in why


@pytest.mark.parametrize(
    "document",
    [
        {"items": [1, 2], "total": 2, "has_more": False},
        {"items": [1], "a": {"b": {"total": 9}}},
        {"items": [1], "total": "many", "count": True, "has_more": 1.5},
        [1, 2],
    ],
)
def test_one_page_without_signs_is_complete(document: Json) -> None:
    assert detect_pager(page(document))[0] == SinglePage()


@pytest.mark.parametrize(
    ("document", "params", "sign"),
    [
        ([1, 2], {"per_page": 2}, "`per_page=2`"),
        ({"items": [1, 2]}, {"limit": "2"}, "`limit=2`"),
        ({"items": [1, 2, 3], "limit": 3}, {}, "`limit: 3`"),
        ({"items": [1], "meta": {"page": 1}}, {}, "`meta.page: 1`"),
        ({"items": [1], "offset": 0}, {}, "`offset: 0`"),
    ],
)
def test_a_page_that_may_be_one_of_several_is_suspect(
    document: Json, params: dict[str, Json], sign: str
) -> None:
    records = document if isinstance(document, list) else document["items"]
    first = page(document, records, request=replace(START, params=params))
    pager, _ = detect_pager(first)
    done = pager.after(first)
    assert isinstance(done, Done)
    assert not done.complete
    assert sign in done.reason


@pytest.mark.parametrize(
    ("document", "params"),
    [
        ([1, 2], {"limit": 3}),
        ({"items": [1, 2], "limit": 3}, {}),
        ({"items": [1, 2], "limit": 3, "offset": 0}, {}),
        ({"items": [1, 2], "total": 2, "page": 1}, {"limit": 2}),
        ({"items": [1, 2], "has_more": False, "page": 1}, {"limit": 2}),
        ({"items": [], "page": 1}, {}),
    ],
)
def test_a_page_that_says_it_is_all_is_complete(document: Json, params: dict[str, Json]) -> None:
    records = document if isinstance(document, list) else document["items"]
    first = page(document, records, request=replace(START, params=params))
    assert detect_pager(first)[0] == SinglePage()


def test_a_single_entity_may_have_any_count() -> None:
    entity = {"id": 1, "count": 9}
    assert detect_pager(page(entity, [entity]))[0] == SinglePage()
    assert detect_pager(page({"item": entity, "count": 9}, [entity]))[0] != SinglePage()


def test_a_flag_is_no_number_of_pages() -> None:
    assert detect_pager(page({"pages": True, "items": [1]}))[0] == SinglePage()


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3),
        (3.0, 3),
        ("3", 3),
        (" 3 ", 3),
        (3.5, None),
        (-1, None),
        (True, None),
        (None, None),
        ("3.0", None),
        ("", None),
        ("9" * 19, None),
        (float("nan"), None),
        (float("inf"), None),
        ([], None),
        ("٣", None),
    ],
)
def test_whole_numbers(value: Json, number: int | None) -> None:
    assert whole(value) == number


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        ("X-Total-Count", "43", True),
        ("X-WP-Total", "43", True),
        ("Content-Range", "items 0-1/43", True),
        ("X-Total-Count", "2", False),
        ("Content-Range", "bytes 0-1/43", False),
    ],
)
def test_a_bare_list_whose_header_counts_more_rows_is_no_whole_list(
    name: str, value: str, more: bool
) -> None:
    pager, _ = detect_pager(page([{"id": 1}, {"id": 2}], [{"id": 1}, {"id": 2}], headers={name: value}))
    assert isinstance(pager, SinglePage)
    assert bool(pager.suspect) == more


PLANNED: dict[str, Json] = {
    "next_run_at": "2026-12-01T00:00:00Z",
    "nextReviewDate": "2027-01-01",
    "next_steps": "see the docs",
    "nextStep": "verify",
    "next-scheduled-run": "02:00",
    "next_update": 1_790_000_000,
    "nextPaymentDueDate": "2027-01-01",
    "next_version": "v3",
    "next_of_kin": "Ann",
    "nextLevelId": 7,
    "next_announcement": "we move to v2 in May",
}
"""Keys that begin with `next`, and are of no page."""


@pytest.mark.parametrize("name", PLANNED)
@pytest.mark.parametrize("above", [False, True])
def test_what_is_planned_is_no_page(name: str, above: bool) -> None:
    told: dict[str, Json] = {name: PLANNED[name]}
    document: dict[str, Json] = {"items": [1], **({"meta": told} if above else told)}
    assert detect_pager(page(document, [1]))[0] == SinglePage()


@pytest.mark.parametrize(
    "name",
    [
        *("next", "next_page", "nextPageToken", "next_cursor", "next_url", "nextFileName", "next_batch_time"),
        *("next_start_date", "nextPageUpdateToken", "next_upload_id", "nextVersionIdMarker", "next_foo"),
    ],
)
def test_a_key_of_a_page_is_still_one(name: str) -> None:
    assert isinstance(detect_pager(page({"items": [1], name: "t2"}, [1]))[0], Cursor)


@pytest.mark.parametrize("thing", [False, True])
def test_one_record_is_not_paged_by_a_field_of_its_own(thing: bool) -> None:
    """A server that echoes the number of the page makes each one new: such a read would never end."""
    answer: Json = {"results": {"error": "too busy"}, "total_pages": 1, "page": 1}
    one: Json = {"id": 7, "title": "x", "pages": 320} if thing else answer
    pager, _ = detect_pager(page(one, [one]))
    assert isinstance(pager, SinglePage)
    assert bool(pager.suspect) != thing
