"""How many requests one host may have in flight: AIMD, and a ceiling that the host's refusals teach.

It grows by one with each success at first (slow start), and halves at signs of overload, as in TCP. A 429
while others are in flight is another thing: the host takes so many at once and no more. That number is kept
as a ceiling, and one more is tried rarely: after 100 successes, then 200, 400, ... (as Netflix's concurrency
limits and the AWS SDK's adaptive mode look for more capacity ever more rarely).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

_FIRST_TRIAL = 100
"""Successes at the ceiling before one more request is tried."""
_PAUSES = 16
"""Times as long as the pause that a refusal cost until one more is tried, at the soonest."""
_PROVEN = 3
"""Successes for each request allowed that make a refusal an exception, once."""
_SLOW = 4.0
"""How many times as long as the quickest answer makes one wonder whether it is our own doing."""
_WEIGHT = 0.25
"""Of the last answer in the running mean of seconds."""
_GAIN = 1.4
"""How much faster half as many must be to stay: as slow a host as is worth it answers twice as fast then."""
_LEAST = 16
"""Answers that a speed is measured by, at least."""


@dataclass(frozen=True, slots=True)
class Speed:
    """Answers in a second at one number of requests in flight."""

    skip: int = 0
    """Answers still expected from before."""
    answers: int = 0
    began: float = 0.0

    def answered(self, now: float) -> Speed:
        """One more answer."""
        if self.skip:
            return replace(self, skip=self.skip - 1, began=now)
        if not self.answers:
            return replace(self, answers=1, began=self.began or now)
        return replace(self, answers=self.answers + 1)

    def over(self, now: float) -> float:
        """Answers a second; 0.0 when no time has passed."""
        return self.answers / (now - self.began) if now > self.began else 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """How long answers take, and a trial of half as many requests, if one is under way."""

    quick: float = 0.0
    """Seconds of the quickest answer; 0.0: none came yet."""
    mean: float = 0.0
    own: float = 0.0
    """Seconds that the host's answers take whatever we do, as a trial has shown."""
    speed: Speed = field(default_factory=Speed)
    from_level: int = 0
    """How many requests were allowed before the trial; 0: there is none."""
    from_speed: float = 0.0

    @property
    def risen(self) -> bool:
        """Whether answers take much longer than the quickest one."""
        return self.mean > _SLOW * max(self.quick, self.own) > 0

    def answered(self, now: float, seconds: float) -> Latency:
        """One more answer, which took `seconds`."""
        quick = min(self.quick, seconds) if self.quick else seconds
        mean = self.mean + _WEIGHT * (seconds - self.mean) if self.mean else seconds
        return replace(self, quick=quick, mean=mean, speed=self.speed.answered(now))


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The number allowed now, and what it rests on."""

    top: int
    """The configured ceiling."""
    allowed: int = 1
    """How many requests may be in flight now, from 1 to the ceiling."""
    ceiling: int | None = None
    """What the host bears at once, by its refusals or its slowness; None: nothing is known."""
    credit: int = 0
    """Successes since `allowed` last changed, once slow start is over."""
    proven: int = 0
    """Successes since the last refusal or change."""
    trial: int = _FIRST_TRIAL
    """Successes at the ceiling that earn one request more."""
    trial_at: float = 0.0
    """When that may be at the soonest: a refusal with a pause for everybody costs more than one request."""
    slow_start: bool = True
    settling: int = 0
    """One more than the answers still expected from before the last halving: they cannot cause another."""
    latency: Latency = field(default_factory=Latency)

    @classmethod
    def fresh(cls, start: int, top: int) -> Concurrency:
        """What a host not yet spoken to is given."""
        return cls(max(1, top), allowed=max(1, min(start, top)))

    def landed(self) -> Concurrency:
        """A request is no longer in flight."""
        return replace(self, settling=self.settling - 1) if self.settling else self

    def succeeded(self, were_in_flight: int, now: float = 0.0, seconds: float = 0.0) -> Concurrency:
        """An answer came well after `seconds`; `were_in_flight` counts it."""
        if 2 * were_in_flight <= self.allowed:  # what is not used proves nothing about what would be borne
            return replace(self, latency=self.latency.answered(now, seconds)) if were_in_flight == 1 else self
        seen = replace(self, proven=self.proven + 1, latency=self.latency.answered(now, seconds))
        if seen.latency.from_level or (seen.latency.risen and seen.allowed > 1):
            return _weighed(seen, were_in_flight, now)
        return _grown(seen, now)

    def halved(self, others: int) -> Concurrency:
        """The host is overloaded; `others` requests are still in flight and may say so as well."""
        if self.settling:
            return self
        halved = _at(self, max(1, self.allowed // 2), others)
        return replace(halved, slow_start=False, settling=others + 1)

    def refused(self, others: int, now: float = 0.0, cost: float = 0.0) -> Concurrency:
        """The host takes no more at once than the `others` in flight, at least one; it cost a pause.

        One refusal at a number that has borne many requests may be chance: a second one lowers it.
        """
        if others + 1 <= self.allowed and self.proven >= _PROVEN * self.allowed:
            return replace(self, proven=0)
        allowed = min(self.allowed, max(1, others))
        capped = _capped(self, allowed, others)
        trial_at = max(self.trial_at, now + _PAUSES * cost * capped.trial / _FIRST_TRIAL)
        return replace(capped, slow_start=False, trial_at=trial_at)

    def unbound(self, start: int) -> Concurrency:
        """It was the rate that the host refused, and not the number at once."""
        return replace(self.fresh(start, self.top), slow_start=False)


def _grown(one: Concurrency, now: float) -> Concurrency:
    most = one.top if one.ceiling is None else min(one.top, one.ceiling)
    if one.allowed >= most:
        earned = one.allowed < one.top and one.proven >= one.trial and now >= one.trial_at
        return _at(one, one.allowed + 1, one.allowed) if earned else one
    if one.slow_start or one.credit + 1 >= one.allowed:
        return replace(_at(one, one.allowed + 1, one.allowed), proven=one.proven)
    return replace(one, credit=one.credit + 1)


def _weighed(one: Concurrency, in_flight: int, now: float) -> Concurrency:
    """Answers are slow: measure, try half as many, and keep what brings more answers in a second."""
    latency = one.latency
    if latency.speed.answers < max(_LEAST, 2 * one.allowed):
        return one
    speed = latency.speed.over(now)
    if not latency.from_level:
        half = _at(one, one.allowed // 2, in_flight)
        return replace(half, latency=replace(half.latency, from_level=one.allowed, from_speed=speed))
    if speed >= _GAIN * latency.from_speed:
        return _capped(one, one.allowed, in_flight)
    back = _at(one, latency.from_level, in_flight)
    return replace(back, latency=replace(back.latency, own=max(latency.own, latency.mean)))


def _capped(one: Concurrency, allowed: int, in_flight: int) -> Concurrency:
    """At most `allowed` from now on; if more than the ceiling was tried, the next trial comes later."""
    was = max(one.allowed, one.latency.from_level)
    tried = one.ceiling is not None and allowed <= one.ceiling < was
    trial = 2 * one.trial if tried else one.trial
    return replace(_at(one, allowed, in_flight), ceiling=allowed, trial=trial)


def _at(one: Concurrency, allowed: int, in_flight: int) -> Concurrency:
    """The same with another number allowed; speeds are measured anew, without those `in_flight`."""
    latency = Latency(one.latency.quick, one.latency.mean, one.latency.own, Speed(skip=in_flight))
    return replace(one, allowed=allowed, credit=0, proven=0, latency=latency)
