"""The account of a run under way: what is known of it, at any time good for a receipt.

A run that fails leaves a receipt as one that ends well does: `failing` closes the account with the error, in
our words and without secrets, and lets the error go on.
"""

from __future__ import annotations

import hashlib
import platform
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING

import orjson

from restmill.errors import STOPPED, CodeError, Interrupted, RestmillError, interruption_code
from restmill.load.failures.dlt_errors import explained
from restmill.plan.describe import as_json
from restmill.run.receipt.archive import begin, file
from restmill.run.receipt.receipt import Failure, Receipt
from restmill.run.session.redacted import redacted_evidence, redacted_receipt
from restmill.secrets import KEYRING, without_credentials
from restmill.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Earlier, Evidence
    from restmill.run.receipt.under_way import Mark

_DRIVERS = {
    "athena": ("pyathena",),
    "bigquery": ("google-cloud-bigquery",),
    "clickhouse": ("clickhouse-connect",),
    "databricks": ("databricks-sql-connector",),
    "duckdb": ("duckdb",),
    "filesystem": ("fsspec",),
    "motherduck": ("duckdb",),
    "mssql": ("pyodbc",),
    "postgres": ("psycopg2-binary", "psycopg2"),
    "redshift": ("psycopg2-binary", "psycopg2"),
    "snowflake": ("snowflake-connector-python",),
}
"""dlt's name of a destination -> the package that speaks to it, by the names it may be installed under."""
_DIGITS = 32
_EARLY = "interrupted: nothing was loaded; run again to start over"
_AFTER_EARLIER = (
    "interrupted: what an earlier run had read is loaded, and nothing of this one; run again to start over"
)
_RESUMING = (
    "interrupted while loading what an earlier run had read: the next run goes on with it; "
    "nothing of this run was loaded"
)
_LATE = "interrupted while loading: what was read is kept, and the next run loads it first"
_DONE = "interrupted after loading: what was read is in its tables"


@dataclass(slots=True)
class Account:
    """What is known of one run. `pipeline` and what follows it are filled in as they become known."""

    seen: Callable[[], tuple[Evidence, ...]]
    """What was seen so far of each resource."""
    pipeline: str
    destination: str = ""
    dataset: str = ""
    location: str = ""
    tables: tuple[str, ...] = ()
    load_ids: tuple[str, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    resumes: bool = False
    """Whether what an earlier run had read is being loaded."""
    loaded: bool = False
    """Whether all that was read is in its tables."""
    config_digest: str = ""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)
    chance: str = field(default_factory=lambda: secrets.token_hex(3))
    mark: Mark | None = None
    """Of the run that is under way."""

    @property
    def run_id(self) -> str:
        """When the run began and a few letters of chance: sorts as runs do, and names a file."""
        thousandths = self.started.microsecond // 1000
        return f"{self.started:%Y%m%dT%H%M%S}.{thousandths:03}Z-{self.chance}"

    def evidence(self) -> tuple[Evidence, ...]:
        """What was seen so far of each resource, without any secret that is known by now."""
        return tuple(map(redacted_evidence, self.seen()))

    def receipt(self, error: BaseException | None = None) -> Receipt:
        """The receipt as things stand; `error` is why the run ends here."""
        receipt = Receipt(
            pipeline=self.pipeline,
            destination=self.destination,
            dataset=self.dataset,
            started=self.started.isoformat(timespec="seconds"),
            seconds=time.monotonic() - self.began,
            resources=self.evidence(),
            location=self.location,
            tables=self.tables,
            run_id=self.run_id,
            error=None if error is None else self._failure(error),
            load_ids=self.load_ids,
            earlier=self.earlier,
            config_digest=self.config_digest,
            versions=versions_of(self.destination),
        )
        return redacted_receipt(receipt)

    def _failure(self, error: BaseException) -> Failure:
        failure = failure_of(error)
        return replace(failure, what=self._stopped()) if failure.exit_code in STOPPED else failure

    def _stopped(self) -> str:
        """What became of the data of a run that was interrupted."""
        if self.load_ids:
            return _DONE if self.loaded else _LATE
        if self.resumes:
            return _RESUMING
        return _AFTER_EARLIER if self.earlier else _EARLY

    @contextmanager
    def resuming(self, *, pending: bool) -> Iterator[None]:
        """The block loads what an earlier run had read, if any of that is `pending`."""
        self.resumes = pending
        yield
        self.resumes = False

    def close(self) -> Receipt:
        """File the receipt of a run that came to its end, and return it."""
        receipt = self.receipt()
        self._file(receipt)
        return receipt

    def _file(self, receipt: Receipt) -> None:
        file(receipt)
        if self.mark is not None:
            self.mark.end()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """Mark the run as under way; file a receipt when the block raises. The error goes on as it is."""
        self.mark = begin(replace(self.receipt(), resources=()))
        try:
            yield
        except BaseException as error:
            self._file(self.receipt(error))
            raise


def failure_of(error: BaseException) -> Failure:
    """The error as fields. Of one that is not ours only the class is told: its text may hold anything."""
    stopped = interruption_code(error)
    if stopped:
        return Failure(Interrupted.__name__, "", _EARLY, exit_code=stopped)
    reason = explained(error)
    if not isinstance(reason, RestmillError):
        code = reason.code if isinstance(reason, SystemExit) and isinstance(reason.code, int) else 1
        return Failure(type(reason).__name__, "", "ended by an error that nobody foresaw", exit_code=code)

    problem = reason.problem.cleaned(KEYRING.redact)
    what = problem.what.partition(":")[0] if isinstance(reason, CodeError) else problem.what
    return Failure(
        kind=type(reason).__name__,
        where=str(problem.place),
        what=without_credentials(what),
        got=without_credentials(problem.got),
        hint=problem.hint,
        exit_code=reason.exit_code,
    )


def digest_of(plan: Plan) -> str:
    """A digest of the plan as `restmill plan` words it.

    No secret is in those words, so none can be tried against the digest.
    """
    words = orjson.dumps(as_json(plan), option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    return hashlib.sha256(words).hexdigest()[:_DIGITS]


def versions_of(destination: str) -> Mapping[str, str]:
    """Versions of restmill, dlt, Python and the destination's driver, as far as they are known."""
    known = {
        "restmill": __version__,
        "dlt": metadata.version("dlt"),
        "python": platform.python_version(),
    }
    for name in _DRIVERS.get(destination, ()):
        try:
            return {**known, name: metadata.version(name)}
        except metadata.PackageNotFoundError:
            continue
    return known
