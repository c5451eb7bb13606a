"""A source or a resource iterated directly, without a pipeline: the same records, in the same number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.parity.case import PAGED, Config, one
from tests.parity.cases_children import _doubled, _family, _odd
from tests.parity.engines import ENGINES
from tests.parity.server import Seen, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dlt.extract import DltSource


def _list(api: str) -> Config:
    return one(api, "v1/users", paginator=PAGED)


def _children_of_odd(source: DltSource) -> list[Any]:
    source.projects.add_filter(_odd)
    return list(source.tasks)


WAYS: dict[str, tuple[Callable[[str], Config], Callable[[DltSource], Iterable[Any]]]] = {
    "a source": (_list, list),
    "a source of two resources": (_family(), list),
    "a resource": (_list, lambda source: list(source.things)),
    "a parent": (_family(), lambda source: list(source.projects)),
    "a child": (_family(), lambda source: list(source.tasks)),
    "a limited resource": (_list, lambda source: list(source.things.add_limit(2))),
    "a resource with steps": (
        _list,
        lambda source: list(source.things.add_filter(_odd).add_yield_map(_doubled)),
    ),
    "a child of a filtered parent": (
        _family(),
        _children_of_odd,
    ),
    "a resource, twice": (_list, lambda source: [*source.things, *source.things]),
}


@pytest.mark.parametrize("way", WAYS)
def test_both_engines_yield_the_same(way: str, record_property: Callable[[str, object], None]) -> None:
    dlts, ours = gathered("dlt", way), gathered("restmill", way)
    assert dlts
    assert dlts == ours
    record_property("features", 1)


def gathered(engine: str, way: str) -> list[str]:
    """The records that come out, as JSON, sorted."""
    config, gather = WAYS[way]
    with recording({}, Seen()) as server:
        source = ENGINES[engine].rest_api_source(config(server.base_url))
        return sorted(json.dumps(record, sort_keys=True) for record in gather(source))
