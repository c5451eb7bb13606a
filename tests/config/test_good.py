"""Configs that are right: what becomes of them."""

from __future__ import annotations

import pickle
from copy import deepcopy
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from restmill.config.check.check import check
from restmill.config.files.load import load
from restmill.config.model import config as model
from restmill.config.model.hints import TableHints
from restmill.config.model.kinds import Block, keys_of
from restmill.errors import ConfigError
from restmill.secrets import Secret
from tests.config.configs import CLIENT, GOOD, ISSUES, OWN, with_endpoint, with_resources

if TYPE_CHECKING:
    from pathlib import Path


def endpoint_of(tree: dict[str, Any], index: int = 0) -> model.Endpoint:
    resource = check(tree).resources[index]
    assert isinstance(resource, model.Resource)
    return resource.endpoint


def resource_of(tree: dict[str, Any], index: int = 0) -> model.Resource:
    resource = check(tree).resources[index]
    assert isinstance(resource, model.Resource)
    return resource


class PaginatorObject:
    """Stands for an object of dlt's or the user's own."""


class ReadyObject:
    """Stands for a `DltResource`."""

    name = "ready"


class CursorObject:
    """Stands for `dlt.sources.incremental(...)`."""

    cursor_path = "updated_at"
    end_value = None


@pytest.mark.parametrize("tree", GOOD.values(), ids=GOOD)
def test_a_good_config_has_no_problem_and_is_not_changed(tree: dict[str, Any]) -> None:
    before = deepcopy(tree)
    config = check(tree)
    assert tree == before
    assert len(config.resources) == len(tree["resources"])
    assert config.warnings == ()
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301  # our own bytes


def test_the_config_shares_no_container_with_the_tree() -> None:
    tree = with_endpoint(params={"ids": [1, {"a": (2,)}]}, json={"a": [1]})
    endpoint = endpoint_of(tree)
    tree["resources"][0]["endpoint"]["params"]["ids"].append(9)
    tree["resources"][0]["endpoint"]["json"]["a"].append(9)
    assert endpoint.json == {"a": [1]}
    assert endpoint.params == {"ids": [1, {"a": (2,)}]}


PAGINATORS = [
    ("offset", model.OffsetPaginator()),
    (
        {"type": "offset", "limit": 5, "offset_body_path": "a.b"},
        model.OffsetPaginator(limit=5, offset_body_path="a.b"),
    ),
    ({"type": "offset", "total_path": None}, model.OffsetPaginator(total_path=None)),
    ({"type": "offset", "total_path": ""}, model.OffsetPaginator(total_path=None)),
    ({"type": "offset", "maximum_offset": None}, model.OffsetPaginator()),
    ({"type": "page_number", "base_page": 1}, model.PageNumberPaginator(base_page=1)),
    (
        {"type": "page_number", "page_param": "", "page_body_path": "p"},
        model.PageNumberPaginator(page_param="", page_body_path="p"),
    ),
    ("cursor", model.CursorPaginator()),
    ("json_link", model.JsonLinkPaginator()),
    ("header_link", model.HeaderLinkPaginator()),
    ("header_cursor", model.HeaderCursorPaginator()),
    ("single_page", model.SinglePagePaginator()),
    ("auto", model.AutoPaginator()),
    ({"type": "auto"}, model.AutoPaginator()),
    ({}, model.AutoPaginator()),
    (None, None),
]


@pytest.mark.parametrize(("written", "meant"), PAGINATORS)
def test_paginators(written: Any, meant: object) -> None:
    assert endpoint_of(with_endpoint(paginator=written)).paginator == meant
    client = check(with_resources("a") | {"client": {**CLIENT, "paginator": written}}).client
    assert client.paginator == meant


AUTHS = [
    ("bearer", model.BearerAuth()),
    ({"token": "abc"}, model.BearerAuth(token=Secret("abc"))),
    ({"type": None, "token": "abc"}, model.BearerAuth(token=Secret("abc"))),
    ("api_key", model.ApiKeyAuth()),
    ({"type": "api_key", "api_key": 12345}, model.ApiKeyAuth(api_key=Secret("12345"))),
    (
        {"type": "http_basic", "username": "u", "password": ""},
        model.HttpBasicAuth(username=Secret("u"), password=Secret("")),
    ),
    ("oauth2_client_credentials", model.OAuth2ClientCredentialsAuth()),
]


@pytest.mark.parametrize(("written", "meant"), AUTHS)
def test_auths(written: Any, meant: object) -> None:
    assert endpoint_of(with_endpoint(auth=written)).auth == meant


