"""Fuzzing with Hypothesis: a few examples in every run, and as many as the time allows by `make security`.

`RESTMILL_TEST_FUZZ_SECONDS` is the time for each target, ten minutes where nothing else is said. The rounds
of a target have a seed of chance, or `RESTMILL_TEST_FUZZ_SEED`, and the numbers that follow it. The seed of a
failing round is noted on its error, and Hypothesis keeps the example in `.hypothesis/`, which the next run
tries first. `RESTMILL_TEST_FUZZ_LOG` names a file that each target adds a line to: what was really run.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import time
from pathlib import Path
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
    began = time.monotonic()
    first = int(os.environ.get("RESTMILL_TEST_FUZZ_SEED") or random.SystemRandom().getrandbits(32))
    tried = 0
    for number in itertools.count(first):

        @seed(number)
        @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(strategy)
        def once(example: T) -> None:
            nonlocal tried
            tried += 1
            started = time.process_time()
            with contextlib.suppress(*forgiven):
                target(example)
            assert time.process_time() - started < _LONGEST

        try:
            once()
        except BaseException as error:
            error.add_note(f"found with the seed {number}")
            raise
        if time.monotonic() - began >= _SECONDS:
            break
    _log(f"{tried} examples in {time.monotonic() - began:.0f} s, seeds {first} to {number}")


def _log(figures: str) -> None:
    target = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[2].partition(" ")[0]
    if name := os.environ.get("RESTMILL_TEST_FUZZ_LOG"):
        with Path(name).open("a", encoding="utf-8") as file:
            file.write(f"{target}: {figures}\n")


def near(*samples: bytes) -> SearchStrategy[bytes]:
    """Bytes of any kind, and sound samples with pieces of each other, or of nothing sound, put into them."""
    one = st.sampled_from(samples)
    junk = st.binary(max_size=40) | st.sampled_from(_JUNK)
    cut = st.floats(0, 1)

    def mixed(parts: tuple[bytes, float, bytes, float, bytes]) -> bytes:
        start, first, inside, second, end = parts
        return start[: int(len(start) * first)] + inside + end[int(len(end) * second) :]

    return st.binary(max_size=400) | st.tuples(one, cut, junk | one, cut, one).map(mixed)
