"""What went wrong inside dlt, in our words: its wrappers are taken off until the cause is in sight."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from dlt import destinations
from dlt.common.configuration.container import Container
from dlt.common.configuration.exceptions import ConfigFieldMissingException, LookupTrace, LookupTraces
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.destination.exceptions import DestinationException, UnknownDestinationModule
from dlt.common.exceptions import MissingDependencyException
from dlt.common.pipeline import PipelineContext, get_dlt_pipelines_dir
from dlt.common.schema.exceptions import UnboundColumnException
from dlt.extract.exceptions import ResourceExtractionError
from dlt.extract.incremental.exceptions import IncrementalPrimaryKeyMissing
from dlt.load.exceptions import LoadClientJobException
from dlt.pipeline.exceptions import InvalidPipelineName, PipelineStepFailed

from restmill.config.telling import without_literals
from restmill.errors import (
    CodeError,
    ConfigError,
    DestinationError,
    Place,
    Problem,
    Refused,
    RestmillError,
    did_you_mean,
    is_interruption,
)
from restmill.load.failures.refusal_reasons import reason_of
from restmill.load.failures.settings import mistake_in
from restmill.load.failures.unusable import of_dlt
from restmill.run.user_code import own_code
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dlt.common.configuration.exceptions import FieldLookupTraces

_LONGEST = 300


def raise_explained(error: Exception) -> NoReturn:
    """Raise what `explained` makes of `error`, or `error` itself as it was."""
    reason = explained(error)
    if reason is error:
        raise error
    raise reason from error


@contextmanager
def explaining() -> Iterator[None]:
    """Let whatever the block raises be raised as `explained` makes it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # raised again, in our words
        raise_explained(error)


def explained(error: BaseException) -> BaseException:
    """A `RestmillError` for whatever the user can put right; else `error`: restmill's own mistake, or Ctrl-C.

    In this order: an error of ours inside dlt's wrappers, the configuration, the user's own code, the
    destination or the disk, anything else that dlt refuses (a schema contract, a missing key column).
    """
    causes = list(causes_of(error))
    for cause in causes:
        if isinstance(cause, RestmillError):
            return cause
    if is_interruption(error):
        return error
    mistake = next(filter(None, map(_mistake, causes)), None)
    if mistake is not None:
        return mistake
    return _of_code(causes) or _of_destination(causes) or of_dlt(causes, _KEPT) or error


def _of_code(causes: Sequence[BaseException]) -> CodeError | None:
    """What the user's own code raised, for whatever reason; the innermost of it."""
    for raised in reversed(causes):
        own = own_code(raised)
        if own is not None:
            pipe = next((one.pipe_name for one in causes if isinstance(one, ResourceExtractionError)), "")
            name = f"{type(raised).__name__} while `{pipe}` was read" if pipe else type(raised).__name__
            return CodeError(Problem(own, f"this code raised {name}: {_first_line(raised)}"))
    return None


_AMBIGUOUS = "Ambiguous reference to catalog or schema"
_ONE_NAME = "DuckDB tells a dataset from a database file by name: give `dataset_name` a name of its own."


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG})
"""Errors of a disk that may come without the name of a file."""


_ROOM = "Make room there, or set DLT_DATA_DIR to a folder on another disk, and run again."


def _working_folder() -> str:
    """Where dlt writes: the folder of the pipeline that is at work, or that of all."""
    context = Container()[PipelineContext]
    return context.pipeline().working_dir if context.is_active() else get_dlt_pipelines_dir()


def is_disk(cause: BaseException) -> bool:
    """Whether a file is in question; Python uses the same class for a date that no clock can hold."""
    if isinstance(cause, OSError) and cause.errno == errno.ENAMETOOLONG:
        return False  # a table's name, which records have made
    return isinstance(cause, OSError) and (cause.filename is not None or cause.errno in _FULL)


def _of_destination(causes: Sequence[BaseException]) -> DestinationError | None:
    steps = [cause.step for cause in causes if isinstance(cause, PipelineStepFailed)]
    writing = any(isinstance(cause, DestinationException | LoadClientJobException) for cause in causes)
    disk = next((one for one in causes if isinstance(one, OSError) and is_disk(one)), None)
    full = None if writing or disk else next(filter(_says_full, causes), None)
    if full is not None:
        return _full(full, steps)
    if not (writing or disk or {"load", "sync"} & set(steps)):
        return None
    got = reason_of(causes) if disk is None else _first_line(disk)
    kept = _KEPT if "load" in steps else ""
    if disk is not None and disk.errno in _FULL and not disk.filename:
        return _full(disk, steps)
    return DestinationError(
        Problem(
            Place(steps[0] if steps else "destination"),
            f"{_refused(causes)} could not be written" if disk is None else "a file could not be written",
            got=got,
            hint=_ONE_NAME if _AMBIGUOUS in got else kept,
        )
    )


