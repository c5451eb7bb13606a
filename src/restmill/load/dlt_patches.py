"""The only place where restmill changes something of dlt; written for dlt 1.31.

Methods are wrapped, for the whole process, the first time that is asked for. Four of the extract step:

- `Extract.__init__`: its storage of extracted records is replaced by ours (`claims.columnar`). dlt has no
  setting for that. Records of tables that nobody claimed go where they always went.
- `Extract._compute_metrics`: it looks up the resource of every table that received a file, and fails with
  KeyError for nested tables, which in dlt name no resource. They borrow their root's while it runs.
- `Extract.commit_packages`: hands packages on; `before_commit` has a look at them first.
- `Extractor.write_items`: writes what a resource has given; `isolation` may leave out some of it, or all.

Of the load step:

- `SqlJobClientBase.create_table_chain_completed_followup_jobs`: makes the merge of a root table and those
  nested in it, from copies of their schemas; where no key is staged twice (`unrepeated.proven`), the copy
  says so. dlt has the hint in the schema only, which is stored.
- `Load.load_single_package`: its end is told, because what was proven holds for one attempt; to `first_load`
  its beginning is told, too.
- `JobClientBase.prepare_load_table`: makes copies of tables for the loader, which asks them what to do with
  the rows; those that `first_load` has found empty say that rows are appended.
- `Load.submit_job`: lets a file be written; `jobs_in_doubt` is told before, and may say that it was written.
  Of a package's beginning it is told, too.
- `filter_new_jobs`, as `Load` sees it: says which files are written next; `first_load` lets some of them
  wait, and so does `keep_apart`.

Of its configuration:

- `log_traces`, as `resolve` sees it, and the look-up of `dlt.secrets`: `hiding` is told what they find.

tests/load/test_dlt_patches.py fails when one is no longer needed, or no longer fits.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

from dlt.common.configuration import accessors, resolve
from dlt.common.destination.client import JobClientBase
from dlt.common.schema.utils import get_root_table
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.job_impl import FinalizedLoadJob
from dlt.extract.extract import Extract
from dlt.extract.extractors import Extractor
from dlt.load import load as dlt_load
from dlt.load.load import Load
from dlt.load.utils import filter_new_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from dlt.common.configuration.accessors import _Accessor
    from dlt.common.configuration.exceptions import LookupTrace
    from dlt.common.destination.client import FollowupJobRequest, LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.metrics import ExtractMetrics
    from dlt.common.schema import Schema
    from dlt.common.storages.load_package import LoadJobInfo, PackageStorage
    from dlt.extract import DltResource, DltSource
    from dlt.extract.storage import ExtractStorage

    from restmill.path import Json

original_init = Extract.__init__
original_compute_metrics = Extract._compute_metrics  # noqa: SLF001  # see above
original_followups = SqlJobClientBase.create_table_chain_completed_followup_jobs
original_load_package = Load.load_single_package
original_prepare_table = JobClientBase.prepare_load_table
original_submit = Load.submit_job
original_filter = filter_new_jobs


original_log = resolve.log_traces  # type: ignore[attr-defined]  # imported there
original_lookup = accessors._SecretsAccessor._get_value  # noqa: SLF001  # see above


def prepare_lookups(learn: Callable[[object, object], None]) -> None:
    """From now on, tell `learn` each value that dlt looks up, with its type; None: from `dlt.secrets`."""

    @wraps(original_log)
    def log(config: Json, key: str, hint: Json, value: Json, *more: Json, **named: Json) -> None:
        learn(value, hint)
        original_log(config, key, hint, value, *more, **named)

    @wraps(original_lookup)
    def lookup(self: _Accessor, field: str, type_hint: Json = None) -> tuple[Json, list[LookupTrace]]:
        found = original_lookup(self, field, type_hint)
        learn(found[0], None)
        return found

    resolve.log_traces = log  # type: ignore[attr-defined]
    accessors._SecretsAccessor._get_value = lookup  # type: ignore[method-assign]  # noqa: SLF001  # see above


class DoneBefore(Protocol):
    """Is told that a file is about to be written, and says whether that has been done."""

    def __call__(self, load: Load, load_id: str, schema: Schema, file_path: str, *, restored: bool) -> bool:
        """`restored`: an earlier attempt began with it."""


def prepare_extract(prepare: Callable[[ExtractStorage], None]) -> None:
    """Let `prepare` see the storage of every extract step from now on, and let nested tables have files."""

    @wraps(original_init)
    def init(self: Extract, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        prepare(self.extract_storage)

    Extract.__init__ = init  # type: ignore[method-assign]
    Extract._compute_metrics = _compute_metrics  # type: ignore[method-assign]  # noqa: SLF001  # see above


@wraps(original_compute_metrics)
def _compute_metrics(self: Extract, load_id: str, source: DltSource) -> ExtractMetrics:
    tables = source.schema.tables
    nested = [table for table in tables.values() if "resource" not in table and table.get("parent")]
    for table in nested:
        table["resource"] = get_root_table(tables, str(table["name"]))["resource"]
    try:
        return original_compute_metrics(self, load_id, source)
    finally:
        for table in nested:
            del table["resource"]


@contextmanager
def before_commit(look: Callable[[PackageStorage], None]) -> Iterator[None]:
    """Let `confirm_read` see what an extract step of this thread has written, before that is committed."""
    token = _looks.set(look)
    try:
        yield
    finally:
        _looks.reset(token)


_looks: ContextVar[Callable[[PackageStorage], None] | None] = ContextVar("looks", default=None)
original_commit = Extract.commit_packages


@wraps(original_commit)
def _commit_packages(self: Extract) -> None:
    look = _looks.get()
    if look is not None:
        look(self.extract_storage.new_packages)
    original_commit(self)


Extract.commit_packages = _commit_packages  # type: ignore[method-assign]


original_write = Extractor.write_items


def prepare_write(
    change: Callable[[Callable[[Json], None], Extractor, DltResource, Json], None],
) -> None:
    """From now on, let `change` write what resources give: it is handed dlt's way to do that."""

    @wraps(original_write)
    def write(self: Extractor, resource: DltResource, items: Json, meta: Json) -> None:
        change(lambda some: original_write(self, resource, some, meta), self, resource, items)

    Extractor.write_items = write  # type: ignore[method-assign]


