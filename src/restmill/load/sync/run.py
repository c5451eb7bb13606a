"""A whole run: config in, tables out, and a receipt that says what was proven.

dlt's pipeline does the loading, in its own three steps. What an earlier run left pending is loaded first,
because dlt would otherwise load that instead of reading the API. A partial read never replaces a table.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import dlt
from dlt.common.configuration.resolve import inject_section
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext

from restmill.errors import ConfigError, Place, Problem, did_you_mean
from restmill.events import Observer, StageBegan, ignore
from restmill.load.delete_missing.delete import Gone, Load, delete_vanished, ensure_possible, with_gone
from restmill.load.dlt_patches import before_commit
from restmill.load.exclusive import alone, no_leftovers
from restmill.load.failures.dlt_errors import explaining, raise_explained
from restmill.load.prepare.dispositions import settle
from restmill.load.prepare.hiding import hiding, secrets_of_destination
from restmill.load.prepare.plans import plan_of_file, plan_of_mapping
from restmill.load.receipt.open_receipt import Account, digest_of
from restmill.load.receipt.runs_table import amend, with_runs
from restmill.load.recovery.killed import doubt_killed
from restmill.load.recovery.killed_runs import recover, tidy
from restmill.load.recovery.pending_packages import load_pending, sign
from restmill.load.recovery.set_aside import (
    Refusal,
    hit,
    refused_at_once,
    set_apart,
    settle_refused,
    with_refused,
)
from restmill.load.recovery.signals import heeding_signals
from restmill.load.refused.let_go import nothing_left
from restmill.load.schema.losses import losses_as_events
from restmill.load.schema.valueless import empty_columns_as_events
from restmill.load.source import source_of
from restmill.load.sync.merged_keys import keys_that_met
from restmill.load.sync.withhold import with_kept, withhold_partial
from restmill.plan.spec import OnError, Plan
from restmill.run.observers import tell, watching
from restmill.run.receipt.receipt import Ledger, Receipt, Verdict
from restmill.run.receipt.scope import Lineage
from restmill.run.receipt.with_parents import evidence_of, seen_of
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlt import Pipeline
    from dlt.common.storages import PackageStorage
    from dlt.extract import DltSource

    from restmill.run.receipt.receipt import Evidence


_SECTIONS = ("sources", "rest_api")
"""Where dlt's providers look for credentials that the config leaves out: as for `rest_api_source`."""

_UNPACKED = {"sources.data_writer.disable_compression": True}
"""What extract writes is read again a moment later: packing it in between takes a third of its time."""


class Where(TypedDict, total=False):
    """What `sync` may be given over the config's `pipeline` block."""

    destination: Any  # dlt's own union: a name, a factory or a destination object
    dataset_name: str | None
    pipeline_name: str | None


def sync(
    config: Mapping[str, Any] | str | Path | Plan,
    *,
    resources: Sequence[str] = (),
    observer: Observer = ignore,
    on_error: OnError = "isolate",
    require: Verdict = "partial",
    **where: Unpack[Where],
) -> Receipt:
    """Read the API of `config` and load it; what is given here wins over the config's `pipeline` block.

    The receipt is also kept in `.restmill/receipts`, and as rows of the table `_restmill_runs`.

    Args:
        config: a mapping, the path of a config file, or a ready plan.
        resources: names of the resources to read; all selected ones when empty.
        observer: is told everything that happens.
        on_error: `isolate` lets a failed resource be partial and loads the others; `raise` loads nothing
        then.
        require: the least verdict that is loaded. A resource that is worth less fails the run before
        anything is loaded, and no cursor moves.
        where: `destination`, dlt's destination, DuckDB unless the config says otherwise; `dataset_name`, the
        schema or dataset for the tables; `pipeline_name`, dlt's pipeline name, which keys its state.

    Raises:
        ConfigError: the config is wrong; nothing was sent.
        Incomplete: a resource is worth less than `require`.
        ApiError: with `raise`, the first resource that failed.
        DestinationError: the destination could not be written.
        Refused: a schema contract, or dlt, refused rows; `SetAside` where the other tables are loaded.
        Busy: another run of the pipeline is under way; nothing was sent.
    """
    with hiding():
        with inject_section(ConfigSectionContext(sections=_SECTIONS)):
            plan = _plan(config, on_error)
        with alone(where.get("pipeline_name") or plan.pipeline.name):
            pipeline = pipeline_of(plan, **where)
            source = _selected(source_of(plan, pipeline.pipeline_name), resources)
            return run(pipeline, source, plan, observer, require)


def pipeline_of(
    plan: Plan,
    destination: Any = None,  # as above
    dataset_name: str | None = None,
    pipeline_name: str | None = None,
) -> Pipeline:
    """The dlt pipeline of a plan; what is given here wins over the plan's.

    Raises:
        RestmillError: there is no such destination, or no pipeline of that name.
    """
    KEYRING.learn(plan.secrets)
    KEYRING.learn(secrets_of_destination(destination or plan.pipeline.destination))
    try:
        return dlt.pipeline(
            pipeline_name or plan.pipeline.name,
            destination=destination or plan.pipeline.destination,
            dataset_name=dataset_name or plan.pipeline.dataset_name,
        )
    except Exception as error:  # noqa: BLE001  # raised again, in our words
        raise_explained(error)


