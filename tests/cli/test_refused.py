"""Runs that fail: what is told as JSON, and what is said that was not done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from restmill.cli.main import main
from restmill.errors import ApiError, Busy, ConfigError, Incomplete, Place, Problem, RestmillError
from tests.cli.test_commands import BAD, GOOD, SECRET, receipt, synced

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "good.yaml").write_text(GOOD)
    return "good.yaml"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    (tmp_path / "bad.yaml").write_text(BAD)
    return "bad.yaml"


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (
            ConfigError(Problem(Place("x", "f.yaml", 3), "is wrong"), Problem(Place("y"), "too")),
            2,
            "ConfigError",
        ),
        (ApiError(Problem(Place("users"), "is away", "401", "H.")), 4, "ApiError"),
        (Busy(Problem(Place("pipeline flags"), "is under way", "process 7")), 5, "Busy"),
        (KeyboardInterrupt(), 130, "Interrupted"),
        (RuntimeError(SECRET), 1, "RuntimeError"),
    ],
)
def test_json_is_printed_of_a_run_that_fails_too(
    error: BaseException,
    code: int,
    kind: str,
    good: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    synced(monkeypatch, error)
    assert main(["run", good, "--json"]) == code
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["exit_code"], told["error"]["kind"], told["resources"]) == (code, kind, [])
    assert SECRET not in captured.out
    if isinstance(error, RestmillError):
        problem = error.problem
        assert told["error"]["where"] == str(problem.place)
        assert [told["error"][name] for name in ("what", "got", "hint")] == [
            problem.what,
            problem.got,
            problem.hint,
        ]
        assert len(told["problems"]) == len(error.problems)
        assert problem.what in captured.err


@pytest.mark.parametrize("words", [["run", "goood.yaml", "--json"], ["plan", "--json", "bad.yaml"]])
def test_json_wherever_it_stands_when_the_config_is_wrong(
    words: list[str], bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["exit_code"], told["error"]["kind"]) == (2, "ConfigError")
    assert SECRET not in json.dumps(told)


def test_require_reaches_sync(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = synced(monkeypatch, receipt())
    given = []
    for words in ([], ["--require", "complete"]):
        assert main(["run", good, *words]) == 0
        given.append(fake.given["require"])
    assert given == ["partial", "complete"]
    assert main(["run", good, "--require", "loaded"]) == 2


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Incomplete(Problem(Place("users"), "is suspect")), "\nNothing was loaded.\n"),
        (Busy(Problem(Place("pipeline flags"), "is under way")), "\n1 problem. Nothing was sent.\n"),
    ],
)
def test_what_was_not_done_is_said(
    error: RestmillError,
    words: str,
    good: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    synced(monkeypatch, error)
    assert main(["run", good]) == error.exit_code
    assert words in capsys.readouterr().err
