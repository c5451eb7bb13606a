"""Real servers that lie: unstable orders, totals of one page, totals in a header, caps that drop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from restmill import sync
from tests.live.test_servers import EXAMPLES, FLAGS, distinct

pytestmark = pytest.mark.live
ALERTS, HISTORY, HEARTBEATS, NODES, RESOURCES = 1300, 1650, 320, 600, 2100


@pytest.mark.parametrize("order", ["severity", "status", "environment"])
def test_alerts_in_an_order_that_is_not_unique_all_come_or_are_counted(alerta: str, order: str) -> None:
    config = Path("alerta.yaml")
    text = (EXAMPLES / "alerta.yaml").read_text()
    config.write_text(text.replace("sort-by: severity", f"sort-by: {order}"))
    receipt = sync(config)
    alerts, history, heartbeats = receipt.resources
    found = distinct(receipt, "alerts")
    assert found[0] == found[1] == alerts.distinct
    if alerts.verdict == "complete":
        assert (alerts.distinct, alerts.basis) == (ALERTS, "total")
        assert any(
            re.search(r"[1-4] more pass\w*, [\d,]+ requests?, found [\d,]+ rows", note)
            for note in alerts.notes
        )
    else:
        assert alerts.verdict == "suspect"
        assert f"{alerts.distinct:,} distinct `id` of 1,300" in alerts.reason
    assert (heartbeats.verdict, heartbeats.rows) == ("complete", HEARTBEATS)
    assert (history.verdict, history.rows) == ("complete", HISTORY)


def test_resources_without_an_order_all_come_or_are_counted(puppetdb: str) -> None:
    receipt = sync(EXAMPLES / "puppetdb.yaml")
    nodes, resources = receipt.resources
    assert (nodes.verdict, nodes.basis, nodes.rows, nodes.total) == ("complete", "total", NODES, NODES)
    assert resources.total == RESOURCES
    if resources.verdict == "complete":
        assert (resources.distinct, resources.basis) == (RESOURCES, "total")
    else:
        assert f"{resources.distinct:,} distinct `certname`, `type`, `title` of 2,100" in resources.reason


def test_a_total_in_a_header_is_found_without_being_declared(puppetdb: str) -> None:
    config = Path("puppetdb.yaml")
    text = (EXAMPLES / "puppetdb.yaml").read_text()
    config.write_text(text.replace(", total_path: null, total_header: X-Records", ""))
    nodes = sync(config, resources=["nodes"]).resources[0]
    assert (nodes.verdict, nodes.basis, nodes.rows) == ("complete", "total", NODES)
    assert "the total is taken from the header `X-Records` (detected)" in nodes.notes


@pytest.mark.slow
def test_a_limit_above_the_cap_drops_to_the_default_and_all_flags_come(unleash: str) -> None:
    config = Path("unleash.yaml")
    config.write_text((EXAMPLES / "unleash.yaml").read_text().replace("limit: 100", "limit: 101"))
    receipt = sync(config)
    assert receipt.resources[0].verdict == "complete"
    assert distinct(receipt, "features", "name") == (FLAGS, FLAGS)
    assert "asked for 101 rows a page, got 50: the server caps them" in receipt.resources[0].notes
