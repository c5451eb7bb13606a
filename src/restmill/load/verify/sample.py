"""A sample of a list: some of its pages instead of all, spread at random where pages can be foreseen.

A pager of its own around the declared one, stateless like every pager: how far to jump is drawn from the
number of the page and a seed. Lists whose pages lead from one to the next give their first pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from restmill.plan.spec import Fresh, Opaque, Resource
from restmill.wire.paging.pagers import Done, Fan, Next

if TYPE_CHECKING:
    from restmill.plan.spec import Plan
    from restmill.wire.message import Page, Request
    from restmill.wire.paging.pagers import Decision, Pager

SAMPLE = "a sample of"
"""How the reason of a sampled read begins."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """At most `pages` pages of what `inner` would read."""

    inner: Pager
    pages: int
    seed: int

    def first(self, request: Request) -> Request:
        """The first page's request."""
        return self.inner.first(request)

    def after(self, page: Page) -> Decision:
        """A page further on, until there are enough; the end is no end then, and proves nothing."""
        decision = self.inner.after(page)
        if isinstance(decision, Done):
            return decision if page.number == 1 else replace(self._enough(page.number), probe=None)
        left = self.pages - page.number
        if left <= 0:
            return self._enough(page.number)
        if isinstance(decision, Fan) and decision.series.count:
            series = decision.series
            chance = random.Random(f"{self.seed} {page.number}")  # noqa: S311  # any pages will do
            farthest = max((series.count or 1) // left - 1, 0)
            return Next(series.at(chance.randint(0, farthest)))
        return decision if isinstance(decision, Next) else Next(decision.series.at(0))

    def past_end(self, request: Request, status: int) -> Done | None:
        """As the declared pager says."""
        return self.inner.past_end(request, status)

    def total(self, page: Page) -> int | None:  # noqa: ARG002  # the seam's face
        """None: not all of it is asked for."""
        return None

    def describe(self) -> str:
        """The declared pager, and how many of its pages."""
        return f"{self.inner.describe()}, {SAMPLE} {self.pages} pages"

    def _enough(self, pages: int) -> Done:
        return Done(f"{SAMPLE} {pages} page{'s' if pages > 1 else ''}", complete=False)


def sampled(plan: Plan, pages: int, seed: int) -> Plan:
    """The plan, with at most so many pages of each list; one whose paging is not declared is read whole."""
    resources = (_sampled(one, pages, seed) if isinstance(one, Resource) else one for one in plan.resources)
    return replace(plan, resources=tuple(resources))


def _sampled(resource: Resource, pages: int, seed: int) -> Resource:
    match resource.pager:
        case None | Fresh() | Opaque():
            return resource
        case pager:
            return replace(resource, pager=Sampled(pager, pages, seed))
