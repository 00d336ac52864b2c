import math
import sys

import numpy as np
import pytest
from conftest import run_script
from scipy.special import softmax as scipy_softmax

import easiness_core as ec


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int32])
def test_equals_scipys_softmax(rng, dtype):
    logits = (rng.normal(size=(20_000, 7)) * 30).astype(dtype)
    probs = ec.softmax(logits)
    np.testing.assert_allclose(probs, scipy_softmax(logits.astype(np.float64), axis=1), rtol=1e-13)
    assert probs.dtype == np.float64


def test_large_logits_neither_overflow_nor_underflow_to_nan():
    probs = ec.softmax([[1e308, -1e308], [-1e308, -1e308], [710.0, 0.0]])
    assert probs[0].tolist() == [1.0, 0.0]
    assert probs[1].tolist() == [0.5, 0.5]
    assert probs[2, 1] == pytest.approx(math.exp(-710.0), rel=1e-12)


def test_minus_infinity_is_an_impossible_class():
    assert ec.softmax([[0.0, -np.inf, 0.0]]).tolist() == [[0.5, 0.0, 0.5]]


@pytest.mark.parametrize("bad", [[np.nan, 0.0], [np.inf, 0.0], [-np.inf, -np.inf]])
def test_what_is_no_logit_is_named_by_row(bad):
    logits = np.zeros((40_000, 2))
    logits[33_333] = bad
    with pytest.raises(ValueError, match=r"logits: expected finite numbers .* in row 33333"):
        ec.softmax(logits)


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype(">f4").newbyteorder("=")])
def test_float32_out(rng, dtype):
    logits = (rng.normal(size=(20_000, 7)) * 60).astype(np.float32)
    with np.errstate(all="raise"):
        probs = ec.softmax(logits, dtype=dtype)
    assert probs.dtype == np.float32
    np.testing.assert_array_equal(probs, ec.softmax(logits).astype(np.float32))
    for refused in (np.float16, int, np.longdouble, complex):
        with pytest.raises(ValueError, match="dtype: expected float64 or float32, got "):
            ec.softmax(logits, dtype=refused)


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


def test_shape_and_type():
    with pytest.raises(ValueError, match=r"logits: expected shape \(n_samples, n_classes\)"):
        ec.softmax([1.0, 2.0])
    with pytest.raises(TypeError, match="logits: expected real numbers, got dtype com"):
        ec.softmax([[1j, 0]])
    assert ec.softmax(np.empty((0, 3))).shape == (0, 3)
