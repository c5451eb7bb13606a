"""Usual names: keys whose value is another one on each page, or at the end, of any honest list.

Names of paging, counts, times, ids, limits and of what was asked for. A key that has a word of failure in it
is none of them, whatever else it is: `page_error`, `rate_limited`, `incomplete`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from restmill.wire.errors.words import ALARMS, END_WORDS, HONEST, word_set

if TYPE_CHECKING:
    from restmill.wire.errors.envelopes import Keys

_TOKEN = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![^\W\d_A-Z])")
_STEMS = re.compile(
    "prev|next|first|last|page|pagin|seite|sayfa|strana|stranic|страниц|ページ|页|cursor|token|offset|scroll|"
    "index|count(?!ry)|total|gesamt|limit|remain|complete|more|done|final|finish|empty|link|href|url|uri|"
    "hash|etag|time(?!out|d)|date|stamp|elaps|durat|dauer|took|expire|version|trace|correlat|session|quota|"
    "credit|reset|usage|cost|cache|debug|profil|quer|filter|sort|order|lang|local|server|region|host|range|"
    "window|watermark|checkpoint|sync|delta|exhaust|since|until|before|after|oldest|newest|copyright|licen[cs]e|"
    "attribution|document|docs|deprecat|sunset|echo|self|facet|aggreg|param|modhash|signature|timing|bookmark|"
    "continu|resume|served|metadata|average|balance"
)
_TOKENS = word_set(
    """
    age amount api at avg dist end ende eof eol eos fin from guid hits id ids instance key lag
    locale max mean meta min ms no node nonce num number per pod rate ray req request rid rows score
    seq sequence sha size skip start sum to top ts ttl tz uuid zone
    """
)
_BOUNDS = frozenset(("limit", "limits", "quota", "rate"))
"""What is met when a flag of that name is true."""
_AROUND = re.compile(
    "pag(?:e|in)|link|cursor|limit|quer|param|filter|facet|aggreg|profil|debug|tim(?:e(?!out)|ing)|cost|usage"
)
"""Objects that hold nothing but such values."""
_LONGEST = 500


def words(text: str) -> frozenset[str]:
    """The words of a text or key in any script, in small letters, those of `camelCase` apart."""
    return frozenset(one.lower() for one in _TOKEN.findall(text[:_LONGEST]))


def alarms(text: str) -> frozenset[str]:
    """The words of failure in a text or key."""
    return words(text) & ALARMS


def is_usual(keys: Keys, *, number: bool = False, flag: bool = False) -> bool:
    """Whether what stands here may well be another on each page: a number, a true flag, or else."""
    if not number and alarms(keys[-1]):
        return False
    if flag and words(keys[-1]) & _BOUNDS:
        return False
    name = keys[-1].lower()
    return bool(
        _STEMS.search(name)
        or words(keys[-1]) & _TOKENS
        or any(_AROUND.search(one.lower()) for one in keys[:-1])
    )


def says_the_end(text: str) -> bool:
    """Whether a text is made of nothing but words by which APIs say that a list is over, or all is well."""
    said = words(text)
    nothing = _NO_SUCH.fullmatch(text.strip()) is not None and not said & ALARMS
    return nothing or (bool(said) and said <= HONEST | END_WORDS)


_NO_SUCH = re.compile(r"(?:no|0|zero)(?: \w+){0,4} found\W*|no more(?: \w+){1,3}\W*", re.IGNORECASE)
