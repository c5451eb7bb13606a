"""The picture of a run, from synthetic events and any clock."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from restmill import events
from restmill.cli.progress.model import Line, Progress


def line_of(progress: Progress, name: str, now: float) -> Line:
    return next(line for line in progress.picture(now).lines if line.resource == name)


def read_pages(
    progress: Progress, name: str, pages: int, *, rows: int = 100, total: int | None = None
) -> None:
    """A read that began at 0 s and has a page each second."""
    progress(events.ReadStarted(name, 0.0, "GET https://api.test/x"))
    for number in range(1, pages + 1):
        progress(events.PageRead(name, float(number), number, rows, 1000, 0.1, total))


def test_a_resource_goes_from_queued_to_reading_to_done() -> None:
    progress = Progress(["users"])
    assert line_of(progress, "users", 0.0).state == "queued"
    read_pages(progress, "users", 2, total=200)
    assert line_of(progress, "users", 2.0).state == "reading"
    progress(events.ReadDone("users", 3.0, 200, 2, complete=True, reason="the total is reached"))
    done = line_of(progress, "users", 99.0)
    assert (done.state, done.rows, done.pages, done.seconds) == ("done", 200, 2, 3.0)


def test_rate_and_time_to_go_follow_from_the_last_seconds() -> None:
    progress = Progress()
    read_pages(progress, "users", 20, rows=100, total=3000)
    line = line_of(progress, "users", 20.0)
    assert line.rate == 100.0
    assert line.eta == 10.0


def test_the_rate_forgets_a_slow_start() -> None:
    progress = Progress()
    progress(events.ReadStarted("users", 0.0, ""))
    for at in range(100, 110):
        progress(events.PageRead("users", float(at), at - 99, 50, 1, 0.1, None))
    rate = line_of(progress, "users", 109.0).rate
    assert rate is not None
    assert 45 <= rate <= 60


def test_no_time_to_go_without_a_credible_total() -> None:
    progress = Progress()
    read_pages(progress, "page_length_as_total", 5, rows=100, total=100)
    read_pages(progress, "no_total", 5)
    assert line_of(progress, "page_length_as_total", 5.0).total is None
    assert line_of(progress, "page_length_as_total", 5.0).eta is None
    assert line_of(progress, "no_total", 5.0).eta is None


def test_a_wait_counts_down_and_goes() -> None:
    progress = Progress()
    read_pages(progress, "users", 1)
    progress(events.Waiting("users", 1.0, "https://api.test", 60.0, "429, Retry-After"))
    (hold,) = progress.picture(11.0).holds
    assert (hold.host, hold.left, hold.why) == ("https://api.test", 50.0, "429, Retry-After")
    assert progress.picture(61.5).holds == ()


def test_a_retry_counts_down_until_the_next_page() -> None:
    progress = Progress()
    read_pages(progress, "users", 1)
    progress(events.Retrying("users", 1.0, 1, 4.0, "status 503"))
    waiting = line_of(progress, "users", 2.0)
    assert (waiting.retry_in, waiting.why, waiting.retries) == (3.0, "status 503", 1)
    progress(events.PageRead("users", 2.5, 2, 10, 1, 0.1, None))
    assert line_of(progress, "users", 2.5).retry_in == 0.0


def test_children_are_many_reads_and_the_worst_end_counts() -> None:
    progress = Progress()
    for number in range(3):
        progress(events.ReadStarted("tasks", float(number), ""))
    progress(events.ReadDone("tasks", 4.0, 10, 1, complete=True, reason="end"))
    assert line_of(progress, "tasks", 5.0).state == "reading"
    progress(events.ReadFailed("tasks", 5.0, 0, 0, "404"))
    progress(events.ReadDone("tasks", 6.0, 1, 1, complete=False, reason="a circle"))
    line = line_of(progress, "tasks", 9.0)
    assert (line.state, line.why, line.reads, line.reads_done) == ("failed", "404", 3, 3)


def test_halted_hosts_and_stages_are_kept() -> None:
    progress = Progress()
    progress(events.HostHalted("", 1.0, "https://api.test", "10 failures in a row"))
    progress(events.StageBegan("", 2.0, "load"))
    picture = progress.picture(5.0)
    assert picture.halted == ("https://api.test: 10 failures in a row",)
    assert (picture.stage, picture.stage_seconds) == ("load", 3.0)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 500), st.floats(0.01, 5)), max_size=40))
def test_rows_add_up_and_nothing_is_negative(pages: list[tuple[str, int, float]]) -> None:
    progress, now = Progress("abc"), 0.0
    for name in "abc":
        progress(events.ReadStarted(name, 0.0, ""))
    for number, (name, rows, seconds) in enumerate(pages, start=1):
        now += seconds
        progress(events.PageRead(name, now, number, rows, 1, seconds, 10_000))
    picture = progress.picture(now)
    assert picture.rows == sum(rows for _, rows, _ in pages)
    for line in picture.lines:
        assert line.rate is None or line.rate >= 0
        assert line.eta is None or line.eta >= 0


def test_it_can_be_fed_and_asked_at_once() -> None:
    progress = Progress()
    progress(events.ReadStarted("users", 0.0, ""))

    def feed() -> None:
        for number in range(500):
            progress(events.PageRead("users", number / 100, number, 1, 1, 0.1, None))

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert progress.picture(10.0).rows <= 2000
    for thread in threads:
        thread.join()
    assert progress.picture(10.0).rows == 2000
