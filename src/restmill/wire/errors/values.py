"""Values in an envelope: whether one says that something failed, and as much of it as may be shown.

APIs write a flag as `false`, `"no"` or `0`, and that all is well as `0`, `"OK"` or nothing. A text may hold
anything, so only numbers, flags and the words of `error_words` are ever shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from restmill.wire.errors.words import BUSY_WORDS, FAILED, HONEST, QUIET
from restmill.wire.next_page.compounds import LONGEST
from restmill.wire.next_page.more_signs import whole

if TYPE_CHECKING:
    from restmill.path import Json

_BUSY_CODES = frozenset({408, 420, 425, 429})
_TOKEN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
FINE_CODES = frozenset({None, 0, 1, 100, 1000, 10000, 20000})


def is_http_like(code: int) -> bool:
    """Whether a code of five or six digits begins with an error status, as 40001 or 429002."""
    return 10_000 <= code < 1_000_000 and 400 <= int(str(code)[:3]) < 600


def is_fine(code: int | None) -> bool:
    """Whether a code says that all is well."""
    return code in FINE_CODES or (code is not None and 200 <= code < 300)


def was_fine(value: Json) -> bool:
    """Whether a code said that all is well; a 1 may be the first of a count."""
    return not isinstance(value, bool) and value not in (None, 1, "1") and is_fine(whole(value))


def is_loud(value: Json) -> bool:
    """Whether the value of an error says that there is one."""
    match value:
        case dict():
            return any(is_loud(one) for one in value.values())
        case list():
            return any(is_loud(one) for one in value)
        case str():
            return plain_name(value) not in QUIET and bool(value.strip())
        case bool() | None:
            return bool(value)
        case _:
            return value not in (0, 200)


def is_false(value: Json) -> bool:
    """Whether a flag is false, as APIs write it."""
    if isinstance(value, str):
        return value.strip().lower() in ("false", "no", "n", "0", "f")
    return value is False or (value == 0 and isinstance(value, int | float))


def is_true(value: Json) -> bool:
    """Whether a flag is true, as APIs write it, or a count is one of something."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "yes", "y", "1", "t")
    return isinstance(value, bool | int | float) and value > 0


def is_busy(value: Json) -> bool:
    """Whether the value, or a part of it, says that the server could not answer now."""
    match value:
        case dict():
            return any(is_busy(one) for one in value.values())
        case list():
            return any(is_busy(one) for one in value)
        case str() if whole(value) is None:
            return bool(tokens(value) & BUSY_WORDS)
        case _:
            code = whole(value)
            return code is not None and (code in _BUSY_CODES or 500 <= code < 600)


def shown(value: Json) -> str:
    """A number or a flag as JSON writes it, and words of failure; "" for what may be anything."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value}"
    if isinstance(value, str):
        short = value.strip()
        word = short.lower() in FAILED or short.lower() in QUIET | HONEST
        return f'"{short}"' if short and (word or whole(short) is not None) else ""
    return ""


def tokens(value: Json) -> frozenset[str]:
    """The words and numbers of a text in small letters, those of `camelCase` apart; none of anything else."""
    return frozenset(token.lower() for token in _TOKEN.findall(value[:500] if isinstance(value, str) else ""))


def plain_name(name: str) -> str:
    """A key as `error_words` has it: small letters and digits only; the start of one without end."""
    return re.sub(r"[^a-z0-9]", "", name[:LONGEST].lower())
