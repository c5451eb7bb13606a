"""Header fields: what a name and a value may be made of (RFC 9110, 5.1 and 5.5); the value is never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BREAK = re.compile(r"[\r\n]")

HINT = "A secret that was read from a file often ends with a line break."


def flaw(value: str) -> str:
    """Why no header can carry `value`; "" when one can."""
    if value.isascii() and not _CONTROL.search(value):
        return ""
    if _BREAK.search(value):
        return f"a line break{'' if _BREAK.search(value.rstrip()) else ' at its end'}"
    if _CONTROL.search(value):
        return "a control character"
    return "" if all(ord(char) < 256 for char in value) else "a character outside of Latin-1"


def unsendable(headers: Mapping[str, str]) -> str:
    """The first header that cannot be sent, and why; "" when all can."""
    for name, value in headers.items():
        if not _NAME.fullmatch(name):
            return "a header's name holds a character that no name can have"
        if why := flaw(str(value)):
            return f"the header `{name}` holds {why}"
    return ""


def text_of(value: str) -> str:
    """A field's value as text: bytes that are no UTF-8 count as Latin-1, HTTP's old way (RFC 9110, 5.5).

    `value` has them as Python gives them, one half of a surrogate pair each.
    """
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogateescape").decode("latin-1")
    return value
