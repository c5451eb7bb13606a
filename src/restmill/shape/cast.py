"""Moulds: the form that a batch had, so that batches of the same form need one call into Arrow.

Most batches of a list are alike. What shaping found out about one (which key is which column, which list is
which table) is kept as a mould. Arrow makes one nested array of the next batch, without a Python list for
each column, and the mould says where its parts belong. A batch that does not fit costs only the attempt: it
is taken apart as if there were no mould, and its own form is added.

Arrow infers the array's type from all values. It mixes texts with nothing and integers with fractions only,
exactly, so where the type is the one that the mould expects, so is every value. There is one exception: after
a fraction it takes false for 0.0. What became fractions is therefore looked at.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from restmill.path import Json
from restmill.shape.convert import UNFIT, as_column
from restmill.shape.records import Pressed
from restmill.shape.schema_view import Unsure
from restmill.shape.tables import Filled, finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.shape.flatten import Layout, Sheet
    from restmill.shape.records import Records
    from restmill.shape.schema_view import Column, Record, Rules
    from restmill.shape.tables import Shaped

READ_AS: Mapping[str, pa.DataType] = {
    "text": pa.string(),
    "timestamp": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
}
"""By dlt's type of a column, what its values are in JSON; values of other types have to be looked at."""


class Unfit(Exception):  # noqa: N818  # read as a sentence: "raise Unfit"
    """The batch does not have the mould's form, or this form cannot be cast."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Plain values of one column; not `valued` when none of them was ever more than None."""

    column: str
    valued: bool


@dataclass(frozen=True, slots=True)
class Hollow:
    """Lists, none of which had an element."""


@dataclass(frozen=True, slots=True)
class Fields:
    """Objects: what becomes of each key."""

    forms: Mapping[str, Form]


@dataclass(frozen=True, slots=True)
class Rows:
    """Lists, whose elements are the rows of `table`."""

    table: str
    element: Plain | Fields


Form: TypeAlias = Plain | Hollow | Fields | Rows


@dataclass(frozen=True, slots=True)
class Mould:
    """The form of the records of one table."""

    table: str
    fields: Fields


def mould_of(sheet: Sheet, rules: Rules) -> Mould:
    """The mould of a batch that was taken apart into `sheet`, its root sheet, and shaped.

    Raises:
        Unfit: something in it has no form that could be cast.
    """
    return Mould(sheet.name, _fields(sheet.layout, sheet, rules))


def joined(one: Mould, other: Mould, rules: Rules) -> Mould:
    """The mould that batches of both forms fit.

    Raises:
        Unfit: there is none.
    """
    fields = _joined_fields(one.fields, other.fields, rules)
    names = list(_names(fields, one.table))
    if len(names) > len(set(names)):
        raise Unfit("two fields become one column, or two lists one table")
    return Mould(one.table, fields)


def cast(records: Records, mould: Mould, rules: Rules) -> list[Shaped]:
    """The tables of a batch of the mould's form; the same as `shape` makes.

    Pressed records are arrays already, of types that nobody had to infer.

    Raises:
        Unfit: it has another form, or holds a value that needs a look on its own.
        Unsure: see `finished`.
    """
    whole = records.array if isinstance(records, Pressed) else _array(records)
    read: dict[str, pa.Array] = {}
    root = Filled(mould.table, len(records), None, None, None, {}, _Values(read), ())
    tables = list(_Casting(rules, read).fill(root, whole, mould.fields))
    return finished(tables, records, rules)


def _array(records: Sequence[Record]) -> pa.Array:
    try:
        array = pa.array(records)
    except UNFIT as error:
        raise Unfit("values of several kinds") from error
    _refuse_truth(records.__getitem__, array)
    return array


