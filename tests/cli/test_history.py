"""history: past runs from their receipts, within 80 columns, and one of them in full."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restmill.cli.main import main
from restmill.run.receipt import archive
from restmill.run.receipt.receipt import Earlier, Evidence, Failure, Receipt

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
pipeline: {name: flags}
client: {base_url: "https://api.test"}
resources: [users]
"""
USERS = Evidence("users", "complete", "the total of 1300 rows is reached", rows=1300, pages=13)
TEAMS = Evidence("teams", "partial", "teams  GET https://api.test/teams\n  status 500", rows=0)
TAGS = Evidence("tags", "suspect", "1300 rows but 1089 distinct")


def keep(number: int, *evidence: Evidence, pipeline: str = "flags", error: Failure | None = None) -> Receipt:
    made = Receipt(
        pipeline,
        "duckdb",
        "data",
        f"2026-01-01T00:00:{number:02}+00:00",
        7384.0,
        evidence,
        run_id=f"20260101T0000{number:02}.000Z-{number:06x}",
        error=error,
        versions={"restmill": "0.1.0", "dlt": "1.31.0"},
        config_digest="0123456789abcdef",
    )
    archive.store(made)
    return made


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["history", *words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_runs_are_listed_newest_first_with_the_reason_of_the_worst(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keep(1, USERS)
    keep(2, USERS, TAGS, TEAMS)
    keep(3, error=Failure("ApiError", "users  GET https://api.test/users", "is away", "status 500", "", 4))
    keep(4, USERS, pipeline="x" * 60, error=Failure("Interrupted", "", "interrupted: nothing", exit_code=130))
    text = told(capsys)
    lines = text.splitlines()
    assert lines[0].split() == ["verdict", "run", "when", "(UTC)", "pipeline", "resources", "rows", "time"]
    words = [line.split()[1:3] for line in lines if "2026-01-01 00:00" in line]
    assert words == [
        ["stopped", "000004"],
        ["failed", "000003"],
        ["partial", "000002"],
        ["complete", "000001"],
    ]
    assert "teams GET https://api.test/teams status 500 (and 1 more resource)" in " ".join(text.split())
    assert "users GET https://api.test/users: is away (got status 500)" in " ".join(text.split())
    assert max(map(len, lines)) <= 80
    assert text.isascii()
    assert "restmill history 000004" in text


def test_runs_of_a_config_of_a_pipeline_and_so_many(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "any_name.yaml").write_text(CONFIG)
    for number in (1, 2, 3):
        keep(number, USERS)
    keep(4, USERS, pipeline="others")

    def ids(*words: str) -> list[str]:
        return [one["run_id"][-1] for one in json.loads(told(capsys, "--json", *words))["runs"]]

    assert ids() == ["4", "3", "2", "1"]
    assert ids("any_name.yaml") == ["3", "2", "1"]
    assert ids("any_name.yaml", "--limit", "2") == ["3", "2"]
    assert ids("--pipeline", "others") == ["4"]
    assert ids("flags") == ["3", "2", "1"]
    assert ids("generic") == []  # a connector that has never run here


def test_one_run_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    made = keep(1, USERS, TAGS)
    keep(2, USERS)
    text = told(capsys, "000001")
    assert text.startswith("flags, 2026-01-01 00:00:01 UTC, run 20260101T000001.000Z-000001\n")
    assert "1,300 rows but 1089 distinct" in text
    assert "restmill 0.1.0, dlt 1.31.0, config 01234567" in text
    assert archive.from_json(json.loads(told(capsys, made.run_id, "--json"))) == made


def test_one_run_that_failed_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    keep(1, USERS, error=Failure("DestinationError", "load", "could not be written", "disk full", "", 5))
    text = told(capsys, "000001")
    assert "failed: load: could not be written (got disk full)" in text
    assert "Look at one" not in text


def test_a_run_that_was_killed_and_one_that_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    made = [replace(keep(number, USERS), resources=()) for number in (1, 2)]
    for one in made:
        (archive.FOLDER / "flags" / f"{one.run_id}.json").unlink()
    archive.begin(made[0])._stack.close()  # as if its process had died
    (archive.FOLDER / "flags" / f"{made[0].run_id}.open").write_bytes(archive._text_of(made[0]))
    mark = archive.begin(made[1])
    text = " ".join(told(capsys).split())
    assert "running 000002" in text
    assert "killed 000001" in text
    assert "the process or its machine ended without a word" in text
    mark.end()


def test_what_an_earlier_run_left_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    archive.store(replace(keep(1, USERS), earlier=(Earlier("1.5", {"users": 1000, "teams": 1}),)))
    text = " ".join(told(capsys, "000001").split())
    assert "Also loaded first, left by an earlier run: 1,000 of users, 1 of teams" in text


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys) == "No run has left a receipt in .restmill/receipts here.\n"
    assert json.loads(told(capsys, "--json")) == {"runs": []}
    assert "no config, no run and no pipeline" in told(capsys, "nope", code=2)


def test_a_file_that_is_no_receipt_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep(1, USERS)
    broken = tmp_path / ".restmill" / "receipts" / "flags" / "20260101T000009Z-ffffff.json"
    broken.write_text("{")
    text = told(capsys)
    assert "complete" in text
    assert f"{broken.relative_to(tmp_path)} is no receipt" in " ".join(text.split())


def test_a_pipeline_whose_name_is_a_reference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(CONFIG.replace("name: flags", 'name: "${env.NAME}"'))
    assert "Name it with `--pipeline`." in told(capsys, "c.yaml", code=2)


@pytest.mark.parametrize("width", ["80", "120"])
def test_the_table_fits(
    width: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    keep(
        1, replace(USERS, rows=12_345_678), replace(TEAMS, reason="why " * 60), pipeline="a_long_pipeline" * 3
    )
    lines = told(capsys).splitlines()
    assert max(map(len, lines)) <= int(width)
    assert any("2026-01-01 00:00" in line for line in lines)
