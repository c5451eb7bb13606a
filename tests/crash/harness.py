"""The crash harness: a run is killed, another one follows, and the tables must be what the server holds.

A case is a database, a way of the records (columns or rows), whether tables were filled before, a moment and
a signal; all of it follows from a seed, so the seed repeats it. The moment is a named window, or any: then
the signal comes from outside after a part of the time that a whole run takes.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2

from restmill.run.receipt import archive
from tests.crash.scenario import SEED, config_of, faults
from tests.crash.victim import end_of, has_ended, start
from tests.crash.windows import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.crash.windows import Window

SIZES = (14, 23)
_MOST_HITS = 12
_SIGNALS = (signal.SIGKILL, signal.SIGTERM)
_ENDED_BY = {signal.SIGKILL: {-signal.SIGKILL}, signal.SIGTERM: {143}}
_PATIENCE = 120.0
"""Seconds after which a run is stuck."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kill. `nth` counts calls at a window; `part` is that of a whole run's time, without a window."""

    seed: int
    destination: str
    by_rows: bool
    filled: bool
    number: signal.Signals
    window: Window | None
    nth: int
    part: float

    def __str__(self) -> str:
        moment = f"{self.window.name}, {self.nth}" if self.window else f"at {self.part:.0%}"
        way, when = "rows" if self.by_rows else "columns", "second" if self.filled else "first"
        return f"seed {self.seed}: {self.destination}, {way}, {when} run, {self.number.name}, {moment}"


