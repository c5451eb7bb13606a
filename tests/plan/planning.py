"""Small configs and their plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.config.check.check import check
from restmill.errors import ConfigError
from restmill.plan.build import build

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.plan.spec import Plan

USERS = {"name": "users", "endpoint": {"path": "users", "paginator": "single_page", "data_selector": "items"}}


def tree(*resources: Json, **blocks: Json) -> dict[str, Json]:
    """A config of `resources`, with further blocks."""
    return {"client": {"base_url": "https://api.example.com"}, "resources": list(resources)} | blocks


def planned(*resources: Json, **blocks: Json) -> Plan:
    """The plan of such a config; the config itself must stay as it was."""
    config = tree(*resources, **blocks)
    before = repr(config)
    plan = build(check(config))
    assert repr(config) == before
    return plan


def notes(plan: Plan, where: str) -> list[str]:
    """What the plan notes on one resource or block."""
    return [note.text for note in plan.notes if note.where == where]


def problems(config: Json) -> list[tuple[str, str]]:
    """Place and text of every problem of a config that is refused."""
    with pytest.raises(ConfigError) as caught:
        build(check(config))
    return [(problem.place.path, problem.what) for problem in caught.value.problems]
