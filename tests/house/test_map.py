"""The map for newcomers in docs/design.md: each file and function that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "restmill"
MAP = (ROOT / "docs" / "design.md").read_text().partition("## The map")[2].partition("\n## ")[0]
PLACES = sorted(set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+(?:\.py)?(?::\w+)?|[a-z_]+\.py:\w+)`", MAP)))


def test_the_map_names_places() -> None:
    assert len(PLACES) > 40


@pytest.mark.parametrize("place", PLACES)
def test_what_the_map_names_is_there(place: str) -> None:
    file, _, name = place.partition(":")
    path = ROOT / file if file.startswith(("docs/", "tests/", "src/")) else SOURCE / file
    assert path.exists()
    if name:
        assert name in _defined(path)


def _defined(path: Path) -> set[str]:
    """Functions, classes and names that a module defines."""
    found: set[str] = set()
    for one in ast.parse(path.read_text()).body:
        match one:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
            case _:
                pass
    return found
