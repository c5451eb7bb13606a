"""Names that dlt or the file system refuse once everything is read are found before anything is sent."""

from __future__ import annotations

import pytest

from restmill.config.check.check import check
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.names import unusable

BAD = {
    "a device": "con",
    "a device in capitals": "NUL",
    "another device": "com1",
    "too long": "a" * 300,
    "too long in bytes": "a" * 201,
    "nothing but underscores": "__",
    "nothing but blanks": "  ",
    "dlt's": "_dlt_loads",
    "dlt's own prefix": "_dlt_mine",
    "dlt's in other letters": "_Dlt_Version",
    "restmill's": "_restmill_runs",
    "NUL": "a\x00b",
    "an escape": "a\x1b[2J",
    "a C1 control": "a\x9b31m",
    "a line break": "a\nb",
    "a bidi override": "a\u202eb",
}
GOOD = [
    "a",
    "a" * 180,
    "_",
    "___",
    "a.b",
    "a/b",
    "con_x",
    "größe",
    "数据",
    "select",
    "a b",
    "x__y",
    "1",
    "😀",
]


def found(**resource: object) -> list[str]:
    tree = {"client": {"base_url": "http://x.test"}, "resources": [{"endpoint": {"path": "/a"}, **resource}]}
    return [one.place.path for one in unusable(check(tree))]


@pytest.mark.parametrize("name", BAD)
def test_a_resource_that_cannot_be_named_so(name: str) -> None:
    assert found(name=BAD[name]) == ["resources[0].name"]


@pytest.mark.parametrize("name", BAD)
def test_a_table_that_cannot_be_named_so(name: str) -> None:
    assert found(name="a", table_name=BAD[name]) == ["resources[0].table_name"]


@pytest.mark.parametrize("name", GOOD)
def test_what_can_be_written_is_let_through(name: str) -> None:
    assert not found(name=name)
    assert not found(name="a", table_name=name)


def test_a_table_of_another_name_may_belong_to_such_a_resource() -> None:
    assert not found(name="con", table_name="things")


@pytest.mark.parametrize("key", ["name", "dataset_name"])
@pytest.mark.parametrize("name", ["a\x00b", "a" * 300, "a\x1b[2J"])
def test_a_pipeline_or_dataset_likewise(key: str, name: str) -> None:
    tree = {
        "client": {"base_url": "http://x.test"},
        "resources": [{"name": "a", "endpoint": {"path": "/a"}}],
        "pipeline": {key: name},
    }
    assert [one.place.path for one in unusable(check(tree))] == [f"pipeline.{key}"]


UNFIT: dict[str, dict[str, object]] = {
    "data: a list of texts": {"endpoint": {"path": "/a", "method": "POST", "data": ["text"]}},
    "data: a list of numbers": {"endpoint": {"path": "/a", "method": "POST", "data": [1]}},
    "data: a list of threes": {"endpoint": {"path": "/a", "method": "POST", "data": [["a", 1, 2]]}},
    "data: a number": {"endpoint": {"path": "/a", "method": "POST", "data": 5}},
    "data: a flag": {"endpoint": {"path": "/a", "method": "POST", "data": True}},
    "path: a port too high": {"endpoint": {"path": "http://127.0.0.1:99999/a"}},
    "path: an open bracket": {"endpoint": {"path": "http://[::1/a"}},
    "primary_key: a function": {"primary_key": lambda _: "id"},
    "merge_key: a function": {"merge_key": lambda _: "id"},
    "columns: a function": {"columns": lambda _: {"id": {"data_type": "bigint"}}},
    "schema_contract: a function": {"schema_contract": lambda _: "evolve"},
    "path: half of a pair": {"endpoint": {"path": "/a\ud800"}},
    "params: half of a pair": {"endpoint": {"path": "/a", "params": {"a": "\ud800"}}},
    "json: half of a pair in a key": {"endpoint": {"path": "/a", "method": "POST", "json": {"\ud800": 1}}},
    "name: half of a pair": {"name": "a\ud800"},
    "primary_key: half of a pair": {"primary_key": "\ud800"},
    "max_table_nesting: beyond 64 bits": {"max_table_nesting": 10**20},
    "max_pages: beyond 64 bits": {"endpoint": {"path": "/a", "max_pages": 10**30}},
}
FIT: dict[str, dict[str, object]] = {
    "data: pairs": {"endpoint": {"path": "/a", "method": "POST", "data": [["a", 1], ["a", 2]]}},
    "data: a mapping": {"endpoint": {"path": "/a", "method": "POST", "data": {"a": 1}}},
    "data: a text": {"endpoint": {"path": "/a", "method": "POST", "data": "text"}},
    "functions together": {"primary_key": lambda _: "id", "table_name": lambda _: "a"},
    "path: absolute": {"endpoint": {"path": "http://[::1]:8080/a"}},
    "path: with a placeholder": {"endpoint": {"path": "{b}", "params": {"b": "x"}}},
}


def built(resource: dict[str, object]) -> object:
    tree = {
        "client": {"base_url": "http://x.test"},
        "resources": [{"name": "a", "endpoint": {"path": "/a"}, **resource}],
    }
    return build(check(tree))


@pytest.mark.parametrize("name", UNFIT)
def test_what_no_run_can_do_is_found_before(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built(UNFIT[name])
    assert name.partition(":")[0] in str(caught.value.problem.place)


@pytest.mark.parametrize("name", FIT)
def test_what_a_run_can_do_is_let_through(name: str) -> None:
    assert built(FIT[name])
