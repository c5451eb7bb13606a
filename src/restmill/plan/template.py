"""Templates: `str.format` text parsed once, kept as parts, rendered many times.

dlt expands `{resources.users.id}`, `{incremental.start_value}` and `{{` in paths, params, headers and bodies
by `str.format`, looking a whole name up before its dotted parts; templates here give the same text for the
same values (dlt's `expand_placeholders`), with two differences on purpose:

- a mistake (a lone brace, a nameless placeholder) is found when the config is read, not when it is sent;
- in a path a value is data: what would end it (`?`, `#`) or is no URL character is percent-encoded. A `/` is
  not, as `owner/repo` stands for two segments; `{name!u}` makes one segment of any value.

    parts       "v1/{a}/x{{"  ->  ("v1/", Placeholder("a"), "/x{")
    str()       the parts, written as text again; `Template.parse(str(t)) == t`
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from restmill.path import Json

_FORMATTER = Formatter()
_SEGMENT = "u"
"""The conversion that makes a value one segment of a path."""
_CONVERSIONS = ("", "s", "r", "a", _SEGMENT)
_DEPTH = 2  # a format spec may hold placeholders, those of a spec may not: `str.format`'s own limit

# Sent as they are in a path, as dlt sends them: "/" because names such as `owner/repo` stand for several
# segments, the others because RFC 3986 (3.3) allows them in a segment.
_PATH_SAFE = "/:@!$&'()*+,;="


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One `{name!conversion:spec}`; the spec is a template of its own."""

    name: str
    conversion: str = ""
    spec: Template | None = None

    def __str__(self) -> str:
        conversion = f"!{self.conversion}" if self.conversion else ""
        spec = f":{self.spec}" if self.spec else ""
        return f"{{{self.name}{conversion}{spec}}}"

    def names(self) -> Iterator[str]:
        """Its own name and those inside its spec."""
        yield self.name
        if self.spec:
            yield from self.spec.names

    def render(self, values: Mapping[str, Json]) -> str:
        """The formatted value, by `str.format`'s rules; true and false as JSON writes them."""
        conversion = None if self.conversion in ("", _SEGMENT) else self.conversion
        converted = _FORMATTER.convert_field(look_up(self.name, values), conversion)
        if isinstance(converted, bool) and not self.spec:
            return "true" if converted else "false"
        return format(converted, _narrow(self.spec.render(values)) if self.spec else "")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with placeholders. Literal parts are unescaped, never empty, and never neighbours."""

    parts: tuple[str | Placeholder, ...] = ()

    @classmethod
    def parse(cls, text: str, depth: int = _DEPTH) -> Template:
        """Read `str.format` syntax.

        Raises:
            ValueError: a lone brace, a placeholder without a name, an unknown conversion, too deep a spec.
        """
        parts: list[str | Placeholder] = []
        for literal, name, spec, conversion in _FORMATTER.parse(text):
            if literal and parts and isinstance(parts[-1], str):
                parts[-1] += literal
            elif literal:
                parts.append(literal)
            if name is not None:
                parts.append(_placeholder(name, spec or "", conversion or "", depth))
        return cls(tuple(parts))

    def __str__(self) -> str:
        return "".join(escape(part) if isinstance(part, str) else str(part) for part in self.parts)

    @property
    def names(self) -> frozenset[str]:
        """Every placeholder's name, as written."""
        return frozenset(
            name for part in self.parts if isinstance(part, Placeholder) for name in part.names()
        )

    @property
    def single(self) -> str | None:
        """The name, when the whole text is one bare placeholder: such a value may keep its type."""
        match self.parts:
            case (Placeholder(name, "", None),):
                return name
            case _:
                return None

    def render(self, values: Mapping[str, Json]) -> str:
        """The text with every placeholder replaced.

        Raises:
            KeyError: a placeholder has no value.
            ValueError, TypeError: a value does not suit its format spec.
        """
        return "".join(part if isinstance(part, str) else part.render(values) for part in self.parts)

    def render_path(self, values: Mapping[str, Json]) -> str:
        """The text as a URL path; values are percent-encoded (RFC 3986), literals are left as written.

        A value that opens the path and is itself a link (`https://...` or `/...`) is kept: the API gave the
        address. After a `?` in the literal text everything but unreserved characters is encoded.

        Raises:
            KeyError: a placeholder has no value.
            ValueError: a value has a segment `.` or `..`, which would address something else.
            TypeError: a value does not suit its format spec.
        """
        done: list[str] = []
        safe = _PATH_SAFE
        for part in self.parts:
            if isinstance(part, str):
                done.append(part)
                safe = "" if "?" in part else safe
                continue
            text = part.render(values)
            one = part.conversion == _SEGMENT
            if not (done or one) and text.startswith(("http://", "https://", "/")):
                done.append(text)
                continue
            if not {".", ".."}.isdisjoint([text] if one else text.split("/")):
                raise ValueError(f"the value of {{{part.name}}} holds the path segment '.' or '..'")
            done.append(quote(text, safe="" if one else safe))
        return "".join(done)

    def divided(self, values: Mapping[str, Json]) -> Iterator[str]:
        """The placeholders whose value holds a `/`, which makes several segments of what may be one id.

        Not one that opens the path: that is an address. Behind a `?` a `/` is encoded.
        """
        for number, part in enumerate(self.parts):
            if isinstance(part, str):
                if "?" in part:
                    return
            elif number and part.conversion != _SEGMENT and "/" in part.render(values):
                yield part.name


