"""The known differences of columns, see `test_differences`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.parity.case import Config, many, one, resource

if TYPE_CHECKING:
    from tests.parity.conftest import Both


def test_fields_that_would_share_a_column(both: Both) -> None:
    documents = {"names": [{"id": 1, "userId": 10, "user_id": 20, "名前": "n", "年齢": 7}]}
    dlts, ours = both(lambda api: one(api, "made/names"), documents=documents)
    kept = [[value in str(outcome.rows) for value in ("10", "20", '"n"', "7")] for outcome in (dlts, ours)]
    assert not all(kept[0])
    assert all(kept[1])


def test_field_of_the_parent_over_one_of_the_child(both: Both) -> None:
    def config(api: str) -> Config:
        child = resource(
            "kids", "made/kids", params={"of": "{resources.parents.id}"}, include_from_parent=["name"]
        )
        return many(api, resource("parents", "made/parents"), child)

    documents = {"parents": [{"id": 1, "name": "p"}], "kids": [{"id": 7, "_parents_name": "own"}]}
    dlts, ours = both(config, documents=documents)
    assert ["own" in str(outcome.rows) for outcome in (dlts, ours)] == [False, True]
    assert '"original__parents_name": "own"' in str(ours.rows)
