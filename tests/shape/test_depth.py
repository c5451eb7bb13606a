"""How deep a record may be: exactly as deep as what writes it."""

from __future__ import annotations

import orjson
import pytest

from restmill.shape.depth import DEEPEST, shallow, too_deep


def nested(levels: int, *, lists: bool) -> object:
    """So many levels of lists or objects around a number."""
    made: object = 1
    for _ in range(levels):
        made = [made] if lists else {"d": made}
    return made


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize(
    ("levels", "deep"), [(0, False), (1, False), (DEEPEST, False), (DEEPEST + 1, True), (5_000, True)]
)
def test_levels_are_counted(levels: int, deep: bool, lists: bool) -> None:
    assert too_deep(nested(levels, lists=lists)) is deep


@pytest.mark.parametrize("lists", [True, False])
def test_what_is_not_too_deep_can_be_written(lists: bool) -> None:
    assert orjson.dumps([nested(DEEPEST, lists=lists)])
    with pytest.raises(TypeError):
        orjson.dumps([nested(DEEPEST + 4, lists=lists)])


@pytest.mark.parametrize("other", [{"n": 2**70}, {"t": "\ud800"}, {1: 2}, {"o": object()}, None, "text", 5])
def test_what_cannot_be_json_for_another_reason_stays(other: object) -> None:
    page = [{"id": 1}, other]
    assert shallow(page) is page
    deep = nested(400, lists=True)
    assert shallow([*page, {"id": 3, "v": deep}]) == page


def test_a_page_that_is_shallow_is_the_same_object() -> None:
    page = [{"id": number, "parts": [{"p": 1}]} for number in range(3)]
    assert shallow(page) is page
