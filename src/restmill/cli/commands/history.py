"""The command that looks back: history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from restmill.cli.inputs import as_json, with_debug
from restmill.cli.output import print_json
from restmill.errors import ConfigError, Place, Problem

if TYPE_CHECKING:
    from restmill.run.receipt.archive import Shelf

_HISTORY = """\b
Examples:
  restmill history
  restmill history features.yaml --limit 5
  restmill history 3f9a1c            (one run, in full)
  restmill history 3f9a1c --json
"""


@click.command(short_help="Show past runs and their verdicts.", epilog=_HISTORY)
@click.argument("what", required=False, metavar="[CONFIG|RUN]", default="")
@click.option("--pipeline", metavar="NAME", default="", help="Only runs of this pipeline.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="The newest so many.")
@as_json
@with_debug
def history(what: str, pipeline: str, limit: int, *, json_wanted: bool) -> int:
    """Show past runs, newest first: of a CONFIG's pipeline, or one RUN in full.

    They are read from the receipts in .restmill/receipts, below the folder that the runs were started in. A
    RUN is named by its id, or by the digits at its end.
    """
    from restmill.run.receipt import archive  # noqa: PLC0415  # `--help` is quick

    one = False
    if not what:
        shelf = archive.stored(pipeline, most=limit)
    elif _is_config(what):
        shelf = archive.stored(pipeline or _pipeline_of(what), most=limit)
    else:
        shelf = _named(what)
        one = len(shelf.receipts) == 1
    if json_wanted:
        documents = [archive.as_json(receipt) for receipt in shelf.receipts]
        print_json(documents[0] if one else {"runs": documents})
        return 0
    from restmill.cli.views.history import show_history, show_run  # noqa: PLC0415
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # JSON needs no rich

    if one:
        show_run(Sheet(), shelf.receipts[0])
    else:
        show_history(Sheet(), shelf)
    return 0


def _is_config(what: str) -> bool:
    from restmill import connectors  # noqa: PLC0415  # as above

    return Path(what).is_file() or what in connectors.names()


def _pipeline_of(config: str) -> str:
    """The name of the pipeline that this config runs.

    Raises:
        ConfigError: the config is wrong, or its pipeline's name is known only when it runs.
    """
    from restmill.cli.inputs import ConfigFile  # noqa: PLC0415  # as above
    from restmill.cli.offline_plan import checked  # noqa: PLC0415
    from restmill.config.references import waits  # noqa: PLC0415

    found = checked(ConfigFile().convert(config, None, None))
    if found.plan is None or waits(found.config.pipeline.name):
        place = Place("pipeline.name", config)
        raise ConfigError(
            Problem(place, "is known only when the config runs", hint="Name it with `--pipeline`.")
        )
    return found.plan.pipeline.name


def _named(run: str) -> Shelf:
    """The runs of this name, or of a pipeline of this name.

    Raises:
        ConfigError: there are none.
    """
    from restmill.run.receipt import archive  # noqa: PLC0415  # as above

    shelf = archive.named(run)
    if not shelf.receipts:
        shelf = archive.stored(run)
    if not shelf.receipts:
        what = "there is no config, no run and no pipeline of this name"
        raise ConfigError(Problem(Place(run), what, hint="`restmill history` lists the runs."))
    return shelf
