"""The circuit breaker of one host: how many failures in a row, for how long, and when to try once more.

It needs failures *and* time: one moment cuts off all requests in flight and is one failure, and half a
second of errors is no dead host. After the first failure the host is half open: one request at a time finds
out whether it is well again, after pauses of 0, 1, 2, 4, 4 ... seconds. A success closes the breaker. It
opens for good when both bounds are passed, or, unless the config sets a bound of its own, when one request
has used up all its retries and nobody had a success meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FAILURES = 10
"""In a row, where the config has no bound of its own."""
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 4.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row. All times are monotonic seconds."""

    failures: int | None = None
    """The config's own bound; None: 10, or one request's retries used up."""
    patience: float = 0.0
    """Seconds that the failures must have lasted: longer than one request's retries take."""
    count: int = 0
    """Failed attempts in a row; those in flight together with the first one count as one with it."""
    since: float = 0.0
    """When the first of them failed."""
    together: int = 0
    """One more than the answers still expected from among those in flight at the first failure."""
    probe_at: float = 0.0
    """When the next request may find out whether the host is well again."""

    @property
    def half_open(self) -> bool:
        """Whether nothing has succeeded since the last failure."""
        return self.count > 0

    @property
    def most_in_flight(self) -> int:
        """How many requests may be in flight while half open: those from before, and one that finds out."""
        return max(0, self.together - 1) + 1

    def landed(self) -> Breaker:
        """A request is no longer in flight."""
        return replace(self, together=self.together - 1) if self.together else self

    def failed(self, now: float, others: int) -> Breaker:
        """An attempt failed while `others` more were in flight."""
        if not self.count:
            return replace(self, count=1, since=now, together=others + 1, probe_at=now)
        if self.together:
            return self
        pause = min(_FIRST_PAUSE * 2.0 ** min(self.count - 1, 8), _LONGEST_PAUSE)
        return replace(self, count=self.count + 1, probe_at=now + pause)

    def succeeded(self) -> Breaker:
        """An attempt succeeded: whatever came before is over."""
        return replace(self, count=0, together=0) if self.count else self

    def lasts(self, since: float) -> bool:
        """Whether the row began before `since`, and is shorter than the usual bound."""
        return self.half_open and self.since < since and self.count < FAILURES

    def opens(self, now: float) -> str:
        """Why nothing more is sent to the host; "" while it may recover."""
        lasted = now - self.since
        if self.count < (self.failures or FAILURES) or lasted < self.patience:
            return ""
        times = f"{self.count} attempt{'s' if self.count > 1 else ''}"
        return f"{times} in a row failed in {lasted:.0f} s"

    def opens_after_retries(self, now: float, first_sent: float) -> str:
        """The same when a request of `first_sent` has used up its retries, and nobody had a success since."""
        if self.failures is not None or now - first_sent <= 0:
            return ""
        return f"no attempt succeeded in {now - first_sent:.0f} s"
