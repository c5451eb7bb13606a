"""Dispositions: what a destination will really do with the rows of a resource, against what was asked.

dlt decides this table by table when it loads, long after the API was read: where a destination cannot merge
it appends and says so in its log, or it fails. Here the same rules (dlt's `resolve_merge_strategy`,
`resolve_replace_strategy` and the checks of its `verify_schema`) are applied before anything is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from restmill.config.model import config as model
from restmill.errors import Place, Problem
from restmill.plan.destinations import abilities_named
from restmill.plan.spec import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restmill.path import Json
    from restmill.plan.destinations import Abilities

_KEYED = frozenset({"upsert", "insert-only", "cdc"})
"""Strategies that tell rows by their primary key, and by nothing else."""
_DELETING = frozenset({"delete-insert", "upsert", "cdc"})
"""Strategies that delete the rows marked by `hard_delete`."""
_LEAVE_OUT = "Leave it out."
_LEFT_OUT = "Write `selected: false` for a resource that only its children need."
_ACCEPT = "`on_unsupported_merge: append`"
UNKEYED = "`merge` without `primary_key` or `merge_key` appends: every run adds its rows again"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for one table; the facts that dlt decides by."""

    disposition: str = "append"
    strategy: str = ""
    table_format: str = ""
    primary_key: bool = False
    merge_key: bool = False
    hard_delete: bool = False
    dedup_sort: bool = False
    options: frozenset[str] = frozenset()
    """Options of the merge that are given, such as `source_filter`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of the rows."""

    really: str
    """For example `merge (upsert)`, `append`."""
    refusal: str = ""
    """Why it is refused; "": it is not."""
    hint: str = ""
    acceptable: bool = False
    """Whether `on_unsupported_merge: append` accepts it: the rows are appended then."""
    accepted: bool = False
    """Whether that was done."""
    notes: tuple[str, ...] = ()
    """What was asked for and has no effect."""

    @property
    def as_asked(self) -> bool:
        """Whether exactly what was asked for happens."""
        return not self.refusal and not self.notes


def outcome(able: Abilities, asked: Asked, replace_strategy: str = "") -> Outcome:
    """What `able` does with what is `asked`; `replace_strategy` is dlt's setting of that name."""
    if asked.table_format and asked.table_format not in able.formats:
        if able.refuses_formats:
            what = f"`{able.name}` has no tables of the format `{asked.table_format}`"
            return Outcome("fails", what, f"It has {_listed(able.formats)}." if able.formats else _LEAVE_OUT)
        told = f"`table_format: {asked.table_format}` has no effect in `{able.name}`"
        plain = outcome(able, replace(asked, table_format=""), replace_strategy)
        return replace(plain, notes=(told, *plain.notes))
    match asked.disposition:
        case "merge":
            return _merge(able, asked)
        case "replace":
            return _replace(able, asked, replace_strategy)
        case "skip":
            return Outcome("fails", "dlt loads no records with `skip`, and fails on them", _LEFT_OUT)
        case _:
            return Outcome("append", notes=tuple(_merge_only(asked)))


def appended(found: Outcome, able: Abilities, asked: Asked) -> Outcome:
    """What happens after `on_unsupported_merge: append` has accepted `found`."""
    told = f"rows are appended, as `on_unsupported_merge` accepts: {_why_not(able, asked)}"
    return Outcome("append", accepted=True, notes=(told, *found.notes))


