"""YAML text -> tree and positions.

PyYAML parses; the tree is built here from its nodes, since nodes know their lines. Scalars follow YAML 1.2's
core schema instead of PyYAML's 1.1: only `true` and `false` are booleans, so `on:` and `no` are what they
look like; `0123`, `1:30` and dates are text as written. Anchors, aliases and merge keys (`<<`) work.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import yaml

from restmill.config.bounds import DEEPEST, MOST_VALUES, TOO_DEEP, TOO_LONG, is_long, refused
from restmill.config.positions import Keys, Positions
from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.path import Json

_TAG = "tag:yaml.org,2002:"


# libyaml where it is there: seven times faster
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A loader used for its parser alone, with YAML 1.2's rules for plain scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML's own


for _name, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    (
        "float",
        r"[-+]?(?:0|[1-9][0-9]*)[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), list(_first))


def read_yaml(text: str, file: str) -> tuple[Json, Positions]:
    """The tree that `text` writes, None when it writes nothing, and the positions of its keys.

    Raises:
        ConfigError: the syntax is wrong, a key is there twice, or a tag is not known.
    """
    try:
        _judge(text, file)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(error, text, file)) from None
    except yaml.YAMLError:
        raise ConfigError(Problem(Place(file=file), "YAML allows no control characters")) from None
    building = _Building(file)
    tree = building.build(root, ()) if root is not None else None
    if building.problems:
        raise ConfigError(*building.problems)
    return tree, Positions(file, building.marks, "file")


def _judge(text: str, file: str) -> None:
    """Refuse nesting beyond our bound while it is still a row of events: libyaml composes it by recursion.

    Raises:
        ConfigError: the bound is passed.
        yaml.YAMLError: the syntax is wrong.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            mark = event.start_mark
            at = (mark.line + 1, mark.column + 1) if mark else ()
            raise refused(file, TOO_DEEP, *at)


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file)
    line = text.splitlines()[mark.line : mark.line + 1] if mark else []
    tab = bool(line) and "\t" in line[0][: len(line[0]) - len(line[0].lstrip())]
    reason = ", ".join(part for part in (error.problem, error.context) if part)
    return Problem(
        place, f"YAML cannot be read: {reason}", hint="Indent with spaces, not tabs." if tab else ""
    )


class _Building:
    """One tree in the making: its marks, and its problems."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._open: set[int] = set()  # the nodes being built, to find an alias inside itself
        self._count = 0
        self.marks: dict[Keys, tuple[int, int]] = {}
        self.problems: list[Problem] = []

    def build(self, node: yaml.Node, keys: Keys) -> Json:
        """The value a node writes."""
        self._count += 1
        if id(node) in self._open or self._count > MOST_VALUES or len(self._open) > DEEPEST:
            self._wrong(node, keys, "aliases or nesting without end")
            raise ConfigError(*self.problems)  # going on would find the same again and again
        self._open.add(id(node))
        try:
            return self._value(node, keys)
        finally:
            self._open.discard(id(node))

    def _value(self, node: yaml.Node, keys: Keys) -> Json:
        match node:
            case yaml.MappingNode() if node.tag == _TAG + "map":
                return self._mapping(node, keys)
            case yaml.SequenceNode() if node.tag == _TAG + "seq":
                return [self._item(one, (*keys, index)) for index, one in enumerate(node.value)]
            case yaml.ScalarNode() if node.tag.startswith(_TAG) and node.tag.removeprefix(_TAG) in _SCALARS:
                return self._scalar(node, keys)
            case _:
                return self._wrong(node, keys, "YAML tags are not read here", "Remove what begins with `!`.")

    def _scalar(self, node: yaml.ScalarNode, keys: Keys) -> Json:
        """A scalar by its tag, which may be written out (`!!int 5`) and then stand before anything."""
        kind = node.tag.removeprefix(_TAG)
        try:
            value = _SCALARS[kind](node.value)
        except ValueError:
            what = TOO_LONG if node.value.strip("+-").isdigit() else f"this is no YAML {kind}"
            return self._wrong(node, keys, what)
        if isinstance(value, int) and is_long(value):
            return self._wrong(node, keys, TOO_LONG)
        return value

    def _item(self, node: yaml.Node, keys: Keys) -> Json:
        self._mark(node, keys)
        return self.build(node, keys)

    def _mapping(self, node: yaml.MappingNode, keys: Keys) -> dict[str, Json]:
        inherited: dict[str, Json] = {}
        own: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                inherited = {**self._merged(value_node, keys), **inherited}
                continue
            key = self._key(key_node, keys)
            if key in lines:
                hint = f"The first one is in line {lines[key]}."
                self._wrong(key_node, (*keys, key), f"the key `{key_node.value}` is there twice", hint)
                continue
            lines[key] = key_node.start_mark.line + 1
            self._mark(key_node, (*keys, key))
            own[key] = self.build(value_node, (*keys, key))
        return {**inherited, **own}

    def _key(self, node: yaml.Node, keys: Keys) -> str:
        """A key: text, or a number or flag as YAML reads it, which the check will refuse where it matters."""
        if isinstance(node, yaml.ScalarNode):
            return self._value(node, keys)  # type: ignore[no-any-return]  # see above
        self._wrong(node, keys, "a key must be a text")
        return ""

    def _merged(self, node: yaml.Node, keys: Keys) -> dict[str, Json]:
        """What `<<` brings in: a mapping, or a list of them, the first wins."""
        sources = list(_sources(node))
        if not sources:
            self._wrong(node, keys, "`<<` must name a mapping or a list of mappings")
        merged: dict[str, Json] = {}
        for one in reversed(sources):
            value = self.build(one, keys)
            merged.update(value if isinstance(value, dict) else {})
        return merged

    def _mark(self, node: yaml.Node, keys: Keys) -> None:
        self.marks[keys] = (node.start_mark.line + 1, node.start_mark.column + 1)

    def _wrong(self, node: yaml.Node, keys: Keys, what: str, hint: str = "") -> None:
        place = Positions(self._file, {keys: (node.start_mark.line + 1, node.start_mark.column + 1)}).place(
            keys
        )
        self.problems.append(Problem(place, what, hint=hint))


def _sources(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _flag(text: str) -> bool:
    return ("false", "true").index(text.lower()) == 1


def _null(text: str) -> None:
    ("", "~", "null").index(text.lower())


_SCALARS: dict[str, Callable[[str], Json]] = {
    "str": str,
    "merge": str,
    "bool": _flag,
    "null": _null,
    "int": lambda text: int(text, 0),
    "float": lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
}
