"""The JSON schema accepts what the check accepts, and marks what it refuses."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from restmill.config.files.load import load
from restmill.config.json_schema import json_schema
from restmill.config.model.resource import Endpoint
from tests.config.configs import FILE, GOOD, with_endpoint, with_resources

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json_schema()

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def is_of(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """Whether `value` is valid: the part of draft 2020-12 that our schema is written in."""
    return all(KEYWORDS[word](value, rule, schema) for word, rule in schema.items())


def properties(value: Any, rule: dict[str, Any], _: dict[str, Any]) -> bool:
    return not isinstance(value, dict) or all(
        fits(one, rule[key]) for key, one in value.items() if key in rule
    )


def additional(value: Any, rule: Any, schema: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    patterns = schema.get("patternProperties", {})
    others = [
        one
        for key, one in value.items()
        if key not in schema.get("properties", {}) and not any(re.search(p, key) for p in patterns)
    ]
    return not others if rule is False else all(fits(one, rule) for one in others)


KEYWORDS: dict[str, Any] = {
    "$ref": lambda value, rule, _: fits(value, SCHEMA["$defs"][rule.removeprefix("#/$defs/")]),
    "anyOf": lambda value, rule, _: any(fits(value, one) for one in rule),
    "type": lambda value, rule, _: any(
        is_of(value, one) for one in ([rule] if isinstance(rule, str) else rule)
    ),
    "enum": lambda value, rule, _: value in rule,
    "const": lambda value, rule, _: value == rule,
    "pattern": lambda value, rule, _: not isinstance(value, str) or bool(re.search(rule, value)),
    "minimum": lambda value, rule, _: not is_of(value, "number") or value >= rule,
    "exclusiveMinimum": lambda value, rule, _: not is_of(value, "number") or value > rule,
    "maximum": lambda value, rule, _: not is_of(value, "number") or value <= rule,
    "items": lambda value, rule, _: not isinstance(value, list) or all(fits(one, rule) for one in value),
    "required": lambda value, rule, _: not isinstance(value, dict) or set(rule) <= value.keys(),
    "properties": properties,
    "additionalProperties": additional,
    "patternProperties": lambda *_: True,
    **dict.fromkeys(("$schema", "$defs", "title", "description"), lambda *_: True),
}


@pytest.mark.parametrize("tree", GOOD.values(), ids=GOOD)
def test_a_good_config_is_valid(tree: dict[str, Any]) -> None:
    assert fits(tree, SCHEMA)


def test_shorthands_and_references_are_valid(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(FILE)
    assert fits(load(tmp_path / "c.yaml").tree, SCHEMA)
    assert fits(with_resources("a", {"name": "b", "endpoint": "v1/b", "delete_missing": "soft"}), SCHEMA)
    assert fits(with_endpoint(paginator=None, auth="bearer", method="get"), SCHEMA)


BAD = [
    {},
    with_resources({"nam": "a"}),
    with_resources({"name": "a", "write_disposition": "mrge"}),
    with_endpoint(paginator={"type": "offset", "limt": 5}),
    with_endpoint(paginator={"type": "offset", "limit": 0}),
    with_endpoint(paginator={"type": "offset", "cursor_path": "x"}),
    with_endpoint(paginator="offse"),
    with_endpoint(auth={"type": "api_key", "tokn": "x"}),
    with_endpoint(response_actions=[{"status_code": 700, "action": "ignore"}]),
    with_endpoint(response_actions=[{"status_code": 404, "action": "ignor"}]),
    with_resources({"name": "a", "processing_steps": [{"map": "f"}]}),
    {"client": {"base_url": "ftp://x", "timeout": 0}, "resources": []},
]


@pytest.mark.parametrize("tree", BAD)
def test_a_bad_config_is_not_valid(tree: dict[str, Any]) -> None:
    assert not fits(tree, SCHEMA)


def test_it_is_plain_json_with_a_description_for_every_key() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA == json_schema()
    for name, one in SCHEMA["$defs"].items():
        for key, schema in one.get("properties", {}).items():
            assert key == "type" or schema["description"], (name, key)
    assert set(SCHEMA["$defs"]["Endpoint"]["properties"]) == set(Endpoint.__dataclass_fields__) - {"given"}
    assert "session" not in SCHEMA["$defs"]["Client"]["properties"]  # takes Python objects alone
