"""What the tables of wrong configs share: how a case is written, and how it is judged."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest

from restmill.config.check.check import check
from restmill.errors import ConfigError, Problem
from tests.config.configs import CLIENT, with_resources

# The config, then its problem: path, what, got and hint (what and hint by their beginning).
Case: TypeAlias = tuple[Any, str, str, str, str]

ENDPOINT = "resources[0].endpoint"


class Thing:
    """A Python object without any use."""


def client(**keys: Any) -> dict[str, Any]:
    """A config with these keys in `client`."""
    return {"client": {**CLIENT, **keys}, "resources": []}


def resource(**keys: Any) -> dict[str, Any]:
    """A config with one resource with these keys."""
    return with_resources({"name": "a", **keys})


def problems(tree: Any) -> list[Problem]:
    """What the check says of a wrong config."""
    with pytest.raises(ConfigError) as caught:
        check(tree)
    return list(caught.value.problems)


def judge(case: Case) -> None:
    """One mistake is one problem, as the case says."""
    tree, path, what, got, hint = case
    found = problems(tree)
    assert [one.place.path for one in found] == [path]
    assert found[0].what.startswith(what)
    assert found[0].got == got
    assert found[0].hint.startswith(hint)
    assert bool(found[0].hint) == bool(hint)
