"""Engine tests share one small module; test folders are no packages, so it is put on the path here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
