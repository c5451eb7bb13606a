"""Instants: what a text says of a point in time, whatever its spelling.

Two spellings of one moment must compare as equal, and a later moment as greater, though their texts do not:
`2024-01-01T02:00:00+02:00` and `2024-01-01T00:00:00Z`, or `Tue, 2 Jan 2024 00:00:00 GMT`. Known are ISO 8601
(days, weeks, months, ordinal days, hours, compact forms), RFC 2822, RFC 850, asctime, what JavaScript, Java,
Go, Ruby and OData write, and dates with slashes, dots or dashes. Arithmetic is in whole seconds and decimal
digits, so that neither a long fraction nor the year 1 or 9999 is rounded or out of range.

A time without a zone is read as UTC, as dlt reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal() * _DAY
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7}
"""RFC 2822, section 4.3; other names are not known."""
_PIVOT = 69
"""POSIX: years from 69 on are of the last century."""
_NOON = 12
_LAST_HOUR = 24


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time."""

    seconds: int
    """Since the day before 0001-01-01, UTC."""
    fraction: str = ""
    """Decimals of a second, without zeros at the end."""
    zoned: bool = True
    """Whether the spelling said in which zone."""

    @property
    def key(self) -> tuple[int, str]:
        """Ordered as the instants are: digits without zeros at their end order as text does."""
        return self.seconds, self.fraction


