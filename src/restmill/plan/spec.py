"""Plan, Resource and their parts: frozen, printable values that say exactly what a run will do.

A plan is made from a config by `plan.build` and read by the engine, the dlt source and the `plan` command.
All decisions are in it: a reader of the plan never has to look at the config again. `Opaque` values
(callables, dlt and requests objects) can only come from Python configs; everything else can be printed and
pickled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from restmill.config.model.opaque import Opaque
from restmill.wire.coding import MOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from restmill.path import Json, Path
    from restmill.plan.template import Template
    from restmill.secrets import Secret
    from restmill.wire.actions import Rule
    from restmill.wire.auth import Auth
    from restmill.wire.limits.budget import Limits
    from restmill.wire.message import Method, Request
    from restmill.wire.paging.pagers import Pager
    from restmill.wire.retry import Policy

__all__ = [
    "Bounds",
    "Cursor",
    "Deletion",
    "Departures",
    "Foreign",
    "Fresh",
    "Note",
    "OnError",
    "Opaque",
    "Parent",
    "Pipeline",
    "Plan",
    "RequestTemplate",
    "Resource",
    "Signer",
    "Step",
    "Transport",
]

OnError: TypeAlias = Literal["isolate", "raise"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something the plan had to decide for the user: where (config path or resource name) and what."""

    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Parent:
    """How a child is bound to its parent: each placeholder's value stands at a path in a parent record."""

    resource: str
    fields: Mapping[str, Path]
    """Placeholder name as written in the templates -> path in the parent record."""
    include: tuple[str, ...] = ()
    """Top-level parent fields copied into each child record as `_<parent>_<field>`."""
    whole: frozenset[str] = frozenset()
    """Placeholders that stand alone in a JSON body, nowhere else: their value may be a list or an object."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Incremental loading: dlt keeps the cursor, the request carries it. Words as in dlt's `Incremental`."""

    arguments: Mapping[str, Any]
    """Keyword arguments for `dlt.sources.incremental`, or {"incremental": object} for a ready one."""
    start_param: str = ""
    end_param: str = ""
    convert: Callable[[Json], Json] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One processing step of a resource, in order."""

    kind: Literal["filter", "map", "yield_map"]
    function: Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What becomes of rows whose record the API no longer has; see `load.delete_missing`."""

    mode: Literal["soft", "hard"]
    max_fraction: float
    column: str
    """Where `soft` writes the time."""
    allow_empty: bool = False
    parent_fields: Mapping[str, str] = field(default_factory=dict)
    """Child resources: placeholder -> the field of a row that holds the parent's value for it.

    Empty when the rows do not hold them all: then the table is compared as a whole or not at all.
    """
    second_look: bool = True
    """Whether a list of several pages is read again before any of its rows goes."""
    movable: bool = False
    """Whether a row can move to another parent, because its primary key holds not all of `parent_fields`.

    Then a row that one parent no longer has may be with a parent that was not read: whole or not at all, too.
    """


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """The first request of a read, with placeholders still in it.

    Params, headers, json and data are trees from `template.parse_tree`: each string with placeholders is a
    Template. They may hold secrets, so none of them is shown.
    """

    method: Method
    path: Template
    params: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """A parameter that the cursor will set stands here as None, to keep its place in the query string."""
    headers: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """The client's and the endpoint's together."""
    json: Json = field(default=None, repr=False)
    data: Json = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A pager that keeps state of its own (a user's paginator object): every read gets a new one."""

    name: str
    make: Callable[[], Pager]


@dataclass(frozen=True, slots=True)
class Signer:
    """Credentials added by a user's code. `sign` may block; it is called in a thread, one call at a time."""

    name: str
    sign: Callable[[Request], Request]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that one read may take; None: no bound. Reaching a bound ends the read, incomplete."""

    pages: int | None = None
    seconds: float | None = None

    def describe(self) -> str:
        """For example `at most 10 pages, 60 s`; "" without a bound."""
        parts = [] if self.pages is None else [f"{self.pages:,} page{'s' if self.pages > 1 else ''}"]
        parts += [] if self.seconds is None else [f"{self.seconds:g} s"]
        return f"at most {', '.join(parts)}" if parts else ""


@dataclass(frozen=True, slots=True)
class Departures:
    """Where the tables may differ from dlt's, because a key of the config asks for it."""

    quarantine: bool = False
    """Whether a record that dlt refuses is kept in a table of its own, and the run goes on."""

    empty_columns: str = ""
    """The type, one of dlt's, of columns that have never had a value; "": they are not made."""

    widen_numbers: bool = False
    """Whether a column of integers becomes one of doubles when a fraction comes."""

    def described(self) -> Mapping[str, str]:
        """The keys that were given, each with its value."""
        values = {
            "quarantine": "true" if self.quarantine else "",
            "empty_columns": self.empty_columns,
            "widen_numbers": "true" if self.widen_numbers else "",
        }
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared endpoint: what to ask for, how to page, what to pick, and the table hints for dlt."""

    name: str
    request: RequestTemplate
    pager: Pager | Fresh | Opaque | None
    """None: detected from the first answer (dlt's rules). An `Opaque` is made a `Fresh` by the load layer."""
    selector: Path | None
    """None: detected from the first answer (dlt's rules)."""
    auth: Auth | Signer | Opaque | None
    """An `Opaque` is made a `Signer` by the load layer."""
    retry: Policy
    parent: Parent | None = None
    cursor: Cursor | None = None
    actions: tuple[Rule, ...] = ()
    """Looked at in order, before the policy's own reading of the status."""
    steps: tuple[Step, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    """Path in the API's record -> name in the table's row."""
    on_error: OnError = "raise"
    hints: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for `dlt.resource`, as given (`primary_key`, `columns`, `write_disposition`, ...)."""
    appends_unmerged: bool = False
    """Whether rows are appended where the destination cannot merge as asked; else that is refused."""
    deletion: Deletion | None = None
    """None: rows stay."""
    bounds: Bounds = field(default_factory=Bounds)
    """The most that one read may take."""
    repair: bool = True
    """Whether a list that moved while it was read is read again."""
    encoding: str = ""
    """The encoding of the answers' bodies; "": as they say themselves."""
    columnar: bool = True
    """Whether records may go to dlt as Arrow tables at all."""
    by_rows: str = ""
    """Why dlt must see this resource's records one by one; "": what is planned does not ask for it. The
    destination may: that is known when a run begins."""
    departures: Departures = field(default_factory=Departures)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A ready `DltResource` among the resources; restmill passes it on untouched."""

    name: str
    value: Opaque


@dataclass(frozen=True, slots=True)
class Transport:
    """Settings of the connection itself. Times in seconds; `session` is a user's `requests.Session`."""

    timeout: float = 60.0
    proxy: str = field(default="", repr=False)
    """Its URL may hold a password."""
    verify: bool | str = True
    """True, False, or the path of a CA bundle."""
    cert: tuple[str, ...] = ()
    """Client certificate: (file,) or (certificate file, key file)."""
    session: Opaque | None = None
    max_response_bytes: int = MOST
    """Bytes of one answer's body, unpacked; an answer with more is an error."""
    in_turn: bool = False
    """Whether requests go out one after the other and none ahead: code of the user's is called for each."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Where the tables go, for runs that restmill starts itself (`restmill run`, `sync`)."""

    name: str = "restmill"
    destination: Json = "duckdb"
    """dlt's name of a destination, or a destination object."""
    dataset_name: str = "restmill"
    runs_table: bool = True
    """Whether each run is entered in the table `_restmill_runs`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run needs, in the order of the config; parents stand before their children."""

    base_url: str
    resources: tuple[Resource | Foreign, ...]
    limits: Limits
    transport: Transport = field(default_factory=Transport)
    allowed_hosts: frozenset[str] = frozenset()
    """Further origins or host names that next links and redirects may reach, without credentials."""
    pipeline: Pipeline = field(default_factory=Pipeline)
    notes: tuple[Note, ...] = ()
    secrets: tuple[Secret, ...] = ()
    """Every secret the plan holds, for the redactor."""

    def resource(self, name: str) -> Resource:
        """The declared resource called `name`.

        Raises:
            KeyError: there is none.
        """
        for resource in self.resources:
            if isinstance(resource, Resource) and resource.name == name:
                return resource
        raise KeyError(name)
