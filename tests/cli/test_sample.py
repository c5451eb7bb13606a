"""A page of records as columns: names, types and the ones worth showing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from restmill.cli.views.columns import Field, cells_of, fields_of, shown, telling, width_of

RECORDS = [
    {"id": 1, "name": "a", "owner": {"id": 7, "x": {}}, "tags": [1, 2], "at": "2025-01-02T03:04:05Z", "n": 1},
    {
        "id": 2,
        "name": "b",
        "owner": None,
        "tags": [],
        "at": "2025-01-02 03:04:05+01:00",
        "n": 1.5,
        "late": True,
    },
]


def test_columns_are_named_and_typed_as_dlt_does() -> None:
    kinds = {field.name: field.kind for field in fields_of(RECORDS)}
    assert kinds == {
        "id": "bigint",
        "name": "text",
        "owner__id": "bigint",
        "owner__x": "json",
        "tags": "table",
        "at": "timestamp",
        "n": "double",
        "late": "bool",
        "owner": "unknown",
    }


def test_a_column_that_is_not_always_there_says_so() -> None:
    assert {field.name: field.filled for field in fields_of(RECORDS)}["late"] == 1


def test_what_tells_rows_apart_is_shown_first() -> None:
    fields = [Field("description", "text", 2), Field("size", "bigint", 2), Field("id", "bigint", 2)]
    cells = [{"description": "x" * 60, "size": 3, "id": n} for n in range(2)]
    assert [field.name for field in telling(fields, cells, 4)] == ["id"]
    assert [field.name for field in telling(fields, cells, 200)] == ["description", "size", "id"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.lists(json_values, min_size=1, max_size=4), st.integers(1, 120))
def test_any_page_can_be_shown(records: list[object], room: int) -> None:
    fields = fields_of(records)
    cells = [cells_of(record) for record in records]
    picked = telling(fields, cells, room)
    assert bool(picked) == bool(fields)
    if len(picked) > 1:
        assert sum(width_of(field, cells) + 2 for field in picked) - 2 <= room
    for row in cells:
        assert all("\n" not in shown(value) for value in row.values())
