"""Secrets: a value that does not print itself, and a redactor that removes known values from any text.

A `Secret` has no readable `str` or `repr`; code that must send it calls `reveal()`, and a search for that
word finds every such place. Redaction is by value, not by the name of a parameter: what was once a secret is
removed wherever it turns up, also in its URL-encoded and base64 forms.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_SHORTEST = 4  # shorter values ("1", "on") would blank out ordinary text


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

    values: frozenset[str] = frozenset()

    def plus(self, secrets: Iterable[Secret]) -> Redactor:
        """This redactor, knowing also `secrets` in their plain, URL-encoded and base64 forms."""
        forms: set[str] = set()
        for secret in secrets:
            value = secret.reveal()
            if len(value) >= _SHORTEST:
                forms |= {value, quote(value), quote(value, safe=""), quote_plus(value)}
                forms.add(b64encode(value.encode()).decode())
        return Redactor(self.values | forms)

    def __call__(self, text: str) -> str:
        """`text` without any known secret."""
        for value in sorted(self.values, key=len, reverse=True):
            text = text.replace(value, MASK)
        return text
