"""The high-water mark of incremental loading: dlt's `Incremental`, comparing values as what they read as.

dlt compares cursor values as they are, so texts by their letters. A newer row whose time is spelled in
another zone, or a `10` after a `9`, is then older than the mark and dropped for good. Here the same code of
dlt's runs over `Reading`s, which order as instants or numbers where they read as such (`shape.collation`);
dlt's state keeps the plain texts. Besides:

- A time beyond the run's start does not move the mark, or one row of the year 9999 would end all reading; nor
  does a number beyond the year 2100 among numbers that are times (`shape.epochs`).
- Rows that the mark leaves out are counted and told; where their order is doubtful, that is told as a doubt.
- A path that finds several values, or an object, in a record is an error.
- A lag that leads out of the calendar ends at its edge.

A `last_value_func` of the user's own sees what dlt shows it.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, cast

from dlt.common.jsonpath import find_values
from dlt.common.time import datetime_obj_to_str, detect_datetime_format
from dlt.extract import Incremental
from dlt.extract.incremental.exceptions import (
    IncrementalCursorInvalidCoercion,
    IncrementalCursorPathHasValueNone,
    IncrementalCursorPathMissing,
)
from dlt.extract.incremental.transform import JsonIncremental
from dlt.extract.utils import digest_dedup_value

from restmill.errors import ApiError, Place, Problem
from restmill.events import Doubted, Noted, RowsNoted
from restmill.run.observers import tell
from restmill.shape.collation import Collation, Reading, instant
from restmill.shape.epochs import Epochs
from restmill.shape.instants import Instant, instant_of_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json

_SKEW = timedelta(days=1)
"""How far a time may lie beyond the run's start: clocks differ, and local time is up to 14 hours ahead."""
_OLDER = "left out by the cursor: before its value"
_BEHIND = "left out by the cursor: at or behind its end value"
_KNOWN = "left out by the cursor: loaded by an earlier run"
_VALUELESS = "left out: without a cursor value"
_NO_VALUE = "without a value for the cursor `{}`"
_OTHER_TYPE = "the value of the cursor `{}` cannot be compared with those before"
_AHEAD = "dated after the run's start: the cursor does not move there"


class Watermark(Incremental[Any]):
    """dlt's `Incremental` with the rules above. It has no fields of its own, so dlt may copy it."""

    written: ClassVar[tuple[Callable[[], None], ...]] = ()
    """Called when a page has moved dlt's state; an object has one of its own, see `call_when_written`."""

    def call_when_written(self, then: Callable[[], None]) -> None:
        """Call `then` whenever a page has moved dlt's state."""
        self.__dict__["written"] = (then,)

    def isolate_records(self) -> None:
        """Leave out a record whose value is missing or cannot be compared, and doubt the read for it."""
        self.__dict__["isolating"] = True

    def merge(self, other: Incremental[Any]) -> Incremental[Any]:
        """As dlt's, and still a watermark."""
        return watermark(super().merge(other))

    def compares(self) -> bool:
        """Whether values are compared here, and not by a function of the user's own."""
        return self.last_value_func in (max, min)

    def _make_or_get_transformer(self, cls: Json) -> Json:
        ours = cls is JsonIncremental and self.compares()
        return super()._make_or_get_transformer(Filter if ours else cls)

    def __call__(self, rows: Json, meta: Json = None) -> Json:
        """Filter one page, or one record."""
        if self.compares():
            transformer = self._make_or_get_transformer(JsonIncremental)
            transformer.isolating = self.__dict__.get("isolating", False)
            if isinstance(rows, list):
                transformer.learn(rows)
        kept = super().__call__(rows, meta)
        used = self._transformers.get(Filter)
        if isinstance(used, Filter):
            self._keep_plain()
            used.report(self.resource_name or "")
        for then in self.written:
            then()
        return kept

    def bind(self, pipe: Json) -> Incremental[Any]:
        """As dlt's; a mark that an earlier run has set into the future goes back to where it was before."""
        self.resource_name = pipe.name
        if self.last_value_func is max and self.end_value is None:
            state: dict[str, Json] = cast("dict[str, Json]", self.get_state())
            last, before = state["last_value"], state.get("start_value")
            if last != self.initial_value and _beyond(last, _limit()):
                state["last_value"] = self.initial_value if _beyond(before, _limit()) else before
                state["unique_hashes"] = []
                text = (
                    f"the cursor was {last}, after the run's start: it begins at {state['last_value']} again"
                )
                tell(Noted(pipe.name, time.monotonic(), text))
        return super().bind(pipe)

    def _keep_plain(self) -> None:
        state = cast("dict[str, Json]", self._cached_state)
        self._current_last_value = _plain(self._current_last_value)
        for key in ("last_value", "start_value"):
            if key in state:
                state[key] = _plain(state[key])

    def _get_last_value(self) -> Json:
        try:
            value = super()._get_last_value()
        except OverflowError:
            return self._edge()
        if self.lag and isinstance(value, str):  # the C library writes the year 24 with two digits
            return re.sub(r"^\d{1,3}(?=-)", lambda year: year[0].zfill(4), value)
        return value

    def _edge(self) -> Json:
        """Where a lag ends that would lead out of the calendar: the initial value, as in dlt, or the edge."""
        if self.initial_value is not None:
            return self.initial_value
        return _edge_like(self.get_state()["last_value"], first=self.last_value_func is max)


