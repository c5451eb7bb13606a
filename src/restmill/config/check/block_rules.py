"""Rules between the keys of one block: what dlt refuses when it builds a paginator or a hint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from restmill.config.check.scalars import Complaint
from restmill.config.model.config import Client
from restmill.config.model.hints import WriteDisposition
from restmill.config.model.paginators import CursorPaginator, OffsetPaginator, PageNumberPaginator
from restmill.config.model.resource import IncrementalParam, ResponseAction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restmill.config.model.kinds import Block

_STRATEGIES = {
    "deduplicated": ("delete-insert",),
    "source_filter": ("delete-insert", "scd2", "upsert", "cdc"),
    "destination_scope": ("delete-insert", "scd2", "cdc"),
    "skip_unchanged_rows": ("upsert", "cdc"),
    "row_version_column_name": ("scd2", "upsert", "cdc"),
    "validity_column_names": ("scd2",),
    "active_record_timestamp": ("scd2",),
    "boundary_timestamp": ("scd2",),
}
"""Option of a merge -> the strategies that have it (dlt's typed dicts)."""


def block_rules(built: Block) -> Iterator[Complaint]:
    """What is wrong with a block whose keys are each sound."""
    if rule := _RULES.get(type(built)):
        yield from rule(built)


def _either(built: Block, param: str, body_path: str) -> Iterator[Complaint]:
    if getattr(built, param) and getattr(built, body_path):
        yield Complaint(f"`{param}` and `{body_path}` are both given", "Keep the one the API reads.")


def _numbered(built: OffsetPaginator | PageNumberPaginator, maximum: str) -> Iterator[Complaint]:
    ends = (
        built.total_path,
        built.total_header,
        getattr(built, maximum),
        built.has_more_path,
        built.stop_after_empty_page or None,
    )
    if all(end is None for end in ends):
        yield Complaint(
            "nothing ends the read", f"Give total_path, {maximum}, has_more_path or stop_after_empty_page."
        )


def _offset(built: OffsetPaginator) -> Iterator[Complaint]:
    yield from _either(built, "offset_param", "offset_body_path")
    yield from _either(built, "limit_param", "limit_body_path")
    yield from _numbered(built, "maximum_offset")


def _page_number(built: PageNumberPaginator) -> Iterator[Complaint]:
    yield from _either(built, "page_param", "page_body_path")
    yield from _numbered(built, "maximum_page")


def _cursor(built: CursorPaginator) -> Iterator[Complaint]:
    yield from _either(built, "cursor_param", "cursor_body_path")


def _incremental_param(built: IncrementalParam) -> Iterator[Complaint]:
    if built.end_value:
        yield Complaint(
            "an incremental param has no `end_value`", "Use `incremental` of the endpoint instead."
        )


def _action(built: ResponseAction) -> Iterator[Complaint]:
    conditions = {"status_code", "content", "header", "empty"}
    if isinstance(built.action, str) and not any(getattr(built, one) not in (None, {}) for one in conditions):
        yield Complaint(
            f"the action `{built.action}` has no condition", "Add status_code, content, header or empty."
        )


def _disposition(built: WriteDisposition) -> Iterator[Complaint]:
    for option, strategies in _STRATEGIES.items():
        if option in built.given and built.strategy not in strategies:
            yield Complaint(f"`{option}` needs strategy {' or '.join(strategies)}")
    if built.validity_column_names is not None and len(built.validity_column_names) != 2:
        yield Complaint("`validity_column_names` must be two names: valid from, valid to")


def _client(built: Client) -> Iterator[Complaint]:
    if isinstance(built.cert, tuple) and not 1 <= len(built.cert) <= 2:
        yield Complaint("`cert` must be one file, or a certificate file and a key file")


_RULES: dict[type[Block], Callable[[Any], Iterator[Complaint]]] = {
    OffsetPaginator: _offset,
    PageNumberPaginator: _page_number,
    CursorPaginator: _cursor,
    IncrementalParam: _incremental_param,
    ResponseAction: _action,
    WriteDisposition: _disposition,
    Client: _client,
}
