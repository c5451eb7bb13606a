"""What commands are given: config files, switches of the sandbox, and the option every command has."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from restmill.errors import ConfigError, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from click.shell_completion import CompletionItem

    from restmill.config.positions import Positions
    from restmill.run.receipt.receipt import Receipt

F = TypeVar("F", bound="Callable[..., object]")

_SUFFIXES = (".yaml", ".yml", ".toml", ".json", ".py")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


@dataclass(slots=True)
class Switches:
    """What the whole program was told, wherever on the line it stood, and what it must not show."""

    debug: bool = False
    json: bool = False
    """Whether a JSON document is wanted: then a failure is one, too."""
    command: str = ""
    """Name of the command; "" before one is known."""
    receipt: Receipt | None = None
    """Of the run that has ended, well or not."""


def with_debug(function: F) -> F:
    """`--debug` on this command, too, so that it may stand anywhere on the line."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the traceback of an error.",
    )(function)


def _set_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Switches).debug = True


def as_json(function: F) -> F:
    """`--json` on this command; known before the other parameters are looked at, which may be wrong."""
    return click.option(
        "--json",
        "json_wanted",
        is_flag=True,
        is_eager=True,
        callback=_set_json,
        help="Print one JSON object.",
    )(function)


def _set_json(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    if value:
        context.ensure_object(Switches).json = True
    return value


class ConfigFile(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """The path of a config file, or the name of a shipped connector."""

    name = "config"

    def convert(
        self,
        value: str | Path,
        param: click.Parameter | None,  # noqa: ARG002  # click's signature
        ctx: click.Context | None,  # noqa: ARG002
    ) -> Path:
        """The path of a file that is there.

        Raises:
            ConfigError: there is none, and no connector of that name.
        """
        path = Path(value)
        if path.is_file():
            return path
        from restmill import connectors  # noqa: PLC0415  # a path that is there needs no list of connectors

        if str(value) in connectors.names():
            return connectors.path(str(value))
        what = "is a folder, not a config file" if path.is_dir() else "there is no such file"
        near = did_you_mean(str(value), [*_configs_beside(path), *connectors.names()])
        raise ConfigError(
            Problem(Place(file=str(value)), what, hint=near or "`restmill --help` has examples.")
        )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Files."""
        return click.Path().shell_complete(ctx, param, incomplete)


def _configs_beside(path: Path) -> list[str]:
    folder = path.parent
    if not folder.is_dir():
        return []
    return [str(folder / one.name) for one in folder.iterdir() if one.suffix in _SUFFIXES and one.is_file()]


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """A time such as `50ms`, `1.5s` or `2`; becomes seconds."""

    name = "time"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = _DURATION.fullmatch(value)
        if match is None:
            self.fail(f"'{value}' is no time: write 50ms or 1.5s", param, ctx)
        return float(match[1]) / (1000 if match[2] == "ms" else 1)


class Share(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """A share such as `5%` or `0.05`; becomes a number from 0 to 1."""

    name = "share"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A number from 0 to 1."""
        if isinstance(value, int | float):
            return float(value)
        match = _RATE.fullmatch(value)
        share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
        if not 0 <= share <= 1:
            self.fail(f"'{value}' is no share: write 5% or 0.05", param, ctx)
        return share


@contextmanager
def placed(path: Path) -> Iterator[None]:
    """Give the problems of a plan their lines in the config file: a plan knows config paths only."""
    try:
        yield
    except ConfigError as error:
        if all(problem.place.file for problem in error.problems):
            raise
        raise ConfigError(*located(error.problems, path)) from error


def located(problems: Iterable[Problem], path: Path) -> list[Problem]:
    """The problems with their lines in the config file; those that have one keep it."""
    problems = list(problems)
    if all(one.place.file for one in problems):
        return problems
    from restmill.config.files import load  # noqa: PLC0415  # only a problem needs it

    marks = load.load(path).positions
    return [replace(one, place=_located(one.place, marks)) for one in problems]


def _located(place: Place, positions: Positions) -> Place:
    """The place with the line of the longest known path that begins its own."""
    from restmill.config.positions import written  # noqa: PLC0415  # as above

    if place.file or not place.path:
        return place
    above = [
        keys
        for keys in positions.marks
        if place.path == written(keys) or place.path.startswith((f"{written(keys)}.", f"{written(keys)}["))
    ]
    if not above:
        return replace(place, file=positions.file)
    line, column = positions.marks[max(above, key=len)]
    return Place(place.path, positions.file, line, column)


def unknown_resources(names: tuple[str, ...], known: tuple[str, ...], file: str) -> ConfigError:
    """The error for `--resource` names that are not in the config."""
    return ConfigError(
        *(
            Problem(
                Place("--resource", file),
                f"there is no resource '{name}'",
                hint=did_you_mean(name, known) or f"There are: {', '.join(known)}.",
            )
            for name in names
            if name not in known
        )
    )
