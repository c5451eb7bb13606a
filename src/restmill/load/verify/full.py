"""Verifying: the API is read again and compared with the destination; neither that nor any cursor is touched.

The read goes through the same plan, shaping and schema as a run, into a scratch DuckDB in a folder of its
own. What dlt knows of the pipeline is copied there first, and its schemas are looked up in the destination.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import dlt
from dlt.common.pipeline import get_dlt_pipelines_dir
from dlt.common.schema.utils import get_columns_names_with_prop, get_validity_column_names
from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.errors import ConfigError, DestinationError, Place, Problem
from restmill.events import Observer, ignore
from restmill.load.delete_missing.delete import table_of
from restmill.load.destination.rows import Rows
from restmill.load.failures.dlt_errors import explained
from restmill.load.schema.valueless import empty_columns_as_events
from restmill.load.source import source_of
from restmill.load.sync.run import destination_of
from restmill.load.verify.compare import Difference, Sides, keys_of, shapes_of
from restmill.load.verify.sample import SAMPLE, sampled
from restmill.plan.spec import Resource
from restmill.run.observers import watching
from restmill.run.receipt.receipt import Ledger
from restmill.run.receipt.with_parents import seen_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.extract import DltSource

    from restmill.load.destination.rows import Condition
    from restmill.load.verify.compare import Shape
    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Evidence, Verdict


_HEAVY = ("load", "normalize", "extract", "*.pickle")
"""What a pipeline's folder holds besides its state and schemas."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which tables to compare with; None stands for what the plan says."""

    pipeline_name: str | None = None
    destination: Any = None  # dlt's own union: a name, a factory or a destination object
    dataset_name: str | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """One resource, as the API has it now and as the destination has it."""

    resource: str
    verdict: Verdict
    """Of the read that was just made."""
    reason: str
    difference: Difference | None = None
    """None: it was not compared, and the notes say why."""
    notes: tuple[str, ...] = ()
    failed: bool = False
    """Whether the API could not be read at all."""
    sampled: bool = False
    """Whether only a part was read because only that was asked for."""

    @property
    def equal(self) -> bool:
        """Whether both sides are known to hold the same, as far as was asked for."""
        one = self.difference
        differs = one is None or bool(one.missing or one.extra or one.changed)
        return (self.verdict == "complete" or self.sampled) and not differs


@dataclass(frozen=True, slots=True)
class Comparison:
    """All resources, and where their tables are."""

    pipeline: str
    destination: str
    dataset: str
    resources: tuple[Compared, ...]

    @property
    def exit_code(self) -> int:
        """0: everything that was compared is equal. 3: it is not, or nobody knows. 4: the API failed."""
        if self.resources and all(one.failed for one in self.resources):
            return 4
        judged = [one for one in self.resources if one.difference is not None or one.verdict != "complete"]
        return 0 if judged and all(one.equal for one in judged) else 3


