"""Defaults: what a resource takes from `resource_defaults`, as dlt merges them."""

from __future__ import annotations

from typing import Any

import pytest
from dlt.sources.rest_api.config_setup import _make_endpoint_resource

from restmill.config.check.check import check
from restmill.config.model.config import OffsetPaginator, Resource, SinglePagePaginator
from tests.config.configs import with_resources


def read(defaults: dict[str, Any], own: dict[str, Any] | str) -> Resource:
    resource = check(with_resources(own, resource_defaults=defaults)).resources[0]
    assert isinstance(resource, Resource)
    return resource


def test_a_given_key_replaces_the_default() -> None:
    defaults = {
        "primary_key": "id",
        "write_disposition": "merge",
        "endpoint": {
            "paginator": "single_page",
            "params": {"a": 1, "b": 1},
            "json": {"x": 1},
            "path": "never",
        },
    }
    own = {"name": "n", "write_disposition": None, "endpoint": {"paginator": "offset", "params": {"b": 2}}}
    resource = read(defaults, own)
    assert resource.hints == {"primary_key": "id"}
    assert resource.endpoint.paginator == OffsetPaginator()
    assert resource.endpoint.params == {"a": 1, "b": 2}
    assert resource.endpoint.json == {"x": 1}
    assert resource.endpoint.path == "n"
    assert resource.given >= {"write_disposition", "primary_key", "endpoint"}
    assert read(defaults, "n").endpoint.paginator == SinglePagePaginator()
    assert read(defaults, {"name": "n", "endpoint": {"json": {"y": 2}}}).endpoint.json == {"x": 1, "y": 2}
    assert read({"endpoint": None, "primary_key": None}, "n").hints == {}


COLUMNS: list[tuple[Any, Any]] = [
    (
        {"a": {"data_type": "text"}, "b": {"unique": True}},
        {"b": {"data_type": "bigint"}, "a": {"nullable": False}},
    ),
    ([{"name": "a", "data_type": "text"}], {"a": {"data_type": "bigint"}, "c": {}}),
    ({"a": {"data_type": "text"}}, [{"name": "b", "nullable": True}, {"name": "a", "sort": True}]),
    ({"a": {}}, None),
    (None, {"a": {"data_type": "text"}}),
    (dict, {"a": {}}),
    ({}, {"a": {}}),
]


@pytest.mark.parametrize(("defaults", "own"), COLUMNS)
def test_columns_are_merged_as_dlt_merges_them(defaults: Any, own: Any) -> None:
    ours = read({"columns": defaults}, {"name": "n", "columns": own}).hints.get("columns")
    theirs: Any = _make_endpoint_resource(
        {"name": "n", "columns": own, "endpoint": {}}, {"columns": defaults, "endpoint": {}}
    )["columns"]
    assert ours == theirs
    assert list(ours or ()) == list(theirs or ())  # the order counts
