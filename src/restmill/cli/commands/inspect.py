"""The commands that load nothing: check, plan, preview."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # click reads annotations at run time
from typing import TYPE_CHECKING

import click

from restmill.cli.inputs import ConfigFile, as_json, placed, unknown_resources, with_debug
from restmill.cli.output import print_json
from restmill.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.cli.offline_plan import Checked
    from restmill.plan.spec import Plan
    from restmill.run.preview import Glimpse

_CHECK = """\b
Examples:
  restmill check features.yaml
  restmill check features.yaml --json
"""


@click.command(short_help="Find every mistake in a config; sends nothing.", epilog=_CHECK)
@click.argument("config", type=ConfigFile())
@as_json
@with_debug
def check(config: Path, *, json_wanted: bool) -> int:
    """Find every mistake in CONFIG; sends nothing.

    CONFIG is a YAML, TOML, JSON or Python file, or the name of a shipped connector. Secrets are not looked
    up.
    """
    from restmill.cli.inputs import located  # noqa: PLC0415  # `--help` is quick
    from restmill.cli.offline_plan import checked  # noqa: PLC0415
    from restmill.cli.problems import problem_fields, show_problems  # noqa: PLC0415

    try:
        found = checked(config)
    except ConfigError as error:
        if not json_wanted:
            raise
        print_json({"ok": False, "problems": [problem_fields(one) for one in error.problems]})
        return error.exit_code
    warnings = located(found.warnings, config)
    if json_wanted:
        names = [one.name for one in found.config.resources]
        told = [problem_fields(one) for one in warnings]
        print_json({"ok": True, "resources": names, "problems": [], "warnings": told})
        return 0
    show_problems(warnings, style="yellow", word="warning")
    click.echo(_ok(found))
    return 0


def _ok(found: Checked) -> str:
    from restmill.cli.problems import painted  # noqa: PLC0415  # `--help` is quick
    from restmill.cli.text import counted  # noqa: PLC0415

    told = [counted(len(found.config.resources), "resource")]
    if found.config.unresolved:
        told.append(f"{counted(len(set(found.config.unresolved)), 'reference')} to look up when it runs")
    if found.warnings:
        told.append(counted(len(found.warnings), "warning"))
    return f"{painted('ok', 'green', bold=True)}: {', '.join(told)}. Nothing was sent."


_PLAN = """\b
Examples:
  restmill plan features.yaml
  restmill plan features.yaml --json
"""


@click.command(short_help="Show what will be requested, and what was guessed.", epilog=_PLAN)
@click.argument("config", type=ConfigFile())
@as_json
@with_debug
def plan(config: Path, *, json_wanted: bool) -> int:
    """Show what CONFIG will request, in which order, and what was guessed; sends nothing.

    References such as ${secrets.api_key} are shown as written and not looked up.
    """
    from restmill.cli.offline_plan import checked  # noqa: PLC0415  # `--help` is quick

    told = checked(config).described()
    if json_wanted:
        print_json(told)
        return 0
    from restmill.cli.views.plan import show_plan  # noqa: PLC0415
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # JSON needs no rich

    show_plan(Sheet(), told)
    return 0


_PREVIEW = """\b
Examples:
  restmill preview features.yaml
  restmill preview features.yaml --resource users --rows 3
"""


@click.command(short_help="Show the first page of each resource; loads nothing.", epilog=_PREVIEW)
@click.argument("config", type=ConfigFile())
@click.option(
    "-r", "--resource", "names", multiple=True, metavar="NAME", help="Only this resource; repeatable."
)
@click.option("--rows", default=5, show_default=True, type=click.IntRange(0), help="Rows to show of each.")
@as_json
@with_debug
def preview(config: Path, names: tuple[str, ...], rows: int, *, json_wanted: bool) -> int:
    """Show the first page of each resource; sends one request each, loads nothing.

    A child resource is asked for with its parent's first record.
    """
    from restmill.load.prepare.plans import plan_of_file  # noqa: PLC0415  # dlt looks the references up
    from restmill.run.preview import preview as look  # noqa: PLC0415
    from restmill.run.transport.choose import transport_for  # noqa: PLC0415

    with placed(config):
        planned = plan_of_file(config)
    wanted = wanted_of(planned, names, config)
    seen: list[Glimpse] = []
    show = seen.append if json_wanted else _drawing(seen, rows)
    look(planned, wanted, show, transport_for(planned))
    if json_wanted:
        from restmill.cli.views.preview import glimpse_fields  # noqa: PLC0415

        print_json({"resources": [glimpse_fields(one, rows) for one in seen]})
    return 4 if any(one.problem for one in seen) else 0


def wanted_of(planned: Plan, names: tuple[str, ...], config: Path) -> tuple[str, ...]:
    """The resources asked for by `--resource`, or all of them.

    Raises:
        ConfigError: a name is not in the plan.
    """
    known = tuple(one.name for one in planned.resources)
    if set(names) - set(known):
        raise unknown_resources(names, known, str(config))
    return names or known


def _drawing(seen: list[Glimpse], rows: int) -> Callable[[Glimpse], None]:
    from restmill.cli.views.preview import show_glimpse  # noqa: PLC0415
    from restmill.cli.views.sheet import Sheet  # noqa: PLC0415  # `--json` draws nothing

    sheet = Sheet()

    def show(glimpse: Glimpse) -> None:
        seen.append(glimpse)
        show_glimpse(sheet, glimpse, rows)

    return show
