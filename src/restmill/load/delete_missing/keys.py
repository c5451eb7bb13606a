"""Keys: what names a row, as a record of the API has it and as the destination has it, made comparable.

Values go through dlt's own coercion into the column's type, from both sides. What no such way makes equal for
sure (fractions, whose digits a destination may cut, and values that fit no column) is refused rather than
taken for another key: then nothing is known, and rows stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from dlt.common.data_types import coerce_value, py_type_to_sc_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dlt.common.normalizers.naming import NamingConvention

    from restmill.load.destination.rows import Rows
    from restmill.path import Json

Key: TypeAlias = tuple[object, ...]

_SURE = frozenset({"bigint", "text", "date", "timestamp"})


class Incomparable(Exception):  # noqa: N818  # read as a sentence: "raise Incomparable"
    """A key cannot be compared for sure; the text says why."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a key, by dlt's names, with their types."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]

    def key(self, values: Sequence[object]) -> Key:
        """The values of these columns, from either side, as one key.

        Raises:
            Incomparable: a value is missing, or is none of its column.
        """
        return tuple(map(_as, self.names, self.kinds, values))


def columns_of(table: Rows, names: Sequence[str]) -> Columns:
    """Some columns of a table, by dlt's names.

    Raises:
        Incomparable: one is missing, or of a type whose values are not the same on both sides for sure.
    """
    kinds = []
    for name in names:
        kind = table.type_of(name)
        if kind not in _SURE:
            what = f"is of the type `{kind}`" if kind else "is missing, or has values of several types"
            raise Incomparable(f"the column `{name}` {what}, and cannot be compared with the API's values")
        kinds.append(kind)
    return Columns(tuple(names), tuple(kinds))


def _as(name: str, kind: str, value: object) -> object:
    if value is None or isinstance(value, bool | float | dict | list):
        raise Incomparable(f"`{name}` is not the same for the API and the table in every record")
    try:
        found = coerce_value(cast("Any", kind), py_type_to_sc_type(type(value)), value)
    except (ValueError, TypeError) as error:
        raise Incomparable(f"a record's `{name}` is none of the type `{kind}`") from error
    if isinstance(found, datetime):  # a destination may cut or round what is below a second
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return int(aware.timestamp())
    return found.replace("\0", "") if isinstance(found, str) else found  # not every database holds a NUL


def finder(names: Sequence[str], naming: NamingConvention) -> Callable[[Json], list[Json]]:
    """What finds the values of columns in a record that dlt has not seen; None where a field is missing."""
    normalized = cache(naming.normalize_identifier)

    def found(record: Json, name: str) -> Json:
        for field, value in record.items() if isinstance(record, Mapping) else ():
            own = normalized(field) if isinstance(field, str) and field.strip() else ""
            if own == name:
                return value
            below = f"{own}{naming.PATH_SEPARATOR}"
            inner = found(value, name[len(below) :]) if own and name.startswith(below) else None
            if inner is not None:
                return inner
        return None

    return lambda record: [found(record, name) for name in names]
