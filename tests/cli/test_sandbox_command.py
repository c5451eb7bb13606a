"""`restmill sandbox`: what it says at its start, its lists, and switches as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from restmill.cli.main import main
from restmill.sandbox import COLLECTIONS, Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_the_sandbox_lists_its_routes_and_switches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--list"]) == 0
    text = capsys.readouterr().out
    assert "GET /cursor/C?cursor=&limit=" in text
    assert "fail_rate" in text
    assert all(name in text for name in COLLECTIONS)
    assert "(0 to 1; 0)" in " ".join(text.split())
    assert "(one of empty, 404, 416, 400; empty)" in " ".join(text.split())
    assert """/_sandbox/behaviour -d '{"cap": 60}'""" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--set", "cpa=5"], "Did you mean 'cap'?"),
        (["--set", "cap"], "has no value"),
        (["--latency", "soon"], "write 50ms"),
        (["--fail", "150%"], "write 5%"),
    ],
)
def test_a_wrong_switch_is_told_apart(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", *words]) == 2
    said = capsys.readouterr().err
    assert told in said
    assert "Nothing was sent" not in said


def test_switches_of_the_sandbox_are_read_as_people_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[Behaviour, int]] = []

    def run_forever(behaviour: Behaviour, port: int, _on_ready: object) -> None:
        started.append((behaviour, port))

    monkeypatch.setattr("restmill.sandbox.run_forever", run_forever)
    words = ["--rows", "9", "--latency", "50ms", "--fail", "5%", "--set", "past-end=404", "--port", "0"]
    assert main(["sandbox", *words, "--key", "k"]) == 0
    assert started == [(Behaviour(rows=9, latency_s=0.05, fail_rate=0.05, past_end=404, key="k"), 0)]


def test_the_sandbox_begins_with_what_one_needs_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_forever(_behaviour: Behaviour, _port: int, on_ready: Callable[[str], None]) -> None:
        on_ready("http://127.0.0.1:8080")

    monkeypatch.setattr("restmill.sandbox.run_forever", run_forever)
    assert main(["sandbox", "--key", "k", "--rows", "9"]) == 0
    text = capsys.readouterr().out
    assert len(text.splitlines()) <= 25
    assert "curl 'http://127.0.0.1:8080/v1/feature_flags?api_key=k&limit=2'" in text
    assert "`restmill sandbox --list`" in text
    (tmp_path / "sandbox.yaml").write_text(text[text.index("  client:") : text.index("\n\n`restmill")])
    assert main(["plan", "sandbox.yaml"]) == 0
    assert "write_disposition merge, primary_key id" in capsys.readouterr().out
