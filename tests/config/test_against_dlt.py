"""Whatever dlt 1.31 accepts is accepted here; what dlt calls a choice is the same choice here."""

from __future__ import annotations

from typing import Any, get_args

import dlt
import pytest
from dlt.common.data_types.typing import DATA_TYPES as DLT_TYPES
from dlt.common.incremental.typing import IncrementalArgs
from dlt.common.jsonpath import compile_path
from dlt.common.schema.typing import (
    MERGE_STRATEGIES,
    WRITE_DISPOSITIONS,
    TColumnSchema,
    TReferenceCardinality,
    TTableReferenceInline,
)
from dlt.extract.hints import TResourceNestedHints
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.paginators import OffsetPaginator
from dlt.sources.rest_api import rest_api_source
from dlt.sources.rest_api import typing as dlt_typing
from dlt.sources.rest_api.config_setup import AUTH_MAP, PAGINATOR_MAP
from requests import Session

from restmill.config.check.check import check
from restmill.config.model import config as model
from restmill.config.model.auth import AUTHS
from restmill.config.model.hints import (
    DATA_TYPES,
    DISPOSITIONS,
    STRATEGIES,
    Column,
    NestedHints,
    TableReference,
)
from restmill.config.model.kinds import Block, Choice, keys_of, kind_of
from restmill.config.model.paginators import PAGINATORS
from restmill.config.model.resource import CursorArguments
from tests.config.configs import CLIENT, FOR_DLT, with_endpoint, with_resources


@dlt.resource
def ready() -> Any:
    yield [{"id": 1}]


OBJECTS: dict[str, dict[str, Any]] = {
    "objects": {
        "client": {
            **CLIENT,
            "auth": BearerTokenAuth(token="t-1"),
            "session": Session(),
            "paginator": OffsetPaginator(limit=5),
        },
        "resources": [
            ready,
            {
                "name": "a",
                "endpoint": {
                    "path": "a",
                    "params": {"since": dlt.sources.incremental("t"), "n": 1.5, "l": [1], "none": None},
                    "data_selector": compile_path("a.b[0].c"),
                },
                "processing_steps": [
                    {"filter": lambda item: item["id"] > 0},
                    {"map": lambda item: item, "yield_map": lambda item: [item]},
                ],
            },
        ],
    },
    "functions": with_resources(
        {
            "name": "a",
            "primary_key": lambda _: "id",
            "table_name": lambda item: item["kind"],
            "columns": {},
        },
        {"name": "b", "endpoint": {"response_actions": [print, {"status_code": 200, "action": [print]}]}},
    ),
    "nulls": with_resources(
        {
            "name": "a",
            "table_name": None,
            "columns": None,
            "processing_steps": [],
            "endpoint": {"method": None, "paginator": None, "auth": None, "incremental": None, "data": None},
        },
        resource_defaults=None,
    ),
    "strings": with_resources("a", {"name": "b", "endpoint": "v1/b"}, {"name": "c"}),
}


@pytest.mark.parametrize("tree", [*FOR_DLT.values(), *OBJECTS.values()], ids=[*FOR_DLT, *OBJECTS])
def test_dlt_accepts_it_and_so_do_we(tree: dict[str, Any]) -> None:
    config = check(tree)
    copied = {**tree, "resources": [one if one is ready else _copied(one) for one in tree["resources"]]}
    source = rest_api_source(copied)  # type: ignore[arg-type]
    assert sorted(one.name for one in config.resources) == sorted(source.resources)


def _copied(tree: Any) -> Any:
    """Containers copied, since dlt changes them; objects kept."""
    if isinstance(tree, dict):
        return {key: _copied(one) for key, one in tree.items()}
    return [_copied(one) for one in tree] if isinstance(tree, list) else tree


CHOICES = [
    (tuple(PAGINATOR_MAP), tuple(PAGINATORS)),
    (tuple(AUTH_MAP), tuple(AUTHS)),
    (DLT_TYPES, DATA_TYPES),
    (WRITE_DISPOSITIONS, DISPOSITIONS),
    (MERGE_STRATEGIES, STRATEGIES),
]


