"""Whatever holds numbers gives the same scores as a plain array of them.

Frames and columns of other libraries have test_frames_in.py.
"""

import tempfile

import numpy as np
import pytest
from conftest import softmax_rows

import easiness_core as ec
from easiness_core.validation import check_labels, check_probs, is_torch, to_array

N, M = 500, 5
COLUMNS = ("easiness", "log_easiness", "level", "loss", "predicted")
PROBS, LABELS = softmax_rows(np.random.default_rng(7), N, M)
HALF = PROBS.astype(np.float16)
ONE_HOT = np.eye(M, dtype=np.int64)[np.roll(LABELS, 3)]


def assert_same(got, want):
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(got, name), getattr(want, name), err_msg=name)
    assert got.summary == want.summary


def unaligned(array):
    raw = np.frombuffer(b"\0" * 3 + array.tobytes(), dtype=np.uint8)[3:]
    view = raw.view(array.dtype).reshape(array.shape)
    assert view.flags.aligned == (array.dtype.itemsize == 1)
    return view


def strided(array):
    wide = np.full((2 * len(array), *(2 * n for n in array.shape[1:])), 7, dtype=array.dtype)
    view = wide[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def read_only(array):
    return np.frombuffer(array.tobytes(), dtype=array.dtype).reshape(array.shape)


def memory_map(array):
    with tempfile.TemporaryFile() as file:
        file.write(array.tobytes())
        file.flush()
        return np.memmap(file, array.dtype, "r", shape=array.shape)


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "unaligned": unaligned,
    "read-only": read_only,
    "a memory map": memory_map,
    "broadcast": lambda a: np.broadcast_to(a[None], (2, *a.shape))[1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "np.matrix": lambda a: a.view(np.matrix),
    "masked, nothing masked": lambda a: np.ma.array(a, mask=np.zeros(a.shape, bool)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    for dtype in (np.float64, np.float32, np.float16):
        plain = PROBS.astype(dtype)
        probs = LAYOUTS[layout](plain)
        before = probs.tobytes()
        assert_same(ec.score(probs, LABELS), ec.score(plain, LABELS))
        assert probs.tobytes() == before


def test_lists_and_tuples():
    assert_same(ec.score(PROBS.tolist(), LABELS.tolist()), ec.score(PROBS, LABELS))
    assert_same(ec.score(tuple(map(tuple, PROBS)), tuple(LABELS)), ec.score(PROBS, LABELS))
    objects = np.empty(N, dtype=object)
    objects[:] = list(PROBS)
    assert_same(ec.score(objects, LABELS), ec.score(PROBS, LABELS))


@pytest.mark.parametrize(
    "dtype", [bool, np.int8, np.uint64, ">i4", np.float16, np.float32, np.longdouble]
)
def test_other_numbers_are_scored_as_the_wider_ones_that_they_equal(dtype):
    plain = PROBS if np.dtype(dtype).kind == "f" else ONE_HOT
    probs = plain.astype(dtype)
    wide = probs.astype(np.float32 if dtype == np.float16 else np.float64)
    near = np.abs(wide.sum(axis=1) - 1) < 9e-4  # float16 has a tolerance of its own
    assert near.sum() > N // 2
    assert_same(ec.score(probs[near], LABELS[near]), ec.score(wide[near], LABELS[near]))


@pytest.mark.parametrize("probs", [ONE_HOT * 7 + 1, PROBS * 100, HALF * np.float16(8)])
def test_normalize_divides_a_copy(probs):
    before = probs.tobytes()
    wide = probs.astype(np.float64)
    want = ec.score(wide / wide.sum(axis=1, keepdims=True), LABELS)
    assert_same(ec.score(read_only(probs), LABELS, normalize=True), want)
    assert probs.tobytes() == before


@pytest.mark.parametrize("dtype", [bool, np.int8, ">i2", np.int64, np.uint64, np.float64])
def test_labels_of_any_dtype_and_layout(dtype):
    want = LABELS % 2 if dtype is bool else LABELS
    for layout in (np.asarray, strided, unaligned, read_only, np.ma.array):
        labels = layout(want.astype(dtype))
        # Kernels are compiled for aligned labels: another layout would compile them once more.
        checked = check_labels(labels, N, M)
        np.testing.assert_array_equal(checked, want)
        assert checked.dtype == np.int64
        assert checked.flags.aligned
        assert checked.flags.c_contiguous
        # The caller's array may change, and ours may not.
        assert not checked.flags.writeable
        assert not np.shares_memory(checked, labels)


@pytest.mark.parametrize(
    "names",
    [list("vwxyz"), [9, 8, 7, 6, 5], [9.5, 8.0, 7.0, 6.0, 5.0], [b"v", b"w", b"x", b"y", b"z"],
     [1, "a", b"b", 2.5, 3]],
    ids=["text", "whole numbers", "floats", "bytes", "several kinds"],
)  # fmt: skip
def test_labels_by_name(names):
    want = ec.score(PROBS, LABELS)
    labels, objects = [names[i] for i in LABELS], np.array([None, *names], dtype=object)[1:]
    for classes in (names, tuple(names), objects):
        assert_same(ec.score(PROBS, labels, classes=classes), want)
        assert_same(ec.score(PROBS, objects[LABELS], classes=classes), want)
    if bytes not in map(type, names):  # as in files, a number may be written as text
        assert_same(ec.score(PROBS, np.array(list(map(str, labels))), classes=names), want)


def test_torch():
    torch = pytest.importorskip("torch", reason="torch is no dependency of the core")
    for dtype in (torch.float64, torch.float32, torch.float16):
        probs = torch.tensor(PROBS, dtype=dtype)
        want = ec.score(probs.numpy(), LABELS)
        negative = torch.complex(probs.double(), -probs.double()).conj().imag.to(dtype)
        for tensor in (probs.requires_grad_(), torch.nn.Parameter(probs), probs.T.clone().T,
                       negative):  # fmt: skip
            assert_same(ec.score(tensor, torch.tensor(LABELS)), want)
    for dtype in (torch.bfloat16, torch.float16, torch.uint16):
        np.testing.assert_array_equal(check_labels(torch.tensor(LABELS).to(dtype), N, M), LABELS)
    with pytest.raises(TypeError, match=r"^probs: expected an array, got a tensor without values$"):
        check_probs(torch.empty(4, 2, device="meta"))


def test_bfloat16_has_the_tolerance_of_half_types():
    torch = pytest.importorskip("torch", reason="torch is no dependency of the core")
    tensor = torch.tensor(PROBS[:, :2] / PROBS[:, :2].sum(axis=1, keepdims=True)).bfloat16()
    single = tensor.float().numpy()
    same = np.abs(single.sum(axis=1) - 1) < 9e-4
    assert not same.all()
    for probs in (tensor, tensor.T.contiguous().T):
        got = ec.score(probs, LABELS % 2)
        np.testing.assert_array_equal(got.predicted, single.argmax(axis=1))
        want = ec.log_easiness(single[same], LABELS[same] % 2)
        np.testing.assert_array_equal(got.log_easiness[same], want)
    assert_same(
        ec.score(tensor, LABELS % 2, normalize=True),
        ec.score(single, LABELS % 2, normalize=True),
    )
    tensor[3] = 0
    for normalize, said in ((False, r"within 0.02; .* row 3 \(sum 0"), (True, "sum to 0 .* row 3")):
        with pytest.raises(ValueError, match=rf"^probs: 1 of {N} rows .*{said}"):
            ec.score(tensor, LABELS % 2, normalize=normalize)


def test_arrays_are_viewed_and_torch_is_not_imported_to_know_its_tensors():
    array = np.zeros((2, 2))
    assert to_array(array, "x") is array
    assert np.shares_memory(to_array(np.ma.array(array), "x"), array)
    tensor = type("Tensor", (), {"__module__": "torch", "device": "cpu"})
    assert is_torch(tensor())
    assert is_torch(type("Mine", (tensor,), {"__module__": "mine"})())
    assert not is_torch(array)
    assert not is_torch(type("Dataset", (), {"__module__": "torch.utils.data"})())
