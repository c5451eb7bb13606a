"""Resources and endpoints: what is asked for, page by page, and what happens to the answers.

The keys are dlt's; `rename`, `delete_missing`, `on_error`, `columnar`, `quarantine`, `empty_columns`,
`widen_numbers`, `retry`, `format` and the further response actions are restmill's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from restmill.config.model.auth import AUTH, Auth
from restmill.config.model.hints import DATA_TYPES, NAMES, TableHints
from restmill.config.model.kinds import (
    Anything,
    Block,
    Choice,
    Flag,
    Function,
    HeaderValue,
    Instance,
    JsonPath,
    Keys,
    Listing,
    Number,
    OneOf,
    Status,
    Table,
    Tagged,
    Text,
    Whole,
    block,
    key,
)
from restmill.config.model.limits import Retry
from restmill.config.model.opaque import Opaque
from restmill.config.model.paginators import PAGINATOR, Paginator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json
    from restmill.secrets import Secret

Method: TypeAlias = Literal["GET", "POST"]
ActionWord: TypeAlias = Literal["ignore", "retry", "skip", "end", "fail", "reauth"]

_FUNCTION = OneOf((Function(),))
_BOUNDARY = Choice(("open", "closed"))


@block
class CursorArguments(Block):
    """What dlt's `Incremental` takes, and how a cursor value becomes text for the request."""

    cursor_path: str = key("JSON path of the cursor in a record.", JsonPath())
    initial_value: Json = key("Cursor value of the first run.", Anything(), default=None)
    last_value_func: Literal["min", "max"] | Opaque | None = key(
        "Which of two cursor values is the later one: `max`, `min` or a function.",
        OneOf((Choice(("min", "max")), Function())),
        default=None,
    )
    primary_key: Any = key("Column or columns that tell equal cursor values apart.", NAMES, default=None)
    end_value: Json = key("Cursor value at which a backfill ends.", Anything(), default=None)
    row_order: Literal["asc", "desc"] | None = key(
        "Order in which the API returns records, so that a read can stop early.",
        Choice(("asc", "desc")),
        default=None,
    )
    allow_external_schedulers: bool | None = key(
        "Take the range from a scheduler (Airflow).", Flag(), default=None
    )
    lag: float | None = key(
        "How far before the last cursor value the next run begins (seconds, days for dates, or units).",
        Number(),
        default=None,
    )
    on_cursor_value_missing: Literal["raise", "include", "exclude"] | None = key(
        "What happens to a record without a cursor value; `raise` when not given.",
        Choice(("raise", "include", "exclude")),
        default=None,
    )
    range_start: Literal["open", "closed"] | None = key(
        "Whether the start value itself is loaded; `closed` when not given.", _BOUNDARY, default=None
    )
    range_end: Literal["open", "closed"] | None = key(
        "Whether the end value itself is loaded; `open` when not given.", _BOUNDARY, default=None
    )
    convert: Opaque | None = key("Function from a cursor value to a request value.", Function(), default=None)
    transform: Opaque | None = key("Old name of `convert`.", Function(), default=None)

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments for `dlt.sources.incremental`: what was given, objects unwrapped."""
        own = {"convert", "transform", "start_param", "end_param"}
        values = {name: getattr(self, name) for name in sorted(self.given - own)}
        return {
            name: value.value if isinstance(value, Opaque) else value
            for name, value in values.items()
            if value is not None
        }

    @property
    def converter(self) -> Opaque | None:
        """`convert`, or `transform`, its old name, which wins in dlt."""
        return self.transform or self.convert


@block
class Incremental(CursorArguments):
    """Incremental loading of an endpoint: only what is new since the last run."""

    start_param: str | None = key("Query parameter that carries the last cursor value.", Text(), default=None)
    end_param: str | None = key("Query parameter that carries the end value.", Text(), default=None)


@block
class IncrementalParam(CursorArguments):
    """A query parameter that carries the last cursor value (`type: incremental`)."""


@block
class ResolveParam(Block):
    """A path placeholder filled from a parent resource's records (`type: resolve`)."""

    resource: str = key("The parent resource's name.", Text())
    field: str = key("JSON path of the value in the parent's record.", JsonPath())


