"""docs/sklearn.md shows the table that sklearn_scorers.py prints."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_guide_shows_the_table_of_its_script():
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "evidence" / "sklearn_scorers.py"],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    page = (ROOT / "docs" / "sklearn.md").read_text("utf-8")
    printed = [line for line in done.stdout.splitlines() if re.search(r"\| -?\d", line)]
    shown = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| ")}
    assert len(printed) == 6
    for line in printed:
        name, *values = line.strip("| ").split(" | ")
        documented = shown[f"| {name}"].strip("| ").split(" | ")[1:]
        # Last digits may differ between platforms.
        for value, expected in zip(values, documented, strict=True):
            assert float(value) == pytest.approx(float(expected), rel=0.02, abs=0.003)
