"""Columns of Python values become Arrow arrays of the type that the schema has for them.

Where every value of a column is of the type's own kind this is one call into Arrow. ISO timestamps are read
by Arrow when all of them have the plain form; everything else goes value by value through dlt's coercion, and
what that refuses is left over for a variant column.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from restmill.shape.flatten import Cells
from restmill.shape.schema_view import Unsure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restmill.path import Json
    from restmill.shape.schema_view import Column, Rules

EXACT = 2**53
"""A double holds each integer up to this one, and not each beyond."""
_OWN: Mapping[str, type] = {"text": str, "bigint": int, "double": float, "bool": bool}
"""What a value of the type is in Python; nothing is coerced then."""
UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError)
"""What Arrow raises for values that an array cannot hold."""
_UTC = pa.timestamp("us", "UTC")
_ISO = r"^[12]\d{3}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?"
_ZONED = _ISO + r"(Z|[+-](0\d|1[0-4]):[0-5]\d)$"
_NAIVE = _ISO + "$"
# dlt marks its own types in text by a first character from U+F026 on; these two bytes begin all of them.
_MARK = b"\xef\x80"


@dataclass(frozen=True, slots=True)
class Fitted:
    """An array of the column's type, and by variant column the cells that did not fit (None elsewhere)."""

    array: pa.Array
    variants: Mapping[str, Cells]


def fit(column: Column, cells: Cells, rules: Rules) -> Fitted:
    """The cells as an Arrow array.

    Raises:
        Unsure: a value that dlt reads in a way of its own, or that Arrow cannot hold.
    """
    array = _whole(column, cells, rules)
    if array is not None:
        return Fitted(array, {})
    return _one_by_one(column, cells, rules)


def _whole(column: Column, cells: Cells, rules: Rules) -> pa.Array | None:
    """The array if the values allow to make it in one go."""
    types = cells.types
    if not types:
        return pa.nulls(len(cells.values), column.type)
    if types == {_OWN.get(column.data_type)}:
        return _own(column, cells.values)
    if column.data_type == "double" and types <= {int, float}:
        return _doubles(column, cells.values)
    if column.data_type == "timestamp" and types == {str}:
        return as_column(_array(cells.values, pa.string()), column)
    if column.data_type == "json" and types <= {dict, list} and pa.types.is_string(column.type):
        return _marked(
            pa.array([None if value is None else rules.encode(value) for value in cells.values], column.type)
        )
    return None


def _own(column: Column, values: Sequence[Json]) -> pa.Array:
    array = as_column(_array(values, column.type), column)
    assert array is not None
    return array


def _doubles(column: Column, values: Sequence[Json]) -> pa.Array | None:
    """The array; None where an integer is none that a double holds: what becomes of that is dlt's to say."""
    try:
        return as_column(pa.array(values, column.type), column)
    except UNFIT:
        return None


def as_column(array: pa.Array, column: Column) -> pa.Array | None:
    """An array of plain values as the column's; None where texts are not all times of one plain form.

    Raises:
        Unsure: a value that dlt reads in a way of its own.
    """
    if pa.types.is_string(array.type):
        array = _marked(array)
        return array if column.data_type == "text" else _timestamps(array, column)
    if pa.types.is_floating(array.type) and not pc.all(pc.is_finite(array), min_count=0).as_py():
        raise Unsure("a number is not finite")
    return array


def _timestamps(texts: pa.Array, column: Column) -> pa.Array | None:
    if column.type != _UTC:
        return None
    if not _all_match(texts, _ZONED):
        if not _all_match(texts, _NAIVE):
            return None
        texts = pc.binary_join_element_wise(texts, "Z", "")  # a time without a zone is UTC
    try:
        return texts.cast(_UTC)
    except pa.ArrowInvalid:  # the form of a date, but none
        return None


def _all_match(texts: pa.Array, pattern: str) -> bool:
    matched = pc.all(pc.match_substring_regex(texts, pattern), min_count=0)
    return bool(matched.as_py())


def _one_by_one(column: Column, cells: Cells, rules: Rules) -> Fitted:
    """Each value coerced on its own; equal values once."""
    if dict in cells.types or list in cells.types:
        raise Unsure(f"`{column.name}` holds objects beside other values")
    known: dict[tuple[type, str], Json] = {}  # by repr: -0.0 equals 0.0 and is another text
    refused: dict[str, list[Json]] = {}
    fitted: list[Json] = []
    for number, value in enumerate(cells.values):
        key = (type(value), repr(value))
        if key not in known:
            known[key] = None if value is None else _coerced(column, value, rules)
        result = known[key]
        if isinstance(result, ValueError):
            name = rules.variant(column.name, value)
            refused.setdefault(name, [None] * len(cells.values))[number] = value
            result = None
        fitted.append(result)
    variants = {
        name: Cells(values, {type(value) for value in values if value is not None})
        for name, values in refused.items()
    }
    return Fitted(_array(fitted, column.type), variants)


def _coerced(column: Column, value: Json, rules: Rules) -> Json:
    if isinstance(value, str) and value[:1].encode("utf-8", "replace")[:2] == _MARK:
        raise Unsure("a text begins with a character that dlt gives a meaning to")
    if isinstance(value, float) and not isfinite(value):
        raise Unsure("a number is not finite")
    try:
        return rules.coerce(column, value)
    except ValueError as refusal:
        return refusal


def _array(values: Sequence[Json], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, kind)
    except UNFIT as error:
        raise Unsure("a value is beyond what its column can hold") from error


def _marked(array: pa.Array) -> pa.Array:
    """The array of texts itself, once it is sure that none could carry one of dlt's marks."""
    content = array.buffers()[2]
    if content is not None and _MARK in content.to_pybytes():
        raise Unsure("a text holds a character that dlt gives a meaning to")
    return array
