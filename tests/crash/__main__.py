"""`python -m tests.crash --kills 200`: kill runs, and print a line for each failure and a table of counts."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.ground import ground_in
from tests.crash.harness import case_of, play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.crash.harness import Outcome


def main() -> int:
    """Play the cases; 1 when one of them is wrong."""
    asked = _arguments()
    seeds = asked.seeds or range(asked.first, asked.first + asked.kills)
    outcomes: list[Outcome] = []
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        folder.mkdir(parents=True, exist_ok=True)
        ground = stack.enter_context(ground_in(folder))
        for seed in seeds:
            outcome = play(case_of(seed, asked.destinations or _known(ground.dsn)), ground)
            outcomes.append(outcome)
            if outcome.faults:
                print(f"WRONG  {outcome.case}\n       " + "\n       ".join(outcome.faults), flush=True)  # noqa: T201  # its purpose
    print(_table(outcomes))  # noqa: T201  # same
    return int(any(one.faults for one in outcomes))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first case")
    parser.add_argument("--seeds", type=int, nargs="*", help="only these cases")
    parser.add_argument("--destinations", nargs="*", choices=("duckdb", "postgres"))
    parser.add_argument("--keep", type=Path, help="keep what the cases leave in this folder")
    return parser.parse_args()


def _known(dsn: str) -> Sequence[str]:
    return ("duckdb", "postgres") if dsn else ("duckdb",)


def _table(outcomes: Sequence[Outcome]) -> str:
    """How many cases there were, by database and signal, how many of them were killed, and how many wrong."""
    groups = Counter((one.case.destination, one.case.number.name) for one in outcomes)
    lines = [f"{'':24}{'runs':>8}{'killed':>8}{'wrong':>8}"]
    for name, runs in sorted(groups.items()):
        of = [one for one in outcomes if (one.case.destination, one.case.number.name) == name]
        killed, wrong = sum(one.killed for one in of), sum(bool(one.faults) for one in of)
        lines.append(f"{' '.join(name):24}{runs:>8}{killed:>8}{wrong:>8}")
    killed, wrong = sum(one.killed for one in outcomes), sum(bool(one.faults) for one in outcomes)
    return "\n".join((*lines, f"{'all':24}{len(outcomes):>8}{killed:>8}{wrong:>8}"))


if __name__ == "__main__":
    sys.exit(main())
