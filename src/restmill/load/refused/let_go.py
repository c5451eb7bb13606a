"""Letting go: what dlt or the destination refuses for good is not kept, and the run leaves nothing behind.

A package that is kept is loaded by the next run before anything else, and would be refused again, whatever
was put right meanwhile. So it goes, together with the cursors and the schema it brought (dlt keeps a copy of
both for each package), and the next run reads the same again. It stays where it may pass the next time (a
disk that is full, a database that is away) and where a part of it has been appended already: to read that
again would double it.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dlt.common.schema.utils import get_inherited_table_hint, get_root_table
from dlt.load.exceptions import LoadClientJobException, LoadClientJobFailed, LoadClientJobTerminalRetry
from dlt.normalize.exceptions import NormalizeJobFailed
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.errors import DestinationError, Place, Refused, is_interruption
from restmill.load.failures.dlt_errors import causes_of, explained, is_disk
from restmill.load.failures.refusal_reasons import where_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt import Pipeline


_AGAIN = "Nothing is left of this run: no cursor has moved, and the next run reads the same again."
_TERMINAL = (LoadClientJobTerminalRetry, LoadClientJobFailed)
_LATE = ("Failed to commit: ", "constraint violation")
_STATES = frozenset({"22", "23", "42", "44", "P0"})
"""Classes of PostgreSQL's SQLSTATE: data, integrity, what the statement means, checks of views, PL/pgSQL."""
_OWN = ("_dlt_", "_restmill_")


@contextmanager
def nothing_left(pipeline: Pipeline) -> Iterator[None]:
    """When the block raises what would be raised again, let go of all that is pending.

    Raises:
        RestmillError: what the block raised, in our words; see `failures.explained`.
    """
    try:
        yield
    except Exception as error:
        reason = explained(error)
        if isinstance(reason, DestinationError):
            place = _with_resource(pipeline, error, reason)  # of schemas that may go now
            got = _with_column(pipeline, error, reason.problem.got)  # same
            reason = type(reason)(replace(reason.problem, place=place, got=got, hint=_AGAIN))
        if not let_go(pipeline, error):
            raise
        raise reason from error


def _with_column(pipeline: Pipeline, error: Exception, got: str) -> str:
    """What was said, and the column that is meant where a database names its type only."""
    for job in causes_of(error):
        if isinstance(job, LoadClientJobException) and job.job_id:
            table = job.job_id.split(".", maxsplit=1)[0]
            known = (schema for schema in pipeline.schemas.values() if table in schema.tables)
            return next((where_of(schema, table, got) for schema in known), got)
    return got


def _with_resource(pipeline: Pipeline, error: Exception, reason: DestinationError) -> Place:
    """The place with the resource whose rows a contract or dlt has refused, where its table is known."""
    place = reason.problem.place
    jobs = [one for one in causes_of(error) if isinstance(one, NormalizeJobFailed)]
    if not jobs or not isinstance(reason, Refused):
        return place
    table = str(jobs[0].job_id).split(".", maxsplit=1)[0]
    tables = [schema.tables for schema in pipeline.schemas.values() if table in schema.tables]
    name = str(get_root_table(tables[0], table).get("resource", "")) if tables else table
    return Place("  ".join(filter(None, (name, str(place)))))


def let_go(pipeline: Pipeline, error: Exception) -> bool:
    """Delete what is pending and restore state and schemas, if `error` would come again; says if it did."""
    if not pipeline.has_pending_data or not for_good(error) or _has_appended(pipeline):
        return False
    pipeline.abort_packages()
    return True


def for_good(error: Exception) -> bool:
    """Whether another try would end in the same way."""
    causes = list(causes_of(error))
    if is_interruption(error) or any(is_disk(one) or isinstance(one, MemoryError) for one in causes):
        return False
    steps = {one.step for one in causes if isinstance(one, PipelineStepFailed)}
    refused = any(isinstance(one, _TERMINAL) or is_late_refusal(one) for one in causes)
    return "normalize" in steps or refused


def is_late_refusal(error: BaseException) -> bool:
    """Whether a database has refused rows in a way that dlt takes for a trouble that passes.

    That is DuckDB when it finds at the commit that a constraint is broken, and PostgreSQL where it is given
    Parquet files: their driver's errors dlt does not know.
    """
    if type(error).__module__.startswith("adbc_driver_manager"):
        return str(getattr(error, "sqlstate", None) or "")[:2] in _STATES
    return all(part in str(error) for part in _LATE) and not isinstance(error, PipelineStepFailed)


def _has_appended(pipeline: Pipeline) -> bool:
    """Whether a pending package has put rows where a second time would double them."""
    packages = pipeline._get_load_storage().normalized_packages  # noqa: SLF001  # dlt shows packages, not their jobs' tables
    for load_id in packages.list_packages():
        schema = packages.load_schema(load_id)
        for job in packages.get_load_package_jobs(load_id)["completed_jobs"]:
            table = job.table_name
            if table.startswith(_OWN) or table not in schema.tables:
                continue
            if get_inherited_table_hint(schema.tables, table, "write_disposition") == "append":
                return True
    return False
