"""The commands without an API: help, exit codes, problems, options, and what reaches `sync`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from restmill import connectors
from restmill.cli.app import app
from restmill.cli.main import main
from restmill.cli.problems import painted
from restmill.errors import ApiError, ConfigError, DestinationError, Interrupted, Place, Problem
from restmill.run.receipt.receipt import Evidence, Receipt

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.run.receipt.receipt import Verdict

GOOD = """
pipeline: {name: flags, dataset_name: features}
client: {base_url: "https://api.test"}
resources:
  - users
  - name: tasks
    endpoint: {path: "/users/{resources.users.id}/tasks"}
"""
SECRET = "token-nobody-may-see"
BAD = f"""
client:
  base_url: https://api.test
  auth: {{type: bearer, token: "{SECRET}", tokn: "{SECRET}"}}
resources:
  - name: users
    write_disposition: mrge
"""


@dataclass
class FakeSync:
    """Stands in for `restmill.load.sync.run`: keeps what it was given, returns a receipt or raises."""

    outcome: Receipt | BaseException
    given: dict[str, object] = field(default_factory=dict)

    def __call__(self, config: object, **options: object) -> Receipt:
        self.given = {"config": config, **options}
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def receipt(verdict: Verdict = "complete", rows: int = 7, errors: tuple[str, ...] = ()) -> Receipt:
    evidence = Evidence("users", verdict, "the end", rows=rows, pages=1, reads=1, errors=errors)
    return Receipt("flags", "postgres", "features", "2026-01-01T00:00:00+00:00", 1.0, (evidence,))


@pytest.fixture
def good(tmp_path: Path) -> str:
    (tmp_path / "good.yaml").write_text(GOOD)
    return "good.yaml"


@pytest.fixture
def bad(tmp_path: Path) -> str:
    (tmp_path / "bad.yaml").write_text(BAD)
    return "bad.yaml"


def synced(monkeypatch: pytest.MonkeyPatch, outcome: Receipt | BaseException) -> FakeSync:
    fake = FakeSync(outcome)
    monkeypatch.setattr("restmill.load.sync.run.sync", fake)
    return fake


def test_every_command_ends_its_help_with_examples() -> None:
    for name, command in app.commands.items():
        context = click.Context(command, info_name=name)
        text = command.get_help(context)
        assert f"restmill {name}" in text.partition("Examples:")[2], name
        assert command.short_help, name


def test_no_help_is_wider_than_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    runner = CliRunner()
    for words in ([], *([name] for name in app.commands)):
        text = runner.invoke(app, [*words, "--help"]).output
        assert "Usage:" in text
        assert [line for line in text.splitlines() if len(line) > 80] == [], words


def test_help_names_what_a_newcomer_needs_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["--help"]) == 0
    assert capsys.readouterr().out == bare
    for words in ("restmill demo", "restmill check", "restmill run", "Exit codes"):
        assert words in bare
    assert "..." not in bare.partition("Commands:")[2]  # no summary is cut short


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("restmill ")


def test_check_finds_nothing_wrong(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", good]) == 0
    assert capsys.readouterr().out == "ok: 2 resources. Nothing was sent.\n"


def test_check_shows_all_problems_with_their_lines_and_no_secret(
    bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", bad]) == 2
    told = " ".join(capsys.readouterr().err.split())  # as wide as the terminal of whoever tests
    assert "bad.yaml:4" in told
    assert "bad.yaml:7" in told
    assert "Did you mean 'merge'?" in told
    assert "2 problems. Nothing was sent." in told
    assert SECRET not in told


def test_problems_heed_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in painted("x", "red")
    monkeypatch.setenv("NO_COLOR", "1")
    assert painted("x", "red", bold=True) == "x"


def test_check_as_json(good: str, bad: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", good, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["resources"] == ["users", "tasks"]
    assert main(["check", bad, "--json"]) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert {problem["line"] for problem in problems} == {4, 7}


def test_a_literal_secret_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = GOOD.replace('"https://api.test"', f'"https://api.test", auth: {{type: bearer, token: {SECRET}}}')
    (tmp_path / "literal.yaml").write_text(text)
    assert main(["check", "literal.yaml"]) == 0
    captured = capsys.readouterr()
    assert "1 warning" in captured.out
    assert "warning  literal.yaml:3" in captured.err
    assert SECRET not in captured.err + captured.out


def test_what_only_a_plan_can_find_has_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(
        'client: {base_url: "https://api.test"}\nresources:\n  - name: a\n    endpoint: {format: csv}\n'
    )
    assert main(["check", "c.yaml"]) == 2
    assert "c.yaml:4" in capsys.readouterr().err


@pytest.mark.parametrize("name", connectors.names())
def test_shipped_connectors_pass_the_check_by_their_name(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", name]) == 0
    assert "2 references" in capsys.readouterr().out


def test_a_missing_file_is_no_traceback(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "goood.yaml"]) == 2
    told = capsys.readouterr().err
    assert "there is no such file" in told
    assert f"Did you mean '{good}'?" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("words", [["nope"], ["run"], ["run", "--nope"], ["preview", "x", "--rows", "-1"]])
def test_wrong_usage_is_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (receipt(), 0),
        (receipt("suspect"), 3),
        (receipt("partial"), 3),
        (receipt("partial", rows=0, errors=("401",)), 4),
    ],
)
def test_run_ends_with_the_receipts_exit_code(
    made: Receipt, code: int, good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    synced(monkeypatch, made)
    assert main(["run", good]) == code
    captured = capsys.readouterr()
    assert made.verdict in captured.out
    assert "\x1b" not in captured.out + captured.err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            ConfigError(Problem(Place("x", "f.yaml", 3), "is wrong"), Problem(Place("y"), "too")),
            2,
            "2 problems.",
        ),
        (
            ApiError(Problem(Place("users  GET https://api.test/u"), "answered 401", hint="H.")),
            4,
            "answered 401",
        ),
        (DestinationError(Problem(Place("load"), "cannot be written", "disk full")), 5, "(got disk full)"),
        (Interrupted(Problem(Place(), "stopped")), 130, "run again to start over"),
        (KeyboardInterrupt(), 130, "run again to start over"),
    ],
)
def test_errors_end_with_their_exit_code_and_fields(
    error: BaseException,
    code: int,
    words: str,
    good: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    synced(monkeypatch, error)
    assert main(["run", good]) == code
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told


def test_problems_in_a_pipe_are_as_wide_as_it_asks_for(
    good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    synced(monkeypatch, ConfigError(Problem(Place("x"), "is wrong in so many words " * 6)))
    main(["run", good])
    assert max(map(len, capsys.readouterr().err.splitlines())) <= 50


def test_ctrl_c_is_known_however_deep_it_is_wrapped(
    good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapped = RuntimeError("a step failed")
    wrapped.__cause__ = ValueError("inner")
    wrapped.__cause__.__context__ = KeyboardInterrupt()
    wrapped.__context__ = wrapped.__cause__
    synced(monkeypatch, wrapped)
    assert main(["run", good]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_fault_shows_its_innermost_error_without_secrets(
    good: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / good
    config.write_text(config.read_text().replace('"}', f'", auth: {{type: bearer, token: {SECRET}}}}}', 1))
    outer = RuntimeError("a step failed")
    outer.__cause__ = ValueError(f"no such column, {SECRET}, https://u:pw@x.test/?key=k-1\nmore")
    synced(monkeypatch, outer)
    monkeypatch.setattr("restmill.cli.problems._origin", lambda _error: ("lib.py:1", False))
    assert main(["run", good]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "lib.py:1 RuntimeError" in told
    assert "ValueError: no such column, ***, https://***@x.test/?key=***" in told
    assert "more" not in told
    assert SECRET not in told
    assert "Traceback" not in told
    for words in (["--debug", "run", good], ["run", good, "--debug"]):
        assert main(words) == 1
        assert "Traceback" in capsys.readouterr().err


def test_options_reach_sync(good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = synced(monkeypatch, receipt())
    words = ["-r", "users", "-d", "postgres", "--dataset", "raw", "--pipeline", "mine", "--quiet"]
    assert main(["run", good, *words]) == 0
    chosen = {key: fake.given[key] for key in ("resources", "destination", "dataset_name", "pipeline_name")}
    assert chosen == {
        "resources": ("users",),
        "destination": "postgres",
        "dataset_name": "raw",
        "pipeline_name": "mine",
    }


def test_an_unknown_resource_is_found_before_anything_is_sent(
    good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = synced(monkeypatch, receipt())
    assert main(["run", good, "-r", "usrs", "-r", "nothing_like_it"]) == 2
    told = capsys.readouterr().err
    assert fake.given == {}
    assert "Did you mean 'users'?" in told
    assert "2 problems" in told


def test_the_receipt_as_json_is_all_there_is_on_standard_output(
    good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    synced(monkeypatch, receipt("suspect"))
    assert main(["run", good, "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["exit_code"], told["resources"][0]["rows"]) == ("suspect", 3, 7)


@pytest.mark.parametrize("verdict", ["complete", "suspect"])
def test_quiet_speaks_only_when_something_is_missing(
    verdict: Verdict, good: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    synced(monkeypatch, receipt(verdict))
    main(["run", good, "-q"])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert bool(captured.out) == (verdict == "suspect")


def test_connectors_are_listed_with_what_they_need(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["connectors"]) == 0
    text = capsys.readouterr().out
    for name in connectors.names():
        assert name in text
        assert f"${{secrets.sources.{name}.api_key}}" in text
    assert main(["connectors", "--path", "generic"]) == 0
    assert capsys.readouterr().out.strip() == str(connectors.path("generic"))
    assert main(["connectors", "--path", "genric"]) == 2
    assert "Did you mean 'generic'?" in capsys.readouterr().err


def test_the_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert "properties" in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts_call_restmill(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_RESTMILL_COMPLETE" in capsys.readouterr().out


def test_completion_of_a_shell_nobody_knows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/elvish")
    assert main(["completion"]) == 2
    assert "elvish" in capsys.readouterr().err


def test_a_script_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec", "nope.py"]) == 2
    assert "nope.py" in capsys.readouterr().err


def test_a_mistake_in_a_script_is_shown_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text('x = 1\nraise ValueError("my own mistake")\n')
    assert main(["exec", "broken.py"]) == 1
    told = capsys.readouterr().err
    assert "broken.py:2" in told
    assert "ValueError: my own mistake" in told
    assert "Traceback" not in told


def test_discard_finds_nothing(good: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discard", good, "--yes"]) == 0
    assert capsys.readouterr().out == "nothing was let go\n"
