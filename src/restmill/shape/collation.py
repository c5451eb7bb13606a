"""Collation: the order of cursor values, whatever their spelling.

JSON has no times and spells numbers as texts at times, and texts order by their letters: `9` after `10`, a
later moment in another zone before an earlier one. Here two texts that read as instants compare as instants,
two that read as numbers compare as numbers, and all others as text, which is dlt's order.

A `Reading` is still the text it was; only its order differs. So it can stand wherever dlt compares values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

from restmill.shape.digits import counts_in_words, in_ascii_digits
from restmill.shape.instants import Instant, instant_of, instant_of_date, order_of_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restmill.path import Json

Kind: TypeAlias = Literal["blank", "number", "time", "text"]
_LAYOUT = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?",  # the zone is a group
    re.ASCII,
)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_HEX = re.compile(r"(?:0x|\\?x|#|\$)?([0-9a-f]+)h?", re.IGNORECASE)
"""A number to the base 16, as row versions are written."""
_APART = re.compile(r"[\s/,:]", re.ASCII)
"""A digit beside a blank or a mark that dates are written with."""
_ZONES = 14 * 3600
"""Seconds by which a time without a zone may be off: zones reach to UTC+14."""


@dataclass(slots=True)
class Collation:
    """The order of the values of one field in one read; it learns what `03/04/2024` means there."""

    day_first: bool | None = None
    """Whether the day comes before the month; None while no value has told."""
    torn: bool = False
    """Some values tell one thing, some the other."""
    _seen: set[bool] = field(default_factory=set)

    def learn(self, values: Iterable[object]) -> None:
        """Look for values that tell whether the day or the month comes first."""
        for value in values:
            text = in_ascii_digits(value) if isinstance(value, str) else ""
            marked = {text[1:2], text[2:3]} & {"/", "-"}
            told = order_of_day(text) if marked else None
            if told is not None:
                self._seen.add(told)
                self.torn = len(self._seen) > 1
                self.day_first = None if self.torn else told

    def reading(self, value: Json) -> Json:
        """The value, ordered as said above; what is no text keeps its own order."""
        return Reading(value, self) if isinstance(value, str) else value

    def doubt(self, one: object, other: object) -> str:
        """Why the order of two values cannot be relied on; "" when it can."""
        first, second = self._plain(one), self._plain(other)
        if first.layout == second.layout is not None:
            return ""
        kinds = {first.kind, second.kind}
        if _instants(first, second) is not None:
            return _torn(first, second) if self.day_first is None else ""
        if "time" in kinds:
            return "some values are times and others are not"
        if "number" in kinds and len(kinds) > 1 and len(first) != len(second):
            return "some values are numbers and others are not"
        return _uneven(first, second) if kinds == {"text"} else ""

    def near(self, one: object, other: object) -> bool:
        """Whether two times, one of them without a zone, may stand the other way round in truth."""
        times = instant(one), instant(other)
        if times[0] is None or times[1] is None or times[0].zoned == times[1].zoned:
            return False
        return abs(times[0].seconds - times[1].seconds) <= _ZONES

    def _plain(self, value: object) -> Reading:
        return value if isinstance(value, Reading) else Reading(str(value), self)


class Reading(str):  # noqa: SLOT000  # what it reads as is kept beside it
    """A text that orders as what it reads as. Equal instants and equal numbers are equal."""

    collation: Collation
    spelt: str
    """The text with its digits as 0 to 9, as it is read."""
    layout: tuple[int, str, str | None] | None
    """Equal for texts of ISO 8601 that order as their instants do, letter by letter; None for other texts."""

    def __new__(cls, text: str, collation: Collation) -> Self:
        """The reading of `text`; slashed dates are read as the collation has learnt."""
        made = super().__new__(cls, text)
        made.collation = collation
        made.spelt = text if text.isascii() else in_ascii_digits(text)
        found = _LAYOUT.fullmatch(text)
        made.layout = None if found is None else (len(text), text[10:11], found[1])
        return made

    @cached_property
    def number(self) -> Decimal | None:
        """The number that it spells in plain digits; None for others: `1e5` may be anybody's key."""
        text = self.spelt.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None

    @cached_property
    def months_first(self) -> Instant | None:
        """The instant, where `03/04/2024` is March 4th."""
        return instant_of(self.spelt)

    @cached_property
    def days_first(self) -> Instant | None:
        """The instant, where `03/04/2024` is the 3rd of April."""
        return instant_of(self.spelt, day_first=True)

    @property
    def instant(self) -> Instant | None:
        """The instant, as the collation has learnt."""
        return self.days_first if self.collation.day_first else self.months_first

    @property
    def kind(self) -> Kind:
        """What it reads as; digits alone are a number, even where they could be a day."""
        if not self.strip():
            return "blank"
        if self.number is not None:
            return "number"
        return "text" if self.instant is None else "time"

    def numbers_with(self, other: Reading) -> tuple[Decimal, Decimal] | None:
        """Both as numbers; None unless both are."""
        return None if self.number is None or other.number is None else (self.number, other.number)

    def compared(self, other: object) -> int | None:
        """Negative, 0 or positive as it comes before `other`, with or after it; None: they do not compare."""
        if type(other) is Reading and other.layout == self.layout is not None:
            return str.__gt__(self, other) - str.__lt__(self, other)
        pair = _numbers(self, other) or _instants(self, other)
        if pair is None:
            if not isinstance(other, str):
                return None
            pair = str(self), str(other)
        return (pair[0] > pair[1]) - (pair[0] < pair[1])

    def __eq__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found == 0

    def __ne__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found != 0

    def __lt__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found < 0

    def __le__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found <= 0

    def __gt__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found > 0

    def __ge__(self, other: object) -> bool:
        found = self.compared(other)
        return NotImplemented if found is None else found >= 0

    __hash__ = str.__hash__


