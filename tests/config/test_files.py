"""Files of every format: the same tree and the right positions; and one clear line for every way to fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.config.files.json_text import read_json
from restmill.config.files.load import load
from restmill.config.files.toml_text import read_toml
from restmill.config.files.yaml_text import read_yaml
from restmill.config.positions import Positions, written
from restmill.errors import ConfigError, Place, Problem

TREE = {
    "client": {"base_url": "https://api.example.com", "headers": {"X.Odd": "1"}},
    "resources": [
        {"name": "a", "endpoint": {"path": "v1/a", "params": {"since": "2024-01-01", "ids": [1, 2]}}},
        {"name": "b", "endpoint": {"paginator": {"type": "offset", "limit": 100}}, "selected": False},
    ],
}

YAML = """\
# a comment
client:
  base_url: https://api.example.com
  headers: {X.Odd: "1"}
resources:
  - name: a
    endpoint:
      path: v1/a
      params: {since: 2024-01-01, ids: [1, 2]}
  - name: b
    endpoint: {paginator: {type: offset, limit: 100}}
    selected: false
"""

TOML = """\
# a comment
[client]
base_url = "https://api.example.com"
headers = {"X.Odd" = "1"}

[[resources]]
name = "a"
[resources.endpoint]
path = "v1/a"
params.since = 2024-01-01
params.ids = [1, 2]