PARAMS: dict[str, type[Block]] = {"resolve": ResolveParam, "incremental": IncrementalParam}


@block
class ResponseAction(Block):
    """What to do with a response that meets all the conditions given."""

    status_code: int | None = key("Condition: the HTTP status.", Status(), default=None)
    content: str | None = key("Condition: the body contains this text.", Text(), default=None)
    header: Mapping[str, str] = key(
        "Condition: the response header named contains this text; several headers in one action: not yet.",
        Table(Text()),
        factory=dict,
    )
    empty: bool | None = key(
        "Condition: the body is empty; only true, false is not yet possible.", Flag(), default=None
    )
    action: ActionWord | Opaque | tuple[Opaque, ...] = key(
        "`ignore`: end the read, keep what came before. `retry`: ask again, by `retry`'s counts. "
        "`skip`: take the next page. `end`: the read is complete. `fail`: the resource failed. "
        "`reauth`: renew credentials, ask again. "
        "Or a Python function, or a list of them, called with the response.",
        OneOf(
            (Choice(("ignore", "retry", "skip", "end", "fail", "reauth")), Function(), Listing(Function()))
        ),
    )


@block
class Endpoint(Block):
    """Where a resource's records come from."""

    path: str = key(
        "Path under `base_url`, or a whole URL; `{resources.parent.field}` is filled from its record, "
        "`{resources.parent.field[*]}` from each element of a list. "
        "The resource's name when not given.",
        Text(empty=True),
        default="",
        null=True,  # told from "", which is `base_url` itself; `merge` puts the name in its place
    )
    method: Method = key("HTTP method.", Choice(("GET", "POST"), fold=True), default="GET")
    params: Mapping[str, Json | ResolveParam | IncrementalParam | Opaque] = key(
        "Query parameters; lists repeat the key. A value of `type: resolve` or `type: incremental` is bound.",
        Table(
            OneOf(
                (
                    Tagged("param", PARAMS),
                    Instance("dlt.sources.incremental", having="cursor_path"),
                    Anything(),
                )
            ),
        ),
        factory=dict,
        shown=False,
    )
    json: Mapping[str, Json] | None = key(
        "JSON request body.", Table(Anything(), hidden=True), default=None, shown=False
    )
    data: Json = key("Form fields or raw request body.", Anything(), default=None, shown=False)
    paginator: Paginator | Opaque | None = key(
        "How to ask for the next page; the client's, or detected, when not given.", PAGINATOR, default=None
    )
    data_selector: str | None = key(
        "JSON path of the records in the response; detected when not given.",
        JsonPath(empty=True),
        default=None,
    )
    response_actions: tuple[ResponseAction | Opaque, ...] = key(
        "What to do with particular responses; the first that matches wins.",
        Listing(OneOf((Keys(ResponseAction), Function()))),
        default=(),
    )
    incremental: Incremental | None = key("Load only what is new.", Keys(Incremental), default=None)
    auth: Auth | Opaque | None = key(
        "Credentials for this endpoint alone; null sends none.", AUTH, default=None
    )
    headers: Mapping[str, str | Secret | None] = key(
        "Request headers.", Table(HeaderValue(), hidden=True), factory=dict, shown=False
    )
    retry: Retry | None = key("Retry settings of this endpoint alone.", Keys(Retry), default=None)
    encoding: str | None = key(
        "The answers' encoding, such as `windows-1252`; what they declare, else UTF-8, when not given.",
        Text(),
        default=None,
    )
    max_pages: int | None = key(
        "Most pages of one read; more make it `partial`. No bound when not given.", Whole(1), default=None
    )
    max_duration: float | None = key(
        "Most seconds that one read may take, waits included; after them it is `partial`. No bound when not "
        "given.",
        Number(positive=True),
        default=None,
    )
    repair: bool | None = key(
        "Whether a list that moved while it was read is read again; the client's, or true, when not given.",
        Flag(),
        default=None,
    )
    format: Literal["json", "jsonl", "csv", "xml"] = key(
        "Format of the response; only `json`, the others not yet.",
        Choice(("json", "jsonl", "csv", "xml")),
        default="json",
    )


