"""What the headers of an answer say about pace: how long to wait, and how much of a quota is left.

Read are `Retry-After` (RFC 9110, 10.2.3), the `RateLimit-*` and `RateLimit` fields of the IETF drafts in
their old and new spelling, and the older `X-RateLimit-*` and `X-Rate-Limit-*`. What cannot be read is taken
as not said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restmill.wire.message import Headers

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]+)?")
_REMAINING = re.compile(r"\b(?:remaining|r)\s*=\s*([0-9]{1,15})")
_RESET = re.compile(r"\b(?:reset|t)\s*=\s*([0-9]{1,15})")
_PREFIXES = ("RateLimit", "X-RateLimit", "X-Rate-Limit")
_EPOCH = 1e9  # a reset this large is a point in time, not a duration: 1e9 s are 31 years
_MILLIS = 1e12  # and this large, one in milliseconds


@dataclass(frozen=True, slots=True)
class Quota:
    """How many further requests the host allows, and for how long that holds."""

    remaining: int | None = None
    reset: float | None = None
    """Seconds from now until the quota is full again, always positive."""


def retry_after(headers: Headers, wall: float) -> float | None:
    """Seconds asked for by `Retry-After`, a number or a date; None when absent, past, zero or unreadable.

    `wall` is the time of the answer in epoch seconds.
    """
    text = headers.get("Retry-After", "").strip()
    wait = float(text) if _NUMBER.fullmatch(text) else _seconds_until(text, wall)
    return wait if wait > 0 else None


def quota(headers: Headers, wall: float) -> Quota:
    """The tightest quota that the headers tell of."""
    found = [_combined(part) for part in headers.get("RateLimit", "").split('"') if "=" in part]
    for prefix in _PREFIXES:
        remaining = _number(headers.get(f"{prefix}-Remaining", ""))
        reset = _number(headers.get(f"{prefix}-Reset", ""))
        found.append(Quota(None if remaining is None else int(remaining), _delta(reset, wall)))
    return min(found, key=_tightness)


def wait_asked(headers: Headers, wall: float, *, limited: bool = False) -> float | None:
    """Seconds the host asks to wait: `Retry-After`, else the reset of a spent quota, else None.

    With `limited` (the status was 429 or 503) the reset counts whatever is left of the quota.
    """
    asked = retry_after(headers, wall)
    if asked is not None:
        return asked
    left = quota(headers, wall)
    return left.reset if limited or left.remaining == 0 else None


def _combined(text: str) -> Quota:
    remaining, reset = _REMAINING.search(text), _RESET.search(text)
    return Quota(int(remaining[1]) if remaining else None, (float(reset[1]) or None) if reset else None)


def _tightness(one: Quota) -> tuple[float, float]:
    return (float("inf") if one.remaining is None else one.remaining, -(one.reset or 0.0))


def _number(text: str) -> float | None:
    # Two fields of one name arrive joined by a comma: the smaller one binds.
    numbers = [float(part) for part in text.replace(" ", "").split(",") if _NUMBER.fullmatch(part)]
    return min(numbers, default=None)


def _delta(reset: float | None, wall: float) -> float | None:
    if reset is None:
        return None
    if reset >= _MILLIS:
        reset /= 1000
    seconds = reset - wall if reset >= _EPOCH else reset
    return seconds if seconds > 0 else None


def _seconds_until(text: str, wall: float) -> float:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415  # 10 ms, and dates are rare here

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - wall