def _edge_like(last: Json, *, first: bool) -> Json:
    """The first or last moment of the calendar, spelled as `last` is."""
    edge = datetime(1, 1, 1, tzinfo=UTC) if first else datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    match last:
        case str():
            form = (detect_datetime_format(last) or "%Y-%m-%dT%H:%M:%SZ").replace("%Y", f"{edge.year:04}")
            return datetime_obj_to_str(edge, form)
        case datetime():
            return edge.replace(tzinfo=last.tzinfo)
        case date():
            return edge.date()
        case _:
            return last


def _limit() -> Instant:
    return instant_of_date(datetime.now(UTC) + _SKEW)


def _beyond(value: Json, limit: Instant) -> bool:
    """Whether the value is a time after the limit; numbers have no clock."""
    named = instant(value)
    return named is not None and named.key > limit.key


def watermark(incremental: Incremental[Any]) -> Incremental[Any]:
    """The same object, with the rules of this module; a subclass of somebody else's stays what it is."""
    if type(incremental) is Incremental:
        incremental.__class__ = Watermark
    return incremental


class Filter(JsonIncremental):
    """dlt's filter of records by the cursor, over readings."""

    def __init__(self, *args: Json, **kwargs: Json) -> None:
        super().__init__(*args, **kwargs)
        self.collation = Collation()
        self.collation.learn([self.start_value, self.end_value, self.initial_value])
        self.start_value = self.last_value = self.collation.reading(self.start_value)
        self.end_value = self.collation.reading(self.end_value)
        self.epochs = Epochs(time.time() + _SKEW.total_seconds())
        self.epochs.learn(map(_number, (self.start_value, self.initial_value)))
        self.ahead: set[str] = set()
        """Hashes of rows dated after the run's start."""
        self._value: Json = None
        self._limit = _limit()
        stateful = self.last_value_func is max and self.end_value is None
        self._stops = stateful and not _beyond(self.start_value, self._limit)  # the config may begin there
        self._today = f"{datetime.now(UTC):%Y-%m-%d}"
        self._counts: Counter[str] = Counter()
        self._ahead_example = ""
        self._doubts: dict[str, None] = {}
        self.isolating = False
        """Whether a record that cannot be judged is left out, and does not end the read."""
        self._unusable: Counter[str] = Counter()
        self._misled: ApiError | None = None
        """Why the path leads to no value in the first record where it does not."""
        self._is_led = False
        """Whether it leads to one in some record: then the others are to blame, and not the path."""

    def learn(self, rows: list[Json]) -> None:
        """Look through a page for dates that tell whether the day or the month comes first."""
        if self._compiled_cursor_path is None:
            self._learn([row.get(self.cursor_path) for row in rows if isinstance(row, dict)])

    def _learn(self, values: list[Json]) -> None:
        self.collation.learn(values)
        self.epochs.learn(_number(self.collation.reading(value)) for value in values)

    def report(self, resource: str) -> None:
        """Tell what was left out and what is doubtful since the last report.

        Raises:
            ApiError: the path leads to a value in no record.
        """
        if self._misled is not None and not self._is_led:
            raise self._misled
        now = time.monotonic()
        self._doubt(self.epochs.doubt)
        for text, rows in self._counts.items():
            example = self._ahead_example if text == _AHEAD else ""
            tell(RowsNoted(resource, now, rows, text, example))
        for why in self._doubts:
            tell(Doubted(resource, now, f"the order of `{self.cursor_path}` is not clear: {why}"))
        for why, rows in self._unusable.items():
            text = f"{rows:,} record{'s' * (rows != 1)} left out: {why.format(self.cursor_path)}"
            tell(Doubted(resource, now, text))
        self._unusable.clear()
        self._counts.clear()
        self._doubts.clear()

    def find_cursor_value(self, row: Json) -> Json:  # noqa: ARG002  # dlt's signature
        """The value found for the record that is filtered now."""
        return self._value

    def __call__(self, row: Json) -> tuple[Json, bool, bool]:
        """Filter one record; see dlt's `JsonIncremental`."""
        if row is None:
            return None, False, False
        if not self.isolating:
            return self._judged(row)
        try:
            judged = self._judged(row)
        except ApiError as error:
            self._misled = self._misled or error
            self._unusable[_OTHER_TYPE] += 1
        except (IncrementalCursorPathMissing, IncrementalCursorPathHasValueNone):
            self._unusable[_NO_VALUE] += 1
        except IncrementalCursorInvalidCoercion:
            if self.start_value is None:  # the first record would decide which of them are of another type
                raise
            self._unusable[_OTHER_TYPE] += 1
        else:
            self._is_led = True
            return judged
        return None, False, False

    def _judged(self, row: Json) -> tuple[Json, bool, bool]:
        self._value = value = self._found(row)
        if self._compiled_cursor_path is not None:
            self._learn([value])
        if value is not None and self._is_ahead(value):
            return self._from_ahead(row, value), False, False
        before = self.last_value
        kept, start, end = super().__call__(row)
        if self.ahead:
            self.unique_hashes |= self.ahead
        if kept is None:
            self._left_out(value, end)
        elif isinstance(value, str) and before is not None and value.strip():
            self._doubt(self.collation.doubt(value, before))
        return kept, start, end

    def _found(self, row: Json) -> Json:
        path: Json = self._compiled_cursor_path  # None for a plain field, which dlt's types do not say
        value = super().find_cursor_value(row)
        got = "several values" if path and len(find_values(path, row)) > 1 else ""
        if isinstance(value, dict | list):
            got = got or ("a mapping" if isinstance(value, dict) else "a list")
        if got:
            raise ApiError(
                Problem(
                    Place(self.resource_name),
                    f"`cursor_path: {self.cursor_path}` must lead to one value in each record",
                    got=got,
                    hint="Name one field that holds a time or a number, such as `items[0].updated_at`.",
                )
            )
        return self.collation.reading(value)

    def _is_ahead(self, value: Json) -> bool:
        if not self._stops:
            return False
        if isinstance(value, Reading) and value.layout is not None and str.__le__(value[:10], self._today):
            return False  # in whatever zone
        return _beyond(value, self._limit) or self.epochs.is_far(_number(value))

    def _from_ahead(self, row: Json, value: Json) -> Json:
        """The row, unless an earlier run has loaded it: it comes again whenever what is new is asked for."""
        self.seen_data = True
        if self.boundary_deduplication:
            unique = self.compute_unique_value(row, self._primary_key)
            known = digest_dedup_value([unique, str(value)])
            self.ahead.add(known)
            self.unique_hashes.add(known)
            if known in self.start_unique_hashes:
                self._counts[_KNOWN] += 1
                return None
        self._counts[_AHEAD] += 1
        self._ahead_example = self._ahead_example or f"`{self.cursor_path}` is {_plain(value)}"
        return row

    def _left_out(self, value: Json, end: bool) -> None:
        if value is None:
            self._counts[_VALUELESS] += 1
            return
        bound = self.end_value if end else self.start_value
        known = not end and self.boundary_deduplication and value == self.start_value
        self._counts[_BEHIND if end else _KNOWN if known else _OLDER] += 1
        if known:
            return
        self._doubt(self.collation.doubt(value, bound))
        if not end and bound != self.initial_value and self.collation.near(value, bound):
            self._doubt("some times name a zone and others do not")

    def _doubt(self, why: str) -> None:
        if why:
            self._doubts[why] = None


def _number(value: Json) -> Json:
    """What a text reads as, if that is a number; anything else as it is."""
    return value.number if isinstance(value, Reading) else value


def _plain(value: Json) -> Json:
    return str(value) if isinstance(value, Reading) else value
