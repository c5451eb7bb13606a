"""What a parent's record gives to its children: one value for each place, or one read for each element."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.errors import Problem
from restmill.path import Path
from restmill.plan.parents import bindings, unlikely
from restmill.plan.spec import Parent

if TYPE_CHECKING:
    from restmill.path import Json


def read(record: Json, *paths: str, whole: bool = False) -> list[Any]:
    """What is read for a record: a value or a tuple of values for each read, or why it is not."""
    parent = Parent("p", {path: Path(path) for path in paths}, (), frozenset(paths if whole else ()))
    return [
        f"{one.what} / {one.got} / {one.hint}"
        if isinstance(one, Problem)
        else (one[paths[0]] if len(paths) == 1 else tuple(one[path] for path in paths))
        for one in bindings("c", parent, record)
    ]


SENT: dict[str, tuple[Json, list[Json]]] = {
    "text": ("a", ["a"]),
    "text with blanks": (" a ", [" a "]),
    "the word None": ("None", ["None"]),
    "zero": (0, [0]),
    "a large number": (10**30, [10**30]),
    "a fraction": (1.0, [1.0]),
    "false": (False, [False]),
}
NOT_SENT = {
    "null": (None, "no value in `id` / null"),
    "empty text": ("", "no value in `id` / blank text"),
    "blanks": (" \t\n", "no value in `id` / blank text"),
    "a no-break space": ("\u00a0", "no value in `id` / blank text"),
    "not a number": (float("nan"), "no value in `id` / nan"),
    "infinity": (float("inf"), "no value in `id` / inf"),
    "a list": (["x", "y"], "is a list, and a request takes one value / 2 elements / `id[*]` makes one read"),
    "an empty list": ([], "is a list, and a request takes one value / 0 elements"),
    "an object": ({"key": 1}, "is an object, and a request takes one value / keys key / Name one of its"),
    "an empty object": ({}, "is an object, and a request takes one value / keys none"),
}


@pytest.mark.parametrize("kind", SENT)
def test_one_value_is_one_read(kind: str) -> None:
    value, reads = SENT[kind]
    assert read({"id": value}, "id") == reads
    assert read({"a": {"id": value}}, "a.id") == reads


@pytest.mark.parametrize("kind", NOT_SENT)
def test_what_is_no_value_is_no_request(kind: str) -> None:
    value, why = NOT_SENT[kind]
    (found,) = read({"id": value, "other": 1}, "id")
    assert why in found
    assert any(why.split(" / ")[0] in one for one in map(str, read({"id": value, "b": 1}, "id", "b")))


@pytest.mark.parametrize("record", [{"other": 1}, {}, "text", None, 7, ["a"]])
def test_no_field_is_no_request(record: Json) -> None:
    (found,) = read(record, "id")
    assert "has no field `id`" in found


@pytest.mark.parametrize("value", [["x"], [], {"key": 1}, {}, True, 7, "a"])
def test_alone_in_a_json_body_a_value_keeps_its_kind(value: Json) -> None:
    assert read({"id": value}, "id", whole=True) == [value]


@pytest.mark.parametrize("value", [None, "", " "])
def test_nothing_is_nothing_in_a_json_body_too(value: Json) -> None:
    assert "no value" in read({"id": value}, "id", whole=True)[0]


TAGS = {"id": 7, "tags": ["x", "y", "x"], "langs": ["de", "en"]}
ORDERS = {
    "id": 7,
    "orders": [{"id": 1, "lang": "de", "lines": [{"n": 1}, {"n": 2}]}, {"id": 2, "lang": "en", "lines": []}],
}


@pytest.mark.parametrize(
    ("record", "paths", "reads"),
    [
        (TAGS, ["tags[*]"], ["x", "y"]),
        (TAGS, ["$.tags[*]"], ["x", "y"]),
        (TAGS, ["tags.[*]"], ["x", "y"]),
        (TAGS, ["tags.*"], ["x", "y"]),
        (TAGS, ["tags[:1]"], ["x"]),
        (TAGS, ["tags[0]"], ["x"]),
        (TAGS, ["tags[-1]"], ["x"]),
        (TAGS, ["id", "tags[*]"], [(7, "x"), (7, "y")]),
        (TAGS, ["tags[*]", "langs[*]"], [("x", "de"), ("x", "en"), ("y", "de"), ("y", "en")]),
        (ORDERS, ["orders[*].id"], [1, 2]),
        (ORDERS, ["orders[*].id", "orders[*].lang"], [(1, "de"), (2, "en")]),
        (ORDERS, ["orders[*].lines[*].n"], [1, 2]),
        (ORDERS, ["orders[*].id", "orders[*].lines[*].n"], [(1, 1), (1, 2)]),
        (ORDERS, ["orders[?(@.lang == 'en')].id"], [2]),
        (ORDERS, ["orders..n"], [1, 2]),
        ({"tags": []}, ["tags[*]"], []),
        ({"tags": [1, True, "1", 1.0]}, ["tags[*]"], [1, True, "1", 1.0]),
        ({"keys": {"a": "x", "b": "y"}}, ["keys[*]"], ["x", "y"]),
        ([{"id": 1}, {"id": 2}], ["[*].id"], [1, 2]),
    ],
)
def test_a_list_is_one_read_for_each_element(record: Json, paths: list[str], reads: list[Json]) -> None:
    found = read(record, *paths)
    assert list(map(repr, found)) == list(map(repr, reads))


@pytest.mark.parametrize(
    ("record", "path", "reads"),
    [
        ({"tags": ["x", None, "", "y"]}, "tags[*]", ["x", "no value", "no value", "y"]),
        ({"tags": ["x", ["z"], {"q": 1}]}, "tags[*]", ["x", "is a list", "is an object"]),
        ({"orders": [{"id": 1}, {}, {"id": 3}]}, "orders[*].id", ["1", "no field", "3"]),
        ({"tags": None}, "tags[*]", ["no list in `tags[*]` / null"]),
        ({"tags": "x"}, "tags[*]", ["no list in `tags[*]` / str"]),
        ({"tags": 7}, "tags[*]", ["no list in `tags[*]` / int"]),
        ({}, "tags[*]", ["no field"]),
    ],
)
def test_an_element_without_a_value_costs_its_own_read(record: Json, path: str, reads: list[str]) -> None:
    found = read(record, path)
    assert len(found) == len(reads)
    assert all(wanted in str(one) for wanted, one in zip(reads, found, strict=True))


records = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
)


@given(records)
def test_nothing_goes_out_that_is_not_one_value(record: Json) -> None:
    for path in ("a", "a[*]", "a[*].b", "$..b"):
        for one in read(record, path):
            assert isinstance(one, str | int | float)
            assert str(one).strip() not in ("", "None", "nan", "inf", "-inf") or record != one


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (False, "`code` is `false`"),
        (True, "`code` is `true`"),
        ("None", "`code` is `None`"),
        (" null ", "`code` is `null`"),
        ("NaN", "`code` is `NaN`"),
        ("undefined", "`code` is `undefined`"),
        ("NO", ""),
        (0, ""),
        ("nullable", ""),
    ],
)
def test_a_value_that_hardly_names_a_thing_is_told(value: Json, said: str) -> None:
    parent = Parent("countries", {"code": Path("code")})
    assert unlikely(parent, {"code": value}) == said
