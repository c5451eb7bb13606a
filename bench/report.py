"""`python bench/report.py RESULTS.jsonl`: write a measurement into docs/benchmarks.md, with a picture.

Started as a file, like `run.py`; what it does is in `publish.py`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:1] = [str(ROOT), str(ROOT / "src")]  # `bench` by its full name, restmill from this checkout

from bench.publish import main  # noqa: E402  # needs the lines above

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
