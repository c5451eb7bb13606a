"""Known differences about tables: what a key or a name makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.parity.case import PAGED, Config, many, one, resource

if TYPE_CHECKING:
    from tests.parity.conftest import Both


def test_two_names_of_one_table(both: Both) -> None:
    def config(api: str) -> Config:
        return many(api, resource("aThing", "made/first"), resource("a_thing", "made/second"))

    dlts, ours = both(config, documents={"first": [{"id": 1}], "second": [{"id": 2}]})
    assert [list(one.rows) for one in (dlts, ours)] == [["a_thing"], []]
    assert (dlts.failed, ours.failed, ours.sent) == ("", "PipelineStepFailed", [])


def test_key_that_no_record_has(both: Both) -> None:
    dlts, ours = both(lambda api: one(api, "v1/users", paginator=PAGED, primary_key="idd"))
    assert [bool(one.failed) for one in (dlts, ours)] == [True, True]
    assert [one.count() for one in (dlts, ours)] == [0, 0]
