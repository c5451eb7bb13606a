"""Comparing: what a fresh read brought against what the destination has, in one scratch DuckDB.

Both sides come through the same door: columns in the schema's types, JSON as text with sorted keys. So a
difference is one of content, never of a database's way to write it. A row is told by its primary key, or by
all it holds where there is none, and by which of several such rows it is: repetitions count. Nested rows
belong to their root row and are compared as its content, with their place in the list.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_nested_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from dlt.common.schema import Schema, TColumnSchema
    from dlt.destinations.job_client_impl import SqlJobClientBase

    from restmill.load.destination.rows import Condition
    from restmill.path import Json

Connection: TypeAlias = Any
"""dlt's own connection to the scratch DuckDB."""
Texts: TypeAlias = "Mapping[str, Callable[[str], str]]"

_BATCH = 50_000
_TYPES = {
    "text": "VARCHAR",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "bigint": "BIGINT",
    "binary": "BLOB",
    "json": "VARCHAR",
    "wei": "VARCHAR",
    "date": "DATE",
    "time": "TIME",
}
_LINKS = ("_dlt_id", "_dlt_load_id", "_dlt_parent_id", "_dlt_root_id")
"""dlt's own columns, which are new with every load."""
_HASH = " content"
"""The key of rows without one: a hash of what they hold. No column of dlt begins with a space."""
_COPY, _COPIES = " copy", " copies"
"""Which of the rows with one key a row is, from 1, and how many of them there are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One table as both sides have it."""

    name: str
    above: str
    """The table it is nested in; "" for the root."""
    types: Mapping[str, str]
    """Column -> DuckDB's type; dlt's own columns are among them."""
    texts: Texts
    """Columns that each database writes in its own way, and what makes one text of that."""
    compared: tuple[str, ...]
    row: str
    parent: str
    """Columns that link a nested row to the row above it."""
    place: str
    """The column with a nested row's place in its list; "" where it does not count."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How two sides of one root table differ; keys are mappings from key column to value."""

    here: int
    """Rows that the fresh read brought."""
    there: int
    """Rows of the table."""
    missing: int = 0
    extra: int = 0
    changed: int = 0
    columns: Mapping[str, int] = field(default_factory=dict)
    """Changed rows by column; a nested table counts as one column of its root row."""
    first: Mapping[str, tuple[Mapping[str, Json], ...]] = field(default_factory=dict)
    """`missing`, `extra`, `changed` -> the first keys; empty where rows have no key."""
    twice: int = 0
    """Extra rows that repeat a key which the table has already; without a key, that repeat a whole row."""
    older: int = 0
    """Rows of the table that are not compared, because a later load has brought their key again."""


def shapes_of(schema: Schema, root: str, ignored: Collection[str]) -> list[Shape]:
    """The root table and those nested in it, parents first; `ignored` columns are not compared."""
    return [_shape(schema, str(one["name"]), ignored) for one in get_nested_tables(schema.tables, root)]


def _shape(schema: Schema, table: str, ignored: Collection[str]) -> Shape:
    columns = {
        name: column for name, column in schema.get_table_columns(table).items() if column.get("data_type")
    }
    stored = schema.tables[table]
    names = schema.naming.normalize_identifier
    place = names("_dlt_list_idx")
    own = {place, *map(names, _LINKS)}
    return Shape(
        name=table,
        above=str(stored.get("parent") or ""),
        types={name: _type(column) for name, column in columns.items()},
        texts={
            name: _ONE_TEXT[str(column["data_type"])]
            for name, column in columns.items()
            if column["data_type"] in _ONE_TEXT
        },
        compared=tuple(
            name for name in columns if name not in own and not {name, f"{table}.{name}"} & set(ignored)
        ),
        row=get_first_column_name_with_prop(stored, "row_key") or names("_dlt_id"),
        parent=get_first_column_name_with_prop(stored, "parent_key") or names("_dlt_parent_id"),
        place=place if place in columns and place not in ignored else "",
    )


def _type(column: TColumnSchema) -> str:
    match column["data_type"]:
        case "timestamp":
            return "TIMESTAMP" if column.get("timezone") is False else "TIMESTAMPTZ"
        case "decimal":
            precision, scale = column.get("precision") or 38, column.get("scale")
            return f"DECIMAL({precision}, {9 if scale is None else scale})"
        case kind:
            return _TYPES[str(kind)]


