"""Discard: what an earlier run has read and not loaded is let go, at the user's word.

What it has appended already goes out again where the destination speaks SQL, and cursors and columns go back
to where they were before it, so the next run reads the same again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Unpack

from restmill.errors import DestinationError, Place, Problem
from restmill.load.exclusive import alone
from restmill.load.failures.dlt_errors import explaining
from restmill.load.recovery.pending_packages import waiting
from restmill.load.recovery.rollback import undo
from restmill.load.sync.run import Where, pipeline_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dlt import Pipeline
    from dlt.common.storages.load_package import PackageStorage, ParsedLoadJobFileName

    from restmill.plan.spec import Plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """A package that was read and not loaded."""

    load_id: str
    begun: str
    """ISO 8601, UTC."""
    tables: Mapping[str, int]
    """Files by table."""
    loaded: tuple[str, ...]
    """Tables that have some of it already."""


def discard(
    plan: Plan, agreed: Callable[[Sequence[Waiting]], bool], **where: Unpack[Where]
) -> tuple[Waiting, ...]:
    """Let go of all that waits in the plan's pipeline, if `agreed` says so; returns what was let go.

    Raises:
        Busy: a run of the pipeline is under way.
        DestinationError: rows were appended already, and cannot be taken out again.
    """
    with alone(where.get("pipeline_name") or plan.pipeline.name), explaining():
        pipeline = pipeline_of(plan, **where)
        found = tuple(_described(packages, load_id) for packages, load_id in waiting(pipeline))
        if not found or not agreed(found):
            return ()
        for packages, load_id in waiting(pipeline):
            _take_back(pipeline, packages, load_id)
        pipeline.abort_packages()
        return found


def _take_back(pipeline: Pipeline, packages: PackageStorage, load_id: str) -> None:
    schema = packages.load_schema(load_id)
    if not undo(pipeline, packages, load_id, schema, list(schema.tables)):
        raise DestinationError(
            Problem(
                Place(f"pipeline {pipeline.pipeline_name}"),
                "some files were appended already, and this destination cannot take them out again",
                hint="Run the config again: that loads the rest.",
            )
        )


def _described(packages: PackageStorage, load_id: str) -> Waiting:
    jobs = packages.list_all_jobs_with_states(load_id)
    begun = datetime.fromtimestamp(float(load_id), UTC).isoformat(timespec="seconds")
    return Waiting(load_id, begun, _tables(job for _, job in jobs), _loaded(jobs))


def _tables(jobs: Iterable[ParsedLoadJobFileName]) -> dict[str, int]:
    names = (job.table_name for job in jobs)
    return dict(sorted(Counter(name for name in names if not name.startswith("_")).items()))


def _loaded(jobs: Iterable[tuple[str, ParsedLoadJobFileName]]) -> tuple[str, ...]:
    return tuple(sorted({job.table_name for state, job in jobs if state == "completed_jobs"}))
