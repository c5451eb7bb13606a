"""The program as a process: real requests to a sandbox on loopback, real tables, real exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from restmill.run.receipt import archive
from restmill.sandbox import Behaviour, SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

KEY = "sandbox-key-nobody-may-see"
CONFIG = """
pipeline: {{name: e2e, destination: duckdb, dataset_name: tables}}
client:
  base_url: {url}
  auth: {{type: api_key, name: api_key, api_key: {key}, location: query}}
resource_defaults: {{primary_key: id, write_disposition: merge}}
resources:
  - name: feature_flags
    endpoint: {{path: /v1/feature_flags, data_selector: items, paginator: {{type: offset, limit: 100}}}}
  - name: projects
    endpoint: {{path: {path}, data_selector: data, paginator: {{type: offset, limit: 100}}}}
"""


def restmill(*words: str) -> subprocess.CompletedProcess[str]:
    """The program, run to its end in the test's own folder."""
    return subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-m", "restmill", *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Behaviour(rows=250, key=KEY)) as running:
        yield running


def write(folder: Path, url: str, path: str = "/v1/projects") -> str:
    (folder / "e2e.yaml").write_text(CONFIG.format(url=url, key=KEY, path=path))
    return "e2e.yaml"


def test_run_loads_and_its_own_command_shows_the_rows(server: SandboxServer, tmp_path: Path) -> None:
    done = restmill("run", write(tmp_path, server.base_url))
    assert done.returncode == 0, done.stderr
    assert "2 resources, all complete: 500 rows" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stdout.isascii()
    assert max(len(line) for line in done.stdout.splitlines() if ".duckdb" not in line) <= 80
    assert "feature_flags: 250 rows, 3 pages" in done.stderr
    assert KEY not in done.stdout + done.stderr
    command = done.stdout.partition("Look at one:\n")[2]
    shown = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)  # noqa: S602  # as copied
    assert "5 rows" in shown.stdout, shown.stderr


def test_a_missing_endpoint_is_partial_and_the_rest_is_loaded(server: SandboxServer, tmp_path: Path) -> None:
    done = restmill("run", write(tmp_path, server.base_url, "/v1/nothing"), "--json")
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    verdicts = {one["resource"]: one["verdict"] for one in told["resources"]}
    assert verdicts == {"feature_flags": "complete", "projects": "partial"}
    assert "404" in told["resources"][1]["reason"]


def test_preview_asks_once_for_each_resource(server: SandboxServer, tmp_path: Path) -> None:
    done = restmill("preview", write(tmp_path, server.base_url), "--rows", "2")
    assert done.returncode == 0, done.stderr
    assert server.stats()["requests"] == 2
    assert "100 records of 250" in done.stdout
    assert "next: offset=100" in done.stdout
    assert KEY not in done.stdout


def test_a_dlt_script_runs_unchanged_against_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        "from dlt.sources.rest_api import rest_api_source\n"
        'offset = {"type": "offset", "limit": 100}\n'
        'users = {"name": "users", "endpoint": {"path": "/v1/users", "paginator": offset}}\n'
        'client = {"base_url": "https://api.example.invalid"}\n'
        'source = rest_api_source({"client": client, "resources": [users]})\n'
    )
    done = restmill("exec", "script.py", "--sandbox")
    assert done.returncode == 0, done.stderr
    assert "complete" in done.stdout
    assert "1,300 rows" in done.stdout


def test_the_demo_is_complete_and_says_where_to_look(tmp_path: Path) -> None:
    done = restmill("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 resources, all complete: 6,500 rows" in done.stdout
    assert (tmp_path / ".restmill" / "demo" / "demo.duckdb").is_file()
    assert "demo-key" not in done.stdout + done.stderr


def test_a_receipt_of_each_run_is_found_again(server: SandboxServer, tmp_path: Path) -> None:
    config = write(tmp_path, server.base_url)
    assert restmill("run", config, "--quiet").returncode == 0
    (tmp_path / "e2e.yaml").write_text(
        (tmp_path / "e2e.yaml").read_text().replace("/v1/projects", "/v1/none")
    )
    refused = restmill("run", config, "--require", "complete", "--json")
    assert refused.returncode == 4
    told = json.loads(refused.stdout)
    assert (told["error"]["kind"], told["error"]["where"]) == ("Incomplete", "projects")
    assert [one["verdict"] for one in told["resources"]] == ["complete", "partial"]
    listed = json.loads(restmill("history", config, "--json").stdout)["runs"]
    assert sorted(one["exit_code"] for one in listed) == [0, 4]
    assert told in listed
    assert KEY not in json.dumps(listed)
    complete = next(one["run_id"] for one in listed if one["exit_code"] == 0)
    assert "all complete: 500 rows" in restmill("history", complete).stdout


def test_a_closed_pipe_changes_nothing_about_the_work(server: SandboxServer, tmp_path: Path) -> None:
    config = write(tmp_path, server.base_url, "/v1/nothing")
    for words, code in ((["run", config], 3), (["run", config, "--json"], 3), (["plan", config], 0)):
        for closed in ("1", "2", "1 2"):
            done = closed_early(closed, *words)
            assert done.returncode == code, (words, closed, done.stderr)
            told = f"{done.stdout}{done.stderr}"
            assert "Traceback" not in told
            assert "BrokenPipe" not in told


def closed_early(streams: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The program with standard output (1), the error stream (2) or both going to a pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(  # noqa: S603  # our own words
            [sys.executable, "-m", "restmill", *words],
            stdout=writer if "1" in streams else subprocess.PIPE,
            stderr=writer if "2" in streams else subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)


def heed_signals() -> None:
    """A shell starts background jobs with SIGINT ignored, `nohup` with SIGHUP; children inherit that."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A restmill process that can be interrupted, and that does not outlive the test."""
    running = subprocess.Popen(  # noqa: S603  # our own words
        [sys.executable, "-m", "restmill", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        preexec_fn=heed_signals,  # noqa: PLW1509  # the child has one thread when this runs
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_run_with_its_own_code(number: signal.Signals, code: int, tmp_path: Path) -> None:
    behaviour = Behaviour(rows=20_000, key=KEY, latency_s=1.0)
    with SandboxServer(behaviour) as server, started("run", write(tmp_path, server.base_url)) as running:
        assert running.stderr is not None
        while "reading" not in running.stderr.readline():
            assert running.poll() is None
        running.send_signal(number)
        _, told = running.communicate(timeout=60)
    assert running.returncode == code, told
    assert "run again to start over" in told
    assert "Traceback" not in told
    (receipt,) = archive.stored("e2e").receipts
    assert (receipt.exit_code, receipt.verdict) == (code, "partial")
    assert not list(tmp_path.glob(".restmill/receipts/e2e/*.open"))


def test_ctrl_c_ends_the_sandbox_with_0() -> None:
    with started("sandbox", "--port", "0", "--key", KEY) as running:
        assert running.stdout is not None
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(running.stdout.readline())
            assert running.poll() is None, lines
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
    assert running.returncode == 0
    assert any("curl 'http://127.0.0.1:" in line for line in lines)