def _merge(able: Abilities, asked: Asked) -> Outcome:
    if able.decides:
        return Outcome("handed to the function", notes=("the destination is a function: it alone merges",))
    known = able.merging(asked.table_format)
    strategy = asked.strategy or (known[0] if known else "")
    if strategy not in known or not known:
        does = "append" if able.appends and not known else "fails"
        return Outcome(does, _not_merged(able, asked), _remedies(able, asked), acceptable=True)
    if strategy in _KEYED and not asked.primary_key:
        what = f"`{strategy}`, {_whose(able, asked)}, tells rows by `primary_key`, and there is none"
        return Outcome("fails", what, f"Name the column or columns, or {_or_append()}.", acceptable=True)
    lacking = [one for one in able.lacks.get(asked.table_format, ()) if one in asked.options]
    if lacking:
        what = f"`{lacking[0]}` is not possible in {_tables(able, asked.table_format)}"
        return Outcome("fails", what, "Leave it out; `processing_steps` can filter records.")
    if strategy == "delete-insert" and not _told_apart(asked):
        return Outcome("append", notes=(UNKEYED, *_without_effect(able, asked, strategy)))
    return Outcome(f"merge ({strategy})", notes=tuple(_without_effect(able, asked, strategy)))


def _told_apart(asked: Asked) -> bool:
    return asked.primary_key or asked.merge_key or "destination_scope" in asked.options


def _replace(able: Abilities, asked: Asked, wanted: str) -> Outcome:
    notes = tuple(_merge_only(asked))
    known = able.replacing(asked.table_format)
    if able.decides:
        return Outcome("handed to the function", notes=("the destination is a function: it alone replaces",))
    if wanted and known and wanted not in known:
        what = f"the replace strategy `{wanted}` is not possible in {_tables(able, asked.table_format)}"
        return Outcome("fails", what, f"Set `destination.replace_strategy` to {_listed(known)}.")
    return Outcome(f"replace ({wanted or known[0]})" if known else "replace", notes=notes)


def _not_merged(able: Abilities, asked: Asked) -> str:
    why = _why_not(able, asked)
    if able.appends and not able.merging(asked.table_format):
        return f"{why}: dlt would append, and every run add its rows again"
    return f"{why}: the load would fail"


def _why_not(able: Abilities, asked: Asked) -> str:
    known = able.merging(asked.table_format)
    where = _tables(able, asked.table_format)
    if not known:
        return f"`merge` is not possible in {where}"
    if asked.strategy and asked.strategy not in known:
        return f"the merge strategy `{asked.strategy}` is not possible in {where}"
    return f"`{asked.strategy or known[0]}` needs a `primary_key`"


def _remedies(able: Abilities, asked: Asked) -> str:
    known = able.merging(asked.table_format)
    if known:
        return f"Use {_listed(known)}, or {_or_append()}."
    better = able.merging_formats
    if asked.strategy:
        better = tuple(one for one in better if asked.strategy in able.merging(one))
    formats = " or ".join(f"`table_format: {one}`" for one in better)
    return f"Write {formats}, or {_or_append()}." if formats else f"Use {_or_append()}."


def _or_append() -> str:
    return f"`write_disposition: append`; {_ACCEPT} accepts that rows are appended"


def _whose(able: Abilities, asked: Asked) -> str:
    return "which was asked for" if asked.strategy else f"the way `{able.name}` merges"


def _tables(able: Abilities, table_format: str) -> str:
    if table_format:
        return f"`{able.name}` tables of the format `{table_format}`"
    return f"plain `{able.name}` tables" if able.formats else f"`{able.name}`"


def _listed(words: Iterable[str]) -> str:
    return " or ".join(f"`{word}`" for word in words)


def _without_effect(able: Abilities, asked: Asked, strategy: str) -> Iterator[str]:
    """What else was asked for and this merge leaves aside."""
    if asked.merge_key and strategy in {"upsert", "insert-only"}:
        yield f"`merge_key` has no effect: `{strategy}` tells rows by `primary_key` alone"
    if asked.hard_delete and (strategy not in _DELETING or asked.table_format in able.no_hard_delete):
        where = _tables(able, asked.table_format)
        yield f"`hard_delete` deletes no rows: `{strategy}` does not in {where}"
    if asked.dedup_sort and not (strategy == "delete-insert" and asked.primary_key):
        yield "`dedup_sort` has no effect: only `delete-insert` with a `primary_key` sorts duplicates"


