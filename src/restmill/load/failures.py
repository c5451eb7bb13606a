"""What went wrong inside dlt, in our words: its wrappers are taken off until the cause is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.common.destination.exceptions import DestinationException
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.errors import ConfigError, DestinationError, Place, Problem, RestmillError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 300


def explained(error: BaseException) -> BaseException:
    """A `RestmillError` when the cause is one, or is the destination's or the configuration's; else `error`.

    What remains is a mistake in somebody's code (a processing step, restmill itself) and keeps its traceback.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, RestmillError):
            return cause
    for cause in causes:
        if isinstance(cause, ConfigFieldMissingException):
            return _missing(cause)
    steps = [cause.step for cause in causes if isinstance(cause, PipelineStepFailed)]
    of_destination = any(isinstance(cause, DestinationException | LoadClientJobException) for cause in causes)
    if of_destination or {"load", "sync"} & set(steps):
        return DestinationError(
            Problem(
                Place(steps[0] if steps else "destination"),
                "the destination could not be written",
                got=_first_line(causes[-1]),
                hint="What was read is kept; the next run loads it first.",
            )
        )
    return error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything behind it, outermost first."""
    while error is not None:
        yield error
        inner = error.exception if isinstance(error, PipelineStepFailed) else None
        error = inner or error.__cause__ or error.__context__


def _missing(error: ConfigFieldMissingException) -> ConfigError:
    fields = ", ".join(f"`{field}`" for field in error.fields)
    return ConfigError(
        Problem(
            Place(".dlt"),
            f"dlt's configuration has no {fields}",
            hint="Put it into .dlt/secrets.toml or .dlt/config.toml, or into an environment variable.",
        )
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    line = text[0] if text else type(error).__name__
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
