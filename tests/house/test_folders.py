"""Folders: no room of the load or of the engine has more files than one can look over."""

from __future__ import annotations

from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "restmill"
MOST = 10
ROOMS = sorted(
    {
        file.parent.relative_to(SOURCE).as_posix()
        for layer in ("load", "run")
        for file in (SOURCE / layer).rglob("*.py")
    }
)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_can_be_looked_over(room: str) -> None:
    assert len(list((SOURCE / room).glob("*.py"))) <= MOST
