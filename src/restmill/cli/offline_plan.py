"""Checking and planning a config file without its secrets: a stand-in takes the place of each reference.

A stand-in is a word that no config holds, a URL or a number, whatever its place takes. It goes through check
and plan as a value would, and in the words of the plan it is turned back into the reference as written. So
nothing is looked up, and dlt is not imported.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from restmill.cli.inputs import placed
from restmill.config.check.check import check
from restmill.config.files import load
from restmill.config.model.config import Config, Resource
from restmill.config.positions import written
from restmill.config.references import Reference, find, resolve
from restmill.errors import ConfigError, Place, Problem
from restmill.plan.build import build
from restmill.plan.describe import as_json
from restmill.plan.dispositions import UNKEYED, impossible
from restmill.plan.names import as_the_file, one_of_two
from restmill.plan.notes import AWAY
from restmill.secrets import MASK, Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from restmill.config.files.load import Source
    from restmill.config.model.config import Auth, Opaque
    from restmill.path import Json
    from restmill.plan.spec import Plan

_OWN = "Give the endpoint an `auth` of its own, if that host is to have none of it."
_WORD = "standin{}x"
_FIRST_NUMBER = 61_001
"""Small enough for a port, and too odd for a page size."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A config whose references stay as they are, and its plan with stand-ins for them."""

    config: Config
    plan: Plan | None
    """None where no stand-in fits: what only a plan would find is found when the config runs."""
    names: Mapping[str, str]
    """What stands in the plan -> the reference as written."""

    def described(self) -> dict[str, Json]:
        """The plan in words, as `plan.describe.as_json`, with every reference as written.

        Raises:
            ConfigError: there is no plan.
        """
        if self.plan is None:
            what = "cannot be planned before its references have values"
            waiting = ", ".join(dict.fromkeys(self.config.unresolved))
            raise ConfigError(Problem(Place("config"), what, waiting, "`restmill check` finds its mistakes."))
        told = _named(as_json(self.plan), self.names)
        assert isinstance(told, dict)
        declared = {one.name: one for one in self.config.resources if isinstance(one, Resource)}
        for one in told["resources"]:
            if one["name"] in declared:
                _with_credentials(one, declared[one["name"]], self.config)
        return told

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is allowed but unwise: the config's own, and a merge that has nothing to merge by."""
        places = {one.name: f"resources[{number}]" for number, one in enumerate(self.config.resources)}
        notes = self.plan.notes if self.plan else ()
        unkeyed = [
            Problem(Place(f"{places[note.where]}.write_disposition"), note.text, hint="Add `primary_key`.")
            for note in notes
            if note.text == UNKEYED
        ]
        away = [
            Problem(Place(f"{places[note.where]}.endpoint.path"), note.text, hint=_OWN)
            for note in notes
            if note.text.startswith(AWAY)
        ]
        return (*self.config.warnings, *unkeyed, *away)


def checked(path: Path) -> Checked:
    """The config in a file, and its plan; nothing is looked up, nothing is sent.

    Raises:
        ConfigError: all problems at once.
    """
    if path.suffix == ".py":  # a program, which looks its secrets up, and may quote them in an error
        import restmill.load.prepare.hiding  # noqa: F401, PLC0415  # a second of imports
    source = load.load(path)
    config = _check(source, source.tree)
    if not config.unresolved:
        return Checked(config, _planned(config, path), {})
    found = list(dict.fromkeys(one.reference for one in find(source.tree)))
    stood = _standing(source, found)
    if stood is None:
        return Checked(config, None, {})
    complete, values = stood
    plan = _planned(complete, path)
    names = {value: str(reference) for reference, value in values.items()}
    # A stand-in is no secret, and must not be masked where it is shown.
    real = tuple(one for one in plan.secrets if not any(value in one.reveal() for value in names))
    return Checked(config, replace(plan, secrets=real), names)


def _planned(config: Config, path: Path) -> Plan:
    """The plan, which the config's own destination can keep."""
    with placed(path):
        plan = build(config, on_error="isolate", name=path.stem)
        if problems := [*impossible(config), *_names(config, path)]:
            raise ConfigError(*problems)
        return plan


