"""The rows of one root table in the destination, and the SQL over them: counted, deleted, marked.

Every name is dlt's, in the case and the quotes that the destination wants; every value is an argument. A
condition is a text and its arguments, in order.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from dlt.common.schema.utils import (
    get_columns_names_with_prop,
    get_first_column_name_with_prop,
    get_nested_tables,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from dlt.destinations.job_client_impl import SqlJobClientBase
    from dlt.destinations.sql_client import SqlClientBase

Condition: TypeAlias = tuple[str, tuple[object, ...]]


class Rows:
    """A root table and the tables nested in it, as the destination has them, and the SQL over them."""

    def __init__(self, client: SqlJobClientBase, name: str, ids: Sequence[str]) -> None:
        self._client = client
        self._schema = client.schema
        self._ids = list(ids)
        self.name = name
        known = name in self._schema.tables
        chain = [str(one["name"]) for one in get_nested_tables(self._schema.tables, name)] if known else []
        stored = dict(client.get_storage_tables(chain)) if chain else {}
        self.columns = frozenset(stored.get(name) or ())
        self._nested = [one for one in chain[1:] if stored.get(one) and self._parent_key(one)]

    @property
    def sql(self) -> SqlClientBase[Any]:
        """The connection."""
        return self._client.sql_client

    def column(self, name: str) -> str:
        """A name of the config as a quoted column."""
        return self.sql.escape_column_name(self._schema.naming.normalize_identifier(name))

    def has(self, name: str) -> bool:
        """Whether the destination's table has the column, in whatever case it keeps names."""
        wanted = self._schema.naming.normalize_identifier(name)
        return self.sql.escape_column_name(wanted, quote=False) in self.columns or wanted in self.columns

    def kind(self, name: str) -> str:
        """The type of a column, if all its values are of that type; else ""."""
        return self.type_of(self.named(name))

    def named(self, name: str) -> str:
        """A name of the config as dlt's."""
        return self._schema.naming.normalize_identifier(name)

    def type_of(self, column: str) -> str:
        """As `kind`, of a column by dlt's name."""
        columns = self._schema.get_table_columns(self.name)
        variants = any(one.get("variant") and key.startswith(column) for key, one in columns.items())
        return "" if variants else str(columns.get(column, {}).get("data_type", ""))

    def counted(self, condition: str, values: Sequence[object]) -> tuple[int, int]:
        """Rows that meet the condition, and those of them that this run has read."""
        seen, ids = self._read()
        counts = f"SELECT COUNT(*), SUM(CASE WHEN {seen} THEN 1 ELSE 0 END) FROM {self._at(self.name)}"  # noqa: S608  # names are dlt's, quoted
        query = f"{counts} WHERE {condition}"
        rows = self.sql.execute_sql(query, *ids, *values)
        assert rows is not None
        return int(rows[0][0]), int(rows[0][1] or 0)

    def values(
        self, columns: Sequence[str], condition: str, values: Sequence[object]
    ) -> list[tuple[object, ...]]:
        """What the rows that meet the condition hold in some columns, by dlt's names."""
        picked = ", ".join(map(self.sql.escape_column_name, columns))
        query = f"SELECT {picked} FROM {self._at(self.name)} WHERE {condition}"  # noqa: S608  # as above
        return [tuple(row) for row in self.sql.execute_sql(query, *values) or ()]

    @property
    def key(self) -> list[str]:
        """The columns of the primary key."""
        return get_columns_names_with_prop(self._schema.tables[self.name], "primary_key")

    def ours(self) -> Condition:
        """The rows that loads of this schema have brought."""
        return f"{self._load_id} IN ({self._loads('=')})", (self._schema.name,)

    def of_others(self) -> Condition:
        """The rows that loads of other schemas have brought."""
        known = f"{self._load_id} IS NOT NULL"
        return f"{known} AND {self._load_id} IN ({self._loads('<>')})", (self._schema.name,)

    def unread(self) -> Condition:
        """The rows that this run has not read."""
        seen, ids = self._read()
        return f"NOT ({seen})", ids

    def delete(self, condition: str, values: Sequence[object]) -> None:
        """Delete rows and all that is nested in them."""
        for name in reversed(self._nested):
            nested = f"DELETE FROM {self._at(name)} WHERE {self._below(name, condition)}"  # noqa: S608  # as above
            self.sql.execute_sql(nested, *values)
        self.sql.execute_sql(f"DELETE FROM {self._at(self.name)} WHERE {condition}", *values)  # noqa: S608  # as above

    def mark(self, column: str, condition: str, values: Sequence[object]) -> None:
        """Write the time into a column."""
        update = f"UPDATE {self._at(self.name)} SET {self.column(column)} = %s WHERE {condition}"  # noqa: S608  # as above
        self.sql.execute_sql(update, datetime.now(UTC), *values)

    def transaction(self) -> AbstractContextManager[Any]:
        """All or nothing, where the destination can do that."""
        can = self.sql.capabilities.supports_transactions
        return self.sql.begin_transaction() if can else nullcontext()

    @property
    def _load_id(self) -> str:
        return self.column("_dlt_load_id")

    def _loads(self, sign: str) -> str:
        names = self._schema.naming.normalize_identifier
        load_id, schema = (self.sql.escape_column_name(names(one)) for one in ("load_id", "schema_name"))
        return f"SELECT {load_id} FROM {self._at(self._schema.loads_table_name)} WHERE {schema} {sign} %s"  # noqa: S608  # as above

    def _read(self) -> Condition:
        if not self._ids:  # nothing came, so dlt has loaded nothing
            return "1 = 0", ()
        return f"{self._load_id} IN ({marks(self._ids)})", tuple(self._ids)

    def _at(self, table: str) -> str:
        return self.sql.make_qualified_table_name(table)

    def _parent_key(self, table: str) -> str | None:
        return get_first_column_name_with_prop(self._schema.tables[table], "parent_key")

    def _below(self, table: str, condition: str) -> str:
        """The rows of a nested table that hang on root rows which meet the condition."""
        above = str(self._schema.tables[table]["parent"])
        key = self._parent_key(table)
        row = get_first_column_name_with_prop(self._schema.tables[above], "row_key")
        assert key is not None
        assert row is not None
        where = condition if above == self.name else self._below(above, condition)
        quoted = self.sql.escape_column_name
        return f"{quoted(key)} IN (SELECT {quoted(row)} FROM {self._at(above)} WHERE {where})"  # noqa: S608  # as above


def marks(values: Sequence[object]) -> str:
    """As many placeholders as there are values."""
    return ", ".join(["%s"] * len(values))
