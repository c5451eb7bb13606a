"""The keys that bound and repair a read: from the config to the order the engine gets."""

from __future__ import annotations

from typing import Any

import pytest

from restmill.config.check.check import check
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.describe import describe
from restmill.plan.spec import Bounds
from restmill.run.read.spec import order_for
from restmill.wire.paging.pagers import Offset


def tree(endpoint: dict[str, Any], client: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A config of one resource."""
    resource = {"name": "things", "endpoint": {"path": "things", **endpoint}, **more}
    return {"client": {"base_url": "https://api.test", **(client or {})}, "resources": [resource]}


def test_bounds_and_repair_reach_the_order_and_the_plan_says_them() -> None:
    plan = build(check(tree({"max_pages": 10, "max_duration": 60.5, "repair": False})))
    order = order_for(plan, plan.resource("things"))
    assert (order.bounds, order.repair) == (Bounds(10, 60.5), False)
    (said,) = describe(plan).resources
    assert (said.bounds, said.repair) == ("at most 10 pages, 60.5 s", "off")


def test_without_them_a_read_has_no_bound_and_is_repaired() -> None:
    plan = build(check(tree({})))
    order = order_for(plan, plan.resource("things"))
    assert (order.bounds, order.repair, order.merged) == (Bounds(), True, False)
    (said,) = describe(plan).resources
    assert (said.bounds, said.repair) == ("", "")


@pytest.mark.parametrize(
    ("client", "endpoint", "repair"), [(False, None, False), (False, True, True), (True, False, False)]
)
def test_the_endpoint_decides_before_the_client(client: bool, endpoint: bool | None, repair: bool) -> None:
    own = {} if endpoint is None else {"repair": endpoint}
    plan = build(check(tree(own, {"repair": client})))
    assert plan.resource("things").repair is repair


@pytest.mark.parametrize(
    ("disposition", "merged"),
    [
        ("merge", True),
        ("append", False),
        ({"disposition": "merge", "strategy": "scd2"}, False),
        ({"disposition": "merge"}, True),
    ],
)
def test_equal_keys_become_one_row_only_where_the_table_is_merged(disposition: Any, merged: bool) -> None:
    plan = build(check(tree({}, write_disposition=disposition, primary_key="id")))
    assert order_for(plan, plan.resource("things")).merged is merged


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ({"max_pages": 0}, "max_pages"),
        ({"max_duration": 0}, "max_duration"),
        ({"max_duration": "1h"}, "max_duration"),
        ({"repair": "maybe"}, "repair"),
        ({"max_page": 3}, "max_pages"),
    ],
)
def test_wrong_bounds_are_problems_with_their_place(endpoint: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(tree(endpoint))
    assert said in str(caught.value)


def test_a_total_header_is_the_pagers() -> None:
    paginator = {"type": "offset", "limit": 50, "total_header": "X-Records"}
    plan = build(check(tree({"paginator": paginator})))
    assert plan.resource("things").pager == Offset(limit=50, total_header="X-Records")
    assert not [note for note in plan.notes if "no total is declared" in note.text]
    with pytest.raises(ConfigError, match="total_header"):
        check(tree({"paginator": {"type": "offset", "total_headers": "X-Records"}}))
    nothing = {"type": "offset", "total_path": None, "stop_after_empty_page": False}
    with pytest.raises(ConfigError, match="nothing ends the read"):
        check(tree({"paginator": nothing}))
    assert not check(tree({"paginator": nothing | {"total_header": "X-Records"}})).warnings
