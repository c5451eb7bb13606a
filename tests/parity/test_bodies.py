"""Bodies: the same config puts the same bytes on the wire as under dlt, in a resource and in a child."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.parity.scripts import script

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.parity.case import Config
    from tests.parity.scripts import Answer, Asked

ID = "{resources.parents.id}"
BODIES: dict[str, dict[str, Any]] = {
    "pairs in a list": {"data": [("a", "1"), ("b", "x y"), ("a", "2")]},
    "pairs in a tuple": {"data": (("a", "1"), ("a", 2))},
    "pairs as lists": {"data": [["a", "1"], ["a", "2"]]},
    "braces in pairs": {"data": [("esc", "{{lit}}"), ("{{k}}", "v")]},
    "a pair with None": {"data": [("a", None), ("b", 1)]},
    "a pair with a list": {"data": [("a", ["x", "y", None])]},
    "letters beyond ASCII": {"data": [("ä", "ö ü&=")]},
    "a form": {"data": {"a": "1", "b": "x y"}},
    "a form with None": {"data": {"a": None, "b": 1}},
    "a form of None only": {"data": {"a": None}},
    "a form with lists": {"data": {"a": ["x", None, "y"], "b": ("1", "2"), "c": []}},
    "numbers and booleans": {"data": {"a": 1, "b": 2.5, "c": True}},
    "text": {"data": "a=1&b=ä"},
    "bytes": {"data": b"\x00\xff"},
    "an empty form": {"data": {}},
    "no pairs": {"data": []},
    "empty text": {"data": ""},
    "a type of one's own": {"data": {"a": 1}, "headers": {"content-type": "text/x-form"}},
    "JSON": {"json": {"a": 1, "b": [True, None, "ä"], "c": {"d": 1.5}}},
    "JSON of a type of one's own": {"json": {"a": 1}, "headers": {"Content-Type": "application/vnd.x+json"}},
    "empty JSON": {"json": {}},
    "empty JSON beside a form": {"json": {}, "data": {"a": "1"}},
    "JSON beside an empty form": {"json": {"a": 1}, "data": {}},
}
CHILD_BODIES: dict[str, dict[str, Any]] = {
    "pairs": {"data": [("p", ID), ("p", f"{ID}_2"), ("esc", "{{lit}}")]},
    "pairs in a tuple": {"data": (("p", ID), ("p", "x"))},
    "a name that is bound": {"data": [(f"p{ID}", "x")]},
    "a form": {"data": {"p": ID, f"k{ID}": [ID, "x"], "none": None}},
    "text": {"data": f"id={ID}"},
    "JSON": {"json": {"p": ID, "q": f"x{ID}", "r": [{"s": ID}]}},
}


def _rows(_: Asked) -> Answer:
    return 200, {}, [{"id": 1}, {"id": 2}]


def _posting(body: dict[str, Any], child: dict[str, Any] | None = None) -> Callable[[str], Config]:
    def endpoint(path: str, more: dict[str, Any]) -> dict[str, Any]:
        return {"path": path, "method": "POST", "paginator": "single_page", **more}

    resources = [{"name": "parents", "endpoint": endpoint("parents", body)}]
    if child is not None:
        resources.append({"name": "kids", "endpoint": endpoint("kids", child)})
    return lambda url: {"client": {"base_url": url}, "resources": resources}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_the_same_to_the_byte(name: str) -> None:
    dlts, ours = (script(engine, _rows, _posting(BODIES[name])) for engine in ("dlt", "restmill"))
    assert (ours.bodies, ours.error) == (dlts.bodies, dlts.error)


@pytest.mark.parametrize("name", CHILD_BODIES)
def test_a_childs_body_is_the_same_to_the_byte(name: str) -> None:
    config = _posting({}, CHILD_BODIES[name])
    dlts, ours = (script(engine, _rows, config) for engine in ("dlt", "restmill"))
    assert (ours.bodies, ours.error) == (dlts.bodies, None)


@pytest.mark.parametrize("body", [[1, 2], [("a", 1, 2)], 5], ids=repr)
def test_what_is_no_form_is_a_mistake_of_the_same_kind(body: object) -> None:
    for engine in ("dlt", "restmill"):
        found = script(engine, _rows, _posting({"data": body}))
        assert any(isinstance(one, ValueError | TypeError) for one in found.chain)
        assert found.asked == []


def test_json_and_data_fail_when_that_resource_is_read_and_not_before() -> None:
    def config(url: str) -> Config:
        posts = {"path": "posts", "method": "POST", "json": {"a": 1}, "data": {"b": 1}}
        return {"client": {"base_url": url}, "resources": ["others", {"name": "posts", "endpoint": posts}]}

    for engine in ("dlt", "restmill"):
        others = script(engine, _rows, config, lambda source: source.with_resources("others"))
        assert others.records == [{"id": 1}, {"id": 2}]
        both = script(engine, _rows, config)
        assert any(isinstance(one, ValueError) for one in both.chain)
        assert [one.path for one in both.asked if one.path != "/others"] == []
