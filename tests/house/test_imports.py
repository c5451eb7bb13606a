"""What starts quickly must not load what is slow: dlt and pyarrow cost more than everything else together.

Whether they are loaded is asserted; the CPU seconds of each start are only reported, because a time on a busy
machine proves nothing.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEAVY = ("dlt", "pyarrow", "duckdb", "sqlglot")
CONFIG = """
client: {base_url: "https://api.example.com"}
resources:
  - name: items
    endpoint: {path: /items, paginator: {type: offset, limit: 100}}
"""
PROBE = """
import atexit, sys
atexit.register(lambda: print("LOADED", *[m for m in {heavy!r} if m in sys.modules], file=sys.stderr))
{then}
"""
COMMAND = "sys.argv = ['restmill', *{words!r}]\nfrom restmill.cli.main import main\nsys.exit(main())"

STARTS = {
    "import restmill": "import restmill",
    "restmill --help": COMMAND.format(words=["--help"]),
    "restmill history": COMMAND.format(words=["history"]),
    "restmill check": COMMAND.format(words=["check", "flags.yaml"]),
}


@pytest.mark.parametrize("start", STARTS)
def test_a_quick_start_loads_nothing_heavy(
    start: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    (tmp_path / "flags.yaml").write_text(CONFIG)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(  # noqa: S603  # our own words
        [sys.executable, "-c", PROBE.format(heavy=HEAVY, then=STARTS[start])],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    record_property(start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == "LOADED"
