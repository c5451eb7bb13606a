"""Instants: many spellings of one moment are one instant, and the order is that of the moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.shape.instants import Instant, instant_of, instant_of_date, order_of_day

MOMENT = instant_of_date(datetime(2024, 3, 4, 15, 30, tzinfo=UTC))
MIDNIGHT = instant_of_date(datetime(2024, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-04T15:30:00Z",
        "2024-03-04t15:30:00z",
        "2024-03-04T15:30Z",
        "2024-03-04 15:30:00",
        " 2024-03-04 15:30:00 ",
        "2024-03-04 15:30:00 UTC",
        "2024-03-04 15:30:00 +0000 UTC",
        "2024-03-04T15:30:00.000000000Z",
        "2024-03-04T15:30:00,0Z",
        "2024-03-04T17:30:00+02:00",
        "2024-03-04T17:30:00+0200",
        "2024-03-04T17:30:00+02",
        "2024-03-04 10:30:00 -05:00",
        "2024-03-04T10:30:00−05:00",  # noqa: RUF001  # the true minus of ISO 8601
        "2024-03-04T16:30:00+01:00[Europe/Paris]",
        "20240304T153000Z",
        "20240304T1530Z",
        "20240304153000",
        "2024/03/04 15:30:00",
        "Mon, 04 Mar 2024 15:30:00 +0000",
        "Mon, 4 Mar 2024 15:30 GMT",
        "04 Mar 2024 10:30:00 EST",
        "Monday, 04-Mar-24 15:30:00 GMT",
        "Mon Mar  4 15:30:00 2024",
        "Mon Mar 04 15:30:00 +0000 2024",
        "Mon Mar 04 2024 15:30:00 GMT+0000 (Coordinated Universal Time)",
        "March 4, 2024 at 3:30 PM",
        "Mar 4, 2024, 3:30:00 p.m.",
        "03/04/2024 15:30",
        "3/4/2024 3:30 PM",
        "3/4/24, 3:30 PM",
        "04.03.2024 15:30",
        "/Date(1709566200000)/",
        "/Date(1709566200000+0100)/",
    ],
)
def test_spellings_of_one_moment(text: str) -> None:
    found = instant_of(text)
    assert found is not None
    assert found.key == MOMENT.key


@pytest.mark.parametrize(
    "text",
    ["2024-03-04", "20240304", "2024-064", "2024-W10-1", "2024-W10", "2024-03-04T00", "2024-03-03T24:00:00Z"],
)
def test_spellings_of_one_day(text: str) -> None:
    found = instant_of(text)
    assert found is not None
    assert found.key == MIDNIGHT.key


@pytest.mark.parametrize(
    "text",
    [
        "", "abc", "9", "1709566200", "1709566200000", "2024", "2024-13-01", "2024-02-30",
        "2024-03-04T25:00:00Z",
        "2024-03-04T10:61:00Z", "13:30", "13/13/2024", "31/02/2024", "1.2.3", "v2024-03-04",
        "2024-03-04T15:30:00+99:00",
        "May", "2024-366x", "2023-366", "65f2e1d0a1b2c3d4e5f60718", "01HXYZ", "13:00 PM", "3/4/2024 13:30 PM",
    ],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert instant_of(text) is None


def test_a_date_with_slashes_reads_in_two_ways() -> None:
    march, april = instant_of("03/04/2024"), instant_of("03/04/2024", day_first=True)
    assert (march, april) == (instant_of("2024-03-04"), instant_of("2024-04-03"))
    assert instant_of("31/12/2024") == instant_of("12/31/2024", day_first=True) == instant_of("2024-12-31")
    told = [order_of_day(text) for text in ("31/12/2024", "12/31/2024", "03/04/2024", "04.03.2024", "4/4/24")]
    assert told == [True, False, None, None, None]


def test_the_zero_date_is_before_all_others() -> None:
    zero, first = instant_of("0000-00-00 00:00:00"), instant_of("0001-01-01T00:00:00Z")
    assert zero is not None
    assert first is not None
    assert zero.key < first.key


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)  # noqa: DTZ001  # as hypothesis asks


def _read(text: str) -> Instant:
    found = instant_of(text)
    assert found is not None
    return found


@given(MOMENTS, MOMENTS, st.sampled_from(["T", " "]))
def test_the_order_is_that_of_datetime(one: datetime, two: datetime, between: str) -> None:
    first, second = _read(one.isoformat(between)), _read(two.isoformat(between))
    assert (first.key < second.key, first.key == second.key) == (one < two, one == two)
    assert (
        first.key
        == instant_of_date(one).key
        == _read(f"{one.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z".zfill(27)).key
    )
