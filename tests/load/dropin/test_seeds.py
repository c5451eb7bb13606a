"""Scripts written for dlt alone: each is a whole job, unchanged, in this process and from a shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from restmill.load.dropin.script import execute
from tests.load.api import of, rows

if TYPE_CHECKING:
    from tests.load.conftest import Serve

ROOT = Path(__file__).parents[3]
SEEDS = ROOT.parent / "shared" / "seeds"
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
_NAME = re.compile(r'"name": "(\w+)",\s+"endpoint"')


def scripts() -> list[object]:
    """Our own examples, and the code of the seeds where they are at hand."""
    ours = [pytest.param(path.stem, path.read_text(), id=path.stem) for path in examples()]
    seeds = [
        pytest.param(f"seed_{number}", _BLOCK.findall(path.read_text())[0], id=f"seed {number}")
        for number, path in enumerate(sorted(SEEDS.glob("*.md")))
    ]
    why = pytest.mark.skip(reason="the folder with the seeds is not here")
    return [*ours, *(seeds or [pytest.param("", "", marks=why, id="seeds")])]


def examples() -> list[Path]:
    return sorted((ROOT / "examples" / "python").glob("*.py"))


def test_there_are_five_examples() -> None:
    assert len(examples()) == 5


@pytest.mark.parametrize(("name", "code"), scripts())
def test_a_script_as_it_stands(name: str, code: str, serve: Serve) -> None:
    script = Path(f"{name}.py")
    script.write_text(code)
    server = serve(rows=230, key="sandbox-key")
    receipt = execute(script, sandbox=server.base_url)
    table = _NAME.findall(code)[-1]
    assert (receipt.exit_code, receipt.verdict) == (0, "complete")
    assert (of(receipt, table).rows, of(receipt, table).pages) == (230, 3)
    assert rows(receipt, f"SELECT count(*), count(DISTINCT id) FROM {table}") == [(230, 230)]  # noqa: S608
    again = execute(script, sandbox=server.base_url)
    assert rows(again, f"SELECT count(*) FROM {table}") == [(230,)]  # noqa: S608


@pytest.mark.slow
@pytest.mark.parametrize(("name", "code"), scripts())
def test_a_script_from_the_shell(name: str, code: str, tmp_path: Path) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(code)
    done = subprocess.run(  # noqa: S603  # this Python, this package, a file of this test
        [sys.executable, "-X", "dev", "-m", "restmill", "exec", "--sandbox", "--json", str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "complete"
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr
