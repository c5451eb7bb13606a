"""Numbers and sentences as people read them. All functions are pure; times are seconds."""

from __future__ import annotations

import re

_MINUTE = 60
_SECONDS = 100
"""Seconds that are still read easily as seconds: a host says "wait 60", nobody says "1 min 00 s"."""
_HOUR = 3600
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_COUNT = re.compile(
    r"(?<![\w.,:/=-])\d{4,}(?= (?:rows|records|reads|requests|pages|failures|is reached|of)\b)"
)
STAGES = {
    "normalize": "preparing the tables",
    "load": "writing the tables",
    "look": "looking again for rows that seem to have vanished",
}
"""What a run is at, once the API has been read."""
_ASCII = str.maketrans({"✓": "+", "✗": "x", "…": "~", "·": "-", "→": "->"})


def counted(number: int, noun: str) -> str:
    """`1 row`, `1,300 rows`, `2 retries`: the noun is given in the singular."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def lasting(seconds: float) -> str:
    """`20 ms`, `0.4 s`, `72 s`, `2 min 05 s`, `2 h 03 min`: never more than two units."""
    if seconds < 0.0995:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _SECONDS:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def sized(size: int) -> str:
    """`812 B`, `14 kB`, `3.2 MB`, by thousands."""
    if size < 1_000:
        return f"{size} B"
    amount, unit = size / 1_000, "kB"
    for bigger in ("MB", "GB", "TB"):
        if amount < 999.5:
            break
        amount, unit = amount / 1_000, bigger
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def grouped(text: str) -> str:
    """`text` with separators in the counts that our own sentences hold: `1300 rows` becomes `1,300 rows`."""
    return _COUNT.sub(lambda found: f"{int(found[0]):,}", text)


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` characters: cut between words where that costs little, then an ellipsis."""
    if len(text) <= width:
        return text
    cut = text[: max(width - 1, 0)]
    head, space, _ = cut.rpartition(" ")
    if space and len(head) > width * 2 // 3:
        cut = head
    return cut.rstrip(" ,;:") + "…"


def squeezed(name: str, width: int) -> str:
    """A name in at most `width` characters: its middle goes, because both ends tell names apart."""
    if len(name) <= width:
        return name
    tail = (width - 1) // 2
    return f"{name[: width - 1 - tail]}…{name[len(name) - tail :]}"


def printable(text: str) -> str:
    """`text` without control characters: what an API says must not move or turn a terminal's cursor."""
    return _CONTROL.sub("?", text)


def one_line(text: str) -> str:
    """`text` in one line, every run of white space a single blank."""
    return " ".join(printable(text).split())


def in_ascii(text: str) -> str:
    """`text` with our own signs as ASCII; what others have written stays as it is."""
    return text.translate(_ASCII)
