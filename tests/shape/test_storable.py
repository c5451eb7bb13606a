"""What no table can hold becomes what one can; everything else stays as it is."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restmill.shape.sanitize import storable

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


@given(st.lists(values, max_size=4))
def test_what_comes_out_can_be_stored(records: list[object]) -> None:
    orjson.dumps(storable(records), default=str)


def test_what_can_be_stored_is_not_copied() -> None:
    records = [{"id": 2**63 - 1, "name": "Zoë 😀", "parts": [1.5, None, True]}]
    assert storable(records) is records


def test_long_integers_are_kept_exactly_and_cut_emoji_marked() -> None:
    (record,) = storable([{"id": 10**28, "far": -(10**40), "name": "a\ud83d", "ok": True}])
    assert record == {"id": Decimal(10**28), "far": str(-(10**40)), "name": "a\ufffd", "ok": True}


@pytest.mark.parametrize("large", [2**63, 2**64 - 1, 2**64, -(2**63) - 1, -(2**64)])
def test_integers_beyond_64_bits_with_their_sign_are_decimals(large: int) -> None:
    assert storable([{"a": [large]}, {"b": 1}]) == [{"a": [Decimal(large)]}, {"b": 1}]


def test_nul_is_left_out_of_text_and_stays_in_names() -> None:
    (record,) = storable([{"a\0b": "x\0y\0", "in": [{"deep": "\0"}, "kept"], "like": "\\u0000"}])
    assert record == {"a\0b": "xy", "in": [{"deep": ""}, "kept"], "like": "\\u0000"}
