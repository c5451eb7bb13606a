"""Secrets: a value that does not print itself, and what removes known values from any text.

A `Secret` has no readable `str` or `repr`; code that must send it calls `reveal()`, and a search for that
word finds every such place. Redaction is by value, not by the name of a parameter: what was once a secret is
removed wherever it turns up, also in base64 and with any of its characters percent-encoded: which ones are
depends on the place in a URL, and on whoever wrote the link that came back.

The process has one `KEYRING`. Whoever meets a secret lets it learn the secret (the config, dlt's providers, a
login, a token just obtained), and whatever leaves the process passes it. It is the one thing here that
changes, because the text that must not show a secret may come from anywhere: a library's log, a traceback.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from restmill.spellings import OURS, SHORTEST, forms, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
_DEEPEST = 6
"""How often a text may be percent-encoded for a plain search to see through it; patterns see through more."""
_MOST_PASSING = 64
_CREDENTIALS = (
    re.compile(r"([?&][^=&?\s]+=)[^&\s'\")]+"),
    re.compile(r"(://)[^/@\s]+(?=@)"),
    re.compile(r"(?i)((?:bearer|basic)\s+)[^\s'\"]+"),
    re.compile(r"(?i)((?:authorization|cookie|api[_-]?key|token|secret|password)['\"]?\s*[:=]\s*)\S.*"),
)
"""What stands before a credential, in texts of libraries."""


class Masked(str):
    """A text that a secret became part of (a token in a URL): a string to use, without a readable repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


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
    """Replaces every known secret in a text by `***`.

    Values under four characters are left alone. One that is a word of restmill's own (`complete`) is replaced
    where it stands as a value (`key=complete`) and nowhere else: no receipt could be read otherwise.
    """

    values: frozenset[str] = field(default=frozenset(), repr=False)

    def plus(self, secrets: Iterable[Secret]) -> Redactor:
        """This redactor, knowing also `secrets` and their parts: plain, base64, and encoded for a URL."""
        more = {form for secret in secrets for part in parts(secret.reveal()) for form in forms(part)}
        return Redactor(self.values | {form for form in more if len(form) >= SHORTEST})

    def __call__(self, text: str) -> str:
        """`text` without any known secret; where two overlap, both go."""
        found = self._spans(text)
        kept: list[str] = []
        end = 0
        for start, stop in found:
            if start >= end:
                kept += [text[end:start], MASK]
            end = max(end, stop)
        return "".join((*kept, text[end:]))

    def finds(self, text: str) -> bool:
        """Whether a known secret is in `text`."""
        return bool(self._spans(text))

    def _spans(self, text: str) -> list[tuple[int, int]]:
        readings = _readings(text)
        near = [value for value in self.values if _may_hold(readings, value)]
        return sorted(match.span() for value in near for match in _pattern(value).finditer(text))


class Keyring:
    """All secrets that the process knows. Grows while it runs; safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: frozenset[Secret] = frozenset()
        self._passing: deque[Secret] = deque(maxlen=_MOST_PASSING)
        self._lasting = self._redactor = Redactor()

    def learn(self, secrets: Iterable[Secret]) -> None:
        """From now on, let no text that passes here show these secrets."""
        with self._guard:
            new = {secret for secret in secrets if secret} - self._known
            if new:
                self._known |= new
                self._lasting = self._lasting.plus(new)
                self._redactor = self._lasting.plus(self._passing)

    def learn_passing(self, secrets: Iterable[Secret]) -> None:
        """The same for what is good for a few requests (a signature, a cookie): the newest 64 are kept."""
        with self._guard:
            new = [one for one in secrets if one and one not in self._known and one not in self._passing]
            if new:
                self._passing.extend(new)
                self._redactor = self._lasting.plus(self._passing)

    def redact(self, text: str) -> str:
        """`text` without any secret that is known by now."""
        return self._redactor(text)

    def finds(self, text: str) -> bool:
        """Whether a secret that is known by now is in `text`."""
        return self._redactor.finds(text)

    def forget(self) -> None:
        """Know nothing again: for tests, each of which has secrets of its own."""
        with self._guard:
            self._known = frozenset()
            self._passing.clear()
            self._lasting = self._redactor = Redactor()


KEYRING: Final = Keyring()
"""The one keyring of the process."""


def without_credentials(text: str) -> str:
    """`text` without what looks like a credential: queries, logins in URLs, what follows `token=`.

    For texts of libraries, which quote what they were given; known secrets are a `Redactor`'s to remove.
    """
    for pattern in _CREDENTIALS:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def _readings(text: str) -> tuple[str, ...]:
    """The text, and what it says with its percent-encoding undone once, twice and so on; each + as a blank.

    In a form a blank is written as +, and + as %2B. Which one was which is for a pattern to see.
    """
    readings = [text]
    while "%" in readings[-1] and len(readings) <= _DEEPEST:
        plain = unquote(readings[-1])
        if plain == readings[-1]:
            break
        readings.append(plain)
    return tuple(one.replace("+", " ") for one in readings)


def _may_hold(readings: tuple[str, ...], value: str) -> bool:
    """Whether a pattern is worth a try: plain search is hundreds of times as fast."""
    plain = value.replace("+", " ")
    return any(plain in one for one in readings) or (len(readings) > _DEEPEST or not value.isascii())


@lru_cache(maxsize=4096)
def _pattern(value: str) -> re.Pattern[str]:
    """The value with any of its characters percent-encoded (RFC 3986, 2.1), however often."""
    blank = f"|[+]|{_escaped('+')}"
    anyhow = "".join(
        f"(?:{_escaped(char)}|{re.escape(char)}{blank if char == ' ' else ''})" for char in value
    )
    return re.compile(f"(?<==){anyhow}(?![\\w-])" if value in OURS else anyhow)


def _escaped(char: str) -> str:
    raw = char.encode(errors="surrogatepass")
    return "".join(f"%(?:25)*(?i:{byte:02x})" for byte in raw)
