"""Set aside: what is refused for good costs its own table; the others of the package are loaded.

dlt keeps a whole package when one of its files is refused. Here the files of that resource leave the
package, rows of theirs that were appended already are taken out again, and its cursor and the columns it
brought go back to where they were, so the next run reads it again. Then the step goes on with the rest.

A cursor that moves back is the cursor of a whole family: children are read for the parents that come. What
is appended in such a family waits, too, because the next run reads it again.

The order: what was appended, then files, columns, cursors. Who dies in between is refused once more.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dlt.common.schema.exceptions import DataValidationError
from dlt.common.schema.utils import get_columns_names_with_prop, get_inherited_table_hint, get_root_table
from dlt.common.storages.load_package import ParsedLoadJobFileName
from dlt.common.versioned_state import decompress_state

from restmill.errors import DestinationError, Place, SetAside
from restmill.events import Noted
from restmill.load.extract.isolation import refusals
from restmill.load.failures.dlt_errors import causes_of, explained
from restmill.load.failures.refusal_reasons import reason_of, where_of
from restmill.load.recovery.rollback import forget_tables, undo
from restmill.load.refused.keep_apart import finish, sift
from restmill.load.refused.let_go import for_good
from restmill.load.refused.refused_file import RefusedFile, refused_file
from restmill.plan.spec import Plan, Resource
from restmill.run.observers import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, MutableMapping

    from dlt import Pipeline
    from dlt.common.schema import Schema

    from restmill.errors import Problem
    from restmill.run.receipt.receipt import Evidence

    State = MutableMapping[str, Any]

T = TypeVar("T")
_OWN = ("_dlt_", "_restmill_")
_HINT = "Nothing is left of it: its cursor has not moved, and the next run reads it again."
_UNSIFTED = "`quarantine` could not keep apart what was refused: {}."
_OTHERS = "The other tables are loaded."
_STAGES = ("normalize", "load")
_REFUSED = "its rows are left out of its table, because some were refused"
_WAITS = "its rows are left out of its table, because those of `{}` were refused and both are read again"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused of one resource."""

    resource: str
    problem: Problem
    waiting: frozenset[str]
    """Others whose rows were left out with it."""
    schema: str
    why: str
    """What is said in the receipt."""


def refused_at_once(schema: str) -> list[Refusal]:
    """What a contract has refused in the last extract step: no file is there to be set aside."""
    return [Refusal(name, one, frozenset(), schema, one.what) for name, one in refusals().items()]


def set_apart(pipeline: Pipeline, plan: Plan, step: Callable[[], T]) -> tuple[T, list[Refusal]]:
    """Do the step as often as it takes to have all done that is not refused; returns what was refused.

    What goes to a quarantine is none of it.

    Raises:
        Exception: dlt's own, for what is no refusal of a single table, or may pass the next time.
    """
    refused: list[Refusal] = []
    while True:
        finish(pipeline)
        try:
            return step(), refused
        except Exception as raised:  # noqa: BLE001  # raised again where it is no refusal
            error = raised
        unsifted = sift(pipeline, plan, error)  # whatever that raises, the refusal is not behind it
        if unsifted == "":
            continue
        one = _set_aside(pipeline, plan, error, unsifted)
        if one is None:
            raise error
        refused.append(one)


def store_state(pipeline: Pipeline, refused: Collection[Refusal]) -> None:
    """Load the pipeline's state and schemas as they are after what was refused has been taken back."""
    for schema in {one.schema for one in refused}:
        pipeline.sync_schema(schema)
    with pipeline.managed_state(extract_state=True):
        pass
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load()


def with_refused(seen: Iterable[Evidence], refused: Collection[Refusal]) -> tuple[Evidence, ...]:
    """The evidence: what was refused, and what waits with it, is partial."""
    why = {name: _WAITS.format(one.resource) for one in refused for name in one.waiting}
    said = {one.resource: one.why for one in refused}
    why |= dict.fromkeys(said, _REFUSED)
    return tuple(
        _withheld(one, why[one.resource], said.get(one.resource, "")) if one.resource in why else one
        for one in seen
    )


def _withheld(one: Evidence, why: str, said: str) -> Evidence:
    reason = f"{one.reason}; {why}" + (f": {said}" if said and said not in one.reason else "")
    return replace(one, verdict="partial", basis="", reason=reason, withheld=True)


def hit(refused: Collection[Refusal]) -> list[str]:
    """The resources whose rows were left out."""
    return [name for one in refused for name in (one.resource, *one.waiting)]


def settle_refused(pipeline: Pipeline, refused: Collection[Refusal], names: Collection[str]) -> None:
    """At the end of a run of the resources `names`: store what was taken back, and tell all that was refused.

    Raises:
        SetAside: something was refused.
    """
    if refused:
        store_state(pipeline, refused)
        hint = f"{_HINT} {_OTHERS}" if set(names) - set(hit(refused)) else _HINT
        problems = [one.problem for one in refused]
        raise SetAside(*(replace(one, hint=f"{one.hint} {hint}".strip()) for one in problems))