def test_what_was_written_is_told_from_a_default() -> None:
    written = endpoint_of(with_endpoint(auth=None, paginator={"type": "offset", "total_path": "total"}))
    assert written.auth is None
    assert "auth" in written.given
    assert isinstance(written.paginator, model.OffsetPaginator)
    assert written.paginator.given == {"total_path"}
    assert endpoint_of(with_resources("a")).given == frozenset()


def test_shorthands() -> None:
    config = check(
        with_resources("users", {"name": "b", "endpoint": "v2/b"}, {"name": "c", "delete_missing": "soft"})
    )
    first, second, third = config.resources
    assert isinstance(first, model.Resource)
    assert (first.name, first.endpoint.path) == ("users", "users")
    assert isinstance(second, model.Resource)
    assert second.endpoint.path == "v2/b"
    assert isinstance(third, model.Resource)
    assert third.delete_missing == model.DeleteMissing(mode="soft")


def test_an_empty_path_is_the_base_url_and_no_path_is_the_name() -> None:
    assert endpoint_of(with_endpoint(path="")).path == ""
    assert endpoint_of(with_endpoint(path=None)).path == "a"
    assert endpoint_of(with_endpoint()).path == "a"


def test_python_objects_are_carried_with_their_path() -> None:
    paginator, ready, cursor, steps = PaginatorObject(), ReadyObject(), CursorObject(), [str, repr]
    tree = with_resources(
        {
            "name": "a",
            "columns": PaginatorObject,
            "primary_key": str,
            "processing_steps": [{"filter": bool, "map": str}, {"yield_map": iter}],
            "endpoint": {
                "paginator": paginator,
                "auth": paginator,
                "params": {"since": cursor, "day": date(2024, 1, 1)},
                "response_actions": [str, {"status_code": 200, "action": partial(int)}, {"action": steps}],
            },
        },
        ready,
    )
    tree["client"]["session"] = paginator
    config = check(tree)
    first, second = config.resources
    assert isinstance(first, model.Resource)
    assert first.endpoint.paginator == model.Opaque(paginator, "resources[0].endpoint.paginator")
    assert first.endpoint.auth == model.Opaque(paginator, "resources[0].endpoint.auth")
    assert first.endpoint.params["since"] == model.Opaque(cursor, "resources[0].endpoint.params.since")
    assert first.endpoint.params["day"] == date(2024, 1, 1)
    assert first.endpoint.response_actions[0] == model.Opaque(
        str, "resources[0].endpoint.response_actions[0]"
    )
    listed = first.endpoint.response_actions[2]
    assert isinstance(listed, model.ResponseAction)
    assert isinstance(listed.action, tuple)
    assert [one.value for one in listed.action] == steps
    assert [step.given for step in first.processing_steps] == [{"filter", "map"}, {"yield_map"}]
    assert first.hints == {"columns": PaginatorObject, "primary_key": str}
    assert second == model.ReadyResource(name="ready", value=model.Opaque(ready, "resources[1]"))
    assert config.client.session == model.Opaque(paginator, "client.session")
    assert repr(config.client.session) == "Opaque(PaginatorObject at client.session)"


def test_types_registered_with_dlt_pass_through() -> None:
    auth = {"type": "mine", "key": "v-0123456789"}
    tree = with_endpoint(paginator={"type": "odd", "x": [1]}, auth=auth)
    config = check(tree, paginators=frozenset({"odd"}), auths=frozenset({"mine"}))
    first = config.resources[0]
    assert isinstance(first, model.Resource)
    assert first.endpoint.paginator == model.Opaque(
        {"type": "odd", "x": [1]}, "resources[0].endpoint.paginator"
    )
    assert first.endpoint.auth == model.Opaque(auth, "resources[0].endpoint.auth")
    short = check(with_endpoint(paginator="odd"), paginators=frozenset({"odd"})).resources[0]
    assert isinstance(short, model.Resource)
    assert short.endpoint.paginator == model.Opaque("odd", "resources[0].endpoint.paginator")


def test_hints_are_handed_on_as_written() -> None:
    written = GOOD["hints"]["resources"][0]
    hints = resource_of(GOOD["hints"]).hints
    assert hints == {key: value for key, value in written.items() if key not in ("name", "endpoint")}
    assert resource_of(with_resources({"name": "a", "primary_key": None})).hints == {}


