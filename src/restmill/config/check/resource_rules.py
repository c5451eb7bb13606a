"""Rules between resources: what binds a child to its parent, and what else dlt would refuse in a run.

Everything is judged on resources merged with their defaults, and reported where it was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from restmill.config.model.opaque import Opaque
from restmill.config.model.resource import Incremental, IncrementalParam, ResolveParam, Resource
from restmill.config.placeholders import INCREMENTAL_VALUES, names, texts
from restmill.errors import Problem, did_you_mean

if TYPE_CHECKING:
    from restmill.config.positions import Keys, Positions

Body = Literal["params", "json", "data", "headers"]

_BODIES: tuple[Body, ...] = ("params", "json", "data", "headers")
_ESCAPE = "A literal brace is written twice: {{ and }}."


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource: where it stands in the list, as it was written, and as it is read."""

    index: int
    own: Resource
    read: Resource

    @property
    def keys(self) -> Keys:
        """The resource's path."""
        return ("resources", self.index)

    def of_endpoint(self, key: str, *below: str | int) -> Keys:
        """The path of a key of its endpoint: in the resource itself, or in the defaults it came from."""
        written = getattr(self.own.endpoint, key)
        mine = key in self.own.endpoint.given or key == "path"
        if below and isinstance(written, Mapping):
            mine = below[0] in written
        return ((*self.keys, "endpoint") if mine else ("resource_defaults", "endpoint")) + (key, *below)


@dataclass(frozen=True, slots=True)
class Link:
    """A use of a parent: its name and where it is named."""

    parent: str
    keys: Keys


