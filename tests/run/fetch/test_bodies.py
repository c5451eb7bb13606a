"""Bodies that are no plain UTF-8 JSON: read, or called what they are, and no host is halted for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from restmill.errors import NotData
from restmill.events import Doubted, HostHalted, Noted, ReadDone
from restmill.testing import Recorder, run
from restmill.testing.rig import Rig, order, terms
from restmill.wire.limits.budget import Limits
from restmill.wire.message import Headers, Request, Response
from restmill.wire.paging.pagers import Cursor, Offset, PageNumber, SinglePage

JSON = Headers({"Content-Type": "application/json"})


class Pages:
    """30 records in pages of 10, each with a byte that is no UTF-8."""

    def __call__(self, request: Request) -> Response:
        start = int(request.params["offset"])
        rows = ", ".join(f'{{"id": {i}, "t": "caf\\xe9"}}' for i in range(start, min(start + 10, 30)))
        text = f'{{"data": [{rows}], "total": 30}}'.replace("\\xe9", "\xe9")
        return Response(200, JSON, text.encode("latin-1"))


def notes(seen: Recorder) -> list[str]:
    return [one.text for one in seen.of(Noted)]  # type: ignore[attr-defined]


def test_what_could_not_be_read_is_counted_in_pages_and_characters() -> None:
    seen = Recorder()
    rig = Rig(Pages(), observer=seen)
    run(rig.read(order(Offset(limit=10))))
    assert rig.ids == list(range(30))
    assert rig.pages[0][0] == {"id": 0, "t": "caf\ufffd"}
    assert "30 characters in 3 pages could not be read and became U+FFFD" in "".join(notes(seen))
    assert seen.of(ReadDone)[0].complete  # type: ignore[attr-defined]
    assert len(rig.transport.sent) == len({request.url for _, request in rig.transport.sent})


def test_with_its_encoding_nothing_is_lost() -> None:
    seen = Recorder()
    rig = Rig(Pages(), observer=seen)
    run(rig.read(order(Offset(limit=10), of=replace(terms(), encoding="windows-1252"))))
    assert rig.pages[0][0] == {"id": 0, "t": "caf\xe9"}
    assert notes(seen) == ["text is read as cp1252; `encoding` reads it otherwise"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"id,name\n1,a\n", "CSV instead of JSON"),
        (b'{"id": 1}\n{"id": 2}\n', "JSON Lines"),
        (b"\x1f\x8b\x08\x00", "gzip instead of JSON"),
        (b"PK\x03\x04\x00", "a zip archive"),
        (b"<?xml version='1.0'?><rows/>", "XML instead of JSON"),
        (b"OK", "no JSON"),
    ],
)
def test_another_format_is_asked_for_once_and_halts_nobody(body: bytes, said: str) -> None:
    seen = Recorder()
    rig = Rig(lambda _: Response(200, JSON, body), limits=Limits(failures=2), observer=seen)

    async def several() -> None:
        for number in range(4):
            with pytest.raises(NotData, match=said):
                await rig.read(order(SinglePage(), path=f"/of/{number}"))

    run(several())
    assert len(rig.transport.sent) == 4
    assert not seen.of(HostHalted)


@pytest.mark.parametrize(
    "pager",
    [
        Offset(limit=10, offset_body_path="at", limit_body_path="many"),
        PageNumber(
            page_body_path="at", base_page=1, base_known=True, total_path=None, stop_after_empty_page=True
        ),
        Cursor(cursor_body_path="at"),
    ],
)
@pytest.mark.parametrize("form", [{"status": "active"}, [("status", "active"), ("status", "new")]])
def test_a_form_is_paged_in_its_fields(
    pager: Offset | PageNumber | Cursor, form: dict[str, str] | list[tuple[str, str]]
) -> None:
    sent: list[dict[str, int | str]] = []

    def script(request: Request) -> Response:
        assert request.json is None
        pairs = list(request.data.items()) if isinstance(request.data, dict) else list(request.data)
        assert pairs[: len(form)] == (list(form.items()) if isinstance(form, dict) else form)
        sent.append(dict(pairs))
        at = len(sent)
        rows = [{"id": 10 * at + i} for i in range(10 if at < 3 else 0)]
        return Response(
            200,
            JSON,
            str({"data": rows, "cursors": {"next": at if at < 3 else ""}}).replace("'", '"').encode(),
        )

    what = order(pager)
    run(Rig(script).read(replace(what, request=replace(what.request, method="POST", data=form))))
    assert len({one.get("at") for one in sent[:3]}) == 3


def test_a_text_of_which_nothing_can_be_read_is_a_doubt() -> None:
    """Two keys of stray bytes become one, and no byte in a word does that."""
    seen = Recorder()
    body = b'{"data": [{"id": "\xff\xfe"}, {"id": "\xc0\xaf"}, {"id": "caf\xe9"}], "total": 3}'
    run(Rig(lambda _: Response(200, JSON, body), observer=seen).read(order(SinglePage())))
    (doubt,) = seen.of(Doubted)
    assert doubt.text == "of 2 texts not one character could be read"  # type: ignore[attr-defined]
