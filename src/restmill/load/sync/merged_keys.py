"""What has landed: a merged table must have a row of this run for each key that was read.

Keys that differ in the API can be one in the table: `"01"` and `1` in a column of integers, one moment
written with two offsets, two cases of a letter where the database makes no difference. The merge keeps one of
the records then, and only the table shows it. So its rows of this run are counted: one query for each
resource whose merge leaves a row for every key, in SQL destinations.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.events import Noted
from restmill.load.delete_missing.delete import Gone, least_rows, table_of
from restmill.load.destination.rows import marks
from restmill.plan.delete_missing import keeps_every_key
from restmill.plan.spec import Resource
from restmill.run.observers import tell

if TYPE_CHECKING:
    from dlt import Pipeline
    from dlt.extract import DltSource

    from restmill.load.delete_missing.delete import Load
    from restmill.plan.spec import Plan


def keys_that_met(pipeline: Pipeline, source: DltSource, plan: Plan, load: Load) -> dict[str, Gone]:
    """A doubt for each selected resource whose table has fewer rows of this run than keys were read.

    Resources with `delete_missing` are counted there.

    Raises:
        DestinationException: dlt's, when the destination refuses.
    """
    destination: Any = pipeline.destination
    wanted = {
        one.name: least_rows(one, load.seen[one.name])
        for one in plan.resources
        if isinstance(one, Resource) and one.name in source.resources.selected and _is_counted(one, load)
    }
    if not any(wanted.values()) or not issubclass(destination.client_class, SqlJobClientBase):
        return {}
    found = {}
    with pipeline.destination_client(source.schema.name) as client:
        assert isinstance(client, SqlJobClientBase)
        for name, least in wanted.items():
            table = table_of(client.schema, source.resources[name])
            rows = _rows(client, table, load) if least else None
            if rows is not None and rows < least:
                found[name] = Gone(doubt=_told(least, rows))
    for name, one in found.items():
        tell(Noted(name, time.monotonic(), one.doubt))
    return found


def _is_counted(resource: Resource, load: Load) -> bool:
    """Whether all that was read must be in the table: dlt drops what an incremental cursor has seen."""
    asked = resource.deletion is None and resource.cursor is None and keeps_every_key(resource.hints)
    seen = load.seen[resource.name]
    return load.whole and asked and not seen.quarantined and seen.verdict != "partial"


def _rows(client: SqlJobClientBase, table: str, load: Load) -> int | None:
    """The table's rows of this run; None where they do not tell."""
    column = client.schema.naming.normalize_identifier("_dlt_load_id")
    if table not in client.schema.tables:  # a contract lets it not come to be
        return None
    if column not in client.schema.get_table_columns(table) or not load.ids:
        return None
    sql = client.sql_client
    where = f"{sql.escape_column_name(column)} IN ({marks(load.ids)})"
    query = f"SELECT COUNT(*) FROM {sql.make_qualified_table_name(table)} WHERE {where}"  # noqa: S608  # names are dlt's, quoted
    counted = sql.execute_sql(query, *load.ids)
    assert counted is not None
    return int(counted[0][0])


def _told(least: int, rows: int) -> str:
    return (
        f"{least:,} different records were read, and {rows:,} rows of this run are in the table: "
        "there some have the same primary key"
    )
