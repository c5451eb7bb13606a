"""What refusals (429) teach: a pause for the whole host, then a rate.

When the host refuses all that is in flight, everybody pauses: as long as it asks for, else half a second, and
twice as long each time that was in vain. The first success shows what the host gives: the requests that
passed since the last pause, by the time from their first to this one. From then on requests leave at that
rate. A pause that the host asked for teaches at the second time only, the first may be a bad moment.

The rate is doubled with every few requests that pass until it is refused: it may all have been a bad moment.
From then on it is raised by a tenth, and ever more rarely (as the AWS SDK's adaptive mode does), and never
sooner than twice the time it was learnt in, which is the period of the host's own limit. Where requests are
refused at much lower rates as well, the host refuses by chance: then no rate helps, and none is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_FIRST_PAUSE = 0.5
_PARTS = 8
"""Parts of the host's own period, where one was learnt, that a first pause lasts at least."""
_LOWERED, _RAISED = 0.9, 1.1
_STEP, _SHARE = 16, 8
"""Requests that must pass before the rate is doubled: so many, or the share of those before the refusal."""
_BY_CHANCE = 0.4
"""Of the rate learnt first: if that is refused as well, and as soon, it is not the rate."""
_LEAST_PERIOD = 0.5
"""Seconds; a limit that is counted over less time is not told apart."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate that was learnt, in requests a second."""

    now: float
    first: float
    """The rate learnt first."""
    passed: int
    """Requests that had passed before the first refusal."""
    held: float
    """The highest rate that has held for as long as the first one took to learn."""
    raised: float
    """When the rate was last raised."""
    settled: bool
    """Whether a raised rate has been refused: from then on it is raised carefully."""
    raise_at: float
    raise_every: float
    """Seconds."""

    @classmethod
    def learnt(cls, passed: int, seconds: float, now: float) -> Rate:
        """The rate of `passed` requests in `seconds`."""
        every = max(_LEAST_PERIOD, 2 * seconds)
        seen = passed / seconds
        return cls(seen, seen, passed, seen, now, settled=False, raise_at=now + every, raise_every=every)

    def sent(self, now: float, passed: int) -> Rate:
        """A request leaves, and `passed` have passed since the last refusal: perhaps the rate is raised."""
        if not self.settled:
            step = max(_STEP, self.passed // _SHARE)
            if not passed or passed % step:
                return self
            held = self.now if 2 * (now - self.raised) >= self.raise_every else self.held
            return replace(self, now=2 * self.now, held=held, raised=now)
        if now < self.raise_at:
            return self
        return replace(
            self, now=_RAISED * self.now, held=self.now, raised=now, raise_at=now + self.raise_every
        )

    def refused(self, passed: int, seconds: float, now: float) -> Rate | None:
        """After `passed` requests in `seconds` came a refusal; None: it is no matter of the rate."""
        if self.now < _BY_CHANCE * self.first and passed <= self.passed:
            return None
        seen = passed / seconds
        rate = min(max(seen, self.held), _LOWERED * self.now)
        every = 2 * self.raise_every if self.settled else self.raise_every
        return replace(self, now=rate, held=rate, settled=True, raise_at=now + every, raise_every=every)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Pauses and a rate. All times are monotonic seconds."""

    rate: Rate | None = None
    """None: nothing is known."""
    by_chance: bool = False
    """Whether the host was found to refuse by chance."""
    asked_before: bool = False
    """Whether the host has asked for a pause before."""
    began: float | None = None
    """When the first request left since the last pause that helped."""
    passed: int = 0
    """Requests that passed since."""
    pauses: int = 0
    """Pauses in a row that were in vain so far."""
    paused: float = 0.0
    """Seconds that they took together."""

    def sent(self, now: float) -> Throttle:
        """A request leaves."""
        if self.began is None:
            return replace(self, began=now)
        if self.rate is None or self.pauses:
            return self
        return replace(self, rate=self.rate.sent(now, self.passed))

    def succeeded(self, now: float, *, asked: bool) -> Throttle:
        """A request passed; `asked`: the host had asked for the pause before it."""
        if not self.pauses:
            return replace(self, passed=self.passed + 1)
        seconds = now - (now if self.began is None else self.began)
        seen_before = self.asked_before or not asked
        after = Throttle(self.rate, self.by_chance, self.asked_before or asked, began=now, passed=1)
        if not self.passed or seconds <= 0 or self.by_chance or not seen_before:
            return after
        if self.rate is None:
            return replace(after, rate=Rate.learnt(self.passed, seconds, now))
        rate = self.rate.refused(self.passed, seconds, now)
        return replace(after, rate=rate, by_chance=rate is None)

    def refused(self, asked: float | None) -> tuple[Throttle, float]:
        """All that was in flight was refused: how many seconds to pause, as asked for or by our own rule."""
        period = self.rate.raise_every / 2 if self.rate else 0.0
        first = max(_FIRST_PAUSE, period / _PARTS)
        pause = first * 2.0 ** min(self.pauses, 32) if asked is None else asked
        return replace(self, pauses=self.pauses + 1, paused=self.paused + pause), pause

    @property
    def interval(self) -> float:
        """Seconds between two requests, by the rate that was learnt."""
        return 1 / self.rate.now if self.rate else 0.0
