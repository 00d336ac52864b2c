"""easiness_aum needs nothing beyond the core: no torch, no pandas, no aum."""

import subprocess
import sys

import numpy as np
from easiness_aum import AreaUnderMargin, AUMFilter, choose_threshold_samples

import easiness_core as ec

CODE = """
import sys
for name in ("torch", "pandas", "aum", "sklearn", "pyarrow", "matplotlib"):
    sys.modules[name] = None
import easiness_aum as a
area = a.AreaUnderMargin(keep_records=True)
area.update([0, 1, 2], [[2.0, 0.0, -1.0], [0.0, 3.0, 0.0], [0.0, 1.0, 5.0]], [0, 1, 2])
area.to_csv(".")
found = a.AUMFilter().flag(area.values([0, 1, 2]), [2])
print(len(a.AreaUnderMargin.read_csv("full_aum_records.csv")), found.flags.sum())
"""


def test_all_of_it_works_without_a_framework(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 2\n"


def test_monte_carlo_serves_as_the_estimator(rng):
    estimator = ec.MonteCarlo(sigma=0.1, draws=200, seed=3)
    labels = rng.integers(0, 3, 300)
    planted = choose_threshold_samples(300, 3, runs=1)[0]
    labels[planted] = 3
    area = AreaUnderMargin(estimator=estimator)
    for _ in range(2):
        logits = rng.normal(size=(300, 4))
        area.update(np.arange(300), logits, labels)
        last = ec.easiness(ec.softmax(logits), labels, estimator=estimator)
    assert (np.abs(area.values().easiness * 2 - last) <= 1 + 1e-9).all()
    probs = ec.softmax(logits)
    found = AUMFilter("drop_easy", cut="level", estimator=estimator).flag(
        area.values(), planted, probs=probs
    )
    assert np.array_equal(found.flags, found.aum_flags & (last < 1.0))
