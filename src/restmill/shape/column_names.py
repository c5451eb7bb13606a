"""Names of columns: two fields of a record never share one, although dlt's naming makes one name of both.

dlt writes `userId` and `user_id` of one record into the column `user_id`, and the later value replaces the
earlier; `名前` and `年齢` are both `x`. Here one field keeps dlt's name, and each other gets a suffix: six
digits of a hash of its own spelling. Who keeps the name is decided once for a column and remembered in the
schema: the field that has filled it so far; else the one that a hint of the config names; else the one that
is spelled like the column; else the first by its spelling. The same goes for lists and their tables.

Spellings that differ only in case, `_`, `-`, `.` and blanks, and that never stand in one record, are one
field to dlt, and nothing is lost by that: they share its column until a record holds both.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence

    from restmill.path import Json
    from restmill.shape.schema_view import Record, Rules

Keys: TypeAlias = tuple[str, ...]
"""Where a field stands in the record of its row: its key, after those of the objects around it."""
Holders: TypeAlias = "MutableMapping[str, dict[str, dict[str, Json]]]"
"""Table -> column -> `{"keys": [...], "apart": bool}`: which field fills it, and whether others are kept out.
Tables of lists stand under "", and their keys begin with the table above. All of it can be JSON."""

LISTS = ""
"""The place of lists among tables: what they fill is a table, not a column of one."""
_DIGITS = 6
_SEPARATORS = str.maketrans("", "", "_-. ")


@dataclass(frozen=True, slots=True)
class Moved:
    """A field, or a list, that does not get the name that dlt has for it."""

    table: str
    keys: Keys
    name: str
    """Its column, or its nested table."""
    is_list: bool
    shared: str
    """The column or table that it would have been in."""
    holder: Keys
    """The field that fills that one; empty where dlt itself does."""
    late: bool
    """Whether rows may hold it in there, from before the two met."""


@dataclass(slots=True)
class _Level:
    """Rows of one table, and what is found in them."""

    table: str
    path: Keys
    """The fragments of the table's name."""
    depth: int
    rows: list[Record]
    columns: dict[Keys, str] = field(default_factory=dict)
    lists: dict[Keys, Keys] = field(default_factory=dict)
    """By list, the fragments of its table's name that come after those of this one."""


