"""Retry and pace: the formula, what hosts ask for, and when to stop."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.wire.limits.rate_headers import Quota, quota, retry_after
from restmill.wire.message import Headers
from restmill.wire.retry import Again, BadStatus, Broken, GiveUp, Policy, decide, is_busy, wait_asked

WALL = 1_800_000_000.0
chances = st.floats(0, 1)


def bad(status: int, headers: dict[str, str] | None = None) -> BadStatus:
    return BadStatus(status, Headers(headers))


@pytest.mark.parametrize(("attempt", "wait"), [(1, 1.0), (2, 2.0), (3, 4.0)])
@pytest.mark.parametrize("failure", [bad(500), bad(429), Broken("the connection was reset")])
def test_waits_double_and_are_stretched_by_a_quarter_at_most(
    attempt: int, wait: float, failure: BadStatus | Broken
) -> None:
    why = failure.why if isinstance(failure, Broken) else f"status {failure.status}"
    assert decide(Policy(), attempt, failure, WALL, 0.0) == Again(wait, why)
    assert decide(Policy(), attempt, failure, WALL, 1.0) == Again(wait * 1.25, why)


@given(
    st.integers(0, 8),
    st.floats(1, 4),
    st.floats(0.1, 10),
    st.floats(1, 100),
    st.lists(chances, min_size=9, max_size=9),
)
def test_the_whole_patience_is_bounded(
    retries: int, factor: float, base: float, most: float, chance: list[float]
) -> None:
    policy = Policy(max_retries=retries, backoff_factor=factor, base=base, max_wait=most)
    waited, attempt = 0.0, 1
    while isinstance(again := decide(policy, attempt, bad(503), WALL, chance[attempt - 1]), Again):
        formula = base * factor ** (attempt - 1)
        assert min(formula, most) <= again.wait <= min(formula * 1.25, most)
        waited += again.wait
        attempt += 1
    assert attempt == retries + 1
    assert waited <= sum(min(1.25 * base * factor**i, most) for i in range(retries)) + 1e-9


def test_a_wait_without_bounds_is_the_longest_one() -> None:
    policy = Policy(max_retries=10_000, backoff_factor=10.0)
    assert decide(policy, 5000, bad(500), WALL, 0.5) == Again(300.0, "status 500")


@pytest.mark.parametrize(
    ("attempt", "why"), [(4, "status 500 after 4 attempts"), (9, "status 500 after 9 attempts")]
)
def test_retries_are_used_up(attempt: int, why: str) -> None:
    assert decide(Policy(), attempt, bad(500), WALL, 0.0) == GiveUp(why)
    assert decide(Policy(max_retries=0), 1, Broken("timeout"), WALL, 0.0) == GiveUp("timeout after 1 attempt")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 501])
def test_other_statuses_are_final(status: int) -> None:
    assert decide(Policy(), 1, bad(status), WALL, 0.0) == GiveUp(f"status {status}")


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "7"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}]
)
def test_a_403_may_be_a_rate_limit(headers: dict[str, str]) -> None:
    assert decide(Policy(), 1, bad(403, headers), WALL, 0.0) == Again(
        7.0, "status 403, the host asks for 7 s"
    )


def test_a_403_with_a_spent_quota_and_no_reset_waits_by_the_formula() -> None:
    assert decide(Policy(), 1, bad(403, {"RateLimit-Remaining": "0"}), WALL, 0.0) == Again(1.0, "status 403")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60", 60.0),
        (" 0.5 ", 0.5),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("1e3", None),
        ("\u0663", None),
        ("9" * 400, None),
        (formatdate(WALL + 90, usegmt=True), 90.0),
        (formatdate(WALL - 90, usegmt=True), None),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),  # IMF-fixdate, and the two obsolete forms of RFC 9110, 5.6.7
        ("Friday, 15-Jan-27 08:01:00 GMT", 60.0),
        ("Fri Jan 15 08:01:00 2027", 60.0),
        ("Fri, 99 Jan 2027 08:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(Headers({"retry-after": text}), WALL) == seconds


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, Quota()),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "30"}, Quota(3, 30.0)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{WALL + 40:.0f}"}, Quota(0, 40.0)),
        ({"X-Rate-Limit-Remaining": "2", "X-Rate-Limit-Reset": f"{(WALL + 40) * 1000:.0f}"}, Quota(2, 40.0)),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": f"{WALL - 40:.0f}"}, Quota(1, None)),
        ({"X-RateLimit-Reset": "5"}, Quota(None, 5.0)),
        ({"X-RateLimit-Remaining": "9, 4", "X-RateLimit-Reset": "x"}, Quota(4, None)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, Quota(50, 5.0)),
        ({"RateLimit": "limit=100, remaining=50, reset=0"}, Quota(50, None)),
        ({"RateLimit": "limit=100, remaining=50"}, Quota(50, None)),
        ({"RateLimit": '"default";r=50;t=30'}, Quota(50, 30.0)),
        ({"RateLimit": '"a";r=50;t=30, "b";r=1;t=9'}, Quota(1, 9.0)),
        ({"RateLimit": '"a";t=9'}, Quota(None, 9.0)),
        ({"RateLimit-Remaining": "5", "RateLimit-Reset": "3", "X-RateLimit-Remaining": "2"}, Quota(2, None)),
        ({"RateLimit": "nothing known"}, Quota()),
    ],
)
def test_the_tightest_quota_counts(headers: dict[str, str], found: Quota) -> None:
    assert quota(Headers(headers), WALL) == found


@pytest.mark.parametrize(
    ("headers", "limited", "wait"),
    [
        ({"Retry-After": "5", "X-RateLimit-Reset": "9"}, True, 5.0),
        ({"Retry-After": "0", "X-RateLimit-Reset": "9"}, True, 9.0),
        ({"X-RateLimit-Reset": "9"}, False, None),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "9"}, False, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, False, 9.0),
        ({}, True, None),
    ],
)
def test_the_wait_a_host_asks_for(headers: dict[str, str], limited: bool, wait: float | None) -> None:
    assert wait_asked(Headers(headers), WALL, limited=limited) == wait


@pytest.mark.parametrize("status", [420, 429, 503, 509])
def test_a_reset_counts_with_a_limit_status_only(status: int) -> None:
    headers = {"RateLimit-Remaining": "3", "RateLimit-Reset": "12"}
    assert decide(Policy(), 1, bad(status, headers), WALL, 1.0) == Again(
        12.0, f"status {status}, the host asks for 12 s"
    )
    assert decide(Policy(), 1, bad(500, headers), WALL, 0.0) == Again(1.0, "status 500")


SAID = {
    "nothing": ({}, None),
    "Retry-After": ({"Retry-After": "7"}, 7.0),
    "a date": ({"Retry-After": "Fri, 15 Jan 2027 08:00:07 GMT"}, 7.0),
    "a duration": ({"Retry-After": "7s"}, 7.0),
    "X-Retry-After": ({"X-Retry-After": "7"}, 7.0),
    "X-RateLimit-Retry-After": ({"X-RateLimit-Retry-After": "7"}, 7.0),
    "a word": ({"Retry-After": "soon"}, None),
}
NAMED = {"as it is": Policy().statuses, "403": frozenset({403}), "202": frozenset({202}), "none": frozenset()}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("named", NAMED)
@pytest.mark.parametrize("ruled", [False, True])
@pytest.mark.parametrize("status", [200, 202, 401, 403, 404, 409, 420, 429, 500, 501, 503, 509, 529])
def test_tried_again_is_what_the_plan_says(status: int, ruled: bool, named: str, said: str) -> None:
    """The statuses of `retry`, a response action that says so, and errors whose host says when."""
    headers, wait = SAID[said]
    failure = BadStatus(status, Headers(headers), "by the response action" if ruled else "")
    decision = decide(Policy(NAMED[named]), 1, failure, WALL, 0.0)
    if ruled or status in NAMED[named] or (status >= 400 and wait is not None):
        kin = said == "X-RateLimit-Retry-After" and status < 400  # of a quota, which may not be spent
        assert isinstance(decision, Again)
        assert decision.wait == (1.0 if wait is None or kin else wait)
    else:
        assert decision == GiveUp(f"status {status}")


@pytest.mark.parametrize("status", [420, 429, 503, 509])
def test_a_limit_waits_for_the_reset_of_its_quota(status: int) -> None:
    headers = {"X-RateLimit-Reset": "2027-01-15T08:00:07Z"}
    assert decide(Policy(frozenset()), 1, bad(status, headers), WALL, 0.0) == Again(
        7.0, f"status {status}, the host asks for 7 s"
    )


def test_a_404_with_the_last_request_of_a_quota_is_final() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}
    assert decide(Policy(), 1, bad(404, headers), WALL, 0.0) == GiveUp("status 404")


@pytest.mark.parametrize(
    ("failure", "busy"),
    [
        (bad(404), False),
        (bad(500), False),  # servers break behind the end of a list
        (bad(429), True),
        (bad(503), True),
        (bad(420), True),
        (bad(404, {"Retry-After": "7"}), True),
        (BadStatus(404, Headers(), "by the response action for status 404"), True),
        (BadStatus(200, Headers(), "by the response action for content"), True),
    ],
)
def test_what_will_be_otherwise_is_no_end(failure: BadStatus, busy: bool) -> None:
    assert is_busy(Policy(), failure, WALL) is busy
    assert is_busy(Policy(frozenset({failure.status})), failure, WALL) is (busy or failure.status == 404)


def test_what_is_no_failure_is_refused_loudly() -> None:
    with pytest.raises(AssertionError):
        decide(Policy(), 1, "timeout", WALL, 0.0)  # type: ignore[arg-type]


def test_a_host_that_asks_for_too_much_is_given_up_with_a_remedy() -> None:
    decision = decide(Policy(max_wait=60), 1, bad(429, {"Retry-After": "3600"}), WALL, 0.0)
    assert decision == GiveUp(
        "status 429: the host asks to wait 3600 s, and the limit is 60 s; "
        "raise `client.retry.max_wait` to wait longer"
    )
