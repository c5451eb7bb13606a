"""Faults: which requests go wrong, how, and when it stops.

A fault is drawn from the seed, the request's own identity and the number of the attempt. So the same run
meets the same faults, concurrency does not change who meets them, and a repeated request draws anew instead
of being doomed.
"""

import codecs
import json
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

from restmill.sandbox.behaviour import Behaviour
from restmill.sandbox.chance import unit
from restmill.sandbox.disguise import ErrorKind, instead
from restmill.sandbox.listing import Page
from restmill.sandbox.message import JSON_TYPE, Answer, AskError

Fault = Literal["fail", "truncate", "html", "error", "disconnect"]

_HTML = b"<!doctype html><html><head><title>Please wait</title></head><body>One moment</body></html>"


@dataclass(slots=True)
class _Tries:
    """How often a request was seen, and how many faults it has met in a row since it last went well."""

    attempts: int = 0
    in_a_row: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one attempt: an extra wait in seconds, and a fault (with its status) or none."""

    wait_s: float = 0.0
    fault: Fault | None = None
    status: int = 0


UNTOUCHED = Fate()


@dataclass(slots=True)
class Faults:
    """The memory behind the faults: attempts by request identity."""

    _tries: dict[str, _Tries] = field(default_factory=dict)

    def fate(self, behaviour: Behaviour, identity: str) -> Fate:
        """Draw the fate of the next attempt of the request with this identity."""
        if not behaviour.faulty:
            return UNTOUCHED
        tries = self._tries.setdefault(identity, _Tries())
        tries.attempts += 1
        seed, attempt = behaviour.seed, tries.attempts
        wait = behaviour.slow_s if unit(seed, identity, attempt, "slow") < behaviour.slow else 0.0
        fault = _drawn(behaviour, unit(seed, identity, attempt, "fault"), tries.in_a_row)
        tries.in_a_row = tries.in_a_row + 1 if fault else 0
        if fault != "fail":
            return Fate(wait, fault)
        place = int(unit(seed, identity, attempt, "status") * len(behaviour.fail_statuses))
        return Fate(wait, fault, behaviour.fail_statuses[place])


def _drawn(behaviour: Behaviour, drawn: float, in_a_row: int) -> Fault | None:
    rates: tuple[tuple[Fault, float], ...] = (
        ("fail", behaviour.fail_rate),
        ("truncate", behaviour.truncate),
        ("html", behaviour.html),
        ("error", behaviour.errors),
        ("disconnect", behaviour.disconnect),
    )
    certain = any(rate == 1 for _, rate in rates)
    if behaviour.max_faults and in_a_row >= behaviour.max_faults and not certain:
        return None
    for fault, rate in rates:
        if drawn < rate:
            return fault
        drawn -= rate
    return None


def failure(behaviour: Behaviour, status: int, now: datetime) -> Answer:
    """Return the answer of a failed request, with the `Retry-After` (RFC 9110, 10.2.3) of the behaviour."""
    headers: dict[str, str] = {}
    if behaviour.retry_after == "date":
        headers["Retry-After"] = format_datetime((now + timedelta(seconds=2)).astimezone(UTC), usegmt=True)
    elif behaviour.retry_after is not None:
        headers["Retry-After"] = f"{behaviour.retry_after:g}"
    return AskError(status, "the server cannot answer now", headers=headers).answer()


def spoilt(answer: Answer, fault: Fault | None, kind: ErrorKind = "ok") -> Answer:
    """Return the good answer as the fault leaves it; only what is 200 and has a body can be spoilt."""
    if answer.status != 200:
        return answer
    match fault:
        case "html":
            return Answer(200, _HTML, content_type="text/html; charset=utf-8")
        case "truncate":
            return Answer(200, answer.body[: len(answer.body) * 2 // 3], answer.headers, answer.content_type)
        case "error" if answer.content_type == JSON_TYPE:
            return Answer(200, instead(kind, answer.body))
        case _:
            return answer


def spoilt_page(answer: Answer, behaviour: Behaviour, page: Page) -> Answer:
    """Return the good answer to a page as the switches for single pages leave it; asking again is no help."""
    number = page.number
    if behaviour.html_from and number >= behaviour.html_from:
        return spoilt(answer, "html")
    if behaviour.error_from and number >= behaviour.error_from:
        return spoilt(answer, "error", behaviour.error_kind)
    if behaviour.truncate_from and number >= behaviour.truncate_from:
        return spoilt(answer, "truncate")
    if behaviour.no_body_middle and page.middle:
        return Answer(200, b"", answer.headers)
    if behaviour.odd_middle and page.middle:
        return Answer(200, _renamed(answer.body), answer.headers)
    return answer


def encoded(answer: Answer, behaviour: Behaviour) -> Answer:
    """Return the answer in the encoding of the behaviour; what that cannot hold is escaped as in JSON."""
    codec, body = behaviour.encoding, answer.body
    if codec == "utf-8" or not body:
        return answer
    if codec == "stray":
        before, quote, behind = body.partition(b'":"')
        return replace(answer, body=b"%b%b\xff%b" % (before, quote, behind)) if quote else answer
    kind = f"{answer.content_type.partition(';')[0]}; charset={codec}"
    if codec == "mislabelled":
        return replace(answer, content_type=kind.replace(codec, "ISO-8859-1"))
    told = kind if behaviour.encoding_told else answer.content_type
    return replace(answer, body=body.decode().encode(codec, _ESCAPED), content_type=told)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Write a character that an encoding lacks as JSON may: four digits, twice beyond 16 bits."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_ESCAPED = "restmill.json"
codecs.register_error(_ESCAPED, _escaped)


def _renamed(body: bytes) -> bytes:
    """Return the page with its records under `hits`: as the first key of an envelope, or around an array."""
    return b'{"hits' + body[body.index(b'"', 2) :] if body.startswith(b"{") else b'{"hits":%b}' % body


@dataclass(slots=True)
class RateWindow:
    """A fixed window of requests, as many APIs count them. Times are seconds of a steady clock."""

    _opened: float = -math.inf
    _used: int = 0

    def take(self, behaviour: Behaviour, now: float) -> tuple[bool, dict[str, str]]:
        """Count one request; return whether it is within the limit, and the headers that say so."""
        if now >= self._opened + behaviour.rate_window_s:
            self._opened, self._used = now, 0
        self._used += 1
        reset = str(max(math.ceil(self._opened + behaviour.rate_window_s - now), 0))
        headers = {
            "RateLimit-Limit": str(behaviour.rate_limit),
            "RateLimit-Remaining": str(max(behaviour.rate_limit - self._used, 0)),
            "RateLimit-Reset": reset,
        }
        allowed = self._used <= behaviour.rate_limit
        return allowed, headers if allowed else {**headers, "Retry-After": reset}
