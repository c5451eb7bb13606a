"""The config as frozen values: dlt's rest_api format key by key, plus restmill's own keys.

`check.check` makes a `Config` from a plain tree. Its resources are already merged with `resource_defaults` by
dlt's rules, and every endpoint has a path. A block's `given` says which of its keys were written.

A `Config` that was checked before its `${...}` references were resolved lists them in `unresolved`; keys that
wait for one hold the text as written, whatever their type. Plans are made from resolved configs only.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from restmill.config.model.auth import (
    AUTH,
    ApiKeyAuth,
    Auth,
    BearerAuth,
    HttpBasicAuth,
    OAuth2ClientCredentialsAuth,
)
from restmill.config.model.kinds import (
    Block,
    Flag,
    HeaderValue,
    HttpUrl,
    Instance,
    Keys,
    Listing,
    Number,
    OneOf,
    Table,
    Text,
    Whole,
    block,
    key,
)
from restmill.config.model.limits import Breaker, RateLimit, Retry
from restmill.config.model.opaque import Opaque
from restmill.config.model.paginators import (
    PAGINATOR,
    AutoPaginator,
    CursorPaginator,
    HeaderCursorPaginator,
    HeaderLinkPaginator,
    JsonLinkPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    Paginator,
    SinglePagePaginator,
)
from restmill.config.model.resource import (
    RESOURCE,
    DeleteMissing,
    Endpoint,
    Incremental,
    IncrementalParam,
    ProcessingStep,
    ReadyResource,
    ResolveParam,
    Resource,
    ResourceDefaults,
    ResponseAction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.errors import Problem
    from restmill.secrets import Secret

__all__ = [
    "ApiKeyAuth",
    "Auth",
    "AutoPaginator",
    "BearerAuth",
    "Breaker",
    "Client",
    "Config",
    "CursorPaginator",
    "DeleteMissing",
    "Endpoint",
    "HeaderCursorPaginator",
    "HeaderLinkPaginator",
    "HttpBasicAuth",
    "Incremental",
    "IncrementalParam",
    "JsonLinkPaginator",
    "OAuth2ClientCredentialsAuth",
    "OffsetPaginator",
    "Opaque",
    "PageNumberPaginator",
    "Paginator",
    "Pipeline",
    "ProcessingStep",
    "RateLimit",
    "ReadyResource",
    "ResolveParam",
    "Resource",
    "ResourceDefaults",
    "ResponseAction",
    "Retry",
    "SinglePagePaginator",
]


@block
class Client(Block):
    """How to reach the API."""

    base_url: str = key("URL that every path is joined to.", HttpUrl())
    headers: Mapping[str, str | Secret | None] = key(
        "Headers of every request.", Table(HeaderValue(), hidden=True), factory=dict, shown=False
    )
    auth: Auth | Opaque | None = key("Credentials.", AUTH, default=None)
    paginator: Paginator | Opaque | None = key(
        "How to ask for the next page, for endpoints that do not say.", PAGINATOR, default=None
    )
    session: Opaque | None = key(
        "A `requests.Session` to send with, instead of restmill's own client.",
        Instance("a requests.Session"),
        default=None,
    )
    retry: Retry | None = key("Which failures are tried again, and when.", Keys(Retry), default=None)
    rate_limit: RateLimit | None = key("The most the host is asked for.", Keys(RateLimit), default=None)
    breaker: Breaker | None = key("When to stop asking a failing host.", Keys(Breaker), default=None)
    repair: bool | None = key(
        "Whether a list that moved while it was read is read again; true when not given.",
        Flag(),
        default=None,
    )
    timeout: float | None = key(
        "Seconds until a request is given up; 60 when not given.", Number(positive=True), default=None
    )
    max_response_bytes: int | None = key(
        "Most bytes of one answer's body, unpacked; 268435456 (256 MiB) when not given.",
        Whole(1),
        default=None,
    )
    proxy: str | None = key("URL of the proxy to send through.", HttpUrl(), default=None, shown=False)
    verify: bool | str = key(
        "Check the server's certificate: true, false, or the path of a CA bundle.",
        OneOf((Flag(), Text())),
        default=True,
    )
    cert: str | tuple[str, ...] | None = key(
        "Client certificate: a file with both, or a list of certificate file and key file.",
        OneOf((Text(), Listing(Text()))),
        default=None,
    )
    allowed_hosts: tuple[str, ...] = key(
        "Hosts that next links and redirects may reach, too; they are asked without any credential.",
        Listing(Text()),
        default=(),
    )


@block
class Pipeline(Block):
    """Where the tables go, for runs that restmill starts itself."""

    name: str | None = key(
        "dlt's pipeline name, which keys its state; the config file's name when not given.",
        Text(),
        default=None,
    )
    destination: str | Opaque | None = key(
        "dlt's destination: a name such as `postgres`, or an object; `duckdb` when not given.",
        OneOf((Text(), Instance("a dlt destination"))),
        default=None,
    )
    dataset_name: str | None = key(
        "Schema or dataset that holds the tables; `<name>_dataset` when not given.", Text(), default=None
    )
    runs_table: bool = key(
        "Enter every run in the table `_restmill_runs`, a row for each resource.", Flag(), default=True
    )


AnyResource: TypeAlias = Resource | ReadyResource


@block
class Config(Block):
    """A whole config."""

    client: Client = key("How to reach the API.", Keys(Client))
    resource_defaults: ResourceDefaults = key(
        "What all resources have unless they say otherwise.",
        Keys(ResourceDefaults),
        default=ResourceDefaults(),
    )
    resources: tuple[AnyResource, ...] = key("What to read.", Listing(RESOURCE))
    pipeline: Pipeline = key(
        "Where the tables go, for runs that restmill starts itself.", Keys(Pipeline), default=Pipeline()
    )
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    """What is allowed but unwise: literal secrets in a file, deprecated keys."""
    secrets: tuple[Secret, ...] = field(default=(), compare=False)
    """Every secret in the config, for the redactor."""
    unresolved: tuple[str, ...] = field(default=(), compare=False)
    """References that were not resolved when the config was checked, as written."""
