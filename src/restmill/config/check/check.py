"""Check: a plain tree becomes a `Config`, or one error with every problem in it.

First each value against its kind (`walk`), block by block; then the rules between keys (`blocks`) and between
resources (`resource_rules`). A resource with a mistake inside is left out of the rules that follow, so that
one mistake is one problem, while everything else is still judged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from restmill.config.bounds import HALF, fewer, halves
from restmill.config.check.resource_rules import Declared, Rules
from restmill.config.check.scalars import plain, text_of
from restmill.config.check.walk import Spot, Walk
from restmill.config.model.config import AnyResource, Config, ReadyResource, Resource, ResourceDefaults
from restmill.config.model.defaults import merged
from restmill.config.model.kinds import Block, Keys
from restmill.config.model.opaque import Opaque
from restmill.config.positions import Keys as PathKeys
from restmill.config.positions import Positions, written
from restmill.config.references import faults, find, waits
from restmill.config.wording import got
from restmill.errors import ConfigError, Place, Problem
from restmill.secrets import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.config.files.load import Source
    from restmill.path import Json
    from restmill.secrets import Secret

_NONE: frozenset[str] = frozenset()


def check(
    tree: Json,
    source: Source | None = None,
    secrets: tuple[Secret, ...] | None = None,
    *,
    paginators: frozenset[str] = _NONE,
    auths: frozenset[str] = _NONE,
) -> Config:
    """The config that `tree` declares; `tree` itself is never changed, nor kept.

    `source` says where the tree came from (None: a Python dict, in which `${...}` is plain text). After the
    references of a file were resolved, give the `secrets` that `references.resolve` found, be it none: then
    nothing is a reference any more, and looked-up text may stand for numbers. `paginators` and `auths` are
    type names the user registered with dlt; what they configure is kept as `Opaque`.

    Raises:
        ConfigError: all problems at once, in the order of the file.
    """
    positions = source.positions if source else Positions()
    if secrets is not None:
        positions = positions.resolved()
    walk = Walk(positions, {"paginator": paginators, "auth": auths})
    if not isinstance(tree, dict):
        raise ConfigError(Problem(Place("config"), "a config must be a mapping", got(tree)))
    waiting = positions.stage == "file"
    if waiting:
        walk.problems += faults(tree, positions)
    walk.problems += [Problem(positions.place(keys), HALF) for keys in halves(tree)]
    walk.take(Keys(Config), tree, Spot())
    declared = _declared(walk.built, tree)
    named = _named(tree)
    rules = Rules(positions, _known(named))
    rules.apply(declared)
    problems = [*walk.problems, *_duplicates(named, positions), *rules.problems]
    if problems:
        known = Redactor().plus((*(secrets or ()), *walk.secrets))
        raise ConfigError(*(one.cleaned(known) for one in fewer(_in_file_order(problems))))
    config = walk.built[()]
    assert isinstance(config, Config)
    return replace(
        config,
        resources=_read(config, declared),
        warnings=tuple(_in_file_order([*walk.warnings, *rules.warnings])),
        secrets=tuple(dict.fromkeys((*(secrets or ()), *walk.secrets))),
        unresolved=tuple(str(one.reference) for one in find(tree)) if waiting else (),
    )


def _in_file_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda one: (one.place.line, one.place.column))


def _declared(built: Mapping[PathKeys, Block], tree: Mapping[str, Json]) -> list[Declared]:
    """The sound resources, merged with the defaults; none when the defaults are not sound."""
    defaults = built.get(("resource_defaults",))
    if defaults is None and tree.get("resource_defaults") is not None:
        return []
    defaults = ResourceDefaults() if defaults is None else defaults
    assert isinstance(defaults, ResourceDefaults)
    return [
        Declared(int(keys[1]), one, merged(defaults, one))
        for keys, one in built.items()
        if isinstance(one, Resource)
    ]


def _read(config: Config, declared: list[Declared]) -> tuple[AnyResource, ...]:
    """The resources as they are read, in the order of the config."""
    read = {one.own.name: one.read for one in declared}
    walked = cast("tuple[Resource | Opaque, ...]", config.resources)  # as the walk leaves them
    return tuple(
        ReadyResource(name=str(one.value.name), value=one) if isinstance(one, Opaque) else read[one.name]
        for one in walked
    )


def _named(tree: Mapping[str, Json]) -> list[tuple[PathKeys, str | None]]:
    """Where each resource has its name, and the name; None when a mistake is in the way."""
    resources = tree.get("resources")
    if not isinstance(resources, list | tuple):
        return []
    found: list[tuple[PathKeys, str | None]] = []
    for index, one in enumerate(resources):
        in_mapping = isinstance(one, dict)
        name = text_of(one.get("name") if in_mapping else one if plain(one) else getattr(one, "name", None))
        keys = ("resources", index, "name") if in_mapping else ("resources", index)
        found.append((keys, name if isinstance(name, str) and not waits(name) else None))
    return found


def _known(named: list[tuple[PathKeys, str | None]]) -> frozenset[str] | None:
    """All names, or None when one of them cannot be told."""
    known = frozenset(name for _, name in named if name is not None)
    return known if all(name is not None for _, name in named) else None


def _duplicates(named: list[tuple[PathKeys, str | None]], positions: Positions) -> list[Problem]:
    first: dict[str, PathKeys] = {}
    problems = []
    for keys, name in named:
        if name is not None and first.setdefault(name, keys) != keys:
            where = written(first[name][:2])
            problems.append(Problem(positions.place(keys), f"a second resource `{name}`, after {where}"))
    return problems
