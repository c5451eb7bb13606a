"""The evidence of a source's resources: what the ledger saw, and what a child owes its parent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restmill.plan.spec import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restmill.plan.spec import Plan
    from restmill.run.receipt.receipt import Evidence, Ledger


def evidence_of(ledger: Ledger, plan: Plan, names: Iterable[str]) -> tuple[Evidence, ...]:
    """The evidence of the planned resources among `names`, in their order.

    A child's own reads cannot show which parents were never seen: it is partial when its parent is. Without
    any parent row it is as complete as its parent, unless an earlier run has left a doubt. Ready-made
    dlt resources are read by others and have none.
    """
    planned = [one for one in plan.resources if isinstance(one, Resource)]
    seen = {one.resource: one for one in ledger.evidence(one.name for one in planned)}
    for one in planned:  # parents stand before their children
        if one.parent is not None:
            own, parent = seen[one.name], one.parent.resource
            seen[one.name] = _below(own, parent, seen.get(parent), ledger.suspicion(one.name))
    return tuple(seen[name] for name in names if name in seen)


def seen_of(ledger: Ledger, plan: Plan) -> dict[str, Evidence]:
    """The evidence of every planned resource, and of parents that are read for their children only."""
    return {one.resource: one for one in evidence_of(ledger, plan, [one.name for one in plan.resources])}


def _below(own: Evidence, name: str, parent: Evidence | None, suspicion: str) -> Evidence:
    if own.reads and own.verdict == "partial":
        return own
    if parent is not None and parent.verdict == "partial":
        return replace(own, verdict="partial", reason=f"its parent `{name}` is partial: {parent.reason}")
    if own.reads == 0 and suspicion:
        return replace(own, verdict="suspect", reason=suspicion)
    if own.reads == 0:
        return replace(own, verdict="complete", reason=f"no row of `{name}` to read for")
    return own
