import sys

import numpy as np
import pytest
from conftest import run_script
from scipy.special import softmax as scipy_softmax

import easiness_core as ec


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
def test_equals_scipys_softmax(rng, dtype):
    logits = (rng.normal(size=(20_000, 7)) * 30).astype(dtype)
    with np.errstate(all="raise"):
        probs, single = ec.softmax(logits), ec.softmax(logits, dtype="float32")
    np.testing.assert_allclose(probs, scipy_softmax(logits.astype(np.float64), axis=1), rtol=1e-13)
    assert (probs.dtype, single.dtype) == (np.float64, np.float32)
    np.testing.assert_array_equal(single, probs.astype(np.float32))


@pytest.mark.parametrize(
    ("logits", "probs"),
    [
        ([1e308, -1e308], [1.0, 0.0]),
        ([-1e308, -1e308], [0.5, 0.5]),
        ([710.0, 0.0], [1.0, np.exp(-710.0)]),
        ([0.0, -np.inf, 0.0], [0.5, 0.0, 0.5]),
    ],
)
def test_large_logits_and_impossible_classes(logits, probs):
    np.testing.assert_allclose(ec.softmax([logits])[0], probs, rtol=1e-12)


@pytest.mark.parametrize("bad", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf]])
def test_what_is_no_logit_is_named_by_row(bad):
    logits = np.zeros((40_000, 2))
    logits[33_333] = bad
    with pytest.raises(ValueError, match=r"logits: expected finite numbers .* in row 33333"):
        ec.softmax(logits)
    assert ec.softmax(logits[:0]).shape == (0, 2)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")
def test_a_memory_map_is_read_in_blocks(tmp_path):
    script = """
import sys
import numpy as np
import easiness_core as ec

def peak():
    # Anonymous memory only: pages of the map itself may come and go.
    status = dict(line.split(":") for line in open("/proc/self/status"))
    return int(status["RssAnon"].split()[0]) >> 10

logits = np.lib.format.open_memmap(sys.argv[1], "w+", np.float32, (4_000_000, 10))
ec.softmax(logits[:10], dtype=np.float32)
before = peak()
probs = ec.softmax(logits, dtype=np.float32)
print(peak() - before)
"""
    assert int(run_script(script, tmp_path / "logits.npy")) < 153 + 10