def _full(cause: BaseException, steps: Sequence[str]) -> DestinationError:
    """A disk that takes no more; where the library names no file, it is dlt's folder."""
    got, hint = _first_line(cause), f"{_ROOM} {_KEPT if 'load' in steps else ''}".strip()
    if "/" in got:
        return DestinationError(Problem(Place("disk"), "a file could not be written", got=got, hint=hint))
    place = Place(file=_working_folder())
    return DestinationError(Problem(place, "dlt's working folder cannot be written", got=got, hint=hint))


_SAYING_FULL = ("no space left", "disk is full", "disk full", "disk quota exceeded", "not enough space")


def _says_full(cause: BaseException) -> bool:
    """Whether a library has met a full disk, and has an exception of its own for that."""
    text = str(cause).lower()
    wraps = isinstance(cause, PipelineStepFailed)
    return not wraps and any(word in text for word in _SAYING_FULL)


_KEPT = "What was read is kept; the next run loads it first. `restmill discard CONFIG` lets go of it."


def _refused(causes: Sequence[BaseException]) -> str:
    """What could not be written: the table whose file the destination refused, where one is known."""
    jobs = [one.job_id for one in causes if isinstance(one, LoadClientJobException) and one.job_id]
    return f"the table `{jobs[0].split('.')[0]}`" if jobs else "the destination"


def causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything behind it, outermost first; one that was raised again may be behind itself."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = error.exception if isinstance(error, PipelineStepFailed) else None
        error = inner or error.__cause__ or error.__context__


def _mistake(error: BaseException) -> ConfigError | Refused | None:
    """What the user can put right, when the error is about that."""
    if isinstance(error, TomlProviderReadException):
        return mistake_in(error)
    if isinstance(error, ValueError) and str(error).startswith("Unknown level"):
        place = Place("runtime.log_level", ".dlt/config.toml")
        return ConfigError(Problem(place, "there is no such log level", hint="Such as `WARNING`."))
    return _gap(error)


def _gap(error: BaseException) -> ConfigError | Refused | None:
    """What is missing, or has a name that nobody knows."""
    match error:
        case ConfigFieldMissingException():
            return _missing(error)
        case UnboundColumnException() | IncrementalPrimaryKeyMissing():
            return _absent(error)
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


def _absent(error: UnboundColumnException | IncrementalPrimaryKeyMissing) -> ConfigError | Refused:
    """Columns that must have a value, by a key or a hint, and that no record has.

    Where records had the field, it is their values that are none, and the config has named it rightly.
    """
    from restmill.load.schema.absent_columns import met  # noqa: PLC0415  # only a failure needs it

    if isinstance(error, IncrementalPrimaryKeyMissing):
        where, named = error.pipe_name, [(error.primary_key_column, "primary_key")]
    else:
        where, named = error.table_name, [(str(one["name"]), _named_by(one)) for one in error.columns]
        valueless = [(column, key) for column, key in named if column in met(_resource_of(where))]
        if valueless:
            what = "`{}` is no plain value in any record, and `{}` needs one"
            place = Place(f"{_resource_of(where)}  normalize")
            return Refused(*(Problem(place, what.format(*one)) for one in valueless))
    return ConfigError(
        *(
            Problem(
                Place(f"{where}.{key}"),
                f"no record has `{column}`, which `{key}` names",
                hint="`restmill preview` shows what records have.",
            )
            for column, key in named
        )
    )


def _resource_of(table: str) -> str:
    """The resource that a table of the pipeline at work is of."""
    context = Container()[PipelineContext]
    schemas = context.pipeline().schemas.values() if context.is_active() else ()
    known = (schema.tables[table].get("resource") for schema in schemas if table in schema.tables)
    return str(next(filter(None, known), table))


def _named_by(column: Mapping[str, Any]) -> str:
    return next((key for key in ("primary_key", "merge_key") if column.get(key)), "columns")


def _unknown(name: str) -> ConfigError:
    name = name.partition(":")[0] if ":" in name else without_literals(name)  # a connection string
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
    text = KEYRING.redact(str(error)).strip().splitlines()
    line = text[0] if text else type(error).__name__
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "..."
