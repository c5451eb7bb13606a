"""What the headers of an answer say about pace: how long to wait, and how much of a quota is left.

Read are `Retry-After` (RFC 9110, 10.2.3) and its kin, the `RateLimit-*` and `RateLimit` fields of the IETF
drafts in their old and new spelling, and the older `X-RateLimit-*` and `X-Rate-Limit-*`. How a value is read
is `retry_after`'s part. What cannot be read is taken as not said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restmill.wire.limits.retry_after import seconds_of

if TYPE_CHECKING:
    from restmill.wire.message import Headers

LIMITED = frozenset({420, 429, 503, 509})
"""Statuses by which a host limits its readers: Too Many Requests, and as Twitter and cPanel spell it."""

REFUSALS = LIMITED - {503}
"""Those of them that say nothing else: one request too many."""

_NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,20})?")
_REMAINING = re.compile(r"\b(?:remaining|r)\s*=\s*([0-9]{1,15})")
_RESET = re.compile(r"\b(?:reset|t)\s*=\s*([0-9]{1,15})")
_PREFIXES = ("RateLimit", "X-RateLimit", "X-Rate-Limit")
_QUOTAS = tuple(f"{prefix}-{{}}{kind}" for prefix in _PREFIXES for kind in ("", "-Requests", "-Tokens"))
"""Names of a quota's fields: one budget for all, or one for requests and one for tokens (language models)."""
_RESETS = (("Reset", 1.0), ("Reset-After", 1.0), ("Retry-After", 1.0), ("Reset-Ms", 1e3))
"""Fields that say when a quota is full again, and how many units are a second. Good answers have them too."""
_WAITS = (
    ("Retry-After", 1.0),
    ("X-Retry-After", 1.0),
    ("Retry-After-Ms", 1e3),
    ("X-Retry-After-Ms", 1e3),
    ("X-Ms-Retry-After-Ms", 1e3),
)
"""Fields that ask for a wait, the strongest first, and how many units are a second."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How many further requests the host allows, and for how long that holds."""

    remaining: int | None = None
    reset: float | None = None
    """Seconds from now until the quota is full again, always positive."""


def retry_after(headers: Headers, wall: float) -> float | None:
    """Seconds asked for by `Retry-After` or its kin; None when absent, past, zero or unreadable.

    `wall` is the time of the answer in epoch seconds.
    """
    for name, units in _WAITS:
        wait = seconds_of(headers[name], wall, units) if name in headers else None
        if wait is not None and wait > 0:
            return wait
    return None


def quota(headers: Headers, wall: float) -> Quota:
    """The tightest quota that the headers tell of."""
    if not any("rate" in name.lower() for name in headers):
        return Quota()
    found = [_combined(part) for part in headers.get("RateLimit", "").split('"') if "=" in part]
    for name in _QUOTAS:
        remaining = _number(headers.get(name.format("Remaining"), ""))
        reset = _reset(headers, name, wall)
        found.append(Quota(None if remaining is None else int(remaining), reset))
    return min(found, key=_tightness)


def is_limit(status: int, headers: Headers, wall: float) -> bool:
    """Whether an answer limits its reader, so that a quota's reset says when to come again.

    Any error does with `X-RateLimit-Retry-After`, if nothing is left of the quota or nobody says what is.
    """
    if status < 400 or status in LIMITED:
        return status in LIMITED
    told = any(f"{prefix}-Retry-After" in headers for prefix in _PREFIXES)
    return told and not quota(headers, wall).remaining


def is_refusal(status: int, headers: Headers, wall: float) -> bool:
    """Whether the host takes no more requests just now, and is well otherwise: 429, or 503 with a time."""
    if status in REFUSALS:
        return True
    return (status in LIMITED or status == 403) and wait_asked(
        headers, wall, limited=status != 403
    ) is not None


def wait_asked(headers: Headers, wall: float, *, limited: bool = False) -> float | None:
    """Seconds the host asks to wait: `Retry-After`, else the reset of a spent quota, else None.

    With `limited` (see `is_limit`) the reset counts whatever is left of the quota.
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


def _reset(headers: Headers, name: str, wall: float) -> float | None:
    for word, units in _RESETS:
        field = name.format(word)
        if field in headers:
            seconds = seconds_of(headers[field], wall, units)
            return seconds if seconds is not None and seconds > 0 else None
    return None
