"""Binding: from an endpoint of the config to a request with placeholders, its parent and its cursor.

The rules are those of dlt's `_bind_path_params`, `build_resource_dependency_graph` and
`setup_incremental_object`:

- in the path, `{resources.<parent>.<field>}` and `{incremental.<value>}` stay, a param of `type: resolve`
  stays under its own name, and any other param is written into the path and leaves the query string;
- everywhere else only `{resources...}` and `{incremental...}` are placeholders.

Three differences, all of them repairs: a param may stand in the path more than once, a format spec counts
there too, and doubled braces are text there as they are everywhere else.

`config.check` has judged parents, params and cursors already, with their places in the file; what is reported
here is only what it does not look into: the inside of a format spec, and the path in a parent's record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from restmill.config.model.config import IncrementalParam, Opaque, ResolveParam
from restmill.errors import Place, Problem
from restmill.path import Json, Path, parses
from restmill.plan.spec import Cursor, Parent, RequestTemplate
from restmill.plan.template import Placeholder, Template, escape, names_in, parse_tree, written_in
from restmill.secrets import Secret

if TYPE_CHECKING:
    from restmill.config.model.config import Client, Resource

Report: TypeAlias = Callable[[Problem], None]

_BRACES = "Braces that are text are doubled: {{ and }}."


@dataclass(frozen=True, slots=True)
class Bound:
    """An endpoint with its placeholders understood."""

    request: RequestTemplate
    parent: Parent | None
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Binder:
    """Binds one resource of the config; mistakes go to `report`, each with its place under `at`."""

    resource: Resource
    client: Client
    at: str
    """Config path of the resource, such as `resources[2]`."""
    report: Report

    def bind(self) -> Bound:
        """The bound endpoint; worth using only when nothing was reported."""
        endpoint = self.resource.endpoint
        declared = self._parsed(endpoint.path)
        params = self._params
        query = {name: value for name, value in params.items() if name not in declared.names}
        request = RequestTemplate(
            method=endpoint.method,
            path=self._path(declared),
            params=self._tree({name: _sent(value) for name, value in query.items()}, "params"),
            headers=self._headers(),
            json=self._tree(endpoint.json, "json"),
            data=self._tree(endpoint.data, "data"),
        )
        return Bound(request, self._parent(request), self._cursor())

    @property
    def _params(self) -> Mapping[str, Json | ResolveParam | IncrementalParam | Opaque]:
        return self.resource.endpoint.params or {}

    @property
    def _resolves(self) -> dict[str, ResolveParam]:
        return {name: value for name, value in self._params.items() if isinstance(value, ResolveParam)}

    def _say(self, where: str, what: str, got: str = "", hint: str = "") -> None:
        self.report(Problem(Place(f"{self.at}.endpoint.{where}"), what, got, hint))

    def _path(self, declared: Template) -> Template:
        """The path with plain params written into it; their text is a template again (dlt's rule)."""
        bound = ResolveParam | IncrementalParam | Opaque
        plain = {name: value for name, value in self._params.items() if not isinstance(value, bound)}
        texts = {name: self._revealed(value) for name, value in plain.items()}
        path = self._parsed("".join(self._written(part, texts) for part in declared.parts))
        self._check(path.names - self._resolves.keys(), "path")
        return path

    def _written(self, part: str | Placeholder, params: Mapping[str, Json]) -> str:
        """A part of the path as template text: what a plain param makes of it, or itself."""
        if isinstance(part, str):
            return escape(part)
        try:
            return part.render(params) if params.keys() >= set(part.names()) else str(part)
        except (ValueError, TypeError):
            self._say("path", "the param does not suit its format", str(part))
            return str(part)

    def _parsed(self, text: str) -> Template:
        try:
            return Template.parse(text)
        except ValueError as error:
            self._say("path", f"is not a template: {error}", hint=_BRACES)
            return Template((text,))

    def _check(self, names: frozenset[str], where: str) -> None:
        """Report placeholders that nothing will fill."""
        for name in sorted(names):
            if not _is_context(name):
                hint = "A format spec can hold {resources.<parent>.<field>} and {incremental.<value>}."
                self._say(where, "nothing fills a placeholder", f"{{{name}}}", hint)

    def _tree(self, tree: Json, where: str) -> Json:
        try:
            parsed = parse_tree(self._revealed(tree))
        except ValueError:  # its text may repeat a part of a body
            self._say(where, "a string in it is not a template", hint=_BRACES)
            return tree
        self._check(names_in(parsed), where)
        return parsed

    def _headers(self) -> dict[str, Json]:
        """The client's headers as they stand, then the endpoint's: templates, and stronger."""
        own = self.resource.endpoint.headers or {}
        names = {name.lower() for name in own}
        literal = {
            name: value.reveal() if isinstance(value, Secret) else value
            for name, value in (self.client.headers or {}).items()
            if name.lower() not in names
        }
        return {**literal, **self._tree(own, "headers")}

    def _revealed(self, tree: Json) -> Json:
        """The tree with its secrets as text; one whose braces are no placeholders is meant literally."""
        match tree:
            case Secret():
                text = tree.reveal()
                return text if _is_template(text) else escape(text)
            case Mapping():
                return {key: self._revealed(value) for key, value in tree.items()}
            case list() | tuple():
                return [self._revealed(item) for item in tree]
            case _:
                return tree

    def _parent(self, request: RequestTemplate) -> Parent | None:
        fields = {name: (param.resource, param.field) for name, param in self._resolves.items()}
        trees = (request.path, request.params, request.headers, request.json, request.data)
        for name in sorted(frozenset().union(*(names_in(tree) for tree in trees))):
            if name.startswith("resources."):
                _, parent, path = name.strip().split(".", maxsplit=2)
                if not parses(path):
                    self._say("path", "a placeholder's field is not a JSON path", f"{{{name}}}")
                    continue
                fields[name] = (parent, path)
        if not fields:
            return None
        parent = next(iter(fields.values()))[0]
        paths = {name: Path(path) for name, (_, path) in fields.items()}
        written = frozenset().union(*(names_in(tree) for tree in trees if tree is not request.json))
        whole = paths.keys() - written - written_in(request.json)
        return Parent(parent, paths, tuple(self.resource.include_from_parent or ()), frozenset(whole))

    def _cursor(self) -> Cursor | None:
        """The cursor of a param, or else the endpoint's own."""
        for name, param in self._params.items():
            if isinstance(param, Opaque):
                return Cursor({"incremental": param.value}, start_param=name)
            if isinstance(param, IncrementalParam):
                return Cursor(param.arguments, start_param=name, convert=_function(param.converter))
        own = self.resource.endpoint.incremental
        if own is None:
            return None
        convert = _function(own.converter)
        return Cursor(own.arguments, own.start_param or "", own.end_param or "", convert)


def _sent(value: Json) -> Json:
    """A param's value in the query string; the cursor's holds its place as None."""
    return None if isinstance(value, IncrementalParam | Opaque) else value


def _is_context(name: str) -> bool:
    context, _, rest = name.partition(".")
    return context in ("resources", "incremental") and bool(rest)


def _is_template(text: str) -> bool:
    try:
        return all(_is_context(name) for name in Template.parse(text).names)
    except ValueError:
        return False


def _function(converter: Opaque | None) -> Callable[[Json], Json] | None:
    return None if converter is None else converter.value