class Sides:
    """Both sides of the tables of one resource in the scratch DuckDB, as schemas `here` and `there`."""

    def __init__(self, connection: Connection, shapes: Sequence[Shape]) -> None:
        self._connection = connection
        self._shapes = shapes
        self._named = {shape.name: shape for shape in shapes}
        connection.execute("SET TimeZone = 'UTC'")
        for side in ("here", "there"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {side}")
            for shape in shapes:
                columns = ", ".join(f"{quoted(name)} {kind}" for name, kind in shape.types.items())
                connection.execute(f"CREATE OR REPLACE TABLE {side}.{quoted(shape.name)} ({columns})")

    def fill(self, side: str, client: SqlJobClientBase, condition: Condition) -> None:
        """Copy what `client` has of the tables; of the root table only rows that meet the condition."""
        stored = dict(client.get_storage_tables([shape.name for shape in self._shapes]))
        for shape in self._shapes:
            there = {name for name in shape.types if _has(client, stored.get(shape.name) or {}, name)}
            if there:
                names = [name for name in shape.types if name in there]
                self._copy(side, shape, client, names, condition if not shape.above else ("", ()))

    def _copy(
        self, side: str, shape: Shape, client: SqlJobClientBase, names: list[str], condition: Condition
    ) -> None:
        sql = client.sql_client
        picked = [
            f"CAST({column} AS VARCHAR)" if name in shape.texts else column
            for name, column in ((name, sql.escape_column_name(name)) for name in names)
        ]
        where = f" WHERE {condition[0]}" if condition[0] else ""
        query = f"SELECT {', '.join(picked)} FROM {sql.make_qualified_table_name(shape.name)}{where}"  # noqa: S608  # names are dlt's, quoted
        target = f"{side}.{quoted(shape.name)} ({', '.join(map(quoted, names))})"
        casts = ", ".join(f"CAST(c{n} AS {shape.types[name]})" for n, name in enumerate(names))
        with sql.execute_query(query, *condition[1]) as cursor:
            for batch in _batches(cursor, names, shape.texts):
                self._connection.register("batch", batch)
                self._connection.execute(f"INSERT INTO {target} SELECT {casts} FROM batch")  # noqa: S608  # same
                self._connection.unregister("batch")

    def difference(self, keys: Sequence[str], *, latest: str = "", most: int = 10) -> Difference:
        """How the sides differ by `keys`, or by content where there are none.

        `latest` names the column by which the newest of several rows with one key is known.
        """
        root = self._shapes[0]
        columns = [name for name in root.compared if name not in keys]
        for side in ("here", "there"):
            self._pick(side, root, keys, latest)
        names = [*(keys or [_HASH]), _COPY]
        missing = self._keys("picked_here", "picked_there", names, most)
        extra = self._keys("picked_there", "picked_here", names, most)
        twice = self._count(f"found WHERE {quoted(_COPY)} > 1")
        changes = self._changes(names, columns) if keys else {}
        changed = self._union(changes, names, most)
        here, there = (self._count(f"{side}.{quoted(root.name)}") for side in ("here", "there"))
        return Difference(
            here=here,
            there=there,
            missing=missing[0],
            extra=extra[0],
            changed=changed[0],
            columns={name: count for name, (count, _) in changes.items() if count},
            first={"missing": missing[1], "extra": extra[1], "changed": changed[1]} if keys else {},
            twice=twice,
            older=there - self._count("picked_there"),
        )

    def _pick(self, side: str, root: Shape, keys: Sequence[str], latest: str) -> None:
        """The rows that are compared, in `picked_here` and `picked_there`: each with its hash and copy.

        Copies are numbered by content, so that equal ones meet.
        """
        named = ", ".join(map(quoted, keys or [_HASH]))
        content = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in root.compared)
        content = f"md5(CAST([{content}] AS VARCHAR)) AS {quoted(_HASH)}"
        hashed = f"SELECT *, {content} FROM {side}.{quoted(root.name)}"  # noqa: S608  # same
        if latest and latest in root.types:
            hashed += f" QUALIFY rank() OVER (PARTITION BY {named} ORDER BY {quoted(latest)} DESC) = 1"
        copy = f"row_number() OVER (PARTITION BY {named} ORDER BY {quoted(_HASH)}) AS {quoted(_COPY)}"
        copies = f"count(*) OVER (PARTITION BY {named}) AS {quoted(_COPIES)}"
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE picked_{side} AS SELECT *, {copy}, {copies} FROM ({hashed})"  # noqa: S608  # same
        )

    def _keys(self, one: str, other: str, names: Sequence[str], most: int) -> _Found:
        """Keys that are in one side and not in the other: how many, and the first. They are in `found`."""
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE found AS SELECT {', '.join(f'a.{quoted(n)}' for n in names)} "  # noqa: S608  # same
            f"FROM {one} a ANTI JOIN {other} b ON {_same(names)}"
        )
        return self._listed("found", names, most)

    def _changes(self, names: Sequence[str], columns: Sequence[str]) -> dict[str, _Found]:
        """Changed keys by column and by nested table; each is kept in a table `changed_<number>`."""
        picked = ", ".join(f"a.{quoted(name)}" for name in names)
        both = f"FROM picked_here a JOIN picked_there b ON {_same(names)}"
        queries = {
            name: f"SELECT {picked} {both} WHERE a.{quoted(name)} IS DISTINCT FROM b.{quoted(name)}"  # noqa: S608  # same
            for name in columns
        }
        # Nothing tells which of several equal root rows a nested row belongs to: they are taken together.
        pairs = f"SELECT {picked} {both} WHERE a.{quoted(_COPIES)} = b.{quoted(_COPIES)}"
        queries |= {shape.name: self._nested(shape, names, pairs) for shape in self._shapes[1:]}
        found: dict[str, _Found] = {}
        for number, (name, query) in enumerate(queries.items()):
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE changed_{number} AS {query}")
            found[name] = (self._count(f"changed_{number}"), ())
        return found

    def _nested(self, shape: Shape, names: Sequence[str], both: str) -> str:
        """Keys that both sides have equally often and whose nested rows differ, as first copies."""
        keys = [name for name in names if name != _COPY]
        here, there = (self._below(shape, keys, side) for side in ("here", "there"))
        picked = ", ".join(map(quoted, keys))
        differing = f"({here} EXCEPT ALL {there}) UNION ALL ({there} EXCEPT ALL {here})"
        first = f"SELECT DISTINCT {picked}, 1 AS {quoted(_COPY)} FROM ({differing})"  # noqa: S608  # same
        return f"{first} SEMI JOIN ({both}) USING ({picked})"

    def _below(self, shape: Shape, names: Sequence[str], side: str) -> str:
        """The rows of a nested table, with their root's key and their places on the way down to them."""
        line = [shape]
        while line[-1].above in self._named:
            line.append(self._named[line[-1].above])
        line.reverse()  # the root first
        picked = [f"t0.{quoted(name)}" for name in names]
        joins = [f"picked_{side} t0"]
        for depth, one in enumerate(line[1:], start=1):
            link = f"t{depth}.{quoted(one.parent)} = t{depth - 1}.{quoted(line[depth - 1].row)}"
            joins.append(f"JOIN {side}.{quoted(one.name)} t{depth} ON {link}")
            picked += [f"t{depth}.{quoted(one.place)} AS place_{depth}"] if one.place else []
        picked += [f"t{len(line) - 1}.{quoted(name)} AS content_{n}" for n, name in enumerate(shape.compared)]
        return f"SELECT {', '.join(picked)} FROM {' '.join(joins)}"  # noqa: S608  # same

    def _union(self, changes: Mapping[str, _Found], names: Sequence[str], most: int) -> _Found:
        """The keys that are changed in any column: how many, and the first."""
        if not changes:
            return 0, ()
        each = " UNION ".join(f"SELECT * FROM changed_{number}" for number in range(len(changes)))  # noqa: S608  # same
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE found AS {each}")
        return self._listed("found", names, most)

    def _listed(self, table: str, names: Sequence[str], most: int) -> _Found:
        names = [name for name in names if name != _COPY]
        picked = ", ".join(map(quoted, names))
        query = f"SELECT {picked} FROM {table} ORDER BY ALL LIMIT {most}"  # noqa: S608  # same
        rows = self._connection.execute(query).fetchall()
        return self._count(table), tuple(dict(zip(names, row, strict=True)) for row in rows)

    def _count(self, table: str) -> int:
        return int(self._connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])  # noqa: S608  # same


