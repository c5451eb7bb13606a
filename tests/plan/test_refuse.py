"""What cannot run yet is refused by name, with its place and without its value."""

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import TYPE_CHECKING

import dlt
import pytest

from restmill.config.check.check import check
from restmill.config.model import config as model
from restmill.errors import ConfigError
from restmill.plan.build import build
from restmill.plan.unsupported import UNSUPPORTED
from tests.plan.planning import USERS, planned, problems, tree

if TYPE_CHECKING:
    from restmill.path import Json


CLIENT = {"base_url": "https://api.example.com"}


class Custom:
    """An object of the user's own, whatever it is for."""


def act(response: Json) -> Json:
    return response


@pytest.mark.parametrize(
    ("client", "resource", "place"),
    [
        ({}, {"response_actions": [{"header": {"A": "1", "B": "2"}, "action": "end"}]},
         "resources[0].endpoint.response_actions[0].header"),
        ({}, {"response_actions": [{"empty": False, "action": "end"}]},
         "resources[0].endpoint.response_actions[0].empty"),
        ({}, {"format": "csv"}, "resources[0].endpoint.format"),
    ],
)  # fmt: skip
def test_what_cannot_run_yet_is_refused_by_name(client: Json, resource: Json, place: str) -> None:
    config = tree(
        {"name": "x", "endpoint": {"path": "x", **resource}}, client={"base_url": "https://h", **client}
    )
    found = problems(config)
    assert [path for path, _ in found] == [place]
    assert found[0][1] in {gap.what for gap in UNSUPPORTED}


def test_objects_and_functions_of_the_user_are_kept_for_the_load_layer_to_adapt() -> None:
    client = {"base_url": "https://h", "auth": Custom(), "paginator": Custom(), "session": Custom()}
    plan = planned({"name": "x", "endpoint": {"path": "x", "response_actions": [act]}}, client=client)
    resource = plan.resource("x")
    assert isinstance(resource.auth, model.Opaque)
    assert isinstance(resource.pager, model.Opaque)
    assert isinstance(plan.transport.session, model.Opaque)
    assert resource.actions[0].do == (act,)


def test_types_registered_with_dlt_are_kept_and_their_values_not_shown() -> None:
    config = tree("x", client={"base_url": "https://h", "auth": {"type": "mine", "k": "s3cr3t"}})
    plan = build(check(config, auths=frozenset({"mine"})))
    assert isinstance(plan.resource("x").auth, model.Opaque)
    assert "s3cr3t" not in repr(plan)


def test_deletions_are_refused_in_the_defaults_too() -> None:
    found = problems(tree("x", dlt.resource([1], name="own"), resource_defaults={"delete_missing": "hard"}))
    assert [path for path, _ in found] == ["resources[0].delete_missing"]


def test_a_plan_without_python_objects_can_be_pickled() -> None:
    since = {"cursor_path": "t", "start_param": "since"}
    child = {"name": "posts", "endpoint": {"path": "users/{resources.users.id}/posts", "incremental": since}}
    plan = planned(USERS, child, client={"base_url": "https://h", "auth": {"token": "t0ken"}})
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301  # our own bytes
    assert "t0ken" not in repr(plan)


def test_the_config_is_not_changed_by_a_plan() -> None:
    checked = check(tree(USERS, {"name": "x", "endpoint": {"path": "x/{p}", "params": {"p": 1}}}))
    before = deepcopy(checked)
    assert build(checked) == build(checked)
    assert checked == before
    assert isinstance(checked.resources[1], model.Resource)
    assert checked.resources[1].endpoint.params == {"p": 1}


@pytest.mark.parametrize("encoding", ["no-such", "base64", "hex"])
def test_an_encoding_that_nobody_knows_is_refused(encoding: str) -> None:
    found = problems(tree({"name": "a", "endpoint": {"path": "a", "encoding": encoding}}))
    assert found == [("resources[0].endpoint.encoding", "is no encoding that is known")]


@pytest.mark.parametrize(
    "paginator",
    [
        {"type": "cursor", "cursor_body_path": "token"},
        {"type": "offset", "limit": 3, "offset_body_path": "offset", "limit_body_path": "limit"},
        {"type": "page_number", "page_body_path": "page", "maximum_page": 3},
    ],
)
def test_a_body_of_text_is_not_paged(paginator: Json) -> None:
    endpoint = {"path": "a", "method": "POST", "data": "status=active", "paginator": paginator}
    found = problems(tree({"name": "a", "endpoint": endpoint}))
    assert found == [("resources[0].endpoint.data", "a paginator cannot write into a body that is text")]
    planned({"name": "a", "endpoint": endpoint | {"data": {"status": "active"}}})


@pytest.mark.parametrize(
    ("client", "endpoint", "place"),
    [
        ({"auth": {"type": "bearer", "token": "t0ken\n"}}, {}, "client.auth.token"),
        ({"auth": {"type": "api_key", "name": "X-Key", "api_key": "t0ken\n"}}, {}, "client.auth.api_key"),
        ({"headers": {"X-A": "t0ken\r\n"}}, {}, "client.headers.X-A"),
        ({}, {"headers": {"X-A": "t0ken\n"}}, "resources[0].endpoint.headers.X-A"),
        ({}, {"auth": {"type": "bearer", "token": "t0ken\u200b"}}, "resources[0].endpoint.auth.token"),
    ],
)
def test_what_no_header_can_carry_is_refused_by_its_place(client: Json, endpoint: Json, place: str) -> None:
    config = tree({"name": "a", "endpoint": {"path": "a", **endpoint}}, client=CLIENT | client)
    with pytest.raises(ConfigError) as caught:
        build(check(config))
    assert [problem.place.path for problem in caught.value.problems] == [place]
    assert "t0ken" not in str(caught.value)


def test_a_key_in_the_query_may_hold_anything() -> None:
    auth = {"type": "api_key", "name": "key", "api_key": "a\n", "location": "query"}
    build(check(tree("a", client=CLIENT | {"auth": auth})))