def _names(config: Config, path: Path) -> Iterator[Problem]:
    """Names that would be one, unless settings of dlt's, which are not read here, may tell them apart."""
    settings = {name.upper() for name in os.environ}
    folder = Path(".dlt")
    files = [one for one in folder.glob("*.toml") if one.is_file()] if folder.is_dir() else []
    text = "".join(one.read_text(encoding="utf-8", errors="replace") for one in files)
    if "SCHEMA__NAMING" not in settings and "naming" not in text:
        yield from one_of_two(config)
    if not any("DUCKDB" in name for name in settings) and "duckdb" not in text:
        yield from as_the_file(config, path.stem)


def _check(source: Source, tree: Json) -> Config:
    paginators, auths = _registered("PAGINATOR_MAP"), _registered("AUTH_MAP")
    if tree is source.tree:
        return check(tree, source=source, paginators=paginators, auths=auths)
    return check(tree, source=source, secrets=(), paginators=paginators, auths=auths)


def _registered(table: str) -> frozenset[str]:
    """The type names that a Python config registered with dlt as it ran; it alone imports dlt here."""
    setup = sys.modules.get("dlt.sources.rest_api.config_setup")
    return frozenset(getattr(setup, table, ()))


def _standing(source: Source, found: list[Reference]) -> tuple[Config, dict[Reference, str]] | None:
    """The config with the first stand-in for each reference that its place takes; None when none fits."""
    left = {reference: _candidates(number) for number, reference in enumerate(found)}
    while True:
        values = {reference: candidates[0] for reference, candidates in left.items()}
        tree, _ = resolve(source.tree, values.__getitem__, source.positions)
        try:
            return _check(source, tree), values
        except ConfigError as error:
            wrong = _at_fault(error, source)
            if not wrong or any(len(left[reference]) == 1 for reference in wrong):
                return None
            left |= {reference: left[reference][1:] for reference in wrong}


def _candidates(number: int) -> tuple[str, ...]:
    """What may stand for reference `number`: a word, a URL, a number, a small one, a flag."""
    word = _WORD.format(number)
    return (word, f"https://{word}.invalid", str(_FIRST_NUMBER + number), "1", "true")


def _at_fault(error: ConfigError, source: Source) -> set[Reference]:
    places = {one.place.path for one in error.problems}
    return {one.reference for one in find(source.tree) if written(one.keys) in places}


def _named(words: Json, names: Mapping[str, str]) -> Json:
    """The words with every stand-in turned back; one of a single letter or a flag cannot be told apart."""
    match words:
        case str():
            for value, name in names.items():
                if len(value) > len("true"):
                    # Between other digits it is no stand-in.
                    words = name.join(re.split(rf"(?<!\d){re.escape(value)}(?!\d)", words))
            return words
        case dict():
            return {key: _named(one, names) for key, one in words.items()}
        case list() | tuple():
            return [_named(one, names) for one in words]
        case _:
            return words


def _with_credentials(told: dict[str, Json], declared: Resource, config: Config) -> None:
    """Add the references that the plan masks or leaves out: they are names, not secrets."""
    for name, value in (declared.endpoint.params or {}).items():
        if told["params"].get(name) == MASK and _is_reference(value):
            told["params"][name] = value
    auth = declared.endpoint.auth if "auth" in declared.endpoint.given else config.client.auth
    from_where = _references_of(auth)
    if told["auth"] and from_where:
        told["auth"] += f" ({', '.join(from_where)})"


def _references_of(auth: Auth | Opaque | str | None) -> list[str]:
    """The references that hold an auth's credentials, as written."""
    values = [_plain(getattr(auth, key)) for key in sorted(getattr(auth, "given", ()))]
    return [value for value in values if _is_reference(value)]


def _plain(value: Json) -> Json:
    # Until it is resolved, what a key for a secret holds is the reference.
    return value.reveal() if isinstance(value, Secret) else value


def _is_reference(value: object) -> bool:
    """Whether a value as written is a reference and nothing else."""
    return isinstance(value, str) and re.fullmatch(r"\$\{(secrets|config|env)\.[^{}]*\}", value) is not None
