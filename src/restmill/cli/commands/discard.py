"""The command that lets go: discard."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path  # noqa: TC003  # click reads annotations at run time
from typing import TYPE_CHECKING, Any

import click

from restmill.cli.inputs import ConfigFile, as_json, placed, with_debug
from restmill.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.load.sync.discard import Waiting

_DISCARD = """\b
Examples:
  restmill discard features.yaml
  restmill discard features.yaml --yes
"""


@click.command(short_help="Let go of what was read and not loaded.", epilog=_DISCARD)
@click.argument("config", type=ConfigFile())
@click.option("--destination", "-d", metavar="NAME", help="dlt's destination; the config's, or duckdb.")
@click.option("--dataset", "dataset_name", metavar="NAME", help="Schema or dataset of the tables.")
@click.option("--pipeline", "pipeline_name", metavar="NAME", help="dlt's pipeline name.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask; needed where there is no terminal.")
@as_json
@with_debug
def discard(config: Path, *, yes: bool, json_wanted: bool, **where: Any) -> int:
    """Let go of what an earlier run of CONFIG has read and not loaded.

    What it has appended already goes out again, cursors go back, and the next run reads the same again.
    Nothing else in the destination is touched.
    """
    from restmill.load.prepare.plans import plan_of_file  # noqa: PLC0415
    from restmill.load.sync.discard import discard as let_go  # noqa: PLC0415  # `--help` is quick

    with placed(config):
        plan = plan_of_file(config)

    def agreed(found: Sequence[Waiting]) -> bool:
        for one in [] if json_wanted else found:
            click.echo(_line(one))
        return yes or _asked()

    gone = let_go(plan, agreed, **where)
    if json_wanted:
        print_json({"discarded": [asdict(one) for one in gone]})
    else:
        click.echo("let go; the next run reads it again" if gone else "nothing was let go")
    return 0


def _asked() -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask at: say --yes")
    return click.confirm("Let go of it?", err=True)


def _line(one: Waiting) -> str:
    tables = ", ".join(f"{name} ({files} file{'s' * (files != 1)})" for name, files in one.tables.items())
    return f"read {one.begun} and not loaded: {tables or 'no table'}"