class Rules:
    """The rules, applied to all resources of one config.

    `known` are the names of all resources, sound or not, or None when one of them cannot be told.
    """

    def __init__(self, positions: Positions, known: frozenset[str] | None) -> None:
        self._positions = positions
        self._known = known
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def apply(self, resources: list[Declared]) -> None:
        """Judge every resource by itself, then the links between them."""
        parents: dict[str, Link] = {}
        for one in resources:
            links = [*self._path(one), *self._bodies(one)]
            self._own(one, has_parent=bool(links))
            if link := self._parent(links):
                parents[one.read.name] = link
        self._cycles(parents)

    def _wrong(self, keys: Keys, what: str, hint: str = "") -> None:
        self.problems.append(Problem(self._positions.place(keys), what, hint=hint))

    def _path(self, one: Declared) -> Iterator[Link]:
        """The placeholders of the path, each bound to a param, a parent or the cursor."""
        params = one.read.endpoint.params
        resolved = {name: param for name, param in params.items() if isinstance(param, ResolveParam)}
        for name in self._names(one.of_endpoint("path"), one.read.endpoint.path):
            if name in resolved:
                param = resolved.pop(name)
                yield Link(param.resource, one.of_endpoint("params", name, "resource"))
            elif name.startswith(("resources.", "incremental.")):
                yield from self._expression(one, one.of_endpoint("path"), name)
            elif name not in params:
                near = did_you_mean(name, [*params, "resources", "incremental"])
                self._wrong(
                    one.of_endpoint("path"),
                    f"the path needs a param `{name}`",
                    near or "Give it in `params`, or write {resources.<parent>.<field>}.",
                )
            elif isinstance(params[name], IncrementalParam | Opaque):
                self._wrong(
                    one.of_endpoint("params", name),
                    "an incremental param cannot be part of the path",
                    "Write {incremental.start_value} and give `incremental` in the endpoint.",
                )
        for name in resolved:
            self._wrong(
                one.of_endpoint("params", name),
                f"the path has no placeholder {{{name}}} for this param",
                "In query params write {resources.<parent>.<field>} as the value.",
            )

    def _bodies(self, one: Declared) -> Iterator[Link]:
        """The expressions in params, headers and bodies."""
        for body in _BODIES:
            for below, text in texts(getattr(one.read.endpoint, body), ()):
                keys = one.of_endpoint(body, *below)
                for name in self._names(keys, text):
                    yield from self._expression(one, keys, name)

    def _names(self, keys: Keys, text: str) -> tuple[str, ...]:
        try:
            found = names(text, references=self._positions.stage == "file")
        except ValueError:
            self._wrong(keys, "a brace stands alone", _ESCAPE)
            return ()
        if "" in found:
            self._wrong(keys, "a placeholder {} has no name", _ESCAPE)
        return tuple(name for name in found if name)

    def _expression(self, one: Declared, keys: Keys, name: str) -> Iterator[Link]:
        context, _, rest = name.partition(".")
        if context == "resources" and rest:
            parent, _, path = rest.partition(".")
            if parent and path:
                yield Link(parent, keys)
            else:
                self._wrong(keys, f"{{{name}}} must be {{resources.<resource>.<field>}}")
        elif context == "incremental" and rest:
            self._cursor_value(one, keys, rest)
        else:
            near = did_you_mean(context, ["resources", "incremental"])
            hint = f"{near} {_ESCAPE}".strip()
            self._wrong(keys, f"{{{name}}} must begin with `resources.` or `incremental.`", hint)

    def _cursor_value(self, one: Declared, keys: Keys, rest: str) -> None:
        value = rest.partition(".")[0]
        if one.read.endpoint.incremental is None:
            self._wrong(keys, f"{{incremental.{rest}}} needs `incremental` in the endpoint")
        elif value not in INCREMENTAL_VALUES:
            near = did_you_mean(value, INCREMENTAL_VALUES)
            hint = near or f"One of {', '.join(INCREMENTAL_VALUES[:4])}."
            self._wrong(keys, f"there is no value {{incremental.{value}}}", hint)

    def _own(self, one: Declared, *, has_parent: bool) -> None:
        """What a resource must keep to by itself."""
        endpoint = one.read.endpoint
        if endpoint.json and endpoint.data:
            # In Python it fails as under dlt: when this resource is read; others can be.
            say = self._warn if self._positions.stage == "python" else self._wrong
            say(one.of_endpoint("data"), "`json` and `data` are both given", "A request has one body.")
        if one.read.include_from_parent and not has_parent:
            home = one.keys if "include_from_parent" in one.own.given else ("resource_defaults",)
            self._wrong(
                (*home, "include_from_parent"),
                "there is no parent to include from",
                "Bind one: {resources.<parent>.<field>} in path, params, headers or body.",
            )
        self._cursors(one)

    def _cursors(self, one: Declared) -> None:
        params = one.read.endpoint.params
        cursors = [name for name, value in params.items() if isinstance(value, IncrementalParam | Opaque)]
        for name in cursors[1:]:
            self._wrong(
                one.of_endpoint("params", name),
                f"a second incremental param, after `{cursors[0]}`",
                "An endpoint has one cursor.",
            )
        for name in cursors:
            value = params[name]
            if isinstance(value, Opaque) and getattr(value.value, "end_value", None) is not None:
                self._wrong(
                    one.of_endpoint("params", name),
                    "an incremental param has no `end_value`",
                    "Use `incremental` of the endpoint instead.",
                )
        self._cursor_warnings(one, cursors)

    def _cursor_warnings(self, one: Declared, cursors: list[str]) -> None:
        incremental = one.read.endpoint.incremental
        if cursors and incremental:
            self._warn(
                one.of_endpoint("incremental"),
                f"not used: the param `{cursors[0]}` is incremental too",
                "Keep one of them.",
            )
        places = [(one.of_endpoint("params", name), one.read.endpoint.params[name]) for name in cursors]
        for keys, value in [*places, (one.of_endpoint("incremental"), incremental)]:
            if isinstance(value, Incremental | IncrementalParam) and value.transform:
                self._warn((*keys, "transform"), "`transform` is deprecated", "Write `convert`.")

    def _warn(self, keys: Keys, what: str, hint: str) -> None:
        self.warnings.append(Problem(self._positions.place(keys), what, hint=hint))

    def _parent(self, links: list[Link]) -> Link | None:
        """The one parent of a resource."""
        named = list(dict.fromkeys(link.parent for link in links))
        if len(named) > 1:
            second = next(link for link in links if link.parent == named[1])
            self._wrong(
                second.keys,
                f"a second parent `{named[1]}`, after `{named[0]}`",
                "A resource has one parent; let it include the fields of its own parent.",
            )
            return None
        if named and self._known is not None and named[0] not in self._known:
            near = did_you_mean(named[0], self._known)
            hint = near or f"Declared here: {', '.join(sorted(self._known))}."
            self._wrong(links[0].keys, f"there is no resource `{named[0]}`", hint)
            return None
        return links[0] if links else None

    def _cycles(self, parents: Mapping[str, Link]) -> None:
        reported: set[str] = set()
        for name, link in parents.items():
            chain = [name]
            while (parent := parents.get(chain[-1])) and parent.parent not in chain:
                chain.append(parent.parent)
            if parent and parent.parent == name and not reported & set(chain):
                reported |= set(chain)
                self._wrong(link.keys, f"a cycle of parents: {' -> '.join([*chain, name])}")
