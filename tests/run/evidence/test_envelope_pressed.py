"""Errors in disguise among pages that are pressed: their envelope is looked at as that of any other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from restmill.events import ReadDone
from restmill.path import Path
from restmill.shape.cast import Fields, Mould, Plain
from restmill.shape.page_parser import Press
from restmill.shape.schema_view import Column
from restmill.testing import Recorder, json_response, run
from restmill.testing.rig import Rig, order
from restmill.wire.paging.pagers import Offset
from tests.run.evidence.test_envelope import ALONE, FLIPS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restmill.path import Json
    from restmill.wire.message import Request, Response

LIES: dict[str, tuple[Json, Json]] = {
    **{name: ({}, one) for name, one in ALONE.items()},
    **{name: (good, {**bad, "data": []}) for name, (good, bad) in FLIPS.items()},
}
COLUMNS = {
    "id": Column("id", "bigint", pa.null(), nullable=True),
    "status": Column("status", "text", pa.null(), nullable=True),
}


class Rules:
    """As much of `Rules` as the press asks for."""

    def columns(self, _: str) -> Mapping[str, Column]:
        return COLUMNS


class Counted(Press):
    """Counts what it has pressed."""

    pressed = 0

    def documents(self, bodies: Sequence[bytes]) -> list[Json]:
        made = super().documents(bodies)
        self.pressed += sum(one is not None for one in made)
        return made


def ended(good: Json, lie: Json, beside: Json | None = None) -> tuple[ReadDone, int]:
    """The end of a read of twenty pages whose eleventh is a lie, and how many pages were pressed."""

    def script(request: Request) -> Response:
        at = int(request.params["offset"])
        if at == 30:
            return json_response(lie)
        around = {**good, **(beside or {})} if at == 33 else good
        return json_response(
            {**around, "data": [{"id": i, "status": "x"} for i in range(at, min(at + 3, 60))]}
        )

    press = Counted()
    form = Fields({name: Plain(name, valued=True) for name in COLUMNS})
    press.form(Mould("things", form), Rules())  # type: ignore[arg-type]  # see there
    seen = Recorder()
    what = replace(order(Offset(limit=3), most_ahead=2), keys=(Path("id"),), press=press, merged=True)
    run(Rig(script, observer=seen).read(what))
    (done,) = seen.of(ReadDone)
    assert isinstance(done, ReadDone)
    return done, press.pressed


@pytest.mark.parametrize("name", LIES)
def test_an_error_among_pressed_pages_is_seen(name: str) -> None:
    done, pressed = ended(*LIES[name])
    assert not done.complete
    assert done.rows == 30
    assert pressed > 3


def test_an_error_beside_the_rows_of_a_page_that_might_be_pressed() -> None:
    page = {"errors": [], "data": [{"id": i, "status": "x"} for i in range(30, 33)]}
    done, pressed = ended({"errors": []}, page, {"errors": ["shard timed out"]})
    assert (done.complete, done.rows) == (True, 60)
    assert done.doubt.startswith("page 12 says that something went wrong: `errors`")
    assert pressed > 3
