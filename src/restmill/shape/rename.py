"""Renaming: vendor field names become neutral ones before anything else sees the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json


def rename(record: Json, names: Mapping[str, str]) -> Json:
    """A copy of `record` whose fields at dotted paths stand at the top under their neutral names.

    `{"user.id": "customer_id"}` moves `{"user": {"id": 7}}` to `{"customer_id": 7}`; an object left empty
    goes, an absent field stays absent, and a record that is no object is returned as it is.

    No value is lost: a field that already has such a name gives way as `original_<name>`, and of two paths
    with the same name only the first that is there moves.
    """
    if not isinstance(record, dict):
        return record
    rest = dict(record)
    moved: dict[str, Json] = {}
    for path, name in names.items():
        if name in moved:
            continue
        found, rest = _taken(rest, path.split("."))
        if found:
            moved[name] = found[0]
    for name in [name for name in moved if name in rest]:
        rest[_free(name, {*rest, *moved})] = rest.pop(name)
    return {**rest, **moved}


def include(record: Json, fields: Mapping[str, Json]) -> list[str]:
    """Put a parent's fields into a record; one that is no object stays as it is.

    No value is lost: a field that already has such a name gives way as `original_<name>`.

    Returns:
        The names of fields that gave way.
    """
    if not isinstance(record, dict):
        return []
    own = [name for name in fields if name in record]
    for name in own:
        record[_free(name, {*record, *fields})] = record.pop(name)
    record.update(fields)
    return own


def _free(name: str, used: set[str]) -> str:
    while name in used:
        name = f"original_{name}"
    return name


def _taken(record: dict[str, Json], keys: list[str]) -> tuple[list[Json], dict[str, Json]]:
    """The value at `keys` (none or one), and the record without it; objects on the way are copied."""
    head, *rest = keys
    if head not in record:
        return [], record
    if not rest:
        return [record[head]], {key: value for key, value in record.items() if key != head}
    inner = record[head]
    if not isinstance(inner, dict):
        return [], record
    found, without = _taken(inner, rest)
    if not found:
        return [], record
    return found, {**record, head: without} if without else {k: v for k, v in record.items() if k != head}
