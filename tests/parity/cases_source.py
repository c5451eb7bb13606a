"""Cases: the source's own arguments, and what its user does to it before the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.schema import Schema

from tests.parity.case import PAGED, Case, Config, many, one, resource
from tests.parity.cases_children import _doubled, _family, _marked, _odd
from tests.parity.cases_incremental import GROWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from dlt.extract import DltResource, DltSource


def _flags(api: str) -> Config:
    return one(api, "v1/feature_flags", paginator=PAGED, primary_key="id")


def _source(argument: str, value: object) -> Case:
    return Case(f"source argument {argument}", _flags, source=lambda: {argument: value})


def _schema() -> Schema:
    schema = Schema("rest_api")
    schema.update_table(
        {"name": "things", "columns": {"key": {"name": "key", "data_type": "text", "nullable": False}}}
    )
    return schema


def _as_list(engine: ModuleType, api: str) -> list[DltResource]:
    resources: list[DltResource] = engine.rest_api_resources(_flags(api))
    return resources


def _in_a_source(engine: ModuleType, api: str) -> DltSource:
    @dlt.source(name="wrapped")
    def wrapped() -> Iterator[DltResource]:
        yield from engine.rest_api_resources(_flags(api))

    source: DltSource = wrapped()
    return source


def _from_environment(engine: ModuleType, _: str) -> DltSource:
    source: DltSource = engine.rest_api()
    return source


def _renamed(engine: ModuleType, api: str) -> DltSource:
    source: DltSource = engine.rest_api.clone(name="other", section="other")(**_flags(api))
    return source


_CONFIGURED = """
[sources.rest_api]
resources = ["users", {name = "flags", endpoint = {path = "feature_flags"}}]

[sources.rest_api.client]
base_url = "{api}/v1"
paginator = {type = "offset", limit = 3}

[sources.rest_api.resource_defaults]
primary_key = "id"
"""


FAMILY = _family()


def _then(
    name: str, change: Callable[[DltSource], Any], config: Callable[[str], Config] = FAMILY, **keys: Any
) -> Case:
    def then(source: DltSource) -> Any:
        result = change(source)
        return result if isinstance(result, (type(source), list)) else None

    return Case(f"then {name}", config, then=then, any_order=True, **keys)


def _hint_table(source: DltSource) -> None:
    source.tasks.apply_hints(
        table_name="todo", primary_key="id", write_disposition="merge", columns={"id": {"data_type": "text"}}
    )


def _rename(source: DltSource) -> list[DltResource]:
    return [source.things.with_name("works")]


def _all_steps(source: DltSource) -> None:
    source.projects.add_filter(_odd).add_map(_marked)
    source.tasks.add_yield_map(_doubled)


def _pages(api: str) -> Config:
    return one(api, "v1/users", paginator=PAGED)


def _unpaged(api: str) -> Config:
    return one(api, "array/users", paginator={"type": "offset", "limit": 3, "total_path": None})


CASES = (
    _source("name", "my_source"),
    _source("section", "my_section"),
    _source("max_table_nesting", 1),
    _source("root_key", True),
    Case("source argument schema", _flags, source=lambda: {"schema": _schema()}),
    _source("schema_contract", {"columns": "evolve", "data_type": "discard_value"}),
    _source("parallelized", True),
    Case("source as a list of resources", build=_as_list),
    Case("source inside a source of the user's own", build=_in_a_source),
    Case("source cloned with a name", build=_renamed),
    Case("source from dlt's config alone", build=_from_environment, settings=_CONFIGURED),
    _then("add_map", lambda source: source.projects.add_map(_marked)),
    _then("add_filter on a parent", lambda source: source.projects.add_filter(_odd)),
    _then("add_filter on a child", lambda source: source.tasks.add_filter(_odd)),
    _then("add_yield_map", lambda source: source.things.add_yield_map(_doubled), _pages),
    _then(
        "add_yield_map of whole pages on a parent",
        lambda source: source.projects.add_yield_map(lambda row: iter([[row, row]]), insert_at=1),
    ),
    _then("steps on parent and child", _all_steps),
    _then("add_map at the front", lambda source: source.tasks.add_map(_marked, insert_at=1)),
    _then("add_limit on pages", lambda source: source.things.add_limit(2), _pages, may_ask_past_end=True),
    _then(
        "add_limit on a list without total",
        lambda source: source.things.add_limit(1),
        _unpaged,
        may_ask_past_end=True,
    ),
    _then(
        "add_limit counts rows",
        lambda source: source.things.add_limit(4, count_rows=True),
        _pages,
        may_ask_past_end=True,
    ),
    _then("add_limit on a parent", lambda source: source.projects.add_limit(1), may_ask_past_end=True),
    _then("add_limit on a child", lambda source: source.tasks.add_limit(2), may_ask_past_end=True),
    _then("add_limit on the source", lambda source: source.add_limit(1), may_ask_past_end=True),
    _then("with_resources of a parent", lambda source: source.with_resources("projects")),
    _then("with_resources of a child", lambda source: source.with_resources("tasks")),
    _then("one resource alone", lambda source: [source.projects]),
    _then("one child alone", lambda source: [source.tasks]),
    _then("selected set by hand", lambda source: setattr(source.projects, "selected", False)),
    _then("apply_hints", _hint_table, runs=2, between=GROWN),
    _then("renaming", _rename, _pages),
    _then("root_key set by hand", lambda source: setattr(source, "root_key", True), _flags),
    _then("max_table_nesting set by hand", lambda source: setattr(source, "max_table_nesting", 0), _flags),
    _then(
        "pipe of a resource into a transformer",
        lambda source: [
            source.projects | dlt.transformer(lambda page: [{"only": row["id"]} for row in page], name="ids")
        ],
    ),
    Case(
        "two unrelated resources in one run",
        lambda api: many(
            api, resource("users", "v1/users"), resource("flags", "v1/feature_flags"), paginator=PAGED
        ),
        then=lambda source: source.with_resources("flags", "users"),
    ),
)
