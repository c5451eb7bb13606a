"""Signs in an answer that it is an error in disguise: status 200, and something wrong in the body.

An answer is records and what stands around them, its envelope. Records are the API's own business and are
never looked at: a field called `status` or `error` in one says nothing of the answer. In the envelope these
are signs:

- a word for an error that has a value: `error`, `errors`, `errorMessages`, `fault`; `error: null`,
  `errors: []` and `errmsg: "ok"` have none;
- a flag that is against it: `ok: false`, `success: "false"`, `timed_out: true`, `_shards.failed: 2`;
- a word or code of failure: `status: "fail"`, `code: 429`;
- beside an empty list, whatever was otherwise before: `code: 0` that became 40001, a message that is new.

What stays as it was on the pages with rows is no sign, and neither is what an API says at an honest end (`no
more results`). Keys are named, numbers and flags shown; a text may be anything and is not.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from restmill.wire.errors.envelopes import DEPTH, around, at, entries, is_entity, reach
from restmill.wire.errors.values import (
    FINE_CODES,
    is_busy,
    is_false,
    is_fine,
    is_http_like,
    is_loud,
    is_true,
    plain_name,
    shown,
    tokens,
    was_fine,
)
from restmill.wire.errors.words import (
    ABOUT,
    BAD,
    BAD_FLAGS,
    CODE,
    ENTITY,
    ENVELOPES,
    ERROR,
    ERROR_WITH_ROWS,
    FAILED,
    GOOD,
    HONEST,
    SURELY,
    TEXT,
    WAIT,
    WORD,
    is_flag,
    is_word,
)
from restmill.wire.next_page.more_signs import PLACES, SIZES, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from restmill.path import Json, Path
    from restmill.wire.errors.envelopes import Keys


@dataclass(frozen=True, slots=True)
class Sign:
    """What says that an answer is an error: where it stands, and, if it is no text, what."""

    what: str
    """For a sentence: "`meta.code: 429`"."""
    busy: bool = False
    """Whether it says that the server could not answer now."""
    sure: bool = True
    """False: the envelope is itself a thing, whose own failure this may be."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What the envelope holds on the pages with rows."""

    values: Mapping[Keys, Json] = field(default_factory=dict)
    """The scalars under names that may be signs, by place."""
    moving: frozenset[Keys] = frozenset()
    """Places whose value is now this and now that."""
    known: bool = False
    pages: int = 0

    def with_page(self, document: Json, place: Path) -> Usual:
        """What is usual after one more page with rows."""
        found = {keys: value for keys, name, value in around(document, place) if _may_be(name, value)}
        if not self.known:
            return Usual(found, known=True, pages=1)
        moved = {keys for keys, value in found.items() if keys in self.values and self.values[keys] != value}
        if moved <= self.moving and self.pages > 1:
            return self
        return replace(self, moving=self.moving | moved, pages=self.pages + 1)


def sign_of_error(document: Json, place: Path, usual: Usual, rows: int) -> Sign | None:
    """The first sign of an error around the records at `place`, of which there are `rows`."""
    judge = _Judge(usual, rows, is_entity(document, place))
    for entry in around(document, place):
        if sign := judge.sign(*entry):
            return sign
    return judge.late()


def error_alone(value: Json) -> Sign | None:
    """The sign, if `value` is nothing but an error: an object that holds one, and words about it only."""
    if not isinstance(value, dict):
        return None
    names = {plain_name(str(key)) for key, one in value.items() if one not in (None, [], {})}
    if not all(ERROR.fullmatch(name) or name in _SPOKEN for name in names):
        return None
    thing = not ENTITY.isdisjoint(names) and "jsonrpc" not in names
    judge = _Judge(Usual(), 0, entity=thing)
    told = len(names) == 1 or not TEXT.isdisjoint(names) or any(map(ERROR.fullmatch, names))
    for keys, name, one in entries(value, (), None, DEPTH):
        sign = judge.sign(keys, name, one)
        if sign is None and name in TEXT and tokens(one) & SURELY:
            sign = Sign(f"`{'.'.join(keys)}`", is_busy(one), sure=not thing)
        if sign and (told or len(keys) > 1):
            return sign
    return None


def speaks(value: Json) -> bool:
    """Whether `value` has nothing but words about an answer, and so is no record: `{info: ..}`, `{}`."""
    if not isinstance(value, dict):
        return False
    names = {plain_name(str(key)) for key in value}
    told = any(ERROR.fullmatch(name) or name in _ABOUT_IT for name in names)
    return (
        (told or not names)
        and names.isdisjoint(ENTITY)
        and all(ERROR.fullmatch(name) or name in _SPOKEN for name in names)
    )


def error_inside(document: Json, place: Path) -> Sign | None:
    """The sign, if where the list at `place` begins, or under a usual key, stands nothing but an error."""
    begin = reach(place)[0]
    inner = document.items() if isinstance(document, dict) and not begin else ()
    found = (
        [".".join(begin)] if begin else [str(key) for key, _ in inner if plain_name(str(key)) in ENVELOPES]
    )
    for name in found:
        sign = error_alone(at(document, begin or (name,)))
        if sign and sign.sure:
            return replace(sign, what=f"an error at `{name}`")
    return None


_ABOUT_IT = TEXT | CODE | WORD | GOOD | WAIT
_SPOKEN = ABOUT | TEXT | CODE | WORD | GOOD | WAIT | ENVELOPES | PLACES | SIZES


def error_name(key: str) -> bool:
    """Whether a key is a word for an error."""
    return ERROR.fullmatch(plain_name(key)) is not None