def _refuse_truth(at: Callable[[int], Json], array: pa.Array) -> None:
    """Raise where a truth value has become a fraction; `at` gives the Python value behind a place.

    Only 0.0 and 1.0 can be one, so that hardly any value has to be looked at.
    """
    if pa.types.is_floating(array.type):
        doubtful = pc.or_(pc.equal(array, 0.0), pc.equal(array, 1.0))
        if any(type(at(place)) is bool for place in pc.indices_nonzero(doubtful).to_pylist()):
            raise Unfit("truth values beside fractions")
    elif pa.types.is_list(array.type):
        if has_fractions(array.type):
            _refuse_truth(_element_of(at, array), array.flatten())
    elif pa.types.is_struct(array.type):
        for number, field in enumerate(array.type):
            if has_fractions(field.type):
                _refuse_truth(_value_of(at, field.name), array.field(number))


def _value_of(at: Callable[[int], Json], key: str) -> Callable[[int], Json]:
    """The values of a key of the objects that `at` gives."""
    return lambda place: (at(place) or {}).get(key)


def _element_of(at: Callable[[int], Json], lists: pa.Array) -> Callable[[int], Json]:
    """The elements of the lists that `at` gives, counted through."""
    owners, starts = pc.list_parent_indices(lists), lists.offsets

    def element(place: int) -> Json:
        owner = owners[place].as_py()
        return at(owner)[place - starts[owner].as_py()]

    return element


def has_fractions(kind: pa.DataType) -> bool:
    """Whether values of this type hold numbers with a fraction."""
    if pa.types.is_struct(kind):
        return any(has_fractions(field.type) for field in kind)
    return has_fractions(kind.value_type) if pa.types.is_list(kind) else bool(pa.types.is_floating(kind))


def _fields(layout: Mapping[str, Layout], sheet: Sheet, rules: Rules) -> Fields:
    return Fields({key: _form(one, sheet, rules) for key, one in layout.items()})


def _form(layout: Layout, sheet: Sheet, rules: Rules) -> Form:
    match layout:
        case str(column):
            return Plain(column, valued=bool(sheet.columns[column].types))
        case dict():
            return _fields(layout, sheet, rules)
        case ():
            return Hollow()
        case None:
            raise Unfit("values of several kinds")
        case inner:
            return Rows(inner.name, _element(inner, rules))


def _element(sheet: Sheet, rules: Rules) -> Plain | Fields:
    fields = _fields(sheet.layout, sheet, rules)
    if not sheet.bare:
        return fields
    (element,) = fields.forms.values()
    assert isinstance(element, Plain)
    return element


def _names(fields: Fields, table: str) -> Iterator[tuple[str, str]]:
    """The columns that come out of the fields, each with its table, and the tables, each with none."""
    for form in fields.forms.values():
        match form:
            case Plain(column):
                yield table, column
            case Fields():
                yield from _names(form, table)
            case Rows(nested, element):
                yield nested, ""
                if isinstance(element, Fields):
                    yield from _names(element, nested)
            case Hollow():
                pass


def _joined(one: Form, other: Form, rules: Rules) -> Form:
    match one, other:
        case Plain(column, valued), Plain(same) if column == same:
            return one if valued else other
        case Fields(), Fields():
            return _joined_fields(one, other, rules)
        case Rows(table), Rows(same) if table == same:
            element = _joined(one.element, other.element, rules)
            assert isinstance(element, Plain | Fields)
            return Rows(table, element)
        case Plain(valued=False), Rows() | Hollow() | Fields():
            return other
        case Hollow(), Rows() | Hollow():
            return other
        case Rows() | Hollow() | Fields(), Plain(valued=False) | Hollow():
            return one
        case _:
            raise Unfit("values of several kinds")


def _joined_fields(one: Fields, other: Fields, rules: Rules) -> Fields:
    forms = dict(one.forms)
    for key, form in other.forms.items():
        forms[key] = _joined(forms[key], form, rules) if key in forms else form
    if len(forms) > len(set(map(rules.field, forms))):
        raise Unfit("two keys have one name")
    return Fields(forms)


