"""Records by a selector: whatever dlt's client takes from an answer, we take."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from dlt.sources.helpers.rest_client.client import RESTClient
from hypothesis import example, given
from hypothesis import strategies as st
from requests import Response

from restmill.path import Json, Path
from restmill.shape.decode import document_of, select

KEYS = ("data", "items", "a", "b", "user id", "0", "@odata.value")
scalars = st.one_of(st.none(), st.booleans(), st.integers(-5, 10**20), st.text("xyé\n", max_size=3))
documents = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=10,
)
PLAIN = ("$", "data", "items", "data.items", "$.data", "a.b", "'user id'", '"@odata.value"')
LISTS = ("data[*]", "data[*].items", "data[0]", "data[-1]", "$[*]", "$[0].items", "data[*].a.b")
ODD = ("$..a", "*", "data.*", "data[?(@.a == 1)]", "`this`", "data.`parent`.items")
selectors = st.sampled_from([*PLAIN, *LISTS, *ODD])
CLIENT = RESTClient("http://127.0.0.1")


def theirs(document: Json, selector: str) -> list[Json]:
    answer = Response()
    answer._content = json.dumps(document).encode()
    return CLIENT.extract_response(answer, selector)


@given(documents, selectors)
@example({"data": None}, "data")
@example({"data": [None]}, "data")
@example({"data": [[1, 2]]}, "data")
@example({"data": [{"items": [1]}, {"items": [2]}]}, "data[*].items")
@example({"data": [{"items": [1]}]}, "data[*].items")
@example({"data": {}}, "data")
@example({}, "data")
@example([], "$")
@example(None, "$")
def test_records_are_those_of_dlt(document: Json, selector: str) -> None:
    kept = deepcopy(document)
    assert repr(select(document, Path(selector)).records) == repr(theirs(document, selector))
    assert document == kept


@pytest.mark.parametrize(
    ("document", "selector", "matched"),
    [
        ({"data": []}, "data", True),
        ({"data": None}, "data", True),
        ({"data": 0}, "data", True),
        ({"items": []}, "data", False),
        ({}, "data", False),
        (None, "data", False),
        (None, "$", True),
        ([], "$", True),
        ([], "$[*]", False),
        ("text", "data.items", False),
    ],
)
def test_a_path_that_leads_nowhere_is_told_from_an_empty_list(
    document: Json, selector: str, *, matched: bool
) -> None:
    assert select(document, Path(selector)).matched is matched


def test_a_page_is_the_list_of_the_document_itself() -> None:
    document = document_of(b'{"data": [{"id": 1}, {"id": 2}]}')
    assert select(document, Path("data")).records is document["data"]
