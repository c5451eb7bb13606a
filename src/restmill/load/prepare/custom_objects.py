"""Guests: the user's own Python objects, made to fit the engine.

dlt's format lets a config hold paginator and auth objects, names registered with `register_paginator` and
`register_auth`, and functions as response actions, all of which speak `requests`. What is one of dlt's own
classes becomes the machine it stands for; everything else is called through an adapter that translates
requests and answers, in the caller's thread (auth: in one of its own), where it may block.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import requests
from dlt.common.configuration.exceptions import ConfigFieldMissingException
from dlt.sources.helpers.rest_client.exceptions import IgnoreResponseException
from dlt.sources.rest_api.config_setup import create_auth, create_paginator
from requests.auth import AuthBase
from requests.exceptions import HTTPError, RequestException

from restmill.errors import ConfigError, Place, Problem
from restmill.load.failures.dlt_errors import missing_credentials
from restmill.load.prepare.dlt_objects import known_pager
from restmill.plan.spec import Fresh, Opaque, Plan, Resource, Signer
from restmill.run.credentials.of_session import added_by, secrets_of_object
from restmill.run.credentials.redirects import Elsewhere, staying_home
from restmill.run.transport.protocol import Failed
from restmill.run.transport.requests_messages import answer_of, as_requests, request_of, shown
from restmill.run.transport.requests_session import is_plain
from restmill.secrets import KEYRING
from restmill.wire.actions import Raised, Rule, Stop
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Decision, Done, Next

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dlt.sources.helpers.rest_client.paginators import BasePaginator
    from requests import PreparedRequest

    from restmill.run.transport.protocol import Trouble
    from restmill.wire.message import Page
    from restmill.wire.paging.pagers import Pager

_BROKEN = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
"""What dlt's client tries again."""
_LENGTH = "Content-Length"  # the transport counts for itself


def with_guests(plan: Plan) -> Plan:
    """The plan with every foreign object adapted; nothing in it is `Opaque` to the engine any more.

    Raises:
        ConfigError: an object is neither a paginator nor auth.
    """
    resources = (_hosting(one) if isinstance(one, Resource) else one for one in plan.resources)
    session = plan.transport.session
    own = session is not None and not is_plain(session.value)
    return replace(plan, resources=tuple(resources), transport=replace(plan.transport, in_turn=own))


def _hosting(resource: Resource) -> Resource:
    pager = _pager(resource.pager) if isinstance(resource.pager, Opaque) else resource.pager
    auth = _signer(resource.auth) if isinstance(resource.auth, Opaque) else resource.auth
    return replace(resource, pager=pager, auth=auth, actions=tuple(map(_callable, resource.actions)))


def _pager(guest: Opaque) -> Pager | Fresh | None:
    paginator = create_paginator(guest.value)
    if paginator is None:
        raise _misfit(guest, "is no paginator", "It must be derived from dlt's `BasePaginator`.")
    return known_pager(paginator) or Fresh(type(paginator).__name__, lambda: ForeignPager(paginator))


def _signer(guest: Opaque) -> Signer:
    auth = guest.value
    if not isinstance(auth, AuthBase):
        raise _misfit(guest, "is no auth", "It must be derived from `requests.auth.AuthBase`.")
    guard = (
        threading.Lock()
    )  # auth objects fetch and keep tokens; two of them at a time would be one too many

    def sign(request: Request) -> Request:
        bare = as_requests(request).prepare()
        prepared = bare.copy()
        try:
            with guard, staying_home():
                prepared = auth(prepared)
        except Elsewhere as error:
            raise Failed(_ELSEWHERE, final=True, answer=error.response) from None
        except RequestException as error:
            why = f"the auth object could not get its credentials ({type(error).__name__})"
            kind: Trouble = "timeout" if isinstance(error, requests.Timeout) else "connection"
            raise Failed(why, kind=kind, answer=error.response) from None
        KEYRING.learn(secrets_of_object(auth))
        KEYRING.learn_passing(added_by(bare, prepared))
        return _sent_by(prepared, request)

    KEYRING.learn(secrets_of_object(auth))
    return Signer(type(auth).__name__, sign)


_ELSEWHERE = (
    "the auth object's request for its credentials was redirected to another host, and was not sent there"
)


