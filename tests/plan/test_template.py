"""Templates are `str.format` texts: the same text as dlt's for the same values, and a path stays a path."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from dlt.sources.rest_api.config_setup import expand_placeholders
from hypothesis import given
from hypothesis import strategies as st

from restmill.plan.template import (
    Placeholder,
    Template,
    escape,
    look_up,
    names_in,
    parse_tree,
    render_tree,
    written_in,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json

NAMES = [
    "resources.users.id",
    "resources.users.address.city",
    "resources.a.items[0].id",
    "id",
    "incremental.start_value",
]
SCALARS = st.none() | st.integers() | st.text(max_size=6)  # booleans are written otherwise: see below
VALUES = st.fixed_dictionaries(dict.fromkeys(NAMES, SCALARS))

literals = st.text(alphabet="ab/?{}%é 1", min_size=1, max_size=6)
holders = st.builds(Placeholder, st.sampled_from(NAMES), st.sampled_from(["", "s", "r", "a"]))
parts = st.lists(literals | holders, max_size=5).map(
    lambda found: tuple(
        p for i, p in enumerate(found) if not (i and isinstance(p, str) and isinstance(found[i - 1], str))
    )
)
templates = st.builds(Template, parts)
strings = templates.map(str)
trees: st.SearchStrategy[Json] = st.recursive(
    strings | st.none() | st.integers() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(strings, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(templates)
def test_a_template_written_and_parsed_is_itself(template: Template) -> None:
    assert Template.parse(str(template)) == template


@given(st.text())
def test_escaped_text_is_a_template_of_itself(text: str) -> None:
    assert Template.parse(escape(text)).render({}) == text
    assert parse_tree(escape(text)) == text


@given(strings, VALUES)
def test_text_is_dlts(text: str, values: Mapping[str, Json]) -> None:
    assert Template.parse(text).render(values) == expand_placeholders(text, dict(values))


@given(trees, VALUES, st.booleans())
def test_trees_are_dlts(tree: Json, values: Mapping[str, Json], keep_type: bool) -> None:
    ours = render_tree(parse_tree(tree), values, keep_type=keep_type)
    theirs = expand_placeholders(tree, dict(values), preserve_value_type=keep_type)
    assert ours == theirs
    assert repr(ours) == repr(theirs)  # True is not 1


@given(trees)
def test_parsing_leaves_the_tree_alone_and_finds_each_name(tree: Json) -> None:
    before = repr(tree)
    found = names_in(parse_tree(tree))
    assert repr(tree) == before
    assert found == {name for name in NAMES if f"{{{name}" in before.replace("{{", "")}


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("{n:05d}", {"n": 42}, "00042"),
        ("{n!r:>5}", {"n": "a"}, "  'a'"),
        ("{n:>{width}}", {"n": "a", "width": 3}, "  a"),
        ("{n:>{width:d}}", {"n": "a", "width": 3}, "  a"),
        ("{when:%Y-%m-%d}", {"when": datetime(2024, 5, 6, tzinfo=UTC)}, "2024-05-06"),
        ("{when.year}", {"when": datetime(2024, 5, 6, tzinfo=UTC)}, "2024"),
        ("{row[a]}", {"row": {"a": 7}}, "7"),
        ("{{{n}}}", {"n": 1}, "{1}"),
        ("", {}, ""),
    ],
)
def test_format_specs_and_conversions(text: str, values: dict[str, Json], expected: str) -> None:
    template = Template.parse(text)
    assert template.render(values) == expected == expand_placeholders(text, values)
    assert Template.parse(str(template)) == template
    assert pickle.loads(pickle.dumps(template)) == template  # noqa: S301  # our own bytes


@pytest.mark.parametrize(
    ("text", "written"),
    [("{yes}", "true"), ("a/{no}", "a/false"), ("{yes!s}", "True"), ("{yes!r}", "True"), ("{yes:d}", "1")],
)
def test_booleans_are_written_as_json_writes_them(text: str, written: str) -> None:
    """Unless a conversion or a format asks for something else."""
    values = {"yes": True, "no": False}
    assert Template.parse(text).render(values) == Template.parse(text).render_path(values) == written
    assert render_tree(parse_tree({"a": [text]}), values) == {"a": [written]}


def test_a_lone_boolean_in_a_json_body_stays_one() -> None:
    assert render_tree(parse_tree({"a": "{yes}", "b": "x{yes}"}), {"yes": True}, keep_type=True) == {
        "a": True,
        "b": "xtrue",
    }


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        ("{a}", set()),
        ("x{a}", {"a"}),
        ("{a!s}", {"a"}),
        ({"k": "{a}", "l": ["{b}", "{c}!"]}, {"c"}),
        ({"{a}": 1}, {"a"}),
        ({"k": "{a}", "l": "x{a}"}, {"a"}),
        ([], set()),
        (7, set()),
    ],
)
def test_names_whose_value_becomes_text(tree: Json, names: set[str]) -> None:
    assert written_in(parse_tree(tree)) == names


def test_names_include_those_of_a_spec() -> None:
    assert Template.parse("{a:>{b}}{c}").names == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "single"),
    [
        ("{a}", "a"),
        ("{a:}", "a"),
        ("x{a}", None),
        ("{a}{b}", None),
        ("{a!s}", None),
        ("{a:d}", None),
        ("a", None),
    ],
)
def test_only_a_bare_placeholder_keeps_its_type(text: str, single: str | None) -> None:
    assert Template.parse(text).single == single


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Single '{'"),
        ("a}", "Single '}'"),
        ("{}", "needs a name"),
        ("{!r}", "needs a name"),
        ("{a!x}", "conversion other than"),
        ("{a:{b:{c}}}", "nested too deep"),
    ],
)
def test_a_malformed_template_is_refused_when_parsed(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Template.parse(text)


@pytest.mark.parametrize("name", ["b", "a.nope", "a[0]", "a.__class__", "a.real.__class__", "a..", "a["])
def test_a_value_that_is_not_there_is_a_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        look_up(name, {"a": 1})


def test_the_longest_known_name_wins() -> None:
    assert look_up("a.real.imag", {"a": 1, "a.real": 1j}) == 1.0


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("users/{v}/posts", 7, "users/7/posts"),
        ("users/{v}", "a b?c#d%é", "users/a%20b%3Fc%23d%25%C3%A9"),
        ("repos/{v}/issues", "owner/repo", "repos/owner/repo/issues"),
        ("x/{v}", "a:b@c", "x/a:b@c"),
        ("x?q={v}", "a&b=c/d+", "x?q=a%26b%3Dc%2Fd%2B"),
        ("{v}", "https://other.example/x?y=1", "https://other.example/x?y=1"),
        ("{v}/rest", "/v2/x?y", "/v2/x?y/rest"),
        ("{v}/rest", "a?b", "a%3Fb/rest"),
        ("a/{v}", "https://other.example/x?y", "a/https://other.example/x%3Fy"),
        ("{{{v}}}", "x", "{x}"),
    ],
)
def test_a_value_in_a_path_stays_in_its_place(text: str, value: Json, expected: str) -> None:
    assert Template.parse(text).render_path({"v": value}) == expected


@pytest.mark.parametrize("value", [".", "..", "../admin", "a/../../b", "a/."])
def test_a_value_may_not_climb_out_of_a_path(value: str) -> None:
    with pytest.raises(ValueError, match=r"the value of \{v\} holds the path segment") as caught:
        Template.parse("users/{v}").render_path({"v": value})
    assert "admin" not in str(caught.value)


@given(st.text().filter(lambda text: {".", ".."}.isdisjoint(text.split("/"))))
def test_any_value_can_stand_in_a_path_and_be_read_back(value: str) -> None:
    parts = urlsplit("http://h/" + Template.parse("a/{v}").render_path({"v": value}))
    assert unquote(parts.path) == f"/a/{value}"
    assert not parts.query
    assert not parts.fragment


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("groups/{v}/members", "a/b", ["v"]),
        ("groups/{v}", "Q1/2024", ["v"]),
        ("groups/{v}/members", "a/", ["v"]),
        ("groups/{v}/members", "a", []),
        ("groups/{v}/members", 7, []),
        ("{v}/members", "/groups/a", []),
        ("groups?name={v}", "a/b", []),
        ("groups/{v}/x/{v}", "a/b", ["v", "v"]),
    ],
)
def test_values_that_divide_a_path(text: str, value: Json, found: list[str]) -> None:
    assert list(Template.parse(text).divided({"v": value})) == found


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("sites/{id!u}/meters", "sites/A%2FB%201/meters"),
        ("sites/{id}/meters", "sites/A/B%201/meters"),
        ("{slashed!u}", "%2Fx"),
        ("{slashed}", "/x"),
        ("sites?id={id!u}", "sites?id=A%2FB%201"),
    ],
)
def test_u_makes_one_segment_of_a_value(text: str, path: str) -> None:
    template, values = Template.parse(text), {"id": "A/B 1", "slashed": "/x"}
    assert template.render_path(values) == path
    assert str(template) == text
    assert list(template.divided(values)) == (["id"] if text == "sites/{id}/meters" else [])


def test_u_keeps_a_value_from_being_a_step_up() -> None:
    assert Template.parse("a/{id!u}").render_path({"id": "../b"}) == "a/..%2Fb"
    with pytest.raises(ValueError, match="holds the path segment"):
        Template.parse("a/{id!u}").render_path({"id": ".."})
    assert Template.parse("{id!u}").render({"id": "a/b"}) == "a/b"


@pytest.mark.parametrize("text", ["{x:>999999999999}", "{x:>3000000000}", "{x:.99999f}", "{x:{width}}"])
def test_a_format_that_pads_without_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more than 9,999 characters"):
        Template.parse(text).render({"x": 1, "width": 10**9})
    assert len(Template.parse("{x:>9999}").render({"x": 1})) == 9999
