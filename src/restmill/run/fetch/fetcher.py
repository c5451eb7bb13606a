"""One request brought home: door, credentials, transport, redirects, rules, retries, until it is answered.

The order is fixed: sign (`signing`), wait at the door, send, follow redirects, judge, decode. Whatever
goes wrong becomes either another attempt or one error with its place; nothing is swallowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn, TypeAlias, assert_never

from restmill.errors import ApiError, NotData, Place, Problem, Rejected, Unreachable
from restmill.events import Retrying, Sent
from restmill.run.caller import called
from restmill.run.credentials.origins import at_home as _at_home  # noqa: F401  # checks from outside look for it here
from restmill.run.credentials.origins import redirected as _redirected
from restmill.run.fetch.limiter import Door
from restmill.run.fetch.parse_queue import Bench
from restmill.run.fetch.refusals import rejected
from restmill.run.fetch.signing import Signing
from restmill.run.transport.protocol import Failed
from restmill.shape.decode import Undecodable, read_document
from restmill.shape.encoding import Recoded, recoded
from restmill.wire.actions import Accept, Call, Fail, Raised, Reauth, Retry, Rule, Skip, Stop, judge
from restmill.wire.address import NoAddress, flaw_of, joined
from restmill.wire.header_fields import HINT, unsendable
from restmill.wire.limits.budget import Gate
from restmill.wire.limits.rate_headers import is_refusal
from restmill.wire.retry import (
    OUTAGES,
    Again,
    BadStatus,
    Broken,
    Failure,
    GiveUp,
    Policy,
    decide,
    is_busy,
    lost,
)

if TYPE_CHECKING:
    from restmill.events import Observer
    from restmill.path import Json
    from restmill.plan.spec import Signer
    from restmill.run.clock import Clock
    from restmill.run.fetch.extra_requests import Extras
    from restmill.run.fetch.memory import Memory
    from restmill.run.transport.protocol import Transport
    from restmill.shape.page_parser import Press
    from restmill.wire.auth import Auth
    from restmill.wire.message import Request, Response

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 10
_SECOND = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What all requests of one read have in common."""

    resource: str
    policy: Policy
    auth: Auth | Signer | None
    rules: tuple[Rule, ...]
    homes: frozenset[str]
    """Origins that may see credentials and configured headers."""
    allowed: frozenset[str]
    """Further origins or host names that may be followed to, without credentials."""
    far: str = "If that is right, add '{host}' to `client.allowed_hosts`; credentials are not sent there."
    """The hint when a request would go elsewhere."""
    press: Press | None = None
    """What parses a page without making its records, where it can."""
    encoding: str = ""
    """The encoding of the bodies; "": as they say themselves."""

    raw: bool = False
    """Whether nobody decodes the answers: some can be read by a user's function only."""
    extra: bool = False
    """Whether the list does not need the request: its failure shuts no host."""

    @property
    def acts(self) -> bool:
        """Whether functions of the user's look at the answers."""
        return any(not isinstance(rule.do, str) for rule in self.rules)

    @property
    def aside(self) -> Terms:
        """The terms of a request of our own beside the list: no function of the user's sees its answer."""
        return replace(
            self, rules=tuple(rule for rule in self.rules if isinstance(rule.do, str)), raw=True, extra=True
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: its document, and the reason to end the read here if a rule says so."""

    response: Response
    document: Json
    stop: str = ""
    skipped: str = ""
    """Why the body was not looked at (empty body, a `skip` rule)."""
    text: Recoded | None = field(default=None, repr=False)
    lost: str = ""
    """What became of an earlier answer to the same request, which the server may have made; "" for none."""
    raw: Response | None = None
    """What the server sent, where functions of the user's have made something else of it."""


_Final: TypeAlias = Accept | Stop | Skip | Retry | Fail | Reauth | Raised


class Refused(Exception):  # noqa: N818
    """A final answer with an error status; the reader may know it as the end of the list, unless `no_end`."""

    def __init__(self, response: Response, error: ApiError, *, no_end: bool = False) -> None:
        super().__init__(response.status)
        self.status = response.status
        self.response = response
        self.error = error
        self.no_end = no_end


class _Again(Exception):  # noqa: N818
    """This attempt failed; the policy decides what comes next."""

    def __init__(
        self,
        failure: Failure,
        response: Response | None = None,
        *,
        final: bool = False,
        ours: bool = False,
        own: Exception | None = None,
    ) -> None:
        """`response`: None where no answer came. `own`: the user's own exception, to be raised at last.

        `ours`: it says nothing of the host.
        """
        super().__init__()
        self.failure = failure
        self.response = response
        self.final = final
        self.ours = ours
        self.own = own


def _raise_unsent(why: str) -> NoReturn:
    """Fail a request that cannot be sent: the same another time, and no word about the host."""
    raise _Again(Broken(why), final=True, ours=True) from Failed(why, final=True, kind="address")


class Fetcher:
    """Fetches requests for all reads of a run. Lives on the engine's loop."""

    def __init__(self, transport: Transport, memory: Memory, clock: Clock, observer: Observer) -> None:
        self._transport = transport
        self._memory = memory
        self._clock = clock
        self._tell = observer
        self._doors: dict[str, Door] = {}
        self._signing = Signing(memory, clock, observer, self._token_answer)
        self._presses: dict[Press, Bench] = {}

    def extras(self, resource: str) -> Extras:
        """The account of the requests that the lists of a resource did not need."""
        return self._memory.extras[resource]

    async def fetch(self, request: Request, terms: Terms) -> Answer:
        """The accepted answer to `request`, after as many attempts as the policy gives.

        Raises:
            Refused: a final error status.
            ApiError: no usable answer, a foreign host, or the host is halted.
        """
        first_sent: float | None = None
        tried_again = 0.0
        attempt = 0
        renewed = False
        before = ""
        while True:
            attempt += 1
            started = self._clock.now()
            first_sent = started if first_sent is None else first_sent
            tried_again = started if attempt <= _SECOND else tried_again
            failed = None
            try:
                came = await self._attempt(request, terms)
            except _Again as again:
                failed = again
            if failed is not None:  # outside, so that a user's own exception has no context of ours
                before = before or lost(failed.failure)
                if self._held_back(request, terms, attempt, failed):
                    attempt -= 1
                else:
                    counted = self._counted(request, terms, attempt, tried_again, failed)
                    await self._wait_or_raise(request, terms, counted, first_sent, failed)
                continue
            if isinstance(came, Answer):
                return replace(came, lost=before) if before else came
            if renewed:
                why = "rejected a new token, too"
                raise Refused(came, rejected(terms, request, came.status, why))
            renewed = True  # the token was renewed once; this attempt does not count
            attempt -= 1

    async def _attempt(self, request: Request, terms: Terms) -> Answer | Response:
        """One attempt. A mere response has rejected the token, which is dropped: try again with a new one."""
        sent = await self._send(request, terms)
        response, judgement = await self._judged(sent, terms)
        same = response.body is sent.body and response.encoding == sent.encoding
        raw = None if same and response.said is None else sent
        match judgement:
            case Accept() if terms.raw:
                return Answer(response, None, raw=response)
            case Accept():
                return replace(await self._decoded(request, response, terms), raw=raw)
            case Stop(reason):
                return Answer(response, None, stop=reason)
            case Skip(reason):
                return Answer(response, None, skipped=reason)
            case Retry(why):
                raise _Again(BadStatus(response.status, response.headers, why), response)
            case Raised(error, status):
                self._raise_or_renew(terms, response, error, status)
                return response
            case Fail() | Reauth():
                self._refuse(request, terms, response, judgement)
                return response
            case _:
                assert_never(judgement)

    async def _judged(self, response: Response, terms: Terms) -> tuple[Response, _Final]:
        """What the answer means, after the user's functions have looked at it, each in its turn."""
        judgement = judge(terms.rules, response, terms.policy.statuses)
        while isinstance(judgement, Call):
            for function in judgement.functions:
                outcome = await called(function, response)
                if isinstance(outcome, Stop | Raised):
                    return response, outcome
                response = outcome
            judgement = judge(judgement.rest, response, terms.policy.statuses)
        return response, judgement

    def _refuse(self, request: Request, terms: Terms, response: Response, judgement: Fail | Reauth) -> None:
        """Raise, unless a new token may help."""
        why = judgement.why if isinstance(judgement, Fail) else ""
        declared = isinstance(judgement, Fail) and judgement.declared
        rejects = isinstance(judgement, Reauth) or response.status == 401
        if rejects and self._signing.drop(terms.auth, response):
            return
        if isinstance(judgement, Reauth):
            raise Refused(response, rejected(terms, request, response.status, ""))
        if declared or response.status < 400:
            raise Refused(response, rejected(terms, request, response.status, why), no_end=True)
        raise _Again(BadStatus(response.status, response.headers), response)

    def _raise_or_renew(self, terms: Terms, response: Response, error: Exception, status: int | None) -> None:
        """What a function of the user's raised, as an attempt that failed; unless a new token may help."""
        if status == 401 and self._signing.drop(terms.auth, response):
            return
        broken = Broken(f"a response action raised {type(error).__name__}")
        raise _Again(BadStatus(status, response.headers) if status else broken, response, own=error)

    async def _decoded(self, request: Request, response: Response, terms: Terms) -> Answer:
        if response.said is not None:
            return Answer(response, await called(response.said))
        kind, press = response.headers.get("Content-Type", ""), terms.press
        text = recoded(response.body, kind, encoding := response.encoding or terms.encoding)
        document = await self._bench(press).document(text.body) if press else None
        if document is not None:
            return Answer(response, document, text=replace(text, body=b""))
        try:
            text, document = read_document(text, kind, encoding)
        except Undecodable as error:
            if not error.passing:
                raise NotData(Problem(Place(f"{terms.resource}  {request.target}"), str(error))) from error
            self._door(request).broken(str(error))
            raise _Again(Broken(str(error)), response) from error
        if press:
            press.learn(document)
        return Answer(response, document, text=replace(text, body=b""))

    def _bench(self, press: Press) -> Bench:
        if press not in self._presses:
            self._presses[press] = Bench(press)
        return self._presses[press]

    def _held_back(self, request: Request, terms: Terms, attempt: int, failed: _Again) -> bool:
        """Whether the host just takes no more now: its door makes everybody wait, and that is no failure."""
        failure, wall = failed.failure, self._clock.wall()
        if not (isinstance(failure, BadStatus) and self._door(request).patient):
            return False
        if not is_refusal(failure.status, failure.headers, wall):
            return False
        decision = decide(terms.policy, 1, failure, wall, 0.0)
        if isinstance(decision, Again):
            self._tell(Retrying(terms.resource, self._clock.now(), attempt, 0.0, decision.why))
        return isinstance(decision, Again)

    def _counted(self, request: Request, terms: Terms, attempt: int, since: float, failed: _Again) -> int:
        """The attempts that count: while the whole host is down, its breaker says when to give up.

        `since` is when the second one began: where others were served after that, it is this request's own.
        """
        policy, failure = terms.policy, failed.failure
        status = failure.status if isinstance(failure, BadStatus) else None
        dead = failed.response is None or status in OUTAGES
        lasting = policy.lasting and not terms.extra and dead and self._door(request).down(since)
        return min(attempt, policy.max_retries) if lasting else attempt

    async def _wait_or_raise(
        self, request: Request, terms: Terms, attempt: int, first_sent: float, failed: _Again
    ) -> None:
        policy = replace(terms.policy, max_retries=0) if failed.final else terms.policy
        decision = decide(policy, attempt, failed.failure, self._clock.wall(), self._clock.random())
        match decision:
            case Again(wait, why):
                self._tell(Retrying(terms.resource, self._clock.now(), attempt, wait, why))
                await self._clock.sleep(wait)
            case GiveUp() if failed.own is not None:
                raise failed.own
            case GiveUp(why):
                place, response = Place(f"{terms.resource}  {request.target}"), failed.response
                if isinstance(failed.failure, BadStatus):
                    assert response is not None
                    status = failed.failure.status
                    if status in terms.policy.statuses and not terms.extra:
                        self._door(request).exhausted(first_sent, why)
                    busy = is_busy(terms.policy, failed.failure, self._clock.wall())
                    raise Refused(response, rejected(terms, request, status, why), no_end=busy)
                if not (terms.extra or failed.ours):
                    self._door(request).exhausted(first_sent, why)
                raise (Unreachable if response is None else NotData)(Problem(place, why)) from failed
            case other:
                assert_never(other)

    async def _send(self, request: Request, terms: Terms) -> Response:
        """Send and follow redirects, each hop through its own door."""
        hops: tuple[Response, ...] = ()
        for _ in range(_MOST_REDIRECTS):
            response = await self._hop(request, terms)
            link = response.headers.get("Location", "")
            if response.status not in _REDIRECTS or not link:
                return replace(response, hops=hops) if hops else response
            hops += (response,)
            try:
                request = _redirected(request, response.status, joined(request.url, link))
            except NoAddress as flaw:
                _raise_unsent(f"status {response.status} redirects to no URL: {flaw}")
        place = Place(f"{terms.resource}  {request.target}")
        error = Rejected(Problem(place, f"more than {_MOST_REDIRECTS} redirects"))
        raise error from Refused(replace(hops[-1], hops=hops[:-1]), error)

    async def _hop(self, request: Request, terms: Terms) -> Response:
        if why := flaw_of(request.address):
            _raise_unsent(f"the address is not a valid URL: {why}")
        try:
            signed = await self._signing.signed(request, terms)
        except Failed as error:
            raise _Again(Broken(error.why, sent=False), final=error.final) from error
        if why := unsendable(signed.headers):
            raise ApiError(Problem(Place(f"{terms.resource}  {request.target}"), why, hint=HINT))
        door = self._door(request)
        await door.enter(terms.resource, request)
        self._tell(Sent(terms.resource, self._clock.now()))
        try:
            response = await self._transport.send(signed)
        except Failed as error:
            if error.ours:
                door.cancelled()
            else:
                door.failed(error.why)
            broken = Broken(error.why, sent=error.kind != "connect")
            raise _Again(broken, final=error.final, ours=error.ours) from error
        except BaseException:
            door.cancelled()
            raise
        door.answered(response)
        return replace(response, sent=signed)

    async def _token_answer(self, request: Request, terms: Terms) -> Answer:
        """The answer to a request for a token: a refusal of it says nothing of the list."""
        try:
            return await self.fetch(request, terms)
        except Refused as refused:
            raise refused.error from refused

    def _door(self, request: Request) -> Door:
        origin = request.origin
        if origin not in self._doors:
            self._memory.gates.setdefault(origin, Gate.fresh(self._memory.limits))
            self._doors[origin] = Door(origin, self._memory.gates, self._clock, self._tell)
        return self._doors[origin]
