"""Known differences in what a parent's field asks for: see `test_differences`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.parity.case import Case, Config, many, resource
from tests.parity.engines import outcome_of

if TYPE_CHECKING:
    from pathlib import Path

PARENTS = {
    "parents": [{"id": 1, "tags": ["1", "3"]}, {"id": None, "tags": []}, {"id": 2, "tags": ["2"]}],
    "tagged": [{"tags": ["1", "3"]}, {"tags": ["2"]}],
}


def _asked_for(field: str, tmp_path: Path, parents: str = "parents") -> list[list[str]]:
    """The users that dlt and restmill ask for, one by one, for each parent's field."""

    def config(api: str, **keys: Any) -> Config:
        child = resource("users", f"v1/users/{{resources.parents.{field}}}", **keys)
        return many(api, resource("parents", f"made/{parents}"), child)

    theirs = Case("dlt", config, fails=True, documents=PARENTS)
    ours = Case("ours", lambda api: config(api, on_error="isolate"), fails=True, documents=PARENTS)
    found = outcome_of(theirs, "dlt", tmp_path / "dlt"), outcome_of(ours, "restmill", tmp_path / "ours")
    return [sorted(sent.target for sent in outcome.sent if "users" in sent.target) for outcome in found]


def test_parent_value_that_is_null(tmp_path: Path) -> None:
    dlts, ours = _asked_for("id", tmp_path)
    assert "/v1/users/None" in dlts
    assert ours == ["/v1/users/1", "/v1/users/2"]


def test_parent_value_that_is_a_list(tmp_path: Path) -> None:
    dlts, ours = _asked_for("tags[*]", tmp_path / "each", "tagged")
    assert dlts == ["/v1/users/1", "/v1/users/2"]  # the first element only
    assert ours == ["/v1/users/1", "/v1/users/2", "/v1/users/3"]
    dlts, ours = _asked_for("tags", tmp_path / "whole", "tagged")
    assert "/v1/users/%5B'1',%20'3'%5D" in dlts
    assert ours == []
