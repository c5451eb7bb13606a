"""Elements of the paged list that give no record: which of them say that a record is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.wire.errors.elements import error_of_element

if TYPE_CHECKING:
    from restmill.path import Json

GIVEN: Json = {"key": 1, "document": {"id": 1}, "error": "of this one"}
FAILED: dict[str, tuple[Json, str]] = {
    "fetch_error": ({"key": 2, "fetch_error": {"type": "shard"}}, "fetch_error"),
    "error": ({"key": 2, "error": "shard lost"}, "error"),
    "a code": ({"key": 2, "errorCode": 17}, "errorCode"),
    "inside": ({"meta": {"exception": "timeout"}}, "meta.exception"),
    "messages": ({"issue": [{"severity": "error", "diagnostics": "aborted"}]}, "issue"),
}
QUIET: dict[str, Json] = {
    "nothing": {"key": 2},
    "null": {"key": 2, "document": None},
    "no error": {"key": 2, "error": None, "errors": []},
    "a message that all is well": {"issue": [{"severity": "information", "diagnostics": "fine"}]},
}


@pytest.mark.parametrize("name", FAILED)
def test_an_error_in_the_place_of_a_record(name: str) -> None:
    element, key = FAILED[name]
    assert error_of_element([GIVEN, element], [GIVEN["document"]], chosen=False) == key


@pytest.mark.parametrize("name", QUIET)
def test_an_element_without_a_record_may_be_honest(name: str) -> None:
    assert error_of_element([GIVEN, QUIET[name]], [GIVEN["document"]], chosen=False) == ""


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ({"resource": {"issue": [{"severity": "error", "diagnostics": "aborted"}]}}, "resource.issue"),
        ({"id": 7, "status": "failed", "error": "of this job"}, ""),
        ({"id": 7, "log": [{"level": "error", "message": "of this job"}]}, ""),
        ({"status": "failed", "error": "of this job"}, ""),
    ],
)
def test_what_a_filter_leaves_out_has_its_own_failures(element: Json, key: str) -> None:
    assert error_of_element([element], [], chosen=True) == key
