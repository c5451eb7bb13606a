"""The budget of one host: may a request leave now?

Four rules, the strictest wins: a token bucket for the declared rate; a concurrency that grows with success and
halves at signs of overload (AIMD, as in TCP); a hold when the host asks for one or its quota is nearly spent; and a
breaker that shuts for good when attempts fail in a row. A gate is a frozen value: each event gives the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from restmill.wire.message import Headers
from restmill.wire.pace import quota, retry_after

_OVERLOAD = frozenset({429, 502, 503, 504})
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


@dataclass(frozen=True, slots=True)
class Go:
    """Send now, and tell the gate by `sent`."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Ask again after `seconds`, or when an answer arrives, whichever is first; None: when an answer arrives."""

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


@dataclass(frozen=True, slots=True)
class Gate:
    """The state of one host's budget. All times are monotonic seconds."""

    limits: Limits
    in_flight: int = 0
    window: float = 1.0
    """The concurrency allowed now, with the fraction gathered towards the next one."""
    slow_start: bool = True
    settling: int = 0
    """Answers still expected from before the last halving; they cannot cause another."""
    due: float = _NEVER
    """When the bucket will be full again (the virtual scheduling form of a token bucket)."""
    held_until: float = _NEVER
    held_why: str = ""
    left: int | None = None
    """Requests left in the host's quota, those in flight taken off."""
    left_until: float = _NEVER
    row: _Row | None = None
    last_success: float = _NEVER
    shut: Shut | None = None

    @classmethod
    def fresh(cls, limits: Limits) -> Gate:
        """The gate of a host not yet spoken to."""
        return cls(limits, window=float(max(1, min(limits.start, limits.concurrency))))

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now, from 1 to the ceiling."""
        return int(self.window)

    def ask(self, now: float) -> Leave:
        """Whether a request may leave now."""
        if self.shut:
            return self.shut
        if now < self.held_until:
            return Hold(self.held_until - now + _ROUNDING, self.held_why)
        if self.left is not None and self.left <= 0 and now < self.left_until:
            # An answer will say what is really left; without one to come, only the reset helps.
            seconds = None if self.in_flight else self.left_until - now + _ROUNDING
            return Hold(seconds, "the host's quota is used up")
        if self.in_flight >= self.allowed:
            return Hold(None, f"{self.in_flight} requests are in flight")
        early = self.due - now - (self.limits.burst - 1) * self._interval
        if early > 0:
            return Hold(
                early + _ROUNDING, f"{self.limits.requests_per_second:g} requests per second are allowed"
            )
        return Go()

    def sent(self, now: float) -> Gate:
        """A request has left."""
        left = None if self.left is None or now >= self.left_until else self.left - 1
        due = max(self.due, now) + self._interval
        return replace(self, in_flight=self.in_flight + 1, due=due, left=left)

    def answered(self, now: float, status: int, headers: Headers, wall: float) -> Gate:
        """An answer has arrived; `wall` is its time in epoch seconds."""
        asked = retry_after(headers, wall)
        gate = self._landed()._told(now, headers, wall)
        if asked is not None:
            gate = gate._held(now + asked, f"the host asks to wait {asked:.0f} s")
        if status < 500 and status != 429:
            gate = replace(gate, row=None, last_success=now)
            return gate if asked is not None else gate._grown(self.in_flight)
        if asked is None or status not in (429, 503):
            gate = gate._failed_row(now, f"status {status}")
        return gate._halved() if status in _OVERLOAD else gate

    def failed(self, now: float, why: str) -> Gate:
        """No answer at all, or a broken one."""
        return self._landed()._failed_row(now, why)._halved()

    def cancelled(self, now: float) -> Gate:  # noqa: ARG002  # all events have the same face
        """A request was given up by us: its place is free, and nothing is learnt."""
        return self._landed()

    def exhausted(self, now: float, first_sent: float, why: str) -> Gate:
        """A request has used up its retries; it shuts the gate unless the host was well at any time since."""
        if self.last_success >= first_sent:
            return self
        since = f"no attempt succeeded in {now - first_sent:.0f} s"
        return self._shut(f"a request used up its retries ({why}), and {since}")

    @property
    def _interval(self) -> float:
        rate = self.limits.requests_per_second
        return 1 / rate if rate else 0.0

    def _landed(self) -> Gate:
        row = self.row and replace(self.row, together=max(0, self.row.together - 1))
        settling = max(0, self.settling - 1)
        return replace(self, in_flight=max(0, self.in_flight - 1), settling=settling, row=row)

    def _told(self, now: float, headers: Headers, wall: float) -> Gate:
        told = quota(headers, wall)
        if told.remaining is None or told.reset is None:
            return self
        # Whether the host has counted those in flight already is unknown; taking them off is the safe reading.
        return replace(self, left=told.remaining - self.in_flight, left_until=now + told.reset)

    def _held(self, until: float, why: str) -> Gate:
        return replace(self, held_until=until, held_why=why) if until > self.held_until else self

    def _grown(self, were_in_flight: int) -> Gate:
        if 2 * were_in_flight <= self.allowed:
            return self  # what is not used proves nothing about what would be borne
        step = 1.0 if self.slow_start else 1 / self.allowed
        # Adding thirds up gives 0.999...: without the rounding a whole one would come a success too late.
        return replace(self, window=min(round(self.window + step, 9), float(max(1, self.limits.concurrency))))

    def _halved(self) -> Gate:
        if self.settling:
            return self
        return replace(
            self, window=float(max(1, self.allowed // 2)), slow_start=False, settling=self.in_flight
        )

    def _failed_row(self, now: float, why: str) -> Gate:
        row = self.row or _Row(0, now, 0)
        if row.together and row.count:
            return self
        count = row.count + 1
        together = row.together if row.count else self.in_flight
        gate = replace(self, row=_Row(count, row.since, together))
        if count < self.limits.failures:
            return gate
        times = f"{count} attempts in a row failed in {now - row.since:.0f} s"
        return gate._shut(f"{times}, the last with {why}")

    def _shut(self, why: str) -> Gate:
        return self if self.shut else replace(self, shut=Shut(why))
