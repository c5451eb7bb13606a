"""From what the config declares to the machines of `wire`: pagers, auth, retry, budget, rules, transport.

What was not written keeps the machine's own default: only keys in a block's `given` are carried over, so each
default stands in one place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from restmill.config.model import config
from restmill.path import Path
from restmill.plan.spec import Transport
from restmill.secrets import Secret
from restmill.wire import auth
from restmill.wire.actions import Rule
from restmill.wire.limits.budget import Limits
from restmill.wire.paging import pagers
from restmill.wire.paging.detect import single_entity_path
from restmill.wire.retry import Policy, longest_cycle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from restmill.config.model.kinds import Block

_REFERENCES: dict[type[config.Paginator], Callable[..., pagers.Pager]] = {
    config.SinglePagePaginator: pagers.SinglePage,
    config.JsonLinkPaginator: pagers.JsonLink,
    config.HeaderLinkPaginator: pagers.HeaderLink,
    config.HeaderCursorPaginator: pagers.HeaderCursor,
    config.CursorPaginator: pagers.Cursor,
}
_PATHS = frozenset({"next_url_path", "cursor_path", "has_more_path", "total_path"})


def pager_of(declared: config.Paginator | config.Opaque | None) -> pagers.Pager | config.Opaque | None:
    """The pager a paginator of the config stands for; None: to be detected. An object is passed on."""
    match declared:
        case None | config.AutoPaginator():
            return None
        case config.Opaque():
            return declared
        case config.OffsetPaginator(limit=limit):
            return pagers.Offset(**{"limit": limit, **_given(declared)})
        case config.PageNumberPaginator(given=given):
            return pagers.PageNumber(**_given(declared), base_known=bool(given & {"base_page", "page"}))
        case _:
            return _REFERENCES[type(declared)](**_given(declared))


def effective_paginator(
    endpoint: config.Endpoint, client: config.Client
) -> config.Paginator | config.Opaque | None:
    """The paginator that counts, by dlt's rules: the endpoint's, or the client's.

    `auto` on an endpoint gives way to the client's too; a path that names one record has one page.
    """
    own = endpoint.paginator
    if own is None and single_entity_path(endpoint.path):
        return config.SinglePagePaginator()
    return client.paginator if own is None or isinstance(own, config.AutoPaginator) else own


def auth_of(declared: config.Auth | config.Opaque | None) -> auth.Auth | config.Opaque | None:
    """The credentials as the wire adds them; one that is missing is empty until dlt's providers fill it."""
    match declared:
        case None | config.Opaque():
            return declared
        case config.BearerAuth():
            return auth.Bearer(declared.token or Secret(""))
        case config.ApiKeyAuth():
            return auth.ApiKey(
                name=declared.name, key=declared.api_key or Secret(""), location=declared.location
            )
        case config.HttpBasicAuth():
            name = declared.username.reveal() if declared.username else ""
            return auth.Basic(name, declared.password or Secret(""))
        case config.OAuth2ClientCredentialsAuth():
            return auth.ClientCredentials(
                token_url=declared.access_token_url or "",
                client_id=declared.client_id or Secret(""),
                client_secret=declared.client_secret or Secret(""),
                data=dict(declared.access_token_request_data or {}),
                default_expiry=float(declared.default_token_expiration),
                access_token=declared.access_token,
            )
        case _:
            assert_never(declared)


def policy_of(*declared: config.Retry | None) -> Policy:
    """The retry policy; later blocks override the keys of earlier ones."""
    keys = {name: value for retry in declared if retry for name, value in _given(retry).items()}
    if "statuses" in keys:
        keys["statuses"] = frozenset(keys["statuses"])
    return Policy(lasting=not keys.keys() & {"max_retries", "backoff_factor"}, **keys)


def limits_of(client: config.Client) -> Limits:
    """The most a host is burdened with."""
    keys: dict[str, Any] = _given(client.rate_limit) if client.rate_limit else {}
    if client.breaker:
        keys |= _given(client.breaker)
    if client.retry and "max_wait" in client.retry.given:
        keys["max_hold"] = client.retry.max_wait
    return Limits(patience=longest_cycle(policy_of(client.retry)), **keys)


def transport_of(client: config.Client) -> Transport:
    """The settings of the connection."""
    keys = {
        name: getattr(client, name)
        for name in ("timeout", "max_response_bytes", "proxy", "verify", "session")
    }
    cert = (client.cert,) if isinstance(client.cert, str) else tuple(client.cert or ())
    return Transport(**{name: value for name, value in keys.items() if value is not None}, cert=cert)


def rules_of(actions: Sequence[config.ResponseAction | config.Opaque]) -> tuple[Rule, ...]:
    """The response actions, in order. A bare function applies to every answer (dlt's rule)."""
    return tuple(_rule(action) for action in actions)


def _rule(action: config.ResponseAction | config.Opaque) -> Rule:
    if isinstance(action, config.Opaque):
        return Rule(do=(action.value,))
    functions = (action.action,) if isinstance(action.action, config.Opaque) else action.action
    do = functions if isinstance(functions, str) else tuple(function.value for function in functions)
    header = next(iter((action.header or {}).items()), None)
    return Rule(
        do=do, status=action.status_code, content=action.content, header=header, empty=bool(action.empty)
    )


def _given(block: Block) -> dict[str, Any]:
    """The keys of a block that were written and say something, JSON paths compiled.

    An explicit None means the default, except for `total_path`, where it means that there is no total.
    """
    values = {name: getattr(block, name) for name in sorted(block.given)}
    return {
        name: Path(value) if name in _PATHS and value is not None else value
        for name, value in values.items()
        if value is not None or name == "total_path"
    }
