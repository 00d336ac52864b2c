import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# The oracle is imported by its name: `import naive`.
sys.path.insert(0, str(Path(__file__).parent))
# Not by default: `make test-evidence` and `make test-package` run these.
collect_ignore = ["evidence", "package"]

# Interpreted kernels are a hundred times slower; their run is for coverage.
interpreted = os.environ.get("NUMBA_DISABLE_JIT") == "1"
settings.register_profile("house", deadline=None, max_examples=10 if interpreted else 100)
settings.load_profile("house")


@pytest.fixture
def rng():
    return np.random.default_rng(20240917)


@pytest.fixture
def data():
    """Folder of real data sets, named by EASINESS_DATA."""
    folder = os.environ.get("EASINESS_DATA")
    if not folder:
        pytest.skip("EASINESS_DATA is unset: no folder of real data to test on")
    return Path(folder)


def run_script(script, *arguments):
    """Run a script that may deadlock or crash in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def softmax_rows(rng, n_samples, n_classes, *, spread=4.0, dtype=np.float64):
    """Rows of which some saturate and some do not, and labels that mostly win."""
    logits = rng.normal(scale=spread, size=(n_samples, n_classes))
    labels = rng.integers(0, n_classes, n_samples)
    logits[np.arange(n_samples), labels] += rng.normal(2 * spread, spread, n_samples)
    probs = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (probs / probs.sum(axis=1, keepdims=True)).astype(dtype), labels


@pytest.fixture
def make_rows(rng):
    def make(n_samples, n_classes, **options):
        return softmax_rows(rng, n_samples, n_classes, **options)

    return make