def run(
    pipeline: Pipeline,
    source: DltSource,
    plan: Plan,
    observer: Observer = ignore,
    require: Verdict = "partial",
) -> Receipt:
    """Run one source of ours through a pipeline, watched by `observer`.

    Raises:
        ConfigError, ApiError, DestinationError: see `sync`.
    """
    ledger, lineage = Ledger(), Lineage(plan)
    gone: dict[str, Gone] = {}
    refused: list[Refusal] = []
    names = list(source.resources.selected)
    account = _account(pipeline, plan, lambda: with_refused(with_gone(read(), gone), refused))

    def read() -> Sequence[Evidence]:
        return with_kept(evidence_of(ledger, plan, names), source, plan, ledger.held())

    def withhold(packages: PackageStorage) -> None:
        sign(packages, plan)
        ledger.seal()
        withhold_partial(packages, pipeline.schemas[source.schema.name], account.evidence())

    with account.failing(), watching(ledger, lineage, observer), explaining():
        ensure_possible(pipeline, source, plan)
        settle(pipeline.destination, source, plan)
        recover(pipeline)
        with account.resuming(pending=pipeline.has_pending_data):
            account.earlier = load_pending(pipeline, plan, names)
        if plan.pipeline.runs_table:
            doubt_killed(pipeline, source.schema.name)
        _stage("extract")
        with dlt.config.values(_UNPACKED), no_leftovers(pipeline), before_commit(withhold):
            sources = with_runs(source, account, require, table=plan.pipeline.runs_table)
            account.load_ids = tuple(pipeline.extract(sources).loads_ids)
        refused += refused_at_once(source.schema.name)
        whole = _bring(pipeline, source, plan, refused) and not refused
        account.loaded = True
        load = Load(account.load_ids, seen_of(ledger, plan), lineage, whole)
        gone |= keys_that_met(pipeline, source, plan, load)
        gone |= delete_vanished(pipeline, source, plan, load, observer)
        if plan.pipeline.runs_table:
            told = [name for name, one in gone.items() if one.note or one.doubt or one.looked]
            amend(pipeline, source, account, [*told, *hit(refused)])
        tidy(pipeline)
        account.location = location_of(pipeline)
        account.tables = tables_of(pipeline, names)
        settle_refused(pipeline, refused, names)
    return account.close()


def _account(pipeline: Pipeline, plan: Plan, evidence: Callable[[], tuple[Evidence, ...]]) -> Account:
    return Account(
        evidence,
        pipeline.pipeline_name,
        destination_of(pipeline),
        pipeline.dataset_name or "",
        config_digest=digest_of(plan),
    )


def _bring(pipeline: Pipeline, source: DltSource, plan: Plan, refused: list[Refusal]) -> bool:
    """Normalize and load what was extracted; returns whether all of it has come to its tables.

    What is refused for good is set aside, and added to `refused`.
    """
    _stage("normalize")
    with (
        nothing_left(pipeline),
        empty_columns_as_events(),
        losses_as_events(pipeline, source),
        heeding_signals(pipeline),
    ):
        refused += set_apart(pipeline, plan, pipeline.normalize)[1]
    _stage("load")
    with nothing_left(pipeline), heeding_signals(pipeline):
        info: Any  # dlt types it as never None, which it is when there was nothing
        info, late = set_apart(pipeline, plan, pipeline.load)
    refused += late
    return not refused and not (info and info.has_failed_jobs)


def destination_of(pipeline: Pipeline) -> str:
    """The name of the pipeline's destination; "" for a pipeline that has none yet."""
    destination: Any = pipeline.destination  # dlt types it as never None
    return destination.destination_name if destination is not None else ""


def location_of(pipeline: Pipeline) -> str:
    """The file behind a DuckDB destination; "" for every other."""
    if destination_of(pipeline) != "duckdb":
        return ""
    with pipeline.sql_client() as client:
        database = client.credentials._conn_str()  # noqa: SLF001  # dlt has no public name for the resolved file
    return str(database)


def _plan(config: Mapping[str, Any] | str | Path | Plan, on_error: OnError) -> Plan:
    match config:
        case Plan():
            return config
        case str() | Path():
            return plan_of_file(Path(config), on_error)
        case _:
            return plan_of_mapping(config, on_error)


def _selected(source: DltSource, names: Sequence[str]) -> DltSource:
    unknown = [name for name in names if name not in source.resources]
    if unknown:
        known = list(source.resources)
        raise ConfigError(
            *(
                Problem(
                    Place("resources"),
                    f"there is no resource `{name}`",
                    hint=did_you_mean(name, known) or f"There are: {', '.join(known)}.",
                )
                for name in unknown
            )
        )
    return source.with_resources(*names) if names else source


def tables_of(pipeline: Pipeline, names: Sequence[str]) -> tuple[str, ...]:
    """The root tables of resources that hold rows, as dlt named them."""
    tables = [
        table for schema in pipeline.schemas.values() for table in schema.data_tables(seen_data_only=True)
    ]
    return tuple(dict.fromkeys(str(one["name"]) for one in tables if one.get("resource") in names))


def _stage(name: str) -> None:
    tell(StageBegan("", time.monotonic(), name))
