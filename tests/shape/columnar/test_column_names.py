"""No two fields of a record share a column, and which column a field has does not depend on any order."""

from __future__ import annotations

import json
from typing import Any

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.schema import Schema
from hypothesis import given
from hypothesis import strategies as st

from restmill.load.schema.live import Ground
from tests.shape.columnar.twins import LOAD_ID, TABLE, Table

_KEYS = [
    "userId",
    "user_id",
    "User ID",
    "a",
    "A",
    "a-b",
    "a.b",
    "a__b",
    "b",
    "x",
    "名前",
    "年齢",
    "é",
    "",
    " ",
]


def ground(memory: dict[str, Any] | None = None) -> Ground:
    """A ground of a fresh schema, which remembers what an earlier run has decided."""
    caps = dlt.destinations.duckdb().capabilities()
    with Container().injectable_context(caps):
        schema = Schema("names")
        schema.update_table(Table().schema(first=True))  # type: ignore[arg-type]
        if memory:
            schema.tables[TABLE]["x-restmill-fields"] = json.loads(json.dumps(memory))  # type: ignore[typeddict-unknown-key]
        return Ground(schema, caps, LOAD_ID, TABLE)


def apart(records: list[Any], memory: dict[str, Any] | None = None) -> tuple[list[Any], dict[str, Any]]:
    """The records after their names were seen to, and what is remembered."""
    made = ground(memory)
    return made.names.apart(records), dict(made.names.holders)


def columns(record: dict[str, Any], at: Ground, path: tuple[str, ...] = ()) -> list[str]:
    """The columns and the nested tables that dlt makes of a record, each as often as a field becomes it."""
    found: list[str] = []
    for key, value in record.items():
        if isinstance(value, dict):
            found += columns(value, at, (*path, at.field(key)))
        elif isinstance(value, list):
            if key.strip():  # dlt refuses a list without a name
                found.append("list " + at.join((*path, at.list_field(key))))
        else:
            found.append(at.join((*path, at.field(key))))
    return found


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"userId": 1, "user_id": 2}, {"user_id_6ccb21": 1, "user_id": 2}),
        ({"Name": 1, "name": 2}, {"name_dcd1d5": 1, "name": 2}),
        ({"a-b": 1, "a.b": 2}, {"a-b": 1, "a_b_2e7336": 2}),
        ({"a": {"b": 1}, "a__b": 2}, {"a": {"b_59b271": 1}, "a__b": 2}),
        ({"na!e": 1, "na%e": 2}, {"na!e": 1, "na_e_6d222a": 2}),
        ({"Items": [1], "items": [2]}, {"items_fb8e7a": [1], "items": [2]}),
        ({"名前": 1, "年齢": 2}, {"名前": 1, "x_18a912": 2}),
        ({"l": [{"A": 1, "a": 2}]}, {"l": [{"a_559aea": 1, "a": 2}]}),
        ({"l": [[{"A": 1, "a": 2}]]}, {"l": [[{"a_559aea": 1, "a": 2}]]}),
        ({"_dlt_load_id": 1}, {"_dlt_load_id_e835e7": 1}),
        ({"userId": 1, "user_id": None}, {"userId": 1}),
        ({"Items": [], "items": [1]}, {"items": [1]}),
        ({"userId": 1, "Name": 2, "tags": [1], "o": {"É": 1}}, None),
    ],
)  # fmt: skip
def test_which_field_keeps_the_name(record: dict[str, Any], expected: dict[str, Any] | None) -> None:
    assert apart([record])[0] == [record if expected is None else expected]


def test_a_list_of_a_nested_table_keeps_out_of_the_table_of_another_list() -> None:
    record = {"items": [{"tags": [1]}], "items__tags": [2]}
    ((made,), _) = apart([record])
    assert made == {"items": [{"tags_978c2f": [1]}], "items__tags": [2]}


