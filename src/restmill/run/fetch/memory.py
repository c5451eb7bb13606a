"""What a run remembers of the hosts and the resources it reads, kept across event loops."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from restmill.run.fetch.extra_requests import Extras

if TYPE_CHECKING:
    from restmill.wire.auth import Auth, Token
    from restmill.wire.limits.budget import Gate, Limits


@dataclass(slots=True)
class Memory:
    """Budgets and tokens of the hosts, and the extras of each resource, by its name."""

    limits: Limits
    gates: dict[str, Gate] = field(default_factory=dict)
    tokens: dict[Auth, Token] = field(default_factory=dict)
    extras: defaultdict[str, Extras] = field(default_factory=lambda: defaultdict(Extras))