def case_of(seed: int, destinations: Sequence[str]) -> Case:
    """The case of a seed: windows in turn, every fourth case at any moment."""
    chance = random.Random(seed)  # noqa: S311  # a seed repeats it
    window = None if seed % 4 == 3 else WINDOWS[(seed // 4 * 3 + seed % 4) % len(WINDOWS)]
    return Case(
        seed=seed,
        destination=chance.choice(destinations),
        by_rows=chance.random() < 0.4,
        filled=chance.random() < 0.6,
        number=_SIGNALS[chance.random() < 0.3],
        window=window,
        nth=chance.choice((1, 1, 1, 2, 3, 5, _MOST_HITS)),
        part=chance.uniform(0.02, 1.0),
    )


@dataclass(slots=True)
class Ground:
    """Where cases run: a folder, a sandbox, databases; and how long a whole run takes, in seconds."""

    folder: Path
    base_url: str
    change: Callable[[int], None]
    """Sets how many rows the sandbox has."""
    dsn: str = ""
    whole: dict[tuple[str, bool], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: whether the run was killed at all, and what was wrong afterwards."""

    case: Case
    killed: bool
    faults: tuple[str, ...]


def play(case: Case, ground: Ground) -> Outcome:
    """Fill, kill, run again, compare."""
    home = ground.folder / f"case-{case.seed}"
    home.mkdir()
    (home / "config.json").write_text(json.dumps(config_of(ground.base_url)))
    run = _Run(case, home, ground)
    wrong: list[str] = []
    sizes = list(SIZES[:1])
    ground.change(sizes[0])
    if case.filled:
        wrong += run.whole("the run before")
        sizes.append(SIZES[1])
        ground.change(sizes[-1])
    killed, told = run.killed()
    wrong += told
    wrong += run.whole("the run afterwards")
    with ExitStack() as stack:
        query = stack.enter_context(_Database(run))
        try:
            wrong += list(faults(query, sizes, run.runs))
        except Exception as error:  # noqa: BLE001  # a table that is not there is a fault, too
            wrong.append(f"{type(error).__name__}: {error}".splitlines()[0])
    wrong += list(_leftovers(home))
    wrong += list(
        _history(home, run.runs, killed=killed and case.window is not None and not case.window.early)
    )
    return Outcome(case, killed, tuple(wrong))


class _Run:
    """Runs of one case."""

    def __init__(self, case: Case, home: Path, ground: Ground) -> None:
        self.case, self.home, self.ground = case, home, ground
        self.runs = 0
        self.dataset = f"crash_{case.seed}_{ground.folder.name.replace('-', '_')}".lower()

    @property
    def key(self) -> tuple[str, bool]:
        return self.case.destination, self.case.filled

    def whole(self, which: str) -> list[str]:
        """Run without a kill; what is wrong with that."""
        began = time.monotonic()
        code = self._wait(self._start())
        if which == "the run before":
            self.ground.whole.setdefault(self.key, time.monotonic() - began)
        return [] if code == 0 else [f"{which} ended with {code}"]

    def killed(self) -> tuple[bool, list[str]]:
        """Run and kill; whether it was killed, and what is wrong with how it ended."""
        code = self._wait(self._die(self.case.nth))
        if code == 0 and self.case.nth > 1:  # there are not so many
            code = self._wait(self._die(1))
        if code == 0:
            return False, []
        right = _ENDED_BY[self.case.number]
        if self.case.window is None and len(_receipts(self.home)) < self.runs:
            right = right | {
                -self.case.number
            }  # it came before the command line listens, and nothing had begun
        return True, [] if code in right else [f"the killed run ended with {code}"]

    def _die(self, nth: int) -> int:
        """Begin a run that dies."""
        if self.case.window is not None:
            return self._start((self.case.window, nth, self.case.number))
        child = self._start()
        if not has_ended(child, self.case.part * self.ground.whole.get(self.key, 4.0)):
            os.kill(child, self.case.number)
        return child

    def _start(self, death: Any = None) -> int:
        self.runs += 1
        arguments = ("run", "config.json", "--destination", self.case.destination)
        settings = {"DESTINATION__POSTGRES__CREDENTIALS": self.ground.dsn}
        named = ("--dataset", self.dataset, "--pipeline", "crash", "--quiet")
        return start(self.home, (*arguments, *named), settings, death, by_rows=self.case.by_rows)

    def _wait(self, child: int) -> int:
        """Its end; one that takes too long is killed, and ends with 99."""
        if has_ended(child, _PATIENCE):
            return end_of(child)
        os.kill(child, signal.SIGKILL)
        end_of(child)
        return 99


class _Database:
    """Queries on the tables of a case."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._connection: Any = None

    def __enter__(self) -> Any:
        if self._run.case.destination == "duckdb":
            self._connection = duckdb.connect(str(self._run.home / "crash.duckdb"))
        else:
            self._connection = psycopg2.connect(self._run.ground.dsn)
        return self._query

    def _query(self, text: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.cursor()
        cursor.execute(f"SET search_path = '{self._run.dataset}'")
        cursor.execute(text)
        return list(cursor.fetchall())

    def __exit__(self, *_: object) -> None:
        if self._run.case.destination != "duckdb":
            self._connection.rollback()
            with self._connection.cursor() as cursor:
                for dataset in (self._run.dataset, f"{self._run.dataset}_staging"):
                    cursor.execute(f"DROP SCHEMA IF EXISTS {dataset} CASCADE")
            self._connection.commit()
        self._connection.close()


def _leftovers(home: Path) -> Iterator[str]:
    """What runs have left in dlt's working folder: nothing but packages that are done."""
    working = home / "dlt" / "pipelines" / "crash"
    inboxes = ("normalize/extracted", "load/new", "load/normalized")
    left = [*working.glob("normalize/*/"), *(one for box in inboxes for one in working.glob(f"{box}/*"))]
    for one in left:
        if one.name != "extracted":
            yield f"left in the working folder: {one.relative_to(working)}"


def _receipts(home: Path) -> Any:
    return archive.stored("crash", folder=home / archive.FOLDER).receipts


def _history(home: Path, runs: int, *, killed: bool) -> Iterator[str]:
    """What is wrong with the receipts: there is one for each run; a run may be killed before it has begun."""
    receipts = _receipts(home)
    stopped = [one for one in receipts if one.error is not None]
    if killed and len(receipts) != runs:
        yield f"{len(receipts)} receipts of {runs} runs"
    if len(stopped) > 1 or any(one.error and one.error.exit_code not in (137, 143) for one in stopped):
        yield f"receipts say {[one.error for one in stopped]}"


__all__ = ["SEED", "Case", "Ground", "Outcome", "case_of", "play"]
