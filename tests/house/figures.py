"""The house in figures: what is measured in a Python file, and the exceptions on record.

A finding is `path:name figure value`, for example `src/restmill/path.py:Path.find body 44`. An exception in
`exceptions.txt` allows one finding up to a value, with a reason. It must still be needed, at exactly that
value: what has shrunk is lowered there, what is gone is struck out, so the list only shrinks.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent
CODE = ("src", "tests", "bench", "docs", "examples")
LIMITS = {"file": 400, "body": 40, "parameters": 6, "nesting": 3}
WORDS = ("Manager", "Helper", "Base", "Utils", "Util", "Factory")

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One figure of one thing: `name` is the dotted name inside the file, or `file`."""

    path: str
    name: str
    figure: str
    value: int

    def __str__(self) -> str:
        return f"{self.path}:{self.name} {self.figure} {self.value}"


@dataclass(frozen=True, slots=True)
class Named:
    """A function or class with its dotted name and whether it is part of a module's public face."""

    name: str
    node: Function | ast.ClassDef
    public: bool


def python_files(*folders: str) -> list[Path]:
    """Every Python file under the folders of the repository, in order."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def shown(path: Path) -> str:
    """The path as written in findings: relative to the repository."""
    return path.relative_to(ROOT).as_posix()


def too_large(path: Path) -> Iterator[Finding]:
    """Every figure of the file that is over its limit."""
    text = path.read_text()
    figures = [("file", "file", len(text.splitlines()))]
    for named in definitions(ast.parse(text)):
        if not isinstance(named.node, ast.ClassDef):
            figures += [
                (named.name, "body", body_lines(named.node)),
                (named.name, "parameters", parameters(named.node)),
                (named.name, "nesting", nesting(named.node)),
            ]
    for name, figure, value in figures:
        if value > LIMITS[figure]:
            yield Finding(shown(path), name, figure, value)


def definitions(tree: ast.AST, prefix: str = "", *, public: bool = True) -> Iterator[Named]:
    """Functions and classes at any depth; what stands inside a function is nobody's public face."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            open_ = public and not node.name.startswith("_")
            yield Named(prefix + node.name, node, open_)
            inside = open_ and isinstance(node, ast.ClassDef)
            yield from definitions(node, f"{prefix}{node.name}.", public=inside)
        else:
            yield from definitions(node, prefix, public=public)


def body_lines(node: Function) -> int:
    """Lines from the first statement to the last, the docstring not counted."""
    statements = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return (statements[-1].end_lineno or 0) - statements[0].lineno + 1 if statements else 0


def parameters(node: Function) -> int:
    """Parameters a caller may give: `self` and `cls` are not among them."""
    given = node.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"])) + bool(given.vararg) + bool(given.kwarg)


def nesting(node: ast.AST) -> int:
    """Depth of blocks inside blocks. `elif` is the same depth as its `if`; an inner function starts anew."""
    return max((_depth(child) for child in ast.iter_child_nodes(node)), default=0)


def _depth(node: ast.AST) -> int:
    if isinstance(node, SCOPES):
        return 0
    if not isinstance(node, ast.If) or not _is_elif_chain(node):
        return isinstance(node, BLOCKS) + nesting(node)
    inside = [_depth(child) for child in (*node.body, node.test)]
    return max(1 + max(inside), _depth(node.orelse[0]))


def _is_elif_chain(node: ast.If) -> bool:
    return len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def recorded(path: Path) -> dict[tuple[str, str, str], int]:
    """The exceptions on record: (path, name, figure) -> the value allowed.

    Raises:
        ValueError: a line has no reason, or is not `path:name figure value reason`.
    """
    allowed = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        place, figure, value, _reason = line.split(maxsplit=3)
        file, name = place.rsplit(":", 1)
        allowed[file, name, figure] = int(value)
    return allowed