def _sent_by(prepared: PreparedRequest, request: Request) -> Request:
    headers = {name: str(value) for name, value in prepared.headers.items() if name != _LENGTH}
    address = prepared.url or request.address
    return replace(
        request, address=address, params={}, headers=Headers(headers), json=None, data=prepared.body
    )


def _callable(rule: Rule) -> Rule:
    if isinstance(rule.do, str):
        return rule
    return replace(rule, do=tuple(Hook(function) for function in rule.do))


class Hook:
    """The user's function among the response actions, as one that takes and gives our own answer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.changed = False
        """Whether it has made something else of an answer: without it the list would be another one."""
        self.silent = False
        """Whether it is left out: the answers are then to requests of our own."""

    def __call__(self, response: Response) -> Response | Stop | Raised:
        """What the function makes of the answer; what it returns is looked at by nobody (dlt's rule)."""
        if self.silent:
            return response
        answer = shown(response)
        known = set(vars(answer))
        try:
            self._function(answer)
        except IgnoreResponseException:
            self.changed = True
            return Stop("a function among the response actions said so")
        except HTTPError as error:
            if error.response is None:
                raise
            return Raised(error, error.response.status_code)
        except _BROKEN as error:
            return Raised(error, None)
        after = answer_of(answer, response)
        attributes = set(vars(answer)) != known  # for a paginator of the user's own, perhaps
        self.changed = self.changed or attributes or _differs(after, response)
        return after


def _differs(after: Response, before: Response) -> bool:
    """Whether an answer reads or pages otherwise than the one it was made of."""
    same = after.body is before.body and after.said is before.said and after.encoding == before.encoding
    return not (same and after.status == before.status and after.headers == before.headers)


@contextmanager
def silenced(plan: Plan) -> Iterator[None]:
    """Call no function among the plan's response actions until the block ends."""
    hooks = [hook for one in plan.resources if isinstance(one, Resource) for hook in hooks_of(one)]
    for hook in hooks:
        hook.silent = True
    try:
        yield
    finally:
        for hook in hooks:
            hook.silent = False


def hooks_of(resource: Resource) -> list[Hook]:
    """The user's functions among a resource's response actions."""
    done = (rule.do for rule in resource.actions if not isinstance(rule.do, str))
    return [hook for functions in done for hook in functions if isinstance(hook, Hook)]


class ForeignPager:
    """A paginator object as a `Pager`: it keeps its state, we keep its request between pages."""

    def __init__(self, paginator: BasePaginator) -> None:
        self._paginator = deepcopy(paginator)  # dlt copies it for every read, too

    def first(self, request: Request) -> Request:
        """The request after the paginator's `init_request`."""
        self._request = as_requests(request)
        self._paginator.init_request(self._request)
        return request_of(self._request, request)

    def after(self, page: Page) -> Decision:
        """What the paginator makes of the page."""
        self._paginator.update_state(shown(page.response), list(page.records))
        self._paginator.update_request(self._request)
        if not self._paginator.has_next_page:
            return Done("the paginator has no further page", complete=True, basis="declared")
        return Next(request_of(self._request, page.request))

    def past_end(self, request: Request, status: int) -> Done | None:  # noqa: ARG002  # the seam's face
        """An error status is an error: nothing is known of the paginator's ways."""
        return None

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        """Unknown."""
        return None

    def describe(self) -> str:
        """The class of the paginator."""
        return f"the config's own {type(self._paginator).__name__}"


def made_auth(guest: Opaque) -> Opaque:
    """Auth as dlt would make it: registered names become objects, credentials are looked up.

    Raises:
        ConfigError: it is no auth at all, or nobody knows a credential it needs.
    """
    if isinstance(guest.value, AuthBase) and not hasattr(guest.value, "__is_resolved__"):
        return guest
    try:
        return Opaque(create_auth(guest.value), guest.path)
    except ConfigFieldMissingException as error:
        raise missing_credentials(error, guest.path) from error
    except (ValueError, TypeError) as error:
        raise _misfit(guest, "is no auth", "It must be derived from dlt's `AuthConfigBase`.") from error


def _misfit(guest: Opaque, what: str, hint: str) -> ConfigError:
    return ConfigError(
        Problem(Place(guest.path), what, f"an object of class {type(guest.value).__name__}", hint)
    )
