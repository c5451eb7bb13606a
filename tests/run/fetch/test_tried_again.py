"""Trying again as the config says: by a response action, by a status of the policy, by the host's word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restmill.errors import Rejected
from restmill.events import HostHalted
from restmill.run.fetch.fetcher import Refused
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Offsets, Rig, order, terms
from restmill.wire.actions import Rule
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import SinglePage
from restmill.wire.retry import Policy

OK = json_response({"data": [{"id": 1}]})
BAD = {
    "200 with an error": json_response({"error": "busy"}),
    "200, no body": Response(200, Headers(), b""),
    "202": json_response({"status": "pending"}, 202),
    "202, no body": Response(202, Headers(), b""),
    "403": json_response({"message": "Rate limit exceeded"}, 403),
    "404": json_response({"status": "not ready"}, 404),
    "409": json_response({}, 409),
}
RULES = {
    "200 with an error": Rule(do="retry", content="busy"),
    "200, no body": Rule(do="retry", empty=True),
    "202": Rule(do="retry", status=202),
    "202, no body": Rule(do="retry", status=202),
    "403": Rule(do="retry", status=403, content="Rate limit"),
    "404": Rule(do="retry", status=404),
    "409": Rule(do="retry", status=409),
}


def with_headers(answer: Response, headers: dict[str, str]) -> Response:
    return replace(answer, headers=Headers({**answer.headers, **headers}))


class Script:
    """Bad answers, so many, and good ones after them."""

    def __init__(self, bad: Response, times: int) -> None:
        self.bad, self.times = bad, times

    def __call__(self, _: Request) -> Response:
        self.times -= 1
        return self.bad if self.times >= 0 else OK


def ruled(kind: str, policy: Policy | None = None) -> Rig:
    rig = Rig(Script(BAD[kind], 1), latency=0.0)
    run(rig.read(order(SinglePage(), of=replace(terms(policy=policy), rules=(RULES[kind],)))))
    return rig


@pytest.mark.parametrize("kind", BAD)
def test_an_action_retries_whatever_the_status(kind: str) -> None:
    rig = ruled(kind, Policy(frozenset()))
    assert rig.ids == [1]
    assert rig.transport.times == pytest.approx([0, 1], abs=1e-3)


@pytest.mark.parametrize(
    ("header", "value", "wait"),
    [
        ("Retry-After", "9", 9.0),
        ("Retry-After", "1m30s", 90.0),
        ("Retry-After", "soon", 1.0),
        ("Retry-After-Ms", "2500", 2.5),
        ("X-Retry-After", "9", 9.0),
    ],
)
@pytest.mark.parametrize("kind", BAD)
def test_a_wait_asked_for_is_kept_whatever_the_status(
    kind: str, header: str, value: str, wait: float
) -> None:
    rig = Rig(Script(with_headers(BAD[kind], {header: value}), 1), latency=0.0)
    run(rig.read(order(SinglePage(), of=replace(terms(), rules=(RULES[kind],)))))
    assert rig.ids == [1]
    assert rig.transport.times == pytest.approx([0, wait], abs=1e-3)


@pytest.mark.parametrize("kind", BAD)
def test_an_action_retries_as_often_as_the_policy_says_and_fails_by_name(kind: str) -> None:
    seen = Recorder()
    rig = Rig(Script(BAD[kind], 99), latency=0.0, observer=seen, limits=Limits(failures=2))

    async def several() -> None:
        for number in range(3):
            with pytest.raises(Rejected, match=r"tried again by the response action.* after 3 attempts"):
                await rig.read(
                    order(
                        SinglePage(),
                        path=f"/job/{number}",
                        of=replace(terms(policy=Policy(max_retries=2)), rules=(RULES[kind],)),
                    )
                )

    run(several())
    assert len(rig.transport.sent) == 9
    assert not seen.of(HostHalted)  # an answer that the config wants again is no failure of the host


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind[:3] != "200"])
def test_a_status_of_the_policy_is_tried_again_also_a_good_one(kind: str) -> None:
    rig = Rig(Script(BAD[kind], 1), latency=0.0)
    run(rig.read(order(SinglePage(), of=terms(policy=Policy(frozenset({int(kind[:3])}))))))
    assert rig.ids == [1]
    assert len(rig.transport.sent) == 2


@pytest.mark.parametrize("verb", ["skip", "end", "fail"])
def test_an_action_is_stronger_than_a_status_of_the_policy(verb: str) -> None:
    rig = Rig(Script(BAD["202"], 1), latency=0.0)
    rule = Rule(do=verb, status=202)  # type: ignore[arg-type]
    what = order(SinglePage(), of=replace(terms(policy=Policy(frozenset({202}))), rules=(rule,)))
    if verb == "fail":
        with pytest.raises(Rejected, match="202"):
            run(rig.read(what))
    else:
        run(rig.read(what))
    assert len(rig.transport.sent) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 420, 423, 425, 501, 509, 529])
def test_an_error_whose_host_says_when_is_tried_again(status: int) -> None:
    rig = Rig(Script(json_response({}, status, {"Retry-After": "9"}), 1), latency=0.0)
    run(rig.read(order(SinglePage())))
    assert rig.ids == [1]
    assert rig.transport.times == pytest.approx([0, 9], abs=1e-3)


class Ends(Offsets):
    """Answers with `beyond` behind the last row."""

    beyond = json_response({}, 404)

    def __call__(self, request: Request) -> Response:
        return super().__call__(request) if int(request.params["offset"]) < self.rows else self.beyond


@pytest.mark.parametrize(
    ("rules", "statuses", "headers", "ends"),
    [
        ((), Policy().statuses, {}, True),
        ((Rule(do="retry", status=404),), Policy().statuses, {}, False),
        ((Rule(do="fail", status=404),), Policy().statuses, {}, False),
        ((), frozenset({404}), {}, False),
        ((), Policy().statuses, {"Retry-After": "9"}, False),
    ],
)
def test_an_answer_that_is_to_be_tried_again_is_never_the_end_of_a_list(
    rules: tuple[Rule, ...], statuses: frozenset[int], headers: dict[str, str], ends: bool
) -> None:
    api = Ends(rows=200, total=False)
    object.__setattr__(api, "beyond", json_response({}, 404, headers))
    rig = Rig(api, latency=0.0)
    what = order(of=replace(terms(policy=Policy(statuses)), rules=rules))
    if ends:
        run(rig.read(what))
    else:
        with pytest.raises((Refused, Rejected), match="404"):
            run(rig.read(what))
    assert rig.ids == list(range(200))