@block
class ProcessingStep(Block):
    """A step that every record passes; in one step, `filter` is first, then `map`, then `yield_map`."""

    filter: Opaque | None = key("Keeps the records for which it is true.", _FUNCTION, default=None)
    map: Opaque | None = key("Replaces a record.", _FUNCTION, default=None)
    yield_map: Opaque | None = key("Replaces a record by any number of records.", _FUNCTION, default=None)


@block
class DeleteMissing(Block):
    """What happens to rows whose record the API no longer has, after a read that is proven complete."""

    mode: Literal["soft", "hard"] = key(
        "`soft` sets a timestamp in `column`, `hard` deletes the rows and those of their nested tables.",
        Choice(("soft", "hard")),
    )
    max_fraction: float = key(
        "Largest part of the table, from 0 to 1, that may go in one run; beyond it nothing is deleted.",
        Number(least=0, most=1),
        default=0.2,
    )
    column: str = key(
        "`soft`: the column for the time of deletion; NULL again when the record is back.",
        Text(),
        default="_restmill_deleted_at",
    )
    allow_empty: bool = key(
        "Believe an answer without any row: then all rows go, whatever `max_fraction` says.",
        Flag(),
        default=False,
    )
    second_look: bool = key(
        "Read a list of several pages again before any of its rows goes, and keep what that read finds.",
        Flag(),
        default=True,
    )


@block
class ResourceDefaults(TableHints):
    """What all resources have unless they say otherwise."""

    endpoint: Endpoint = key(
        "Where the records come from.", Keys(Endpoint, shorthand="path"), default=Endpoint()
    )
    include_from_parent: tuple[str, ...] = key(
        "Fields of the parent's record to copy into each record, as `_<parent>_<field>`.",
        Listing(Text()),
        default=(),
    )
    processing_steps: tuple[ProcessingStep, ...] = key(
        "Functions that filter or change records, in order.", Listing(Keys(ProcessingStep)), default=()
    )
    rename: Mapping[str, str] = key(
        "Path in the API's record -> name in the table; applied before the schema is made.",
        Table(Text()),
        factory=dict,
    )
    delete_missing: DeleteMissing | None = key(
        "What happens to rows whose record the API no longer has: `soft` or `hard`; nothing when not given.",
        Keys(DeleteMissing, shorthand="mode"),
        default=None,
    )
    on_unsupported_merge: Literal["refuse", "append"] = key(
        "What happens where the destination cannot merge as asked: `refuse` ends before anything is sent; "
        "`append` accepts that every run adds its rows again.",
        Choice(("refuse", "append")),
        default="refuse",
    )
    on_error: Literal["isolate", "raise"] | None = key(
        "`isolate`: the other resources go on. `raise`: the run stops, as under dlt.",
        Choice(("isolate", "raise")),
        default=None,
    )
    columnar: bool = key(
        "Give records to dlt as Arrow tables where that makes the same tables; false: always row by row.",
        Flag(),
        default=True,
    )
    quarantine: bool = key(
        "Keep a record that cannot become a row in `<table>__quarantine`, with the reason, and load the "
        "others; false: it fails the run.",
        Flag(),
        default=False,
    )
    empty_columns: str | None = key(
        "Type of columns that have never had a value; dlt makes none of them, and so does restmill unless "
        "this is given.",
        Choice(DATA_TYPES),
        default=None,
    )
    widen_numbers: bool = key(
        "Make a column of integers one of doubles when a fraction comes; false: the fraction stands in a "
        "variant column, as under dlt.",
        Flag(),
        default=False,
    )


@block
class Resource(ResourceDefaults):
    """One declared resource."""

    name: str = key("Name of the resource, and of its table unless `table_name` is given.", Text())


@block
class ReadyResource(Block):
    """A `DltResource` object among the resources; passed on untouched."""

    name: str = key("Its name.", Text())
    value: Opaque = key("The object.", Instance("a dlt resource"))


RESOURCE = OneOf((Keys(Resource, shorthand="name"), Instance("a dlt resource", having="name")))
