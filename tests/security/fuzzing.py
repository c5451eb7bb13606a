"""Fuzzing with Hypothesis: a few examples in every run, and as many as the time allows by `make security`.

`RESTMILL_TEST_FUZZ_SECONDS` is the time for each target, ten minutes where nothing else is said. The seed of
a failing round is noted on its error, and Hypothesis keeps the example in `.hypothesis/`, which the next run
tries first.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from typing import TYPE_CHECKING, TypeVar

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
_ALL = "RESTMILL_TEST_SECURITY" in os.environ  # as `make security` has it
_SECONDS = float(os.environ.get("RESTMILL_TEST_FUZZ_SECONDS", "600" if _ALL else "0"))
_EXAMPLES = 2000 if _SECONDS else 40
_JUNK = [b"\x00", b"\xff\xfe", b"\\ud800", b"[" * 300, b"9" * 5000]
_LONGEST = 2.0
"""Seconds that one example may take: what takes longer hangs."""


def fuzz(strategy: SearchStrategy[T], target: Callable[[T], object], *forgiven: type[Exception]) -> None:
    """Call `target` with examples; it may raise what is `forgiven`, and nothing else, and in little time."""
    ends = time.monotonic() + _SECONDS
    while True:
        number = random.SystemRandom().getrandbits(64)

        @seed(number)
        @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def once(example: T) -> None:
            started = time.process_time()
            with contextlib.suppress(*forgiven):
                target(example)
            assert time.process_time() - started < _LONGEST

        try:
            once()
        except BaseException as error:
            error.add_note(f"found with the seed {number}")
            raise
        if time.monotonic() >= ends:
            return


def near(*samples: bytes) -> SearchStrategy[bytes]:
    """Bytes of any kind, and sound samples with pieces of each other, or of nothing sound, put into them."""
    one = st.sampled_from(samples)
    junk = st.binary(max_size=40) | st.sampled_from(_JUNK)
    cut = st.floats(0, 1)

    def mixed(parts: tuple[bytes, float, bytes, float, bytes]) -> bytes:
        start, first, inside, second, end = parts
        return start[: int(len(start) * first)] + inside + end[int(len(end) * second) :]

    return st.binary(max_size=400) | st.tuples(one, cut, junk | one, cut, one).map(mixed)
