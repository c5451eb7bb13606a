"""The matrix: every lie alone and in 200 random pairs, in every way of asking, with totals and without.

A cell holds when the rows are exactly right, or the verdict is not `complete`; and no read goes on for ever.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeAlias

import pytest

from tests.matrix.cells import LIES, TOTALLED, WAYS, Switches, Way, meets, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Recorded: TypeAlias = Callable[[str, object], None]

ROWS = (0, 13, 120, 130)
MOST_REQUESTS = 400
"""For at most 130 rows, read up to five times, each request tried up to four times."""
PAIRS = 200
_ONE_PAGE = {"total": "page", "offset_ignored": True}
"""Together no lie that anybody can see: so answers a list of one page, given for any page behind it."""


def pairs(way: Way) -> Iterator[Switches]:
    """Pairs of lies that this way meets and that do not set the same switch, drawn with a fixed seed."""
    chance = random.Random(5)  # noqa: S311  # no secret
    names = [name for name in LIES if name != "nothing" and meets(way, LIES[name])]
    found = 0
    while found < PAIRS:
        one, two = (LIES[name] for name in chance.sample(names, 2))
        if not set(one) & set(two) and not (_ONE_PAGE.items() <= {**one, **two}.items()):
            found += 1
            yield {**one, **two, "rows": chance.choice((45, 120, 130)), "seed": chance.choice((1, 2, 3))}


def alone(way: Way) -> Iterator[Switches]:
    """Every lie that this way meets, by itself, for lists of several lengths that reach the page it is on."""
    for lie in LIES.values():
        late = 3 in (lie.get("error_from"), lie.get("partial_from"))
        if meets(way, lie):
            yield from ({**lie, "rows": rows} for rows in ROWS if rows == max(ROWS) or not late)


def with_and_without_totals(way: Way, cells: Iterable[Switches]) -> Iterator[Switches]:
    """Each cell as it is, and once more without the totals of this way where it does not set them."""
    for cell in cells:
        yield cell
        if "total" not in cell and way.path in TOTALLED:
            yield {**cell, "total": "missing"}


def wrong(
    name: str, cells: Iterable[Switches], *, keyed: bool = True, merged: bool = True
) -> tuple[int, list[str]]:
    """How many cells were compared, and those that do not hold."""
    count, found = 0, []
    for cell in cells:
        seen = outcome(WAYS[name], cell, keyed=keyed, merged=merged)
        count += 1
        if (seen.complete and not seen.right) or seen.requests > MOST_REQUESTS:
            found.append(f"{name}: {cell} -> {seen}")
    return count, found


def judge(count: int, found: list[str], record_property: Recorded) -> None:
    """Keep the count for the summary, and fail for cells that do not hold."""
    record_property("cells", count)
    assert not found, f"{len(found)} of {count}:\n" + "\n".join(found)


@pytest.mark.parametrize("name", WAYS)
def test_every_lie_alone(name: str, record_property: Recorded) -> None:
    judge(*wrong(name, with_and_without_totals(WAYS[name], alone(WAYS[name]))), record_property)


@pytest.mark.parametrize("name", WAYS)
def test_pairs_of_lies(name: str, record_property: Recorded) -> None:
    judge(*wrong(name, pairs(WAYS[name])), record_property)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("keyed", [True, False])
def test_every_lie_where_equal_keys_stay_apart(name: str, keyed: bool, record_property: Recorded) -> None:
    way = WAYS[name]
    cells = ({**lie, "rows": 130} for lie in LIES.values() if meets(way, lie))
    judge(*wrong(name, with_and_without_totals(way, cells), keyed=keyed, merged=False), record_property)


@pytest.mark.parametrize("name", WAYS)
def test_what_is_right_and_undoubted_is_complete(name: str) -> None:
    """A verdict that is never `complete` would hold every cell: where nothing lies, it has to be."""
    harmless = (
        "nothing",
        "capped",
        "short pages",
        "total string",
        "404 past the end",
        "relative links",
        "failures",
        "429 until a date",
        "total first_page",
        "next on the last page",
        "scroll",
        "latin-1",
        "utf-16",
    )
    for rows in ROWS:
        for lie in harmless:
            if not meets(WAYS[name], LIES[lie]):
                continue
            seen = outcome(WAYS[name], {**LIES[lie], "rows": rows})
            assert (seen.complete, seen.right) == (True, True), (name, lie, rows, seen)