def _placeholder(name: str, spec: str, conversion: str, depth: int) -> Placeholder:
    if not name:
        raise ValueError("a placeholder needs a name: write {name}, or {{ and }} for braces that are text")
    if conversion not in _CONVERSIONS:
        raise ValueError(f"{{{name}!{conversion}}} has a conversion other than !s, !r, !a and !u")
    if not depth:
        raise ValueError(f"{{{name}}} is nested too deep: a format spec inside a format spec is text")
    return Placeholder(name, conversion, Template.parse(_narrow(spec), depth - 1) if spec else None)


def _narrow(spec: str) -> str:
    """A format spec that makes no text of a hundred thousand characters: one of a billion takes all memory.

    Raises:
        ValueError: it does.
    """
    if _WIDE.search(spec):
        raise ValueError(f"the format spec {spec[:20]!r} makes a text of more than 9,999 characters")
    return spec


_WIDE = re.compile(r"\d{5}", re.ASCII)


def escape(text: str) -> str:
    """`text` with its braces doubled: a template of nothing but this text."""
    return text.replace("{", "{{").replace("}", "}}")


def look_up(name: str, values: Mapping[str, Json]) -> Json:
    """The value called `name`; else an attribute or item of the longest dotted prefix that has a value.

    `{incremental.start_value.year}` reads `year` of the value `incremental.start_value`. Private attributes
    are not reachable.

    Raises:
        KeyError: there is no such value.
    """
    if name in values:
        return values[name]
    cuts = [i for i, char in enumerate(name) if char in ".[" and name[:i] in values]
    if not cuts or "._" in (rest := name[cuts[-1] :]):
        raise KeyError(name)
    try:
        return _FORMATTER.get_field(f"0{rest}", (values[name[: cuts[-1]]],), {})[0]
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise KeyError(name) from error


def parse_tree(tree: Json) -> Json:
    """A tree of params, headers or a body in which each string with placeholders, keys too, is a Template.

    Other strings are unescaped; tuples become lists; what is no string, list or mapping is kept.

    Raises:
        ValueError: as `Template.parse`.
    """
    match tree:
        case str():
            template = Template.parse(tree)
            return template if template.names else template.render({})
        case Mapping():
            return {parse_tree(key): parse_tree(value) for key, value in tree.items()}
        case list() | tuple():
            return [parse_tree(item) for item in tree]
        case _:
            return tree


def render_tree(tree: Json, values: Mapping[str, Json], *, keep_type: bool = False) -> Json:
    """A tree from `parse_tree` with every Template rendered.

    `keep_type` gives a lone `{name}` its value as it is (dlt does so in JSON bodies only), not as text.

    Raises:
        KeyError, ValueError, TypeError: as `Template.render`.
    """
    match tree:
        case Template():
            name = tree.single if keep_type else None
            return tree.render(values) if name is None else look_up(name, values)
        case Mapping():
            return {
                render_tree(key, values, keep_type=keep_type): render_tree(value, values, keep_type=keep_type)
                for key, value in tree.items()
            }
        case list():
            return [render_tree(item, values, keep_type=keep_type) for item in tree]
        case _:
            return tree


def names_in(tree: Json) -> frozenset[str]:
    """Every placeholder's name in a tree from `parse_tree`, keys too."""
    match tree:
        case Template():
            return tree.names
        case Mapping():
            return frozenset().union(*(names_in(key) | names_in(value) for key, value in tree.items()))
        case list():
            return frozenset().union(*(names_in(item) for item in tree))
        case _:
            return frozenset()


def written_in(tree: Json) -> frozenset[str]:
    """Names in a tree from `parse_tree` whose value becomes text somewhere, also under `keep_type`."""
    match tree:
        case Template():
            return frozenset() if tree.single else tree.names
        case Mapping():
            return frozenset().union(*(names_in(key) | written_in(value) for key, value in tree.items()))
        case list():
            return frozenset().union(*(written_in(item) for item in tree))
        case _:
            return frozenset()


def spelled(tree: Json) -> Json:
    """The tree with true and false as JSON writes them: outside a JSON body there is only text."""
    match tree:
        case bool():
            return "true" if tree else "false"
        case Mapping():
            return {key: spelled(value) for key, value in tree.items()}
        case list() | tuple():
            return [spelled(item) for item in tree]
        case _:
            return tree