def verify(
    plan: Plan,
    target: Target = Target(),  # frozen
    names: Sequence[str] = (),
    *,
    ignored: Collection[str] = (),
    pages: int = 0,
    observer: Observer = ignore,
) -> Comparison:
    """Read the API of `plan` again and compare what it has with the destination, which is only read.

    Args:
        plan: what to read, as for a run.
        target: which tables to compare with.
        names: the resources to compare; all when empty.
        ignored: columns that may differ, as `column` or `table.column`.
        pages: read at most so many pages of each list, spread at random where it can be; 0 reads them all.
        observer: is told everything that happens.

    Raises:
        ConfigError: the destination has no SQL.
        DestinationError: it could not be read.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="restmill-verify-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        ledger = Ledger()
        stack.enter_context(watching(ledger, observer))
        try:
            theirs = attached(folder, plan, target)
            stored = stored_schema(theirs, source_of(plan, theirs.pipeline_name).schema.name)
            part = sampled(plan, pages, secrets.randbits(32)) if pages else plan
            fresh, source = _read_again(folder, part, theirs, stored, names)
            seen = seen_of(ledger, plan)
            sides = fresh, theirs if stored else None
            found = [
                _compared(plan.resource(name), sides, source, seen[name], ignored)
                for name in source.resources.selected
            ]
        except Exception as error:  # noqa: BLE001  # raised again, in our words
            raise_unread(error)
    place = theirs.pipeline_name, destination_of(theirs), theirs.dataset_name or ""
    return Comparison(*place, (*found, *_foreign(plan, names)))


def raise_unread(error: Exception) -> NoReturn:
    """Raise the error in our words; a destination that fails here was read, not written."""
    reason = explained(error)
    if isinstance(reason, DestinationError):
        said = (replace(one, what="the destination could not be read", hint="") for one in reason.problems)
        raise DestinationError(*said) from error
    if reason is error:
        raise error
    raise reason from error


def attached(folder: Path, plan: Plan, target: Target) -> Pipeline:
    """The pipeline, with a copy of its working folder, so that nothing of the real one moves.

    Raises:
        ConfigError: its destination has no SQL.
    """
    name = target.pipeline_name or plan.pipeline.name
    known, copy = Path(get_dlt_pipelines_dir()) / name, folder / "pipelines" / name
    if known.is_dir():
        shutil.copytree(known, copy, ignore=shutil.ignore_patterns(*_HEAVY))
    pipeline = dlt.pipeline(
        name,
        pipelines_dir=str(folder / "pipelines"),
        destination=target.destination or plan.pipeline.destination,
        dataset_name=target.dataset_name or plan.pipeline.dataset_name,
    )
    destination: Any = pipeline.destination
    if not issubclass(destination.client_class, SqlJobClientBase):
        raise ConfigError(
            Problem(
                Place("pipeline.destination"),
                "tables can be compared in SQL destinations only",
                got=destination.destination_name,
            )
        )
    return pipeline


def stored_schema(pipeline: Pipeline, name: str) -> Schema | None:
    """The schema as the destination has it, or the pipeline's default; None when nothing was ever loaded."""
    client: Any = pipeline.destination_client()
    if destination_of(pipeline) == "duckdb":
        file = client.config.credentials._conn_str()  # noqa: SLF001  # dlt has no public name for the resolved file
        if not str(file).startswith(("md:", ":")) and not Path(file).exists():  # to open it would make it
            return None
    pipeline.sync_destination()
    # A pipeline that was run by a script has a source, and so a schema, of another name.
    default: Any = pipeline.default_schema_name  # dlt types it as it is before any schema
    return pipeline.schemas.get(name if name in pipeline.schemas else default or "")


def live(rows: Rows, schema: Schema, resource: Resource) -> Condition:
    """The rows that stand for what the API has: no marked or retired ones, none of other pipelines."""
    text, values = rows.of_others()
    parts = [f"NOT ({text})"] if rows.has("_dlt_load_id") else []
    values = values if parts else ()
    deletion = resource.deletion
    if deletion is not None and deletion.mode == "soft" and rows.has(deletion.column):
        parts.append(f"{rows.column(deletion.column)} IS NULL")
    retired = _retired(schema, rows.name)
    if retired:
        parts.append(f"{rows.column(retired[1])} IS NULL")
    return " AND ".join(parts), values


def _retired(schema: Schema, table: str) -> tuple[str, str] | None:
    """`scd2`: the two columns that say from when to when a row was valid."""
    stored: Any = schema.tables.get(table, {})
    if stored.get("x-merge-strategy") != "scd2":
        return None
    begin, end = get_validity_column_names(stored)
    return (begin, end) if begin and end else None


def _read_again(
    folder: Path, plan: Plan, theirs: Pipeline, stored: Schema | None, names: Sequence[str]
) -> tuple[Pipeline, DltSource]:
    """The scratch pipeline after its load, and the source it has read."""
    planned = [one for one in plan.resources if isinstance(one, Resource)]
    bare = tuple(replace(one, deletion=None) if isinstance(one, Resource) else one for one in plan.resources)
    source = source_of(replace(plan, resources=bare), theirs.pipeline_name)
    if stored is not None:
        source.schema = stored.clone()
    source = source.with_resources(*(one.name for one in planned if one.name in names or not names))
    caps = theirs.destination.capabilities()
    fresh = dlt.pipeline(
        "restmill_verify",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.duckdb(
            str(folder / "scratch.duckdb"),
            max_identifier_length=caps.max_identifier_length,
            max_column_identifier_length=caps.max_column_identifier_length,
        ),
        dataset_name="fresh",
    )
    fresh.extract(source)
    with empty_columns_as_events():
        fresh.normalize()
    fresh.load()
    return fresh, source


