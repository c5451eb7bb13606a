"""What the format allows and the engine cannot run yet: refused by name, before anything is sent.

`UNSUPPORTED` is the whole list. A gap that is closed is struck out here, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from restmill.config.model.config import ApiKeyAuth, BearerAuth, OAuth2ClientCredentialsAuth, Opaque, Resource
from restmill.config.wording import got
from restmill.errors import Place, Problem
from restmill.plan.to_wire import effective_paginator
from restmill.secrets import Secret
from restmill.shape.encoding import known
from restmill.wire.address import flaw_of
from restmill.wire.header_fields import HINT, flaw
from restmill.wire.message import join

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.config.model.config import Auth, Client, Config, Endpoint
    from restmill.path import Json

# A place in the config, and what stands there ("" when that may not be shown).
Found: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that cannot be run: how to say it, and where a config asks for it."""

    what: str
    hint: str
    find: Callable[[Config], Iterator[Found]]


def refused(config: Config) -> list[Problem]:
    """Everything in `config` that the engine cannot run, each place once."""
    return [
        Problem(Place(place), gap.what, got, gap.hint)
        for gap in UNSUPPORTED
        for place, got in dict(gap.find(config)).items()
    ]


def _declared(config: Config) -> Iterator[tuple[str, Resource]]:
    for number, resource in enumerate(config.resources):
        if isinstance(resource, Resource):
            yield f"resources[{number}]", resource


def _action_headers(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        for number, action in enumerate(resource.endpoint.response_actions or ()):
            if not isinstance(action, Opaque) and len(action.header or {}) > 1:
                yield f"{at}.endpoint.response_actions[{number}].header", ", ".join(action.header or {})


def _action_bodies(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        for number, action in enumerate(resource.endpoint.response_actions or ()):
            if not isinstance(action, Opaque) and action.empty is False:
                yield f"{at}.endpoint.response_actions[{number}].empty", "false"


def _formats(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        if resource.endpoint.format != "json":
            yield f"{at}.endpoint.format", resource.endpoint.format


def _encodings(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        encoding = resource.endpoint.encoding
        if encoding and not known(encoding):
            yield f"{at}.endpoint.encoding", encoding


def _raw_bodies(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        paginator = effective_paginator(resource.endpoint, config.client)
        places = [name for name in _BODY_PATHS if getattr(paginator, name, None)]
        if places and isinstance(resource.endpoint.data, str | bytes | Secret) and resource.endpoint.data:
            yield f"{at}.endpoint.data", f"text, and `{places[0]}`"


def _forms(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        data = resource.endpoint.data
        pairs = isinstance(data, list | tuple) and all(map(_is_pair, data))
        if isinstance(data, bool | int | float | list | tuple) and not pairs:
            yield f"{at}.endpoint.data", got(data, hidden=True)


def _is_pair(one: Json) -> bool:
    return isinstance(one, list | tuple) and len(one) == 2


def _addresses(config: Config) -> Iterator[Found]:
    for at, resource in _declared(config):
        path = resource.endpoint.path
        if "{" not in path and (why := flaw_of(join("http://localhost", path))):
            yield f"{at}.endpoint.path", why


_OF_DELETES = ("write_disposition", "primary_key")
_TOGETHER = ("write_disposition", "primary_key", "merge_key", "columns", "schema_contract")


def _functions(config: Config) -> Iterator[Found]:
    """Hints that dlt refuses: one is a function, and the name of the table is none."""
    for at, resource in _declared(config):
        known = _OF_DELETES if resource.delete_missing is not None else ()  # refused already
        own = [key for key in _TOGETHER if key not in known and _is_function(resource.hints.get(key))]
        if own and not callable(resource.hints.get("table_name")):
            yield f"{at}.{own[0]}", "a function"


def _is_function(hint: Json) -> bool:
    return callable(hint) and not isinstance(hint, type)  # a Pydantic model is a class


def _headers(config: Config) -> Iterator[Found]:
    """Headers and credentials that no request can carry: name and kind, never the value."""
    places: list[tuple[str, Client | Endpoint]] = [("client", config.client)]
    places += [(f"{at}.endpoint", resource.endpoint) for at, resource in _declared(config)]
    for at, block in places:
        for name, value in (block.headers or {}).items():
            if why := flaw(value.reveal() if isinstance(value, Secret) else str(value)):
                yield f"{at}.headers.{name}", why
        for key, secret in _sent_as_header(block.auth):
            if why := flaw(secret.reveal()):
                yield f"{at}.auth.{key}", why


def _sent_as_header(auth: Auth | Opaque | None) -> Iterator[tuple[str, Secret]]:
    match auth:
        case BearerAuth(token=Secret() as token):
            yield "token", token
        case ApiKeyAuth(api_key=Secret() as key, location="header" | "cookie"):
            yield "api_key", key
        case OAuth2ClientCredentialsAuth(access_token=Secret() as token):
            yield "access_token", token
        case _:
            pass


_BODY_PATHS = ("cursor_body_path", "offset_body_path", "limit_body_path", "page_body_path")

UNSUPPORTED: tuple[Gap, ...] = (
    Gap("is no body that can be sent", "Write a text, a mapping, or a list of [name, value] pairs.", _forms),
    Gap("is no address that a request can be sent to", "", _addresses),
    Gap("may be a function only where `table_name` is one, too (dlt's rule)", "", _functions),
    Gap(
        "a response action can look at one header only",
        "Write one action for each header, or take the header that tells the cases apart.",
        _action_headers,
    ),
    Gap(
        "a response action cannot ask for a body that is not empty yet",
        "Leave `empty` out, and put an action with `empty: true` before this one.",
        _action_bodies,
    ),
    Gap("cannot be sent in a header", HINT, _headers),
    Gap("is no encoding that is known", "Such are `windows-1252`, `utf-16` and `shift_jis`.", _encodings),
    Gap(
        "a paginator cannot write into a body that is text",
        "Write `data` as a mapping, a form field each, or put the place into a param.",
        _raw_bodies,
    ),
    Gap("is a format that cannot be read yet", "Only json can; leave the key out.", _formats),
)
