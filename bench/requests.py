"""`python bench/requests.py`: requests sent for the same lists, dlt against restmill, as a table.

Lists of one resource by themselves, then the lists of 25 parents together; pages of ten, at most a few
milliseconds away (`bench.lists`). Nothing is loaded: only the requests count.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(ROOT), str(ROOT / "src")]

from bench.lists import PAGERS, PARENTS, config, counted  # noqa: E402  # needs the lines above

DELAY = 0.01  # seconds


def cell(rows: int, pager: dict[str, Any], *, children: bool) -> str:
    """For example `6 -> 8`: what dlt sent, and what restmill sent."""
    dlts, ours = counted(rows, lambda source, url: list(source(config(url, pager, children=children))), DELAY)
    return f"{dlts} -> {ours}"


def main() -> int:
    """Print both tables."""
    os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
    logging.disable(logging.WARNING)
    for children, lengths in ((False, (10, 20, 50, 197, 200)), (True, (4, 10, 14, 20, 50))):
        what = f"{PARENTS} lists of" if children else "one list of"
        print(f"\n| requests, dlt -> restmill: {what} | " + " | ".join(f"{n} rows" for n in lengths) + " |")
        print("|---" * (len(lengths) + 1) + "|")
        for name, pager in PAGERS.items():
            cells = (cell(rows, pager, children=children) for rows in lengths)
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
