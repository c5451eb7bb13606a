"""The command that compares: verify."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path  # noqa: TC003  # click reads annotations at run time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from restmill.cli.commands.inspect import wanted_of
from restmill.cli.inputs import ConfigFile, as_json, placed, with_debug
from restmill.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.events import Observer
    from restmill.load.verify.full import Comparison
    from restmill.plan.spec import Plan

F = TypeVar("F", bound="Callable[..., object]")

_VERIFY = """\b
Examples:
  restmill verify features.yaml
  restmill verify features.yaml --counts
  restmill verify features.yaml --sample 5 --ignore updated_at
"""


_HOW = (
    click.option("--counts", is_flag=True, help="Only totals: one request for each resource."),
    click.option(
        "--sample", "pages", type=click.IntRange(1), metavar="N", help="Only N pages of each list, at random."
    ),
    click.option(
        "--ignore", "ignored", multiple=True, metavar="COLUMN", help="A column that may differ; repeatable."
    ),
)
_WHERE = (
    click.option("--destination", "-d", metavar="NAME", help="dlt's destination; the config's, or duckdb."),
    click.option("--dataset", "dataset_name", metavar="NAME", help="Schema or dataset of the tables."),
    click.option("--pipeline", "pipeline_name", metavar="NAME", help="dlt's pipeline name."),
)


@dataclass(frozen=True, slots=True)
class How:
    """What is compared: totals, pages of a sample, or everything but some columns."""

    counts: bool
    pages: int | None
    ignored: tuple[str, ...]


def _with(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator, in their order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command(short_help="Compare the tables with the API; writes nothing.", epilog=_VERIFY)
@click.argument("config", type=ConfigFile())
@click.option(
    "--resource", "-r", "names", multiple=True, metavar="NAME", help="Only this resource; repeatable."
)
@_with(*_HOW, *_WHERE)
@as_json
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something differs.")
@with_debug
def verify(config: Path, names: tuple[str, ...], *, json_wanted: bool, quiet: bool, **options: Any) -> int:
    """Read the API of CONFIG again and compare it with the tables.

    Missing rows are in the API and not in the table, extra rows the other way round, changed rows hold
    something else. Neither the destination nor any cursor is touched.
    """
    from restmill.cli.progress.watch import watched  # noqa: PLC0415  # `--help` is quick
    from restmill.load.prepare.plans import plan_of_file  # noqa: PLC0415

    how = How(*(options.pop(name) for name in ("counts", "pages", "ignored")))
    if how.counts and (how.pages or how.ignored):
        raise click.UsageError("--counts looks at no row, so it goes with neither --sample nor --ignore")
    with placed(config):
        plan = plan_of_file(config)
    wanted = wanted_of(plan, names, config)
    with watched(f"restmill verify {config}", wanted, quiet=quiet or json_wanted or how.counts) as observer:
        found = _found(plan, wanted, how, options, observer)
    if json_wanted:
        print_json({**asdict(found), "equal": found.exit_code == 0, "exit_code": found.exit_code})
    elif not quiet or found.exit_code:
        from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # JSON needs no rich
        from restmill.cli.views.verify import show_comparison  # noqa: PLC0415

        show_comparison(Sheet(), found)
    return found.exit_code


def _found(
    plan: Plan, names: tuple[str, ...], how: How, target: Mapping[str, Any], observer: Observer
) -> Comparison:
    from restmill.load.verify import counts as counting  # noqa: PLC0415  # `--help` is quick
    from restmill.load.verify import full as verifying  # noqa: PLC0415

    where = verifying.Target(**target)
    if how.counts:
        return counting.count(plan, where, names)
    return verifying.verify(plan, where, names, ignored=how.ignored, pages=how.pages or 0, observer=observer)
