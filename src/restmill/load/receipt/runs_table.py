"""The table `_restmill_runs`: one row for each resource and run, loaded with the rows that it speaks of.

dlt extracts the sources of one call one after the other, and those of one name into one package. So the rows
of this table come from a second source of the same name: when its generator starts, everything has been read
and nothing has been committed. That makes it also the place to refuse a run that read less than `require`
asks for. What is raised there undoes the extract step as dlt undoes it: no package, no new column, no cursor
moved.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.json import json
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.extract import DltSource

from restmill.errors import Incomplete, Place, Problem
from restmill.run.receipt.receipt import VERDICTS
from restmill.version import __version__

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dlt import Pipeline
    from dlt.common.data_types import TDataType
    from dlt.common.schema.typing import TColumnSchema

    from restmill.load.receipt.open_receipt import Account
    from restmill.path import Json
    from restmill.run.receipt.receipt import Evidence, Verdict

TABLE = "_restmill_runs"

_RUN: dict[str, TDataType] = {
    "run_id": "text",
    "resource": "text",
    "pipeline": "text",
    "started": "timestamp",
    "config_digest": "text",
    "restmill_version": "text",
}
_EVIDENCE: dict[str, TDataType] = {
    "verdict": "text",
    "reason": "text",
    "basis": "text",
    "rows": "bigint",
    "distinct_rows": "bigint",
    "total": "bigint",
    "pages": "bigint",
    "reads": "bigint",
    "requests": "bigint",
    "retries": "bigint",
    "waited": "double",
    "size": "bigint",
    "seconds": "double",
    "withheld": "bool",
    "deleted": "bigint",
    "second_look": "bigint",
    "quarantined": "bigint",
    "notes": "json",
    "errors": "json",
}
"""By the names of `Evidence`, but for `distinct_rows`: `distinct` is a word of SQL."""
TYPES = {**_RUN, **_EVIDENCE}
"""The columns; a later version may add some, and never changes the type of one."""
_REQUIRED = frozenset({"run_id", "resource", "verdict"})


def with_runs(source: DltSource, account: Account, least: Verdict, *, table: bool) -> list[DltSource]:
    """`source`, followed by the source that judges the run and, with `table`, enters it in the table.

    Extracting them raises `Incomplete` when a resource is worth less than `least`.
    """

    def rows() -> Iterator[list[dict[str, Any]]]:
        seen = account.evidence()
        refuse(seen, least)
        if table and seen:
            yield [_row(one, account) for one in seen]

    if not table and least == VERDICTS[-1]:
        return [source]
    resource = dlt.resource(
        rows,
        name=TABLE,
        columns=_columns() if table else {},
        write_disposition="append",
        schema_contract="evolve",
        max_table_nesting=0,
    )
    judge = dlt.source(lambda: resource, name=source.name, section=source.section)()
    assert isinstance(judge, DltSource)
    return [source, judge]


def refuse(seen: tuple[Evidence, ...], least: Verdict) -> None:
    """Let a run go on only when each of its resources is worth at least `least`.

    Raises:
        Incomplete: some are not; a problem for each.
    """
    short = [one for one in seen if VERDICTS.index(one.verdict) > VERDICTS.index(least)]
    if short:
        raise Incomplete(*(_problem(one, least) for one in short))


def _problem(one: Evidence, least: Verdict) -> Problem:
    return Problem(
        Place(one.resource),
        f"is {one.verdict}, and nothing less than {least} was to be loaded: {' '.join(one.reason.split())}",
        got=_numbers(one),
        hint=f"`--require {one.verdict}` would load what was read.",
    )


def _numbers(one: Evidence) -> str:
    told = [f"{one.rows} rows"]
    if one.distinct is not None and one.distinct != one.rows:
        told.append(f"{one.distinct} distinct")
    if one.total is not None:
        told.append(f"a total of {one.total}")
    return ", ".join((*told, f"{one.pages} page{'' if one.pages == 1 else 's'}"))


def _columns() -> dict[str, TColumnSchema]:
    return {
        name: {"name": name, "data_type": kind, "nullable": name not in _REQUIRED}
        for name, kind in TYPES.items()
    }


def _row(one: Evidence, account: Account) -> dict[str, Any]:
    seen = {**asdict(one), "distinct_rows": one.distinct}
    return {
        "run_id": account.run_id,
        "resource": one.resource,
        "pipeline": account.pipeline,
        "started": account.started,
        "config_digest": account.config_digest,
        "restmill_version": __version__,
        **{name: _fitting(seen.get(name)) for name in _EVIDENCE},
    }


def _fitting(value: Json) -> Json:
    """A number as a table can hold it: totals are the server's, and those of many lists are added up."""
    return min(value, _MOST) if isinstance(value, int) else value


_MOST = 2**63 - 1


_AMENDED = ("verdict", "reason", "basis", "deleted", "second_look", "quarantined", "notes")


def amend(pipeline: Pipeline, source: DltSource, account: Account, resources: Collection[str]) -> None:
    """Write into the run's rows what is known after the load only: what vanished, and what was refused.

    It is known of `resources`, and of those with records in quarantine: a destination may have refused them.
    """
    seen = account.evidence()
    told = {*resources, *(one.resource for one in seen if one.quarantined)}
    if not told:
        return
    with pipeline.destination_client(source.schema.name) as client:
        if not isinstance(client, SqlJobClientBase):
            return  # nothing is sifted there, and nothing vanishes
        sql, naming = client.sql_client, client.schema.naming
        quoted = {
            name: sql.escape_column_name(naming.normalize_identifier(name))
            for name in (*_AMENDED, "run_id", "resource")
        }
        table = sql.make_qualified_table_name(naming.normalize_table_identifier(TABLE))
        sets = ", ".join(f"{quoted[name]} = %s" for name in _AMENDED)
        where = f"{quoted['run_id']} = %s AND {quoted['resource']} = %s"
        for one in seen:
            if one.resource in told:
                plain = (one.verdict, one.reason, one.basis, one.deleted, one.second_look, one.quarantined)
                values = (*plain, json.dumps(one.notes))
                update = f"UPDATE {table} SET {sets} WHERE {where}"  # noqa: S608  # names are dlt's, quoted
                sql.execute_sql(update, *values, account.run_id, one.resource)
