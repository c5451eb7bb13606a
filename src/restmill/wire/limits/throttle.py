"""What refusals (429) teach: a pause for the whole host, then a rate.

When the host refuses all that is in flight, everybody pauses: as long as it asks for, else half a second. One
request finds out whether that was enough; if not, the next pause is 1.8 times as long, and never shorter than
what the host asks for.

A first pause is no proof of a limit: it may have been a bad moment. As many requests as had passed before it
go at full speed again, and one alone finds out whether more may. If so, nothing is learnt. If not, there is a
limit that was met twice; the host gives the requests that passed since the first pause in the time to the end
of the second, and from then on they leave at that rate.

A rate is doubled with every few requests that pass until it is refused; not where both times as many passed.
From then on it is raised by a tenth, and ever more rarely (as the AWS SDK's adaptive mode does), and never
sooner than twice the time it was learnt in, which is the period of the host's own limit. Where requests are
refused at much lower rates as well, the host refuses by chance: then no rate helps, and none is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_FIRST_PAUSE = 0.5
_LONGER = 1.8
"""Than the pause before it, which was in vain: not twice, or the last one takes as long as all before."""
_PARTS = 8
"""Parts of the host's own period, where one was learnt, that a first pause lasts at least."""
_LOWERED, _RAISED = 0.9, 1.1
_HALF, _NEXT = 1 / 2, 1 / 6
"""Of the period that was guessed: what a first pause lasts, and every further one."""
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
    def learnt(cls, passed: int, seconds: float, now: float, *, twice: bool) -> Rate:
        """The rate of `passed` requests in `seconds`; `twice`: it was just as many before."""
        every = max(_LEAST_PERIOD, 2 * seconds)
        seen = passed / seconds
        return cls(seen, seen, passed, seen, now, settled=twice, raise_at=now + every, raise_every=every)

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
    guess: int = 0
    """Requests that passed before the first pause, until more have passed after it; 0: nothing is guessed."""
    period: float = 0.0
    """Seconds from the first of them to the end of that pause; 0.0: there was none."""
    began: float | None = None
    """When the first request left since the last pause that helped."""
    left: int = 0
    """Requests that left since."""
    passed: int = 0
    """Requests that passed since."""
    pauses: int = 0
    """Pauses in a row that were in vain so far."""
    paused: float = 0.0
    """Seconds that they took together."""
    trusted: bool = False
    """Whether the host has named the first pause itself, and it is not known to be in vain."""

    @property
    def alone(self) -> bool:
        """Whether the next request may be one too many, so that nobody should go with it."""
        return (self.pauses > 0 and not self.trusted) or 0 < self.guess <= self.left

    def sent(self, now: float) -> Throttle:
        """A request leaves."""
        if self.began is None:
            return replace(self, began=now, left=1)
        one = replace(self, left=self.left + 1)
        if self.rate is None or self.pauses:
            return one
        return replace(one, rate=self.rate.sent(now, self.passed))

    def succeeded(self, now: float) -> Throttle:
        """A request passed."""
        if not self.pauses:
            passed = self.passed + 1
            return replace(self, passed=passed, guess=0 if passed > self.guess else self.guess)
        seconds = now - (now if self.began is None else self.began)
        after = Throttle(self.rate, self.by_chance, 0, self.period, began=now, left=1, passed=1)
        if not self.passed or seconds <= 0 or self.by_chance:
            return after
        if self.rate is not None:
            rate = self.rate.refused(self.passed, seconds, now)
            return replace(after, rate=rate, by_chance=rate is None)
        if self.period:
            return replace(
                after, rate=Rate.learnt(self.passed, seconds, now, twice=self.passed == self.guess)
            )
        return replace(after, guess=self.passed, period=seconds)

    def refused(self, now: float, asked: float | None) -> tuple[Throttle, float]:
        """All that was in flight was refused: how many seconds to pause, as asked for or by our own rule."""
        pause = self._pause(now)
        if asked is not None:
            pause = max(asked, pause) if self.pauses else asked
        trusted = asked is not None and not self.pauses
        return replace(self, pauses=self.pauses + 1, paused=self.paused + pause, trusted=trusted), pause

    def _pause(self, now: float) -> float:
        """Seconds, by our own rule: ever longer, or as long as the pause before when it is the same again."""
        if self.guess and self.passed == self.guess and self.began is not None:
            part = min(_HALF + self.pauses * _NEXT, 1.0)
            rest = self.began + part * self.period - now
            if rest > _FIRST_PAUSE:
                return rest
        period = self.rate.raise_every / 2 if self.rate else 0.0
        return max(_FIRST_PAUSE, period / _PARTS) * _LONGER ** min(self.pauses, 64)

    @property
    def interval(self) -> float:
        """Seconds between two requests, by the rate that was learnt."""
        return 1 / self.rate.now if self.rate else 0.0
