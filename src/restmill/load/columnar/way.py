"""The way a resource's records take into dlt: columns where pyarrow is installed and nothing needs rows."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

from restmill.events import Noted
from restmill.load.columnar.claim import OWN_NORMALIZER, Claim
from restmill.run.observers import tell

if TYPE_CHECKING:
    from restmill.plan.spec import Departures, Resource
    from restmill.shape.page_parser import Press

_NO_PYARROW = "pyarrow is not installed"
_BLIND = (_NO_PYARROW, OWN_NORMALIZER)
"""Where nobody can tell which records will be refused."""

if find_spec("pyarrow") is None:

    def claim(departures: Departures, *, columns: bool = True) -> Claim:  # noqa: ARG001  # as in `eligibility`
        """Nothing can be claimed without pyarrow."""
        return Claim(_NO_PYARROW)
else:
    from restmill.load.columnar.eligibility import claim


def choose(resource: Resource) -> Press | None:
    """Let the resource whose generator is starting go columnar if it can; returns what may press its pages.

    Why it cannot is told as an event, unless the plan has said so: only now are the destination, and what
    was done to the source since it was planned, known.
    """
    claimed = claim(resource.departures, columns=resource.columnar)
    why = claimed.why if resource.columnar else ""
    if why and not resource.by_rows:
        kept = set() if why in _BLIND else {"quarantine"}
        lost = [f"`{key}` has no effect there" for key in resource.departures.described() if key not in kept]
        text = "; ".join((f"goes to dlt row by row, which is slower: {why}", *lost))
        tell(Noted(resource.name, time.monotonic(), text))
    # What records are renamed to, the press does not know.
    return None if resource.rename else claimed.press
