"""Killed runs: what they have entered in `_restmill_runs` is no longer taken for their last word.

A run enters its verdicts with its rows. What it looks at after the load (keys that met, rows that vanished)
comes in later; a run that was killed, or whose package another one has loaded, never got there. So the next
run of the pipeline makes its `complete` a `suspect`, and says why.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.load.receipt.runs_table import TABLE
from restmill.run.receipt import archive
from restmill.run.receipt.under_way import KILLED, RUNNING

if TYPE_CHECKING:
    from dlt import Pipeline

    from restmill.run.receipt.receipt import Receipt

_NEWEST = 20
"""Receipts looked at: as many runs in a row may have been killed."""
UNCHECKED = "; killed before its last checks"


def doubt_killed(pipeline: Pipeline, schema: str) -> None:
    """Doubt what the runs have entered that were killed since the last one that ended."""
    found = archive.stored(pipeline.pipeline_name, most=_NEWEST).receipts
    over = (one for one in found if one.error != RUNNING)
    ids = [one.run_id for one in takewhile(_was_killed, over)]
    if not ids or schema not in pipeline.schemas:
        return
    with pipeline.destination_client(schema) as client:
        if not isinstance(client, SqlJobClientBase):
            return
        naming, sql = client.schema.naming, client.sql_client
        name = naming.normalize_table_identifier(TABLE)
        stored = dict(client.get_storage_tables([name])) if name in client.schema.tables else {}
        if not stored.get(name):
            return
        verdict, basis, reason, run_id = (
            sql.escape_column_name(naming.normalize_identifier(one))
            for one in ("verdict", "basis", "reason", "run_id")
        )
        marks = ", ".join(["%s"] * len(ids))
        sets = f"{verdict} = 'suspect', {basis} = '', {reason} = {reason} || '{UNCHECKED}'"
        where = f"{verdict} = 'complete' AND {run_id} IN ({marks})"
        sql.execute_sql(f"UPDATE {sql.make_qualified_table_name(name)} SET {sets} WHERE {where}", *ids)  # noqa: S608  # names are dlt's, quoted


def _was_killed(receipt: Receipt) -> bool:
    return receipt.error is not None and receipt.error.kind == KILLED.kind
