"""Incremental loading: dlt keeps the cursor between runs; here its values go into the request.

The rules are those of dlt's `rest_api`: `start_param` carries the last value, `end_param` the end value, both
after `convert`; `{incremental.start_value}` and its kin are placeholders anywhere in the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlt.extract import Incremental

from restmill.load.extract.watermark import watermark
from restmill.run.read.spec import UNBOUND, Bound

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from restmill.plan.spec import Cursor

_VALUES = ("initial_value", "start_value", "last_value", "end_value")


def incremental_of(cursor: Cursor) -> Incremental[Any]:
    """Dlt's `Incremental` for a planned cursor, or a copy of the user's own object."""
    if "incremental" in cursor.arguments:
        own = cursor.arguments["incremental"]
        assert isinstance(own, Incremental)
        return watermark(own.copy())
    return watermark(Incremental(**cursor.arguments))


def bound_by(cursor: Cursor | None, incremental: Incremental[Any] | None) -> Bound:
    """Placeholder values and parameters that the cursor adds to a request of this run."""
    if cursor is None or incremental is None:
        return UNBOUND
    convert = cursor.convert or _unchanged
    values: dict[str, Json] = {"incremental": incremental}
    if cursor.convert is not None:
        for name in _VALUES:
            value = getattr(incremental, name)
            values[f"incremental.{name}"] = None if value is None else convert(value)
    params: dict[str, Json] = {}
    if cursor.start_param:
        params[cursor.start_param] = _converted(convert, incremental.last_value)
    if cursor.end_param:
        params[cursor.end_param] = _converted(convert, incremental.end_value)
    return Bound(values, params)


def _unchanged(value: Json) -> Json:
    return value


def _converted(convert: Callable[[Any], Any], value: Json) -> Json:
    return convert(value)
