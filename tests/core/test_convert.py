"""Whatever holds numbers gives the same scores as a plain array of them."""

import math

import numpy as np
import pytest
from conftest import interpreted, softmax_rows

import easiness_core as ec
from easiness_core.validation import check_labels

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


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "negative rows": lambda a: a[::-1].copy()[::-1],
    "unaligned": unaligned,
    "read-only": read_only,
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
        np.testing.assert_array_equal(probs, plain)
        before = probs.tobytes()
        assert_same(ec.score(probs, LABELS), ec.score(plain, LABELS))
        assert probs.tobytes() == before


def test_memory_maps(tmp_path):
    np.save(tmp_path / "probs.npy", PROBS)
    np.save(tmp_path / "labels.npy", LABELS)
    probs = np.load(tmp_path / "probs.npy", mmap_mode="r")
    labels = np.load(tmp_path / "labels.npy", mmap_mode="r")
    assert_same(ec.score(probs, labels), ec.score(PROBS, LABELS))


def test_half_is_scored_as_the_float32_that_it_equals():
    near = np.abs(HALF.astype(np.float64).sum(axis=1) - 1) < 9e-4  # float32's own tolerance
    assert near.sum() > N // 2
    assert_same(
        ec.score(HALF[near], LABELS[near]),
        ec.score(HALF[near].astype(np.float32), LABELS[near]),
    )


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, ">i4", np.float32, np.longdouble])
def test_other_numbers_are_scored_as_the_float64_that_they_equal(dtype):
    plain = PROBS.astype(np.float32) if np.dtype(dtype).kind == "f" else ONE_HOT
    probs = plain.astype(dtype)
    assert_same(ec.score(probs, LABELS), ec.score(plain.astype(np.float64), LABELS))


@pytest.mark.parametrize("probs", [ONE_HOT * 7 + 1, PROBS * 100, HALF * np.float16(8)])
def test_normalize_divides_a_copy(probs):
    before = probs.tobytes()
    wide = probs.astype(np.float64)
    want = ec.score(wide / wide.sum(axis=1, keepdims=True), LABELS)
    assert_same(ec.score(read_only(probs), LABELS, normalize=True), want)
    assert probs.tobytes() == before


def test_lists_and_tuples():
    assert_same(ec.score(PROBS.tolist(), LABELS.tolist()), ec.score(PROBS, LABELS))
    assert_same(ec.score(tuple(map(tuple, PROBS)), tuple(LABELS)), ec.score(PROBS, LABELS))


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, ">i2", np.int64, ">i8", np.uint64, np.float32, np.float64]
)
def test_labels_of_any_dtype_and_layout(dtype):
    for layout in (np.asarray, strided, unaligned, read_only):
        labels = layout(LABELS.astype(dtype))
        before = labels.tobytes()
        # Kernels are compiled for aligned labels: another layout would compile them once more.
        checked = check_labels(labels, N, M)
        np.testing.assert_array_equal(checked, LABELS)
        assert checked.dtype == np.int64
        assert checked.flags.aligned
        assert checked.flags.c_contiguous
        assert labels.tobytes() == before


def test_boolean_and_masked_labels():
    two = PROBS[:, :2] / PROBS[:, :2].sum(axis=1, keepdims=True)
    want = ec.score(two, LABELS % 2)
    assert_same(ec.score(two, LABELS % 2 == 1), want)
    assert_same(ec.score(two, np.ma.array(LABELS % 2)), want)


@pytest.mark.parametrize("name_type", [str, float, int, bytes])
def test_labels_by_name(name_type):
    names = [b"%d" % (9 - k) if name_type is bytes else name_type(9 - k) for k in range(M)]
    labels = [names[i] for i in LABELS]
    want = ec.score(PROBS, LABELS)
    for classes in (names, tuple(names), np.array(names), np.array(names, dtype=object)):
        assert_same(ec.score(PROBS, labels, classes=classes), want)
        assert_same(ec.score(PROBS, np.array(labels, dtype=object), classes=classes), want)


