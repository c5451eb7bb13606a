"""Examples of the page "REST API source": resources that depend on resources, and resources of dlt's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt

from tests.parity.case import Case, Config, many, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COMMENTS = "issues/{resources.issues.number}/comments"
_QUERY = """
    query Artist {{
        artist(id: "{resources.artists.id}") {{
            id
            name
        }}
    }}
"""


def _by_path(**keys: Any) -> Callable[[str], Config]:
    comments = {"name": "issue_comments", "endpoint": {"path": _COMMENTS}, **keys}
    return lambda api: many(f"{api}/linked", resource("issues", "issues"), dict(comments))


def _below_posts(name: str, path: str, envelope: str = "plain", **keys: Any) -> Callable[[str], Config]:
    return lambda api: many(f"{api}/{envelope}", "posts", resource(name, path, **keys))


def _graphql(api: str) -> Config:
    asked = resource("artist", "graphql", method="POST", json={"query": _QUERY}, data_selector="data.artist")
    return many(f"{api}/plain", "artists", asked)


def _braces(api: str) -> Config:
    return many(
        f"{api}/plain", resource("posts", "posts", params={"search": "{{'filters': [{{'id': 42}}]}}"})
    )


def _resolve(parent: str, field: str) -> Config:
    return {"type": "resolve", "resource": parent, "field": field}


def _resolved(api: str) -> Config:
    params = {"issue_number": _resolve("issues", "number")}
    comments = resource(
        "issue_comments", "issues/{issue_number}/comments", params=params, include_from_parent=["id"]
    )
    return many(f"{api}/linked", resource("issues", "issues"), comments)


def _resolved_deeper(api: str) -> Config:
    return many(
        f"{api}/plain",
        "orders",
        resource("lines", "lines/{line}", params={"line": _resolve("orders", "items[0].id")}),
    )


def _resolved_twice(api: str) -> Config:
    users = resource("users", "groups/{group_id}/users", params={"group_id": _resolve("groups", "id")})
    params = {"group_id": _resolve("users", "group_id"), "user_id": _resolve("users", "id")}
    details = resource("user_details", "groups/{group_id}/users/{user_id}/details", params=params)
    return many(f"{api}/plain", "groups", users, details)


def _single(api: str) -> Config:
    return many(f"{api}/paging", "users", resource("user", "user/{resources.users.id}"))


def _single_overridden(api: str) -> Config:
    link = {"type": "json_link", "next_url_path": "next"}
    return many(
        f"{api}/next", "users", resource("user_details", "user/{resources.users.id}/comments", paginator=link)
    )


@dlt.resource(name="repositories")
def _repositories() -> Iterator[list[Config]]:
    yield [{"name": "dlt"}, {"name": "verified-sources"}, {"name": "dlthub-education"}]


@dlt.resource(name="repositories")
def _one_by_one() -> Iterator[Config]:
    yield from [{"name": "dlt"}, {"name": "verified-sources"}, {"name": "dlthub-education"}]


def _of_repositories(repositories: Callable[[], Any]) -> Callable[[str], Config]:
    def config(api: str) -> Config:
        issues = resource(
            "issues", "dlt-hub/{repository}/issues/", params={"repository": _resolve("repositories", "name")}
        )
        return many(f"{api}/linked", issues, repositories())

    return config


ONE_BY_ONE = Case("repositories named one by one", _of_repositories(_one_by_one), fails=True)
"""The documentation's example of what does not work in dlt."""
WHOLE_PAGES = Case("repositories named by a dlt resource", _of_repositories(_repositories), any_order=True)

CASES = (
    Case("child by the request path", _by_path(), any_order=True),
    Case(
        "child with fields of its parent",
        _by_path(include_from_parent=["id", "title", "created_at"]),
        any_order=True,
    ),
    Case(
        "child by the query",
        _below_posts("post_comments", "comments", params={"post_id": "{resources.posts.id}"}),
        any_order=True,
    ),
    Case(
        "child by the JSON body",
        _below_posts(
            "post_details",
            "search",
            method="POST",
            json={"filters": {"id": "{resources.posts.id}"}, "order": "desc", "limit": 5},
        ),
        any_order=True,
    ),
    Case("child by a GraphQL query with braces", _graphql, any_order=True),
    Case("braces in params", _braces),
    Case("child by resolve", _resolved, any_order=True),
    Case("child by resolve of a nested field", _resolved_deeper, any_order=True),
    Case("child by two resolves of one parent", _resolved_twice, any_order=True),
    Case("child that is one record", _single, any_order=True),
    Case("child that looks like one record but has pages", _single_overridden, any_order=True),
    WHOLE_PAGES,
    Case(
        "child with missing lists ignored",
        _below_posts(
            "archive",
            "posts/{resources.posts.id}/archived",
            response_actions=[{"status_code": 404, "action": "ignore"}],
        ),
        any_order=True,
    ),
    Case(
        "child with parallelized",
        _below_posts("post_comments", "posts/{resources.posts.id}/comments", parallelized=True),
        any_order=True,
    ),
    Case(
        "headers with fields of the parent",
        _below_posts(
            "comments",
            "posts/{resources.posts.id}/comments",
            headers={"X-Post-ID": "{resources.posts.id}", "X-Post-Title": "{resources.posts.title}"},
        ),
        any_order=True,
    ),
)
