"""From a config to a plan that can run: references and missing credentials are looked up by dlt's providers.

`check` never comes here: a reference costs nothing until a run needs it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import dlt
from dlt.common.configuration import resolve_configuration
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.sources.helpers.rest_client import auth as dlt_auth
from dlt.sources.rest_api import config_setup

from restmill.config import files, model
from restmill.config.check import check
from restmill.config.references import Reference, resolve
from restmill.errors import ConfigError, Place, Problem
from restmill.plan.build import build
from restmill.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from restmill.plan.spec import OnError, Plan

_Auth = TypeVar("_Auth", bound=model.Auth)


def plan_of_mapping(config: Mapping[str, Any], on_error: OnError = "raise", *, resolve: bool = True) -> Plan:
    """The plan of a Python config; `resolve=False` leaves missing credentials missing.

    Raises:
        ConfigError: all problems at once.
    """
    checked = check(config, paginators=_paginators(), auths=_auths())
    return build(_with_credentials(checked) if resolve else checked, on_error=on_error)


def plan_of_file(path: Path, on_error: OnError = "isolate") -> Plan:
    """The plan of a config file, references resolved.

    Raises:
        ConfigError: all problems at once.
    """
    source = files.load(path)
    checked = check(source.tree, source=source, paginators=_paginators(), auths=_auths())
    if checked.unresolved:
        tree, secrets = resolve(source.tree, _looked_up, source.positions)
        checked = check(tree, source=source, secrets=secrets, paginators=_paginators(), auths=_auths())
    return build(_with_credentials(checked), on_error=on_error, name=path.stem)


def _paginators() -> frozenset[str]:
    return frozenset(config_setup.PAGINATOR_MAP)


def _auths() -> frozenset[str]:
    return frozenset(config_setup.AUTH_MAP)


def _looked_up(reference: Reference) -> object:
    """The value of a reference.

    Raises:
        LookupError: no provider has it.
    """
    name = reference.name
    value: object
    match reference.provider:
        case "env":
            value = os.environ.get(name)
        case "secrets":
            value = dlt.secrets.get(name)
        case _:
            value = dlt.config.get(name)
    if value is None:
        raise LookupError(name)
    return value


def _with_credentials(config: model.Config) -> model.Config:
    """The config with every credential that was not given looked up, as dlt does."""
    client = replace(config.client, auth=_filled(config.client.auth, "client.auth"))
    resources = tuple(
        replace(
            one,
            endpoint=replace(one.endpoint, auth=_filled(one.endpoint.auth, f"resources[{i}].endpoint.auth")),
        )
        if isinstance(one, model.Resource)
        else one
        for i, one in enumerate(config.resources)
    )
    return replace(config, client=client, resources=resources)


def _filled(auth: model.Auth | model.Opaque | None, path: str) -> model.Auth | model.Opaque | None:
    match auth:
        case model.BearerAuth(token=None):
            return _looked_up_all(auth, dlt_auth.BearerTokenAuth, ("token",), path)
        case model.ApiKeyAuth(api_key=None):
            return _looked_up_all(auth, dlt_auth.APIKeyAuth, ("api_key",), path)
        case model.HttpBasicAuth(username=username, password=password) if not (username and password):
            return _looked_up_all(auth, dlt_auth.HttpBasicAuth, ("username", "password"), path)
        case model.OAuth2ClientCredentialsAuth(client_id=name, client_secret=secret) if not (name and secret):
            keys = ("access_token_url", "client_id", "client_secret")
            return _looked_up_all(auth, dlt_auth.OAuth2ClientCredentials, keys, path)
        case _:
            return auth


def _looked_up_all(auth: _Auth, kind: type[Any], keys: tuple[str, ...], path: str) -> _Auth:
    given = {key: getattr(auth, key) for key in keys if getattr(auth, key) is not None}
    plain = {key: value.reveal() if isinstance(value, Secret) else value for key, value in given.items()}
    try:
        found = resolve_configuration(kind(**plain), accept_partial=False)
    except ConfigFieldMissingException as error:
        missing = ", ".join(f"`{field}`" for field in error.fields)
        raise ConfigError(
            Problem(
                Place(path),
                f"has no {missing}, and dlt's secrets have none for it either",
                hint="Give it here as `${secrets...}` or `dlt.secrets[...]`, or put it in .dlt/secrets.toml.",
            )
        ) from error
    values: dict[str, Any] = {key: getattr(found, key) for key in keys}
    sealed = {k: v if k == "access_token_url" else Secret(str(v)) for k, v in values.items()}
    return replace(auth, **sealed)  # type: ignore[arg-type]  # the keys are fields of the auth class at hand
