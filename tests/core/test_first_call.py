"""What the first call compiles: few kernels, once for float64 and once for float32.

How long that takes is measured by tests/bench, never here.
"""

import json
import subprocess
import sys

import pytest
from conftest import interpreted

pytestmark = pytest.mark.skipif(interpreted, reason="NUMBA_DISABLE_JIT=1: nothing is compiled")

COUNT = """
import json, pkgutil, importlib
import numpy as np
import easiness_core as ec
import easiness_core._kernels as kernels

def compiled():
    counts = {}
    for module in pkgutil.iter_modules(kernels.__path__):
        members = vars(importlib.import_module(f"{kernels.__name__}.{module.name}"))
        for name, member in members.items():
            if hasattr(member, "signatures"):
                home = member.py_func.__module__.rpartition(".")[2]
                counts[f"{home}.{name}"] = len(member.signatures)
    return counts

probs, labels = np.array([[0.9, 0.1], [0.51, 0.49]] * 40), [0, 1] * 40
ec.score(probs.tolist(), labels)
first = compiled()
read_only = probs.copy()
read_only.flags.writeable = False
labels = np.array(labels)
for other in (read_only, np.asfortranarray(probs), probs[::2], probs[:, ::-1], probs.astype(">f8")):
    for given in (labels, labels.astype(np.int32), labels.astype(np.uint8)):
        ec.score(other, given[: len(other)], n_bins=7, n_threads=2)
ec.score(100 * probs, labels, normalize=True, estimator=ec.ClosedForm(sigma=0.3, resolution=0.1))
layouts = compiled()
ec.score(probs.astype(np.float32), labels)
ec.score(probs.astype(np.float16), labels)
print(json.dumps([first, layouts, compiled()]))
"""


def test_few_kernels_are_compiled_and_no_layout_or_option_compiles_them_again():
    done = subprocess.run(
        [sys.executable, "-P", "-c", COUNT], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stderr) == (0, "")
    first, layouts, both = json.loads(done.stdout)
    assert first["closed_form.closed_form"] == first["rows.first_label_outside"] == 1
    assert not any(n for name, n in first.items() if name.startswith("monte_carlo."))
    assert max(first.values()) == 1
    assert layouts == first
    # float32 compiles what reads probabilities alone.
    again = {name for name in both if both[name] > first[name]}
    assert "closed_form.closed_form" in again
    assert again <= {
        "closed_form.closed_form", "closed_form._gather", "rows.score_saturated", "rows.sum_row",
    }  # fmt: skip
    assert max(both.values()) == 2
