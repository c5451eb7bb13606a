"""The two functions that dlt runs as resources.

dlt reads their signatures when they are called: it looks for an argument whose annotation is
`Optional[Incremental]` and binds its state to that. Annotations must therefore be objects here, not text.
"""

from collections.abc import Iterator
from typing import Any, Optional

from dlt.extract import Incremental

from restmill.load.cursor import bound_by
from restmill.load.pull import pull_children, pull_pages
from restmill.path import Json
from restmill.plan.spec import Plan, Resource
from restmill.run.session import Session

Pages = Iterator[list[Json] | None]


def read_pages(
    session: Session,
    plan: Plan,
    resource: Resource,
    incremental_object: Optional[Incremental[Any]],  # noqa: UP045  # the form dlt looks for
) -> Pages:
    """The pages of a top-level resource; see `pull_pages`."""
    yield from pull_pages(session, plan, resource, bound_by(resource.cursor, incremental_object))


def read_children(
    items: Any,
    session: Session,
    plan: Plan,
    resource: Resource,
    incremental_object: Optional[Incremental[Any]],  # noqa: UP045  # the form dlt looks for
) -> Pages:
    """The child pages for one page of parent records, or for one record; see `pull_children`."""
    parents = items if isinstance(items, list) else [items]
    bound = bound_by(resource.cursor, incremental_object)
    yield from pull_children(session, plan, resource, parents, bound)
