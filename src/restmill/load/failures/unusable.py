"""Unusable records: what dlt says of one that it cannot take in while it extracts, in our words.

A record without a cursor value, one whose value cannot be compared, or a contract that refuses its table. The
value itself is never told.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, cast

from dlt.common.exceptions import DltException
from dlt.common.schema.exceptions import DataValidationError
from dlt.extract.exceptions import PipeException, ResourceExtractionError
from dlt.extract.incremental.exceptions import (
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathHasValueNone,
    IncrementalCursorPathMissing,
)
from dlt.pipeline.exceptions import PipelineStepFailed

from restmill.errors import DestinationError, Place, Problem, Refused, RestmillError, Unusable
from restmill.load.failures.refusal_reasons import reason_of
from restmill.shape.depth import UNNAMED

if TYPE_CHECKING:
    from collections.abc import Sequence

_LEAVE_OUT = "`on_error: isolate` leaves such records out and counts them."
_INCLUDE = f"{_LEAVE_OUT} `on_cursor_value_missing: include` keeps them."


def contract_problem(error: DataValidationError, resource: str, stage: str) -> Problem:
    """A contract that refuses a table, a column or a type."""
    where = ".".join(filter(None, (error.table_name, error.column_name)))
    what = f"the schema contract on `{error.schema_entity}` is `{error.contract_mode}` and refuses `{where}`"
    return Problem(Place(f"{resource}  {stage}" if resource else stage), what, got=reason_of([error]))


def name_resource(error: DataValidationError, resource: str) -> None:
    """Let what dlt says of a table know the resource, too, for `of_dlt`."""
    cast("Any", error).resource_name = resource


def _named(error: BaseException) -> str:
    return str(getattr(error, "resource_name", ""))


def of_dlt(causes: Sequence[BaseException], kept: str) -> RestmillError | None:
    """What dlt itself refuses while it extracts, normalizes or loads.

    `kept` is said where that stays pending.
    """
    steps = [cause.step for cause in causes if isinstance(cause, PipelineStepFailed)]
    stage = steps[0] if steps else "dlt"
    refused = [one for one in causes if _is_dlts(one)]
    if not refused and "normalize" in steps:
        refused = [causes[-1]]  # a value that Python itself refuses to convert
    if not refused:
        return None
    last, hint = refused[-1], kept if "normalize" in steps else ""
    resource = next((one.pipe_name for one in causes if isinstance(one, PipeException)), "") or _named(last)
    if isinstance(last, DataValidationError):
        problem = contract_problem(last, resource, stage)
        return Refused(Problem(problem.place, problem.what, problem.got, hint))
    place = Place(f"{resource}  {stage}" if resource else stage)
    if stage == "extract":
        return Unusable(_of_cursor(last, place) or Problem(place, _refused(last), got=reason_of([last])))
    kind = Refused if "normalize" in steps else DestinationError
    return kind(Problem(place, _refused(last, causes), got=reason_of(causes), hint=hint))


def _refused(error: BaseException, causes: Sequence[BaseException] = ()) -> str:
    if any(isinstance(one, OSError) and one.errno == errno.ENAMETOOLONG for one in causes):
        return UNNAMED
    return f"dlt refused it ({type(error).__name__})"


def _is_dlts(error: BaseException) -> bool:
    wrapping = isinstance(error, PipelineStepFailed | ResourceExtractionError)
    return isinstance(error, DltException) and not wrapping


def _of_cursor(error: BaseException, place: Place) -> Problem | None:
    match error:
        case IncrementalCursorPathMissing(json_path=path):
            return Problem(place, f"a record has no `{path}`, which the cursor needs", hint=_INCLUDE)
        case IncrementalCursorPathHasValueNone(json_path=path):
            return Problem(place, f"a record has null as `{path}`, which the cursor needs", hint=_INCLUDE)
        case IncrementalCursorInvalidCoercion(cursor_path=path):
            what = f"a record's `{path}` cannot be compared with the cursor's values before it"
            return Problem(place, what, hint=_LEAVE_OUT)
        case _:
            return None
