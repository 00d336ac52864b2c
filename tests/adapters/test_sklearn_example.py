"""The example runs, and finds what docs/sklearn.md says it finds."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "sklearn_pipeline.py"


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the installed package comes without examples")
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


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the installed package comes without examples")
def test_the_guide_shows_the_table_of_its_script():
    done = subprocess.run(
        [sys.executable, EXAMPLE.parent / "sklearn_scorers.py"],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    page = (EXAMPLE.parents[1] / "docs" / "sklearn.md").read_text("utf-8")
    printed = [line for line in done.stdout.splitlines() if re.search(r"\| -?\d", line)]
    shown = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| ")}
    assert len(printed) == 6
    for line in printed:
        name, *values = line.strip("| ").split(" | ")
        documented = shown[f"| {name}"].strip("| ").split(" | ")[1:]
        # Last digits may differ between platforms.
        for value, expected in zip(values, documented, strict=True):
            assert float(value) == pytest.approx(float(expected), rel=0.02, abs=0.003)
