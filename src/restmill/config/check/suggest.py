"""Suggestions: which key was meant by an unknown one, or which level it belongs to."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from restmill.config.model.kinds import Block, Keys, Kind, Listing, OneOf, Tagged, keys_of, kind_of
from restmill.config.positions import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restmill.config.positions import Keys as PathKeys

Chain: TypeAlias = "tuple[tuple[type[Block], PathKeys], ...]"
"""The blocks around a place, outermost first, each with its path."""

_SURE = 0.8
_NEAR = 0.6
_DEPTH = 3


def nearest(word: str, known: Iterable[str], cutoff: float = _NEAR) -> str:
    """The known word most like `word`, or ""; one with the same letters first: swapped letters are common."""
    word = word.lower()
    near = get_close_matches(word, list(known), n=3, cutoff=cutoff)
    swapped = [one for one in near if sorted(one) == sorted(word)]
    return next(iter([*swapped, *near]), "")


def meant_key(word: str, known: Iterable[str], chain: Chain) -> tuple[str, str]:
    """The known key that `word` was probably meant to be ("" for none), and the hint that says so.

    A near miss of a key of this block comes first, then a key of another level, then a less near miss.
    """
    known = list(known)
    if sure := nearest(word, known, _SURE):
        return sure, f"Did you mean '{sure}'?"
    if elsewhere := _other_level(word, chain):
        return "", elsewhere
    near = nearest(word, known)
    return near, f"Did you mean '{near}'?" if near else ""


def _other_level(word: str, chain: Chain) -> str:
    if tags := _other_variants(word, chain):
        return f"`{word}` is a key of type {' and '.join(tags)}."
    for outer, keys in reversed(chain[:-1]):
        if word in keys_of(outer):
            return f"`{word}` belongs into `{written(keys)}`." if keys else f"`{word}` belongs at the top."
    for outer, keys in reversed(chain):
        if below := _below(word, outer):
            prefix = f"{written(keys)}." if keys and outer is not chain[-1][0] else ""
            return f"`{word}` belongs into `{prefix}{below}`."
    return ""


def _other_variants(word: str, chain: Chain) -> list[str]:
    """The types beside the one that is meant, of the same paginator or auth, that have the key `word`."""
    around = [kind_of(one) for cls, _ in chain[-2:-1] for one in keys_of(cls).values()]
    tagged = [
        inner for kind in around for inner in tagged_in(kind) if chain[-1][0] in inner.variants.values()
    ]
    return [tag for inner in tagged for tag, cls in inner.variants.items() if word in keys_of(cls)]


def tagged_in(kind: Kind) -> list[Tagged]:
    """The tagged alternatives among the values of this kind."""
    kinds = kind.kinds if isinstance(kind, OneOf) else (kind,)
    return [one for one in kinds if isinstance(one, Tagged)]


def _below(word: str, cls: type[Block]) -> str:
    """The dotted path under `cls` of the nearest block that has the key `word`, or ""."""
    level: list[tuple[str, type[Block]]] = [("", cls)]
    for _ in range(_DEPTH):
        level = [
            (f"{path}.{name}" if path else name, inner)
            for path, outer in level
            for name, one in keys_of(outer).items()
            for inner in blocks_in(kind_of(one))
        ]
        for path, inner in level:
            if word in keys_of(inner):
                return path
    return ""


def blocks_in(kind: Kind) -> Iterator[type[Block]]:
    """The block classes a value of this kind may be, or hold as items; not what free keys lead to."""
    match kind:
        case Keys():
            yield kind.of
        case Tagged():
            yield from kind.variants.values()
        case Listing():
            yield from blocks_in(kind.of)
        case OneOf():
            for one in kind.kinds:
                yield from blocks_in(one)
        case _:
            return