def rows_of_sum(total, dtype, n_classes):
    """One row whose exact sum is nearly `total`, and that sum."""
    row = np.full(n_classes, total / n_classes, dtype=dtype)
    row[0] = dtype(total - math.fsum(row[1:].astype(np.float64)))
    return row[None], math.fsum(row.astype(np.float64))


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(np.float64, 1e-3 + 1e-9), (np.float32, 1e-3), (np.float16, 2e-2)],
)
@pytest.mark.parametrize(("sign", "n_classes"), [(-1, 2), (1, 3), (-1, 10)])
def test_row_sums_at_the_edge_of_their_tolerance(n_classes, sign, dtype, tolerance):
    # Two spacings of the dtype, but no less than what the order of a float64 sum can change.
    step = max(2 * float(np.spacing(dtype(1))), 1e-14)
    inside, total = rows_of_sum(1 + sign * (tolerance - step), dtype, n_classes)
    assert tolerance - 3 * step < abs(total - 1) < tolerance
    assert ec.score(inside, [0]).summary.n_samples == 1
    outside, total = rows_of_sum(1 + sign * (tolerance + step), dtype, n_classes)
    assert tolerance < abs(total - 1) < tolerance + 3 * step
    with pytest.raises(ValueError, match=f"1 rows do not sum to 1 within {tolerance:g};.*row 0"):
        ec.score(outside, [0])
    assert ec.score(outside, [0], normalize=True).summary.n_samples == 1


def test_a_sum_on_the_very_edge_is_never_called_a_change_of_the_array():
    # The kernel adds in another order than the message's author: they may disagree by rounding.
    rng = np.random.default_rng(0)
    messages = set()
    for _ in range(20 if interpreted else 300):
        try:
            ec.score(rng.dirichlet(np.ones(17))[None] * (1.001 + 1e-9), [0])
        except ValueError as error:
            messages.add(str(error)[:63])
    assert messages == {"probs: 1 of 1 rows do not sum to 1 within 0.001; the first is r"}


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-6), (np.float16, 1e-3)]
)
def test_tiny_negatives_are_rounding(dtype, tolerance):
    row = np.array([[-tolerance * 0.99, 0.25, 0.75]], dtype=dtype)
    got = ec.score(row, [2])
    assert got.loss[0] == -math.log(0.75)
    assert ec.score(row, [0]).loss[0] == math.inf
    row[0, 0] = -tolerance * 1.01
    with pytest.raises(ValueError, match="probs: 1 of 1 rows contain values below 0; the first is"):
        ec.score(row, [2])


def test_a_probability_above_1_by_rounding():
    got = ec.score([[1.0009, 0.0], [1 + 1e-7, -1e-7]], [0, 0])
    assert got.loss.tolist() == [0.0, 0.0]
    assert got.easiness.tolist() == [1.0, 1.0]


def test_pandas():
    pd = pytest.importorskip("pandas", reason="pandas is no dependency of the core")
    frame, want = pd.DataFrame(PROBS, index=np.arange(N) + 7), ec.score(PROBS, LABELS)
    for probs in (frame, frame.astype("Float64"), frame.astype({0: "Float64"})):
        for labels in (LABELS, pd.Series(LABELS, index=frame.index), pd.Index(LABELS)):
            assert_same(ec.score(probs, labels), want)
    assert_same(ec.score(frame, pd.Series(LABELS, frame.index, dtype="Int64")), want)
    assert_same(ec.score(frame, pd.Series(LABELS, frame.index, dtype="Float64")), want)
    assert_same(ec.score(pd.DataFrame(HALF), LABELS), ec.score(HALF, LABELS))
    assert_same(ec.score(pd.DataFrame(ONE_HOT).astype(bool), LABELS), ec.score(ONE_HOT, LABELS))
    names = pd.Series(np.array(list("vwxyz"))[LABELS], frame.index)
    for labels in (names, names.astype("category"), pd.Categorical(names), names.astype(object)):
        assert_same(ec.score(frame, labels, classes=list("vwxyz")), want)
    with pytest.raises(TypeError, match=r"^labels: .*first label '[v-z]'.*pass classes="):
        ec.score(frame, names)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "float64", "category", "str", "object"])
def test_missing_labels_in_pandas(dtype):
    pd = pytest.importorskip("pandas", reason="pandas is no dependency of the core")
    numeric = dtype[1:] in ("nt64", "loat64")
    labels = pd.Series([0, None, 1, None] if numeric else ["a", None, "b", None], dtype=dtype)
    with pytest.raises(ValueError, match=r"^labels: 2 of 4 .*row 1\b") as caught:
        ec.score(PROBS[:4], labels, classes=None if numeric else list("abcde"))
    assert any(what in str(caught.value) for what in ("drop or fill", "label nan"))


