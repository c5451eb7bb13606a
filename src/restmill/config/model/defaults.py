"""Defaults: a resource as it is read, merged from `resource_defaults` and what it says itself (dlt's rules).

A key that is given replaces the default, also when it is given as None. Only `params`, `json` and `columns`
are merged key by key. The path is never a default: a resource without one has its name for a path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restmill.config.model.kinds import keys_of
from restmill.config.model.resource import Endpoint, Resource, ResourceDefaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.config.model.kinds import Block
    from restmill.path import Json


def merged(defaults: ResourceDefaults, own: Resource) -> Resource:
    """`own` with everything it does not say taken from `defaults`, and with a path."""
    values = _taken(defaults, own, ResourceDefaults)
    values["endpoint"] = _endpoint(defaults.endpoint, own.endpoint, own.name)
    values["columns"] = _columns(defaults.columns, values["columns"])
    return Resource(**values, name=own.name, given=defaults.given | own.given)


def _endpoint(defaults: Endpoint, own: Endpoint, name: str) -> Endpoint:
    values = _taken(defaults, own, Endpoint)
    values["params"] = {**defaults.params, **own.params}
    if defaults.json is not None and own.json is not None:
        values["json"] = {**defaults.json, **own.json}
    written = own.path if "path" in own.given else None
    values["path"] = name if written is None else written
    return Endpoint(**values, given=defaults.given | own.given)


def _taken(defaults: Block, own: Block, cls: type[Block]) -> dict[str, Any]:
    return {name: getattr(own if name in own.given else defaults, name) for name in keys_of(cls)}


def _columns(defaults: Json, own: Json) -> Json:
    """Columns merged hint by hint when both are mappings or lists, else `own` (dlt's `merge_columns`)."""
    if not (defaults and own and isinstance(defaults, dict | list) and isinstance(own, dict | list)):
        return own
    columns = _by_name(defaults)
    for name, column in _by_name(own).items():
        before = columns.get(name, {})
        if column.get("data_type") and not before.get("data_type"):
            columns.pop(name, None)  # a column that becomes complete moves to the end, as in dlt
        columns[name] = {**before, **column}
    return columns


def _by_name(columns: Json) -> dict[str, Mapping[str, Json]]:
    if isinstance(columns, dict):
        return {name: {**column, "name": name} for name, column in columns.items()}
    return {column["name"]: column for column in columns}
