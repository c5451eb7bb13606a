"""The JSON schema of a config file (draft 2020-12), for editors: printed from the kinds that `walk` reads.

It says what a file may hold, shorthands and `${...}` references included; Python objects have no place in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from restmill.config.model.config import Config
from restmill.config.model.kinds import (
    Anything,
    Block,
    Choice,
    Flag,
    Function,
    HeaderValue,
    Hidden,
    HttpUrl,
    Instance,
    JsonPath,
    Keys,
    Kind,
    Listing,
    Number,
    OneOf,
    Status,
    Table,
    Tagged,
    Text,
    Whole,
    is_required,
    keys_of,
    kind_of,
)
from restmill.path import Json

Schema: TypeAlias = dict[str, Json]
Defs: TypeAlias = dict[str, Schema]

_REFERENCE: Schema = {"$ref": "#/$defs/Reference"}
_NOTHING: Schema = {"not": {}}
_PATTERN = r"\$\{(secrets|config|env)\.[A-Za-z0-9_.-]+\}"
_STATUS: Schema = {
    "type": ["integer", "string"],
    "minimum": 100,
    "maximum": 599,
    "pattern": "^[1-5][0-9]{2}$",
}


def json_schema() -> Schema:
    """The schema of a whole config."""
    defs: Defs = {
        "Reference": {
            "description": "A value looked up when a run needs it.",
            "type": "string",
            "pattern": _PATTERN,
        }
    }
    root = _block(Config, defs)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "restmill",
        **root,
        "$defs": defs,
    }


def _kind(kind: Kind, defs: Defs) -> Schema:
    form = _FORMS[type(kind)]
    return form(kind, defs) if callable(form) else form


def _choice(kind: Choice, _defs: Defs) -> Schema:
    return _or_reference({"enum": [*kind.words, *(word.lower() for word in kind.words if kind.fold)]})


def _listing(kind: Listing, defs: Defs) -> Schema:
    items = _kind(kind.of, defs)
    return _NOTHING if items == _NOTHING else {"type": "array", "items": items}


def _table(kind: Table, defs: Defs) -> Schema:
    return {"type": "object", "additionalProperties": _kind(kind.of, defs)}


def _one_of(kind: OneOf, defs: Defs) -> Schema:
    return _any_of([_kind(one, defs) for one in kind.kinds])


def _bounded(kind: Whole | Number, _defs: Defs) -> Schema:
    least = "exclusiveMinimum" if isinstance(kind, Number) and kind.positive else "minimum"
    bounds = {least: 0 if least == "exclusiveMinimum" else kind.least, "maximum": kind.most}
    name = "integer" if isinstance(kind, Whole) else "number"
    given = {key: bound for key, bound in bounds.items() if bound is not None}
    return _or_reference({"type": name, **given})


def _keys(kind: Keys, defs: Defs) -> Schema:
    schema = _reference_to(kind.of, defs, extensions=kind.extensions)
    return (
        _any_of([schema, _kind(kind_of(keys_of(kind.of)[kind.shorthand]), defs)])
        if kind.shorthand
        else schema
    )


def _tagged(kind: Tagged, defs: Defs) -> Schema:
    """Each variant with its own `type`, so that an editor completes the keys of the variant that is meant."""
    variants = [
        {
            "$ref": _reference_to(cls, defs, tagged=True)["$ref"],
            "properties": {"type": {"const": tag}},
            **({} if tag == kind.default else {"required": ["type"]}),
        }
        for tag, cls in kind.variants.items()
    ]
    return _any_of([*variants, {"enum": list(kind.variants)}, _REFERENCE] if kind.default else variants)


def _reference_to(cls: type[Block], defs: Defs, *, tagged: bool = False, extensions: bool = False) -> Schema:
    if cls.__name__ not in defs:
        defs[cls.__name__] = {}  # before its keys, which may lead back here
        defs[cls.__name__] = _block(cls, defs, tagged=tagged, extensions=extensions)
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _block(cls: type[Block], defs: Defs, *, tagged: bool = False, extensions: bool = False) -> Schema:
    properties: dict[str, Schema] = {}
    for name, one in keys_of(cls).items():
        schema = _kind(kind_of(one), defs)
        if schema == _NOTHING:
            continue  # takes Python objects alone
        if not is_required(one):
            schema = _any_of([schema, {"type": "null"}])
        properties[name] = {"description": one.metadata["doc"], **schema}
    schema = {
        "description": (cls.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": {**({"type": {"type": "string"}} if tagged else {}), **properties},
        "required": [name for name, one in keys_of(cls).items() if is_required(one)],
        "additionalProperties": False,
    }
    return {**schema, "patternProperties": {"^x-": {}}} if extensions else schema


def _or_reference(schema: Schema) -> Schema:
    return {"anyOf": [schema, _REFERENCE]}


def _any_of(schemas: list[Schema]) -> Schema:
    """One of several; the schema nothing fits when there is none."""
    flat = [inner for one in schemas for inner in (one["anyOf"] if set(one) == {"anyOf"} else [one])]
    unique = [one for index, one in enumerate(flat) if one not in flat[:index]]
    unique = [one for one in unique if one != _NOTHING]
    if not unique:
        return _NOTHING
    return unique[0] if len(unique) == 1 else {"anyOf": unique}


_Print: TypeAlias = Callable[[Any, Defs], Schema]

_FORMS: dict[type[Kind], Schema | _Print] = {
    Text: {"type": "string"},
    Hidden: {"type": ["string", "integer"]},
    Status: _STATUS,
    Flag: _or_reference({"type": "boolean"}),
    JsonPath: {"type": "string"},
    HttpUrl: {"type": "string", "pattern": rf"^(https?://|.*{_PATTERN})"},
    Anything: {},
    HeaderValue: {"type": ["string", "number", "null"]},
    Function: _NOTHING,
    Instance: _NOTHING,
    Choice: _choice,
    Whole: _bounded,
    Number: _bounded,
    Listing: _listing,
    Table: _table,
    Keys: _keys,
    Tagged: _tagged,
    OneOf: _one_of,
}
