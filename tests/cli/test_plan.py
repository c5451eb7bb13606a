"""`plan` and the warnings of `check`: without secrets, without dlt, references as they are written."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from restmill.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "token-nobody-may-see"
GOOD = """
pipeline: {name: flags, dataset_name: features}
client: {base_url: "https://api.test"}
resources:
  - users
  - name: tasks
    endpoint: {path: "/users/{resources.users.id}/tasks"}
"""
WAITING = """
client:
  base_url: ${config.base}
  auth: {type: bearer, token: "${secrets.deep.token}"}
resources:
  - name: flags
    endpoint:
      path: /v1/flags
      params: {api_key: "${secrets.other}", v: "x-${env.V}"}
      paginator: {type: offset, limit: "${config.size}"}
"""


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "good.yaml").write_text(GOOD)
    return "good.yaml"


def test_plan_says_what_will_be_asked_in_which_order(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", good]) == 0
    text = capsys.readouterr().out
    assert text.index("1. users") < text.index("2. tasks")
    assert "GET https://api.test/users/{resources.users.id}/tasks" in text
    assert "detected from the first answer" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert main(["plan", good, "--json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["resources"]] == ["users", "tasks"]


def test_plan_needs_no_secret_and_shows_references_as_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "waiting.yaml").write_text(WAITING)
    assert main(["plan", "waiting.yaml"]) == 0
    text = capsys.readouterr().out
    for words in (
        "GET ${config.base}/v1/flags",
        "bearer token (${secrets.deep.token})",
        "api_key=${secrets.other}, v=x-${env.V}",
        "limit=${config.size}",
    ):
        assert words in text
    assert "standin" not in text


def test_plan_masks_what_is_no_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "literal.yaml").write_text(WAITING.replace('"${secrets.other}"', SECRET))
    assert main(["plan", "literal.yaml"]) == 0
    text = capsys.readouterr().out
    assert SECRET not in text
    assert "api_key=***" in text


def test_plan_says_when_a_reference_decides_too_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "open.yaml").write_text(WAITING.replace("path: /v1/flags", 'method: "${env.METHOD}"'))
    assert main(["check", "open.yaml"]) == 0
    assert main(["plan", "open.yaml"]) == 2
    assert "${env.METHOD}" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["plan", "check"])
def test_plan_and_check_start_without_dlt(word: str, tmp_path: Path) -> None:
    (tmp_path / "waiting.yaml").write_text(WAITING)
    program = (
        "import sys; from restmill.cli.main import main; "
        f"code = main(['{word}', 'waiting.yaml']); sys.exit(code or int('dlt' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        ("{}", "write_disposition append (default): each run adds its rows again"),
        ("{write_disposition: append}", "write_disposition append: each run adds its rows again"),
        ("{write_disposition: replace, primary_key: id}", "write_disposition replace, primary_key id"),
    ],
)
def test_plan_says_what_becomes_of_the_rows_already_there(
    hints: str, words: str, good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / good).write_text(f"{GOOD}resource_defaults: {hints}\n")
    assert main(["plan", good]) == 0
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_merge_without_a_key_is_a_warning_with_its_line(
    good: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / good).write_text(GOOD + "    write_disposition: merge\n")
    assert main(["check", good]) == 0
    captured = capsys.readouterr()
    assert "1 warning" in captured.out
    assert "warning  good.yaml:8" in captured.err
    assert "`merge` without `primary_key`" in captured.err
    assert main(["check", good, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"][0]["line"] == 8