def instant(value: object) -> Instant | None:
    """The instant that a value of any type names; None for numbers: they have no clock."""
    match value:
        case Reading():
            return None if value.number is not None else value.instant
        case str():
            text = in_ascii_digits(value).strip()
            return None if _NUMBER.fullmatch(text) else instant_of(text)
        case date():
            return instant_of_date(value)
        case _:
            return None


def _numbers(one: Reading, other: object) -> tuple[Json, Json] | None:
    if one.number is None or isinstance(other, bool):
        return None
    match other:
        case Reading():
            return one.numbers_with(other)
        case str():
            return one.numbers_with(Reading(other, one.collation))
        case int() | float() | Decimal():
            return one.number, other
        case _:
            return None


def _instants(one: Reading, other: object) -> tuple[Json, Json] | None:
    if isinstance(other, str):
        other = other if isinstance(other, Reading) else Reading(other, one.collation)
        second = other.instant
    else:
        second = instant(other)
    first = None if second is None else one.instant
    return None if first is None or second is None else (first.key, second.key)


def _uneven(one: Reading, other: Reading) -> str:
    """Whether two texts may order otherwise than by their letters: `v9` and `v10`, or days spelled oddly.

    Texts of one layout, as most kinds of ids are, have no such doubt.
    """
    if counts_in_words(one) or counts_in_words(other):
        return "" if str(one) == str(other) else "they hold numerals that are no digits"
    first, second = _DIGITS.sub("0", one.spelt), _DIGITS.sub("0", other.spelt)
    if first == second and (len(one) != len(other) or not (one.isascii() and other.isascii())):
        numbers = [[_size(digits) for digits in _DIGITS.findall(text.spelt)] for text in (one, other)]
        if (numbers[0] < numbers[1]) != str.__lt__(one, other) and numbers[0] != numbers[1]:
            return "they hold numbers of different lengths"
    if _is_uneven_hex(one, other):
        return "they may be hexadecimal numbers of different lengths"
    if first != second and _has_parts(one.spelt) and _has_parts(other.spelt):
        return "they may be times in a spelling that is not known"
    return ""


def _size(digits: str) -> tuple[int, str]:
    """What digits order by as a number, be they ever so many: Python reads 4,300 of them and no more."""
    bare = digits.lstrip("0")
    return len(bare), bare


def _has_parts(text: str) -> bool:
    """Whether there are digits, and what stands between the parts of a time."""
    return _DIGITS.search(text) is not None and _APART.search(text) is not None


def _is_uneven_hex(one: Reading, other: Reading) -> bool:
    """Whether two texts order otherwise when read as numbers to the base 16: `0xFFE` and `0x1000`."""
    found = [_HEX.fullmatch(text.spelt) for text in (one, other)]
    values = [int(match[1], 16) for match in found if match]
    digits = _DIGITS.search(one.spelt) or _DIGITS.search(other.spelt)
    return bool(digits) and len(set(values)) > 1 and (values[0] < values[1]) != str.__lt__(one, other)


def _torn(one: Reading, other: Reading) -> str:
    """Whether the order of two days hangs on what `03/04/2024` means."""
    readings = [(one.months_first, other.months_first), (one.days_first, other.days_first)]
    orders = {
        (first.key > second.key) - (first.key < second.key)
        for first, second in readings
        if first is not None and second is not None
    }
    return "a date such as 03/04/2024 reads in two ways" if len(orders) > 1 else ""
