"""The rules of the house that no linter knows. What is over a limit stands in `exceptions.txt`, with why."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.figures import CODE, ROOT, WORDS, definitions, python_files, recorded, shown, too_large

ANY_PER_1000_LINES = 5
SKIPPED = {".git", ".venv", "build", "dist", "__pycache__", ".restmill"}


def source_trees() -> list[tuple[str, ast.Module]]:
    """Every module of the package, parsed."""
    return [(shown(path), ast.parse(path.read_text())) for path in python_files("src")]


def listed(findings: list[str]) -> str:
    """All of them, one a line: pytest would cut the list short."""
    return "\n" + "\n".join(findings)


def test_figures_are_within_limits_or_on_record() -> None:
    found = {(f.path, f.name, f.figure): f for path in python_files(*CODE) for f in too_large(path)}
    allowed = recorded(Path(__file__).parent / "exceptions.txt")
    over = [str(finding) for key, finding in sorted(found.items()) if finding.value > allowed.get(key, 0)]
    stale = [
        f"{':'.join(key[:2])} {key[2]} {value} is no longer needed"
        for key, value in allowed.items()
        if key not in found or found[key].value < value
    ]
    assert not over + stale, listed(over + stale)


def test_every_public_name_is_explained() -> None:
    silent = [
        f"{path}:{named.name}"
        for path, tree in source_trees()
        for named in definitions(tree)
        if named.public and ast.get_docstring(named.node) is None and not _is_dunder(named.node.name)
    ]
    silent += [f"{path}:file" for path, tree in source_trees() if ast.get_docstring(tree) is None]
    assert not silent, listed(silent)


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def test_names_say_what_a_thing_is() -> None:
    ends = re.compile(rf"({'|'.join(WORDS)})$")
    classes = [
        f"{path}:{named.name}"
        for path, tree in source_trees()
        for named in definitions(tree)
        if isinstance(named.node, ast.ClassDef)
        and (ends.search(named.node.name) or named.node.name.startswith("Base"))
    ]
    words = {word.lower() for word in WORDS} | {word.lower() + "s" for word in WORDS} | {"common", "misc"}
    modules = [shown(path) for path in python_files("src") if words & set(path.stem.strip("_").split("_"))]
    assert not classes + modules, listed(classes + modules)


def test_any_is_rare() -> None:
    trees = source_trees()
    lines = sum(len((ROOT / path).read_text().splitlines()) for path, _tree in trees)
    uses = {
        path: sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(tree))
        for path, tree in trees
    }
    allowed = ANY_PER_1000_LINES * lines // 1000
    most = sorted(uses.items(), key=lambda item: -item[1])[:5]
    assert sum(uses.values()) <= allowed, f"{sum(uses.values())} uses of Any in {lines} lines; most in {most}"


def test_no_error_is_swallowed() -> None:
    swallowed = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files(*CODE)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler | ast.Call) and _swallows(node)
    ]
    assert not swallowed, listed(swallowed)


def _swallows(node: ast.ExceptHandler | ast.Call) -> bool:
    """`except ...: pass` for any class of error, and `suppress(Exception)`."""
    if isinstance(node, ast.ExceptHandler):
        return all(isinstance(line, ast.Pass) or _is_bare_constant(line) for line in node.body)
    broad = any(ast.unparse(given) in {"Exception", "BaseException"} for given in node.args)
    return broad and ast.unparse(node.func) in {"suppress", "contextlib.suppress"}


def _is_bare_constant(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)


def test_no_test_waits_for_time_to_pass() -> None:
    waits = [
        f"{shown(path)}:{node.lineno}"
        for path in python_files("tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) == "time.sleep")
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "time"
            and any(a.name == "sleep" for a in node.names)
        )
    ]
    assert not waits, listed(waits)


# The one-letter sets keep this file from holding what it forbids.
FORBIDDEN = {
    "a package registry": r"\b(?:p[y]pi|[p]ythonhosted|[n]pmjs|[a]naconda|proxy\.[g]olang)\.org",
    "a developer's own path": r"(?<![\w}/.])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+|tmp/[v]env)\b",
    "a private key": r"-----[B]EGIN [A-Z ]*PRIVATE KEY",
    "a real-looking key": r"\b(?:[A]KIA[0-9A-Z]{16}|[g]h[pousr]_\w{36}|[x]ox[abp]-\d{9}|[s]k_live_\w{16})",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_text_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = [
        f"{shown(path)}:{number}"
        for path in _texts()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not found, listed(found)


def _texts() -> list[Path]:
    """Every text file of the repository that version control does not ignore."""
    return sorted(
        path for path in ROOT.rglob("*") if path.is_file() and not _is_skipped(path) and _is_text(path)
    )


def _is_skipped(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(
        part in SKIPPED or part.endswith(("_cache", ".egg-info")) or part == ".hypothesis" for part in parts
    )


def _is_text(path: Path) -> bool:
    head = path.read_bytes()[:8000]
    return b"\0" not in head and path.suffix not in {".duckdb", ".wal", ".parquet", ".zst", ".gz"}
