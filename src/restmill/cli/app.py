"""The commands, gathered, and what `restmill --help` says.

Command modules are small: each imports what it runs inside its function, so that help and completion stay
quick.
"""

from __future__ import annotations

import click

from restmill.cli.commands.discard import discard
from restmill.cli.commands.history import history
from restmill.cli.commands.inspect import check, plan, preview
from restmill.cli.commands.run import demo, execute, run
from restmill.cli.commands.tools import completion, connectors, sandbox, schema
from restmill.cli.commands.verify import verify
from restmill.cli.inputs import Switches, with_debug
from restmill.version import __version__

__all__ = ["Switches", "app"]

_EPILOG = """\b
Exit codes: 0 all complete; 2 wrong config; 3 loaded, but a resource is
partial or suspect; 4 the API failed, or gave less than --require; 5 the
destination failed, or another run is under way; 130 interrupted; 143 ended
by SIGTERM.
"""


class InOrder(click.Group):
    """A group that lists its commands in the order they were added: the ones needed first come first."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The names, in order."""
        return list(self.commands)


@click.group(
    cls=InOrder,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, "-V", "--version", message="restmill %(version)s")
@with_debug
@click.pass_context
def app(context: click.Context) -> None:
    """Sync REST APIs into databases: every page, in parallel, provably complete.

    \b
    Start here:
      restmill demo                 see it work, all on this machine
      restmill check features.yaml  find every mistake in a config; sends nothing
      restmill run features.yaml    read the API and load the tables
    """  # noqa: D301  # click's mark for a block that is not wrapped is a backspace
    context.ensure_object(Switches).command = context.invoked_subcommand or ""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for command in (
    run,
    check,
    plan,
    preview,
    verify,
    history,
    discard,
    execute,
    demo,
    sandbox,
    connectors,
    schema,
    completion,
):
    app.add_command(command)
