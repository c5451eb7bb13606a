"""`${...}` references: found, refused when wrong, resolved to values of their own type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.config.check.check import check
from restmill.config.files.load import load
from restmill.config.model.config import OffsetPaginator, Resource, ResponseAction
from restmill.config.positions import Positions
from restmill.config.references import Fault, Found, Reference, faults, find, parts, resolve, waits
from restmill.errors import ConfigError
from restmill.secrets import Secret
from tests.config.configs import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from restmill.path import Json

VALUES: dict[str, Any] = {
    "${secrets.api_key}": "k-1",
    "${secrets.tokens.read}": "t-1",
    "${secrets.pin}": 1234,
    "${secrets.section}": {"a": "x-1", "b": ["y-1"]},
    "${secrets.sealed}": Secret("z-1"),
    "${config.page_size}": 50,
    "${config.on}": True,
    "${config.list}": [1],
    "${env.LIMIT}": "25",
    "${env.RATE}": "2.5",
    "${env.FLAG}": "False",
}


def lookup(reference: Reference) -> object:
    return VALUES[str(reference)]


PARTS = [
    ("plain", ("plain",)),
    ("", ()),
    ("${secrets.a.b-c}", (Reference("secrets", "a.b-c"),)),
    ("a${config.x}b${env.Y_1}", ("a", Reference("config", "x"), "b", Reference("env", "Y_1"))),
    ("$${secrets.a} $x {y}", ("${", "secrets.a} $x {y}")),
]


@pytest.mark.parametrize(("text", "cut"), PARTS)
def test_a_text_is_cut_into_parts(text: str, cut: tuple[object, ...]) -> None:
    assert parts(text) == cut
    assert waits(text) == any(isinstance(part, Reference) for part in cut)


FAULTS = [
    ("${secret.x}", "a reference must begin with secrets, config or env", "Did you mean 'secrets'?"),
    ("${x}", "a reference must begin with secrets, config or env", "Write ${secrets.name}"),
    ("${}", "a reference must begin with secrets, config or env", "Write ${secrets.name}"),
    ("${secrets.}", "a reference to `secrets` needs a name", "Write ${secrets.api_key}."),
    ("${secrets}", "a reference to `secrets` needs a name", "Write ${secrets.api_key}."),
    ("${config.a b}", "a reference to `config` needs a name", "Write ${config.page_size}."),
    ("${env.a.b}", "a reference to `env` needs a name", "Write ${env.API_KEY}."),
    ("x ${secrets.a", "a reference is not closed", "Write ${secrets.name}"),
]


@pytest.mark.parametrize(("text", "what", "hint"), FAULTS)
def test_a_wrong_reference_is_a_problem(text: str, what: str, hint: str) -> None:
    found = faults({"a": ["x", text]}, Positions("f.yaml", {("a", 1): (3, 4)}))
    assert [(str(one.place), one.what) for one in found] == [("f.yaml:3:4  a[1]", what)]
    assert found[0].hint.startswith(hint)
    assert find({"a": text}) == ()
    assert waits(text)
    with pytest.raises(ConfigError, match="a reference"):
        resolve({"a": text}, lookup)


def test_references_are_found_with_their_paths() -> None:
    tree = {"a": [1, "${env.X}", {"b": "${config.y}-${config.z}"}], "c": None}
    assert find(tree) == (
        Found(("a", 1), Reference("env", "X")),
        Found(("a", 2, "b"), Reference("config", "y")),
        Found(("a", 2, "b"), Reference("config", "z")),
    )


RESOLVED: list[tuple[str, Json]] = [
    ("${config.page_size}", 50),
    ("${config.list}", [1]),
    ("p${config.page_size}", "p50"),
    ("${config.on}", True),
    ("x=${config.on}", "x=true"),
    ("${secrets.api_key}", Secret("k-1")),
    ("${secrets.sealed}", Secret("z-1")),
    ("Bearer ${secrets.tokens.read}", Secret("Bearer t-1")),
    ("${env.LIMIT}${secrets.pin}", "251234"),
    ("${secrets.pin}", 1234),
    ("${secrets.section}", {"a": Secret("x-1"), "b": [Secret("y-1")]}),
    ("$${env.X}", "${env.X}"),
    ("a $${", "a ${"),
]


@pytest.mark.parametrize(("text", "value"), RESOLVED)
def test_a_reference_becomes_its_value(text: str, value: Json) -> None:
    tree = {"a": [text], "b": 1}
    filled, secrets = resolve(tree, lookup)
    assert filled == {"a": [value], "b": 1}
    assert type(filled["a"][0]) is type(value)
    assert tree == {"a": [text], "b": 1}
    if "secrets" in text:
        assert secrets


def test_whatever_was_looked_up_in_secrets_is_known() -> None:
    _, secrets = resolve(["${secrets.pin}", "a ${secrets.api_key}", "${secrets.section}"], lookup)
    assert set(secrets) == {Secret(one) for one in ("1234", "k-1", "a k-1", "x-1", "y-1")}


def test_everything_missing_is_reported_at_once() -> None:
    tree = {"a": "${secrets.none}", "b": ["${config.none}"], "c": "x${env.NONE}", "d": "x${config.list}"}
    with pytest.raises(ConfigError) as caught:
        resolve(tree, lookup)
    assert [(one.place.path, one.what) for one in caught.value.problems] == [
        ("a", "there is no value for `${secrets.none}`"),
        ("b[0]", "there is no value for `${config.none}`"),
        ("c", "there is no value for `${env.NONE}`"),
        ("d", "only text and numbers can be part of a text"),
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("${secrets.none}", 'Put none = "..." at the top of .dlt/secrets.toml, or set NONE.'),
        ("${secrets.a.b}", 'Put b = "..." under [a] in .dlt/secrets.toml, or set A__B.'),
        ("${config.a.c.b}", 'Put b = "..." under [a.c] in .dlt/config.toml, or set A__C__B.'),
        ("${env.NONE}", "Set NONE."),
    ],
)
def test_a_missing_value_is_told_its_place(text: str, hint: str) -> None:
    def nothing(_reference: object) -> object:
        raise LookupError

    with pytest.raises(ConfigError) as caught:
        resolve({"x": text}, nothing)
    assert caught.value.problem.hint == hint


@given(st.text(alphabet="${}secrts.env ax"))
def test_no_text_breaks_the_cutting(text: str) -> None:
    cut = parts(text)
    if not any(isinstance(part, Fault) for part in cut):
        assert "".join(str(part) for part in cut) == text.replace("$${", "${")


def test_a_file_is_checked_before_and_after(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(FILE)
    source = load(tmp_path / "c.yaml")
    before = check(source.tree, source)
    assert before.unresolved == ("${secrets.api_key}", "${secrets.tokens.read}", "${config.page_size}")
    assert before.secrets == ()
    tree, secrets = resolve(source.tree, lookup, source.positions)
    after = check(tree, source, secrets)
    first = after.resources[0]
    assert isinstance(first, Resource)
    assert first.endpoint.paginator == OffsetPaginator(limit=50)
    assert first.endpoint.params == {"since": "2024-01-01", "region": "no"}
    assert set(after.secrets) == {Secret(one) for one in ("k-1", "Bearer t-1", "t-1")}


WAITING = """\
client:
  base_url: ${config.url}
  auth: ${secrets.auth}
  paginator: {type: "${config.type}", limit: 1}
  timeout: ${env.RATE}
  verify: ${env.FLAG}
  allowed_hosts: ["${config.host}", b]
  retry: {statuses: "${config.list}", max_retries: "${env.LIMIT}"}
