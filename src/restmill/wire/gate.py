"""The budget of one host: may a request leave now?

Four rules, the strictest wins: a token bucket for the declared rate; a concurrency that grows with success
and halves at signs of overload (AIMD, as in TCP); a hold when the host asks for one or its quota is nearly
spent; and a breaker that shuts for good when attempts fail in a row. A gate is a frozen value: each event
gives the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from restmill.wire.pace import LIMITED, is_limit, quota, wait_asked

if TYPE_CHECKING:
    from restmill.wire.message import Headers

_OVERLOAD = LIMITED | {502, 504}
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
    failures: int = 10
    """Failed attempts in a row that shut the gate."""
    max_hold: float = 300.0
    """Seconds; a host that asks for a longer pause is treated as shut while it lasts."""


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
class _Row:
    """Failed attempts in a row. Those in flight together with the first one count as one with it."""

    count: int
    since: float
    together: int
    """One more than the answers still expected from among those."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The state of one host's budget. All times are monotonic seconds."""

    limits: Limits
    in_flight: int = 0
    allowed: int = 1
    """How many requests may be in flight now, from 1 to the ceiling."""
    credit: int = 0
    """Successes since `allowed` last changed, once slow start is over."""
    slow_start: bool = True
    settling: int = 0
    """One more than the answers still expected from before the last halving: they cannot cause another."""
    due: float = _NEVER
    """When the bucket will be full again (the virtual scheduling form of a token bucket)."""
    held_until: float = _NEVER
    held_why: str = ""
    left: int | None = None
    """Requests left in the host's quota, those in flight taken off."""
    left_until: float = _NEVER
    row: _Row | None = None
    last_success: float = _NEVER
    undone: tuple[_Row | None, float] = (None, _NEVER)
    """`row` and `last_success` as they were before the last good status: its body may prove to be broken."""
    shut: str = ""
    """Why nothing is sent any more; "" while the gate is open."""

    @classmethod
    def fresh(cls, limits: Limits) -> Gate:
        """The gate of a host not yet spoken to."""
        return cls(limits, allowed=max(1, min(limits.start, limits.concurrency)))

    def ask(self, now: float) -> Leave:
        """Whether a request may leave now."""
        if self.shut:
            return Shut(self.shut)
        if now < self.held_until:
            return self._pause(self.held_until - now, self.held_why)
        if self.left is not None and self.left <= 0 and now < self.left_until:
            why = "the host's quota is used up"
            # An answer will say what is really left; without one to come, only the reset helps.
            return Hold(None, why) if self.in_flight else self._pause(self.left_until - now, why)
        if self.in_flight >= self.allowed:
            return Hold(None, f"{self.in_flight} requests are in flight")
        early = self.due - now - (self.limits.burst - 1) * self._interval
        if early > 0:
            why = f"{self.limits.requests_per_second:g} requests per second are allowed"
            return Hold(early + _ROUNDING, why)
        return Go()

    def sent(self, now: float) -> Gate:
        """A request has left."""
        left = None if self.left is None or now >= self.left_until else self.left - 1
        due = max(self.due, now) + self._interval
        return replace(self, in_flight=self.in_flight + 1, due=due, left=left)

    def answered(self, now: float, status: int, headers: Headers, wall: float) -> Gate:
        """An answer has arrived; `wall` is its time in epoch seconds."""
        asked = wait_asked(headers, wall, limited=is_limit(status, headers, wall))
        gate = _told(_landed(self), now, headers, wall)
        if asked is not None:
            gate = _held(gate, now + asked, "the host asks to wait")
        if status < 500 and status not in LIMITED:
            gate = replace(gate, row=None, last_success=now, undone=(gate.row, gate.last_success))
            return gate if asked is not None else _grown(gate, self.in_flight)
        if asked is None or status not in LIMITED:
            gate = _failed_row(gate, now, f"status {status}")
        return _halved(gate) if status in _OVERLOAD else gate

    def failed(self, now: float, why: str) -> Gate:
        """No answer at all, or one that broke off."""
        return _halved(_failed_row(_landed(self), now, why))

    def broken(self, now: float, why: str) -> Gate:
        """The answer that has just arrived with a good status has a body that is none: it was no success."""
        row, success = self.undone
        return _halved(_failed_row(replace(self, row=row, last_success=success), now, why))

    def cancelled(self, now: float) -> Gate:  # noqa: ARG002  # all events have the same face
        """A request was given up by us: its place is free, and nothing is learnt."""
        return _landed(self)

    def exhausted(self, now: float, first_sent: float, why: str) -> Gate:
        """A request has used up its retries; it shuts the gate unless the host was well at any time since."""
        if self.last_success >= first_sent:
            return self
        since = f"no attempt succeeded in {now - first_sent:.0f} s"
        return _shut(self, f"a request used up its retries ({why}), and {since}")

    def _pause(self, seconds: float, why: str) -> Hold | Shut:
        if seconds <= self.limits.max_hold:
            return Hold(seconds + _ROUNDING, why)
        most = f"{self.limits.max_hold:g} s; raise `client.retry.max_wait` to wait longer"
        return Shut(f"{why}, {seconds:.0f} s from now, and the limit is {most}")

    @property
    def _interval(self) -> float:
        rate = self.limits.requests_per_second
        return 1 / rate if rate else 0.0


def _landed(gate: Gate) -> Gate:
    row = gate.row and replace(gate.row, together=max(0, gate.row.together - 1))
    settling = max(0, gate.settling - 1)
    return replace(gate, in_flight=max(0, gate.in_flight - 1), settling=settling, row=row)


def _told(gate: Gate, now: float, headers: Headers, wall: float) -> Gate:
    told = quota(headers, wall)
    if told.remaining is None or told.reset is None:
        return gate
    # Whether the host has counted those in flight already is unknown; taking them off is the safe reading.
    return replace(gate, left=told.remaining - gate.in_flight, left_until=now + told.reset)


def _held(gate: Gate, until: float, why: str) -> Gate:
    return replace(gate, held_until=until, held_why=why) if until > gate.held_until else gate


def _grown(gate: Gate, were_in_flight: int) -> Gate:
    if 2 * were_in_flight <= gate.allowed:
        return gate  # what is not used proves nothing about what would be borne
    if gate.allowed >= gate.limits.concurrency:
        return gate
    if gate.slow_start or gate.credit + 1 >= gate.allowed:
        return replace(gate, allowed=gate.allowed + 1, credit=0)
    return replace(gate, credit=gate.credit + 1)


def _halved(gate: Gate) -> Gate:
    if gate.settling:
        return gate
    allowed = max(1, gate.allowed // 2)
    return replace(gate, allowed=allowed, credit=0, slow_start=False, settling=gate.in_flight + 1)


def _failed_row(gate: Gate, now: float, why: str) -> Gate:
    if gate.row is None:
        row = _Row(1, now, gate.in_flight + 1)
    elif gate.row.together:
        return gate
    else:
        row = replace(gate.row, count=gate.row.count + 1)
    gate = replace(gate, row=row)
    if row.count < gate.limits.failures:
        return gate
    times = f"{row.count} attempt{'s' if row.count > 1 else ''} in a row failed in {now - row.since:.0f} s"
    return _shut(gate, f"{times}, the last with {why}")


def _shut(gate: Gate, why: str) -> Gate:
    return gate if gate.shut else replace(gate, shut=why)
