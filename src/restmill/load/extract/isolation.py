"""Isolation: what cannot be used costs its own resource and no other, where `on_error` is `isolate`.

Between the API and dlt's files a record meets the user's steps, a schema contract and a writer of JSON, and
each may refuse it. A refused record is left out, counted, and makes its resource partial; its cursor stays,
so what is put right is read again. A contract that refuses a table costs the resource all of its records.

dlt runs generators and writes what they give in one thread, so what is known of the resources of an extract
step is kept there.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dlt.common.configuration.container import Container
from dlt.common.exceptions import ResourceNameNotAvailable
from dlt.common.schema.exceptions import DataValidationError
from dlt.common.storages.load_package import LoadPackageStateInjectableContext
from dlt.extract.state import get_current_pipe

from restmill.errors import Place, Problem, Unusable
from restmill.load import dlt_patches
from restmill.load.extract.steps import isolate
from restmill.load.failures.unusable import contract_problem, name_resource
from restmill.shape.depth import DEEPEST, shallow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dlt.extract import DltResource
    from dlt.extract.extractors import Extractor

    from restmill.load.extract.checkpoints import Cursors
    from restmill.path import Json
    from restmill.plan.spec import Resource

_DEEP = f"nested more than {DEEPEST} levels deep"


@dataclass(slots=True)
class _Step:
    """What is known of one extract step."""

    load_id: str
    ours: dict[str, Cursors | None] = field(default_factory=dict)
    """By resource, what is told of records that are left out; None where one ends the run."""
    sifted: set[str] = field(default_factory=set)
    """Resources with a quarantine, which keeps what cannot be written."""
    refused: dict[str, Problem] = field(default_factory=dict)
    """By resource, the contract that refuses its table."""


_current: ContextVar[_Step | None] = ContextVar("isolation", default=None)


def begin(resource: Resource, cursors: Cursors) -> None:
    """The generator of a resource starts: let its steps isolate, and know it in what follows."""
    isolates = resource.on_error == "isolate"
    step = _step(_load_id())
    step.ours[resource.name] = cursors if isolates else None
    if resource.departures.quarantine:
        step.sifted.add(resource.name)
    if isolates:
        try:
            steps: Sequence[object] = get_current_pipe().steps  # type: ignore[attr-defined]  # a Pipe
        except ResourceNameNotAvailable:
            return
        isolate(steps, lambda rows, why: cursors.leave_out(resource.name, rows, why))


def refusals() -> Mapping[str, Problem]:
    """By resource, why a contract has refused the table in the extract step of this thread that was last."""
    step = _current.get()
    return {} if step is None else dict(step.refused)


def _load_id() -> str:
    container = Container()
    known = LoadPackageStateInjectableContext in container
    return container[LoadPackageStateInjectableContext].load_id if known else ""


def _step(load_id: str) -> _Step:
    step = _current.get()
    if step is None or step.load_id != load_id:
        step = _Step(load_id)
        _current.set(step)
    return step


def _write(write: Callable[[Json], None], extractor: Extractor, resource: DltResource, items: Json) -> None:
    """Write what a resource has given, as far as that can be.

    Raises:
        Unusable: a record is nested too deeply, and its resource does not isolate.
        DataValidationError: dlt's; a contract refuses the table, and likewise.
    """
    step, name = _step(extractor.load_id), resource.name
    if name not in step.ours:
        write(items)
        return
    cursors = step.ours[name]
    if name not in step.refused:
        try:
            write(_storable(name, items, cursors) if name not in step.sifted else items)
        except DataValidationError as error:
            if cursors is None:
                name_resource(error, name)
                raise
            step.refused[name] = contract_problem(error, name, "extract")
        else:
            return
    assert cursors is not None
    cursors.leave_out(name, len(items) if isinstance(items, list) else 1, step.refused[name].what)


def _storable(resource: str, items: Json, cursors: Cursors | None) -> Json:
    page = items if isinstance(items, list) else [items]
    kept = shallow(page) if type(items) in {list, dict} else page  # others are known not to be deep
    if len(kept) == len(page):
        return items
    if cursors is None:
        hint = "`on_error: isolate` leaves such records out; a `map` step can take the field away."
        raise Unusable(Problem(Place(f"{resource}  extract"), f"a record is {_DEEP}", hint=hint))
    cursors.leave_out(resource, len(page) - len(kept), _DEEP)
    return kept


dlt_patches.prepare_write(_write)