def _compared(
    resource: Resource,
    sides: tuple[Pipeline, Pipeline | None],
    source: DltSource,
    seen: Evidence,
    ignored: Collection[str],
) -> Compared:
    """One resource's tables on both sides: the scratch pipeline's, and the real one's if it has loaded."""
    failed = bool(seen.errors) and not seen.rows
    part = SAMPLE in seen.reason and not seen.errors
    told = Compared(resource.name, seen.verdict, seen.reason, failed=failed, sampled=part)
    fresh, theirs = sides
    schema = fresh.schemas.get(source.schema.name, source.schema)
    table = table_of(schema, source.resources[resource.name])
    if table not in schema.tables or not schema.get_table_columns(table):
        return replace(told, difference=Difference(0, 0))
    deletion = resource.deletion
    own = (schema.naming.normalize_identifier(deletion.column),) if deletion else ()
    hidden = {*ignored, *own, *(_retired(schema, table) or ())}
    shapes = shapes_of(schema, table, hidden)
    keys = keys_of(schema, table)
    with fresh.destination_client(schema.name) as client:
        assert isinstance(client, SqlJobClientBase)
        both = Sides(client.sql_client.native_connection.cursor(), shapes if keys else shapes[:1])
        both.fill("here", client, ("", ()))
        if theirs is not None:
            with theirs.destination_client(schema.name) as other:
                assert isinstance(other, SqlJobClientBase)
                both.fill("there", other, live(Rows(other, table, ()), schema, resource))
        appends = _appends(schema, table)
        found = both.difference(keys, latest="_dlt_load_id" if appends and keys else "")
    told = replace(told, notes=tuple(_notes(found, keys, shapes, appends=appends)))
    return _judged(told, found, once=_once(schema, table))


def _appends(schema: Schema, table: str) -> bool:
    """Whether every run adds its rows to the others; to dlt a merge without any key is an append."""
    stored: Any = schema.tables[table]
    keyed = keys_of(schema, table) or get_columns_names_with_prop(stored, "merge_key")
    merged = keyed or stored.get("x-merge-strategy") == "scd2"
    disposition = stored.get("write_disposition")
    return disposition == "append" or (disposition == "merge" and not merged)


def _once(schema: Schema, table: str) -> bool:
    """Whether a merge leaves one row of each key, however often the API has it."""
    stored: Any = schema.tables[table]
    replaced = stored.get("x-merge-strategy") in {None, "delete-insert"}
    merged = stored.get("write_disposition") == "merge" and bool(keys_of(schema, table))
    return merged and replaced and not stored.get("x-stage-data-deduplicated")


def _judged(told: Compared, found: Difference, *, once: bool) -> Compared:
    """Rows are extra only when the API was read whole; repeated keys are where a merge leaves `once` each."""
    if told.verdict == "complete" or not found.extra:
        return replace(told, difference=found)
    sure = found.twice if once else 0
    first = {kind: keys for kind, keys in found.first.items() if kind != "extra"}
    told = replace(told, difference=replace(found, extra=sure, twice=sure, first=first))
    if told.sampled or found.extra == sure:
        return told
    note = (
        f"{found.extra - sure:,} rows of the table did not come, which says nothing: "
        f"the read is {told.verdict}"
    )
    return replace(told, notes=(*told.notes, note))


def _notes(
    found: Difference, keys: Sequence[str], shapes: Sequence[Shape], *, appends: bool
) -> Iterator[str]:
    if not keys:
        nested = "; nested tables are not compared" if len(shapes) > 1 else ""
        yield f"there is no primary key, so rows are compared by all they hold, and by their number{nested}"
    if found.extra and appends and not keys:
        yield "the resource appends, so its table holds the rows of every run"
    if found.older:
        yield f"{found.older:,} older rows with the same key are left out: the resource appends"
    if found.twice and keys:
        yield f"{found.twice:,} rows of the table have the key of another row"


def _foreign(plan: Plan, names: Sequence[str]) -> Iterator[Compared]:
    for one in plan.resources:
        if not isinstance(one, Resource) and (one.name in names or not names):
            yield Compared(one.name, "complete", "", notes=("not compared: a dlt resource of your own",))
