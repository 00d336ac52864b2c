"""Scripts of examples/evidence/ are imported by folder and name: `from scaling import workers`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "evidence"))
