"""Records that no table can be made of: no mistake in the config, and no loss of a neighbour's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from restmill import sync
from restmill.errors import DestinationError, Refused, SetAside
from restmill.load.failures.refusal_reasons import reason_of
from tests.load.api import rows
from tests.security.servers import Answer, serving

if TYPE_CHECKING:
    from tests.security.servers import Asked

MERGED: dict[str, Any] = {"write_disposition": "merge", "primary_key": "id"}


def same(record: Any) -> Any:
    return record


def loaded(bad: list[Any], **hints: Any) -> Any:
    """The receipt of a run with a good resource and a bad one."""

    def app(asked: Asked) -> Answer:
        return Answer({"data": [{"id": 1}] if asked.path == "/good" else bad})

    with serving(app) as server:
        endpoint = {"data_selector": "data", "paginator": "single_page"}
        config = {
            "client": {"base_url": server.url, "retry": {"max_retries": 0}},
            "resources": [
                {"name": "good", "endpoint": {"path": "/good", **endpoint}},
                {"name": "bad", "endpoint": {"path": "/bad", **endpoint}, **hints},
            ],
        }
        return sync(config, pipeline_name="unusable", dataset_name="ds")


KEYS: dict[str, list[Any]] = {
    "an object": [{"id": {"a": 1}}],
    "a list": [{"id": [1, 2]}],
    "null": [{"id": None}],
    "all of these, and nothing": [{"id": {"a": 1}}, {"id": [1, 2]}, {"id": None}, {}],
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("steps", [[], [{"map": same}]], ids=["plain", "with a step"])
def test_a_key_without_a_value_is_no_mistake_in_the_config(name: str, steps: list[Any]) -> None:
    with pytest.raises(Refused, match="`id` is no plain value in any record") as caught:
        loaded(KEYS[name], **MERGED, processing_steps=steps)
    assert caught.value.exit_code == 5
    assert loaded([{"id": 7}], **MERGED).verdict == "complete"


def nested(depth: int) -> list[Any]:
    """Records of which one has lists in lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return [{"id": 1}, {"id": 2, "x": value}, {"id": 3}]


@pytest.mark.parametrize("depth", [60, 150])
def test_lists_that_nest_too_deeply_for_a_files_name_cost_their_own_table(depth: int) -> None:
    with pytest.raises(SetAside, match="too long for a file"):
        loaded(nested(depth))
    receipt = loaded([{"id": 7}])
    assert rows(receipt, "SELECT (SELECT count(*) FROM good), (SELECT count(*) FROM bad)") == [(2, 1)]


def test_a_quarantine_keeps_the_record_with_such_lists() -> None:
    receipt = loaded(nested(60), quarantine=True)
    assert rows(receipt, "SELECT count(*) FROM good") == [(1,)]
    assert rows(receipt, "SELECT count(*) FROM bad") == [(2,)]
    assert rows(receipt, "SELECT count(*) FROM bad__quarantine") == [(1,)]
    assert issubclass(SetAside, DestinationError)


@pytest.mark.parametrize(
    "said",
    [
        "Type INT64 with value {} can't be cast because it is out of range",
        "Could not convert string '{}' to INT32",
        'Casting value "{}" to type DECIMAL(3,2) failed',
        'invalid input syntax for type integer: "{}"',
        'Duplicate key "{}" violates primary key constraint',
    ],
)
@pytest.mark.parametrize("value", ["v4lue", "v4lue' to v4lue", "v4lue can't be cast v4lue", 'v4lue": "v4lue'])
def test_a_value_that_speaks_like_the_database_is_not_shown(said: str, value: str) -> None:
    assert "v4lue" not in reason_of([ValueError(said.format(value))])


@pytest.mark.parametrize("piece", ["with value ", "Casting value ", "Duplicate key '", ': "', ", _dlt_id: "])
def test_a_message_of_any_length_is_read_soon(piece: str) -> None:
    started = time.process_time()
    reason_of([ValueError(piece * 100_000)])
    assert time.process_time() - started < 3


@pytest.mark.parametrize("depth", [300, 600, 700, 900])
def test_a_quarantine_bears_objects_of_any_depth(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    receipt = loaded([{"id": 1}, {"id": 2, "x": value}, {"id": 3}], quarantine=True)
    assert rows(receipt, "SELECT count(*) FROM good") == [(1,)]
