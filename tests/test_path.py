"""JSON paths: what jsonpath-ng means, only faster where they are plain."""

from __future__ import annotations

import pickle

import jsonpath_ng.ext.parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.path import Json, Path, parses, set_at

keys = st.sampled_from(["a", "b", "c_1", "_d", "A"])
leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=3)
)
documents = st.recursive(
    leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3))
)
steps = st.one_of(keys, st.sampled_from(["*", "[*]", "[0]", "[-1]", "'a'", '"b"', "[0:2]"]))


def text_of(parts: list[str]) -> str:
    text = "$"
    for part in parts:
        text += part if part.startswith("[") else f".{part}"
    return text


texts = st.one_of(
    st.lists(steps, max_size=4).map(text_of),
    st.lists(keys, min_size=1, max_size=4).map(".".join),
    st.sampled_from(["$", "$..a", "$.a..b", "a[?(@.b > 0)]", "$.a.`len`", "$.*"]),
)


@given(texts, documents)
def test_a_path_finds_what_jsonpath_ng_finds(text: str, document: Json) -> None:
    theirs = [match.value for match in jsonpath_ng.ext.parser.parse(text).find(document)]
    assert Path(text).find(document) == theirs
    assert Path(text).first(document) == (theirs[0] if theirs else None)


@pytest.mark.parametrize("text", ["a", "$.a.b", "a.b[0]", "$"])
def test_a_path_is_a_value(text: str) -> None:
    path = Path(text)
    assert path == Path(text)
    assert hash(path) == hash(Path(text))
    assert str(path) == text
    copy = pickle.loads(pickle.dumps(path))  # noqa: S301  # our own bytes
    assert copy == path
    assert copy.find({"a": {"b": [1]}}) == path.find({"a": {"b": [1]}})


@pytest.mark.parametrize(
    ("text", "good"), [("a.b", True), ("$.x[*]", True), ("a[", False), ("", False), ("a..", False)]
)
def test_bad_paths_are_known_before_they_are_used(text: str, good: bool) -> None:
    assert parses(text) is good


def reference(document: Json, dotted: str, value: Json) -> Json:
    *above, last = dotted.split(".")
    for key in above:
        if not isinstance(document.get(key), dict):
            document[key] = {}
        document = document[key]
    document[last] = value


@given(st.dictionaries(keys, documents, max_size=3), st.lists(keys, min_size=1, max_size=3), st.integers())
def test_set_at_sets_one_place_in_a_copy(document: dict[str, Json], above: list[str], value: int) -> None:
    before, expected = pickle.dumps(document), pickle.loads(pickle.dumps(document))  # noqa: S301  # our own bytes
    reference(expected, ".".join(above), value)
    assert set_at(document, ".".join(above), value) == expected
    assert pickle.dumps(document) == before


def test_an_expression_may_be_deeper_than_calls_go() -> None:
    assert not Path("$" + "..*" * 2000).by_place
    assert Path("a" + ".b[*]" * 300 + ".c[1:]").by_place
