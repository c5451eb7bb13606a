"""The press: pages whose form is known are parsed into columns, and no Python object is made of a record.

Once a mould is known, so is the type of every value: Arrow parses a page of that type several times faster
than records could be made and looked at, and without the interpreter's lock. It is told the type and not
asked for it, and is strict then: a key that is new or comes twice, a value of another kind, an integer beyond
64 bits, a fraction among integers is an error. A page that does not fit is decoded as if no press were there.

What stands around the records (totals, links, cursors) is learnt from pages that were decoded, and comes
out as Python objects. Nulls there are told from keys that are missing only by such a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from restmill.path import set_at
from restmill.shape.cast import READ_AS, Fields, Hollow, Plain, Rows, Unfit, has_fractions
from restmill.shape.convert import EXACT
from restmill.shape.decode import select, storable_document
from restmill.shape.records import Pressed, plain
from restmill.shape.sanitize import may_hold_nul

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restmill.path import Json, Path
    from restmill.shape.cast import Form, Mould
    from restmill.shape.schema_view import Rules

_MOST_MISFITS = 5
"""After so many misfits in a row nothing more is pressed."""
_PAGE = "page"
_SLACK = 16  # bytes


class Press:
    """Parses the pages of one read. `form` may be set from another thread meanwhile."""

    def __init__(self) -> None:
        self._form: pa.DataType | None = None
        self._outline: pa.DataType | None = None
        self._selector: Path | None = None
        self._made: tuple[pa.DataType, pa.DataType, arrow_json.ParseOptions] | None = None
        self._misfits = 0

    def form(self, mould: Mould | None, rules: Rules) -> None:
        """Press records of this mould from now on; none, where it is None or has values of other types."""
        try:
            self._form = None if mould is None else _struct(mould.fields, mould.table, rules)
        except Unfit:
            self._form = None

    def begin(self, selector: Path) -> None:
        """Say where in a page the records are: at a path of plain names."""
        self._selector = selector

    def learn(self, document: Json) -> None:
        """Take from a decoded page what stands around the records."""
        selector = self._selector
        if selector is None or self._misfits >= _MOST_MISFITS:
            return
        found = selector.find(document)
        if len(found) != 1 or not isinstance(found[0], list):
            return
        around = set_at(document, ".".join(selector.keys), []) if selector.keys else []
        try:
            outline = pa.array([around]).type
            self._outline = outline if self._outline is None else _both(self._outline, outline)
        except (Unfit, pa.ArrowException, OverflowError, UnicodeError):
            self._misfits = _MOST_MISFITS

    def documents(self, bodies: Sequence[bytes]) -> list[Json]:
        """The pages in `bodies`, their records pressed; None for each that has to be decoded.

        Several at once take less time than one by one, because every call into Arrow costs as much as parsing
        some fifty records.
        """
        options, selector = self._ready(), self._selector
        if options is None or selector is None or not bodies:
            return [None] * len(bodies)
        try:
            pages = _parsed(bodies, options)
        except Unfit:
            if len(bodies) > 1:
                return [self.documents([body])[0] for body in bodies]
            self._misfits += 1
            return [None]
        exact = not _is_rounded(pages)  # in no page, nor around its records
        return [self._opened(pages[i : i + 1], body, selector, exact=exact) for i, body in enumerate(bodies)]

    def _opened(self, page: pa.Array, body: bytes, selector: Path, *, exact: bool) -> Json:
        try:
            records = _records(page, selector.keys, exact=exact)
            pressed = Pressed(
                records, len(body), lambda: plain(select(storable_document(body), selector).records)
            )
            document = _document(page, selector.keys, pressed)
        except Unfit:
            self._misfits += 1
            return None
        self._misfits = 0
        return document

    def _ready(self) -> arrow_json.ParseOptions | None:
        """How to parse a page as it is known now; None while too little is known, or too much did not fit."""
        form, outline, selector = self._form, self._outline, self._selector
        if form is None or outline is None or selector is None or self._misfits >= _MOST_MISFITS:
            return None
        made = self._made
        if made is None or made[0] is not form or made[1] is not outline:
            page = pa.field(_PAGE, _with_records(outline, selector.keys, form))
            options = arrow_json.ParseOptions(
                explicit_schema=pa.schema([page]),
                newlines_in_values=True,
                unexpected_field_behavior="error",
            )
            made = self._made = form, outline, options
        return made[2]


def joined(pages: Sequence[Pressed]) -> Pressed:
    """Pages of one type as one."""
    if len(pages) == 1:
        return pages[0]
    return Pressed(
        pa.concat_arrays([page.array for page in pages]),
        sum(page.size for page in pages),
        lambda: [record for page in pages for record in page.plain()],
    )


def _parsed(bodies: Sequence[bytes], options: arrow_json.ParseOptions) -> pa.Array:
    """The pages as an array. Arrow parses objects only, so each page is made the value of a key.

    Raises:
        Unfit: a page has another form.
    """
    wrapped = b"".join(b'{"%b":%b}' % (_PAGE.encode(), body) for body in bodies)
    if may_hold_nul(wrapped):
        raise Unfit("a page with a text that no table can hold")
    reading = arrow_json.ReadOptions(use_threads=False, block_size=len(wrapped) + _SLACK)
    try:
        if not wrapped.isascii():
            wrapped.decode()  # Arrow does not look
        table = arrow_json.read_json(pa.BufferReader(wrapped), reading, options)
        table.validate()  # of nulls alone Arrow makes lists that are longer than what they hold
    except (pa.ArrowException, UnicodeError) as error:
        raise Unfit("a page of another form") from error
    if table.num_rows != len(bodies) or table.column(0).num_chunks != 1:
        raise Unfit("not one document each")
    return table.column(0).chunk(0)


def _records(page: pa.Array, keys: tuple[str, ...], *, exact: bool) -> pa.StructArray:
    """The records at `keys` in an array of one page; `exact`: no fraction in it is rounded.

    Raises:
        Unfit: there are none, or one needs a look on its own.
    """
    for key in keys:
        if page.null_count:
            break
        page = page.field(key)
    if page.null_count:
        raise Unfit("null instead of records or what is around them")
    records = page.flatten()
    if records.null_count or (not exact and _is_rounded(records)):
        raise Unfit("a record that needs a look on its own")
    return records


def _document(page: pa.Array, keys: tuple[str, ...], records: Pressed) -> Json:
    """The page in an array of one: the records at `keys`, all else as Python objects."""
    if not keys:
        return records
    document: dict[str, Json] = {}
    for number, field in enumerate(page.type):
        if field.name == keys[0]:
            document[field.name] = _document(page.field(number), keys[1:], records)
        else:
            document[field.name] = value = page.field(number)[0].as_py()
            if _lacks(value, field.type):
                raise Unfit("null or missing is the question")
    return document


def _lacks(value: Json, kind: pa.DataType) -> bool:
    """Whether something that had a value before is null or missing in `value`."""
    if value is None:
        return not pa.types.is_null(kind)
    if pa.types.is_struct(kind):
        return any(_lacks(value[field.name], field.type) for field in kind)
    return pa.types.is_list(kind) and any(_lacks(one, kind.value_type) for one in value)


def _is_rounded(array: pa.Array) -> bool:
    """Whether a fraction is so large that it may be an integer, which Python would have kept, or is none."""
    if pa.types.is_floating(array.type):
        small = pc.less(pc.abs(array), float(EXACT))  # false for NaN
        return not pc.all(small, min_count=0).as_py()
    if pa.types.is_list(array.type):
        return has_fractions(array.type) and _is_rounded(array.flatten())
    if pa.types.is_struct(array.type):
        return any(_is_rounded(array.field(n)) for n, one in enumerate(array.type) if has_fractions(one.type))
    return False


def _struct(fields: Fields, table: str, rules: Rules) -> pa.DataType:
    return pa.struct([(key, _kind(form, table, rules)) for key, form in fields.forms.items()])


def _kind(form: Form, table: str, rules: Rules) -> pa.DataType:
    """What values of this form are in JSON.

    Raises:
        Unfit: they may be of several kinds.
    """
    match form:
        case Plain(valued=False):
            return pa.null()
        case Plain(column):
            known = rules.columns(table).get(column)
            if known is None or known.data_type not in READ_AS:
                raise Unfit("a value that is not pressed")
            return READ_AS[known.data_type]
        case Hollow():
            return pa.list_(pa.null())
        case Fields():
            return _struct(form, table, rules)
        case Rows(nested, element):
            return pa.list_(_kind(element, nested, rules))


def _with_records(outline: pa.DataType, keys: tuple[str, ...], form: pa.DataType) -> pa.DataType:
    """The type of a page: what stands around the records, and those of type `form` in their place."""
    if not keys:
        return pa.list_(form)
    return pa.struct(
        [
            (field.name, _with_records(field.type, keys[1:], form) if field.name == keys[0] else field.type)
            for field in outline
        ]
    )


def _both(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type of values of both types.

    Raises:
        Unfit: there is none that keeps both apart.
    """
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_struct(one) and pa.types.is_struct(other):
        kinds = {field.name: field.type for field in one}
        for field in other:
            kinds[field.name] = _both(kinds.get(field.name, field.type), field.type)
        return pa.struct(list(kinds.items()))
    if pa.types.is_list(one) and pa.types.is_list(other):
        return pa.list_(_both(one.value_type, other.value_type))
    raise Unfit("values of several kinds")
