"""Property: a misspelt key, at any level, is one problem that names it, suggests it and shows no value."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.config.model.config import Config
from restmill.config.model.kinds import Block, Keys, Kind, Listing, OneOf, Table, Tagged, keys_of, kind_of
from restmill.config.positions import Keys as PathKeys
from restmill.config.positions import written
from restmill.errors import ConfigError
from tests.config.configs import GOOD

MARKER = "marker-7f3a9c"


def keys_in(kind: Kind, value: Any, path: PathKeys) -> list[tuple[PathKeys, frozenset[str]]]:
    """All keys of `value` that the format knows, each with its siblings that the format knows too."""
    match kind:
        case Keys() if isinstance(value, dict):
            return block_keys(kind.of, value, path)
        case Tagged() if isinstance(value, dict):
            cls = kind.variants[value.get("type") or kind.default]
            own = block_keys(cls, value, path)
            everything = frozenset(key for one in kind.variants.values() for key in keys_of(one)) | {"type"}
            return own + ([((*path, "type"), everything)] if "type" in value else [])
        case Listing() if isinstance(value, list):
            return [found for i, one in enumerate(value) for found in keys_in(kind.of, one, (*path, i))]
        case Table() if isinstance(value, dict):
            return [found for key, one in value.items() for found in keys_in(kind.of, one, (*path, key))]
        case OneOf():
            for one in kind.kinds:
                if found := keys_in(one, value, path):
                    return found
    return []


def block_keys(
    cls: type[Block], value: dict[str, Any], path: PathKeys
) -> list[tuple[PathKeys, frozenset[str]]]:
    known = keys_of(cls)
    found: list[tuple[PathKeys, frozenset[str]]] = []
    for key, one in value.items():
        if key in known:
            found += [((*path, key), frozenset(known)), *keys_in(kind_of(known[key]), one, (*path, key))]
    return found


PLACES = [
    (tree, path, siblings) for tree in GOOD.values() for path, siblings in keys_in(Keys(Config), tree, ())
]


@st.composite
def misspelt(draw: st.DrawFn, word: str) -> str:
    """`word` with one letter dropped, doubled, swapped with the next or added, or in capitals."""
    at = draw(st.integers(0, len(word) - 1))
    match draw(st.sampled_from(["drop", "double", "swap", "shout", "add"])):
        case "drop":
            return word[:at] + word[at + 1 :]
        case "double":
            return word[:at] + word[at] + word[at:]
        case "swap":
            return word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
        case "shout":
            return word.upper()
        case _:
            return word + "x"


@given(data=st.data(), place=st.sampled_from(PLACES))
def test_one_misspelt_key_is_one_problem(
    data: st.DataObject, place: tuple[dict[str, Any], PathKeys, frozenset[str]]
) -> None:
    tree, path, siblings = place
    *above, right = path
    wrong = data.draw(misspelt(str(right)))
    assume(wrong not in siblings)
    changed = deepcopy(tree)
    inner: Any = changed
    for step in above:
        inner = inner[step]
    value = inner.pop(right)
    inner[wrong] = MARKER if not isinstance(value, dict | list) else {MARKER: MARKER}
    try:
        check(changed)
    except ConfigError as error:
        found = error.problems
    else:
        raise AssertionError(f"{wrong} passed for {right}")
    assert len(found) == 1, found
    assert found[0].place.path == written((*above, wrong))
    assert found[0].hint == f"Did you mean '{right}'?"
    assert MARKER not in str(found[0])
    assert MARKER not in repr(found[0])


def test_the_places_cover_every_level() -> None:
    paths = {written(path) for _, path, _ in PLACES}
    assert {
        "client",
        "client.auth.type",
        "resources[0].columns.amount.data_type",
        "resources[0].nested_hints.lines.columns[0].name",
        "resources[0].endpoint.incremental.cursor_path",
        "resources[2].endpoint.params.comment_id.type",
        "resources[2].endpoint.response_actions[0].action",
        "resource_defaults.endpoint.params",
        "pipeline.destination",
    } <= paths
