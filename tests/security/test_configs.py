"""A config of any kind is judged in little time and memory, with file and line, before a parser meets it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from restmill.config.bounds import DEEPEST, MOST_BYTES, MOST_PROBLEMS
from restmill.config.check.check import check
from restmill.config.files import load
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.describe import as_json

if TYPE_CHECKING:
    from pathlib import Path

CLIENT = 'client: {base_url: "http://x.test"}\n'
YAML = CLIENT + "resources:\n  - {name: a, endpoint: {path: /a}}\n"
TREE = {"client": {"base_url": "http://x.test"}, "resources": [{"name": "a", "endpoint": {"path": "/a"}}]}
JSON = json.dumps(TREE)
LONG = "1" * 5000

BOMBS = {
    "deep list.yaml": ("a: " + "[" * 100_000, 1),
    "deep map.yaml": ("a: " + "{a: " * 50_000, 1),
    "deep sequence.yaml": ("- " * 50_000 + "x\n", 1),
    "deep blocks.yaml": ("\n".join(" " * step + "a:" for step in range(3000)), DEEPEST + 1),
    "deep.json": ("[" * 100_000 + "]" * 100_000, 1),
    "deep objects.json": ('{"a":\n' * 100_000, DEEPEST + 1),
    "deep.toml": ("a = 1\nb = " + "[" * 100_000, 2),
    "deep tables.toml": ("x = 1\n[" + ".".join(["a"] * 20_000) + "]\n", 2),
    "deep dots.toml": (".".join(["a"] * 900) + " = 1\n", 1),
    "deep inline.toml": ("a = " + "{a=" * 50_000 + "1" + "}" * 50_000, 1),
    "digits.yaml": (f"x: 1\n{YAML}y: {LONG}\n", 5),
    "digits as a key.yaml": (f"{LONG}: 1\n", 1),
    "hexadecimal digits.yaml": (f"x: 0x{'f' * 5000}\n", 1),
    "digits.json": (f'{{"x": 1,\n "y": {LONG}}}', 2),
    "digits.toml": (f"x = 1\ny = {LONG}\n", 2),
    "no int.yaml": ("x: 1\ny: !!int abc\n", 2),
    "no float.yaml": ("x: !!float abc\n", 1),
    "no bool.yaml": ("x: !!bool maybe\n", 1),
    "no null.yaml": ("x: !!null x\n", 1),
    "an alias in itself.yaml": ("a: &a [*a]\n", 1),
    "values.json": ('{"k":[' + "1," * 500_000 + "1]}", 1),
    "minified.json": (JSON[:-1] + "".join(f',"k{number}":1' for number in range(80_000)) + "}", 1),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_with_file_and_line(tmp_path: Path, name: str) -> None:
    text, line = BOMBS[name]
    file = tmp_path / name
    file.write_text(text)
    started = time.process_time()
    with pytest.raises(ConfigError) as caught:
        load.load(file)
    assert time.process_time() - started < 5
    assert caught.value.problem.place.file == str(file)
    assert caught.value.problem.place.line == line
    assert len(str(caught.value)) < 1000


def test_aliases_of_aliases_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    for one, below in zip("bcdefghij", "abcdefghi", strict=True):
        rows.append(f"{one}: &{one} [" + ",".join([f"*{below}"] * 9) + "]")
    file.write_text("\n".join(rows))
    with pytest.raises(ConfigError, match="without end"):
        load.load(file)


def test_a_file_too_large_to_be_a_config_is_not_parsed(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_bytes(b" " * (MOST_BYTES + 1))
    with pytest.raises(ConfigError, match="a config at most"):
        load.load(file)


def test_a_minified_config_takes_no_longer_than_its_length(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(json.dumps({**TREE, "x-notes": ["word"] * 40_000}, separators=(",", ":")))
    started = time.process_time()
    source = load.load(file)
    assert time.process_time() - started < 5
    assert source.positions.place(("x-notes", 39_999)).line == 1


def test_of_very_many_problems_the_first_are_told() -> None:
    with pytest.raises(ConfigError) as caught:
        check({**TREE, **{f"k{number}": 1 for number in range(5_000)}})
    assert len(caught.value.problems) == MOST_PROBLEMS + 1
    assert caught.value.problems[-1].what == "4,900 further problems are not listed"


def test_a_key_is_shown_cut_and_without_control_characters() -> None:
    with pytest.raises(ConfigError) as caught:
        check({**TREE, "\x1b]0;x\x07\r\nFAKE" + "k" * 5_000: 1})
    assert "\x1b" not in str(caught.value)
    assert "\r" not in caught.value.problem.what
    assert len(caught.value.problem.what) < 200


@pytest.mark.parametrize("most", [10**9, 10**12])
@pytest.mark.parametrize("factor", [1, 2, 1e300])
def test_very_many_retries_are_planned_at_once(most: int, factor: float) -> None:
    retry = {"max_retries": most, "backoff_factor": factor}
    client = {"base_url": "http://x.test", "retry": retry}
    started = time.process_time()
    assert str(as_json(build(check({**TREE, "client": client}))))
    assert time.process_time() - started < 2
