"""Notes: every choice that the plan made for the user, as a sentence.

A choice is worth a note when somebody who compares the tables with the API would want to know about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from restmill.config.model import config
from restmill.plan.delete_missing import CUT, notes_on_deletion
from restmill.plan.dispositions import UNKEYED
from restmill.plan.spec import Note
from restmill.plan.template import Placeholder
from restmill.plan.to_wire import effective_paginator
from restmill.wire.message import origin_of
from restmill.wire.paging.detect import single_entity_path

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.plan.spec import Cursor, Pipeline, Resource

_CREDENTIALS = {
    config.BearerAuth: ("token",),
    config.ApiKeyAuth: ("api_key",),
    config.HttpBasicAuth: ("username", "password"),
    config.OAuth2ClientCredentialsAuth: ("access_token_url", "client_id", "client_secret"),
}

_SIFTED = (
    "`quarantine`: what DuckDB or PostgreSQL refuses only while it loads (unique and check constraints, "
    "foreign keys, triggers) is found by trials and kept, too, up to 100 records of a table; more than that, "
    "and what another destination refuses then, costs the table"
)
LAGGING = (
    "`lag` with `append`: each run appends the rows of the lag again; `merge` with a `primary_key` does not"
)

AWAY = "the path is absolute and leads to"
"""How a note begins that tells where the client's credentials go besides `base_url`."""


def notes_on_resource(declared: config.Resource, client: config.Client, resource: Resource) -> Iterator[Note]:
    """What was decided for one resource: where it reads, how, for whom, and how its table is kept."""
    sentences = (
        *_path(declared, resource),
        *_elsewhere(declared, client, resource),
        *_reading(declared, resource),
        *_binding(declared, resource),
        *_table(resource),
        *notes_on_deletion(declared, resource),
        *_departures(resource),
        *_missing(declared.endpoint.auth),
    )
    for sentence in sentences:
        yield Note(resource.name, sentence)
    own = declared.endpoint.paginator
    paginator = effective_paginator(declared.endpoint, client)
    if _guesses_total(paginator):
        where = resource.name if paginator is own else "client.paginator"
        yield Note(
            where,
            "no total is declared: `total`, or a usual header, counts where an answer has it, else the read "
            "goes to its end",
        )


def notes_on_client(client: config.Client) -> Iterator[Note]:
    """What was decided for all resources together."""
    for sentence in _missing(client.auth):
        yield Note("client.auth", sentence)


def notes_on_pipeline(declared: config.Pipeline, pipeline: Pipeline) -> Iterator[Note]:
    """Which settings of the pipeline were not given, and what they became."""
    if declared.name is None:
        yield Note("pipeline", f"the name is not given: {pipeline.name}")
    if declared.destination is None:
        yield Note("pipeline", f"the destination is not given: {pipeline.destination}")
    if declared.dataset_name is None:
        yield Note("pipeline", f"the dataset is not given: {pipeline.dataset_name}")


def why_by_rows(declared: config.Resource) -> str:
    """What forces dlt to see each record as a row of its own; "" when nothing does."""
    if not declared.columnar:
        return "`columnar` is false"
    if isinstance(declared.columns, config.Opaque):
        return "`columns` is a Python object"
    functions = [name for name, value in declared.hints.items() if callable(value)]
    if functions:
        return f"`{functions[0]}` is a function of the record"
    if declared.nested_hints:
        return "`nested_hints`: a nested table has hints of its own"
    if declared.file_format not in {None, "preferred", "parquet"}:
        return f"`file_format` is {declared.file_format}"
    return ""


def _path(declared: config.Resource, resource: Resource) -> Iterator[str]:
    if "path" not in declared.endpoint.given:
        yield f"the path is the resource's name: {declared.endpoint.path}"
    for part in resource.request.path.parts:
        if isinstance(part, Placeholder) and (part.spec or part.conversion):
            yield f"{part} is formatted in the path; dlt leaves the format out there"


def _elsewhere(declared: config.Resource, client: config.Client, resource: Resource) -> Iterator[str]:
    """An absolute path names a host of its own, and what is the client's goes there, too, as under dlt."""
    start = next(iter(resource.request.path.parts), "")
    if not isinstance(start, str) or not start.startswith(("http://", "https://")) or not client.base_url:
        return
    there = origin_of(start)
    if there == origin_of(client.base_url):
        return
    goes = ["client.auth"] if client.auth is not None and "auth" not in declared.endpoint.given else []
    goes += ["client.headers"] if client.headers else []
    goes += ["client.session"] if client.session is not None else []
    if goes:
        names = " and ".join(f"`{one}`" for one in goes)
        yield f"{AWAY} {there}, where {names} {'go' if len(goes) > 1 else 'goes'}, too"


