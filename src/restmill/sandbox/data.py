"""Collections: names for records, and their bytes, made when first asked for.

Records are made and serialised in blocks of a thousand, once; a page is a slice of a block. So a server of a
million records starts at once, and a page costs a `join`. A record depends on (seed, collection, index) and
on nothing else.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import orjson

from restmill.sandbox import records
from restmill.sandbox.chance import Dice
from restmill.sandbox.records import Json, Record

BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Kind:
    """How a collection is made. `optional` names the keys that some records lack; `prefix` starts each id."""

    build: Callable[[Dice, int], Record]
    optional: tuple[str, ...] = ()
    prefix: str = ""


KINDS: dict[str, Kind] = {
    "configurations": Kind(records.configuration, ("expires_at",)),
    "resource": Kind(records.resource, ("acknowledged_by",), prefix="res-"),
    "feature_flags": Kind(records.feature_flag, ("last_seen_at",), prefix="flag-"),
    "projects": Kind(records.project, ("parent_id",)),
    "tasks": Kind(records.task, ("assigned_to",)),
    "users": Kind(records.user),
    "events": Kind(records.event),
}


class Collection:
    """`rows` records of one kind. Read only; blocks of bytes appear as they are asked for."""

    def __init__(self, name: str, rows: int, seed: int) -> None:
        self.name = name
        self.rows = rows
        self.seed = seed
        self._kind = KINDS[name]
        self._blocks = _blocks(name, seed)
        self._columns: dict[str, list[Json]] = {}

    def record(self, index: int) -> Record:
        """Return record number `index`, from 0; there is one for every index, also beyond `rows`."""
        return self._kind.build(Dice(self.seed, self.name, index), index)

    def records(self) -> Iterator[Record]:
        """Return all records in order, made anew."""
        return map(self.record, range(self.rows))

    def encoded(self, positions: Sequence[int]) -> list[bytes]:
        """Return the JSON of the records at these indexes, in this order."""
        if not isinstance(positions, range) or positions.step != 1:
            return [self._block(index // BLOCK)[index % BLOCK] for index in positions]
        first, start = divmod(positions.start, BLOCK)
        stop = start + len(positions)
        if stop <= BLOCK:
            return self._block(first)[start:stop]
        blocks = range(first, first + -(-stop // BLOCK))
        return [row for block in blocks for row in self._block(block)][start:stop]

    def column(self, field: str) -> list[Json]:
        """Return one top-level field of all records, in order; None where the key is absent."""
        if field not in self._columns:
            self._columns[field] = [record.get(field) for record in self.records()]
        return self._columns[field]

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Return every top-level key that a record may have, in order."""
        always = (key for key in self.record(0) if key not in self._kind.optional)
        return (*always, *self._kind.optional)

    def position(self, identity: str) -> int | None:
        """Return the index of the record with this id, or None when the collection has no such record."""
        digits = identity.removeprefix(self._kind.prefix)
        if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(self.rows))):
            return None
        index = int(digits) - 1
        written = f"{self._kind.prefix}{index + 1}"
        return index if 0 <= index < self.rows and identity == written else None

    def warm(self) -> None:
        """Make all bytes now, so that no request waits for them. A million events take about 700 MB."""
        for block in range(-(-self.rows // BLOCK)):
            self._block(block)

    def _block(self, number: int) -> list[bytes]:
        block = self._blocks.get(number)
        if block is None:
            indexes = range(number * BLOCK, (number + 1) * BLOCK)
            block = self._blocks[number] = [_compact(self.record(index)) for index in indexes]
        return block


def _compact(record: Record) -> bytes:
    """Serialise into no more memory than needed: what orjson returns keeps the large buffer it wrote in."""
    return bytes(memoryview(orjson.dumps(record)))


@lru_cache(maxsize=16)
def _blocks(_name: str, _seed: int) -> dict[int, list[bytes]]:
    """Return the blocks made so far: collections of any length share them, as they share their records."""
    return {}


@lru_cache(maxsize=32)
def collection(name: str, rows: int, seed: int) -> Collection:
    """Return the collection `name` of `rows` records, the same object each time.

    Raises:
        KeyError: there is no collection of this name.
    """
    return Collection(name, rows, seed)