def test_incremental_arguments_are_what_dlt_takes() -> None:
    incremental = endpoint_of(GOOD["hints"]).incremental
    assert incremental is not None
    written = GOOD["hints"]["resources"][0]["endpoint"]["incremental"]
    own = ("start_param", "end_param")
    assert incremental.arguments == {key: value for key, value in written.items() if key not in own}
    assert incremental.converter is None
    given = endpoint_of(
        with_endpoint(
            params={
                "since": {
                    "type": "incremental",
                    "cursor_path": "t",
                    "last_value_func": max,
                    "convert": str,
                    "lag": None,
                }
            }
        )
    ).params["since"]
    assert isinstance(given, model.IncrementalParam)
    assert given.arguments == {"cursor_path": "t", "last_value_func": max}
    assert given.converter == model.Opaque(str, "resources[0].endpoint.params.since.convert")


def test_dates_of_python_stay_what_they_are() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    incremental = endpoint_of(
        with_endpoint(incremental={"cursor_path": "t", "initial_value": start})
    ).incremental
    assert incremental is not None
    assert incremental.initial_value is start


def test_small_kindnesses() -> None:
    tree = with_endpoint(
        method="post", headers={"X-N": 5, "X-B": b"raw", "X-None": None, "X-T": "t"}, data_selector=""
    )
    endpoint = endpoint_of(tree)
    assert endpoint.method == "POST"
    assert endpoint.headers == {"X-N": "5", "X-B": "raw", "X-None": None, "X-T": "t"}
    assert endpoint.data_selector is None
    actions = endpoint_of(OWN).response_actions
    assert [one.status_code for one in actions if isinstance(one, model.ResponseAction)] == [
        401,
        None,
        None,
        410,
        None,
    ]


def test_a_compiled_path_is_kept_as_text() -> None:
    class Compiled:
        def __str__(self) -> str:
            return "data.items"

    assert endpoint_of(with_endpoint(data_selector=Compiled())).data_selector == "data.items"


def test_tuples_are_lists() -> None:
    tree = with_resources({"name": "a", "include_from_parent": ("id",), "endpoint": "{resources.b.id}"}, "b")
    tree["resources"] = tuple(tree["resources"])
    resource = resource_of(tree)
    assert resource.include_from_parent == ("id",)


def test_plain_braces_are_written_twice() -> None:
    endpoint = endpoint_of(with_endpoint(path="a/{{x}}", json={"q": "{{ literal }}"}))
    assert endpoint.path == "a/{{x}}"


def test_a_static_param_may_fill_the_path() -> None:
    assert endpoint_of(with_endpoint(path="a/{kind}", params={"kind": "x"})).params == {"kind": "x"}


TWO_BODIES = """
client: {base_url: "https://api.test"}
resources: [{name: posts, endpoint: {path: posts, method: POST, json: {a: 1}, data: {a: 1}}}]
"""


def test_two_bodies_are_a_mistake_in_a_file_and_a_warning_in_python(tmp_path: Path) -> None:
    """A script may never read that resource, and dlt says so only when it does."""
    said = [one.what for one in check(with_endpoint(json={"a": 1}, data="x")).warnings]
    assert said == ["`json` and `data` are both given"]
    assert check(with_endpoint(json={}, data="x")).warnings == ()
    file = tmp_path / "two.yaml"
    file.write_text(TWO_BODIES)
    source = load(file)
    with pytest.raises(ConfigError, match="`json` and `data` are both given"):
        check(source.tree, source)


def test_deprecated_and_unused_keys_are_warnings() -> None:
    tree = with_endpoint(
        paginator={"type": "json_response", "next_url_path": "next"},
        incremental={"cursor_path": "t", "transform": str},
        params={"since": {"type": "incremental", "cursor_path": "t", "transform": str}},
    )
    said = {(one.place.path, one.what) for one in check(tree).warnings}
    assert said == {
        ("resources[0].endpoint.paginator", "`json_response` is deprecated"),
        ("resources[0].endpoint.incremental", "not used: the param `since` is incremental too"),
        ("resources[0].endpoint.incremental.transform", "`transform` is deprecated"),
        ("resources[0].endpoint.params.since.transform", "`transform` is deprecated"),
    }


def test_every_key_is_described() -> None:
    for cls in blocks():
        assert cls.__doc__
        for name, one in keys_of(cls).items():
            assert one.metadata["doc"].endswith((".", ")", ";")), (cls, name)


def blocks() -> list[type[Block]]:
    found: list[type[Block]] = []
    todo: list[type[Block]] = [Block]
    while todo:
        subclasses = todo.pop().__subclasses__()
        found += subclasses
        todo += subclasses
    assert TableHints in found
    return found


def test_comments_follow_issues() -> None:
    comments = resource_of(ISSUES, 1)
    assert comments.include_from_parent == ("id", "title")
    assert comments.endpoint.params == {"per_page": 100}
