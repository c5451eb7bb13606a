"""The user's own steps: a record that one of them raises for is left out, where its resource isolates.

dlt calls a step for a page and loses all of it when one record raises. Here the same step is called record by
record, in their order and once for each. What a `yield_map` has yielded before it raised has gone on.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from dlt.extract.items_transform import FilterItem, ItemTransform, MapItem, ValidateItem, YieldMapItem

from restmill.run.user_code import raised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from restmill.path import Json

T = TypeVar("T")
Report: TypeAlias = "Callable[[int, str], None]"
"""Is told that so many records are left out, and why."""


class _Asked(Protocol):
    """A step that was made to isolate."""

    report: Report
    word: str
    """What the user calls such a step."""


def isolate(steps: Iterable[object], report: Report) -> None:
    """Let those of a pipe's steps that are dlt's for functions and models of the user's isolate records."""
    for step in steps:
        known: Json = step
        if type(step) in _OURS:
            known.__class__ = _OURS[type(step)]  # the object is in the pipe already, and in copies of it
        elif isinstance(step, ValidateItem) and not isinstance(step, _Validating):
            known.__class__ = _validating(type(step))
        if hasattr(known, "word"):
            known.report = report


def _left_out(step: _Asked, error: Exception) -> None:
    if isinstance(error, MemoryError):
        raise error
    step.report(1, f"a `{step.word}` step raised {raised(error)}")


def _call(step: ItemTransform[T, Json], record: Json, meta: Json) -> T:
    with_meta: Json = step._f_meta  # noqa: SLF001  # as dlt does; None, which its types do not say
    made: T = with_meta(record, meta) if with_meta is not None else step._f(record)  # noqa: SLF001  # same
    return made


class _Mapping(MapItem):
    word = "map"
    report: Report

    def __call__(self, item: Json, meta: Json = None) -> Json:
        page = item if isinstance(item, list) else [item]
        made = list(self._made(page, meta))
        if isinstance(item, list):
            return made if made or not item else None
        return made[0] if made else None

    def _made(self, page: Iterable[Json], meta: Json) -> Iterator[Json]:
        for record in page:
            try:
                one = _call(self, record, meta)
            except Exception as error:  # noqa: BLE001  # whatever the user's code raises
                _left_out(self, error)
            else:
                yield one


class _Filtering(FilterItem):
    word = "filter"
    report: Report

    def __call__(self, item: Json, meta: Json = None) -> Json:
        if not isinstance(item, list):
            return item if self._keeps(item, meta) else None
        kept = [record for record in item if self._keeps(record, meta)]
        return kept if kept or not item else None

    def _keeps(self, record: Json, meta: Json) -> bool:
        try:
            return bool(_call(self, record, meta))
        except Exception as error:  # noqa: BLE001  # as above
            _left_out(self, error)
            return False


class _Yielding(YieldMapItem):
    word = "yield_map"
    report: Report

    def __call__(self, item: Json, meta: Json = None) -> Json:
        if item == []:
            yield item
        for record in item if isinstance(item, list) else [item]:
            try:
                yield from _call(self, record, meta)
            except Exception as error:  # noqa: BLE001  # as above
                _left_out(self, error)


class _Validating:
    """What stands before a validator of dlt's that refuses a record by raising."""

    word = "columns"
    report: Report


@cache
def _validating(kind: type) -> type:
    def call(self: Json, item: Json, meta: Json = None) -> Json:
        try:
            return kind.__call__(self, item, meta)
        except Exception as error:  # noqa: BLE001  # of pydantic's and of dlt's for it
            if not isinstance(item, list) or len(item) == 1:
                self.report(1, f"the model under `columns` refuses it ({type(error).__name__})")
                return None
        kept = [one for record in item for one in call(self, [record], meta) or ()]
        return kept or None

    return type(kind.__name__, (_Validating, kind), {"__call__": call})


_OURS: dict[type, type] = {MapItem: _Mapping, FilterItem: _Filtering, YieldMapItem: _Yielding}