def instant_of(text: str, *, day_first: bool = False) -> Instant | None:
    """The instant that `text` names; None when it reads as none.

    `day_first`: what `03/04/2024` means, the 3rd of April rather than March 4th. Where one of the two cannot
    be a month, only the reading that fits is taken, and this is no matter.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    for pattern, read in _FORMS:
        found = pattern.fullmatch(text)
        if found is not None:
            try:
                return read(found.groupdict(), day_first)
            except ValueError:  # a 30th of February, a 13th month
                return None
    return None


_LONGEST = 100  # characters: no form of a time comes near, and a server's text may be of any length


def instant_of_date(value: date) -> Instant:
    """The instant of a `datetime`, or of the first moment of a `date`."""
    if not isinstance(value, datetime):
        return Instant(value.toordinal() * _DAY, zoned=False)
    offset = value.utcoffset()
    seconds = value.toordinal() * _DAY + value.hour * 3600 + value.minute * 60 + value.second
    shift = 0 if offset is None else round(offset.total_seconds())
    return Instant(seconds - shift, f"{value.microsecond:06}".rstrip("0"), offset is not None)


def order_of_day(text: str) -> bool | None:
    """What a date as `31/12/2024` tells of those beside it: True, the day is first; None: nothing."""
    found = _SLASHED.match(text.strip())
    if found is None or found["sep"] == ".":
        return None
    one, two = int(found["one"]), int(found["two"])
    if max(one, two) <= _NOON or one == two:
        return None
    return one > two


def _iso(found: Mapping[str, str | None], _: bool) -> Instant:
    year, month, day = int(found["year"] or ""), int(found["month"] or 1), int(found["day"] or 1)
    if year == month == day == 0:  # MySQL's zero date stands for "never"
        return Instant(0, zoned=found.get("zone") is not None)
    return _at(date(year, month, day), found)


def _ordinal(found: Mapping[str, str | None], _: bool) -> Instant:
    first = date(int(found["year"] or ""), 1, 1)
    number = int(found["number"] or "")
    if not 1 <= number <= (date(first.year, 12, 31) - first).days + 1:
        raise ValueError(number)
    return Instant((first.toordinal() + number - 1) * _DAY, zoned=False)


def _week(found: Mapping[str, str | None], _: bool) -> Instant:
    day = date.fromisocalendar(int(found["year"] or ""), int(found["week"] or ""), int(found["weekday"] or 1))
    return Instant(day.toordinal() * _DAY, zoned=False)


def _named(found: Mapping[str, str | None], _: bool) -> Instant:
    month = _MONTHS.index((found["name"] or "")[:3].lower()) + 1
    return _at(date(_year(found["year"] or ""), month, int(found.get("day") or 1)), found)


def _quarter(found: Mapping[str, str | None], _: bool) -> Instant:
    year, quarter = (
        int(found["year"] or found["year2"] or ""),
        int(found["quarter"] or found["quarter2"] or ""),
    )
    return Instant(date(year, 3 * quarter - 2, 1).toordinal() * _DAY, zoned=False)


def _slashed(found: Mapping[str, str | None], day_first: bool) -> Instant:
    one, two = int(found["one"] or ""), int(found["two"] or "")
    first = found["sep"] == "." or one > _NOON or (day_first and two <= _NOON)
    day, month = (one, two) if first else (two, one)
    return _at(date(_year(found["year"] or ""), month, day), found)


def _odata(found: Mapping[str, str | None], _: bool) -> Instant:
    seconds, thousandths = divmod(int(found["ticks"] or ""), 1000)
    return Instant(_EPOCH + seconds, f"{thousandths:03}".rstrip("0"))


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:  # two digits are a year of this century or the last
        return year
    return year + (1900 if year >= _PIVOT else 2000)


def _at(day: date, found: Mapping[str, str | None]) -> Instant:
    hour, minute, second = (int(found.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (found.get("half") or "").lower()
    if half:
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        hour = hour % _NOON + (_NOON if half.startswith("p") else 0)
    last = hour == _LAST_HOUR and not minute and not second
    if (hour >= _LAST_HOUR and not last) or minute > 59 or second > 60:  # 60: a leap second
        raise ValueError(hour)
    zone = found.get("zone")
    seconds = day.toordinal() * _DAY + hour * 3600 + minute * 60 + second - (_offset(zone) if zone else 0)
    return Instant(seconds, (found.get("fraction") or "").rstrip("0"), bool(zone))


def _offset(zone: str) -> int:
    """Seconds east of UTC."""
    zone = zone.upper()
    if zone in _NAMED_ZONES:
        return _NAMED_ZONES[zone] * 3600
    digits = re.sub(r"\D", "", zone)
    if not digits:  # Z, UTC, GMT
        return 0
    hours, minutes, seconds = (int(digits[at : at + 2] or 0) for at in (0, 2, 4))
    if hours >= _LAST_HOUR or minutes > 59 or seconds > 59:  # of an hour, of a minute
        raise ValueError(zone)
    size = hours * 3600 + minutes * 60 + seconds
    return -size if {"-", "−"} & set(zone) else size  # noqa: RUF001  # ISO 8601 allows the true minus


_HOURS = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_OFFSET = r"(?:(?:UTC|GMT)?[+\-−]\d{2}(?::?\d{2}(?::?\d{2})?)?|Z|UTC|UT|GMT|[ECMP][SD]T)"  # noqa: RUF001  # as above
_ZONE = rf"(?:\s*(?P<zone>{_OFFSET})(?:\s+[A-Z]{{3,4}}|\s*\([^)]*\)|\s*\[[^\]]*\])?)?"
_TIME = rf"(?:(?:T|:|\s+|,\s*|,?\s+at\s+){_HOURS}{_ZONE})?"
_COMPACT = r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
_SECONDS = r"(?P<second>\d{2})?(?:[.,](?P<fraction>\d+))?"
_SUFFIX = r"(?:st|nd|rd|th)?"
_WEEKDAY = r"(?:[A-Za-z]{3,9}\.?,?\s+)?"
_MONTH = r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})\.?"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.ASCII)


_SLASHED = _form(r"(?P<one>\d{1,2})(?P<sep>[/.-])(?P<two>\d{1,2})(?P=sep)(?P<year>\d{4}|(?<=/)\d{2})(?!\d)")
_FORMS: tuple[tuple[re.Pattern[str], Callable[[Mapping[str, str | None], bool], Instant]], ...] = (
    (_form(rf"(?P<year>\d{{4}})(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}}){_TIME}"), _iso),
    (_form(r"(?P<year>\d{4})-(?P<month>\d{2})(?P<day>)"), _iso),
    (
        _form(rf"(?P<year>\d{{4}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})[T ](?P<hour>\d{{2}}){_ZONE}"),
        _iso,
    ),
    (_form(rf"{_COMPACT}(?:T(?P<hour>\d{{2}})(?P<minute>\d{{2}})?{_SECONDS}{_ZONE})?"), _iso),
    (_form(rf"{_COMPACT}(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?P<second>\d{{2}})"), _iso),
    (_form(r"(?P<year>\d{4})-?W(?P<week>\d{2})(?:-?(?P<weekday>\d))?"), _week),
    (_form(r"(?P<year>\d{4})-(?P<number>\d{3})"), _ordinal),
    (
        _form(
            rf"{_WEEKDAY}(?P<day>\d{{1,2}}){_SUFFIX}(?:[ /-]|\s+of\s+){_MONTH},?[ /-]"
            rf"(?P<year>\d{{4}}|\d{{2}}){_TIME}"
        ),
        _named,
    ),
    (_form(rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}}){_SUFFIX},?\s+(?P<year>\d{{4}}){_TIME}"), _named),
    (_form(rf"{_MONTH},?[ /-](?P<year>\d{{4}})"), _named),
    (_form(r"(?P<month>\d{1,2})/(?P<year>\d{4})(?P<day>)"), _iso),
    (_form(r"(?P<year>\d{4})[ -]?Q(?P<quarter>[1-4])|Q(?P<quarter2>[1-4])[ -]?(?P<year2>\d{4})"), _quarter),
    (_form(rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_HOURS}{_ZONE}\s+(?P<year>\d{{4}})"), _named),
    (_form(_SLASHED.pattern + _TIME), _slashed),
    (_form(r"\\?/Date\((?P<ticks>-?\d{1,15})(?:[+-]\d{4})?\)\\?/"), _odata),
)
