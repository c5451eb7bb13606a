"""Logins in addresses: `https://name:password@host` becomes basic auth for that host, as in `requests`.

Auth in the config is stronger, also as in `requests`; the login is then neither sent nor shown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.plan.spec import Resource
from restmill.plan.template import Template
from restmill.run.credentials.origins import login_of
from restmill.wire.auth import secrets_of
from restmill.wire.message import without_login

if TYPE_CHECKING:
    from restmill.plan.spec import Plan
    from restmill.wire.auth import Basic


def with_logins(plan: Plan) -> Plan:
    """The plan with no login in its addresses; what they were is among its auths and its secrets."""
    base = login_of(plan.base_url)
    found = {base} if base else set()
    resources = []
    for one in plan.resources:
        if isinstance(one, Resource):
            one, own = _parted(one, base)  # noqa: PLW2901  # the same resource, without its login
            found |= {own} if own else set()
        resources.append(one)
    if not found:
        return plan
    known = (secret for login in found for secret in secrets_of(login))
    return replace(
        plan,
        base_url=without_login(plan.base_url),
        resources=tuple(resources),
        secrets=tuple(dict.fromkeys((*plan.secrets, *known))),
    )


def _parted(resource: Resource, base: Basic | None) -> tuple[Resource, Basic | None]:
    """The resource with the login that is its own, or else the one of `base_url` if it lies under that."""
    path = resource.request.path
    start = next(iter(path.parts), "")
    if not isinstance(start, str) or not start.startswith(("http://", "https://")):
        return (replace(resource, auth=base) if base and resource.auth is None else resource), None
    own = login_of(start)
    if own is None:
        return resource, None
    bare = replace(resource.request, path=Template((without_login(start), *path.parts[1:])))
    return replace(resource, request=bare, auth=resource.auth or own), own
