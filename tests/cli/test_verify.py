"""What `restmill verify` draws and prints: no line too wide, keys and never rows, one exit code."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from restmill.cli.main import main
from restmill.cli.views.sheet import Sheet
from restmill.cli.views.verify import show_comparison
from restmill.load.verify.compare import Difference
from restmill.load.verify.full import Compared, Comparison
from restmill.sandbox import Behaviour, SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = tuple({"id": f"flag-{number}"} for number in range(10))
PAIRS = ({"account": 1, "month": "2026-01"}, {"account": 2, "month": "2026-02"})
RESOURCES = (
    Compared("users", "complete", "the total is reached", Difference(1300, 1300)),
    Compared(
        "a_resource_with_a_name_that_is_much_too_long_for_it",
        "complete",
        "",
        Difference(1300, 1290, 21, 11, 2, {"name": 1, "a__b": 2}, {"missing": KEYS, "extra": PAIRS}),
    ),
    Compared("teams", "partial", "failed after 1300 rows", Difference(5, 5), ("a note",)),
    Compared("beats", "complete", "", Difference(9, 9, changed=9, columns={"seen": 9})),
    Compared("own", "complete", "", notes=("not compared: a dlt resource of your own",)),
    Compared("logs", "partial", "a sample of 2 pages", Difference(5, 9), sampled=True),
)

FAILED = Compared("x", "partial", "status 500", Difference(0, 0), failed=True)


def drawn(*resources: Compared, width: int = 80, terminal: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, highlight=False)
    show_comparison(Sheet(console), Comparison("p", "duckdb", "data", resources))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_comparison_fits_its_terminal(width: int) -> None:
    lines = drawn(*RESOURCES, width=width).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert all(line.isascii() for line in lines)


def test_every_state_has_its_word_and_keys_are_shown() -> None:
    text = drawn(*RESOURCES, width=120)
    for words in (
        "+ equal     users",
        "x differs   a_reso",
        "! partial   teams",
        "- left out  own",
        "+ equal     logs",
        "missing: id flag-0, flag-1,",
        "flag-4 and 16 more",
        "extra: account 1, month 2026-01; account 2, month 2026-02 and 9 more",
        "changed in: a__b (2), name (1)",
        "in every row: seen (`--ignore seen` leaves it out)",
        "partial: failed after 1,300 rows",
        "a sample of 2 pages",
        "x 5 resources, 2 equal: 21 missing, 11 extra, 11 changed",
        "Nothing was written.",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("resources", "code", "words"),
    [
        (RESOURCES[:1], 0, "+ 1 resource, equal"),
        ((*RESOURCES[:1], RESOURCES[5]), 0, "+ 2 resources, all equal"),
        (RESOURCES[1:2], 3, "x 1 resource, 0 equal"),
        (RESOURCES[2:3], 3, "! 1 resource, 0 equal"),
        (RESOURCES[4:5], 3, "! nothing could be compared"),
        (
            (Compared("x", "partial", "status 500", Difference(0, 0), failed=True),),
            4,
            "x 1 resource, 0 equal",
        ),
    ],
)
def test_the_sum_and_the_exit_code_agree(resources: tuple[Compared, ...], code: int, words: str) -> None:
    assert Comparison("p", "duckdb", "data", resources).exit_code == code
    assert words in drawn(*resources)


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Behaviour(rows=30)) as running:
        yield running


def test_run_change_verify(
    server: SandboxServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    (tmp_path / "api.yaml").write_text(
        f"client: {{base_url: '{server.base_url}'}}\n"
        "resource_defaults: {primary_key: id, write_disposition: merge, delete_missing: hard}\n"
        "resources: [{name: users, endpoint: {path: v1/users, data_selector: data, "
        "paginator: {type: offset, limit: 10}}}]\n"
    )
    assert main(["run", "api.yaml", "-q"]) == 0
    assert main(["verify", "api.yaml", "-q"]) == 0
    assert capsys.readouterr().out == ""
    server.change(rows=28)
    assert main(["verify", "api.yaml", "--counts"]) == 3
    assert "extra" in capsys.readouterr().out
    assert main(["verify", "api.yaml", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["equal"], told["exit_code"]) == (False, 3)
    assert told["resources"][0]["difference"]["first"]["extra"] == [{"id": 29}, {"id": 30}]
    assert main(["verify", "api.yaml", "--counts", "--sample", "2"]) == 2
    assert main(["verify", "api.yaml", "-r", "usrs"]) == 2
    assert "Did you mean 'users'?" in capsys.readouterr().err
    assert main(["run", "api.yaml"]) == 0
    assert "deleted: 2 rows that the API no longer has" in capsys.readouterr().out
    assert main(["verify", "api.yaml"]) == 0
