"""The order for one read: what is asked for, how, and how far; made from a planned resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from restmill.errors import ConfigError, Place, Problem
from restmill.path import Path, path_of
from restmill.plan.parents import unlikely
from restmill.plan.spec import Bounds, Fresh, Opaque, Plan, Resource, Signer
from restmill.plan.template import render_tree, spelled
from restmill.run.fetch.fetcher import Terms
from restmill.wire.message import Headers, Request, join, origin_of
from restmill.wire.next_page.more_signs import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json
    from restmill.shape.page_parser import Press
    from restmill.wire.auth import Auth
    from restmill.wire.paging.pagers import Pager

_SEVERAL = frozenset(
    ("fullname", "namewithowner", "path", "pathwithnamespace", "fullpath", "repo", "repository", "ref")
) | {"uri", "url", "href", "link", "endpoint", "resourcepath", "selflink", "self", "location"}
"""Fields that hold several segments of a path by their meaning, such as GitHub's `owner/repo`."""
_ONE_BODY = "A request has one body: leave one of them out."


@dataclass(frozen=True, slots=True)
class Taken:
    """How much the caller of a read takes at most, as far as it knows: so many pages, or `rows`."""

    most: int
    rows: bool = False

    def ahead(self, pages: int, rows: int) -> int:
        """How many pages to ask for at once when so many have come; one at least."""
        if not self.rows:
            return max(1, self.most - pages)
        mean = max(1, rows // max(1, pages))
        return max(1, -(-(self.most - rows) // mean))


@dataclass(frozen=True, slots=True)
class Order:
    """What to read. A pager or selector of None is detected from the first answer."""

    request: Request
    terms: Terms
    pager: Pager | None
    selector: Path | None
    most_ahead: int
    """Requests in flight ahead of the page being waited for."""
    keys: tuple[Path, ...] = ()
    """What makes two records different; without any, all they hold."""
    bounds: Bounds = field(default_factory=Bounds)
    repair: bool = True
    """Whether to find out if the list moved, and to read it again then."""
    merged: bool = False
    """Whether rows with equal keys become one in the table: then a row that comes twice does no harm."""
    may_stop: bool = False
    """Whether the caller may end the read before the list ends: its rows come in the order of a cursor."""
    strict: bool = False
    """Whether each end is asked behind, whatever others have shown: rows are deleted by what was read."""
    taken: Taken | None = None
    """What the caller takes; nothing is asked for beyond that until it comes back for more."""
    divided: str = ""
    """The parent's field whose value holds a `/`, so that it is several segments of the path; "" for none."""
    unlikely: str = ""
    """A value of the parent that hardly names a thing: "`code` is `false`"; "" when none is."""
    press: Press | None = None
    """What may parse pages after the first, when nobody needs their records as Python objects."""

    @property
    def lazy(self) -> bool:
        """Whether a page is asked for only when the one before it is done with, and nothing ahead.

        Where functions of the user's look at the answers they see each page once, in order, and what they
        wait for is waited for. Under dlt it is so. And a caller that may stop where rows leave the cursor's
        range must have looked at a page before others are sent for.
        """
        return self.terms.acts or self.may_stop


@dataclass(frozen=True, slots=True)
class Bound:
    """What a read adds to its plan: placeholder values, and parameters an incremental cursor sets."""

    values: Mapping[str, Json]
    params: Mapping[str, Json]


UNBOUND = Bound({}, {})


def order_for(plan: Plan, resource: Resource, bound: Bound = UNBOUND) -> Order:
    """The order that reads `resource` with its placeholders filled from `bound`.

    Raises:
        KeyError: a placeholder has no value.
        ConfigError: it has two bodies.
    """
    template = resource.request
    if template.json and template.data:
        raise ConfigError(Problem(Place(resource.name), "`json` and `data` are both given", hint=_ONE_BODY))
    address = join(plan.base_url, template.path.render_path(bound.values))
    params = {**template.params, **bound.params}
    headers = cast("Mapping[str, Json]", spelled(render_tree(template.headers, bound.values)))
    request = Request(
        method=template.method,
        address=address,
        params=cast("Mapping[str, Json]", spelled(render_tree(params, bound.values))),
        headers=Headers({name: str(value) for name, value in headers.items() if value is not None}),
        json=None if template.data else render_tree(template.json, bound.values, keep_type=True),
        data=render_tree(template.data, bound.values, keep_type=False) or None,
    )
    terms = _terms(plan, resource, request)
    return Order(
        request=request,
        terms=terms,
        pager=_pager(resource),
        selector=resource.selector,
        most_ahead=1 if terms.acts or plan.transport.in_turn else max(2, 2 * plan.limits.concurrency),
        keys=_keys(resource),
        bounds=resource.bounds,
        repair=resource.repair,
        merged=_merged(resource),
        may_stop=_in_order(resource),
        divided=_divided(resource, bound),
        unlikely=unlikely(resource.parent, bound.values) if resource.parent else "",
        strict=any(isinstance(one, Resource) and one.deletion is not None for one in plan.resources),
    )


def _terms(plan: Plan, resource: Resource, request: Request) -> Terms:
    # An absolute URL that stands in the config was written by the user and is a home of its own; one that
    # comes out of a placeholder was written by the API and is not.
    homes = {origin_of(plan.base_url)} if plan.base_url else set()
    if not resource.request.path.names or not plan.base_url:
        homes.add(request.origin)
    return Terms(
        resource=resource.name,
        policy=resource.retry,
        auth=_auth(resource),
        rules=resource.actions,
        homes=frozenset(homes),
        allowed=plan.allowed_hosts,
        encoding=resource.encoding,
    )


def _divided(resource: Resource, bound: Bound) -> str:
    """The field of the parent that divides the path, unless its name says that it holds several segments."""
    fields = {} if resource.parent is None else resource.parent.fields
    names = (name for name in resource.request.path.divided(bound.values) if name in fields)
    found = (str(fields[name]) for name in names)
    return next((one for one in found if plain(one.rpartition(".")[2]) not in _SEVERAL), "")


def _keys(resource: Resource) -> tuple[Path, ...]:
    """Where the API's records hold the primary key; () when that cannot be known before they are processed.

    What a child copies from its parent is the same in all records of one read, and not in them yet.
    """
    key = resource.hints.get("primary_key")
    names = [key] if isinstance(key, str) else key
    changed = any(step.kind != "filter" for step in resource.steps)
    if changed or not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        return ()
    origins = {new: Path(old) for old, new in resource.rename.items()}
    parent = resource.parent
    copied = {f"_{parent.resource}_{field}" for field in parent.include} if parent else set()
    return tuple(
        origins.get(name) or path_of(tuple(name.split("__")) if name.strip("_").count("__") else (name,))
        for name in names
        if name not in copied
    )


def _in_order(resource: Resource) -> bool:
    given = {} if resource.cursor is None else resource.cursor.arguments
    ready = given.get("incremental")
    return bool(given.get("row_order") if ready is None else getattr(ready, "row_order", None))


def _merged(resource: Resource) -> bool:
    disposition = resource.hints.get("write_disposition")
    if isinstance(disposition, dict):
        return disposition.get("disposition") == "merge" and disposition.get("strategy") != "scd2"
    return disposition == "merge"


def _pager(resource: Resource) -> Pager | None:
    match resource.pager:
        case Fresh(make=make):
            return make()
        case Opaque(path=path):
            raise AssertionError(f"{path} was not adapted")
        case pager:
            return pager


def _auth(resource: Resource) -> Auth | Signer | None:
    assert not isinstance(resource.auth, Opaque), f"{resource.auth.path} was not adapted"
    return resource.auth
