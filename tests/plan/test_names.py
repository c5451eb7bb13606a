"""Names that dlt makes one: refused where both are named, and our copy of its naming against its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dlt.common.normalizers.naming.snake_case import NamingConvention
from hypothesis import given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.plan.names import as_the_file, normal, one_of_two
from tests.plan.planning import tree

if TYPE_CHECKING:
    from restmill.path import Json

SNAKE = NamingConvention(10_000)


@given(
    st.text("aZ_9 -+*@|.éЖ名", min_size=1, max_size=12).filter(str.strip)
    | st.text(min_size=1).filter(str.strip)
)
def test_names_are_dlts(name: str) -> None:
    theirs = SNAKE.normalize_path(name)
    assert normal(name) == (theirs or name)


@pytest.mark.parametrize(
    "name", ["userEvents", "My Items", "HTTPServer", "a__b", "a___b", "9lives", "id_", "名前", "a.b", "A+B"]
)
def test_usual_names_are_dlts(name: str) -> None:
    assert normal(name) == SNAKE.normalize_path(name)


def told(*resources: Json) -> list[tuple[str, str]]:
    return [(one.place.path, one.what) for one in one_of_two(check(tree(*resources)))]


def named(name: str, **more: Json) -> dict[str, Json]:
    return {"name": name, "endpoint": "x", **more}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("userEvents", "user_events"),
        ("My Items", "my_items"),
        ("A", "a"),
        ("a-b", "a.b"),
        ("名前", "年齢"),
        ("Über", "_ber"),
        ("a b", "a  b"),
    ],
)
def test_two_resources_that_would_share_a_table(first: str, second: str) -> None:
    ((place, what),) = told(named(first), named(second))
    assert place == "resources[1]"
    assert all(word in what for word in (f"`{first}`", f"`{second}`", "resources[0]", "one table"))


def test_table_names_are_looked_at_and_the_very_same_one_is_shared_on_purpose() -> None:
    assert told(named("x", table_name="events"), named("y", table_name="events")) == []
    assert told(named("events"), named("y", table_name="events")) == []
    assert told(named("userEvents", table_name="a"), named("user_events", table_name="b")) == []
    assert len(told(named("x", table_name="userEvents"), named("y", table_name="user_events"))) == 1
    assert told(named("userEvents", selected=False), named("user_events")) == []
    assert told(named("x", table_name=lambda _: "y"), named("y")) == []


def test_a_resource_called_as_the_nested_table_of_another() -> None:
    ((place, what),) = told(named("a__b"), named("a"))
    assert (place, "`b`" in what, "resources[1]" in what) == ("resources[0]", True, True)
    assert told(named("a__b"), named("a", max_table_nesting=0)) == []
    assert told(named("a_b"), named("a")) == []


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"primary_key": ["userId", "user_id"]}, "resources[0].primary_key"),
        ({"merge_key": ["a-b", "a.b"]}, "resources[0].merge_key"),
        ({"columns": {"Name": {}, "name": {}}}, "resources[0].columns"),
        ({"columns": [{"name": "Name"}, {"name": "name"}]}, "resources[0].columns"),
        ({"rename": {"a": "userId", "b": "user_id"}}, "resources[0].rename"),
    ],
)
def test_columns_that_would_be_one(more: dict[str, Json], place: str) -> None:
    assert [found for found, _ in told(named("x", **more))] == [place]


def test_a_column_may_be_written_in_either_way_in_different_keys() -> None:
    assert told(named("x", primary_key="userId", columns={"user_id": {}})) == []


@pytest.mark.parametrize(
    ("pipeline", "found"),
    [
        ({"name": "shop", "dataset_name": "shop"}, True),
        ({"name": "Shop", "dataset_name": "shop", "destination": "duckdb"}, True),
        ({"dataset_name": "my_file"}, True),
        ({"name": "shop", "dataset_name": "shop", "destination": "postgres"}, False),
        ({"name": "shop", "dataset_name": "shop_data"}, False),
        ({"name": "a-b", "dataset_name": "a_b"}, False),
        ({"name": "shop"}, False),
    ],
)
def test_a_dataset_called_as_the_file(pipeline: dict[str, Json], found: bool) -> None:
    config = check(tree(named("x"), pipeline=pipeline))
    assert bool(as_the_file(config, "my-file")) is found
