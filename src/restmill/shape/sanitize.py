"""Values that no table can hold, made into ones that can: the row is kept, and so is the run.

Integers beyond 64 bits become decimals, exactly, or text beyond 29 digits (dlt's decimal has 38 of them, 9
behind the point); half of a surrogate pair, a cut emoji, becomes U+FFFD. dlt's extract step refuses both.
The character NUL is left out of text, as dlt does where it writes SQL: PostgreSQL has no place for it, and a
table would hold it or not by the format of a file. In names of fields it stays, dlt makes `_` of it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from restmill.path import Json

_MOST_WHOLE = 10**29
_LONG = re.compile(rb"\d{19,20}")
"""What may be an integer that orjson writes and no table holds, because it has 64 bits and no sign."""
_NUL = b"\\u0000"
"""The character as JSON has it. Where a backslash stands before it, it is text that looks the same."""


def storable(records: list[Json]) -> list[Json]:
    """The same records, unless one holds such a value: then copies with all of them replaced."""
    try:
        dumped = orjson.dumps(records, default=str, option=orjson.OPT_NON_STR_KEYS)  # as dlt is about to do
    except TypeError:
        return [_mended(record) for record in records]
    held = may_hold_nul(dumped) or any(int(digits) >= 2**63 for digits in _LONG.findall(dumped))
    return [_mended(record) for record in records] if held else records


def may_hold_nul(body: bytes) -> bool:
    """Whether a text in this JSON may hold a NUL. Most have no backslash at all, which is seen at once."""
    return b"\\" in body and _NUL in body


def _mended(value: Json) -> Json:
    match value:
        case dict():
            return {_text(key): _mended(item) for key, item in value.items()}
        case list():
            return [_mended(item) for item in value]
        case bool():
            return value
        case int() if not -(2**63) <= value < 2**63:
            return Decimal(value) if abs(value) < _MOST_WHOLE else str(value)
        case str():
            return _text(value).replace("\0", "")
        case _:
            return value


def _text(value: str) -> str:
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
