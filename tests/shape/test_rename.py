"""Renaming: values move, none is lost, and the record that was given stays as it was."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from restmill.shape.rename import include, rename

if TYPE_CHECKING:
    from restmill.path import Json

names = st.sampled_from(["id", "user", "name", "a", "b", "customer_id", "original_a"])
inner = st.recursive(
    st.sampled_from([0, [1]]), lambda inner: st.dictionaries(names, inner, max_size=4), max_leaves=8
)
records = st.dictionaries(names, inner, min_size=1, max_size=4)
paths = st.lists(names, min_size=1, max_size=3).map(".".join)
renames = st.dictionaries(paths, names, max_size=4)


def numbered(tree: Json, numbers: count[int] | None = None) -> Json:
    """The same record with a different number in each leaf, so that a lost value is missed."""
    numbers = numbers or count()
    if isinstance(tree, dict):
        return {key: numbered(value, numbers) for key, value in tree.items()}
    return [next(numbers)] if isinstance(tree, list) else next(numbers)


def leaves(tree: Json) -> Counter[str]:
    if isinstance(tree, dict):
        return sum((leaves(value) for value in tree.values()), Counter())
    return Counter([repr(tree)])


def paths_in(record: Json) -> list[tuple[str, Json]]:
    """Every path of the record with its value."""
    if not isinstance(record, dict):
        return []
    deeper = [(f"{key}.{path}", value) for key, inner in record.items() for path, value in paths_in(inner)]
    return [*record.items(), *deeper]


@given(records, renames)
@example({"a": 0, "b": 0}, {"a": "b"})
@example({"a": 0, "b": 0}, {"a": "b", "b": "a"})
@example({"a": 0, "user": {"a": 0}}, {"a": "id", "user.a": "id"})
@example({"a": 0, "original_a": 0, "b": 0}, {"b": "a"})
def test_no_value_is_lost_and_the_record_given_is_unchanged(record: Json, mapping: dict[str, str]) -> None:
    given_record = numbered(record)
    kept = deepcopy(given_record)
    assert leaves(rename(given_record, mapping)) == leaves(given_record)
    assert given_record == kept


@given(records.map(numbered), names, st.data())
def test_a_renamed_value_stands_at_the_top_under_its_name(
    record: Json, name: str, data: st.DataObject
) -> None:
    path, value = data.draw(st.sampled_from(paths_in(record)))
    assert rename(record, {path: name})[name] == value


@given(records, st.dictionaries(paths, names, max_size=3))
def test_fields_nobody_named_stay(record: Json, mapping: dict[str, str]) -> None:
    touched = {path.split(".")[0] for path in mapping} | set(mapping.values())
    untouched = {key: value for key, value in record.items() if key not in touched}
    assert untouched.items() <= rename(record, mapping).items()


@pytest.mark.parametrize(
    ("record", "mapping", "expected"),
    [
        ({"user": {"id": 7}}, {"user.id": "customer_id"}, {"customer_id": 7}),
        ({"user": {"id": 7, "x": 1}}, {"user.id": "customer_id"}, {"user": {"x": 1}, "customer_id": 7}),
        ({"user": {}}, {"user.id": "customer_id"}, {"user": {}}),
        ({"user": None}, {"user.id": "customer_id"}, {"user": None}),
        ({"user": [1]}, {"user.id": "customer_id"}, {"user": [1]}),
        ({"id": None}, {"id": "key"}, {"key": None}),
        ({"id": 1}, {"id": "id"}, {"id": 1}),
        ({"a": 1, "b": 2}, {"a": "b", "b": "a"}, {"b": 1, "a": 2}),
        ({"a": 1, "b": 2}, {"a": "b"}, {"b": 1, "original_b": 2}),
        ({"a": {"b": {"c": 1}}}, {"a": "x", "a.b": "y"}, {"x": {"b": {"c": 1}}}),
        ({"id": 1}, {}, {"id": 1}),
    ],
)
def test_examples(record: Json, mapping: dict[str, str], expected: Json) -> None:
    assert rename(record, mapping) == expected


@pytest.mark.parametrize("record", [None, 5, "text", [1, 2], True])
def test_a_record_that_is_no_object_is_returned_as_it_is(record: Json) -> None:
    assert rename(record, {"id": "key"}) is record


def test_a_field_of_the_parent_lets_the_records_own_give_way() -> None:
    record = {"_p_id": 1, "original__p_id": 2}
    assert include(record, {"_p_id": 9, "_p_name": "n"}) == ["_p_id"]
    assert record == {"_p_id": 9, "_p_name": "n", "original__p_id": 2, "original_original__p_id": 1}


def test_what_is_no_object_takes_nothing_from_a_parent() -> None:
    assert include(None, {"_p_id": 9}) == []
