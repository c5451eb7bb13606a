"""In the sandbox a script's made-up rows never reach its own destination, nor its state."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import dlt
import duckdb
from dlt import Pipeline

from restmill.load.dropin.script import execute
from tests.load.api import counts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.load.conftest import Serve

SCRIPT = """
import dlt
from dlt.sources.rest_api import rest_api_source

config = {
    "client": {"base_url": "https://api.example.com"},
    "resources": [{"name": "users", "endpoint": {
        "path": "v1/users", "data_selector": "data", "paginator": {"type": "offset", "limit": 100}}}],
}
pipeline = dlt.pipeline("mine", destination="{DESTINATION}", dataset_name="mine_data")
pipeline.run(rest_api_source(config){RUN})
"""


def written(folder: Path, destination: str = "duckdb", run: str = "") -> Path:
    script = folder / "script.py"
    script.write_text(SCRIPT.replace("{DESTINATION}", destination).replace("{RUN}", run))
    return script


def test_tables_go_to_a_folder_of_the_sandbox(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with duckdb.connect(str(tmp_path / "mine.duckdb")) as own:
        own.execute("CREATE TABLE precious AS SELECT 1 AS id")
    for destination, run in (("duckdb", ""), ("postgres", ""), ("duckdb", ", destination='snowflake'")):
        receipt = execute(written(tmp_path, destination, run), sandbox=serve().base_url)
        assert receipt.location == str(tmp_path / ".restmill/sandbox/mine.duckdb")
        assert counts(receipt, "users")["users"] >= 130
    with duckdb.connect(str(tmp_path / "mine.duckdb"), read_only=True) as own:
        assert own.execute("SELECT table_name FROM information_schema.tables").fetchall() == [("precious",)]


def test_pipelines_are_dlts_own_again_afterwards(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = Pipeline._set_destinations
    execute(written(tmp_path), sandbox=serve().base_url)
    assert Pipeline._set_destinations is before
    assert ".restmill" not in dlt.pipeline("another").working_dir


def test_importing_the_drop_in_serves_dlts_source(tmp_path: Path) -> None:
    script = tmp_path / "first_line.py"
    script.write_text(
        "import restmill.dropin\n"
        "from dlt.sources.rest_api import rest_api_source\n"
        "print(rest_api_source.__module__)"
    )
    told = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout.strip() == "restmill.load.source"
