"""Names: tables and columns that dlt's naming makes one, although the config gives them two names.

`normal` is dlt's default convention (`snake_case`) without its shortening; `tests/plan/test_names.py` holds
it to that. Resources that are given the very same `table_name` share a table on purpose, as under dlt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.config.model import config as model
from restmill.errors import Place, Problem
from restmill.shape.depth import LONGEST_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from restmill.path import Json

_SEPARATOR = "__"
_REDUCED = str.maketrans("+-*@|", "x_xal")
_BREAKS = (re.compile("([^_])([A-Z][a-z]+)"), re.compile("([a-z0-9])([A-Z])"))
_OTHER = re.compile(r"[^a-zA-Z\d_]+")
_APART = (
    "Give one of them another `table_name`; the very same `table_name` at both shares the table on purpose."
)


@dataclass(frozen=True, slots=True)
class Table:
    """A resource's table: where it is named, its name as written, whether lists become tables below it."""

    place: str
    name: str
    nests: bool = True


def normal(name: str) -> str:
    """The name of a table or column as dlt's default naming writes it."""
    parts = [_part(one.strip()) for one in name.split(_SEPARATOR) if one.strip()]
    return _SEPARATOR.join(one for one in parts if one) or name


def _part(name: str) -> str:
    name = _OTHER.sub("_", name.translate(_REDUCED))
    for pattern in _BREAKS:
        name = pattern.sub(r"\1_\2", name)
    name = name.lower()
    name = f"_{name}" if re.match(r"\d", name) else name
    bare = name.rstrip("_")
    return re.sub("__+", "_", bare + "x" * (len(name) - len(bare)))


def clashes(tables: Iterable[Table], naming: Callable[[str], str] = normal) -> Iterator[Problem]:
    """Tables of different names that are one, and tables that lists of another resource's records get."""
    tables = list(tables)
    first: dict[str, Table] = {}
    for one in tables:
        other = first.setdefault(naming(one.name), one)
        if other.name != one.name:
            what = (
                f"`{one.name}` and `{other.name}`, at {other.place}, become one table: `{naming(one.name)}`"
            )
            yield Problem(Place(one.place), what, hint=_APART)
    for one in first.values():
        for other in first.values():
            if other.nests and naming(one.name).startswith(f"{naming(other.name)}{_SEPARATOR}"):
                field = naming(one.name).removeprefix(f"{naming(other.name)}{_SEPARATOR}")
                what = (
                    f"`{one.name}` is the table that a list `{field}` in the records of `{other.name}` gets, "
                    f"at {other.place}"
                )
                yield Problem(Place(one.place), what, hint="Give it another `table_name`.")


def unusable(config: model.Config) -> Iterator[Problem]:
    """Names that fail only once everything is read: dlt makes tables, files and folders of them."""
    for number, one in enumerate(config.resources):
        place = f"resources[{number}]"
        if why := _unwritable(one.name):
            yield Problem(Place(f"{place}.name"), f"the name holds {why}", hint=_PLAIN)
            continue
        if isinstance(one, model.Resource):
            given = one.hints.get("table_name")
            name = given if isinstance(given, str) else "" if callable(given) else one.name
            key = "table_name" if given else "name"
            if name and one.selected is not False and (why := _untabled(name)):
                yield Problem(Place(f"{place}.{key}"), why, hint="Give it another `table_name`.")
    for key in ("name", "dataset_name"):
        name = getattr(config.pipeline, key)
        if isinstance(name, str) and (why := _unwritable(name) or _longer(name)):
            yield Problem(Place(f"pipeline.{key}"), f"the name holds {why}", hint=_PLAIN)


_PLAIN = "Letters, digits and `_` can always be written."
_DEVICES = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{of}{n}" for of in ("com", "lpt") for n in range(1, 10)
}
"""What no file is called on every system; dlt refuses them everywhere."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def _unwritable(name: str) -> str:
    return "a control character, or half of one" if _CONTROL.search(name) else ""


def _longer(name: str) -> str:
    size = len(name.encode(errors="replace"))
    return f"{size} bytes, and {LONGEST_TABLE} are the most" if size > LONGEST_TABLE else ""


def _untabled(name: str) -> str:
    """Why no table can have this name; "" when one can."""
    if why := _unwritable(name):
        return f"the table's name holds {why}"
    table = normal(name)
    if not any(one.strip() for one in name.split(_SEPARATOR)):
        return "nothing is left of it as the name of a table"
    if table in _DEVICES:
        return f"`{table}` is the name of a device, and dlt writes no file of that name"
    if table.startswith("_dlt_") or table == "_restmill_runs":
        return f"`{table}` is a table of {'dlt' if table.startswith('_dlt') else 'restmill'} itself"
    return f"the table's name holds {why}" if (why := _longer(table)) else ""


def one_of_two(config: model.Config) -> list[Problem]:
    """Every two names of tables, and of columns within one key, that dlt makes one."""
    problems = list(clashes(_tables(config)))
    for number, one in enumerate(config.resources):
        if isinstance(one, model.Resource):
            for key, names in _columns(one):
                problems += _merged(f"resources[{number}].{key}", names)
    return problems


def _tables(config: model.Config) -> Iterator[Table]:
    for number, one in enumerate(config.resources):
        place = f"resources[{number}]"
        if isinstance(one, model.ReadyResource):
            yield Table(place, one.name)
            continue
        name = one.hints.get("table_name") or one.name
        if not callable(name) and one.selected is not False:
            yield Table(place, str(name), one.max_table_nesting != 0)


def _columns(resource: model.Resource) -> Iterator[tuple[str, list[str]]]:
    """The keys that list columns, each with the names it lists."""
    for key in ("primary_key", "merge_key"):
        listed = resource.hints.get(key)
        yield key, list(listed) if isinstance(listed, list | tuple) else []
    yield "columns", _named(resource.hints.get("columns"))
    yield "rename", list(dict.fromkeys(resource.rename.values()))


def _named(columns: Json) -> list[str]:
    if isinstance(columns, Mapping):
        return list(columns)
    listed = columns if isinstance(columns, list | tuple) else []
    return [str(one["name"]) for one in listed if isinstance(one, Mapping)]


def _merged(place: str, names: list[str]) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name in names:
        other = first.setdefault(normal(name), name)
        if other != name:
            what = f"`{other}` and `{name}` become one column: `{normal(name)}`"
            yield Problem(Place(place), what, hint="Name it once, or `rename` a field.")


def as_the_file(config: model.Config, name: str) -> list[Problem]:
    """A dataset that is called as the DuckDB file is, which DuckDB cannot tell from it.

    `name` is the config file's, for a pipeline that has none. The database is dlt's `<pipeline>.duckdb`.
    """
    pipeline = config.pipeline
    if pipeline.destination not in {None, "duckdb"} or pipeline.dataset_name is None:
        return []
    file = pipeline.name or re.sub(r"\W+", "_", name).strip("_")
    if normal(pipeline.dataset_name) != file.lower():
        return []
    what = f"the dataset is called as the database file, {file}.duckdb, and DuckDB cannot tell them apart"
    return [Problem(Place("pipeline.dataset_name"), what, pipeline.dataset_name, "Give it another name.")]
