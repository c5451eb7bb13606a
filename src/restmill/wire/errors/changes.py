"""Changes: what stands around an empty page otherwise than around the pages with rows before it.

No list of words has every error. But an honest last page looks like those before it, without what rows bring:
keys vanish, counts are 0, tokens, links and times move on, and a word may say that this is the end. Whatever
else is new there, or another than it always was, may be an error that stands in no list: `warnings: [..]`,
`durum: 0` that was 1, a header `X-Error`. It is a doubt and no more, so the read is suspect.

    pages with rows   {durum: 1, took: 4, rows: [..]}        {durum: 1, took: 3, rows: [..]}
    the last page     {durum: 1, took: 9, rows: []}          honest: `took` is the name of a time
                      {durum: 0, took: 9, rows: []}          changed: `durum: 0` (1 before)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from restmill.wire.errors.envelopes import around, is_entity
from restmill.wire.errors.messages import is_bad, speaks_up, told, warns
from restmill.wire.errors.usual_names import alarms, is_usual, says_the_end, words
from restmill.wire.errors.values import is_false, is_loud, is_true, plain_name, shown
from restmill.wire.errors.words import GOOD, WORD, word_set
from restmill.wire.next_page.next_words import squashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.path import Json, Path
    from restmill.wire.errors.envelopes import Keys
    from restmill.wire.message import Response

_TIME = re.compile(r"\S*?(?:\d{4}-\d\d|\d\d:\d\d)")
"""How a date or a time of day begins a line."""
_OPAQUE = re.compile(r"(?:\w+:)?/\S*|(?=\S*\d)\S{8,}|\S{40,}")
"""A link, or a token: another on each page."""
_WORD = re.compile(r"[^\W\d]{1,30}")
_ENDED = frozenset(("complete", "completed", "final", "finished", "finish"))
_OBJECT = "{..}"
_LISTED = "[*]"
_NUMBER = re.compile(r"-?\d{1,18}")
_CODES = (0, 1, 200)
"""What a code or a flag says when all is well: of a number that was seen once nothing else can be told."""
_ODD_STATUSES = frozenset({202, 203, 206, 207})
"""Accepted for later, changed by a proxy, a part, several answers in one (RFC 9110, 15.3; RFC 4918, 13)."""
_UNFINISHED = frozenset({202, 207})
"""Those of which a first page without rows says that it is not all there is."""
_MADE_YET = word_set(
    """
    building calculating compiling computing enqueued exporting generating importing indexing
    initialising initializing inprogress loading materializing notready preparing queued refreshing running
    syncing warming
    """
)
"""Words of an answer that is being made."""
_MADE_YET_ALONE = _MADE_YET | word_set("accepted pending processing scheduled started submitted")
"""Likewise, where they are not said of a thing."""
_ERROR_HEADER = re.compile(
    "error|fault|exception|failure|warn|grpcstatus|partial|incomplete|aborted|timedout|timeout|degraded"
)
_OF_PLATFORM = re.compile(r"x-.*|warning|status", re.IGNORECASE)
"""Headers whose value may be a word about the answer."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stood around the records on all pages with rows so far."""

    values: Mapping[Keys, Json] = field(default_factory=dict)
    moving: frozenset[Keys] = frozenset()
    """Places that held now this and now that."""
    fresh: frozenset[Keys] = frozenset()
    """Places that hold something on the last page with rows, and held nothing on those before."""
    counts: frozenset[Keys] = frozenset()
    """Places whose number was that of the page's rows each time."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in small letters."""
    statuses: frozenset[int] = frozenset()
    pages: int = 0
    rows: int = 0

    def with_page(self, document: Json, place: Path, response: Response, rows: int) -> Surroundings:
        """What is known after one more page of so many rows."""
        around_it = dict(_around(document, place))
        found = {keys: _reading(value) for keys, value in around_it.items()}
        counts = {keys for keys, value in found.items() if _number(value) == rows}
        moved = {keys for keys, value in found.items() if self.values.get(keys, value) != value}
        fresh = {keys for keys, value in found.items() if self._is_fresh(keys, value)}
        news = {keys for keys in fresh if _warns(around_it[keys])}
        return Surroundings(
            {**{keys: value for keys, value in found.items() if keys not in news}, **self.values},
            self.moving | (moved - news),
            frozenset(fresh),
            frozenset(counts if not self.pages else self.counts - (set(found) - counts)),
            {**_lowered(response), **self.headers},
            self.statuses | {response.status},
            self.pages + 1,
            self.rows + rows,
        )

    def change(self, document: Json, place: Path, response: Response) -> str:
        """What is otherwise around an empty page, for a sentence: "`durum: 0` (1 before)"; "" for nothing."""
        if said := self.header(response):
            return said
        odd = _ODD_STATUSES if self.pages else _UNFINISHED
        if response.status in odd and response.status not in self.statuses:
            return f"the status {response.status}"
        if not self.pages:
            return _made_yet(document, place)
        for keys, value in _around(document, place):
            if self._differs(keys, value):
                return self._told(keys, value)
        return ""

    def warning(self, document: Json, place: Path) -> str:
        """A text that warns beside the rows of a page, and did not on the pages before; "" for none."""
        if not self.pages:
            return ""
        for keys, value in _around(document, place):
            if self._is_fresh(keys, _reading(value)) and _warns(value) and not _is_harmless(value):
                return self._told(keys, value)
        return ""

    def header(self, response: Response) -> str:
        """A header that speaks of an error, and did not on the pages before; "" for none."""
        for name, value in _lowered(response).items():
            if value != self.headers.get(name) and is_loud(value) and _is_alarm(name, value):
                return f"the header `{name}`"
        return ""

    def _is_fresh(self, keys: Keys, reading: Json) -> bool:
        """Whether something stands where nothing stood on the pages before."""
        nothing = keys not in self.values or not _is_something(self.values[keys])
        return self.pages > 0 and nothing and keys not in self.moving and _is_something(reading)

    def _differs(self, keys: Keys, value: Json) -> bool:
        before = self.values.get(keys)
        if keys in self.moving or (keys in self.values and before == _reading(value)):
            return False
        if value is False and words(keys[-1]) & _ENDED:
            return True
        was, now = _number(before), _number(value)
        if is_usual(keys, number=now is not None, flag=value is True):
            return False
        if was is not None and now is not None:
            return self._flips(keys, was, now)
        return (_is_yes(before) and _is_no(value)) or self._says(keys, value, before)

    def _says(self, keys: Keys, value: Json, before: Json) -> bool:
        """Whether something is said that was not said before."""
        if len(keys) > 1 and keys[-2].endswith(_LISTED):
            return (
                isinstance(value, str) and is_bad(value) and not (isinstance(before, str) and is_bad(before))
            )
        if not is_loud(value) or _is_good(keys, value):
            return False
        if isinstance(value, str):
            return self._says_otherwise(value, before)
        now = _number(value)
        return now is None or bool(alarms(keys[-1])) or now not in (self.rows, self.pages, self.pages + 1)

    def _flips(self, keys: Keys, was: int, now: int) -> bool:
        """Whether a number is another one, and neither counts rows nor pages."""
        if keys in self.counts or was == self.rows or now in (self.rows, self.rows + 1, *range(200, 300)):
            return False
        return self.pages > 1 or (was in _CODES and (was, now) != (1, 2))

    def _says_otherwise(self, value: str, before: Json) -> bool:
        """Whether a text is new, or another one, and neither a token nor a date nor a link."""
        new = not isinstance(before, str) or not is_loud(before)
        if _is_time(value.strip()) or (not new and _OPAQUE.fullmatch(value.strip())):
            return bool(alarms(value))
        if new or self.pages > 1 or " " in value.strip():
            return True
        return bool(alarms(value)) or all(map(_WORD.fullmatch, (value, str(before))))

    def _told(self, keys: Keys, value: Json) -> str:
        now = f": {shown(value)}" if shown(value) else ""
        before = self.values.get(keys)
        was = f" ({shown(before)} before)" if now and shown(before) else ""
        return f"`{'.'.join(keys)}{now}`{was}"


