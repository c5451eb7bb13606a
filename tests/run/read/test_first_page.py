"""A first page without rows: whether it is the answer, or says that the answer is being made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.testing import json_response
from tests.run.evidence.test_envelope import read

if TYPE_CHECKING:
    from restmill.path import Json

MAKING: dict[str, tuple[int, Json]] = {
    "accepted": (202, {}),
    "accepted, building": (202, {"state": "BUILDING"}),
    "several answers": (207, {}),
    "building": (200, {"state": "BUILDING"}),
    "in progress": (200, {"status": "in_progress"}),
    "not ready": (200, {"meta": {"status": "not ready"}}),
    "queued": (200, {"result": "Queued"}),
    "pending": (200, {"status": "pending"}),
    "building a thing": (200, {"id": 7, "state": "building"}),
}
MADE: dict[str, tuple[int, Json]] = {
    "plain": (200, {}),
    "ready": (200, {"state": "READY"}),
    "empty": (200, {"status": "empty"}),
    "a pending order": (200, {"id": 7, "status": "pending"}),  # its own state
    "a partial answer": (206, {}),  # by which some say no more than that it is a page
    "a city": (200, {"query": "building"}),
}


@pytest.mark.parametrize("name", MAKING)
def test_a_list_that_is_being_made_is_no_empty_one(name: str) -> None:
    status, around = MAKING[name]
    found = read("offset", lambda _: json_response({**around, "data": []}, status=status))
    assert found.verdict == "suspect", found
    assert found.done.doubt.startswith("page 1 is empty and has ")


@pytest.mark.parametrize("name", MADE)
def test_a_list_without_rows_is_complete(name: str) -> None:
    status, around = MADE[name]
    found = read("offset", lambda _: json_response({**around, "data": []}, status=status))
    assert found.verdict == "complete", found