def _set_aside(pipeline: Pipeline, plan: Plan, error: Exception, unsifted: str | None) -> Refusal | None:
    """Take what was refused out of its package; None where that is not possible, and nothing is changed.

    `unsifted`: why a quarantine could not keep it, where there is one.
    """
    reason = explained(error)
    if not isinstance(reason, DestinationError) or not for_good(error):
        return None
    found = refused_file(pipeline, error)
    if found is None:
        return None
    name = found.resource
    planned = {one.name: one for one in plan.resources if isinstance(one, Resource)}
    if not name or name.startswith(_OWN) or (name in planned and planned[name].on_error == "raise"):
        return None
    moved = _moved(pipeline, found)
    family = _family(planned, name)
    again = family if family & moved else frozenset({name})
    out = frozenset({name, *(one for one in again if _appends(found.schema, one))})
    tables = _tables_of(found.schema, out)
    problem, why = _problem(found, name, reason, error)  # before the schema is as it was
    problem = replace(problem, hint="" if unsifted is None else _UNSIFTED.format(unsifted))
    if not undo(pipeline, found.packages, found.load_id, found.schema, tables):
        return None
    _take_out(found, tables)
    _restore_tables(pipeline, found, tables)
    _rewind(pipeline, found, again)
    if not found.extracted:
        forget_tables(pipeline, found.schema, tables, found.known)
    for one in sorted(out):
        tell(Noted(one, time.monotonic(), _REFUSED if one == name else _WAITS.format(name)))
    return Refusal(name, problem, out - {name}, found.schema.name, why)


def _problem(
    found: RefusedFile, name: str, reason: DestinationError, error: Exception
) -> tuple[Problem, str]:
    """The problem with the table that is refused, all that is said of it, the column that may be meant.

    And the same for the receipt: of a contract, what it refuses says all.
    """
    problem, table = reason.problem, f"`{found.table}`"
    what = problem.what if table in problem.what else f"rows of {table} were refused: {problem.what}"
    got = where_of(found.schema, found.table, reason_of(list(causes_of(error))))
    frozen = any(isinstance(one, DataValidationError) for one in causes_of(error))
    place = Place(f"{name}  {problem.place.path}") if problem.place.path in _STAGES else problem.place
    return replace(problem, place=place, what=what, got=got), problem.what if frozen else f"{what}: {got}"


def _moved(pipeline: Pipeline, found: RefusedFile) -> frozenset[str]:
    """The resources whose state has changed since the package began."""
    now, before = _resources(_state_now(pipeline, found), found.schema.name), _before(found)
    return frozenset(name for name, one in now.items() if before.get(name) != one)


def _resources(state: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = state.get("sources", {}).get(source, {}).get("resources", {})
    return found


def _family(planned: Mapping[str, Resource], name: str) -> frozenset[str]:
    """The resource, and all above, below and beside it."""

    def eldest(one: str) -> str:
        parent = planned[one].parent if one in planned else None
        return one if parent is None else eldest(parent.resource)

    return frozenset({name, *(one for one in planned if eldest(one) == eldest(name))})


def _appends(schema: Schema, resource: str) -> bool:
    """Whether rows of the resource that come again stand in a table twice."""
    return any(_adds(schema, name) for name in _roots_of(schema, resource))


def _adds(schema: Schema, name: str) -> bool:
    table = schema.tables[name]
    disposition = get_inherited_table_hint(schema.tables, name, "write_disposition", allow_none=True)
    if disposition != "merge":
        return bool(disposition == "append")
    keys = [
        *get_columns_names_with_prop(table, "primary_key"),
        *get_columns_names_with_prop(table, "merge_key"),
    ]
    return not keys and not bool(cast("Any", table).get("x-merge-strategy"))


def _roots_of(schema: Schema, resource: str) -> Iterator[str]:
    for name, table in schema.tables.items():
        if table.get("resource") == resource and not table.get("parent"):
            yield name


def _tables_of(schema: Schema, resources: Collection[str]) -> list[str]:
    """All tables of these resources, those above first."""
    return [
        name for name in schema.tables if get_root_table(schema.tables, name).get("resource") in resources
    ]


def _take_out(found: RefusedFile, tables: Collection[str]) -> None:
    for path in found.packages.list_new_jobs(found.load_id):
        if ParsedLoadJobFileName.parse(path).table_name in tables:
            found.packages.storage.delete(path)


def _restore_tables(pipeline: Pipeline, found: RefusedFile, tables: Collection[str]) -> None:
    """Give the pipeline's schema the tables as they were when the package began.

    The package's own schema has them so, too, where it is not in the destination yet.
    """
    live = pipeline.schemas[found.schema.name]
    for schema in (live, found.schema) if found.extracted else (live,):
        for name in tables:
            if name in found.known:
                schema.tables[name] = deepcopy(found.known[name])
            else:
                schema.tables.pop(name, None)
    if found.extracted:
        found.packages.save_schema(found.load_id, found.schema)
    pipeline._schema_storage.commit_live_schema(live.name)  # noqa: SLF001  # dlt does so before each step


def _rewind(pipeline: Pipeline, found: RefusedFile, resources: Collection[str]) -> None:
    """Put the cursors of these resources back to where they were when the package began.

    A run that was killed has not saved the others; the package has them. The package's state goes to the
    destination with it: what is here must not be older, and must follow.
    """
    before, newest = _before(found), _state_now(pipeline, found)
    with pipeline.managed_state() as state:
        made = cast("State", state)
        if newest.get("sources"):
            made["sources"] = deepcopy(newest["sources"])
        made["_state_version"] = max(made["_state_version"], newest["_state_version"])
        made["_local"].pop("_last_extracted_hash", None)
        now = cast("State", _resources(made, found.schema.name))
        for name in resources & now.keys():
            if name in before:
                now[name] = deepcopy(before[name])
            else:
                del now[name]


def _before(found: RefusedFile) -> Mapping[str, Any]:
    return _resources(found.before, found.schema.name)


def _state_now(pipeline: Pipeline, found: RefusedFile) -> Mapping[str, Any]:
    """The newest state: the pipeline's, or that of the package, where its run was killed."""
    here: Mapping[str, Any] = cast("Any", pipeline.state)
    doc: Any = cast("Any", found.packages.get_load_package_state(found.load_id)).get("pipeline_state")
    if not doc or doc["version"] <= here["_state_version"]:
        return here
    return decompress_state(doc["state"])