def _is_time(text: str) -> bool:
    return "\n" not in text and _TIME.match(text) is not None


def _warns(value: Json) -> bool:
    return warns(value) or speaks_up(value)


def _made_yet(document: Json, place: Path) -> str:
    """A word that says that the answer is being made: then an empty list is none yet."""
    said = _MADE_YET if is_entity(document, place) else _MADE_YET_ALONE
    for keys, name, value in around(document, place):
        if name in WORD and isinstance(value, str) and squashed(value) in said:
            return f"`{'.'.join(keys)}: {squashed(value)}`"
    return ""


def _around(document: Json, place: Path) -> Iterator[tuple[Keys, Json]]:
    """Place and value of what stands around the records, and the grades of messages in a list."""
    for keys, _, value in around(document, place):
        yield keys, value
        for key, grade in told(value):
            yield (*keys[:-1], f"{keys[-1]}{_LISTED}", key), grade


def _is_something(reading: Json) -> bool:
    """Whether a value, as it is compared, says anything; a count of 0 and `false` do not."""
    return reading not in (None, False, "", 0)


def _reading(value: Json) -> Json:
    """A value as it is compared: a sentence without its numbers, a list by whether it says something."""
    if isinstance(value, str):
        return re.sub(r"\d+", "", value) if " " in value.strip() else value
    if isinstance(value, Mapping):
        return _OBJECT
    return is_loud(value) if isinstance(value, list) else value


def _is_yes(value: Json) -> bool:
    """Whether a flag is true, be it a word."""
    return value is True or (isinstance(value, str) and value.strip().lower() in ("true", "yes"))


def _is_no(value: Json) -> bool:
    """Whether nothing is left of a flag that was true, or a word against it."""
    return value is None or (isinstance(value, str) and is_false(value))


def _is_good(keys: Keys, value: Json) -> bool:
    """Whether a value that says something says nothing bad."""
    if plain_name(keys[-1]) in GOOD:
        return is_true(value)
    return _is_harmless(value) and not (alarms(keys[-1]) and is_true(value))


def _number(value: Json) -> int | None:
    """A whole number, also below 0 and as a text."""
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def _is_harmless(value: Json) -> bool:
    """Whether a text, or each of a list, says that the list is over, or that something is deprecated."""
    match value:
        case str():
            return says_the_end(value) or "deprecat" in value.lower() or not re.search(r"[^\W_]", value)
        case list():
            return all(map(_is_harmless, value))
        case Mapping():
            return any(isinstance(one, str) and "deprecat" in one.lower() for one in value.values())
        case _:
            return False


def _lowered(response: Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _is_alarm(name: str, value: str) -> bool:
    """Whether a header is one of an error, by its name, or by a word in its value."""
    if "deprecat" in value.lower() or value.strip().startswith(("http://", "https://")):
        return False
    if _ERROR_HEADER.search(plain_name(name)):
        return True
    speaks = _OF_PLATFORM.fullmatch(name) is not None and not is_usual((name,), number=False)
    return speaks and bool(alarms(value))