resources:
  - ${config.name}
  - name: ${config.other}
    selected: ${env.FLAG}
    delete_missing: ${config.mode}
    write_disposition: ${config.disposition}
    endpoint:
      path: ${config.path}/{resources.gone.id}
      data_selector: ${config.selector}
      response_actions: [{status_code: "${config.status}", action: "${config.action}"}, "${config.x}"]
  - name: c
    endpoint: ${config.path}/c
"""


def test_what_waits_for_a_reference_passes(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(WAITING)
    source = load(tmp_path / "c.yaml")
    config = check(source.tree, source)
    assert len(config.unresolved) == 19
    assert config.client.auth is None
    assert config.client.given >= {"auth", "paginator"}
    action = config.resources[1]
    assert isinstance(action, Resource)
    assert [type(one) for one in action.endpoint.response_actions] == [ResponseAction]


WHOLE = [
    ("client: ${config.c}\nresources: []\n", "client"),
    ("client: {base_url: 'https://x'}\nresources: ${config.r}\n", "resources"),
    ("client: {base_url: 'https://x', retry: '${config.r}'}\nresources: []\n", "client.retry"),
    ("client: {base_url: 'https://x', headers: '${config.r}'}\nresources: []\n", "client.headers"),
]


@pytest.mark.parametrize(("text", "path"), WHOLE)
def test_a_reference_cannot_stand_for_a_block(tmp_path: Path, text: str, path: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    source = load(tmp_path / "c.yaml")
    with pytest.raises(ConfigError) as caught:
        check(source.tree, source)
    assert [(one.place.path, one.hint) for one in caught.value.problems] == [(path, "Write it out.")]


def test_environment_text_stands_for_numbers_and_flags(tmp_path: Path) -> None:
    text = """\
client: {base_url: "https://x", timeout: "${env.RATE}", verify: "${env.FLAG}"}
resources: [{name: a, selected: "${env.FLAG}", endpoint: {paginator: {type: offset, limit: "${env.LIMIT}"}}}]
"""
    (tmp_path / "c.yaml").write_text(text)
    source = load(tmp_path / "c.yaml")
    tree, secrets = resolve(source.tree, lookup, source.positions)
    config = check(tree, source, secrets)
    first = config.resources[0]
    assert isinstance(first, Resource)
    assert (config.client.timeout, config.client.verify, first.selected) == (2.5, False, False)
    assert first.endpoint.paginator == OffsetPaginator(limit=25)


def test_in_python_a_reference_is_plain_text() -> None:
    config = check({"client": {"base_url": "https://x"}, "resources": [{"name": "${{x}}", "endpoint": "a"}]})
    assert config.unresolved == ()


def test_positions_of_python_have_no_references() -> None:
    assert Positions().resolved() == Positions()