class Names:
    """Which field fills which column, in a root table and those nested in it."""

    def __init__(self, rules: Rules, holders: Holders) -> None:
        self.holders = holders
        """What has been decided; kept from run to run by whoever gave it."""
        self.active = any(one["apart"] for table in holders.values() for one in table.values())
        """Whether any field is known to need another name than dlt's."""
        self._rules = rules
        self._hinted: frozenset[str] = frozenset()
        self._moved: dict[tuple[str, bool], dict[Keys, str]] = defaultdict(dict)
        """Table, and whether it is about lists -> field -> its last key from now on."""
        self._below: dict[tuple[str, Keys], str] = {}
        """Lists -> their tables."""
        self._whole: set[tuple[str, Keys]] = set()
        """Objects and lists that stay a value, by table."""
        self._fresh: set[tuple[str, str]] = set()
        """What has had rows before it was decided who fills it; by table, as in the holders."""
        self._news: list[Moved] = []

    def hint(self, fields: Iterable[str]) -> None:
        """Fields at the top of records that hints name: a hint means the column of that very field."""
        self._hinted = frozenset(fields)

    def placed(self, table: str, column: str, keys: Keys) -> bool:
        """Whether the field may fill the column, or the list the table: nobody else does, or nothing is lost.

        Args:
            table: the column's table; `LISTS` for a list.
            column: the column, or the list's table.
            keys: the field; of a list, after the table that it stands in.
        """
        holder = self.holders.get(table, {}).get(column)
        if holder is None:
            return True
        held = tuple(holder["keys"])
        return held == keys or (not holder["apart"] and _alike(table, held, keys))

    def place(self, table: str, column: str, keys: Keys) -> None:
        """The field, which nobody else was found beside, fills the column from now on; as for `placed`."""
        if column in self.holders.get(table, {}):
            return
        known = table != LISTS and column in self._rules.columns(table)
        if keys != (column,) and not (known and _alike(table, (column,), keys)):
            self._hold(table, column, keys, apart=False)

    def news(self) -> list[Moved]:
        """What has been moved since this was asked for the last time; each field once in a run."""
        news, self._news = self._news, []
        return news

    def apart(self, records: Sequence[Json]) -> list[Json]:
        """The records such that no two fields become one column; where a key has to change, copies."""
        root = self._rules.table
        rows = [record for record in records if type(record) is dict]
        levels = [_Level(root, (root,), self._rules.levels, rows)]
        emptied: dict[int, set[Keys]] = defaultdict(set)
        for level in levels:  # it grows on the way
            for row in level.rows:
                self._find(level, row, (), (), level.depth)
            self._settle(level, emptied)
            levels += self._nested(level)
        if not emptied and not any(self._moved.values()):
            return list(records)
        rewriting = _Rewriting(self._moved, self._below, self._whole, emptied)
        return [rewriting.row(one, root) if type(one) is dict else one for one in records]

    def _find(self, level: _Level, row: Record, keys: Keys, path: Keys, depth: int) -> None:
        """Note the columns and the lists of a row, or of an object in it at `keys`."""
        for key, value in row.items():
            kind = type(value)
            if type(key) is not str:
                continue
            mine = (*keys, key)
            if kind is not dict and kind is not list and mine in level.columns:
                continue
            fragments = (*path, self._rules.field(key))
            column = self._rules.join(fragments) if path else fragments[0]
            if (kind is not dict and kind is not list) or self._rules.stays(level.table, column, depth):
                level.columns[mine] = column
                if kind is dict or kind is list:
                    self._whole.add((level.table, mine))
            elif kind is dict:
                self._find(level, value, mine, fragments, depth - 1)
            elif mine not in level.lists and key.strip():
                level.lists[mine] = (*path, self._rules.list_field(key))

    def _settle(self, level: _Level, emptied: dict[int, set[Keys]]) -> None:
        columns: dict[str, list[Keys]] = defaultdict(list)
        tables: dict[str, list[Keys]] = defaultdict(list)
        for keys, column in level.columns.items():
            columns[column].append(keys)
        for keys, fragments in level.lists.items():
            tables[self._rules.join((*level.path, *fragments))].append(keys)
        for column, fields in columns.items():
            if self._is_dlts(level.table, column):
                for one in fields:
                    self._move(level, one, level.table, column, columns)
            else:
                self._decide(level, level.table, column, fields, emptied)
                self._displace(level, level.table, column, fields, columns)
        for name, fields in tables.items():
            self._decide(level, LISTS, name, fields, emptied)
            self._displace(level, LISTS, name, fields, tables)

    def _decide(
        self, level: _Level, scope: str, name: str, fields: list[Keys], emptied: dict[int, set[Keys]]
    ) -> None:
        """Who fills a column or a table from now on, and whether others are kept out."""
        mine = [(level.table, *keys) if scope == LISTS else keys for keys in fields]
        holder = self.holders.get(scope, {}).get(name)
        if len(mine) == 1 and self.placed(scope, name, mine[0]):
            self.place(scope, name, mine[0])
            return
        if holder is not None and holder["apart"]:
            return
        held = tuple(holder["keys"]) if holder else min(mine, key=lambda one: self._rank(scope, name, one))
        if not all(_alike(scope, held, one) for one in mine):
            self._part(scope, name, held)
            return
        empty: dict[int, set[Keys]] = {}
        for row in level.rows:
            filled, unfilled = self._filled(level, scope, name, row, fields)
            if len(filled) > 1:
                self._part(scope, name, held)
                return
            if filled and unfilled:
                empty[id(row)] = unfilled
        for place, some in empty.items():
            emptied[place] |= some

    def _filled(
        self, level: _Level, scope: str, name: str, row: Record, fields: list[Keys]
    ) -> tuple[set[Keys], set[Keys]]:
        """Those of the fields that have a value in this row, and those that are there without one."""
        filled: set[Keys] = set()
        unfilled: set[Keys] = set()
        for keys in fields:
            value = _at(row, keys)
            kind = type(value)
            if value is None or (scope == LISTS and value == []):
                if _has(row, keys):
                    unfilled.add(keys)
            elif (kind is list) if scope == LISTS else self._is_plain(level, name, keys, kind):
                filled.add(keys)
        return filled, unfilled

    def _is_plain(self, level: _Level, column: str, keys: Keys, kind: type) -> bool:
        return kind not in {dict, list} or self._rules.stays(level.table, column, level.depth - len(keys) + 1)

    def _displace(
        self, level: _Level, scope: str, name: str, fields: list[Keys], taken: Collection[str]
    ) -> None:
        holder = self.holders.get(scope, {}).get(name)
        if holder is None or not holder["apart"]:
            return
        held = tuple(holder["keys"])
        for keys in fields:
            if ((level.table, *keys) if scope == LISTS else keys) != held:
                self._move(level, keys, scope, name, taken)

    def _move(self, level: _Level, keys: Keys, scope: str, name: str, taken: Collection[str]) -> None:
        """Give a field a key that becomes a name of its own."""
        moved = self._moved[level.table, scope == LISTS]
        if keys in moved:
            return
        self.active = True
        before = (level.lists if scope == LISTS else {}).get(keys, self._path(keys))[:-1]
        above = (*level.path, *before) if scope == LISTS else before
        of = self._rules.list_field if scope == LISTS else self._rules.field
        digest = hashlib.sha256("\0".join(keys).encode("utf-8", "surrogatepass")).hexdigest()
        for digits in range(_DIGITS, len(digest)):
            key = f"{self._rules.field(keys[-1])}_{digest[:digits]}"
            made = self._rules.join((*above, of(key))) if above else of(key)
            if made not in taken:
                break
        moved[keys] = key
        holder = self.holders.get(scope, {}).get(name)
        held = tuple(holder["keys"]) if holder else ()
        late = (scope, name) in self._fresh
        self._news.append(Moved(level.table, keys, made, scope == LISTS, name, held, late))

    def _path(self, keys: Keys) -> Keys:
        return tuple(map(self._rules.field, keys))

    def _nested(self, level: _Level) -> list[_Level]:
        """The rows of the tables below, each table once."""
        found: dict[tuple[str, bool], _Level] = {}
        for keys, fragments in level.lists.items():
            key = self._moved[level.table, True].get(keys)
            last = self._rules.list_field(key) if key else fragments[-1]
            path = (*level.path, *fragments[:-1], last)
            name = self._rules.join(path)
            self._below[level.table, keys] = name
            if not self._rules.nested(name):
                continue
            flat = found.setdefault((name, False), _Level(name, path, level.depth - 1, []))
            deep = found.setdefault((name, True), _Level(name, path, level.depth - 2, []))
            for row in level.rows:
                value = _at(row, keys)
                elements = value if type(value) is list else []
                flat.rows += [one for one in elements if type(one) is dict]
                deep.rows += [{"list": one} for one in elements if type(one) is list]
        return [one for one in found.values() if one.rows]

    def _rank(self, scope: str, name: str, keys: Keys) -> tuple[bool, bool, Keys]:
        """Fields in the order in which they may have the name."""
        if scope == LISTS:
            return True, len(keys) > 2 or self._rules.list_field(keys[-1]) != keys[-1], keys
        hinted = scope == self._rules.table and len(keys) == 1 and keys[0] in self._hinted
        return not hinted, keys != (name,), keys

    def _is_dlts(self, table: str, column: str) -> bool:
        """Whether dlt writes over a field with this name."""
        system = self._rules.system
        if table == self._rules.table:
            return column == system.load_id
        return column in {system.parent_id, system.index, system.root_id}

    def _part(self, scope: str, name: str, held: Keys) -> None:
        """Only the field `held` has the name from now on."""
        if self._rules.columns(name) if scope == LISTS else name in self._rules.columns(scope):
            self._fresh.add((scope, name))
        self._hold(scope, name, held, apart=True)

    def _hold(self, table: str, column: str, keys: Keys, *, apart: bool) -> None:
        self.holders.setdefault(table, {})[column] = {"keys": list(keys), "apart": apart}


