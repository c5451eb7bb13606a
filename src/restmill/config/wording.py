"""Wording: kinds and values as a reader of an error report sees them."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING

from restmill.config.model.kinds import (
    Anything,
    Choice,
    Flag,
    Function,
    Instance,
    Keys,
    Kind,
    Listing,
    OneOf,
    Table,
    Tagged,
)
from restmill.config.telling import without_literals
from restmill.secrets import Masked, Secret

if TYPE_CHECKING:
    from restmill.path import Json

_LONGEST = 40


def describe(kind: Kind) -> str:
    """What a value of this kind is, after "must be"."""
    match kind:
        case Choice():
            return "one of " + ", ".join(kind.words)
        case Instance():
            return kind.of
        case Tagged():
            return f"a type of {kind.what}, a mapping"
        case OneOf():
            said = list(dict.fromkeys(describe(one) for one in kind.kinds))
            return " or ".join([", ".join(said[:-1]), said[-1]]) if len(said) > 1 else said[0]
        case _:
            return _PLAIN.get(type(kind), "a text")


_PLAIN: dict[type[Kind], str] = {
    Anything: "any value",
    Flag: "true or false",
    Function: "a Python function",
    Keys: "a mapping",
    Listing: "a list",
    Table: "a mapping",
}


def shown(name: str) -> str:
    """A name as a message may hold it: cut short, and with escapes for what cannot be printed."""
    cut = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in cut)


def got(value: Json, *, hidden: bool = False) -> str:
    """What was got: its form, and short scalars themselves, unless they must stay `hidden` or look secret."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if hidden or isinstance(value, Masked) or not isinstance(value, str | int | float):
        return _FORMS.get(type(value)) or f"a {type(value).__name__} object"
    if isinstance(value, str):
        value = without_literals(value)
        return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 3] + "...")
    return str(value).lower()


_FORMS = {
    NoneType: "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    Masked: "a secret",
    Secret: "a secret",
    dict: "a mapping",
    list: "a list",
    tuple: "a list",
}