@pytest.mark.parametrize("dtype", ["Float64", "float64", "double[pyarrow]"])
def test_missing_probabilities_in_pandas(dtype):
    pd = pytest.importorskip("pandas", reason="pandas is no dependency of the core")
    pytest.importorskip("pyarrow", reason="pyarrow is no dependency of the core")
    frame = pd.DataFrame(PROBS[:4]).astype(dtype)
    frame.iloc[[1, 3], 0] = None
    with pytest.raises(ValueError, match=r"^probs: 2 of 4 rows .*(NaN|missing).*row 1\b"):
        ec.score(frame, LABELS[:4])


def test_pyarrow():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is no dependency of the core")
    want = ec.score(PROBS, LABELS)
    table = pa.table({f"class {k}": PROBS[:, k] for k in range(M)})
    lists, fixed = pa.array(PROBS.tolist()), pa.FixedSizeListArray.from_arrays(PROBS.ravel(), M)
    chunks = [pa.chunked_array([a[:7], a[7:]]) for a in (lists, fixed)]
    for probs in (table, table.to_batches()[0], lists, fixed, *chunks, pa.table({"p": fixed})):
        assert_same(ec.score(probs, pa.array(LABELS)), want)
        if probs is not lists and probs is not chunks[0]:
            assert len(ec.score(probs[:0], pa.array([], pa.int64()))) == 0
    with pytest.raises(ValueError, match=r"^probs: "):  # of no rows, and so of no known width
        ec.score(lists[:0], [])
    assert_same(ec.score(fixed[9:], LABELS[9:]), ec.score(lists[9:], pa.array(LABELS)[9:]))
    names = pa.array(np.array(list("vwxyz"))[LABELS])
    for labels in (names, names.dictionary_encode(), pa.chunked_array([names[:9], names[9:]])):
        assert_same(ec.score(table, labels, classes=list("vwxyz")), want)


def test_pyarrow_that_cannot_be_scored():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is no dependency of the core")
    half = [0.5, 0.5]
    for probs in (
        pa.array([half, None, half, None]),
        pa.array([half, [None, 0.5], half, [None, None]]),
        pa.table({"a": [0.5, None, 0.5, None], "b": [0.5] * 4}),
    ):
        with pytest.raises(ValueError, match=r"^probs: 2 of 4 .*null.*row 1\b"):
            ec.score(probs, [0] * 4)
    for probs, message in ((pa.array([half, [1.0]]), "lengths 1 to 2"), (pa.table({}), "shape")):
        with pytest.raises(ValueError, match=f"^probs: expected .*{message}"):
            ec.score(probs, [0, 1])
    with pytest.raises(ValueError, match=r"^labels: 1 of 2 .*null.*row 1\b"):
        ec.score([half, half], pa.array([0, None]))
    with pytest.raises(TypeError, match=r"^probs: expected real numbers"):
        ec.score(pa.array([["a", "b"]]), [0])


def test_torch():
    torch = pytest.importorskip("torch", reason="torch is no dependency of the core")
    for dtype in (torch.float64, torch.float32, torch.float16):
        probs = torch.tensor(PROBS, dtype=dtype)
        want = ec.score(probs.numpy(), LABELS)
        for tensor in (probs, probs.requires_grad_(), torch.nn.Parameter(probs), probs.T.clone().T):
            assert_same(ec.score(tensor, torch.tensor(LABELS)), want)


def test_bfloat16():
    torch = pytest.importorskip("torch", reason="torch is no dependency of the core")
    tensor = torch.tensor(PROBS[:, :2] / PROBS[:, :2].sum(axis=1, keepdims=True)).bfloat16()
    single = tensor.float().numpy()
    assert (np.abs(single.sum(axis=1) - 1) > 1e-3).any()  # needs the tolerance of half types
    for probs in (tensor, tensor.T.contiguous().T):
        got = ec.score(probs, LABELS % 2)
        np.testing.assert_array_equal(got.predicted, single.argmax(axis=1))
        same = np.abs(single.sum(axis=1) - 1) < 9e-4
        want = ec.log_easiness(single[same], LABELS[same] % 2)
        np.testing.assert_array_equal(got.log_easiness[same], want)
    assert_same(
        ec.score(tensor, LABELS % 2, normalize=True),
        ec.score(single, LABELS % 2, normalize=True),
    )
    tensor[3] = 0
    with pytest.raises(ValueError, match=rf"^probs: 1 of {N} rows .*within 0.02; .* row 3 \(sum 0"):
        ec.score(tensor, LABELS % 2)
    with pytest.raises(ValueError, match=rf"^probs: 1 of {N} rows sum to 0 .* row 3"):
        ec.score(tensor, LABELS % 2, normalize=True)
