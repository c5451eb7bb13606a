"""When to try again, and when to stop: a function of the policy, the attempt and what went wrong.

Tried again is what the policy names, what a response action asks for, and every error whose host says when to
come again. A host that says how long to wait is obeyed to the second. One that says nothing gets the formula
`base * factor ** (attempt - 1)`, stretched at random by up to a quarter, so that many readers do not return
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from restmill.wire.limits.rate_headers import LIMITED, is_limit, quota, retry_after, wait_asked

if TYPE_CHECKING:
    from restmill.wire.message import Headers

__all__ = [
    "OUTAGES",
    "Again",
    "BadStatus",
    "Broken",
    "Failure",
    "GiveUp",
    "Policy",
    "decide",
    "is_busy",
    "longest_cycle",
    "lost",
    "wait_asked",
    "wait_before",
]

STATUSES = frozenset({429, 500, 502, 503, 504})
OUTAGES = frozenset({502, 503, 504})
"""Statuses that speak for a whole host, and not for one page of it."""
_LIMITED_BY_HEADERS = LIMITED | {403}
_JITTER = 0.25
_TIMED_OUT = 408


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient to be. Waits in seconds."""

    statuses: frozenset[int] = STATUSES
    max_retries: int = 3
    """Attempts after the first."""
    backoff_factor: float = 2.0
    base: float = 1.0
    """The first wait by the formula."""
    max_wait: float = 300.0
    """The longest single wait; a host that asks for more is given up."""
    lasting: bool = True
    """Whether attempts go on while the whole host is down: not where the config has a rhythm of its own."""


@dataclass(frozen=True, slots=True)
class BadStatus:
    """An answer came, but not a good one; or one that a response action wants tried again, whatever it is."""

    status: int
    headers: Headers
    declared: str = ""
    """Which response action wants it tried again, if one does: then the policy's statuses do not count."""


@dataclass(frozen=True, slots=True)
class Broken:
    """No whole answer: connection, timeout, a truncated or undecodable body."""

    why: str
    sent: bool = True
    """Whether the request may have reached the server."""


Failure: TypeAlias = BadStatus | Broken


@dataclass(frozen=True, slots=True)
class Again:
    """Try again after `wait` seconds."""

    wait: float
    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Do not try again."""

    why: str


def decide(policy: Policy, attempt: int, failure: Failure, wall: float, chance: float) -> Again | GiveUp:
    """What to do after attempt number `attempt` (from 1) failed.

    `wall` is the time of the answer in epoch seconds, `chance` a random number in 0..1. A wait by the formula
    is never shorter than the formula and at most a quarter longer, and never above `max_wait`.
    """
    match failure:
        case BadStatus(status, headers):
            why = (
                f"status {status} (tried again {failure.declared})"
                if failure.declared
                else f"status {status}"
            )
            if not _may_pass(policy, failure, wall):
                return GiveUp(why)
            asked = wait_asked(headers, wall, limited=is_limit(status, headers, wall))
        case Broken(why):
            asked = None
        case _:
            assert_never(failure)
    if attempt > policy.max_retries:
        return GiveUp(f"{why} after {attempt} attempt{'s' if attempt > 1 else ''}")
    if asked is None:
        return Again(_formula(policy, attempt, chance), why)
    if asked > policy.max_wait:
        limit = f"{policy.max_wait:g} s; raise `client.retry.max_wait` to wait longer"
        return GiveUp(f"{why}: the host asks to wait {_shown(asked)} s, and the limit is {limit}")
    return Again(asked, f"{why}, the host asks for {_shown(asked)} s")


def lost(failure: Failure) -> str:
    """What became of an answer that the server may have made; "" where it has not served the request.

    A server that remembers the place of its reader has then moved on. It has not where it never got the
    request, or refused it (status 4xx; 408 may come from a proxy in front of it).
    """
    match failure:
        case Broken(why, sent):
            return why if sent else ""
        case BadStatus(status):
            return "" if 400 <= status < 500 and status != _TIMED_OUT else f"status {status}"
        case _:
            assert_never(failure)


def is_busy(policy: Policy, failure: BadStatus, wall: float) -> bool:
    """Whether the answer says that there will be another: it can never be the end of a list, or of anything.

    So says a response action, a status that the config adds to the usual ones, a limit, or a wait asked for.
    """
    named = failure.declared or failure.status in policy.statuses - STATUSES
    limited = failure.status == 503 or is_limit(failure.status, failure.headers, wall)
    return bool(named) or limited or retry_after(failure.headers, wall) is not None


def _may_pass(policy: Policy, failure: BadStatus, wall: float) -> bool:
    """Whether it may be better the next time: the config or the host says so.

    A 403 is a rate limit by its headers only (GitHub's secondary limit), and so are its kin.
    """
    status, headers = failure.status, failure.headers
    if failure.declared or status in policy.statuses:
        return True
    if status < 400:
        return False
    if retry_after(headers, wall) is not None:
        return True
    if is_limit(status, headers, wall) and wait_asked(headers, wall, limited=True) is not None:
        return True
    return status in _LIMITED_BY_HEADERS and quota(headers, wall).remaining == 0


def _shown(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 1 else f"{seconds:.2g}"


def longest_cycle(policy: Policy) -> float:
    """Seconds that the waits of one request take at most, by the formula."""
    return sum(_formula(policy, attempt, 1.0) for attempt in range(1, min(policy.max_retries, 64) + 1))


def wait_before(policy: Policy, number: int) -> float:
    """Seconds that the formula gives before retry `number`, from 1, without jitter."""
    return _formula(policy, number, 0.0)


def _formula(policy: Policy, attempt: int, chance: float) -> float:
    try:
        wait = policy.base * policy.backoff_factor ** (attempt - 1)
    except OverflowError:
        return policy.max_wait
    return min(wait * (1 + chance * _JITTER), policy.max_wait)