class _Rewriting:
    """Copies of records with other keys; what stays as it is is not copied."""

    def __init__(
        self,
        moved: Mapping[tuple[str, bool], Mapping[Keys, str]],
        below: Mapping[tuple[str, Keys], str],
        whole: Collection[tuple[str, Keys]],
        emptied: Mapping[int, set[Keys]],
    ) -> None:
        self._moved = moved
        self._below = below
        self._whole = whole
        self._emptied = emptied

    def row(self, row: Record, table: str) -> Record:
        """A row of the table."""
        return self._object(row, table, (), self._emptied.get(id(row), frozenset()))

    def _object(self, row: Record, table: str, above: Keys, emptied: Collection[Keys]) -> Record:
        moved, lists = self._moved.get((table, False), {}), self._moved.get((table, True), {})
        made: Record = {}
        for key, value in row.items():
            keys = (*above, key)
            if keys in emptied:
                continue
            kind = None if (table, keys) in self._whole else type(value)
            if kind is dict:
                made[key] = self._object(value, table, keys, emptied)
            elif kind is list:
                below = self._below.get((table, keys))
                made[lists.get(keys, key)] = value if below is None else self._list(value, below)
            else:
                made[moved.get(keys, key)] = value
        return made

    def _list(self, values: list[Json], table: str) -> list[Json]:
        return [self._element(one, table) for one in values]

    def _element(self, value: Json, table: str) -> Json:
        if type(value) is dict:
            return self.row(value, table)
        below = self._below.get((table, ("list",))) if type(value) is list else None
        return value if below is None else self._list(value, below)


def _at(row: Record, keys: Keys) -> Json:
    """The value of a field; None where it is not there."""
    value: Json = row
    for key in keys:
        if type(value) is not dict or key not in value:
            return None
        value = value[key]
    return value


def _has(row: Record, keys: Keys) -> bool:
    """Whether a field is there, with or without a value."""
    around = row if len(keys) == 1 else _at(row, keys[:-1])
    return type(around) is dict and keys[-1] in around


def _alike(table: str, one: Keys, other: Keys) -> bool:
    """Whether two spellings may mean one field; lists only where they stand in one table."""
    if table == LISTS and one[0] != other[0]:
        return False
    return _word(one) == _word(other)


def _word(keys: Keys) -> str:
    return "".join(keys).translate(_SEPARATORS).casefold()