def prepare_load(
    unrepeated: Callable[[SqlJobClientBase, Sequence[PreparedTableSchema]], bool],
    over: Callable[[str], None],
) -> None:
    """From now on, ask of every merge whether its staged rows are distinct (`distinct_keys`).

    `over` is told the load id at the end of each attempt to load a package.
    """

    @wraps(original_followups)
    def followups(
        self: SqlJobClientBase,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        if unrepeated(self, table_chain):
            root: Any = {**table_chain[0], "x-stage-data-deduplicated": True}
            table_chain = [root, *table_chain[1:]]
        return original_followups(self, table_chain, completed_table_chain_jobs)

    inner = Load.load_single_package

    @wraps(original_load_package)
    def load_package(self: Load, load_id: str, schema: Schema) -> None:
        try:
            inner(self, load_id, schema)
        finally:
            over(load_id)

    SqlJobClientBase.create_table_chain_completed_followup_jobs = followups  # type: ignore[method-assign]
    Load.load_single_package = load_package  # type: ignore[method-assign]


def prepare_tables(
    change: Callable[[Schema, PreparedTableSchema], None],
    around: Callable[[Load, Schema], AbstractContextManager[None]],
    ready: Callable[[Sequence[str], Sequence[LoadJob]], Sequence[str]],
) -> None:
    """From now on, let `change` see each table that is prepared for the loader, and load within `around`.

    `ready` picks from the files to be written, while some jobs are running, those that need not wait.
    """
    _load_within(around)
    prepare_order(ready)

    @wraps(original_prepare_table)
    def prepare_table(self: JobClientBase, table_name: str) -> PreparedTableSchema:
        table = original_prepare_table(self, table_name)
        change(self.schema, table)
        return table

    JobClientBase.prepare_load_table = prepare_table  # type: ignore[method-assign]


def prepare_order(ready: Callable[[Sequence[str], Sequence[LoadJob]], Sequence[str]]) -> None:
    """From now on, let `ready` pick from the files to be written those that need not wait, while jobs run."""
    inner = dlt_load.filter_new_jobs  # type: ignore[attr-defined]  # imported there

    @wraps(original_filter)
    def filtered(
        file_names: Sequence[str],
        capabilities: Any,
        config: Any,
        running_jobs: Sequence[LoadJob],
        available_slots: int,
    ) -> Sequence[str]:
        files = ready(file_names, running_jobs)
        chosen: Sequence[str] = inner(files, capabilities, config, running_jobs, available_slots)
        return chosen

    dlt_load.filter_new_jobs = filtered  # type: ignore[attr-defined]


def prepare_resume(around: Callable[[Load, Schema], AbstractContextManager[None]], done: DoneBefore) -> None:
    """From now on, load each package within `around`, and ask of each file whether it is `done` already."""
    _load_within(around)

    @wraps(original_submit)
    def submit(self: Load, file_path: str, load_id: str, schema: Schema, restore: bool = False) -> LoadJob:
        if not done(self, load_id, schema, file_path, restored=restore):
            return original_submit(self, file_path, load_id, schema, restore)
        job = FinalizedLoadJob.from_file_path(file_path)
        if not restore:
            job._file_path = self.load_storage.normalized_packages.start_job(load_id, job.file_name())  # noqa: SLF001  # as dlt does
        return job

    Load.submit_job = submit  # type: ignore[method-assign]


def _load_within(around: Callable[[Load, Schema], AbstractContextManager[None]]) -> None:
    load_package = Load.load_single_package

    @wraps(original_load_package)
    def load_around(self: Load, load_id: str, schema: Schema) -> None:
        with around(self, schema):
            load_package(self, load_id, schema)

    Load.load_single_package = load_around  # type: ignore[method-assign]
