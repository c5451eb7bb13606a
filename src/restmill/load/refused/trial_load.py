"""Trials: some records of a package are loaded into the destination, to see whether it takes them.

A trial does what the load would do, with dlt's own jobs and statements:

- Where a file is refused, copies of the files with some of the records are written. What is written stays
  until the end, so that later records are judged on top of it, and is then deleted by its ids.
- Where the merge or the replacement is refused, all rows are in the staging tables. In a transaction those of
  the others are deleted there, the statements are executed, and all is rolled back.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from dlt.common.exceptions import TerminalException
from dlt.common.storages import FileStorage
from dlt.destinations.job_client_impl import SqlLoadJob

from restmill.load.destination.jobs_in_doubt import delete_rows
from restmill.load.failures.dlt_errors import causes_of
from restmill.load.failures.refusal_reasons import reason_of, where_of
from restmill.load.merge import first_load
from restmill.load.refused.bisection import TooMany
from restmill.load.refused.let_go import is_late_refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from dlt import Pipeline
    from dlt.common.schema import Schema
    from dlt.destinations.job_client_impl import SqlJobClientBase

    from restmill.load.refused.job_files import Records

_NUMBERED = "restmill_records"
"""A table in the staging dataset; a temporary one does not outlive a refusal, which psycopg2 clears away."""
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the rows of one package go."""

    pipeline: Pipeline
    schema: Schema
    load_id: str
    straight: Collection[str]
    """Tables that the package writes straight into, though they are merged."""

    def client(self) -> SqlJobClientBase:
        """A client that is not connected yet."""
        found: Any = self.pipeline._get_destination_clients(self.schema)[0]  # noqa: SLF001  # the public way wants a name that it knows
        return found  # type: ignore[no-any-return]

    @contextmanager
    def placed(self, table: str) -> Iterator[SqlJobClientBase]:
        """A client whose names lead to where files of the table are written: it, or its staging table."""
        client: Any = self.client()
        with ExitStack() as stack:
            stack.enter_context(first_load.going_on(self.schema, self.straight))
            if client.should_load_data_to_staging_dataset(table):
                stack.enter_context(client.with_staging_dataset())
            yield client

    def load(self, path: Path, table: str) -> None:
        """Write one file.

        Raises:
            Exception: what dlt's job raises.
        """
        with self.placed(table) as client:
            stored = client.prepare_load_table(table)
            job: Any = client.create_load_job(stored, str(path), self.load_id)
            job.set_run_vars(load_id=self.load_id, schema=self.schema, load_table=stored)
            with client:
                job._job_client = client  # noqa: SLF001  # as dlt's loader does
                job.run()

    def delete(self, table: str, ids: Sequence[str]) -> None:
        """Delete rows from where files of the table are written."""
        if ids:
            with self.placed(table) as client:
                delete_rows(client, table, ids)

    def reason(self, table: str, error: BaseException) -> str:
        """What the destination said, without values, and the column that is meant."""
        return where_of(self.schema, table, reason_of(list(causes_of(error))))


