"""Delays: how long to wait, by one value of a header, wherever it can be read without doubt.

    number      120, 0.5                        seconds; from 1e9 on a point in time (epoch s, ms, us or ns)
    duration    3s, 500ms, 6m0s, 2 minutes      Go's durations and their words; PT1M30S (ISO 8601)
    date        Fri, 15 Jan 2027 08:01:00 GMT   the three forms of RFC 9110 (5.6.7), and numeric zones
    ISO 8601    2027-01-15T08:01:00+02:00       only with a zone

Everything else (a time without a zone, a zone that nobody has, words) is None: not said. Every pattern takes
time in proportion to the text, and a text longer than any of these forms is not looked at.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

__all__ = ["seconds_of"]

_LONGEST = 64  # characters
_NUMBER = re.compile(r"[0-9]{1,19}(?:\.[0-9]{1,20})?")
_EPOCHS = ((1e18, 1e9), (1e15, 1e6), (1e12, 1e3), (1e9, 1.0))
"""From which number on it is a point in time, and in how many units per second. 1e9 s would be 31 years."""

_UNITS = {
    "ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "\u03bcs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0,
    "msec": 1e-3, "millisecond": 1e-3, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0,
    "hr": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0,
}  # fmt: skip
_PIECE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,20})?) ?([a-zA-Z\u00b5\u03bc]{1,12})(?:, ?| )?")
_ISO_DURATION = re.compile(
    r"P(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,15}(?:\.[0-9]{1,9})?)S)?)?"
)

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ZONES = {
    "gmt": 0,
    "utc": 0,
    "ut": 0,
    "z": 0,
    "est": -5,
    "edt": -4,
    "cst": -6,
    "cdt": -5,
    "mst": -7,
    "mdt": -6,
}
_ZONES |= {"pst": -8, "pdt": -7}  # RFC 5322, 4.3: no others are known
_CLOCK = r"([0-9]{2}):([0-9]{2}):([0-9]{2})"
_DATE = re.compile(
    rf"(?:[a-z]{{3,9}}, ?)?([0-9]{{1,2}})[ -]([a-z]{{3}})[ -]([0-9]{{4}}|[0-9]{{2}}) {_CLOCK}"
    r"(?: ([a-z]{1,3}|[+-][0-9]{4}))?"
)
_ASCTIME = re.compile(rf"[a-z]{{3}} ([a-z]{{3}}) {{1,2}}([0-9]{{1,2}}) {_CLOCK} ([0-9]{{4}})")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?"
    r" ?(?:UTC|GMT|[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)"
)
_FARTHEST_ZONE = timedelta(hours=14)


def seconds_of(text: str, wall: float, per_second: float = 1.0) -> float | None:
    """Seconds from `wall` (epoch seconds) that `text` says, perhaps negative; None: not said.

    A bare number counts so many units `per_second`. Fields of one name arrive joined by a comma (RFC 9110,
    5.3): then the longest counts, which is right for both.
    """
    text = text.strip().strip('"').strip()
    if not text or len(text) > _LONGEST:
        return None
    found = _one(text, wall, per_second)
    if found is None and "," in text:
        several = [_one(part.strip(), wall, per_second) for part in text.split(",")]
        return max((one for one in several if one is not None), default=None)
    return found


def _one(text: str, wall: float, per_second: float) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        for least, units in _EPOCHS:
            if number >= least:
                return number / units - wall
        return number / per_second
    duration = _duration(text)
    if duration is not None:
        return duration
    moment = _moment(text)
    return None if moment is None else moment.timestamp() - wall


def _duration(text: str) -> float | None:
    iso = _ISO_DURATION.fullmatch(text)
    if iso:
        parts = [float(part) for part in iso.groups(default="0")]
        told = any(part is not None for part in iso.groups())
        return parts[0] * 86400 + parts[1] * 3600 + parts[2] * 60 + parts[3] if told else None
    at, total, last = 0, 0.0, float("inf")
    while at < len(text):
        piece = _PIECE.match(text, at)
        size = _unit(piece[2]) if piece else None
        if piece is None or size is None or size >= last:
            return None
        total, last, at = total + float(piece[1]) * size, size, piece.end()
    return total


def _unit(word: str) -> float | None:
    """Seconds; a short one counts as it is written only, since `M` may be months."""
    word = word.lower() if len(word) > 2 else word
    return _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))


def _moment(text: str) -> datetime | None:
    try:
        if _ISO.fullmatch(text):
            return _iso(text)
        return _date(text.lower())
    except (ValueError, OverflowError):  # no such day, hour or zone
        return None


def _iso(text: str) -> datetime | None:
    for word in ("UTC", "GMT", "z"):
        text = text.replace(word, "Z")
    moment = datetime.fromisoformat(text.replace(" Z", "Z").replace(",", "."))
    offset = moment.utcoffset()
    return moment if offset is not None and abs(offset) <= _FARTHEST_ZONE else None


def _date(text: str) -> datetime | None:
    told = _ASCTIME.fullmatch(text)
    if told:
        month, day, hour, minute, second, year = told.groups()
        zone: str | None = None
    else:
        told = _DATE.fullmatch(text)
        if told is None:
            return None
        day, month, year, hour, minute, second, zone = told.groups()
    offset = _zone(zone)
    if month not in _MONTHS or offset is None:
        return None
    whole = int(year) if len(year) == 4 else _century(int(year))
    second = "59" if second == "60" else second  # a leap second, which RFC 9110 allows
    clock = (int(hour), int(minute), int(second))
    return datetime(whole, _MONTHS.index(month) + 1, int(day), *clock, tzinfo=timezone(offset))


def _century(year: int) -> int:
    """Two digits: RFC 850's dates. Those of this age are 20xx; none is asked to wait until 1999."""
    return 2000 + year if year < 70 else 1900 + year


def _zone(text: str | None) -> timedelta | None:
    """The zone's distance from UTC. HTTP's dates are in GMT, said or not (RFC 9110, 5.6.7)."""
    if text is None:
        return timedelta(0)
    if text in _ZONES:
        return timedelta(hours=_ZONES[text])
    if text[1:].isdigit() and int(text[3:]) < 60:
        offset = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
        return None if offset > _FARTHEST_ZONE else -offset if text[0] == "-" else offset
    return None
