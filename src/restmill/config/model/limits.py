"""How hard to try and how hard to push: retry, rate limit, circuit breaker. restmill's own keys."""

from __future__ import annotations

from restmill.config.model.kinds import Block, Listing, Number, Status, Whole, block, key


@block
class Retry(Block):
    """Which failures are tried again, how often, and how long to wait in between."""

    statuses: tuple[int, ...] = key(
        "HTTP statuses that are tried again, good ones too; an error whose host says when always is.",
        Listing(Status()),
        default=(429, 500, 502, 503, 504),
    )
    max_retries: int = key(
        "Further attempts after the first. When neither this nor `backoff_factor` is given, they go on while "
        "the whole host is down: it has answered before, and nothing but 502, 503, 504 or no answer comes "
        "since. The breaker ends that.",
        Whole(0),
        default=3,
    )
    backoff_factor: float = key(
        "The wait before retry n is `backoff_factor ** (n - 1)` seconds, jittered.",
        Number(least=0),
        default=2.0,
    )
    max_wait: float | None = key(
        "Longest single wait in seconds, also when the API asks for more; 300 when not given.",
        Number(positive=True),
        default=None,
    )


@block
class RateLimit(Block):
    """The most a host is asked for; below it restmill adapts to what the host answers."""

    requests_per_second: float | None = key(
        "Requests per second; as many as the host takes when not given.", Number(positive=True), default=None
    )
    burst: int | None = key(
        "Requests that may be sent at once after a pause; 1 when not given.", Whole(1), default=None
    )
    concurrency: int | None = key(
        "Requests under way at the same time; 16 when not given.", Whole(1), default=None
    )


@block
class Breaker(Block):
    """When to stop asking a host that keeps failing."""

    failures: int | None = key(
        "Failures in a row after which nothing more is sent to the host, once they have lasted longer than "
        "the retries of one request; those of one moment are one. When not given: 10, or all retries of one "
        "request while nobody else had an answer.",
        Whole(1),
        default=None,
    )
