"""Secrets: a value that does not print itself, and a redactor that removes known values from any text.

A `Secret` has no readable `str` or `repr`; code that must send it calls `reveal()`, and a search for that
word finds every such place. Redaction is by value, not by the name of a parameter: what was once a secret is
removed wherever it turns up, also in base64 and with any of its characters percent-encoded: which ones are
depends on the place in a URL, and on whoever wrote the link that came back.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_SHORTEST = 4  # shorter values ("1", "on") would blank out ordinary text
_URL = re.compile(r"https?://(?:(?P<login>[^/?#]*)@)?[^/?#]*(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_DROPPED = re.compile("[\t\r\n]")
_CREDENTIALS = (
    re.compile(r"([?&][^=&\s]+=)[^&\s'\")]+"),
    re.compile(r"(://)[^/@\s]+(?=@)"),
    re.compile(r"(?i)((?:bearer|basic)\s+)[^\s'\"]+"),
    re.compile(r"(?i)((?:authorization|cookie|api[_-]?key|token|secret|password)['\"]?\s*[:=]\s*)\S.*"),
)
"""What stands before a credential, in texts of libraries."""


class Secret:
    """A string that must be sent but never shown."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces every known secret in a text by `***`. Values under four characters are left alone."""

    values: frozenset[str] = field(default=frozenset(), repr=False)
    _patterns: tuple[re.Pattern[str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_patterns", tuple(re.compile(_anyhow(value)) for value in self.values))

    def plus(self, secrets: Iterable[Secret]) -> Redactor:
        """This redactor, knowing also `secrets` and their parts: plain, base64, and encoded for a URL."""
        forms = set(self.values)
        for secret in secrets:
            for part in _parts(secret.reveal()):
                forms |= _forms(part) if len(part) >= _SHORTEST else set()
        forms = {form for form in forms if len(form) >= _SHORTEST}
        return Redactor(frozenset(forms))

    def __call__(self, text: str) -> str:
        """`text` without any known secret; where two overlap, both go."""
        found = sorted(match.span() for pattern in self._patterns for match in pattern.finditer(text))
        kept: list[str] = []
        end = 0
        for start, stop in found:
            if start >= end:
                kept += [text[end:start], MASK]
            end = max(end, stop)
        return "".join((*kept, text[end:]))


def without_credentials(text: str) -> str:
    """`text` without what looks like a credential: queries, logins in URLs, what follows `token=`.

    For texts of libraries, which quote what they were given; known secrets are a `Redactor`'s to remove.
    """
    for pattern in _CREDENTIALS:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def _parts(value: str) -> set[str]:
    """The value and what of it would be as secret alone.

    The last word of `Bearer <token>`; of a URL the password, the path and the query, which other addresses
    are made from.
    """
    parts = {value, value.rpartition(" ")[2]}
    url = _URL.fullmatch(value)
    if url:
        password = (url["login"] or "").partition(":")[2]
        path, _, query = url["rest"].partition("?")
        parts |= {password, unquote(password), path.strip("/"), query, *(v for _, v in parse_qsl(query))}
    return parts


def _forms(value: str) -> set[str]:
    """The value as it may be written: plain, in a host name, in JSON, Python or a template, in base64."""
    raw = value.encode(errors="surrogatepass")
    padded = {b64encode(raw).decode(), urlsafe_b64encode(raw).decode()}
    written = {json.dumps(value)[1:-1], repr(value)[1:-1], value.replace("{", "{{").replace("}", "}}")}
    in_url = {_DROPPED.sub("", value), unquote(value)}  # what urlsplit and `requote` make of it
    return {value, value.lower(), *in_url, *written, *padded, *(one.rstrip("=") for one in padded)}


def _anyhow(value: str) -> str:
    """A pattern for the value with any of its characters percent-encoded (RFC 3986, 2.1), once or twice."""
    return "".join(f"(?:{_escaped(char)}|{re.escape(char)}{'|[+]' if char == ' ' else ''})" for char in value)


def _escaped(char: str) -> str:
    raw = char.encode(errors="surrogatepass")
    return "".join(f"%(?:25)*(?i:{byte:02x})" for byte in raw)
