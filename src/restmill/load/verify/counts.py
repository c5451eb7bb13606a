"""Counting: the total that the API states, by one request for each resource, against the rows of its table.

The cheapest look there is. It sees that rows are missing or too many, never which, and not that one changed.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dlt.destinations.job_client_impl import SqlJobClientBase

from restmill.load.delete_missing.delete import table_of
from restmill.load.destination.rows import Rows
from restmill.load.source import source_of
from restmill.load.sync.run import destination_of
from restmill.load.verify.compare import Difference
from restmill.load.verify.full import (
    Compared,
    Comparison,
    Target,
    attached,
    live,
    raise_unread,
    stored_schema,
)
from restmill.plan.dispositions import asked_of
from restmill.plan.spec import Resource
from restmill.run.preview import preview
from restmill.run.transport.choose import transport_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.extract import DltSource

    from restmill.plan.spec import Plan
    from restmill.run.preview import Glimpse


def count(plan: Plan, target: Target = Target(), names: Sequence[str] = ()) -> Comparison:  # noqa: B008  # frozen
    """Compare the totals that the API states with the destination's rows; neither is changed.

    Raises:
        ConfigError: the destination has no SQL.
        DestinationError: it could not be read.
    """
    seen: dict[str, Glimpse] = {}
    wanted = [one.name for one in plan.resources if one.name in names or not names]
    asked = [name for name in wanted if not _why_not(plan, name)]

    def keep(glimpse: Glimpse) -> None:
        seen[glimpse.resource] = glimpse

    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="restmill-verify-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            theirs = attached(folder, plan, target)
            source = source_of(plan, theirs.pipeline_name)
            stored = stored_schema(theirs, source.schema.name)
            preview(plan, asked, keep, transport_for(plan))
            found = [
                _counted(plan, seen[name], _rows(theirs, stored, source, plan.resource(name)))
                if name in seen
                else Compared(name, "complete", "", notes=(f"not counted: {_why_not(plan, name)}",))
                for name in wanted
            ]
        except Exception as error:  # noqa: BLE001  # raised again, in our words
            raise_unread(error)
    return Comparison(theirs.pipeline_name, destination_of(theirs), theirs.dataset_name or "", tuple(found))


def _why_not(plan: Plan, name: str) -> str:
    """Why a total would not be the number of the table's rows; "" when it is."""
    resource = next(one for one in plan.resources if one.name == name)
    if not isinstance(resource, Resource):
        return "a dlt resource of your own"
    if resource.parent is not None:
        return f"it is read for each record of `{resource.parent.resource}`"
    if any(step.kind != "map" for step in resource.steps):
        return "its processing steps decide how many rows there are"
    asked = asked_of(resource.hints)
    if asked is None:
        return "a function decides what becomes of the rows already there"
    if asked.disposition == "append":
        return "it appends, so its table holds more than the API"
    return "it is not loaded" if asked.disposition == "skip" else ""


def _counted(plan: Plan, glimpse: Glimpse, rows: int) -> Compared:
    name = plan.resource(glimpse.resource).name
    if glimpse.problem is not None:
        return Compared(name, "partial", glimpse.problem.what, failed=True)
    if glimpse.total is None:
        return Compared(name, "complete", "", notes=("not counted: the API states no total",))
    total = glimpse.total
    found = Difference(total, rows, missing=max(total - rows, 0), extra=max(rows - total, 0))
    return Compared(name, "complete", f"the API states a total of {total:,}", found)


def _rows(theirs: Pipeline, stored: Schema | None, source: DltSource, resource: Resource) -> int:
    """The rows of the resource's table that stand for what the API has."""
    if stored is None:
        return 0
    with theirs.destination_client(stored.name) as client:
        assert isinstance(client, SqlJobClientBase)
        rows = Rows(client, table_of(stored, source.resources[resource.name]), ())
        if not rows.columns:
            return 0
        condition, values = live(rows, stored, resource)
        return rows.counted(condition or "1 = 1", values)[0]