def test_spellings_that_never_meet_are_one_field_as_under_dlt() -> None:
    records = [{"ID": 1}, {"id": 2}]
    assert apart(records)[0] == records


def test_other_words_are_other_fields_although_they_never_meet() -> None:
    _, memory = apart([{"名前": "n"}])
    (made,), _ = apart([{"年齢": 7}], memory)
    assert made == {"x_18a912": 7}


@pytest.mark.parametrize("first", ["userId", "user_id", "名前", "年齢"])
def test_who_has_filled_the_column_keeps_it(first: str) -> None:
    record = {"userId": 1, "user_id": 2, "名前": 3, "年齢": 4}
    _, memory = apart([{first: 1}])
    (made,), _ = apart([record], memory)
    assert made[first] == record[first]


def test_a_name_holds_when_only_one_of_the_two_comes() -> None:
    (both,), memory = apart([{"userId": 1, "user_id": 2}])
    for key, value in {"userId": 1, "user_id": 2}.items():
        (alone,), memory = apart([{key: value}], memory)
        assert alone.items() <= both.items()


def test_a_hint_means_the_field_that_it_names() -> None:
    made = ground()
    made.names.hint(["userId"])
    assert made.names.apart([{"userId": 1, "user_id": 2}]) == [{"userId": 1, "user_id_f89d6b": 2}]


def test_a_field_that_has_the_new_name_already_is_no_reason_to_share() -> None:
    record = {"userId": 1, "user_id": 2, "user_id_6ccb21": 3}
    (made,), _ = apart([record])
    assert sorted(made.values()) == [1, 2, 3]
    assert len(set(columns(made, ground()))) == 3


def test_what_is_moved_is_told_once_in_a_run() -> None:
    made = ground()
    made.names.apart([{"userId": 1, "user_id": 2}])
    (moved,) = made.names.news()
    assert (moved.table, moved.keys, moved.name, moved.shared) == (
        TABLE,
        ("userId",),
        "user_id_6ccb21",
        "user_id",
    )
    made.names.apart([{"userId": 1, "user_id": 2}])
    assert made.names.news() == []


values = st.integers(0, 9)
keys = st.sampled_from(_KEYS)
flat = st.dictionaries(keys, values, max_size=5)
records = st.dictionaries(keys, values | flat | st.lists(values, min_size=1, max_size=2), max_size=6)


@given(batch=st.lists(records, max_size=4))
def test_no_two_fields_of_a_record_share_a_column(batch: list[dict[str, Any]]) -> None:
    at = ground()
    for made in at.names.apart(batch):
        names = columns(made, at)
        assert len(names) == len(set(names))


@given(batch=st.lists(records, max_size=4), data=st.data())
def test_names_are_the_same_in_any_order(batch: list[dict[str, Any]], data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(batch))))
    shuffled = [dict(data.draw(st.permutations(list(batch[place].items())))) for place in order]
    one, other = apart(batch)[0], apart(shuffled)[0]
    assert [one[place] for place in order] == other


@given(runs=st.lists(st.lists(records, max_size=3), min_size=2, max_size=3))
def test_what_comes_again_has_the_names_that_it_has_got(runs: list[list[dict[str, Any]]]) -> None:
    """After all is known, nothing changes any more, whatever comes alone or in another order."""
    memory: dict[str, Any] = {}
    for run in runs:
        _, memory = apart(run, memory)
    everything = [record for run in runs for record in run]
    first, memory = apart(everything, memory)
    second, again = apart(everything[::-1], memory)
    assert second[::-1] == first
    assert again == memory
    for record, made in zip(everything, first, strict=True):
        assert apart([record], memory)[0] == [made]


@given(batch=st.lists(records, max_size=4))
def test_what_is_kept_apart_stays_as_it_is(batch: list[dict[str, Any]]) -> None:
    at = ground()
    made = at.names.apart(batch)
    assert at.names.apart(made) == made
