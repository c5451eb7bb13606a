"""Withholding: a partial read never replaces, retires or doubles rows, and costs no other table anything.

When dlt has extracted everything and committed nothing, the records of each table lie in files of their own.
Those of a resource that would replace its table, or retire or delete what did not come (`scd2`, `cdc`), and
was read only in part are taken out of the package; a table without files is left as it is. So are those that
would be appended although their cursor stays: the next run reads them again. After the commit it would be too
late: of a run that is killed, the next one loads the package.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from dlt.common.schema.utils import get_root_table
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.extract import Incremental

from restmill.events import Noted
from restmill.plan.spec import Resource
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dlt.common.schema import Schema
    from dlt.common.storages.load_package import PackageStorage
    from dlt.extract import DltResource, DltSource

    from restmill.path import Json
    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Evidence

_KEPT = "its table is left as it was, because a partial read would have replaced it"
_AGAIN = (
    "its rows are left out of its table, because the next run reads them again and would append them twice"
)
_RETIRING = frozenset({"scd2", "cdc"})
"""Strategies of `merge` by which rows that did not come are retired or deleted."""


def with_kept(
    seen: Iterable[Evidence], source: DltSource, plan: Plan, held: frozenset[str]
) -> tuple[Evidence, ...]:
    """The evidence, saying of what is withheld that it is.

    `held`: the resources whose cursor stays. Rows that are appended and will be read again are worth nothing
    yet, even where all of them came: their resource is partial.
    """
    again = _read_again(plan, source, held)
    unmerged = {one.name for one in plan.resources if isinstance(one, Resource) and one.appends_unmerged}
    return tuple(
        _kept(one, source.resources[one.resource], again, accepted=one.resource in unmerged) for one in seen
    )


def withhold_partial(packages: PackageStorage, schema: Schema, seen: Iterable[Evidence]) -> None:
    """Take what is withheld out of the packages."""
    withheld = {
        one.resource: _AGAIN if one.reason.endswith(_AGAIN) else _KEPT for one in seen if one.withheld
    }
    if withheld:
        _take_out(packages, schema, frozenset(withheld))
    for name, why in sorted(withheld.items()):
        tell(Noted(name, time.monotonic(), why))


def _kept(one: Evidence, resource: DltResource, again: frozenset[str], *, accepted: bool) -> Evidence:
    """`accepted`: a merge that its destination cannot do; the config takes the appends that become of it."""
    if one.verdict == "partial" and _replaces(resource):
        return replace(one, reason=f"{one.reason}; {_KEPT}", withheld=True)
    if one.resource in again and (accepted or _appends(resource)):
        return replace(one, verdict="partial", basis="", reason=f"{one.reason}; {_AGAIN}", withheld=True)
    return one


def _read_again(plan: Plan, source: DltSource, held: frozenset[str]) -> frozenset[str]:
    """What the next run reads again: what has a cursor that stays, and children without one behind it."""
    again = set(held)
    for one in plan.resources:  # parents stand before their children
        behind = isinstance(one, Resource) and one.parent is not None and one.parent.resource in again
        if behind and not _has_cursor(source.resources.get(one.name)):
            again.add(one.name)
    return frozenset(again)


def _has_cursor(resource: DltResource | None) -> bool:
    """Whether a cursor of its own, of the config or a hint, has moved past the rows of this run."""
    step = None if resource is None else resource.incremental
    incremental = getattr(step, "incremental", step)
    return isinstance(incremental, Incremental) and incremental.end_value is None


def _replaces(resource: DltResource) -> bool:
    """Whether loading some of the rows does away with the others."""
    return resource.write_disposition == "replace" or _schema(resource).get("x-merge-strategy") in _RETIRING


def _appends(resource: DltResource) -> bool:
    """Whether rows that are loaded twice stand in the table twice."""
    table = _schema(resource)
    disposition = table.get("write_disposition") or resource.write_disposition
    if disposition != "merge":
        return disposition == "append"
    keyed = any(one.get("primary_key") or one.get("merge_key") for one in table.get("columns", {}).values())
    return bool(table) and not keyed and table.get("x-merge-strategy") not in _RETIRING


def _schema(resource: DltResource) -> Mapping[str, Json]:
    return resource.compute_table_schema() if not resource.has_dynamic_table_name else {}


def _take_out(packages: PackageStorage, schema: Schema, resources: frozenset[str]) -> None:
    for load_id in packages.list_packages():
        for file in packages.list_new_jobs(load_id):
            table = ParsedLoadJobFileName.parse(file).table_name
            known = table in schema.tables
            if known and get_root_table(schema.tables, table).get("resource") in resources:
                packages.storage.delete(file)
