"""The dlt source: `rest_api_source` and its kin with dlt's own signatures, read by restmill's engine.

The functions take what `dlt.sources.rest_api` takes and give what it gives: a `DltSource` of resources with
the hints of the config, so that everything one does to a source afterwards (`add_map`, `with_resources`,
`apply_hints`, `pipeline.run`) is dlt's own doing.
"""

from __future__ import annotations

import hashlib
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.schema.utils import normalize_schema_name
from dlt.extract import DltResource, DltSource

from restmill.events import Noted
from restmill.load.destination import jobs_in_doubt as _in_doubt  # noqa: F401  # takes effect by being there
from restmill.load.extract.checkpoints import Cursors
from restmill.load.extract.generators import read_children, read_pages
from restmill.load.extract.incremental import incremental_of
from restmill.load.prepare.plans import plan_of_mapping
from restmill.plan.spec import Foreign, Plan, Resource
from restmill.run.login import with_logins
from restmill.run.observers import tell
from restmill.run.session.redacted import RedactedSession
from restmill.run.transport.choose import transport_for
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TSchemaContract

    from restmill.run.session.session import Session

log = logging.getLogger("restmill")
_LONGEST_NAME = 64
_DIGEST = 6
_NOT_HERE = (
    "`delete_missing` does nothing in a pipeline of your own, which ends after the load; "
    "`restmill run` and `restmill.sync` delete"
)


@dlt.source(name="rest_api", section="rest_api")
def rest_api(
    client: dict[str, Any] = dlt.config.value,
    resources: list[Any] = dlt.config.value,
    resource_defaults: dict[str, Any] | None = None,
) -> list[DltResource]:
    """A REST API as a dlt source; what is not given comes from dlt's config files (`sources.rest_api`).

    Raises:
        ConfigError: the config is wrong; all problems at once.
    """
    return rest_api_resources(
        {"client": client, "resources": resources, "resource_defaults": resource_defaults}
    )


def rest_api_source(  # noqa: PLR0913, PLR0917  # dlt's signature
    config: Mapping[str, Any],
    name: str | None = None,
    section: str | None = None,
    max_table_nesting: int | None = None,
    root_key: bool | None = None,
    schema: Schema | None = None,
    schema_contract: TSchemaContract | None = None,
    parallelized: bool = False,
) -> DltSource:
    """A REST API as a dlt source. Same arguments and meaning as `dlt.sources.rest_api.rest_api_source`.

    Args:
        config: the config, in dlt's `rest_api` format; restmill's own keys are optional.
        name: the source's and its schema's name; `rest_api` unless given.
        section: the section of dlt's config files that belongs to the source.
        max_table_nesting: levels of nested tables; what lies deeper becomes JSON.
        root_key: whether nested tables carry the root row's key.
        schema: a ready schema.
        schema_contract: what may change in the schema.
        parallelized: accepted and without effect on reading: all resources are read in parallel anyway.

    Raises:
        ConfigError: the config is wrong; all problems at once.
    """
    plan_of_mapping(config, resolve=False)  # a mistake is reported here, not from inside dlt's wrapper
    overrides: dict[str, Any] = {  # dlt declares these without None and takes None for "not given"
        "name": name,
        "section": section,
        "max_table_nesting": max_table_nesting,
        "root_key": root_key,
        "schema": schema,
        "schema_contract": schema_contract,
        "parallelized": parallelized,
    }
    decorated = rest_api.clone(**overrides)
    keys = ("client", "resources", "resource_defaults")
    return decorated(**{key: config[key] for key in keys if key in config})


def rest_api_resources(config: Mapping[str, Any]) -> list[DltResource]:
    """The resources of a config, parents before children. Same as `dlt.sources.rest_api.rest_api_resources`.

    Raises:
        ConfigError: the config is wrong; all problems at once.
    """
    plan = plan_of_mapping(config)
    for resource in plan.resources:
        if isinstance(resource, Resource) and resource.deletion is not None:
            tell(Noted(resource.name, time.monotonic(), _NOT_HERE))
            log.warning("%s: %s", resource.name, _NOT_HERE)
    return resources_of(plan)


def source_of(plan: Plan, name: str) -> DltSource:
    """A plan as a dlt source, called `name` as far as dlt allows: an identifier of at most 64 characters."""
    source = dlt.source(lambda: resources_of(plan), name=_legal(name), section="rest_api")()
    assert isinstance(source, DltSource)
    return source


def _legal(name: str) -> str:
    """`name` itself where dlt keeps it as it is; else what dlt would make of it, and a digest.

    The schema gets this name, and by it rows are known as this pipeline's: `a-b` and `a_b` must not be one.
    """
    legal = re.sub(r"\W", "_", name)
    legal = legal if legal.isidentifier() else f"_{legal}"
    if normalize_schema_name(legal) == name and len(name) <= _LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{legal[: _LONGEST_NAME - _DIGEST - 1]}_{digest}"


def resources_of(plan: Plan) -> list[DltResource]:
    """The dlt resources of a plan; they share one engine session."""
    plan = with_logins(plan)
    cursors = Cursors(plan)
    KEYRING.learn(plan.secrets)
    session = RedactedSession(plan.limits, transport_for(plan), observer=cursors)
    made: dict[str, DltResource] = {}
    for resource in plan.resources:
        match resource:
            case Foreign(name, value):
                made[name] = value.value
            case Resource():
                parent = made[resource.parent.resource] if resource.parent else None
                read = _made(resource, parent, session, plan, cursors)
                made[resource.name] = _with_steps(read, resource)
    return list(made.values())


def _made(
    resource: Resource, parent: DltResource | None, session: Session, plan: Plan, cursors: Cursors
) -> DltResource:
    # `parallelized` would move dlt's side of a read into its thread pool; the engine is parallel already.
    hints = {key: value for key, value in resource.hints.items() if key not in ("name", "parallelized")}
    incremental = None if resource.cursor is None else incremental_of(resource.cursor)
    if parent is None:
        read = dlt.resource(read_pages, name=resource.name, **hints)
    else:
        read = dlt.resource(  # type: ignore[call-overload]  # dlt types `data_from` for decorators only
            read_children, name=resource.name, data_from=parent, **hints
        )
    made = read(session, plan, resource, cursors, incremental)
    assert isinstance(made, DltResource)
    if resource.deletion is not None and resource.deletion.mode == "soft":
        made.apply_hints(columns={resource.deletion.column: {"data_type": "timestamp", "nullable": True}})
    return made


def _with_steps(made: DltResource, resource: Resource) -> DltResource:
    for step in resource.steps:
        match step.kind:
            case "filter":
                made.add_filter(step.function)
            case "map":
                made.add_map(step.function)
            case "yield_map":
                made.add_yield_map(step.function)
    return made
