"""Keep apart: what a destination refuses while it loads goes to quarantine, and other records are loaded.

Most is judged before the load (`quarantine`, `fits`). What only the database knows, such as a unique index, a
foreign key or a trigger, is seen when it refuses a file. Then, for a resource with a quarantine, in the load
package as it lies there:

1. The table waits until all others of the package are loaded: a foreign key may lead to one of them.
2. Refused again, all its files are to be written once more, as files whose rows may be there already: whoever
   dies from here on leaves what `jobs_in_doubt` puts right, and all begins anew.
3. The refused records are found by trials (`bisection`, `trial_load`), and nothing of a trial is left.
4. Copies of the files without them, and a file for the quarantine, are written into a folder of the package.
   Its renaming is the moment from which on they are in quarantine; its files then take the places of the old
   ones, which can be done any number of times.

Cursors and columns stay as they are: the records were read, and are kept. Where the bounds of `bisection` are
exceeded, the table is set aside as if there was no quarantine.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any

from dlt.common.configuration.container import Container
from dlt.common.schema.utils import get_nested_tables, get_root_table
from dlt.common.storages.load_package import LoadPackageStateInjectableContext, ParsedLoadJobFileName

from restmill.errors import DestinationError
from restmill.events import Quarantined
from restmill.load import dlt_patches
from restmill.load.columnar import quarantine
from restmill.load.destination.jobs_in_doubt import DATABASES
from restmill.load.failures.dlt_errors import explained
from restmill.load.merge import first_load
from restmill.load.refused.bisection import TooMany, refused
from restmill.load.refused.job_files import moved, records_in
from restmill.load.refused.let_go import for_good
from restmill.load.refused.quarantine_table import make_known, write_rows
from restmill.load.refused.records_of_rows import records_of_rows
from restmill.load.refused.refused_file import refused_file
from restmill.load.refused.trial_load import Desk, FileTrial, StagedTrial
from restmill.load.schema.live import Ground
from restmill.plan.spec import Resource
from restmill.run.observers import tell
from restmill.shape.schema_view import Unsure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dlt import Pipeline
    from dlt.common.destination.client import LoadJob
    from dlt.common.storages.load_package import PackageStorage

    from restmill.load.refused.job_files import JobFile, Records
    from restmill.load.refused.refused_file import RefusedFile
    from restmill.plan.spec import Plan

_LAST = "restmill_last"
"""The key in the state of a load package: tables that wait until all others are loaded."""
_ROUNDS = "restmill_sifted"
"""Same: by root table, how often it was sifted."""
_MOST_ROUNDS = 3
_READY = "sifted"
"""The folder in a package: files that take the places of those of the same names."""
_UNREADY = "sifted_unready"
_STATES = ("new_jobs", "started_jobs", "completed_jobs")


@dataclass(frozen=True, slots=True)
class _Sieve:
    """A root table whose rows were refused."""

    pipeline: Pipeline
    found: RefusedFile
    tables: tuple[str, ...]
    """It and those nested in it."""

    @property
    def home(self) -> Path:
        """The folder of the package."""
        return _folder_of(self.found.packages, self.found.load_id)

    def files(self, *states: str) -> list[Path]:
        """The files of these tables in some states."""
        paths = (path for state in states for path in (self.home / state).iterdir())
        return [path for path in paths if _table_of(path.name) in self.tables]

    def data(self, *states: str) -> list[Path]:
        """Those with rows."""
        return [path for path in self.files(*states) if path.suffix != ".sql"]


def sift(pipeline: Pipeline, plan: Plan, error: Exception) -> str | None:
    """Move what was refused to quarantine, where `error` is about rows of a table that has one.

    Returns:
        "" when the load can go on, why not, or None, where there is nothing to be sifted.
    """
    sieve = _sieve(pipeline, plan, error)
    return None if sieve is None else _outcome(sieve)


def _outcome(sieve: _Sieve) -> str:
    pipeline = sieve.pipeline
    client: Any = pipeline._get_destination_clients(sieve.found.schema)[0]  # noqa: SLF001  # as in `rollback`
    if client.config.destination_type not in DATABASES:
        return "records are tried in DuckDB and PostgreSQL only"
    if _let_wait(sieve):
        return ""
    if _rounds(sieve).get(sieve.found.root, 0) >= _MOST_ROUNDS:
        return f"its rows were refused again after {_MOST_ROUNDS} rounds"
    try:
        return _sifted(sieve)
    except TooMany as bound:
        return str(bound)
    except Unsure as unsure:
        return f"it has no effect: {unsure}"


def finish(pipeline: Pipeline) -> None:
    """Go on where a killed run has stopped: put files into their places, delete what is half done."""
    packages = pipeline._get_load_storage().normalized_packages  # noqa: SLF001  # as in `let_go`
    known = Path(packages.storage.storage_path).is_dir()  # not before the first run
    for load_id in packages.list_packages() if known else ():
        home = _folder_of(packages, load_id)
        _put(home)
        schema = packages.load_schema(load_id)
        open_jobs = [path.name for state in _STATES[:2] for path in (home / state).iterdir()]
        rows = [name for name in open_jobs if not name.endswith(".sql")]
        owed = {str(get_root_table(schema.tables, _table_of(name))["name"]) for name in rows}
        for path in (home / "new_jobs").glob("*.sql"):
            if _table_of(path.name) in owed:  # dlt makes it anew when the rows are in the staging tables
                path.unlink()


def last_ones(files: Sequence[str], running: Sequence[LoadJob]) -> Sequence[str]:
    """The files that may be written now: tables that were refused once wait for all others."""
    container = Container()
    if LoadPackageStateInjectableContext not in container:
        return files
    state: Any = container[LoadPackageStateInjectableContext].state
    waiting = set(state.get(_LAST, ()))
    others = [file for file in files if _table_of(file) not in waiting]
    busy = any(job.job_file_info().table_name not in waiting for job in running)
    return others if others or busy else files


dlt_patches.prepare_order(last_ones)


def _sieve(pipeline: Pipeline, plan: Plan, error: Exception) -> _Sieve | None:
    reason = explained(error)
    if not isinstance(reason, DestinationError) or not for_good(error):
        return None
    found = refused_file(pipeline, error)
    if found is None or found.extracted:
        return None
    planned = {one.name: one for one in plan.resources if isinstance(one, Resource)}
    own = planned.get(found.resource)
    if own is None or not own.departures.quarantine:
        return None
    chain = get_nested_tables(found.schema.tables, found.root)
    return _Sieve(pipeline, found, tuple(str(table["name"]) for table in chain))


def _let_wait(sieve: _Sieve) -> bool:
    """Let the tables wait, if they have not yet and there is something to wait for."""
    packages, load_id = sieve.found.packages, sieve.found.load_id
    state: Any = packages.get_load_package_state(load_id)
    waiting = set(state.get(_LAST, ()))
    open_jobs = (path for state in _STATES[:2] for path in (sieve.home / state).iterdir())
    others = {_table_of(path.name) for path in open_jobs} - waiting - set(sieve.tables)
    if not others:
        return False
    state[_LAST] = sorted({*waiting, *sieve.tables})
    packages.save_load_package_state(load_id, state)
    return True


def _folder_of(packages: PackageStorage, load_id: str) -> Path:
    return Path(packages.storage.make_full_path(packages.get_package_path(load_id)))


def _rounds(sieve: _Sieve) -> dict[str, int]:
    """By root table, how often it was sifted."""
    state: Any = sieve.found.packages.get_load_package_state(sieve.found.load_id)
    return dict(state.get(_ROUNDS, {}))


def _count(sieve: _Sieve) -> None:
    packages, load_id, root = sieve.found.packages, sieve.found.load_id, sieve.found.root
    state: Any = packages.get_load_package_state(load_id)
    rounds = state.setdefault(_ROUNDS, {})
    rounds[root] = rounds.get(root, 0) + 1
    packages.save_load_package_state(load_id, state)


def _sifted(sieve: _Sieve) -> str:
    found, root = sieve.found, sieve.found.root
    state: Any = found.packages.get_load_package_state(found.load_id)
    desk = Desk(sieve.pipeline, found.schema, found.load_id, first_load.noted_in(state))
    rmtree(sieve.home / _UNREADY, ignore_errors=True)
    scratch = sieve.home / _UNREADY / "trial"
    scratch.mkdir(parents=True)
    statements = _copied_statements(sieve, scratch.parent)
    _renew(sieve)
    records = records_in(sieve.data("new_jobs"), found.schema, root)
    if records is None:
        return "its files cannot be read row by row"
    bad = _searched(desk, records, root, scratch, statements)
    _keep(sieve, desk, records, bad, staged=statements is not None)
    _count(sieve)
    return ""


def _searched(
    desk: Desk, records: Records, root: str, scratch: Path, statements: Path | None
) -> Mapping[int, str]:
    """By number, the records that are refused, and why.

    Raises:
        TooMany: they cannot be found within the bounds, or the statements are refused whatever the rows are.
    """
    if statements is None:
        with FileTrial(desk, records, scratch) as files:
            return refused(records.count, files)
    with StagedTrial(desk, records, root, statements) as staged:
        why = staged.takes(())
        if why:
            raise TooMany(f"all of them are, because {why}")
        return refused(records.count, staged)


def _copied_statements(sieve: _Sieve, folder: Path) -> Path | None:
    """A copy of the statements that were refused; None where it was a file with rows."""
    name = sieve.found.job_id
    if not name.endswith(".sql"):
        return None
    file_id = name.split(".")[1]
    (path,) = (one for one in sieve.files("new_jobs") if one.name.split(".")[1] == file_id)
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    return copy


def _renew(sieve: _Sieve) -> None:
    """Let all files be written again, and the statements that follow be made again.

    The first file is renewed before the statements go, and `finish` lets none of them go on without the rows.
    """
    packages, load_id = sieve.found.packages, sieve.found.load_id
    for state in _STATES:
        for path in sieve.data(state):
            job = ParsedLoadJobFileName.parse(path.name)
            packages._move_job(load_id, state, "new_jobs", path.name, job.with_retry().file_name())  # type: ignore[arg-type]  # noqa: SLF001  # as dlt retries a job
    for path in sieve.files(*_STATES):
        if path.suffix == ".sql":
            path.unlink()


def _keep(sieve: _Sieve, desk: Desk, records: Records, bad: Mapping[int, str], *, staged: bool) -> None:
    """Put the refused records into quarantine, and take them out of the files."""
    found = sieve.found
    folder = sieve.home / _UNREADY
    if staged:
        for file in records.files:
            desk.delete(file.table, file.ids_of(bad))
    rmtree(folder / "trial")
    for path in folder.iterdir():
        path.unlink()
    for file in records.files:
        file.copy(folder / file.path.name, lambda owner: owner not in bad)
    kept, table = _write_quarantine(sieve, desk, records, bad, folder) if bad else (0, "")
    folder.rename(sieve.home / _READY)
    _put(sieve.home)
    if kept:
        tell(Quarantined(found.resource, time.monotonic(), kept, table))


def _write_quarantine(
    sieve: _Sieve, desk: Desk, records: Records, bad: Mapping[int, str], folder: Path
) -> tuple[int, str]:
    """Write the refused records into a file for the quarantine; how many there are, and its table."""
    caps = desk.client().capabilities
    ground = Ground(desk.schema, caps, desk.load_id, sieve.found.root)
    kept = [quarantine.Refused(one, bad[number]) for number, one in records_of_rows(records, bad, ground)]
    name, table = quarantine.table_of(kept, ground)
    make_known(sieve.pipeline, sieve.found, name)
    write_rows(table, folder / _file_name(records.files[0], name), ground.stored(name), caps)
    return len(kept), name


def _file_name(like: JobFile, table: str) -> str:
    job = ParsedLoadJobFileName.parse(like.path.name)
    return job._replace(table_name=table, file_id=job.new_file_id(), retry_count=0).file_name()


def _put(home: Path) -> None:
    """Put the files of the folder that is ready into their places; delete one that is not."""
    rmtree(home / _UNREADY, ignore_errors=True)
    ready = home / _READY
    if ready.is_dir():
        for path in ready.iterdir():
            moved(path, home / "new_jobs")
        ready.rmdir()


def _table_of(file: str) -> str:
    return ParsedLoadJobFileName.parse(file).table_name
