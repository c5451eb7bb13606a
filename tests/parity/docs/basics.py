"""Examples of the page "REST API source": first steps, the parts of a config, selectors, steps, mistakes."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.helpers.rest_client.auth import HttpBasicAuth
from dlt.sources.rest_api.utils import check_connection

from tests.parity.case import Case, Config, many, resource
from tests.parity.docs.api import PASSWORD, TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from dlt.extract import DltResource, DltSource

SECRETS = {
    "YOUR_API_TOKEN": TOKEN,
    "YOUR_BASIC_AUTH_PASSWORD": PASSWORD,
    "GITHUB_TOKEN": TOKEN,
    "ACCESS_TOKEN": TOKEN,
}
GITHUB = "/private/linked/repos/dlt-hub/dlt/"
GROWN = {"rows": 10}
DEFAULTS: Config = {
    "primary_key": "id",
    "write_disposition": "merge",
    "endpoint": {"params": {"per_page": 100}},
}
ISSUES: Config = {"sort": "updated", "direction": "desc", "state": "open"}
SINCE: Config = {"cursor_path": "updated_at", "initial_value": "2024-01-25T11:21:28Z"}


def posts(api: str, **keys: Any) -> Config:
    """A blog with nothing but posts."""
    return many(f"{api}/plain", resource("posts", "posts", **keys))


def _first(api: str) -> Config:
    return many(
        f"{api}/private/paging/",
        "posts",
        resource("comments", "posts/{resources.posts.id}/comments", params={"sort": "created_at"}),
        auth={"token": dlt.secrets["your_api_token"]},
        paginator={"type": "json_link", "next_url_path": "paging.next"},
    )


def _github_config(api: str, token: str | None, since: Config) -> Config:
    comments = resource(
        "issue_comments", "issues/{resources.issues.number}/comments", include_from_parent=["id"]
    )
    auth = {"type": "bearer", "token": token} if token else None
    base = api + (GITHUB if token else GITHUB.removeprefix("/private"))
    return {
        **many(base, resource("issues", "issues", **since), comments, auth=auth),
        "resource_defaults": copy.deepcopy(DEFAULTS),
    }


def _github(engine: ModuleType, api: str) -> DltSource:
    since = {"params": {**ISSUES, "since": {"type": "incremental", **SINCE}}}

    @dlt.source
    def github_source(github_token: str = dlt.secrets.value) -> Iterator[DltResource]:
        yield from engine.rest_api_resources(_github_config(api, github_token, since))

    return github_source()


def _template(engine: ModuleType, api: str) -> DltSource:
    since = {"params": {**ISSUES, "since": "{incremental.start_value}"}, "incremental": SINCE}

    @dlt.source(name="github")
    def github_source(access_token: str | None = dlt.secrets.value) -> Iterator[DltResource]:
        yield from engine.rest_api_resources(_github_config(api, access_token, since))

    return github_source()


def _without_token(api: str) -> Config:
    since = {"params": {**ISSUES, "since": "{incremental.start_value}"}, "incremental": SINCE}
    return _github_config(api, None, since)


def _pokemon(api: str) -> Config:
    return {
        "client": {"base_url": f"{api}/poke/api/v2/"},
        "resource_defaults": {"endpoint": {"params": {"limit": 1000}}},
        "resources": ["pokemon", "berry", "location"],
    }


def _one_pokemon(api: str) -> Config:
    pokemon = resource("pokemon", "pokemon", params={"limit": 100}, primary_key="id")
    return many(f"{api}/poke/api/v2/", pokemon, paginator="json_link")


def _overridden(api: str) -> Config:
    pulls = {"name": "pulls", "write_disposition": "append", "endpoint": {"params": {"state": "open"}}}
    return {**many(f"{api}/linked", "issues", pulls), "resource_defaults": copy.deepcopy(DEFAULTS)}


def _special_auth(api: str) -> Config:
    special = {
        "name": "users",
        "write_disposition": "merge",
        "table_name": "my_custom_table",
        "endpoint": {"path": "users", "auth": HttpBasicAuth("user", dlt.secrets["your_basic_auth_password"])},
    }
    auth = {"type": "bearer", "token": dlt.secrets["your_api_token"]}
    return many(f"{api}/private/plain", "posts", special, auth=auth)


def _endpoint(api: str) -> Config:
    since = {**ISSUES, "since": {"type": "incremental", **SINCE}}
    return many(
        f"{api}/results", resource("issues", "issues", method="GET", params=since, data_selector="results")
    )


def _elsewhere(api: str) -> Config:
    return many(f"{api}/nowhere/at/all", resource("posts", f"{api}/plain/posts"))


def _selected(envelope: str, selector: str) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/{envelope}", resource("posts", "posts", data_selector=selector))


def _misplaced(api: str) -> Config:
    wrong = {"name": "issues", "params": {"sort": "updated"}, "endpoint": {"path": "issues"}}
    return many(f"{api}/linked", wrong)


def _lower_title(record: Config) -> Config:
    record["title"] = record["title"].lower()
    return record


def _anonymize(record: Config) -> Config:
    record["email"] = "REDACTED"
    return record


def _flatten_reactions(post: Config) -> Iterator[Config]:
    kept = copy.deepcopy(post)
    kept.pop("reactions")
    for reaction in post["reactions"]:
        yield {"reaction": reaction, **kept}


def _stepped(*steps: Config, **keys: Any) -> Callable[[str], Config]:
    listed = {"name": "posts", "processing_steps": list(steps), **keys}
    return lambda api: many(f"{api}/plain", copy.copy(listed))


def _anonymous(api: str) -> Config:
    return many(f"{api}/plain", {"name": "users", "processing_steps": [{"map": _anonymize}]})


def _connected(source: DltSource) -> None:
    """The template looks whether the API answers before it loads, with a name that does not exist."""
    reached, why = check_connection(source, "not_existing_endpoint")
    assert not reached
    assert "not_existing_endpoint" in why


CASES = (
    Case("quick example: posts and their comments", _first, environment=SECRETS, any_order=True),
    Case(
        "GitHub: issues since, comments of each",
        build=_github,
        environment=SECRETS,
        runs=2,
        between=GROWN,
        any_order=True,
    ),
    Case(
        "GitHub template: placeholders, token from secrets",
        build=_template,
        environment=SECRETS,
        runs=2,
        between=GROWN,
        any_order=True,
    ),
    Case("GitHub template without a token", _without_token, any_order=True),
    Case("Pokemon template: three lists, paginator detected", _pokemon, source=lambda: {"name": "pokemon"}),
    Case(
        "Pokemon template: check_connection first",
        _pokemon,
        source=lambda: {"name": "pokemon"},
        then=_connected,
    ),
    Case("Pokemon of the docstring: json_link by name", _one_pokemon),
    Case("resource_defaults, and one resource overrides them", _overridden, runs=2),
    Case("one resource with auth and table name of its own", _special_auth, environment=SECRETS),
    Case("endpoint with params, since and data_selector", _endpoint, runs=2, between=GROWN),
    Case("path that is a whole address", _elsewhere),
    Case("data_selector by key", _selected("keyed", "posts")),
    Case("data_selector by path", _selected("nested", "results.posts")),
    Case(
        "steps: filter, map, yield_map",
        _stepped(
            {"filter": lambda x: x["id"] < 10}, {"map": _lower_title}, {"yield_map": _flatten_reactions}
        ),
        {"rows": 12},
    ),
    Case(
        "steps: filter, endpoint as text",
        _stepped({"filter": lambda x: x["id"] in {10, 20, 30}}, endpoint="posts"),
        {"rows": 21},
    ),
    Case("steps: map that anonymises", _anonymous),
    Case("steps: yield_map", _stepped({"yield_map": _flatten_reactions})),
    Case(
        "steps: filter, map, filter",
        _stepped(
            {"filter": lambda x: x["id"] < 10},
            {"map": _lower_title},
            {"filter": lambda x: "important" in x["title"]},
        ),
        {"rows": 12},
    ),
    Case("mistake: params outside the endpoint", _misplaced, fails=True),
)
