"""Deletions: which resources can have `delete_missing`, why the others cannot, and how a plan says it.

Rows are told apart by the load they came with: a merge gives every row that was read the run's own load id,
so what carries an older one has vanished from the API. That holds only where a run reads everything there is,
and where the merge touches every row it reads. What breaks either is refused by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from restmill.config.model import config as model
from restmill.errors import Place, Problem
from restmill.plan.spec import Deletion, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restmill.path import Json
    from restmill.plan.spec import Foreign, Parent

_STRATEGIES = {
    "scd2": "`scd2` retires rows that the API no longer has by itself",
    "cdc": "`cdc` deletes rows that the API no longer has by itself",
    "insert-only": "`insert-only` leaves known rows as they are, so nothing tells which of them were read",
}
_OPTIONS = {
    "skip_unchanged_rows": "rows that did not change are left alone, so nothing tells which were read",
    "source_filter": "what the filter leaves out was read, and would be taken for vanished",
    "destination_scope": "the merge looks at a part of the table only",
}
CUT = "which ones come depends on how pages are cut"
_TAKE_ALL = "Take all elements, and leave rows out by a `filter`; or leave `delete_missing` out."
_LEAVE_OUT = "Leave `delete_missing` out."


def deletion_of(declared: model.Resource, parent: Parent | None) -> Deletion | None:
    """What the plan holds of `delete_missing`; None without it, and where `replace` makes it needless."""
    asked = declared.delete_missing
    if asked is None or _disposition(declared) == "replace":
        return None
    fields = {} if parent is None else _parent_fields(parent)
    return Deletion(
        asked.mode,
        asked.max_fraction,
        asked.column,
        asked.allow_empty,
        fields,
        second_look=asked.second_look,
        movable=not _key(declared.hints).issuperset(fields.values()),
    )


def notes_on_deletion(declared: model.Resource, resource: Resource) -> Iterator[str]:
    """What was decided about the rows that vanish from the API."""
    if declared.delete_missing is not None and resource.deletion is None:
        yield "`delete_missing` does nothing here: `replace` keeps only what the API has"
    if resource.deletion is None:
        return
    if any(step.kind == "filter" for step in resource.steps):
        yield "rows that no longer pass the filter count as vanished"
    if resource.parent is None or _by_parent(resource.deletion):
        return
    asked = list(dict.fromkeys(str(path) for path in resource.parent.fields.values()))
    if resource.deletion.parent_fields:
        with_ = f"with {_listed(resource.deletion.parent_fields.values())} in `primary_key`"
    else:
        columns = _listed(f"_{resource.parent.resource}_{path}" for path in asked)
        with_ = f"with `include_from_parent: [{', '.join(asked)}]`, and {columns} in `primary_key`,"
    yield (
        f"vanished rows go only when every read and `{resource.parent.resource}` were complete, because "
        f"a row may have moved to a parent that was not read; {with_} each parent would be judged by itself"
    )


def described(resource: Resource) -> str:
    """`delete_missing` in words; "" without it."""
    one = resource.deletion
    if one is None:
        return ""
    what = f"soft, marked in `{one.column}`" if one.mode == "soft" else "hard, nested rows, too"
    bound = f"none if more than {100 * one.max_fraction:.4g}% of the table has vanished"
    within = f", within each `{resource.parent.resource}`" if resource.parent and _by_parent(one) else ""
    empty = "an empty answer deletes all" if one.allow_empty else "an empty answer deletes none"
    proof = "after a complete read by `restmill run` or `sync`"
    look = "rows of a list of several pages only when a second read has not found them either"
    return "; ".join((f"{what}{within}", bound, empty, proof, look if one.second_look else "no second look"))


def unfit(config: model.Config) -> list[Problem]:
    """Every resource whose vanished rows could not be told for sure."""
    tables = Counter(_table(one) for one in config.resources if isinstance(one, model.Resource))
    return [
        Problem(Place(f"resources[{number}].delete_missing"), what, resource.delete_missing.mode, hint)
        for number, resource in enumerate(config.resources)
        if isinstance(resource, model.Resource) and resource.delete_missing is not None
        for what, hint in _against(resource, tables)
    ]


def undecided(drafts: Mapping[str, Resource | Foreign]) -> list[Problem]:
    """Every resource whose rows, or those of a parent of it, come or stay away as pages are cut."""
    return [
        Problem(Place(f"resources[{number}].delete_missing"), what, draft.deletion.mode, _TAKE_ALL)
        for number, draft in enumerate(drafts.values())
        if isinstance(draft, Resource) and draft.deletion is not None
        for what in _by_place(draft, drafts)
    ]


def _by_place(draft: Resource, drafts: Mapping[str, Resource | Foreign]) -> Iterator[str]:
    line: dict[str, Resource] = {}
    above: Resource | Foreign | None = draft
    while isinstance(above, Resource) and above.name not in line:
        line[above.name] = above
        above = drafts.get(above.parent.resource) if above.parent else None
    for name, one in line.items():
        if one.selector is not None and one.selector.by_place:
            of = "" if one is draft else f" of `{name}`"
            yield f"`data_selector: {one.selector}`{of} takes elements by their place on a page: {CUT}"


def keeps_every_key(hints: Mapping[str, Json]) -> bool:
    """Whether a merge with these hints leaves a row of the run's own load for every key that was read."""
    disposition = hints.get("write_disposition")
    if disposition != "merge" and (
        not isinstance(disposition, Mapping) or disposition.get("disposition") != "merge"
    ):
        return False
    lossy = callable(hints.get("table_name")) or "discard_row" in _contract(hints.get("schema_contract"))
    return bool(hints.get("primary_key")) and not lossy and not any(_merging(disposition))


