"""A refused file: the one in a load package that dlt, a contract or the destination has refused for good."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dlt.common.schema.utils import get_root_table
from dlt.common.versioned_state import json_decode_state
from dlt.load.exceptions import LoadClientJobException
from dlt.normalize.exceptions import NormalizeJobFailed

from restmill.load.failures.dlt_errors import causes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.common.storages.load_package import PackageStorage


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A refused file in a package that waits."""

    packages: PackageStorage
    load_id: str
    job_id: str
    """Its name without the number of tries."""
    schema: Schema
    before: Mapping[str, Any]
    """The pipeline's state when the package began."""
    known: Mapping[str, Any]
    """The tables of the schema then."""
    extracted: bool
    """Whether the package waits to be normalised, so that the destination knows nothing of it."""

    @property
    def table(self) -> str:
        """The table that it is for."""
        return self.job_id.split(".", maxsplit=1)[0]

    @property
    def root(self) -> str:
        """The root table above that, or that one itself."""
        return str(get_root_table(self.schema.tables, self.table)["name"])

    @property
    def resource(self) -> str:
        """The resource whose rows it holds; "" where none is known."""
        return str(get_root_table(self.schema.tables, self.table).get("resource", ""))


def refused_file(pipeline: Pipeline, error: Exception) -> RefusedFile | None:
    """The file that was refused, where its package waits and knows how all was before."""
    jobs = [one for one in causes_of(error) if isinstance(one, NormalizeJobFailed | LoadClientJobException)]
    if not jobs:
        return None
    job: Any = jobs[0]
    table = str(job.job_id).split(".", maxsplit=1)[0]
    extracted = pipeline._get_normalize_storage().extracted_packages  # noqa: SLF001  # as in `let_go`
    for packages in (extracted, pipeline._get_load_storage().normalized_packages):  # noqa: SLF001  # same
        if job.load_id in packages.list_packages() and packages.can_restore_pipeline_state(job.load_id):
            schema = packages.load_schema(job.load_id)
            state, schemas = packages.load_pipeline_state(job.load_id)
            blob = schemas.get(schema.name)
            known = json.loads(blob)["tables"] if blob else {}
            before = json_decode_state(state) if state else {}
            if table in schema.tables:
                is_first = packages is extracted
                return RefusedFile(packages, job.load_id, str(job.job_id), schema, before, known, is_first)
    return None
