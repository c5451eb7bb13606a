"""The measuring itself, on snippets whose figures are plain to see."""

from __future__ import annotations

import ast

import pytest

from tests.house import figures


def function(text: str) -> figures.Function:
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    return node


# Blocks are written on one line each: `>` stands for one more level.
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("a()", 0),
        ("if a: | >a()", 1),
        ("if a: | >a() | elif b: | >b() | elif c: | >c()", 1),
        ("if a: | >a() | elif b: | >for x in y: | >>x()", 2),
        ("if a: | >a() | else: | >for x in y: | >>x()", 2),
        ("for x in y: | >with x: | >>try: | >>>x() | >>finally: | >>>y()", 3),
        ("for x in y: | >try: | >>x() | >except E: | >>if x: | >>>y()", 3),
        ("match x: | >case 1: | >>if y: | >>>z()", 2),
        ("if a: | >def g(): | >>if b: | >>>c()", 1),
    ],
)
def test_nesting(lines: str, expected: int) -> None:
    text = "\n".join("    " + line.replace(">", "    ") for line in lines.split(" | "))
    assert figures.nesting(function("def f():\n" + text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('def f():\n    """Only said."""', 0),
        ('def f():\n    """Said."""\n    a()\n\n    b()', 3),
        ("def f(\n    a,\n    b,\n):\n    return a", 1),
    ],
)
def test_body_lines(text: str, expected: int) -> None:
    assert figures.body_lines(function(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("def f(): ...", 0), ("def f(self, a): ...", 1), ("def f(a, /, b, *c, d=1, **e): ...", 5)],
)
def test_parameters(text: str, expected: int) -> None:
    assert figures.parameters(function(text)) == expected


def test_definitions_know_their_public_face() -> None:
    text = "class A:\n def a(self):\n  def b(): ...\n def _c(self): ...\nclass _D:\n def d(self): ..."
    face = {named.name: named.public for named in figures.definitions(ast.parse(text))}
    assert face == {"A": True, "A.a": True, "A.a.b": False, "A._c": False, "_D": False, "_D.d": False}