def _merge_only(asked: Asked) -> Iterator[str]:
    if asked.hard_delete:
        yield f"`hard_delete` has no effect: only `merge` deletes rows, and this is `{asked.disposition}`"
    if asked.dedup_sort:
        yield f"`dedup_sort` has no effect: only `merge` drops duplicates, and this is `{asked.disposition}`"


def asked_of(hints: Mapping[str, Json]) -> Asked | None:
    """What hints as written in a config ask for; None where a function decides it, record by record."""
    given, table_format = hints.get("write_disposition"), hints.get("table_format")
    if callable(given) or callable(table_format):
        return None
    options = given if isinstance(given, Mapping) else {"disposition": given or "append"}
    columns = hints.get("columns")
    opaque = columns is not None and not isinstance(columns, Mapping | list | tuple)  # a model may name a key
    flags = {word for one in _columns(columns) for word, value in one.items() if value}
    return Asked(
        disposition=str(options["disposition"]),
        strategy=str(options.get("strategy") or ""),
        table_format="" if table_format in {None, "native"} else str(table_format),
        primary_key=bool(hints.get("primary_key")) or "primary_key" in flags or opaque,
        merge_key=bool(hints.get("merge_key")) or "merge_key" in flags,
        hard_delete="hard_delete" in flags,
        dedup_sort="dedup_sort" in flags,
        options=frozenset(name for name, value in options.items() if value),
    )


def _columns(columns: Json) -> list[Mapping[str, Json]]:
    match columns:
        case Mapping():
            return list(columns.values())
        case list() | tuple():
            return list(columns)
        case _:
            return []


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome for one table of a config: where its disposition stands, and what becomes of it."""

    place: str
    resource: str
    outcome: Outcome


def outcomes(config: model.Config) -> Iterator[Found]:
    """What the config's own destination does with each table, as far as a config can tell.

    A nested table with a disposition of its own is judged, too. Nothing where the destination is not known.
    """
    destination = config.pipeline.destination
    able = abilities_named("duckdb" if destination is None else destination)
    if able is None:
        return
    for number, one in enumerate(config.resources):
        if isinstance(one, model.Resource):
            accepts = one.on_unsupported_merge == "append"
            for below, found in outcomes_of(able, one.hints, accepts=accepts):
                yield Found(f"resources[{number}]{below}.write_disposition", one.name, found)


def outcomes_of(
    able: Abilities, hints: Mapping[str, Json], replace_strategy: str = "", *, accepts: bool
) -> Iterator[tuple[str, Outcome]]:
    """What `able` does with the root table of a resource and with nested ones of their own disposition.

    With the path of their hints, "" for the root. Nothing is said where a function decides.
    """
    for below, one in tables_of(hints):
        if asked := asked_of(one):
            found = outcome(able, asked, replace_strategy)
            yield below, appended(found, able, asked) if found.acceptable and accepts else found


def tables_of(hints: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Path and hints of the root table and of nested ones that have a disposition of their own."""
    yield "", hints
    nested = hints.get("nested_hints")
    for name, own in (nested if isinstance(nested, Mapping) else {}).items():
        if isinstance(own, Mapping) and own.get("write_disposition"):
            yield f".nested_hints.{name}", {"table_format": hints.get("table_format"), **own}


def notes_on_tables(config: model.Config) -> Iterator[Note]:
    """What the config asks for and its destination leaves aside; a merge without keys is noted elsewhere."""
    for found in outcomes(config):
        for text in found.outcome.notes:
            if text != UNKEYED:
                yield Note(found.resource, text)


def impossible(config: model.Config) -> list[Problem]:
    """Every table whose rows the config's destination would not treat as asked."""
    return [
        Problem(Place(one.place), one.outcome.refusal, hint=one.outcome.hint)
        for one in outcomes(config)
        if one.outcome.refusal
    ]
