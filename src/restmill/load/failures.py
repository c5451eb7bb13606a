"""What went wrong inside dlt, in our words: its wrappers are taken off until the cause is in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dlt import destinations
from dlt.common.configuration.exceptions import ConfigFieldMissingException, LookupTrace, LookupTraces
from dlt.common.destination.exceptions import DestinationException, UnknownDestinationModule
from dlt.common.exceptions import MissingDependencyException
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import InvalidPipelineName, PipelineStepFailed

from restmill.errors import ConfigError, DestinationError, Place, Problem, RestmillError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.common.configuration.exceptions import FieldLookupTraces

_LONGEST = 300


def raise_explained(error: Exception) -> NoReturn:
    """Raise what `explained` makes of `error`, or `error` itself as it was."""
    reason = explained(error)
    if reason is error:
        raise error
    raise reason from error


def explained(error: BaseException) -> BaseException:
    """A `RestmillError` when the cause is one, or is the destination's or the configuration's; else `error`.

    What remains is a mistake in somebody's code (a processing step, restmill itself) and keeps its traceback.
    """
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, RestmillError):
            return cause
    mistake = next(filter(None, map(_mistake, causes)), None)
    if mistake is not None:
        return mistake
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


def _mistake(error: BaseException) -> ConfigError | None:
    """What the user can put right, when the error is about that."""
    match error:
        case ConfigFieldMissingException():
            return _missing(error)
        case UnknownDestinationModule(ref=name):
            return _unknown(name)
        case InvalidPipelineName(pipeline_name=name):
            return _illegal(name)
        case MissingDependencyException() | ModuleNotFoundError():
            return _uninstalled(error)
        case _:
            return None


def missing_credentials(error: ConfigFieldMissingException, path: str) -> ConfigError:
    """A credential that neither the config at `path` nor dlt's providers have."""
    missing = ", ".join(f"`{field}`" for field in error.fields)
    return ConfigError(
        Problem(
            Place(path),
            f"has no {missing}, and dlt's secrets have none for it either",
            hint="Give it here as `${secrets...}` or `dlt.secrets[...]`, "
            f"or in .dlt/secrets.toml as {_looked_for(error)}.",
        )
    )


def _missing(error: ConfigFieldMissingException) -> ConfigError:
    return ConfigError(
        Problem(
            Place(".dlt"),
            f"dlt's configuration has no {_looked_for(error)}",
            hint="Put it into .dlt/secrets.toml or .dlt/config.toml, or into an environment variable.",
        )
    )


def _looked_for(error: ConfigFieldMissingException) -> str:
    return ", ".join(f"`{name}`" for name in _names(error.traces))


def _names(traces: FieldLookupTraces) -> Iterator[str]:
    """For each missing value one name that dlt looked for, with the section of its source or destination."""
    for field, tries in traces.items():
        inner = [one for one in tries if isinstance(one, LookupTraces)]
        if inner:
            yield from _names(inner[0].traces)
            continue
        keys = [one.key for one in tries if isinstance(one, LookupTrace)]
        names = [key.lower().replace("__", ".") for key in keys]  # the environment's way of writing them
        in_section = [name for name in names if name.startswith(("sources.", "destination."))]
        yield next(iter(in_section or names), field)


def _unknown(name: str) -> ConfigError:
    known = sorted(one.lower() for one in destinations.__all__ if one != "destination")
    hint = did_you_mean(name, known) or f"dlt knows {', '.join(known)}."
    return ConfigError(Problem(Place("pipeline.destination"), f"there is no destination `{name}`", hint=hint))


def _illegal(name: str | None) -> ConfigError:
    return ConfigError(
        Problem(
            Place("pipeline.name"),
            "dlt makes a folder of this name and does not accept it",
            got=f"`{name}`",
            hint="Use letters, digits, `-` and `_`.",
        )
    )


def _uninstalled(error: MissingDependencyException | ModuleNotFoundError) -> ConfigError:
    return ConfigError(
        Problem(
            Place("pipeline.destination"),
            "a package that the run needs is not installed",
            got=_first_line(error),
            hint='Destinations come as extras: `pip install "dlt[postgres]"`, and so on.',
        )
    )


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    line = text[0] if text else type(error).__name__
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