[[resources]]
name = "b"
selected = false
endpoint.paginator.type = "offset"
endpoint.paginator.limit = 100
"""

PYTHON = f"config = {TREE!r}\n"


def save(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def problem(path: Path) -> Problem:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.problems) == 1
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.problem


FORMATS = {
    "c.yaml": YAML,
    "c.YML": YAML,
    "c.toml": TOML,
    "c.json": json.dumps(TREE, indent="\t"),
    "c.py": PYTHON,
}


@pytest.mark.parametrize(("name", "text"), FORMATS.items())
def test_all_formats_write_the_same_tree(tmp_path: Path, name: str, text: str) -> None:
    source = load(save(tmp_path, name, text))
    assert source.tree == TREE
    assert source.file == str(tmp_path / name)
    assert len(check(source.tree, source).resources) == 2


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    assert load(save(tmp_path, "c.json", b"\xef\xbb\xbf" + json.dumps(TREE).encode())).tree == TREE


LIMIT = ("resources", 1, "endpoint", "paginator", "limit")
POSITIONS: list[tuple[str, tuple[str | int, ...], tuple[int, int]]] = [
    ("c.yaml", ("client", "base_url"), (3, 3)),
    ("c.yaml", ("resources", 1), (10, 5)),
    ("c.yaml", LIMIT, (11, 42)),
    ("c.yaml", ("resources", 0, "endpoint", "params", "ids", 1), (9, 44)),
    ("c.toml", ("client",), (2, 2)),
    ("c.toml", ("client", "base_url"), (3, 1)),
    ("c.toml", ("client", "headers", "X.Odd"), (4, 1)),  # an inline table: the line it stands in
    ("c.toml", ("resources",), (13, 3)),
    ("c.toml", ("resources", 0, "endpoint"), (8, 2)),
    ("c.toml", ("resources", 0, "endpoint", "params", "since"), (10, 1)),
    ("c.toml", ("resources", 1, "selected"), (15, 1)),
    ("c.toml", LIMIT, (17, 1)),
    ("c.json", ("client", "base_url"), (3, 3)),
    ("c.json", ("resources", 0), (9, 3)),
    ("c.json", ("resources", 0, "endpoint", "params", "ids", 1), (17, 7)),
    ("c.json", LIMIT, (27, 6)),
    ("c.py", LIMIT, (0, 0)),
]


@pytest.mark.parametrize(("name", "keys", "mark"), POSITIONS)
def test_positions(tmp_path: Path, name: str, keys: tuple[str | int, ...], mark: tuple[int, int]) -> None:
    path = save(tmp_path, name, FORMATS[name])
    place = load(path).positions.place(keys)
    assert place == Place(written(keys), str(path), *mark)


def test_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = YAML.replace("limit: 100", "limt: 100").replace("name: a", "nam: a").replace("https:", "ftp:")
    source = load(save(tmp_path, "c.yaml", text))
    with pytest.raises(ConfigError) as caught:
        check(source.tree, source)
    assert [(one.place.line, one.place.column, one.place.path) for one in caught.value.problems] == [
        (3, 3, "client.base_url"),
        (6, 5, "resources[0].nam"),
        (11, 42, "resources[1].endpoint.paginator.limt"),
    ]


# Each: the file, then the problem's line, column, what and hint (these two by their beginning).
FAILURES: list[tuple[str, str | bytes, int, int, str, str]] = [
    ("c.yaml", "", 0, 0, "the file is empty", ""),
    ("c.yaml", "# only a comment\n", 0, 0, "the file is empty", ""),
    ("c.json", " \n", 0, 0, "the file is empty", ""),
    ("c.yaml", "- a\n", 0, 0, "a config must be a mapping", ""),
    ("c.json", '"secret-text"', 0, 0, "a config must be a mapping", ""),
    ("c.yaml", b"a: \xff\xfe", 0, 0, "the file is not UTF-8 text", ""),
    ("c.ymal", "a: 1", 0, 0, "`.ymal` is no format of a config file", "Did you mean '.yml'?"),
    ("c.xlsx", "a: 1", 0, 0, "`.xlsx` is no format of a config file", "One of .yaml"),
    ("config", "a: 1", 0, 0, "`no extension` is no format of a config file", "One of .yaml"),
    ("c.yaml", "a: b: c\n", 1, 5, "YAML cannot be read: mapping values are not allowed in this context", ""),
    (
        "c.yaml",
        "a:\n\tb: 1\n",
        2,
        1,
        "YAML cannot be read: found character that cannot start any token",
        "Indent with spaces",
    ),
    ("c.yaml", "a: [1, 2\n", 2, 1, "YAML cannot be read:", ""),
    ("c.yaml", "a: *b\n", 1, 4, "YAML cannot be read: found undefined alias", ""),
    ("c.yaml", "a: 1\n---\nb: 2\n", 2, 1, "YAML cannot be read: but found another document", ""),
    ("c.yaml", "a: \x07\n", 0, 0, "YAML allows no control characters", ""),
    ("c.yaml", "a: 1\nb: 2\na: 3\n", 3, 1, "the key `a` is there twice", "The first one is in line 1."),
    ("c.yaml", "a: !secret x\n", 1, 4, "YAML tags are not read here", "Remove what begins with `!`."),
    (
        "c.yaml",
        "a: !!python/object:x.y {}\n",
        1,
        4,
        "YAML tags are not read here",
        "Remove what begins with `!`.",
    ),
    ("c.yaml", "a: &x {b: *x}\n", 1, 4, "aliases or nesting without end", ""),
    ("c.yaml", "{a: 1}: 2\n", 1, 1, "a key must be a text", ""),
    ("c.yaml", "<<: 5\n", 1, 5, "`<<` must name a mapping or a list of mappings", ""),
    ("c.yaml", "a: " + "[" * 70 + "]" * 70, 1, 67, "the config is nested more than 64 levels deep", ""),
    ("c.json", '{"a": 1,}', 1, 9, "JSON cannot be read:", ""),
    (
        "c.json",
        '{\n"a": 1,\n"b": {"c": 1, "c": 2}}',
        3,
        15,
        "the key `c` is there twice",
        "The first one is in line 3.",
    ),
    ("c.json", "[" * 100_000, 1, 65, "the config is nested more than 64 levels deep", ""),
    ("c.toml", "a = \n", 1, 5, "TOML cannot be read: invalid value", ""),
    ("c.toml", "a = 1\na = 2\n", 2, 6, "TOML cannot be read: cannot overwrite a value", ""),
    ("c.toml", "a = [1,", 1, 0, "TOML cannot be read:", ""),
    ("c.toml", "a = " + "[" * 10_000, 1, 0, "the config is nested more than 64 levels deep", ""),
    ("c.py", "x = 1\n", 0, 0, "the file defines no config", "Name the dict `config`."),
    (
        "c.py",
        f"a = {TREE!r}\nb = {TREE!r}\n",
        0,
        0,
        "the file defines several configs: a, b",
        "Name the dict `config`.",
    ),
    ("c.py", "x = 1\ny = z\n", 2, 0, "running the file failed: NameError: name 'z' is not defined", ""),
    ("c.py", "x = (\n", 1, 0, "running the file failed: SyntaxError: '(' was never closed", ""),
    (
        "c.py",
        "import nothing_like_this\n",
        1,
        0,
        "running the file failed: ModuleNotFoundError: No module named",
        "",
    ),
    ("c.py", "\nraise ValueError('s3cr3t')\n", 2, 0, "running the file failed: ValueError", ""),
    ("c.py", "import sys\nsys.exit('s3cr3t')\n", 2, 0, "running the file failed: SystemExit", ""),
]


@pytest.mark.parametrize("case", FAILURES, ids=[f"{name} {what}" for name, _, _, _, what, _ in FAILURES])
def test_a_file_that_cannot_be_read(
    tmp_path: Path, case: tuple[str, str | bytes, int, int, str, str]
) -> None:
    name, content, line, column, what, hint = case
    path = save(tmp_path, name, content)
    found = problem(path)
    assert (found.place.file, found.place.line, found.place.column) == (str(path), line, column)
    assert found.what.startswith(what)
    assert found.hint.startswith(hint)
    assert "secret" not in found.got
    assert "s3cr3t" not in str(found)


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problem(tmp_path / "none.yaml").what == "there is no such file"
    assert problem(tmp_path).what == "this is a directory, not a file"

    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    assert problem(tmp_path / "c.yaml").what == "the file cannot be read: Permission denied"


def test_a_python_config_is_found_by_its_keys(tmp_path: Path) -> None:
    source = load(save(tmp_path, "c.py", f"other = {{}}\nmine = {TREE!r}\n"))
    assert source.tree == TREE
    assert source.positions.stage == "python"


def test_an_error_below_a_python_config_names_its_line(tmp_path: Path) -> None:
    text = "import json\n\ndef read():\n    return json.loads('{')\n\nconfig = read()\n"
    found = problem(save(tmp_path, "c.py", text))
    assert (found.place.line, found.what) == (4, "running the file failed: JSONDecodeError")


SCALARS: list[tuple[str, Any]] = [
    ("true", True),
    ("False", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("12", 12),
    ("-3", -3),
    ("0x1F", 31),
    ("0o17", 15),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    (".inf", float("inf")),
    # text as written, where YAML 1.1 reads something else
    ("no", "no"),
    ("on", "on"),
    ("yes", "yes"),
    ("0123", "0123"),
    ("1_000", "1_000"),
    ("1:30", "1:30"),
    ("2024-01-01", "2024-01-01"),
    ("2024-01-25T11:21:28Z", "2024-01-25T11:21:28Z"),
    ("2024-01-25T11:21:28+02:00", "2024-01-25T11:21:28+02:00"),
    ("'12'", "12"),
    ('"true"', "true"),
    ("=", "="),
    ("!!str 12", "12"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_yaml_scalars(text: str, value: Any) -> None:
    tree, _ = read_yaml(f"a: {text}\n", "c.yaml")
    assert tree == {"a": value}
    assert type(tree["a"]) is type(value)


def test_yaml_keys_are_what_they_look_like(tmp_path: Path) -> None:
    tree, _ = read_yaml("on: 1\nno: 2\n", "c.yaml")
    assert tree == {"on": 1, "no": 2}
    text = "client: {base_url: 'https://x'}\nresources: [{name: a, endpoint: {params: {1: x, false: y}}}]\n"
    source = load(save(tmp_path, "c.yaml", text))
    with pytest.raises(ConfigError) as caught:
        check(source.tree, source)
    assert [(one.place.line, one.what, one.got) for one in caught.value.problems] == [
        (2, "a key must be a text", "1"),
        (2, "a key must be a text", "false"),
    ]


def test_yaml_anchors_and_merge_keys() -> None:
    text = """\
