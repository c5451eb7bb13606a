"""Names that dlt or the file system refuse once everything is read are found before anything is sent."""

from __future__ import annotations

import pytest

from restmill.config.check import check
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
    "half of a pair": "a\ud800",
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
@pytest.mark.parametrize("name", ["a\x00b", "a" * 300, "a\x1b[2J", "\ud800"])
def test_a_pipeline_or_dataset_likewise(key: str, name: str) -> None:
    tree = {
        "client": {"base_url": "http://x.test"},
        "resources": [{"name": "a", "endpoint": {"path": "/a"}}],
        "pipeline": {key: name},
    }
    assert [one.place.path for one in unusable(check(tree))] == [f"pipeline.{key}"]
