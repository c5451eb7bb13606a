"""Delays: every form that can be read without doubt, and the doubtful ones, which are not said."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.wire.limits.rate_headers import Quota, quota, retry_after
from restmill.wire.limits.retry_after import seconds_of
from restmill.wire.message import Headers

WALL = 1_800_000_000.0  # 2027-01-15T08:00:00Z

READ = {
    "seconds": ("120", 120.0),
    "decimals": ("1.5", 1.5),
    "many decimals": ("0.30000000000000004", 0.3),
    "in quotes": ('"30"', 30.0),
    "epoch seconds": ("1800000060", 60.0),
    "epoch with a fraction": ("1800000000.25", 0.25),
    "epoch milliseconds": ("1800000060000", 60.0),
    "epoch microseconds": ("1800000060000000", 60.0),
    "epoch nanoseconds": ("1800000060000000000", 60.0),
    "in the past": ("1799999940", -60.0),
    "IMF-fixdate": ("Fri, 15 Jan 2027 08:01:00 GMT", 60.0),
    "RFC 850": ("Friday, 15-Jan-27 08:01:00 GMT", 60.0),
    "asctime": ("Fri Jan 15 08:01:00 2027", 60.0),
    "asctime, one digit": ("Fri Jan  1 08:00:00 2027", -14 * 86400.0),
    "RFC 850, last century": ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777 - WALL),
    "a date without a zone is GMT": ("Fri, 15 Jan 2027 08:01:00", 60.0),
    "a date without a weekday": ("15 Jan 2027 08:01:00 GMT", 60.0),
    "a date with a numeric zone": ("Fri, 15 Jan 2027 10:01:00 +0200", 60.0),
    "a date with a western zone": ("Fri, 15 Jan 2027 04:31:00 -0330", 60.0),
    "a date in Pacific time": ("Fri, 15 Jan 2027 00:01:00 PST", 60.0),
    "a leap second": ("Fri, 15 Jan 2027 08:00:60 GMT", 59.0),
    "ISO 8601, Z": ("2027-01-15T08:01:00Z", 60.0),
    "ISO 8601, small letters": ("2027-01-15t08:01:00z", 60.0),
    "ISO 8601, a zone": ("2027-01-15T10:01:00+02:00", 60.0),
    "ISO 8601, a zone without a colon": ("2027-01-15T10:01:00+0200", 60.0),
    "ISO 8601, hours of a zone": ("2027-01-15T10:01:00+02", 60.0),
    "ISO 8601, a fraction": ("2027-01-15T08:01:00.500Z", 60.5),
    "ISO 8601, nine digits": ("2027-01-15T08:01:00.500000000Z", 60.5),
    "ISO 8601, a space and UTC": ("2027-01-15 08:01:00 UTC", 60.0),
    "ISO 8601, no seconds": ("2027-01-15T08:01Z", 60.0),
    "a duration in s": ("3s", 3.0),
    "a duration in ms": ("500ms", 0.5),
    "minutes and seconds": ("1m30s", 90.0),
    "minutes and no seconds": ("6m0s", 360.0),
    "hours": ("1h0m1.5s", 3601.5),
    "days": ("1d", 86400.0),
    "microseconds": ("250\u00b5s", 0.00025),
    "words": ("2 minutes", 120.0),
    "words and words": ("1 hour, 30 seconds", 3630.0),
    "one second": ("1 second", 1.0),
    "an ISO duration": ("PT1M30S", 90.0),
    "an ISO duration of days": ("P1DT1S", 86401.0),
    "two fields of one name": ("3, 5", 5.0),
    "two fields, one of them unreadable": ("soon, 5", 5.0),
}  # fmt: skip

NOT_SAID = {
    "nothing": "",
    "a word": "soon",
    "a negative number": "-5",
    "an exponent": "1e3",
    "not a number": "nan",
    "infinity": "inf",
    "other digits": "\u0663",
    "too many digits": "9" * 400,
    "ISO 8601 without a zone": "2027-01-15T08:01:00",
    "a day only": "2027-01-15",
    "ISO 8601, a zone out of range": "2027-01-15T08:01:00+25:00",
    "ISO 8601, a zone that nobody has": "2027-01-15T08:01:00+15:00",
    "ISO 8601, no such day": "2027-02-30T08:01:00Z",
    "ISO 8601, year 0": "0000-01-01T00:00:00Z",
    "a date with a zone out of range": "Fri, 15 Jan 2027 08:01:00 +9999",
    "a date with minutes out of range": "Fri, 15 Jan 2027 08:01:00 +0099",
    "a date with a zone of unknown letters": "Fri, 15 Jan 2027 08:01:00 CET",
    "no such day": "Fri, 99 Jan 2027 08:01:00 GMT",
    "no such month": "Fri, 15 Foo 2027 08:01:00 GMT",
    "no such hour": "Fri, 15 Jan 2027 25:01:00 GMT",
    "year 0": "Fri, 15 Jan 0000 08:01:00 GMT",
    "a US date": "01/15/2027 08:01:00",
    "a clock": "1:30",
    "an unknown unit": "5 parsecs",
    "months or minutes": "5M",
    "units in the wrong order": "3s 5h",
    "the same unit twice": "3s3s",
    "P alone": "P",
    "PT alone": "PT",
    "a unit alone": "s",
    "a list in brackets": "[5]",
    "a long text": "3s" * 5000,
}


@pytest.mark.parametrize("name", READ)
def test_what_can_be_read_is_read(name: str) -> None:
    text, seconds = READ[name]
    assert seconds_of(text, WALL) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize("name", NOT_SAID)
def test_what_is_in_doubt_is_not_said(name: str) -> None:
    assert seconds_of(NOT_SAID[name], WALL) is None


@given(st.text(max_size=80) | st.text("0123456789TZ:+-., GMTadnJFrisPm/", max_size=64))
def test_no_text_is_a_crash(text: str) -> None:
    found = seconds_of(text, WALL)
    assert found is None or -1e12 < found < 1e21


@given(st.datetimes(datetime(1971, 1, 1), datetime(2060, 1, 1)))  # noqa: DTZ001  # its zone is given below
def test_every_date_is_read_in_each_of_its_forms(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    wanted = moment.timestamp() - WALL
    day = moment.strftime("%A, %d-") + format_datetime(moment)[8:11] + moment.strftime("-%y %H:%M:%S GMT")
    for text in (format_datetime(moment, usegmt=True), day, moment.ctime(), moment.isoformat()):
        assert seconds_of(text, WALL) == wanted, text


@pytest.mark.parametrize(
    "text", ["1 " * 50_000, "3s, " * 50_000, "9" * 200_000, "P" + "1" * 200_000, ", " * 90_000]
)
def test_no_text_takes_long(text: str) -> None:
    began = perf_counter()
    seconds_of(text, WALL)
    quota(Headers({"RateLimit": text, "X-RateLimit-Reset": text}), WALL)
    assert perf_counter() - began < 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "3s"}, 3.0),
        ({"X-Retry-After": "7"}, 7.0),
        ({"Retry-After-Ms": "350"}, 0.35),
        ({"x-ms-retry-after-ms": "350"}, 0.35),
        ({"Retry-After": "0", "Retry-After-Ms": "350"}, 0.35),
        ({"Retry-After": "2", "Retry-After-Ms": "350"}, 2.0),
        ({"Retry-After": "soon", "X-Retry-After": "7"}, 7.0),
        ({"Retry-After": f"{WALL - 5:.0f}"}, None),
        ({"X-RateLimit-Reset-After": "3"}, None),  # Discord sends it with good answers, too
        ({"X-RateLimit-Retry-After": f"{WALL + 5:.0f}"}, None),  # and Symfony this one
    ],
)
def test_retry_after_and_its_kin(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(Headers(headers), WALL) == seconds


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("12", 12.0),
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("17ms", 0.017),
        (f"{WALL + 40:.0f}", 40.0),
        (f"{(WALL + 40) * 1000:.0f}", 40.0),
        ("2027-01-15T08:00:40Z", 40.0),
        ("Fri, 15 Jan 2027 08:00:40 GMT", 40.0),
        ("2027-01-15T08:00:40", None),
        ("2027-01-15T08:00:40+99:00", None),
        ("soon", None),
        ("0", None),
    ],
)
def test_a_reset_is_said_in_as_many_ways(reset: str, seconds: float | None) -> None:
    assert quota(Headers({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}), WALL) == Quota(
        0, seconds
    )


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "3.25"}, Quota(0, 3.25)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Retry-After": f"{WALL + 9:.0f}"}, Quota(0, 9.0)),
        ({"X-RateLimit-Remaining": "4", "X-RateLimit-Reset-Ms": "350"}, Quota(4, 0.35)),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, Quota(0, 360.0)),
        (
            {
                "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "8.64s",
            },
            Quota(0, 8.64),
        ),
    ],
)  # fmt: skip
def test_a_quota_by_its_further_names(headers: dict[str, str], found: Quota) -> None:
    assert quota(Headers(headers), WALL) == found