base: &base {a: 1, b: {c: 2}}
more: &more {a: 5, d: 6}
one: {<<: *base, a: 9}
two: {<<: [*base, *more], e: 7}
alias: *base
"""
    tree, positions = read_yaml(text, "c.yaml")
    assert tree["one"] == {"a": 9, "b": {"c": 2}}
    assert tree["two"] == {"a": 1, "b": {"c": 2}, "d": 6, "e": 7}
    assert tree["alias"] == {"a": 1, "b": {"c": 2}}
    assert positions.place(("one", "a")).line == 3
    assert positions.place(("one", "b", "c")).line == 1


def test_aliases_of_aliases_end() -> None:
    lines = ["l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)]
    with pytest.raises(ConfigError, match="aliases or nesting without end"):
        read_yaml("\n".join(lines), "c.yaml")


TOML_DATES = [
    ("2024-01-01", "2024-01-01"),
    ("2024-01-25T11:21:28Z", "2024-01-25T11:21:28Z"),
    ("2024-01-25T11:21:28+02:00", "2024-01-25T11:21:28+02:00"),
    ("2024-01-25T11:21:28", "2024-01-25T11:21:28"),
    ("11:21:28", "11:21:28"),
]


@pytest.mark.parametrize(("text", "value"), TOML_DATES)
def test_toml_dates_become_text(text: str, value: str) -> None:
    assert read_toml(f"a = [{text}]\n", "c.toml")[0] == {"a": [value]}


def test_toml_text_that_looks_like_keys_has_no_position() -> None:
    text = 'a = """\nb = 1\n[c]\n"""\n[d.e]\nf = 1\n[[d.g]]\nh = 1\n[d.g.i]\nj = 1\n'
    tree, positions = read_toml(text, "c.toml")
    assert set(positions.marks) == {
        ("a",),
        ("d", "e"),
        ("d", "e", "f"),
        ("d", "g"),
        ("d", "g", 0),
        ("d", "g", 0, "h"),
        ("d", "g", 0, "i"),
        ("d", "g", 0, "i", "j"),
    }
    assert tree["d"]["g"][0]["i"] == {"j": 1}


# YAML's quoted text folds other spaces, and forbids control characters.
words = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.just(" "), max_size=5)
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


def paths(tree: Any, keys: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    inner = list(
        tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    )
    return {(*keys, key) for key, _ in inner}.union(*(paths(one, (*keys, key)) for key, one in inner))


@given(tree=st.dictionaries(words, trees, max_size=3), indent=st.sampled_from([None, 1, "\t"]))
def test_every_path_of_a_json_text_has_a_position(tree: dict[str, Any], indent: int | str | None) -> None:
    text = json.dumps(tree, indent=indent)
    read, positions = read_json(text, "c.json")
    assert read == tree
    assert set(positions.marks) == paths(tree)
    lines = text.split("\n")
    for keys, (line, column) in positions.marks.items():
        if isinstance(keys[-1], str):
            assert lines[line - 1][column - 1 :].startswith(json.dumps(keys[-1]))


@given(tree=st.dictionaries(words, trees, max_size=3))
def test_json_is_yaml(tree: dict[str, Any]) -> None:
    read, positions = read_yaml(json.dumps(tree, ensure_ascii=False), "c.yaml")
    assert read == tree
    assert set(positions.marks) == paths(tree)


def test_a_path_without_a_mark_has_the_nearest_one_above() -> None:
    positions = Positions("f", {("a",): (1, 2)})
    assert str(positions.place(("a", "b", 0))) == "f:1:2  a.b[0]"
    assert str(positions.place(("c",))) == "f  c"
