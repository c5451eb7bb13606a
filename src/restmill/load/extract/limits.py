"""Limits: what dlt's `add_limit` lets through is known before the first request; nothing is asked beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from dlt.common.configuration.container import Container
from dlt.extract.items_transform import LimitItem
from dlt.extract.source import SourceInjectableContext
from dlt.extract.state import get_current_pipe_name

from restmill.run.read.spec import Taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dlt.extract.pipe import Pipe


def taken() -> Taken | None:
    """How much of the resource whose generator is starting will be taken; None where nothing limits it.

    dlt counts what its limit is given: pages, also empty ones, or rows. A limit of time tells nothing.
    """
    if SourceInjectableContext not in Container():
        return None
    name = get_current_pipe_name()
    limit = next((pipe.get_by_type(LimitItem) for pipe in _pipes() if pipe.name == name), None)
    if limit is None:
        return None
    step = cast("LimitItem", limit)
    return Taken(step.max_items, rows=bool(step.count_rows)) if step.max_items >= 0 else None


def _pipes() -> Iterator[Pipe]:
    """The pipes of the source, and of parents that are read for their children's sake only."""
    for resource in Container()[SourceInjectableContext].source.resources.values():
        pipe: Pipe | None = resource._pipe  # noqa: SLF001  # dlt offers no public way to a parent's limit
        while pipe is not None:
            yield pipe
            pipe = pipe.parent