@dataclass(slots=True)
class _Judge:
    """Judges the entries of one envelope, in order."""

    usual: Usual
    rows: int
    entity: bool
    odd_code: Keys | None = None
    told: bool = False

    def sign(self, keys: Keys, name: str, value: Json) -> Sign | None:
        """Whether this entry is a sign."""
        if self._stays(keys, value):
            return None
        near = len(keys) == 1 or plain_name(keys[-2]) in ENVELOPES or keys in self.usual.values
        if not near and self.rows:
            return None
        if ERROR.fullmatch(name):
            named = not self.rows or ERROR_WITH_ROWS.match(name)
            return self._made(keys, value, strong=True) if named and is_loud(value) else None
        if name in GOOD or _is_bad(keys, name, value):
            against = is_false(value) if name in GOOD else is_true(value)
            return self._made(keys, value, strong=True) if against else None
        if not self.rows and keys in self.usual.values and self._flips(keys, name, value):
            return self._made(keys, value, strong=False)
        return self._said(keys, name, value) if near else None

    def _flips(self, keys: Keys, name: str, value: Json) -> bool:
        """Whether a flag, or a word that stood on more than one page, is another one on an empty page."""
        before = self.usual.values[keys]
        if keys in self.usual.moving or before == value:
            return False
        if is_flag(name, value):
            return True
        words = is_word(name, before) and is_word(name, value) and not tokens(value) & HONEST
        return words and self.usual.pages > 1

    def late(self) -> Sign | None:
        """A code that nobody knows, beside a text: on an empty first page both together are a sign."""
        told = self.odd_code is not None and self.told and not self.usual.known
        return self._made(self.odd_code or (), None, strong=False) if told else None

    def _said(self, keys: Keys, name: str, value: Json) -> Sign | None:
        """Of words, codes and texts, which are signs by what they say, or by being otherwise now."""
        if isinstance(value, dict | list) or value is None or keys in self.usual.moving:
            return None
        changed = keys in self.usual.values
        if self.rows and not changed:
            return None
        code = whole(value)
        if name in CODE and (code is not None or not isinstance(value, str)):
            return self._coded(keys, value, code)
        if name in WORD or name in CODE:
            return self._worded(keys, value)
        return self._texted(keys, name, value) if not self.rows else None

    def _coded(self, keys: Keys, value: Json, code: int | None) -> Sign | None:
        if isinstance(value, bool):
            bad = not value and not self.rows and plain_name(keys[-1]) in WORD
        elif self.rows:
            flipped = was_fine(self.usual.values.get(keys)) and (code is None or not is_fine(code))
            bad = flipped or (code is not None and 400 <= code < 600)
        else:
            bad = self._bad_alone(keys, code)
        return self._made(keys, value, strong=False) if bad else None

    def _bad_alone(self, keys: Keys, code: int | None) -> bool:
        """Whether a code without rows is one of an error."""
        if code is not None and (400 <= code < 600 or is_http_like(code)):
            return True
        if (code is not None and 200 <= code < 300) or (keys not in self.usual.values and code in FINE_CODES):
            return False
        if not self.usual.known:
            self.odd_code = self.odd_code or keys
        return self.usual.known

    def _worded(self, keys: Keys, value: Json) -> Sign | None:
        words = tokens(value)
        if words & FAILED or (plain_name(keys[-1]) in ("response", "result") and is_false(value)):
            return self._made(keys, value, strong=False)
        changed = keys in self.usual.values
        unknown = words and not words & HONEST and changed and not self.rows
        return self._made(keys, value, strong=False) if unknown else None

    def _texted(self, keys: Keys, name: str, value: Json) -> Sign | None:
        if name in WAIT and is_loud(value):
            return self._made(keys, value, strong=False) if self.usual.known else None
        if name not in TEXT or not isinstance(value, str) or not value.strip():
            return None
        words, before = tokens(value), self.usual.values.get(keys)
        new = {one for one in words ^ tokens(before) if not one.isdigit()} if before else words
        bad = bool(words & FAILED) or bool(new and not words & HONEST)
        self.told = self.told or bad
        return self._made(keys, value, strong=False) if bad and self.usual.known else None

    def _stays(self, keys: Keys, value: Json) -> bool:
        known = self.usual.values
        return keys in known and known[keys] == value and not (self.rows and isinstance(value, list | dict))

    def _made(self, keys: Keys, value: Json, *, strong: bool) -> Sign | None:
        if self.entity and not strong and keys not in self.usual.values:
            return None
        told = f": {shown(value)}" if shown(value) else ""
        before = self.usual.values.get(keys)
        was = f" ({shown(before)} before)" if told and shown(before) and before != value else ""
        busy = is_busy(value)
        return Sign(f"`{'.'.join(keys)}{told}`{was}", busy, sure=not self.entity)


def _is_bad(keys: Keys, name: str, value: Json) -> bool:
    """Whether this is a flag, or a count, that should be false or 0."""
    if name in BAD_FLAGS:
        return isinstance(value, bool | str)
    return name in BAD or (name == "failed" and plain_name("".join(keys[-2:-1])) == "shards")


def _may_be(name: str, value: Json) -> bool:
    if is_flag(name, value) or is_word(name, value):
        return True
    scalar = not isinstance(value, dict | list)
    words = name in GOOD or name in BAD or name in WORD or name in CODE or name in TEXT or name == "failed"
    return bool(ERROR.fullmatch(name)) or (scalar and (words or name in WAIT))