@pytest.mark.parametrize(("theirs", "ours"), CHOICES)
def test_the_choices_are_dlts(theirs: Any, ours: Any) -> None:
    assert set(theirs) == set(ours)


def test_the_cardinalities_are_dlts() -> None:
    kind = kind_of(keys_of(TableReference)["cardinality"])
    assert isinstance(kind, Choice)
    assert set(kind.words) == set(get_args(TReferenceCardinality))


_OWN = {
    "rename",
    "delete_missing",
    "on_error",
    "on_unsupported_merge",
    "columnar",
    "quarantine",
    "empty_columns",
    "widen_numbers",
}
KEYS: list[tuple[Any, type[Block], set[str]]] = [
    (
        dlt_typing.ClientConfig,
        model.Client,
        {"retry", "rate_limit", "breaker", "repair", "timeout", "proxy", "verify", "cert", "allowed_hosts"}
        | {"max_response_bytes"},
    ),
    (
        dlt_typing.Endpoint,
        model.Endpoint,
        {"retry", "format", "encoding", "max_pages", "max_duration", "repair"},
    ),
    (dlt_typing.EndpointResource, model.Resource, _OWN),
    (dlt_typing.EndpointResourceBase, model.ResourceDefaults, _OWN),
    (dlt_typing.RESTAPIConfig, model.Config, {"pipeline"}),
    (dlt_typing.ResponseActionDict, model.ResponseAction, {"header", "empty"}),
    (dlt_typing.ProcessingSteps, model.ProcessingStep, set()),
    (dlt_typing.IncrementalConfig, model.Incremental, {"transform"}),
    (IncrementalArgs, CursorArguments, {"convert", "transform"}),
    (dlt_typing.ResolveParamConfig, model.ResolveParam, set()),
    (dlt_typing.OffsetPaginatorConfig, model.OffsetPaginator, {"total_header"}),
    (dlt_typing.PageNumberPaginatorConfig, model.PageNumberPaginator, {"total_header"}),
    (dlt_typing.JSONResponseCursorPaginatorConfig, model.CursorPaginator, set()),
    (dlt_typing.HeaderLinkPaginatorConfig, model.HeaderLinkPaginator, set()),
    (dlt_typing.HeaderCursorPaginatorConfig, model.HeaderCursorPaginator, set()),
    (dlt_typing.JSONLinkPaginatorConfig, model.JsonLinkPaginator, set()),
    (dlt_typing.BearerTokenAuthConfig, model.BearerAuth, set()),
    (dlt_typing.ApiKeyAuthConfig, model.ApiKeyAuth, set()),
    (dlt_typing.HttpBasicAuthConfig, model.HttpBasicAuth, set()),
    (dlt_typing.OAuth2ClientCredentialsConfig, model.OAuth2ClientCredentialsAuth, set()),
    (TResourceNestedHints, NestedHints, set()),
    (TColumnSchema, Column, set()),
    (TTableReferenceInline, TableReference, set()),
]


@pytest.mark.parametrize(("theirs", "ours", "more"), KEYS)
def test_the_keys_are_dlts_and_the_ones_we_name(theirs: Any, ours: type[Block], more: set[str]) -> None:
    dlts = {key for key in theirs.__annotations__ if not key.startswith("x-")} - {"type"}
    if ours in (model.Resource, model.ResourceDefaults):
        dlts -= {"parent_table_name"}  # `dlt.resource` has no such argument
    assert set(keys_of(ours)) == dlts | more


def test_an_object_is_never_copied() -> None:
    cursor: Any = dlt.sources.incremental("t")
    tree = with_endpoint(params={"since": cursor})
    first = check(tree).resources[0]
    assert isinstance(first, model.Resource)
    found = first.endpoint.params["since"]
    assert isinstance(found, model.Opaque)
    assert found.value is cursor
