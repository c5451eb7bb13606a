"""The two functions that dlt runs as resources.

dlt reads their signatures when they are called: it looks for an argument whose annotation is
`Optional[Incremental]` and binds its state to that. Annotations must therefore be objects here, not text.
"""

from collections.abc import Iterator
from typing import Any, Optional

from dlt.extract import Incremental

from restmill.load.columnar.way import choose
from restmill.load.extract.checkpoints import Cursors
from restmill.load.extract.incremental import bound_by
from restmill.load.extract.isolation import begin
from restmill.load.extract.limits import taken
from restmill.load.extract.pages import pull_children, pull_pages, skipped
from restmill.load.prepare.dispositions import settle_running
from restmill.load.schema.absent_columns import sought
from restmill.plan.spec import Plan, Resource
from restmill.run.session.session import Session
from restmill.shape.records import Records

Pages = Iterator[Records | None]


def read_pages(
    session: Session,
    plan: Plan,
    resource: Resource,
    cursors: Cursors,
    incremental_object: Optional[Incremental[Any]],  # noqa: UP045  # the form dlt looks for
) -> Pages:
    """The pages of a top-level resource; see `pull_pages`."""
    settle_running(plan)
    press = choose(resource)
    cursors.begin(resource.name)
    begin(resource, cursors)
    cursors.hold(resource.name, incremental_object)
    try:
        bound = bound_by(resource.cursor, incremental_object)
    except Exception as error:
        if not skipped(session, resource, error):
            raise
        return
    yield from _handed_on(pull_pages(session, plan, resource, bound, press, taken()), resource, cursors)


def read_children(
    items: Any,
    session: Session,
    plan: Plan,
    resource: Resource,
    cursors: Cursors,
    incremental_object: Optional[Incremental[Any]],  # noqa: UP045  # the form dlt looks for
) -> Pages:
    """The child pages for one page of parent records, or for one record; see `pull_children`.

    The cursor is looked at when dlt calls, not with the first page: until then it has moved on.
    """
    choose(resource)
    begin(resource, cursors)
    parents = items if isinstance(items, list) else [items]
    cursors.hold(resource.name, incremental_object)
    try:
        bound = bound_by(resource.cursor, incremental_object)
    except Exception as error:
        if not skipped(session, resource, error):
            raise
        return iter(())
    return _handed_on(pull_children(session, plan, resource, parents, bound), resource, cursors)


def _handed_on(pages: Pages, resource: Resource, cursors: Cursors) -> Pages:
    absent = sought(resource)
    for page in pages:
        if absent is not None:
            absent.see(page)
        if page is not None:
            cursors.rewind(resource.name)
        try:
            yield page
        except GeneratorExit:
            cursors.closed(resource.name)
            raise
    if absent is not None and resource.parent is None:
        absent.end()
    cursors.settle(resource.name)
