"""From a config to a plan that can run: references and missing credentials are looked up by dlt's providers.

`check` never comes here: a reference costs nothing until a run needs it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.rest_api import config_setup

from restmill.config.check.check import check
from restmill.config.files import load
from restmill.config.references import Reference, resolve
from restmill.load.failures.settings import ensure_readable
from restmill.load.prepare import hiding as _hiding  # noqa: F401  # what dlt looks up is known from here on
from restmill.load.prepare.credentials import with_credentials
from restmill.load.prepare.custom_objects import with_guests
from restmill.plan.build import build
from restmill.run.credentials.of_session import secrets_of_session
from restmill.secrets import KEYRING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from restmill.plan.spec import OnError, Plan


def plan_of_mapping(config: Mapping[str, Any], on_error: OnError = "raise", *, resolve: bool = True) -> Plan:
    """The plan of a Python config; `resolve=False` leaves missing credentials missing.

    Raises:
        ConfigError: all problems at once.
    """
    checked = check(config, paginators=_paginators(), auths=_auths())
    KEYRING.learn(checked.secrets)
    if not resolve:
        return build(checked, on_error=on_error)
    return _known(with_guests(build(with_credentials(checked), on_error=on_error)))


def plan_of_file(path: Path, on_error: OnError = "isolate") -> Plan:
    """The plan of a config file, references resolved.

    Raises:
        ConfigError: all problems at once.
    """
    source = load.load(path)
    paginators, auths = _paginators(), _auths()
    # Mistakes in the file come before missing values.
    check(source.tree, source=source, paginators=paginators, auths=auths)
    ensure_readable()
    tree, secrets = resolve(source.tree, _looked_up, source.positions)
    KEYRING.learn(secrets)
    checked = check(tree, source=source, secrets=secrets, paginators=paginators, auths=auths)
    KEYRING.learn(checked.secrets)
    return _known(with_guests(build(with_credentials(checked), on_error=on_error, name=path.stem)))


def _known(plan: Plan) -> Plan:
    """The plan, with all that it and the user's session hold known as secret."""
    KEYRING.learn(plan.secrets)
    if plan.transport.session is not None:
        KEYRING.learn(secrets_of_session(plan.transport.session.value))
    return plan


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
