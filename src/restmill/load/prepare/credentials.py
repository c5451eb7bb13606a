"""Credentials: what the config leaves out is looked up by dlt's providers, objects are made ready.

As under dlt, `auth: bearer` with no token takes `token` from the secrets of the source's section.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.sources.helpers.rest_client import auth as dlt_auth

from restmill.config.model import config as model
from restmill.load.failures.dlt_errors import missing_credentials
from restmill.load.prepare.custom_objects import made_auth
from restmill.load.prepare.dlt_objects import known_auth
from restmill.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEEDED: dict[type[model.Auth], tuple[type[Any], tuple[str, ...]]] = {
    model.BearerAuth: (dlt_auth.BearerTokenAuth, ("token",)),
    model.ApiKeyAuth: (dlt_auth.APIKeyAuth, ("api_key",)),
    model.HttpBasicAuth: (dlt_auth.HttpBasicAuth, ("username", "password")),
    model.OAuth2ClientCredentialsAuth: (
        dlt_auth.OAuth2ClientCredentials,
        ("access_token_url", "client_id", "client_secret"),
    ),
}
"""Which keys each auth cannot do without, and the dlt class that knows where to look for them."""
_PLAIN = frozenset({"access_token_url"})


def with_credentials(config: model.Config) -> model.Config:
    """The config with every missing credential looked up and every auth object resolved, as dlt does.

    Raises:
        ConfigError: nobody knows a credential, or an object is no auth.
    """
    client = replace(config.client, auth=_ready(config.client.auth, "client.auth"))
    resources = tuple(
        _with_own(one, f"resources[{number}].endpoint.auth") if isinstance(one, model.Resource) else one
        for number, one in enumerate(config.resources)
    )
    return replace(config, client=client, resources=resources)


def _with_own(resource: model.Resource, path: str) -> model.Resource:
    return replace(resource, endpoint=replace(resource.endpoint, auth=_ready(resource.endpoint.auth, path)))


def _ready(auth: model.Auth | model.Opaque | None, path: str) -> model.Auth | model.Opaque | None:
    if auth is None:
        return None
    if isinstance(auth, model.Opaque):
        return known_auth(made_auth(auth))
    kind, keys = _NEEDED[type(auth)]
    if any(not getattr(auth, key) for key in keys):
        auth = _looked_up(auth, kind, keys, path)
    if isinstance(auth, model.OAuth2ClientCredentialsAuth) and auth.session is not None:
        return _with_session(auth, path)
    return auth


def _looked_up(auth: model.Auth, kind: type[Any], keys: tuple[str, ...], path: str) -> model.Auth:
    try:
        found = resolve_configuration(kind(**_revealed(auth, keys)), accept_partial=False)
    except ConfigFieldMissingException as error:
        raise missing_credentials(error, path) from error
    values: dict[str, Any] = {key: getattr(found, key) for key in keys}
    sealed = {k: v if k in _PLAIN else Secret(str(v)) for k, v in values.items()}
    return replace(auth, **sealed)  # type: ignore[arg-type]  # the keys are fields of the class at hand


def _with_session(auth: model.OAuth2ClientCredentialsAuth, path: str) -> model.Opaque:
    """Tokens fetched through a user's session are left to dlt's own auth object."""
    keys = (*_NEEDED[type(auth)][1], "access_token", "default_token_expiration")
    assert auth.session is not None
    own = dlt_auth.OAuth2ClientCredentials(
        **_revealed(auth, keys),
        access_token_request_data=dict(auth.access_token_request_data or {}),
        session=auth.session.value,
    )
    return made_auth(model.Opaque(own, path))


def _revealed(auth: model.Auth, keys: Iterable[str]) -> dict[str, Any]:
    given = {key: getattr(auth, key) for key in keys}
    return {
        key: value.reveal() if isinstance(value, Secret) else value
        for key, value in given.items()
        if value is not None
    }
