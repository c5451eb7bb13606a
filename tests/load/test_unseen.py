"""What a quarantine does not see before the load costs its own table, for one run, and the error says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dlt
import pytest

from restmill.errors import SetAside
from tests.load.api import of
from tests.load.shelf import Shelf
from tests.load.test_refused_rows import DESTINATIONS, REFUSED, place

if TYPE_CHECKING:
    from collections.abc import Callable

    from restmill.path import Json
    from tests.load.test_refused_rows import Place

__all__ = ["place"]

_RAISING = (
    "CREATE FUNCTION {0}.no() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN IF NEW.v = '0' THEN RAISE check_violation; END IF; RETURN NEW; END $$"
)
UNSEEN: dict[str, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "unique index": (("CREATE UNIQUE INDEX u ON {0}.things (v)",), "1", DESTINATIONS),
    "check constraint": (("ALTER TABLE {0}.things ADD CHECK (v <> '0')",), "0", ("postgres",)),
    "foreign key": (
        (
            "CREATE TABLE {0}.known AS SELECT n::varchar AS v FROM generate_series(1, 100) AS n",
            "ALTER TABLE {0}.known ADD PRIMARY KEY (v)",
            "ALTER TABLE {0}.things ADD FOREIGN KEY (v) REFERENCES {0}.known (v)",
        ),
        "0",
        ("postgres",),
    ),
    "trigger": (
        (
            _RAISING,
            "CREATE TRIGGER t BEFORE INSERT ON {0}.things FOR EACH ROW EXECUTE FUNCTION {0}.no()",
        ),
        "0",
        ("postgres",),
    ),
    "another type": (
        ("ALTER TABLE {0}.things ALTER COLUMN v TYPE integer USING v::integer",),
        "x",
        DESTINATIONS,
    ),
}
"""Case -> what somebody has done to the table, a value of `v` that it no longer takes, where that is so."""
CASES = [(where, case) for case, (_, _, places) in UNSEEN.items() for where in places]


def things(first: int, bad: str = "") -> list[Json]:
    """Ten records with texts of digits; one of them may have another text."""
    made = [{"id": number, "v": str(number)} for number in range(first, first + 10)]
    if bad:
        made[4]["v"] = bad
    return made


@pytest.mark.parametrize("columnar", [True, False])
@pytest.mark.parametrize(("where", "case"), CASES)
def test_it_costs_the_table_once_and_is_told(
    place: Callable[[str], Place],
    where: str,
    case: str,
    columnar: bool,
) -> None:
    statements, bad, _ = UNSEEN[case]
    there, shelf = place(where), Shelf(things=things(1), others=things(1))
    kept = {"name": "things", "endpoint": "/things", "quarantine": True, "columnar": columnar}
    there.sync(shelf, kept, "others", write_disposition="append")
    for statement in statements:
        there.query(statement)
    shelf.lists["/things"] = things(11, bad)
    with pytest.raises(SetAside) as caught:
        there.sync(shelf, kept, "others", write_disposition="append")
    problem = caught.value.problem
    assert str(problem.place) == "things  load"
    assert "`things`" in problem.what
    assert problem.hint.startswith("`quarantine` keeps what is seen to be refused before the load")
    assert (there.counted("things"), there.counted("others")) == ((10, 10), (20, 10))
    assert not dlt.attach(there.pipeline).has_pending_data
    shelf.lists["/things"] = things(11)
    receipt = there.sync(shelf, kept, "others", write_disposition="append")
    assert of(receipt, "things").verdict == "complete"
    assert there.counted("things") == (20, 20)


@pytest.mark.parametrize("columnar", [True, False])
def test_an_integer_beyond_64_bits_by_rows_into_a_new_table(
    place: Callable[[str], Place], columnar: bool
) -> None:
    hints, bad, _ = REFUSED["int8"]
    there, shelf = place("postgres"), Shelf(things=bad, others=things(1))
    kept = {"name": "things", "endpoint": "/things", "quarantine": True, "columnar": columnar, **hints}
    with pytest.raises(SetAside) as caught:
        there.sync(shelf, kept, "others")
    assert "`quarantine` keeps what is seen" in caught.value.problem.hint
    assert there.counted("others") == (10, 10)
