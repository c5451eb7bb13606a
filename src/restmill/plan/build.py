"""Building: from a checked config to the plan, all mistakes at once, every guess written down.

Resources stand in dlt's order (its topological sort): those without a parent as declared, then children.
Pure: the same config gives the same plan, and the config is not changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from restmill.config.model import config as model
from restmill.errors import ConfigError
from restmill.path import Path
from restmill.plan.bind import Binder
from restmill.plan.delete_missing import deletion_of, undecided, unfit
from restmill.plan.dispositions import notes_on_tables
from restmill.plan.names import unusable
from restmill.plan.notes import notes_on_client, notes_on_pipeline, notes_on_resource, why_by_rows
from restmill.plan.spec import (
    Bounds,
    Departures,
    Foreign,
    Note,
    OnError,
    Pipeline,
    Plan,
    Resource,
    Signer,
    Step,
)
from restmill.plan.to_wire import (
    auth_of,
    effective_paginator,
    limits_of,
    pager_of,
    policy_of,
    rules_of,
    transport_of,
)
from restmill.plan.unsupported import refused
from restmill.wire.auth import secrets_of
from restmill.wire.paging.detect import single_entity_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from restmill.plan.bind import Report
    from restmill.secrets import Secret


def build(config: model.Config, on_error: OnError = "raise", name: str = "") -> Plan:
    """The plan of a checked config, whose references have been resolved.

    `on_error` counts for resources that do not say; `name` (a file's stem) names the pipeline unless the
    config does, and tells that restmill runs the pipeline itself.

    Raises:
        ConfigError: all problems: what contradicts itself, refers to nothing, or cannot be run yet.
    """
    problems = [*refused(config), *unfit(config), *(unusable(config) if name else ())]
    site = _Site(config, on_error, problems.append)
    drafts = dict(site.draft(number) for number in range(len(config.resources)))
    problems += undecided(drafts)
    if problems:
        raise ConfigError(*dict.fromkeys(problems))
    resources = tuple(drafts[name] for name in _order(drafts))
    pipeline = _pipeline(config, name)
    return Plan(
        base_url=config.client.base_url,
        resources=resources,
        limits=limits_of(config.client),
        transport=transport_of(config.client),
        allowed_hosts=frozenset(host.lower() for host in config.client.allowed_hosts or ()),
        pipeline=pipeline,
        notes=tuple(dict.fromkeys(_notes(config, resources, pipeline, shown=bool(name)))),
        secrets=_secrets(config, resources),
    )


@dataclass(frozen=True, slots=True)
class _Site:
    """Where resources are drafted: the config around them."""

    config: model.Config
    on_error: OnError
    report: Report

    def draft(self, number: int) -> tuple[str, Resource | Foreign]:
        """Name and plan of one resource; worth using only when nothing was reported."""
        declared = self.config.resources[number]
        if isinstance(declared, model.ReadyResource):
            return declared.name, Foreign(declared.name, declared.value)
        return declared.name, self._declared(declared, f"resources[{number}]")

    def _declared(self, declared: model.Resource, at: str) -> Resource:
        client, endpoint = self.config.client, declared.endpoint
        bound = Binder(declared, client, at, self.report).bind()
        return Resource(
            name=declared.name,
            request=bound.request,
            pager=pager_of(effective_paginator(endpoint, client)),
            selector=_selector(endpoint),
            auth=auth_of(endpoint.auth if "auth" in endpoint.given else client.auth),
            retry=policy_of(client.retry, endpoint.retry),
            parent=bound.parent,
            cursor=bound.cursor,
            actions=rules_of(endpoint.response_actions or ()),
            steps=tuple(_steps(declared)),
            rename=dict(declared.rename or {}),
            on_error=declared.on_error or self.on_error,
            hints=declared.hints,
            appends_unmerged=declared.on_unsupported_merge == "append",
            deletion=deletion_of(declared, bound.parent),
            bounds=Bounds(endpoint.max_pages, endpoint.max_duration),
            repair=_repair(endpoint, client),
            encoding=endpoint.encoding or "",
            columnar=declared.columnar,
            departures=Departures(declared.quarantine, declared.empty_columns or "", declared.widen_numbers),
            by_rows=why_by_rows(declared),
        )


def _selector(endpoint: model.Endpoint) -> Path | None:
    if endpoint.data_selector:
        return Path(endpoint.data_selector)
    return Path("$") if single_entity_path(endpoint.path) else None


def _repair(endpoint: model.Endpoint, client: model.Client) -> bool:
    declared = (endpoint.repair, client.repair)
    return next((one for one in declared if one is not None), True)


def _steps(declared: model.Resource) -> Iterator[Step]:
    """The steps one by one; within a step dlt filters first, then maps, then multiplies."""
    for step in declared.processing_steps or ():
        if step.filter:
            yield Step("filter", step.filter.value)
        if step.map:
            yield Step("map", step.map.value)
        if step.yield_map:
            yield Step("yield_map", step.yield_map.value)


def _order(drafts: Mapping[str, Resource | Foreign]) -> Iterable[str]:
    """The names, parents first; `config.check` has made sure that every parent exists and none is its own."""
    graph: TopologicalSorter[str] = TopologicalSorter()
    for name, draft in drafts.items():
        parent = draft.parent if isinstance(draft, Resource) else None
        graph.add(name, *((parent.resource,) if parent else ()))
    return graph.static_order()


def _pipeline(config: model.Config, name: str) -> Pipeline:
    """What the config says; else the file's name or the API's host, and dlt's own default for the dataset."""
    declared = config.pipeline
    guess = re.sub(r"\W+", "_", name or urlsplit(config.client.base_url).hostname or "").strip("_")
    if guess[:1].isdigit():  # as the name of a database's schema it would need quotes everywhere
        guess = f"api_{guess}"
    named = declared.name or guess or Pipeline().name
    destination = declared.destination or Pipeline().destination
    if isinstance(destination, model.Opaque):
        destination = destination.value
    dataset = declared.dataset_name or f"{named}_dataset"
    return Pipeline(named, destination, dataset, declared.runs_table)


def _notes(
    config: model.Config, resources: tuple[Resource | Foreign, ...], pipeline: Pipeline, *, shown: bool
) -> Iterator[Note]:
    declared = {one.name: one for one in config.resources if isinstance(one, model.Resource)}
    yield from notes_on_client(config.client)
    for resource in resources:
        if isinstance(resource, Resource):
            yield from notes_on_resource(declared[resource.name], config.client, resource)
    if shown:
        yield from notes_on_tables(config)
        yield from notes_on_pipeline(config.pipeline, pipeline)


def _secrets(config: model.Config, resources: tuple[Resource | Foreign, ...]) -> tuple[Secret, ...]:
    auths = [one.auth for one in resources if isinstance(one, Resource)]
    known = [
        secret
        for auth in auths
        if auth and not isinstance(auth, model.Opaque | Signer)
        for secret in secrets_of(auth)
    ]
    return tuple(secret for secret in dict.fromkeys((*config.secrets, *known)) if secret)