def _against(resource: model.Resource, tables: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """What and hint of all that speaks against the deletion of rows."""
    disposition = _disposition(resource)
    if disposition == "replace":
        return
    if disposition != "merge":
        yield (
            f"`{disposition}` keeps every row ever loaded; only `merge` says which row a record is",
            "Write `write_disposition: merge` with a `primary_key`.",
        )
    elif not _key(resource.hints):
        yield (
            "vanished rows are told by their `primary_key`, and there is none",
            "Name the column or columns.",
        )
    yield from ((what, _LEAVE_OUT) for what in _merging(resource.hints.get("write_disposition")))
    if _incremental(resource.endpoint):
        yield "an incremental read asks only for what is new, so nothing tells what has vanished", _LEAVE_OUT
    yield from _of_table(resource, tables)


def _of_table(resource: model.Resource, tables: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    if callable(resource.hints.get("table_name")):
        yield "the table must be known before the run, and `table_name` is a function", "Give it as text."
    elif tables[_table(resource)] > 1:
        yield (
            f"another resource loads into the table `{_table(resource)}`, and its rows would be deleted",
            "Give each resource a `table_name` of its own.",
        )
    if "discard_row" in _contract(resource.hints.get("schema_contract")):
        yield "rows that the schema contract discards would be taken for vanished", "Use `discard_value`."


def _merging(disposition: Json) -> Iterator[str]:
    """What about the way of merging speaks against it."""
    if not isinstance(disposition, Mapping):
        return
    strategy = disposition.get("strategy")
    if strategy in _STRATEGIES:
        yield _STRATEGIES[strategy]
    for option, why in _OPTIONS.items():
        if disposition.get(option):
            yield f"`{option}`: {why}"


def _disposition(resource: model.Resource) -> str:
    given = resource.hints.get("write_disposition")
    if isinstance(given, Mapping):
        given = given.get("disposition")
    return "a function" if callable(given) else str(given or "append")


def _by_parent(deletion: Deletion) -> bool:
    """Whether the rows of one parent can be judged by themselves."""
    return bool(deletion.parent_fields) and not deletion.movable


def _key(hints: Mapping[str, Json]) -> frozenset[str]:
    """The primary key's columns, as far as the config names them."""
    key, columns = hints.get("primary_key"), hints.get("columns")
    if key:
        named = [key] if isinstance(key, str) else key if isinstance(key, list | tuple) else []
        return frozenset(map(str, named))
    if isinstance(columns, Mapping):
        columns = [{"name": name, **column} for name, column in columns.items()]
    listed = columns if isinstance(columns, list | tuple) else []
    return frozenset(str(one.get("name")) for one in listed if one.get("primary_key"))


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _incremental(endpoint: model.Endpoint) -> bool:
    params = (endpoint.params or {}).values()
    return endpoint.incremental is not None or any(
        isinstance(value, model.IncrementalParam | model.Opaque) for value in params
    )


def _table(resource: model.Resource) -> str:
    name = resource.hints.get("table_name") or resource.name
    return resource.name if callable(name) else str(name)


def _contract(given: Json) -> tuple[str, ...]:
    if isinstance(given, Mapping):
        return tuple(str(word) for word in given.values())
    return (given,) if isinstance(given, str) else ()


def _parent_fields(parent: Parent) -> dict[str, str]:
    """Placeholder -> field of the child's record, when the child takes all the bound fields along."""
    copied = {str(path): f"_{parent.resource}_{path}" for path in parent.include}
    found = {name: copied.get(str(path), "") for name, path in parent.fields.items()}
    return found if all(found.values()) else {}
