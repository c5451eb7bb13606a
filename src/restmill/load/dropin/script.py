"""The drop-in: a script that knows nothing of restmill, with `dlt.sources.rest_api` served by restmill.

`install` replaces three functions of `dlt.sources.rest_api`; whatever imports them afterwards gets
restmill's. `execute` does that, runs the script as `python` would, and, when the script only builds sources
and never runs one, loads them itself, so that a snippet from a document is a whole job.
"""

from __future__ import annotations

import re
import runpy
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.common.configuration.accessors import _Accessor
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.pipeline import PipelineContext
from dlt.extract import DltSource
from dlt.sources import rest_api as dlts

from restmill.errors import ConfigError, Place, Problem
from restmill.events import Observer, ReadStarted, ignore
from restmill.load import source as ours
from restmill.load.dropin.sandboxed_pipelines import pipelines_within
from restmill.load.failures.dlt_errors import raise_explained
from restmill.load.prepare.hiding import hiding
from restmill.load.receipt.open_receipt import Account
from restmill.load.sync.run import destination_of, location_of, tables_of
from restmill.run.observers import watching
from restmill.run.receipt.receipt import Ledger
from restmill.run.transport.choose import sandboxed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dlt import Pipeline

    from restmill.events import Event
    from restmill.run.receipt.receipt import Receipt

SANDBOX_KEY = "sandbox-key"
_SECRET_NAME = re.compile(r"key|token|secret|password|username|user|client_id", re.IGNORECASE)
_NOT_OF_A_SOURCE = {"destination", "runtime", "schema", "normalize", "load", "extract"}
SANDBOX_GROUND = Path(".restmill/sandbox")
_NAMES = ("rest_api", "rest_api_source", "rest_api_resources")


def serve() -> None:
    """Let `dlt.sources.rest_api` be restmill's from now on: whatever imports from it afterwards gets ours."""
    for name in _NAMES:
        setattr(dlts, name, getattr(ours, name))


@contextmanager
def install() -> Iterator[None]:
    """Let `dlt.sources.rest_api` be restmill's until the block ends."""
    before = {name: getattr(dlts, name) for name in _NAMES}
    serve()
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(dlts, name, value)


def execute(
    script: Path,
    args: Sequence[str] = (),
    *,
    sandbox: str = "",
    destination: str = "duckdb",
    observer: Observer = ignore,
) -> Receipt:
    """Run a Python script under the drop-in.

    `sandbox` is the base URL of a sandbox: requests of `rest_api` sources go there, tables go to
    `.restmill/sandbox/` whatever the script's destination is. The script's own requests are not touched.

    Raises:
        ConfigError: the script is missing, or a config in it is wrong.
        ApiError, DestinationError: its pipeline failed; other exceptions of the script are raised as they
        are.
    """
    if not script.is_file():
        raise ConfigError(Problem(Place(file=str(script)), "there is no such script"))
    ledger = Ledger()
    names = _Names()
    account = Account(lambda: ledger.evidence(names.seen), script.stem)
    with hiding(), account.failing(), ExitStack() as stack:
        stack.enter_context(install())
        stack.enter_context(watching(ledger, names, observer))
        if sandbox:
            stack.enter_context(sandboxed(sandbox))
            stack.enter_context(_sandbox_secrets())
            SANDBOX_GROUND.mkdir(parents=True, exist_ok=True)
            stack.enter_context(pipelines_within(SANDBOX_GROUND.resolve()))
        try:
            before = _active()
            variables = _run_as_main(script, args)
            pipeline = _active() if _active() is not before else _last_pipeline(variables)
            if not names.seen and not _ran(pipeline, account.started):
                pipeline = _load_sources(variables, pipeline, script, destination)
            _describe(account, pipeline, names.seen)
        except Exception as error:  # noqa: BLE001  # raised again, in our words
            raise_explained(error)
    return account.close()


def _describe(account: Account, pipeline: Pipeline | None, names: Sequence[str]) -> None:
    if pipeline is None:
        return
    account.pipeline = pipeline.pipeline_name
    account.destination = destination_of(pipeline)
    account.dataset = pipeline.dataset_name or ""
    account.location = location_of(pipeline)
    account.tables = tables_of(pipeline, names)


class _Names:
    """The resources read so far, in order of their first read."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, ReadStarted) and event.resource not in self.seen:
            self.seen.append(event.resource)


def _run_as_main(script: Path, args: Sequence[str]) -> dict[str, Any]:
    argv, path = sys.argv, list(sys.path)
    sys.argv = [str(script), *args]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        return runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
        return {}  # a script that says it is done has run its own pipeline
    finally:
        sys.argv, sys.path[:] = argv, path


def _last_pipeline(variables: dict[str, Any]) -> Pipeline | None:
    pipelines = [value for value in variables.values() if isinstance(value, dlt.Pipeline)]
    return pipelines[-1] if pipelines else None


def _active() -> Pipeline | None:
    """The pipeline that was made or run last, in whatever function or module that was."""
    context = Container()[PipelineContext]
    pipeline = context.pipeline() if context.is_active() else None
    return pipeline if isinstance(pipeline, dlt.Pipeline) else None


def _ran(pipeline: Pipeline | None, since: datetime) -> bool:
    trace = pipeline.last_trace if pipeline else None  # dlt keeps the trace of an earlier process, too
    return trace is not None and trace.started_at >= since


def _load_sources(
    variables: dict[str, Any], pipeline: Pipeline | None, script: Path, destination: str
) -> Pipeline | None:
    """Load the sources that the script built and never ran, by the pipeline it made, if it made one."""
    sources = list(
        {id(value): value for value in variables.values() if isinstance(value, DltSource)}.values()
    )
    if not sources:
        return pipeline
    name = script.stem
    pipeline = pipeline or dlt.pipeline(name, destination=destination, dataset_name=f"{name}_data")
    for source in sources:
        pipeline.run(source)
    return pipeline


class _SandboxSecrets(ConfigProvider):
    """Knows one key for every secret of a source that nobody else knows: the sandbox takes any."""

    name = "restmill sandbox"
    supports_secrets = True
    supports_sections = True

    def get_value(
        self,
        key: str,
        hint: type[Any],  # noqa: ARG002  # dlt's signature
        pipeline_name: str | None,  # noqa: ARG002
        *sections: str,
    ) -> tuple[str | None, str]:
        """The sandbox's key for a name that looks like a credential."""
        foreign = _NOT_OF_A_SOURCE & set(sections) or (
            "credentials" in sections and "sources" not in sections
        )
        ours_to_give = _SECRET_NAME.search(key) and not foreign
        return (SANDBOX_KEY if ours_to_give else None), ".".join((*sections, key))


@contextmanager
def _sandbox_secrets() -> Iterator[None]:
    provider = _SandboxSecrets()
    _Accessor.register_provider(provider)
    providers = dlt.secrets._get_providers_from_context()  # noqa: SLF001  # dlt can add a provider, not remove it
    try:
        yield
    finally:
        assert isinstance(providers, list)
        providers.remove(provider)
