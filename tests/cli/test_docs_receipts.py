"""The example of docs/receipts.md, as it stands: its config, its commands, its query."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import duckdb
import pytest

from restmill.cli.main import main
from restmill.sandbox import Behaviour, SandboxServer

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "receipts.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_example_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    with SandboxServer(Behaviour(rows=120).changed({"total": "missing"})) as server:
        (tmp_path / "people.yaml").write_text(
            blocks("yaml")[0].replace("http://127.0.0.1:8080", server.base_url)
        )
        for line in blocks("sh")[0].splitlines():
            program, *words = shlex.split(line)
            assert (program, main(words)) == ("restmill", 0)
        told = capsys.readouterr().out
        assert "+ complete  users" in told
        assert re.search(r"^\+ complete +[0-9a-f]{6} .* people +2 +240", told, re.MULTILINE)
        server.change(duplicates=0.2)
        assert main(["run", "people.yaml", "-r", "users"]) == 3
    (query,) = blocks("sql")
    with duckdb.connect("people.duckdb", read_only=True) as connection:
        found = connection.sql(query).fetchall()
    assert [one[:2] for one in found] == [("users", "suspect")]
