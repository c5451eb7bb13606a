"""Receipts: verdicts drawn from events."""

from __future__ import annotations

from restmill.events import Event, Noted, PageRead, ReadDone, ReadStarted
from restmill.run.receipt.receipt import Evidence, Ledger


def evidence(*events: Event) -> Evidence:
    ledger = Ledger()
    for event in events:
        ledger(event)
    (found,) = ledger.evidence(["things"])
    return found


def start() -> ReadStarted:
    return ReadStarted("things", 0.0, "GET https://api.test/things")


def done(rows: int, distinct: int | None, doubt: str = "", *, complete: bool = True) -> ReadDone:
    return ReadDone("things", 1.0, rows, 1, complete, "an empty page", distinct, doubt)


def test_a_read_without_doubt_is_complete_and_its_distinct_rows_are_counted() -> None:
    found = evidence(start(), done(10, 10))
    assert (found.verdict, found.reason, found.distinct) == ("complete", "an empty page", 10)


def test_a_doubt_makes_a_resource_suspect() -> None:
    found = evidence(start(), done(10, 9, "10 rows but 9 distinct"))
    assert (found.verdict, found.reason) == ("suspect", "10 rows but 9 distinct")


def test_doubts_of_children_are_counted() -> None:
    found = evidence(start(), done(10, 9, "why"), start(), done(5, 5))
    assert (found.verdict, found.reason, found.distinct) == ("suspect", "1 of 2 reads: why", 14)


def test_an_open_end_outweighs_a_doubt() -> None:
    found = evidence(start(), done(10, 9, "why"), start(), done(5, None, complete=False))
    assert (found.verdict, found.distinct) == ("partial", None)


def test_a_page_with_rows_can_take_back_what_an_earlier_one_claimed() -> None:
    def read(rows: int, total: int | None) -> PageRead:
        return PageRead("things", 0.5, 1, rows, 9, 0.1, total)

    assert evidence(start(), read(50, 50), read(50, None), done(100, 100)).total is None
    assert evidence(start(), read(50, 60), read(0, 0), done(50, 50)).total == 60


def test_a_note_after_the_end_is_not_part_of_the_time() -> None:
    found = evidence(start(), done(10, 10), Noted("things", 9.0, "deleted"))
    assert (found.seconds, found.notes) == (1.0, ("deleted",))


def divided(rows: int, field: str = "id") -> ReadDone:
    return ReadDone("things", 1.0, rows, 1, True, "an empty page", rows, divided=field)


def test_lists_that_are_empty_where_a_value_divides_the_path_are_a_doubt() -> None:
    found = evidence(start(), divided(0), start(), done(5, 5), start(), divided(0))
    assert found.verdict == "suspect"
    assert found.reason.startswith("2 of 3 reads found nothing, and there the value of `id` holds a `/`")


def test_a_server_that_understands_such_a_path_says_that_others_are_empty() -> None:
    assert evidence(start(), divided(0), start(), divided(3)).verdict == "complete"


def unlikely(rows: int) -> ReadDone:
    return ReadDone("things", 1.0, rows, 1, True, "a single page", rows, unlikely="`code` is `false`")


def test_a_value_that_names_nothing_and_brings_nothing_is_a_doubt_beside_others() -> None:
    found = evidence(start(), unlikely(0), start(), done(5, 5))
    assert found.verdict == "suspect"
    assert found.reason.startswith(
        "1 of 2 reads found nothing, and there `code` is `false`, which hardly names"
    )
    assert evidence(start(), unlikely(3), start(), done(5, 5)).verdict == "complete"
    assert evidence(start(), unlikely(0), start(), unlikely(2)).verdict == "complete"
