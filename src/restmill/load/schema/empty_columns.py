"""Columns that never had a value and are kept all the same, with a type that the config gives them.

That they never had one is known only when the last record of the extract step has been seen: until then a
value may come and decide the type, or turn out to be an object or a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.common.schema.utils import is_complete_column, is_nullable_column

from restmill.load.schema.contracts import let_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TTableSchema

    from restmill.load.schema.live import Ground


def keep_empty(
    ground: Ground, seen: Mapping[str, Collection[str]], kind: str
) -> Iterator[tuple[str, list[str]]]:
    """Give a type to columns that never had a value, where the contract lets new ones in.

    Args:
        ground: what knows the schema.
        seen: by table, columns that had no value in some batch.
        kind: dlt's name of the type.

    Returns:
        Each table that has got columns, and these.
    """
    schema = ground.schema
    for name in [name for name in seen if name in schema.tables]:
        table = schema.tables[name]
        new = {
            column: {**table["columns"].get(column, {}), "name": column, "data_type": kind, "nullable": True}
            for column in sorted(seen[name])
            if _has_none_yet(schema, table, column)
        }
        allowed = let_in(schema, name, new)
        if allowed is not None:
            ground.grow(allowed)
            yield name, list(allowed["columns"])


def _has_none_yet(schema: Schema, table: TTableSchema, column: str) -> bool:
    """Whether the field has had no value by now: no type, no columns of an object, no table of a list."""
    known = table["columns"].get(column)
    if known is not None and (is_complete_column(known) or not is_nullable_column(known)):
        return False
    below = f"{column}{schema.naming.PATH_SEPARATOR}"
    lists = schema.naming.shorten_fragments(str(table["name"]), column)
    return lists not in schema.tables and not any(one.startswith(below) for one in table["columns"])
