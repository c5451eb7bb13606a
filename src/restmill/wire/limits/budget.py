"""The budget of one host: may a request leave now?

Five rules, the strictest wins: a token bucket for the declared rate, or for one that refusals taught
(`throttle`); a concurrency that grows with success, halves at signs of overload and remembers a ceiling
(`concurrency`); a hold when the host asks for one or its quota is nearly spent; one request at a time while
the host fails, and none any more when it fails on and on (`circuit_breaker`). A gate is a frozen value: each
event gives the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from restmill.wire.limits.circuit_breaker import Breaker
from restmill.wire.limits.concurrency import Concurrency
from restmill.wire.limits.rate_headers import is_limit, is_refusal, quota, wait_asked
from restmill.wire.limits.throttle import Throttle

if TYPE_CHECKING:
    from restmill.wire.message import Headers

_OVERLOAD = frozenset({502, 503, 504})
_ROUNDING = 1e-6  # seconds added to a wait, so that a clock's rounding cannot end it a hair too early
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one host is allowed to be burdened with."""

    concurrency: int = 16
    """Ceiling of requests in flight."""
    start: int = 4
    """Requests in flight before anything is known."""
    requests_per_second: float | None = None
    burst: int = 1
    """Requests that may leave at once after a pause, under `requests_per_second`."""
    failures: int | None = None
    """Failed attempts in a row that shut the gate; None: 10, or one request's retries used up."""
    patience: float = 0.0
    """Seconds that the failures must have lasted, too."""
    max_hold: float = 300.0
    """Seconds; a host that asks for a longer pause is treated as shut while it lasts.

    Pauses in vain that it did not ask for are given up after half as long, all together.
    """


@dataclass(frozen=True, slots=True)
class Go:
    """Send now, and tell the gate by `sent`."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Ask again after `seconds` or at the next answer, whichever is first; None: at the next answer."""

    seconds: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Shut:
    """Nothing is sent to this host any more."""

    why: str


Leave: TypeAlias = Go | Hold | Shut


