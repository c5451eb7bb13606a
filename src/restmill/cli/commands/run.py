"""The commands that load: run, exec, demo."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from restmill.cli.commands.inspect import wanted_of
from restmill.cli.inputs import ConfigFile, Switches, as_json, placed, with_debug
from restmill.cli.output import print_json
from restmill.run.receipt.receipt import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restmill.load.sync.run import Where
    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Receipt, Verdict

_quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is missing.")

_RUN = """\b
Examples:
  restmill run features.yaml
  restmill run features.yaml --resource users --resource teams
  restmill run features.yaml --destination postgres --json > receipt.json
  restmill run features.yaml --require complete
"""


@click.command(short_help="Read the API and load the tables.", epilog=_RUN)
@click.argument("config", type=ConfigFile())
@click.option(
    "--resource", "-r", "names", multiple=True, metavar="NAME", help="Only this resource; repeatable."
)
@click.option("--destination", "-d", metavar="NAME", help="dlt's destination; the config's, or duckdb.")
@click.option("--dataset", "dataset_name", metavar="NAME", help="Schema or dataset for the tables.")
@click.option(
    "--pipeline", "pipeline_name", metavar="NAME", help="dlt's pipeline name, which keys its state."
)
@click.option(
    "--require",
    type=click.Choice(VERDICTS),
    default=VERDICTS[-1],
    show_default=True,
    help="The least verdict to load; anything less ends with 4, and nothing is loaded.",
)
@as_json
@_quiet
@with_debug
def run(
    config: Path,
    names: tuple[str, ...],
    require: Verdict,
    *,
    json_wanted: bool,
    quiet: bool,
    **where: Unpack[Where],
) -> int:
    """Read the API that CONFIG describes and load its tables.

    CONFIG is a YAML, TOML, JSON or Python file, or the name of a shipped connector.
    """
    from restmill.cli.progress.watch import watched  # noqa: PLC0415  # `--help` is quick
    from restmill.load.prepare.plans import plan_of_file  # noqa: PLC0415
    from restmill.load.sync.run import sync  # noqa: PLC0415

    with placed(config):
        plan = plan_of_file(config)
    singles = _singles(plan)
    title = f"restmill run {config}"
    wanted = wanted_of(plan, names, config)
    with kept(), watched(title, wanted, singles=singles, quiet=quiet or json_wanted) as observer:
        receipt = sync(plan, resources=names, observer=observer, require=require, **where)
    return _finish(receipt, json_wanted=json_wanted, quiet=quiet)


def _singles(plan: Plan) -> tuple[str, ...]:
    """The resources with one read: those without a parent."""
    return tuple(one.name for one in plan.resources if getattr(one, "parent", None) is None)


def _finish(receipt: Receipt, *, json_wanted: bool = False, quiet: bool = False) -> int:
    """Print the receipt as asked; returns the exit code."""
    if json_wanted:
        from restmill.run.receipt.archive import as_json as receipt_fields  # noqa: PLC0415  # `--help` is quick

        print_json(receipt_fields(receipt))
    elif not quiet or receipt.exit_code:
        from restmill.cli.views.run import show_receipt  # noqa: PLC0415
        from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # JSON needs no rich

        show_receipt(Sheet(), receipt)
    return receipt.exit_code


@contextmanager
def kept() -> Iterator[None]:
    """Keep the receipts of runs in the block on disk; one that cannot be written costs the run nothing."""
    from restmill.cli.problems import show_problems  # noqa: PLC0415  # `--help` is quick
    from restmill.errors import Place, Problem  # noqa: PLC0415
    from restmill.run.receipt import archive  # noqa: PLC0415

    switches = click.get_current_context().ensure_object(Switches)

    def keep(receipt: Receipt) -> None:
        switches.receipt = receipt
        try:
            archive.store(receipt)
        except OSError as error:
            what = "the receipt of this run could not be written; the run itself is not affected"
            problem = Problem(Place(file=str(archive.FOLDER)), what, archive.why(error))
            show_problems([problem], style="yellow", word="warning")

    with archive.filing(keep):
        yield


_EXEC = """\b
Examples:
  restmill exec pipeline.py
  restmill exec pipeline.py --sandbox
  restmill exec pipeline.py -- --full --since 2024
"""


@click.command("exec", short_help="Run a dlt script, unchanged, on restmill.", epilog=_EXEC)
@click.argument("script", type=click.Path(path_type=Path))
@click.argument("args", nargs=-1)
@click.option(
    "--sandbox",
    "sandboxed",
    is_flag=True,
    help="Read a sandbox on this machine, and load into .restmill/sandbox/.",
)
@click.option(
    "--destination",
    "-d",
    default="duckdb",
    show_default=True,
    metavar="NAME",
    help="For sources that the script builds and never runs.",
)
@as_json
@_quiet
@with_debug
def execute(
    script: Path, args: tuple[str, ...], *, sandboxed: bool, destination: str, json_wanted: bool, quiet: bool
) -> int:
    """Run a Python SCRIPT, unchanged, with dlt's rest_api served by restmill.

    With --sandbox, requests of rest_api sources go to a sandbox on this machine; tables go to
    .restmill/sandbox/, never to the script's destination; the script's own requests are not touched.
    """
    from restmill.cli.progress.watch import watched  # noqa: PLC0415  # `--help` is quick
    from restmill.load.dropin.script import execute as run_script  # noqa: PLC0415

    with (
        kept(),
        _sandbox_url(wanted=sandboxed) as url,
        watched(f"restmill exec {script}", quiet=quiet or json_wanted) as observer,
    ):
        receipt = run_script(script, args, sandbox=url, destination=destination, observer=observer)
    return _finish(receipt, json_wanted=json_wanted, quiet=quiet)


@contextmanager
def _sandbox_url(*, wanted: bool) -> Iterator[str]:
    """The address of a sandbox for the time of the block; "" when none is wanted."""
    if not wanted:
        yield ""
        return
    from restmill.sandbox import SandboxServer  # noqa: PLC0415  # aiohttp's server takes 0.3 s

    with SandboxServer() as server:
        yield server.base_url


_DEMO = """\b
Examples:
  restmill demo
"""


@click.command(short_help="See it work, all on this machine.", epilog=_DEMO)
@as_json
@with_debug
def demo(*, json_wanted: bool) -> int:
    """See it work: one API that misbehaves, read by the five connectors into one DuckDB file.

    All of it happens on this machine.
    """
    from restmill.cli.commands.demo import play  # noqa: PLC0415  # `--help` is quick

    with kept():
        played = play(Path(".restmill") / "demo", quiet=json_wanted)
    if json_wanted:
        return _finish(played.receipt, json_wanted=True)
    from restmill.cli.views.run import show_demo  # noqa: PLC0415
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # JSON needs no rich

    show_demo(Sheet(), played.receipt, played.api)
    return played.receipt.exit_code
