"""Whole runs against answers without end, in little memory: the neighbour's rows are loaded."""

from __future__ import annotations

import itertools
import json
import os
import resource
import subprocess
import sys
import zlib
from functools import cache
from typing import TYPE_CHECKING

import pytest

from restmill.testing import json_response
from tests.security.answers import head, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("RESTMILL_TEST_SECURITY" not in os.environ, reason="`make security` runs it"),
]
GOOD = json_response({"data": [{"id": number} for number in range(7)]}).body


@cache
def bomb() -> bytes:
    """A few hundred kB that unpack to 700 MB."""
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = (engine.compress(b" " * 1_000_000) for _ in range(700))
    return engine.compress(b'{"data": [') + b"".join(blanks) + engine.compress(b"]}") + engine.flush()


ANSWERS: dict[str, Callable[[], Iterable[bytes]]] = {
    "a bomb": lambda: [head("Content-Encoding: gzip"), bomb()],
    "a bomb of an error": lambda: [head("Content-Encoding: gzip", status="500 X"), bomb()],
    "a body without end": lambda: itertools.chain([head()], itertools.repeat(b" " * 65536)),
    "an error without end": lambda: itertools.chain([head(status="403 X")], itertools.repeat(b"<" * 65536)),
    "headers without end": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X-A: a\r\n")),
    "a Link header": lambda: [head(*["Link: " + "<" * 8000] * 20), b'{"data": []}'],
    "a deep document": lambda: [head(), b"[" * 100_000 + b"]" * 100_000],
    "a total": lambda: [head(), b'{"data": [{"id": 1}], "total": 1e308}'],
}


def _little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


@pytest.mark.parametrize("name", ANSWERS)
def test_one_resource_pays_for_it(tmp_path: Path, name: str) -> None:
    with serving(ANSWERS[name]) as bad, serving(lambda: [head(), GOOD]) as good:
        endpoint = {"data_selector": "data", "paginator": "header_link" if "Link" in name else "single_page"}
        config = {
            "pipeline": {"name": "x", "destination": "duckdb", "dataset_name": "ds"},
            "client": {"base_url": bad, "timeout": 30, "retry": {"max_retries": 0}},
            "resources": [
                {"name": "good", "endpoint": {"path": f"{good}/x", **endpoint}},
                {"name": "bad", "endpoint": {"path": "/x", **endpoint}},
            ],
        }
        (tmp_path / "c.json").write_text(json.dumps(config))
        done = subprocess.run(
            [sys.executable, "-m", "restmill", "run", "c.json", "--json"],
            capture_output=True,
            check=False,
            preexec_fn=_little_memory,
            timeout=200,
        )
    told = json.loads(done.stdout)
    assert done.returncode in (0, 3), done.stderr
    assert {one["resource"]: one["rows"] for one in told["resources"]}["good"] == 7
    assert b"Traceback" not in done.stderr