@dataclass(frozen=True, slots=True)
class Gate:
    """The state of one host's budget. All times are monotonic seconds."""

    limits: Limits
    concurrency: Concurrency
    breaker: Breaker
    throttle: Throttle = field(default_factory=Throttle)
    in_flight: int = 0
    due: float = _NEVER
    """When the bucket will be full again (the virtual scheduling form of a token bucket)."""
    held_until: float = _NEVER
    held_why: str = ""
    left: int | None = None
    """Requests left in the host's quota, those in flight taken off."""
    left_until: float = _NEVER
    last_success: float = _NEVER
    undone: tuple[Breaker, float] | None = None
    """`breaker` and `last_success` as they were before the last good status: its body may be broken."""
    shut: str = ""
    """Why nothing is sent any more; "" while the gate is open."""

    @classmethod
    def fresh(cls, limits: Limits) -> Gate:
        """The gate of a host not yet spoken to."""
        concurrency = Concurrency.fresh(limits.start, limits.concurrency)
        return cls(limits, concurrency, Breaker(limits.failures, limits.patience))

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now, from 1 to the ceiling."""
        return self.concurrency.allowed

    @property
    def patient(self) -> bool:
        """Whether a refusal just told may still be one of pace, so that it is no failure of its request.

        It is while the host has others in flight, or served somebody before: only then can a pause help.
        """
        return not self.shut and (self.in_flight > 0 or self.last_success > _NEVER)

    def down(self, since: float) -> bool:
        """Whether the host served somebody once, and nobody after `since`; it may recover."""
        return not self.shut and self.last_success > _NEVER and self.breaker.lasts(since)

    def ask(self, now: float) -> Leave:
        """Whether a request may leave now."""
        if self.shut:
            return Shut(self.shut)
        if why := self._full(now):
            return Hold(None, why)
        seconds, why = max(self._waits(now), key=lambda wait: wait[0])
        if seconds <= 0:
            return Go()
        if seconds <= self.limits.max_hold:
            return Hold(seconds + _ROUNDING, why)
        most = f"{self.limits.max_hold:g} s; raise `client.retry.max_wait` to wait longer"
        return Shut(f"{why}, {seconds:.0f} s from now, and the limit is {most}")

    def sent(self, now: float) -> Gate:
        """A request has left."""
        left = None if self.left is None or now >= self.left_until else self.left - 1
        due = max(self.due, now) + self._interval
        throttle = self.throttle.sent(now)
        return replace(self, in_flight=self.in_flight + 1, due=due, left=left, throttle=throttle)

    def answered(self, now: float, status: int, headers: Headers, wall: float, seconds: float = 0.0) -> Gate:
        """An answer has arrived after `seconds`; `wall` is its time in epoch seconds."""
        asked = wait_asked(headers, wall, limited=is_limit(status, headers, wall))
        gate = _told(_landed(self), now, headers, wall)
        if is_refusal(status, headers, wall):
            return _refused(gate, now, asked)
        if asked is not None:
            gate = _held(gate, now + asked, _ASKED)
        if status < 500:
            if asked is None:
                grown = gate.concurrency.succeeded(self.in_flight, now, seconds)
                gate = replace(gate, concurrency=grown)
            return _succeeded(gate, now)
        gate = _failed(gate, now, f"status {status}")
        return _halved(gate) if status in _OVERLOAD else gate

    def failed(self, now: float, why: str) -> Gate:
        """No answer at all, or one that broke off."""
        return _halved(_failed(_landed(self), now, why))

    def broken(self, now: float, why: str) -> Gate:
        """The answer that has just arrived with a good status has a body that is none: it was no success."""
        breaker, success = self.undone or (self.breaker, self.last_success)
        return _halved(_failed(replace(self, breaker=breaker, last_success=success, undone=None), now, why))

    def cancelled(self, now: float) -> Gate:  # noqa: ARG002  # all events have the same face
        """A request was given up by us: its place is free, and nothing is learnt."""
        return _landed(self)

    def exhausted(self, now: float, first_sent: float, why: str) -> Gate:
        """A request has used up its retries; it shuts the gate unless the host was well at any time since."""
        if self.last_success >= first_sent:
            return self
        since = self.breaker.opens_after_retries(now, first_sent)
        return _shut(self, f"a request used up its retries ({why}), and {since}") if since else self

    def _full(self, now: float) -> str:
        """Why nothing can leave before an answer comes; "" when something may."""
        if self.left is not None and self.left <= 0 and now < self.left_until and self.in_flight:
            return _SPENT  # an answer will say what is really left; without one to come, only the reset helps
        if self.breaker.half_open and self.in_flight >= self.breaker.most_in_flight:
            return "the host failed, and one request finds out whether it is well again"
        if self.throttle.alone and self.in_flight:
            return "one request finds out whether the host takes more"
        return f"{self.in_flight} requests are in flight" if self.in_flight >= self.allowed else ""

    def _waits(self, now: float) -> list[tuple[float, str]]:
        """Seconds to wait for each reason, and the reason; zero or less where it does not bind."""
        early = self.due - now - (self.limits.burst - 1) * self._interval
        waits = [(self.held_until - now, self.held_why), (early, self._rate_why)]
        if self.left is not None and self.left <= 0:
            waits.append((self.left_until - now, _SPENT))
        if self.breaker.half_open:
            waits.append((self.breaker.probe_at - now, "the host failed"))
        return waits

    @property
    def _interval(self) -> float:
        rate = self.limits.requests_per_second
        return max(1 / rate if rate else 0.0, self.throttle.interval)

    @property
    def _rate_why(self) -> str:
        declared, learnt = self.limits.requests_per_second, self.throttle.rate
        if learnt is not None and (declared is None or learnt.now < declared):
            return f"the host was seen to bear {learnt.now:.3g} requests per second"
        return f"{declared:g} requests per second are allowed" if declared else ""


_ASKED = "the host asks to wait"
_SPENT = "the host's quota is used up"


def _landed(gate: Gate) -> Gate:
    return replace(
        gate,
        in_flight=max(0, gate.in_flight - 1),
        concurrency=gate.concurrency.landed(),
        breaker=gate.breaker.landed(),
    )


def _told(gate: Gate, now: float, headers: Headers, wall: float) -> Gate:
    told = quota(headers, wall)
    if told.remaining is None or told.reset is None:
        return gate
    # Whether the host has counted those in flight already is unknown; taking them off is the safe reading.
    return replace(gate, left=told.remaining - gate.in_flight, left_until=now + told.reset)


def _held(gate: Gate, until: float, why: str) -> Gate:
    return replace(gate, held_until=until, held_why=why) if until > gate.held_until else gate


def _succeeded(gate: Gate, now: float) -> Gate:
    throttle, concurrency = gate.throttle.succeeded(now), gate.concurrency
    learnt = throttle.rate is not None and gate.throttle.pauses > 0
    if gate.throttle.pauses and now < gate.held_until:  # it was served while another was refused
        concurrency = concurrency.refused(gate.in_flight + 1, now, gate.held_until - now)
    return replace(
        gate,
        concurrency=concurrency,
        breaker=gate.breaker.succeeded(),
        last_success=now,
        undone=(gate.breaker, gate.last_success),
        throttle=throttle,
        due=max(gate.due, now + throttle.interval) if learnt else gate.due,
    )


def _refused(gate: Gate, now: float, asked: float | None) -> Gate:
    """Too many requests: at once, while others are in flight and nobody says more; else too many at all."""
    if asked is None and gate.in_flight:
        return replace(gate, concurrency=gate.concurrency.refused(gate.in_flight))
    if asked is not None and now < gate.held_until:  # it was sent before the pause that another was told of
        gate = _held(gate, now + asked, _ASKED)
        return gate if gate.in_flight else _halved(gate)
    throttle, pause = gate.throttle.refused(now, asked)
    gate = replace(gate, throttle=throttle)
    if asked is None:
        gate = replace(gate, concurrency=gate.concurrency.unbound(gate.limits.start))
    if not gate.in_flight:
        gate = _halved(gate)
    gate = _held(gate, now + pause, _ASKED if asked is not None else _REFUSED)
    vain = throttle.paused - pause
    most = gate.limits.max_hold if asked is not None else gate.limits.max_hold / 2
    if vain and throttle.paused > most:
        return _shut(gate, f"it refused every request for {vain:.0f} s as one too many")
    return gate


_REFUSED = "the host refused all requests as too many"


def _halved(gate: Gate) -> Gate:
    return replace(gate, concurrency=gate.concurrency.halved(gate.in_flight))


def _failed(gate: Gate, now: float, why: str) -> Gate:
    breaker = gate.breaker.failed(now, gate.in_flight)
    gate = replace(gate, breaker=breaker)
    opens = breaker.opens(now)
    return _shut(gate, f"{opens}, the last with {why}") if opens else gate


def _shut(gate: Gate, why: str) -> Gate:
    return gate if gate.shut else replace(gate, shut=why)