class FileTrial:
    """The files themselves are refused; within the block, what was tried is in the tables."""

    def __init__(self, desk: Desk, records: Records, folder: Path) -> None:
        self.tried = 0
        self._desk, self._records, self._folder = desk, records, folder
        self._written: list[tuple[str, list[str]]] = []

    def __enter__(self) -> Self:
        for file in self._records.files:
            self._desk.delete(file.table, file.ids)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take back all that was written, unless the destination fails: then the load begins with that."""
        if kind is None or issubclass(kind, TooMany):
            self._take_back(self._written)

    def takes(self, some: Sequence[int]) -> str:
        """See `bisection.Trial`."""
        self.tried += len(some)
        written: list[tuple[str, list[str]]] = []
        table = ""
        try:
            for file in self._records.files:
                ids, table = file.ids_of(some), file.table
                if ids:
                    copy = self._folder / file.path.name
                    file.copy(copy, some.__contains__)
                    written.append((table, ids))
                    self._desk.load(copy, table)
        except Exception as error:
            if not _is_refusal(error):
                raise
            self._take_back(written)
            return self._desk.reason(table, error)
        self._written += written
        return ""

    def _take_back(self, written: Sequence[tuple[str, list[str]]]) -> None:
        for table, ids in reversed(written):
            self._desk.delete(table, ids)


class _Back(Exception):  # noqa: N818  # no error: ends a transaction that nothing must be left of
    """All was taken."""


class StagedTrial:
    """The statements that follow on the staging tables are refused; nothing of a trial stays."""

    def __init__(self, desk: Desk, records: Records, root: str, statements: Path) -> None:
        self.tried = 0
        self._desk, self._records, self._root = desk, records, root
        self._sql = _fragments(desk.client(), statements)
        self._top = 0
        self._out: set[int] = set()
        """Below `_top`, those that are refused by themselves."""
        self._open = ExitStack()
        self._tables = list(dict.fromkeys(file.table for file in records.files))

    def __enter__(self) -> Self:
        client: Any = self._desk.client()
        self._client: SqlJobClientBase = self._open.enter_context(client)
        sql = self._client.sql_client
        literal: Any = client.capabilities.escape_literal
        _, self._numbered = sql.get_qualified_table_names(_NUMBERED)
        sql.execute_sql(f"DROP TABLE IF EXISTS {self._numbered}")
        sql.execute_sql(f"CREATE TABLE {self._numbered} (place INTEGER, id VARCHAR, record INTEGER)")
        for file in self._records.files:
            place = self._tables.index(file.table)
            rows = [
                f"({place}, {literal(row)}, {owner})"
                for row, owner in zip(file.ids, file.owners, strict=True)
            ]
            for start in range(0, len(rows), _AT_ONCE):
                some = ", ".join(rows[start : start + _AT_ONCE])
                sql.execute_sql(f"INSERT INTO {self._numbered} VALUES {some}")  # noqa: S608  # a name of ours
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, TooMany):
            self._client.sql_client.execute_sql(f"DROP TABLE {self._numbered}")
        self._open.close()

    def takes(self, some: Sequence[int]) -> str:
        """See `bisection.Trial`; of no records at all it says whether the statements can be executed."""
        top = max(self._top, *(one + 1 for one in some[-1:]), 0)
        out = {one for one in self._out if one not in some}
        self.tried += top
        try:
            with self._client.sql_client.begin_transaction():
                self._leave(top, out)
                self._client.sql_client.execute_many(self._sql)
                if self._client.config.destination_type == "postgres":
                    self._client.sql_client.execute_sql("SET CONSTRAINTS ALL IMMEDIATE")
                raise _Back  # noqa: TRY301  # it must come out of the transaction
        except _Back:
            self._top, self._out = top, out
            return ""
        except Exception as error:
            if not _is_refusal(error):
                raise
            if len(some) == 1:
                self._out.add(some[0])
                self._top = top
            return self._desk.reason(self._root, error)

    def _leave(self, top: int, out: Collection[int]) -> None:
        """Leave in the staging tables the rows of records below `top`, but for those that are `out`."""
        sql, schema = self._client.sql_client, self._desk.schema
        for place, table in enumerate(self._tables):
            _, staged = sql.get_qualified_table_names(table)
            column = sql.escape_column_name(schema.naming.normalize_identifier("_dlt_id"))
            marks = f" OR record IN ({', '.join(['%s'] * len(out))})" if out else ""
            others = f"SELECT id FROM {self._numbered} WHERE place = %s AND (record >= %s{marks})"  # noqa: S608  # a name of ours
            query = f"DELETE FROM {staged} WHERE {column} IN ({others})"  # noqa: S608  # names of the schema's
            sql.execute_sql(query, place, top, *out)


def _is_refusal(error: Exception) -> bool:
    """Whether the destination has refused rows: what dlt's loader takes for that, and what it misses."""
    terminal = isinstance(error, TerminalException | AssertionError)
    return terminal or any(map(is_late_refusal, causes_of(error)))


def _fragments(client: SqlJobClientBase, path: Path) -> list[str]:
    """The statements of a job, as dlt would hand them to the driver."""
    job: Any = SqlLoadJob(str(path))
    job._job_client, job._sql_client = client, client.sql_client  # noqa: SLF001  # as dlt's loader does
    with FileStorage.open_zipsafe_ro(str(path), "r", encoding="utf-8") as file:
        made: list[str] = job._split_fragments(file.read())  # noqa: SLF001  # same
    return made
