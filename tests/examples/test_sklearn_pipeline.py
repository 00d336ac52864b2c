"""The recipe runs without warnings and finds wrong labels."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "sklearn_pipeline.py"


def test_the_example_runs_without_warnings_and_finds_wrong_labels(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLE, tmp_path],
        capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    found = re.search(r"wrong labels among as many hardest samples: (\d+)%", done.stdout)
    assert int(found[1]) > 70
    accuracies = re.search(r"test accuracy: ([\d.]+) of all 1347, ([\d.]+) of", done.stdout)
    assert all(0.9 < float(accuracy) < 1 for accuracy in accuracies.groups())
    for name in ("easiness_display.png", "easiness_curve_display.png"):
        assert (tmp_path / name).read_bytes()[:4] == b"\x89PNG"
