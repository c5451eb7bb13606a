"""The commands around a run: sandbox, connectors, schema, completion."""

from __future__ import annotations

import os
from pathlib import Path

import click

from restmill.cli.inputs import Duration, Share, as_json, with_debug
from restmill.cli.output import print_json
from restmill.errors import ConfigError, Place, Problem

_SANDBOX = """\b
Examples:
  restmill sandbox
  restmill sandbox --rows 5000 --latency 50ms --fail 5% --key secret
  restmill sandbox --set cap=100 --set total=missing
  restmill sandbox --list
"""


@click.command(short_help="Run an API server to try things on.", epilog=_SANDBOX)
@click.option("--port", default=8080, show_default=True, help="Port on loopback; 0 takes a free one.")
@click.option("--rows", type=int, help="Records in each collection.")
@click.option("--latency", type=Duration(), help="Wait before each answer: 50ms, 1.5s.")
@click.option("--fail", type=Share(), help="Share of requests that fail: 5%, 0.05.")
@click.option("--seed", type=int, help="What all data and all chance depend on.")
@click.option("--key", help="The API key to ask for.")
@click.option("--set", "switches", multiple=True, metavar="NAME=VALUE", help="Any other switch; repeatable.")
@click.option("--list", "listing", is_flag=True, help="List collections, routes and switches, and end.")
@with_debug
def sandbox(port: int, *, listing: bool, switches: tuple[str, ...], **named: float | str | None) -> int:
    """Run an API server on this machine that behaves like real ones, good and bad."""
    from restmill import sandbox as box  # noqa: PLC0415  # aiohttp's server takes 0.3 s
    from restmill.cli.views.sandbox import show_lists, show_sandbox  # noqa: PLC0415
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415

    sheet = Sheet()
    if listing:
        show_lists(sheet)
        return 0
    changes = {**_named(named), **dict(map(_switch, switches))}
    behaviour = box.Behaviour().changed(changes)

    def announce(url: str) -> None:
        show_sandbox(sheet, url, behaviour.key, changes)

    try:
        box.run_forever(behaviour, port, announce)
    except OSError as error:
        raise _taken(port, error) from error
    return 0


def _named(options: dict[str, float | str | None]) -> dict[str, object]:
    """Options as switches of the sandbox."""
    names = {"latency": "latency_s", "fail": "fail_rate"}
    return {names.get(name, name): value for name, value in options.items() if value is not None}


def _switch(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    if not equals:
        raise ConfigError(Problem(Place("--set"), f"'{pair}' has no value", hint="Write --set NAME=VALUE."))
    return name.strip().replace("-", "_"), value.strip()


def _taken(port: int, error: OSError) -> ConfigError:
    return ConfigError(
        Problem(
            Place("--port"),
            f"cannot listen on port {port}: {(error.strerror or 'no reason given').lower()}",
            hint="`--port 0` takes a free one.",
        )
    )


_CONNECTORS = """\b
Examples:
  restmill connectors
  restmill check feature_management   (a connector's name stands for its file)
  cp "$(restmill connectors --path generic)" my_api.yaml
"""


@click.command(short_help="List the configs that come with restmill.", epilog=_CONNECTORS)
@click.option("--path", "wanted", metavar="NAME", help="Print only the path of this connector's file.")
@as_json
@with_debug
def connectors(wanted: str | None, *, json_wanted: bool) -> int:
    """List the connectors that come with restmill; each is a config to run or to copy."""
    from restmill import connectors as shipped  # noqa: PLC0415  # `--help` is quick

    if wanted is not None:
        click.echo(_path_of(wanted))
        return 0
    found = {name: shipped.path(name) for name in shipped.names()}
    if json_wanted:
        print_json({name: str(path) for name, path in found.items()})
        return 0
    from restmill.cli.offline_plan import checked  # noqa: PLC0415
    from restmill.cli.views.sheet import Column, Row, Sheet  # noqa: PLC0415

    rows = []
    for name, path in found.items():
        config = checked(path).config
        needs = sorted(set(config.unresolved))
        rows.append(Row((name, ", ".join(one.name for one in config.resources)), "cyan", tuple(needs)))
    sheet = Sheet()
    sheet.table((Column("connector"), Column("resources, and what to set")), rows)
    sheet.say()
    sheet.say(
        "`${config.a.b}` is read from .dlt/config.toml or the environment variable A__B, "
        "`${secrets.a.b}` from .dlt/secrets.toml or the environment.",
        "dim",
    )
    return 0


def _path_of(name: str) -> Path:
    from restmill import connectors as shipped  # noqa: PLC0415  # `--help` is quick
    from restmill.errors import did_you_mean  # noqa: PLC0415

    if name in shipped.names():
        return shipped.path(name)
    hint = did_you_mean(name, shipped.names()) or f"There are: {', '.join(shipped.names())}."
    raise ConfigError(Problem(Place("--path"), f"there is no connector '{name}'", hint=hint))


_SCHEMA = """\b
Examples:
  restmill schema > restmill.schema.json
  # then, as the first line of a YAML config, for an editor that knows YAML:
  # yaml-language-server: $schema=restmill.schema.json
"""


@click.command(short_help="Print the JSON schema of a config, for editors.", epilog=_SCHEMA)
@with_debug
def schema() -> int:
    """Print the JSON schema of a config, for completion and checks in editors."""
    from restmill.config.json_schema import json_schema  # noqa: PLC0415  # `--help` is quick

    print_json(json_schema())
    return 0


_COMPLETION = """\b
Examples:
  restmill completion bash >> ~/.bash_completion
  restmill completion zsh > "${fpath[1]}/_restmill"
  restmill completion fish > ~/.config/fish/completions/restmill.fish
"""
_SHELLS = ("bash", "zsh", "fish")


@click.command(short_help="Print a shell's completion script.", epilog=_COMPLETION)
@click.argument("shell", required=False, type=click.Choice(_SHELLS))
@click.pass_context
@with_debug
def completion(context: click.Context, shell: str | None) -> int:
    """Print the completion script of a shell; of yours, unless named."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415  # rarely needed

    shell = shell or Path(os.environ.get("SHELL", "bash")).name
    kind = get_completion_class(shell)
    if kind is None or shell not in _SHELLS:
        raise click.UsageError(f"there is no completion for '{shell}', only for {', '.join(_SHELLS)}")
    click.echo(kind(context.find_root().command, {}, "restmill", "_RESTMILL_COMPLETE").source())
    return 0
