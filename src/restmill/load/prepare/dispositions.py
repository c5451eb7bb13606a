"""Dispositions of a run: what its real destination will do with the rows, settled before a request is sent.

The rules are the plan's; the facts are those that dlt's destination object states of itself, whatever its
name is, and the hints as they are once the user has done with the source what he wants.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import dlt
from dlt.common.configuration.container import Container
from dlt.common.normalizers.json import helpers
from dlt.common.pipeline import PipelineContext
from dlt.destinations import destination as function_destination
from dlt.destinations import filesystem
from dlt.extract.source import SourceInjectableContext

from restmill.errors import ConfigError, Place, Problem
from restmill.events import Noted
from restmill.plan.destinations import DESTINATIONS, Abilities
from restmill.plan.dispositions import outcomes_of
from restmill.plan.names import Table, clashes
from restmill.plan.spec import Resource
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dlt.common.destination import Destination, DestinationCapabilitiesContext
    from dlt.common.schema import Schema
    from dlt.extract import DltSource

    from restmill.plan.spec import Plan

_HF = "hf://"
_settled: WeakSet[DltSource] = WeakSet()
"""Sources whose first resource has been started: the others need no second look."""


def settle(destination: Destination[Any, Any] | None, source: DltSource, plan: Plan) -> None:
    """Make sure that the destination treats each selected table as asked; say what it leaves aside.

    Where `on_unsupported_merge` accepts it, the resource's hint becomes `append`.

    Raises:
        ConfigError: a table's rows would not be treated as asked; all of them at once.
    """
    if destination is None:
        return
    able = abilities_of(destination)
    setting = _replace_strategy(destination)
    accepting = {one.name for one in plan.resources if isinstance(one, Resource) and one.appends_unmerged}
    problems = [*clashes(_tables(source), partial(_normal, source.schema))]
    for name, one in source.resources.selected.items():
        hints: Mapping[str, Any] = one._hints or {}  # noqa: SLF001  # dlt shows them one by one only
        for below, found in outcomes_of(able, hints, setting, accepts=name in accepting):
            if found.accepted and not below:
                one.apply_hints(write_disposition="append")
            if found.refusal:
                place = Place(f"{name}{below}.write_disposition")
                problems.append(Problem(place, found.refusal, hint=found.hint))
            for note in found.notes:
                tell(Noted(name, time.monotonic(), note))
    if problems:
        raise ConfigError(*problems)


def _tables(source: DltSource) -> Iterator[Table]:
    """The tables of the selected resources whose name no record decides."""
    for name, one in source.resources.selected.items():
        if isinstance(one.table_name, str):
            yield Table(name, one.table_name, one.max_table_nesting != 0)


def _normal(schema: Schema, name: str) -> str:
    return helpers.normalize_table_identifier(schema, schema.naming, name)


def settle_running(plan: Plan) -> None:
    """`settle`, once, for the source that a pipeline extracts at the moment, if there is one.

    Raises:
        ConfigError: see `settle`; dlt wraps it as a failure of its extract step.
    """
    container = Container()
    if SourceInjectableContext not in container or not container[PipelineContext].is_active():
        return
    source = container[SourceInjectableContext].source
    pipeline: Any = container[PipelineContext].pipeline()
    if source not in _settled:
        settle(pipeline.destination, source, plan)
        _settled.add(source)


def abilities_of(destination: Destination[Any, Any]) -> Abilities:
    """What a destination object can do, by its own capabilities; no credentials are looked up."""
    caps = destination.capabilities()
    like = DESTINATIONS.get(destination.destination_type.rpartition(".")[2])
    is_files = isinstance(destination, filesystem)
    bucket = str(destination.config_params.get("bucket_url") or "")
    formats = () if bucket.startswith(_HF) else tuple(caps.supported_table_formats or ())
    usual = caps.preferred_table_format or ""
    return Abilities(
        destination.destination_name,
        {one: _merging(caps, one or usual) if not bucket.startswith(_HF) else () for one in ("", *formats)},
        {one: _replacing(caps, one or usual) for one in ("", *formats)},
        formats,
        refuses_formats=is_files,
        appends=is_files or (like is not None and like.appends),
        decides=isinstance(destination, function_destination),
        no_hard_delete=like.no_hard_delete if like else frozenset(),
        lacks=like.lacks if like else {},
    )


def _merging(caps: DestinationCapabilitiesContext, table_format: str) -> tuple[str, ...]:
    known = caps.supported_merge_strategies or ()
    table: Any = {"table_format": table_format or None}
    if caps.merge_strategies_selector is not None:
        known = caps.merge_strategies_selector(known, table_schema=table)
    return tuple(known)


def _replacing(caps: DestinationCapabilitiesContext, table_format: str) -> tuple[str, ...]:
    known = caps.supported_replace_strategies or ()
    table: Any = {"table_format": table_format or None}
    if caps.replace_strategies_selector is not None:
        known = caps.replace_strategies_selector(known, table_schema=table)
    return tuple(known)


def _replace_strategy(destination: Destination[Any, Any]) -> str:
    """Dlt's setting `replace_strategy` for this destination; "" where dlt's default holds."""
    given = destination.config_params.get("replace_strategy")
    type_name = destination.destination_type.rpartition(".")[2]
    sections = dict.fromkeys(
        (f"destination.{destination.destination_name}", f"destination.{type_name}", "destination")
    )
    looked = [given, *(dlt.config.get(f"{one}.replace_strategy", str) for one in sections)]
    return next((str(one) for one in looked if one), "")