class _Values(Mapping[str, Sequence[Json]]):
    """Columns as they were read, as Python values when somebody asks."""

    def __init__(self, read: Mapping[str, pa.Array]) -> None:
        self._read = read

    def __getitem__(self, column: str) -> Sequence[Json]:
        values: list[Json] = self._read[column].to_pylist()
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._read)

    def __len__(self) -> int:
        return len(self._read)


class _Casting:
    """Spreads nested arrays over tables."""

    def __init__(self, rules: Rules, read: dict[str, pa.Array]) -> None:
        self._rules = rules
        self._read = read
        """Gets the root table's columns as they were read."""

    def fill(self, root: Filled, whole: pa.Array, fields: Fields) -> Iterator[Filled]:
        """Fill `root`, then each nested table after its parent; one without rows is left out."""
        waiting: deque[tuple[Filled, pa.Array, Plain | Fields]] = deque([(root, whole, fields)])
        while waiting:
            table, array, element = waiting.popleft()
            if isinstance(element, Plain):
                self._put(table, array, element)
            else:
                for lists, form in self._spread(table, array, element):
                    waiting += _unrolled(table, lists, form)
            yield table

    def _spread(self, table: Filled, array: pa.Array, fields: Fields) -> Iterator[tuple[pa.Array, Rows]]:
        """Put the plain values of objects into their columns; what are lists is returned."""
        for key, child in _parts(array):
            match fields.forms.get(key):
                case Plain() as form:
                    self._put(table, child, form)
                case Fields() as form:
                    yield from self._spread(table, child, form)
                case Rows() as form:
                    yield child, form
                case Hollow():
                    _refuse_rows(child)
                case None:
                    raise Unfit("a new key")

    def _put(self, table: Filled, array: pa.Array, form: Plain) -> None:
        column = self._rules.columns(table.name).get(form.column)
        if column is not None and table.parent is None:
            self._read[form.column] = array
        if column is not None and form.valued:
            table.arrays[form.column] = _column(array, column)
        elif not pa.types.is_null(array.type):
            raise Unfit("a value where there was none")
        elif column is None:
            table.empty = (*table.empty, form.column)


def _parts(objects: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """Each key of some objects with its values."""
    if pa.types.is_null(objects.type):
        return
    if not pa.types.is_struct(objects.type):
        raise Unfit("plain values where objects were")
    yield from zip((field.name for field in objects.type), objects.flatten(), strict=True)


def _column(array: pa.Array, column: Column) -> pa.Array:
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), column.type)
    whole = column.data_type == "double" and array.type == pa.int64()
    if array.type != READ_AS.get(column.data_type) and not whole:
        raise Unfit("a value of another kind")
    try:
        number = column.data_type in {"double", "bigint"}
        fitted = as_column(array.cast(column.type) if number else array, column)
    except (Unsure, pa.ArrowInvalid) as error:
        raise Unfit("a value needs a look on its own") from error
    if fitted is None:
        raise Unfit("not all texts are times")
    return fitted


def _unrolled(parent: Filled, lists: pa.Array, form: Rows) -> list[tuple[Filled, pa.Array, Plain | Fields]]:
    """The nested table of some lists, its rows and what they are; none where no list has an element."""
    if pa.types.is_null(lists.type):
        return []
    if not pa.types.is_list(lists.type):
        raise Unfit("other values where lists were")
    rows = lists.flatten()
    if not len(rows):
        return []
    owner = pc.list_parent_indices(lists).cast(pa.int64())
    starts = lists.offsets.cast(pa.int64())  # in all that the array is a part of, where it is one
    index = pc.subtract(pa.arange(0, len(rows)), pc.subtract(starts, starts[0]).take(owner))
    return [(Filled(form.table, len(rows), parent, owner, index, {}, {}, ()), rows, form.element)]


def _refuse_rows(lists: pa.Array) -> None:
    if pa.types.is_null(lists.type):
        return
    if not pa.types.is_list(lists.type) or len(lists.flatten()):
        raise Unfit("an element where there was none")