_Found: TypeAlias = "tuple[int, tuple[Mapping[str, Json], ...]]"


def keys_of(schema: Schema, table: str) -> list[str]:
    """The primary key's columns."""
    return get_columns_names_with_prop(schema.tables[table], "primary_key")


def quoted(name: str) -> str:
    """A name as DuckDB takes any."""
    return '"' + name.replace('"', '""') + '"'


def _same(names: Iterable[str]) -> str:
    return " AND ".join(f"a.{quoted(name)} IS NOT DISTINCT FROM b.{quoted(name)}" for name in names)


def _has(client: SqlJobClientBase, columns: Mapping[str, Any], name: str) -> bool:
    return name in columns or client.sql_client.escape_column_name(name, quote=False) in columns


def _batches(cursor: Any, names: Sequence[str], texts: Texts) -> Iterator[pa.Table]:
    """What a query gave, its columns called c0, c1, ...; texts made one."""
    for table in cursor.iter_arrow(chunk_size=_BATCH):
        columns = [
            pa.array([None if one is None else texts[name](one) for one in column.to_pylist()], pa.string())
            if name in texts
            else column
            for name, column in zip(names, table.columns, strict=True)
        ]
        yield pa.table(columns, names=[f"c{number}" for number in range(len(names))])


def _sorted(text: str) -> str:
    """JSON as text with sorted keys; what is no JSON stays as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except ValueError:
        return text


def _shortest(number: str) -> str:
    """A decimal number without zeros at its end."""
    return number.rstrip("0").rstrip(".") if "." in number else number


_ONE_TEXT: Texts = {"json": _sorted, "wei": _shortest}
