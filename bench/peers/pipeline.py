"""The pipeline script that dlt and restmill both run; only `rest_api_source` is another function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt

from bench.peers.job import DATASET, PARENTS_A_PAGE, Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from dlt.extract import DltSource

STEPS = ("extract", "normalize", "load")


def run(rest_api_source: Callable[..., DltSource]) -> None:
    """Do the job of this process with the given `rest_api_source`."""
    job = Job.given()
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(job.database),
        dataset_name=DATASET,
        pipelines_dir=job.folder,
    )
    source = rest_api_source(config_of(job), parallelized=job.parallelized)
    wanted: dict[str, Any] = {"loader_file_format": job.file_format} if job.file_format else {}
    if job.only_extract:
        pipeline.extract(source, **wanted)
    else:
        pipeline.run(source, **wanted)
    trace = pipeline.last_trace
    assert trace is not None
    job.report(
        {
            step.step: (step.finished_at - step.started_at).total_seconds()
            for step in trace.steps
            if step.step in STEPS
        }
    )


def config_of(job: Job) -> dict[str, Any]:
    """The config of the job, in dlt's `rest_api` format."""
    if job.collection == "tasks":
        children = "v1/projects/{resources.projects.id}/tasks"
        resources = [
            _resource("projects", "v1/projects", PARENTS_A_PAGE),
            _resource("tasks", children, job.page_size),
        ]
    else:
        resources = [_resource(job.collection, f"v1/{job.collection}", job.page_size)]
    return {
        "client": {"base_url": job.base_url},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": resources,
    }


def _resource(name: str, path: str, page_size: int) -> dict[str, Any]:
    paginator = {"type": "offset", "limit": page_size}
    return {"name": name, "endpoint": {"path": path, "data_selector": "data", "paginator": paginator}}
