"""The playground: while a script runs in the sandbox, its pipelines work in a folder of the sandbox's own.

Two methods of dlt's pipelines are wrapped for that time, because a script may name its destination in any of
a dozen places: when it makes a pipeline, when it runs one, or in dlt's config files. Made-up rows never
reach a real one.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from dlt import Pipeline, destinations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def pipelines_within(folder: Path) -> Iterator[None]:
    """Let every pipeline keep its state and load its tables under `folder` until the block ends.

    Whatever destination a script names, its tables go to `folder/<pipeline>.duckdb`.
    """
    init_working_dir, set_destinations = Pipeline._init_working_dir, Pipeline._set_destinations  # noqa: SLF001

    @wraps(init_working_dir)
    def within(self: Pipeline, pipeline_name: str, pipelines_dir: str) -> None:  # noqa: ARG001  # replaced
        init_working_dir(self, pipeline_name, str(folder / "pipelines"))

    @wraps(set_destinations)
    def to_folder(self: Pipeline, destination: Any, *_: Any, initializing: bool = False, **__: Any) -> None:
        wanted = destination is not None or initializing
        target = destinations.duckdb(str(folder / f"{self.pipeline_name}.duckdb")) if wanted else None
        set_destinations(self, target, initializing=initializing)

    Pipeline._init_working_dir = within  # type: ignore[method-assign]  # noqa: SLF001
    Pipeline._set_destinations = to_folder  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield
    finally:
        Pipeline._init_working_dir = init_working_dir  # type: ignore[method-assign]  # noqa: SLF001
        Pipeline._set_destinations = set_destinations  # type: ignore[method-assign]  # noqa: SLF001