def _reading(declared: config.Resource, resource: Resource) -> Iterator[str]:
    endpoint = declared.endpoint
    if single_entity_path(endpoint.path):
        guesses = [] if endpoint.data_selector else ["the whole answer is the record"]
        guesses += [] if endpoint.paginator else ["there is one page"]
        if guesses:
            yield f"the path ends in a placeholder: {' and '.join(guesses)}"
    if resource.selector is None:
        yield "where the records are is detected from the first answer"
    elif resource.selector.by_place:
        yield f"`data_selector: {resource.selector}` takes elements by their place on a page: {CUT}"
    if resource.pager is None:
        yield "how pages follow each other is detected from the first answer"


def _guesses_total(paginator: config.Paginator | config.Opaque | None) -> bool:
    if isinstance(paginator, config.OffsetPaginator | config.PageNumberPaginator):
        return not paginator.given & {"total_path", "total_header"}
    return False


def _binding(declared: config.Resource, resource: Resource) -> Iterator[str]:
    if resource.parent is not None:
        pairs = ", ".join(f"{{{name}}} from `{path}`" for name, path in resource.parent.fields.items())
        yield f"is read once for each record of `{resource.parent.resource}`: {pairs}"
        if resource.cursor is not None:
            yield f"{shared(resource.parent.resource)}: older ones of a row that appears later are not read"
    kinds = config.IncrementalParam | config.Opaque
    params = [name for name, value in (declared.endpoint.params or {}).items() if isinstance(value, kinds)]
    if params and declared.endpoint.incremental:
        yield f"`params.{params[0]}` is incremental, so `endpoint.incremental` has no say"


def appends(hints: Mapping[str, Json]) -> bool:
    """Whether rows that are read again come into the table again; `append` is dlt's own default."""
    disposition, strategy = _disposition(hints)
    return disposition == "append" or (disposition == "merge" and strategy != "scd2" and not _keyed(hints))


def shared(parent: str) -> str:
    """The beginning of a note on an incremental child."""
    return f"one cursor serves the children of all rows of `{parent}`"


def _table(resource: Resource) -> Iterator[str]:
    disposition, _ = _disposition(resource.hints)
    if disposition == "merge" and appends(resource.hints):
        yield UNKEYED
    if resource.cursor is not None and _lag(resource.cursor) and appends(resource.hints):
        yield LAGGING


def _lag(cursor: Cursor) -> Json:
    own = cursor.arguments.get("incremental")
    return cursor.arguments.get("lag") if own is None else getattr(own, "lag", None)


def _disposition(hints: Mapping[str, Json]) -> tuple[Json, Json]:
    """The write disposition, and the strategy of a merge."""
    given = hints.get("write_disposition")
    if isinstance(given, Mapping):
        return given.get("disposition"), given.get("strategy")
    return given or "append", None


def _keyed(hints: Mapping[str, Json]) -> bool:
    return any(hints.get(key) for key in ("primary_key", "merge_key")) or _has_key(hints.get("columns"))


def _departures(resource: Resource) -> Iterator[str]:
    keys = resource.departures.described()
    if resource.by_rows:
        for key in keys.keys() - {"quarantine"}:
            yield f"`{key}` has no effect: records go to dlt row by row ({resource.by_rows})"
    if "quarantine" in keys:
        yield _SIFTED
    if "quarantine" in keys and not resource.by_rows and _retires(resource.hints.get("write_disposition")):
        yield "`quarantine`: the earlier row of a refused record is retired, as of one that did not come"


def _retires(disposition: Json) -> bool:
    return isinstance(disposition, Mapping) and disposition.get("strategy") in {"scd2", "cdc"}


def _has_key(columns: Json) -> bool:
    match columns:
        case Mapping():
            listed = list(columns.values())
        case list() | tuple():
            listed = list(columns)
        case _:
            return columns is not None  # a model or a function may name one
    return any(column.get("primary_key") or column.get("merge_key") for column in listed)


def _missing(auth: config.Auth | config.Opaque | None) -> Iterator[str]:
    names = [name for name in _CREDENTIALS.get(type(auth), ()) if getattr(auth, name) is None]
    if names:
        yield f"not given, so looked up in dlt's secrets: {', '.join(names)}"
