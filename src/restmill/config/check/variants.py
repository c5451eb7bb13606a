"""Tags: which variant of a tagged mapping is meant, or why that cannot be said.

A missing `type` means `auto` for a paginator and `bearer` for auth (dlt's rule). When the other keys belong
to another variant, the type was forgotten; when a key looks like `type`, it was misspelt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.config.check.suggest import nearest
from restmill.config.model.kinds import Tagged, keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why no variant is meant: the key to blame ("" for the whole mapping), what is wrong, a hint."""

    key: str
    what: str
    hint: str


def tag_of(kind: Tagged, body: Mapping[object, Json], custom: frozenset[str]) -> str | Misfit:
    """The variant that `body` means; `custom` are further types that may be named."""
    tag = body.get("type")
    if tag is None:
        return _untagged(kind, [key for key in body if isinstance(key, str) and key != "type"])
    types = {*kind.variants, *custom}
    if isinstance(tag, str) and tag in types:
        return str(tag)
    near = nearest(tag, types) if isinstance(tag, str) else ""
    return Misfit(
        "type",
        f"there is no such type of {kind.what}",
        f"Did you mean '{near}'?" if near else f"One of {', '.join(sorted(types))}.",
    )


def _untagged(kind: Tagged, keys: list[str]) -> str | Misfit:
    known = {key for cls in kind.variants.values() for key in keys_of(cls)}
    for key in keys:
        if key not in known and nearest(key, {*known, "type"}) == "type":
            return Misfit(key, f"there is no key `{key}` here", "Did you mean 'type'?")
    if not kind.default:
        return Misfit("", "`type` is missing", _candidates(kind, keys))
    usual = keys_of(kind.variants[kind.default])
    foreign = [key for key in keys if key in known and key not in usual]
    if not foreign:
        return kind.default
    what = f"`type` is missing; without it this is `{kind.default}`, which has no key `{foreign[0]}`"
    return Misfit("", what, _candidates(kind, foreign))


def _candidates(kind: Tagged, keys: list[str]) -> str:
    """The types that have all of `keys`, as a hint."""
    fit = [tag for tag, cls in kind.variants.items() if keys and set(keys) <= set(keys_of(cls))]
    return f"Add type: {' or '.join(fit or kind.variants)}."
