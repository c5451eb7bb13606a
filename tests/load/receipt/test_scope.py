"""What may be judged: for any outcome of any parent's read, never the rows of a parent that was not read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.events import Basis, ParentDone, ReadDone
from restmill.run.receipt.receipt import Evidence
from restmill.run.receipt.scope import AllBut, Lineage, Only, Whole
from restmill.wire.paging.pagers import Cursor, Offset, SinglePage
from tests.plan.planning import planned

if TYPE_CHECKING:
    from restmill.path import Json
    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Verdict
    from restmill.wire.paging.pagers import Pager

MERGE = {"write_disposition": "merge", "primary_key": "id", "delete_missing": "hard"}
WEAK: tuple[Basis, ...] = ("", "page", "declared")
STRONG: tuple[Basis, ...] = ("total", "end", "count")
PLACEHOLDER = "resources.teams.id"


def family(key: Json = ("id", "_teams_id"), *, include: bool = True) -> Plan:
    tasks: dict[str, Json] = {"name": "tasks", "endpoint": "teams/{resources.teams.id}/tasks", **MERGE}
    tasks |= {"include_from_parent": ["id"], "primary_key": key} if include else {}
    return planned({"name": "teams", "endpoint": "teams", **MERGE}, tasks)


def evidence(name: str, verdict: Verdict = "complete", basis: Basis = "total", reads: int = 1) -> Evidence:
    return Evidence(name, verdict, "", reads=reads, basis=basis)


@given(
    reads=st.lists(st.tuples(st.integers(0, 6), st.sampled_from((*WEAK, *STRONG)))),
    parents=st.sampled_from(["total", "page", "partial"]),
    untold=st.integers(0, 1),
    nameless=st.booleans(),
)
def test_rows_of_a_parent_whose_read_proves_nothing_are_never_judged(
    reads: list[tuple[int, Basis]], parents: str, untold: int, *, nameless: bool
) -> None:
    plan = family()
    lineage = Lineage(plan)
    for team, basis in reads:
        lineage(ParentDone("tasks", 0.0, {PLACEHOLDER: team}, basis))
    if nameless:
        lineage(ParentDone("tasks", 0.0, {}))
    told = len(reads) + nameless
    above = (
        evidence("teams", "partial", "")
        if parents == "partial"
        else evidence("teams", basis="total" if parents == "total" else "page")
    )
    seen = {"teams": above, "tasks": evidence("tasks", reads=told + untold)}
    scope = lineage.scope(plan.resource("tasks"), seen)
    failed = {(team,) for team, basis in reads if basis in WEAK}
    proven = {(team,) for team, basis in reads} - failed
    sure = parents == "total" and not untold and not nameless
    match scope:
        case Whole():
            assert sure
            assert not failed
        case AllBut(kept):
            assert sure
            assert kept == failed
        case Only(judged):
            assert not sure
            assert judged == proven
        case str():
            assert not sure
            assert not proven


@pytest.mark.parametrize("basis", [*WEAK, *STRONG])
@pytest.mark.parametrize("verdict", ["complete", "suspect", "partial"])
def test_a_resource_without_a_parent_is_judged_when_its_end_is_proven(verdict: Verdict, basis: Basis) -> None:
    plan = family()
    scope = Lineage(plan).scope(plan.resource("teams"), {"teams": evidence("teams", verdict, basis)})
    assert isinstance(scope, Whole) == (verdict == "complete" and basis in STRONG)


def test_one_page_is_enough_where_the_config_says_that_there_is_one() -> None:
    plan = family()
    for pager, enough in ((SinglePage(), True), (Offset(limit=10), False), (None, False)):
        changed = replace(plan, resources=(replace(plan.resource("teams"), pager=pager),))
        seen = {"teams": evidence("teams", basis="page")}
        scope = Lineage(changed).scope(changed.resource("teams"), seen)
        assert isinstance(scope, Whole) == enough


@pytest.mark.parametrize(
    ("pager", "pages", "basis", "moves"),
    [
        (Offset(limit=10), 1, "total", False),
        (Offset(limit=10), 1, "end", True),
        (None, 1, "end", True),
        (Cursor(), 1, "end", False),
        (SinglePage(), 1, "page", False),
        (Offset(limit=10), 2, "total", True),
        (Cursor(), 2, "end", True),
    ],
)
def test_rows_may_move_past_a_reader_who_asks_more_than_once(
    pager: Pager | None, pages: int, basis: Basis, *, moves: bool
) -> None:
    plan = family()
    changed = tuple(replace(plan.resource(name), pager=pager) for name in ("teams", "tasks"))
    lineage = Lineage(replace(plan, resources=changed))
    teams, tasks = changed
    lineage(ReadDone("teams", 0.0, 0, pages, complete=True, reason="", basis=basis))
    assert not lineage.may_have_missed(tasks, Whole())
    lineage(ReadDone("teams", 0.0, 1, pages, complete=True, reason="", basis=basis))
    assert lineage.may_have_missed(teams, Whole()) == moves
    assert lineage.may_have_missed(tasks, Whole()) == moves
    assert not lineage.may_have_missed(tasks, Only(frozenset()))
    lineage(ReadDone("tasks", 0.0, 1, pages, complete=True, reason="", basis=basis))
    assert lineage.may_have_missed(tasks, Only(frozenset())) == moves


@pytest.mark.parametrize(
    ("teams", "tasks", "whole"),
    [
        (evidence("teams"), evidence("tasks"), True),
        (evidence("teams"), evidence("tasks", basis="", reads=0), True),
        (evidence("teams"), evidence("tasks", "partial", ""), False),
        (evidence("teams"), evidence("tasks", basis="page"), False),
        (evidence("teams", "suspect", ""), evidence("tasks"), False),
        (evidence("teams", basis="declared"), evidence("tasks"), False),
    ],
)
def test_without_the_parents_value_in_the_rows_and_their_key_it_is_all_or_nothing(
    teams: Evidence, tasks: Evidence, whole: bool
) -> None:
    for plan in (family(include=False), family("id")):
        lineage = Lineage(plan)
        lineage(ParentDone("tasks", 0.0, {PLACEHOLDER: 1}, "total"))
        scope = lineage.scope(plan.resource("tasks"), {"teams": teams, "tasks": tasks})
        assert isinstance(scope, Whole) == whole
        assert whole or isinstance(scope, str)
