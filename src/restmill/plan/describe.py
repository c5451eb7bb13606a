"""The plan in words, for people and for programs: `restmill plan` draws them, `as_json` is their JSON.

No secret is in a description: known ones are removed by value, header values and bodies are never shown, and
a parameter whose name says credential is masked whatever it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from restmill.config.model.opaque import Opaque
from restmill.config.telling import may_be_credential, without_literals
from restmill.plan import delete_missing
from restmill.plan.spec import Foreign, Fresh, Signer
from restmill.plan.template import Template, spelled
from restmill.secrets import MASK, Redactor
from restmill.wire import auth
from restmill.wire.limits.circuit_breaker import FAILURES
from restmill.wire.message import join
from restmill.wire.retry import wait_before

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.plan.spec import Cursor, Parent, Plan, RequestTemplate, Resource
    from restmill.wire.limits.budget import Limits
    from restmill.wire.paging.pagers import Pager
    from restmill.wire.retry import Policy

_TABLE = (
    "table_name",
    "write_disposition",
    "primary_key",
    "merge_key",
    "schema_contract",
    "max_table_nesting",
)
_COLUMNS = "columns, if the destination takes Parquet files"
_WAITS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Described:
    """One resource in words; "" and empty where there is nothing to say."""

    name: str
    request: str
    """METHOD and URL template."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Query parameters as templates."""
    headers: tuple[str, ...] = ()
    """Names only."""
    body: str = ""
    auth: str = ""
    pages: str = ""
    bounds: str = ""
    """The most that one read may take."""
    repair: str = ""
    records: str = ""
    """Where the records are in an answer."""
    rules: tuple[str, ...] = ()
    parent: str = ""
    cursor: str = ""
    steps: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    """The hints that shape the table."""
    deletes: str = ""
    """What becomes of rows that the API no longer has."""
    load: str = ""
    """How records go to dlt: as columns, or as rows and why."""
    departures: Mapping[str, str] = field(default_factory=dict)
    """The keys by which the tables may differ from dlt's."""
    retry: str = ""
    on_error: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """A whole plan in words."""

    base_url: str
    budget: str
    connection: str
    """Timeout, proxy and certificates."""
    allowed_hosts: tuple[str, ...]
    pipeline: str
    resources: tuple[Described, ...]
    notes: tuple[str, ...]
    """What was decided for all resources; each resource has its own."""


def describe(plan: Plan) -> Description:
    """`plan` in words, resources in the order they are read."""
    clean = Redactor().plus(plan.secrets)
    names = {resource.name for resource in plan.resources}
    destination = plan.pipeline.destination
    where = (
        destination if isinstance(destination, str) else f"an object of class {type(destination).__name__}"
    )
    return Description(
        base_url=clean(_bare(plan.base_url)),
        budget=_budget(plan.limits),
        connection=clean(_connection(plan)),
        allowed_hosts=tuple(clean(without_literals(host)) for host in sorted(plan.allowed_hosts)),
        pipeline=clean(
            f"{plan.pipeline.name} -> {without_literals(where)}, dataset {plan.pipeline.dataset_name}"
        ),
        resources=tuple(_described(plan, resource, clean) for resource in plan.resources),
        notes=tuple(clean(f"{note.where}: {note.text}") for note in plan.notes if note.where not in names),
    )


def as_json(plan: Plan) -> dict[str, Json]:
    """The description as a JSON object; its keys are those of `Description` and `Described`."""
    return asdict(describe(plan))


def _described(plan: Plan, resource: Resource | Foreign, clean: Redactor) -> Described:
    if isinstance(resource, Foreign):
        return Described(resource.name, "a dlt resource of your own, passed on untouched")
    request = resource.request
    return Described(
        name=resource.name,
        request=clean(f"{request.method} {join(_bare(plan.base_url), str(request.path))}"),
        params={
            str(name): clean(_param(str(name), value, resource.cursor))
            for name, value in request.params.items()
        },
        headers=tuple(str(name) for name in request.headers),
        body=_body(request),
        auth=_auth(resource.auth),
        pages=_pages(resource.pager),
        bounds=resource.bounds.describe(),
        repair="" if resource.repair else "off",
        records="detected" if resource.selector is None else str(resource.selector),
        rules=tuple(clean(f"{rule}: {_words(rule.do)}") for rule in resource.actions),
        parent=_parent(resource.parent),
        cursor=clean(_cursor(resource.cursor)),
        steps=tuple(f"{step.kind} {_words(step.function)}" for step in resource.steps),
        rename=dict(resource.rename),
        table={name: _words(resource.hints[name]) for name in _TABLE if name in resource.hints},
        deletes=delete_missing.described(resource),
        load=f"rows: {resource.by_rows}" if resource.by_rows else _COLUMNS,
        departures=resource.departures.described(),
        retry=_retry(resource.retry),
        on_error=resource.on_error,
        notes=tuple(clean(note.text) for note in plan.notes if note.where == resource.name),
    )


