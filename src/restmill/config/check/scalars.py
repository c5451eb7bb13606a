"""Scalar kinds: one value against one kind, without context. Returns the value as kept, or a `Complaint`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from restmill.config.model.kinds import (
    Choice,
    Flag,
    HeaderValue,
    HttpUrl,
    JsonPath,
    Kind,
    Number,
    Status,
    Text,
    Whole,
)
from restmill.errors import did_you_mean
from restmill.path import Json, parses
from restmill.secrets import Masked, Secret


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a value, and a hint."""

    what: str
    hint: str = ""
    shows: bool = True
    """Whether the value itself may be shown."""


def plain(value: object) -> bool:
    """Whether `value` is of a type that a file can hold; everything else is a Python object."""
    return value is None or isinstance(value, str | int | float | dict | list | tuple | Secret)


def text_of(value: Json) -> Json:
    """A text that came as a secret, as text again; other values unchanged."""
    return Masked(value.reveal()) if isinstance(value, Secret) else value


def from_text(value: Json) -> Json:
    """The number or flag that a looked-up text stands for; other values unchanged.

    Environment variables are always text, so `limit: ${env.LIMIT}` must become a number by itself.
    """
    value = text_of(value)
    if not isinstance(value, str):
        return value
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    for number in (int, float):
        try:
            return number(value)
        except ValueError:
            continue
    return value


def check_scalar(kind: Kind, value: Json) -> Json | Complaint:
    """`value` as `kind` keeps it, or what is wrong with it."""
    return SCALARS[type(kind)](kind, value)


def _text(kind: Text, value: Json) -> Json | Complaint:
    value = text_of(value)
    if not isinstance(value, str):
        hint = "Put it in quotes." if isinstance(value, bool | int | float) else ""
        return Complaint("must be a text", hint)
    if not value and not kind.empty:
        return Complaint("must not be empty", "Leave the key out instead.")
    return value


def _choice(kind: Choice, value: Json) -> Json | Complaint:
    value = text_of(value)
    if not isinstance(value, str):
        return Complaint(f"must be one of {', '.join(kind.words)}")
    word = value.upper() if kind.fold else value
    if word in kind.words:
        return str(word)
    near = did_you_mean(word, kind.words)
    return Complaint(f"must be one of {', '.join(kind.words)}", near)


_MOST = 2**63 - 1  # what a database holds, and any writer of JSON writes


def _whole(kind: Whole, value: Json) -> Json | Complaint:
    if not isinstance(value, int) or isinstance(value, bool):
        return Complaint("must be a whole number", _unquoted(value))
    return _bounded(kind.least, min(kind.most or _MOST, _MOST), value)


def _number(kind: Number, value: Json) -> Json | Complaint:
    if not isinstance(value, int | float) or isinstance(value, bool) or not isfinite(value):
        return Complaint("must be a number", _unquoted(value))
    if kind.positive and value <= 0:
        return Complaint("must be more than 0")
    return _bounded(kind.least, kind.most, value)


def _bounded(least: float | None, most: float | None, value: float) -> float | Complaint:
    if least is not None and value < least:
        return Complaint(f"must be at least {least:g}")
    if most is not None and value > most:
        return Complaint(f"must be at most {most}")
    return value


def _unquoted(value: Json) -> str:
    return "Remove the quotes." if isinstance(value, str) and not isinstance(from_text(value), str) else ""


def _status(_kind: Status, value: Json) -> Json | Complaint:
    number = from_text(value)
    if isinstance(number, int) and not isinstance(number, bool) and 100 <= number <= 599:
        return number
    return Complaint("must be an HTTP status from 100 to 599")


def _flag(_kind: Flag, value: Json) -> Json | Complaint:
    if isinstance(value, bool):
        return value
    words = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
    word = words.get(value.lower()) if isinstance(value, str) else None
    return Complaint("must be true or false", f"Write {word}, without quotes." if word else "")


def _json_path(kind: JsonPath, value: Json) -> Json | Complaint:
    value = text_of(value)
    if value == "" and kind.empty:
        return None
    if isinstance(value, bool | int | float | dict | list | tuple) or value is None:
        return Complaint("must be a JSON path")
    text = value if isinstance(value, str) else str(value)  # a compiled path prints itself
    return (
        text
        if parses(text)
        else Complaint("is not a JSON path that can be read", "Such as `data.items` or `$`.")
    )


def _http_url(_kind: HttpUrl, value: Json) -> Json | Complaint:
    value = text_of(value)
    if not isinstance(value, str):
        return Complaint("must be a URL", shows=False)
    try:
        address = urlsplit(value)
        sound = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:  # a port that is no number, an unclosed IPv6 bracket
        sound = False
    if sound:
        return value
    return Complaint("must be a URL that begins with http:// or https:// and a host", shows=False)


def _header(_kind: HeaderValue, value: Json) -> Json | Complaint:
    if value is None or isinstance(value, str | bytes | Secret):
        return value.decode("latin-1") if isinstance(value, bytes) else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return Complaint("must be a text", "Put it in quotes." if isinstance(value, bool) else "", shows=False)


_Check: TypeAlias = Callable[[Any, Json], "Json | Complaint"]

SCALARS: dict[type[Kind], _Check] = {
    Text: _text,
    Choice: _choice,
    Whole: _whole,
    Number: _number,
    Status: _status,
    Flag: _flag,
    JsonPath: _json_path,
    HttpUrl: _http_url,
    HeaderValue: _header,
}
