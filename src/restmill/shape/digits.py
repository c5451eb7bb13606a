"""Digits of all scripts: a number is a number, whichever script writes it (Unicode 15, section 22.3).

Decimal digits have a value and a place in any script, so `٢٠٢٤` and `२०२४` read as `2024`, and so do those of
full width and the marks that are written with them. Numerals such as `二〇`, `Ⅻ` or `½` are no digits; what
they order by is not known.
"""

from __future__ import annotations

import unicodedata

_MARKS = {
    "\u066b": ".",  # Arabic decimal separator
    "\u066c": "",  # Arabic thousands separator
    "\u060c": ",",  # Arabic comma
    "\u2212": "-",  # minus
    "\u2010": "-",
    "\u2011": "-",
    "\u2044": "/",
    "\u2215": "/",
}
_UNSEEN = frozenset(
    "\u200e\u200f\u061c\u200b\u2060\ufeff\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e"
)
"""Marks of direction and blanks without width."""
_BLANKS = frozenset("\u00a0\u202f\u2009\u2007\u3000")


def in_ascii_digits(text: str) -> str:
    """`text` with its decimal digits as 0 to 9, full-width marks as ASCII, and without marks of direction."""
    return text if text.isascii() else "".join(map(_plain, text))


def counts_in_words(text: str) -> bool:
    """Whether `text` has a numeral that is no decimal digit."""
    return not text.isascii() and any(char.isnumeric() and not char.isdecimal() for char in text)


def _plain(char: str) -> str:
    if char.isascii():
        return char
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in _UNSEEN:
        return ""
    if char in _BLANKS:
        return " "
    wide = "\uff01" <= char <= "\uff5e"
    return chr(ord(char) - 0xFEE0) if wide else _MARKS.get(char, char)