def _param(name: str, value: Json, cursor: Cursor | None) -> str:
    if value is None:
        return "set by the cursor" if cursor and cursor.start_param == name else "left out"
    return MASK if may_be_credential(name) else _words(value)


def _body(request: RequestTemplate) -> str:
    if request.json is not None:
        return f"JSON: {', '.join(str(key) for key in request.json)}"
    if isinstance(request.data, Mapping):
        return f"form: {', '.join(str(key) for key in request.data)}"
    if isinstance(request.data, list):
        names = dict.fromkeys(str(pair[0]) for pair in request.data if isinstance(pair, list) and pair)
        return f"form: {', '.join(names)}"
    return "raw" if request.data else ""


def _parent(parent: Parent | None) -> str:
    if parent is None:
        return ""
    fields = ", ".join(dict.fromkeys(str(path) for path in parent.fields.values()))
    include = f", with {', '.join(parent.include)}" if parent.include else ""
    return f"{parent.resource}: {fields}{include}"


def _cursor(cursor: Cursor | None) -> str:
    if cursor is None:
        return ""
    own = cursor.arguments.get("incremental")
    path = cursor.arguments.get("cursor_path") if own is None else getattr(own, "cursor_path", "")
    start = cursor.arguments.get("initial_value") if own is None else getattr(own, "initial_value", None)
    parts = [str(path), *([] if start is None else [f"from {start}"])]
    parts += [f"sent as {name}" for name in (cursor.start_param, cursor.end_param) if name]
    return ", ".join(parts)


def _retry(policy: Policy) -> str:
    if not policy.max_retries:
        return "none"
    first = range(1, min(policy.max_retries, _WAITS_SHOWN) + 1)
    shown = ", ".join(f"{wait_before(policy, number):g}" for number in first)
    more = ", ..." if policy.max_retries > _WAITS_SHOWN else ""
    statuses = ", ".join(str(status) for status in sorted(policy.statuses))
    where = f"on {statuses} and where the host says when" if statuses else "where the host says when"
    times = "once" if policy.max_retries == 1 else f"{policy.max_retries} times"
    return f"{times} {where}, after {shown}{more} s"


def _budget(limits: Limits) -> str:
    rate = limits.requests_per_second
    steady = "" if rate is None else f", {rate:g} per second"
    burst = f" after a burst of {limits.burst}" if rate is not None and limits.burst > 1 else ""
    many = f"{limits.concurrency} request{'s' if limits.concurrency > 1 else ''} at a time"
    failures = f"{limits.failures or FAILURES} failures in a row"
    lasting = f" over {limits.patience:.0f} s" if limits.patience else ""
    return f"at most {many}{steady}{burst}; halts after {failures}{lasting}"


def _connection(plan: Plan) -> str:
    settings = plan.transport
    parts = [f"timeout {settings.timeout:g} s"]
    parts += [f"through {_bare(settings.proxy)}"] if settings.proxy else []
    parts += ["certificates are not checked"] if settings.verify is False else []
    parts += [f"certificates by {settings.verify}"] if isinstance(settings.verify, str) else []
    parts += ["with a client certificate"] if settings.cert else []
    return ", ".join(parts)


def _bare(url: str) -> str:
    """The URL without user name and password, which a proxy or an old API may have in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _auth(credentials: auth.Auth | Signer | Opaque | None) -> str:
    if credentials is None:
        return "none"
    if isinstance(credentials, Signer | Opaque):
        return _class_of(credentials)
    return auth.describe(credentials)


def _pages(pager: Pager | Fresh | Opaque | None) -> str:
    if pager is None:
        return "detected"
    return _class_of(pager) if isinstance(pager, Fresh | Opaque) else pager.describe()


def _class_of(own: Fresh | Signer | Opaque) -> str:
    name = type(own.value).__name__ if isinstance(own, Opaque) else own.name
    return f"an object of class {name}"


def _words(value: Json) -> str:
    """A value of the config as a reader would write it; of a function only its name."""
    match value:
        case str() | Template():
            return str(value)
        case bool():
            return str(spelled(value))
        case list() | tuple():
            return ", ".join(_words(one) for one in value)
        case Mapping():
            return ", ".join(f"{key}: {_words(one)}" for key, one in value.items())
        case _ if callable(value):
            return str(getattr(value, "__name__", type(value).__name__))
        case _:
            return str(value)
