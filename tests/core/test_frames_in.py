"""Frames in: equal bytes for every container, names from columns, and no quiet mix-up."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
datasets = pytest.importorskip("datasets")

N, NAMES = 400, ["cat", "dog", "ant"]
RNG = np.random.default_rng(3)
PROBS = RNG.dirichlet([0.5, 0.5, 0.5], N)
LABELS = np.where(RNG.random(N) < 0.8, PROBS.argmax(axis=1), RNG.integers(0, 3, N))
WORDS = np.array(NAMES)[LABELS].tolist()
WANT = ec.score(PROBS, LABELS)
COLUMNS = {f"prob_{name}": PROBS[:, at] for at, name in enumerate(NAMES)}
FRAME = pd.DataFrame(COLUMNS)
LISTS = pa.array(PROBS.tolist())
TENSORS = pa.FixedShapeTensorArray.from_numpy_ndarray(PROBS)
POLARS = pl.DataFrame(COLUMNS)
FIXED = pa.FixedSizeListArray.from_arrays(PROBS.ravel(), 3)
FEATURES = datasets.Features(
    {
        "probs": datasets.List(datasets.Value("float64"), 3),
        "label": datasets.ClassLabel(names=NAMES),
    }
)
DATASET = datasets.Dataset.from_dict({"probs": PROBS.tolist(), "label": LABELS}, FEATURES)


class Stream:
    """Anything with the Arrow PyCapsule interface."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Array:
    """A column with the interface for arrays in one piece."""

    def __init__(self, array):
        self._array = array

    def __arrow_c_array__(self, requested_schema=None):
        return self._array.__arrow_c_array__(requested_schema)


TABLES = {
    "pandas": FRAME,
    "pandas, a block a column": pd.concat([FRAME[[name]] for name in FRAME], axis=1),
    "pandas, nullable": FRAME.convert_dtypes(dtype_backend="numpy_nullable"),
    "pandas, Arrow-backed": FRAME.convert_dtypes(dtype_backend="pyarrow"),
    "pandas, mixed": FRAME.astype({"prob_dog": "Float64", "prob_ant": "double[pyarrow]"}),
    "polars": POLARS,
    "polars, chunks": pl.concat(
        [pl.DataFrame(COLUMNS)[:9], pl.DataFrame(COLUMNS)[9:]], rechunk=False
    ),
    "pyarrow": pa.table(COLUMNS),
    "pyarrow, chunks": pa.concat_tables([pa.table(COLUMNS)[:7], pa.table(COLUMNS)[7:]]),
    "pyarrow, a batch": pa.table(COLUMNS).to_batches()[0],
    "pyarrow, a reader": lambda: pa.table(COLUMNS).to_reader(max_chunksize=50),
    "Arrow interface": Stream(pa.table(COLUMNS)),
    "datasets": datasets.Dataset.from_dict(COLUMNS),
    "datasets, NumPy": datasets.Dataset.from_dict(COLUMNS).with_format("numpy"),
}
MATRICES = {
    "pandas, lists": pd.Series(PROBS.tolist()),
    "pandas, a frame of arrays": pd.DataFrame({"probs": list(PROBS)}),
    "pandas, Arrow lists": pd.Series(pd.arrays.ArrowExtensionArray(LISTS)),
    "polars, Array": pl.Series(PROBS, dtype=pl.Array(pl.Float64, 3)),
    "polars, List": pl.Series(PROBS.tolist(), dtype=pl.List(pl.Float64)),
    "polars, a frame of lists": pl.DataFrame({"probs": PROBS.tolist()}),
    "pyarrow, lists": LISTS,
    "pyarrow, large lists": LISTS.cast(pa.large_list(pa.float64())),
    "pyarrow, views of lists": pa.array(PROBS.tolist(), pa.list_view(pa.float64())),
    "pyarrow, fixed lists": FIXED,
    "pyarrow, cut": pa.concat_arrays([FIXED[:5], FIXED])[5:],
    "pyarrow, tensors": TENSORS,
    "pyarrow, chunks": pa.chunked_array([FIXED[:9], FIXED[9:9], FIXED[9:]]),
    "pyarrow, chunks of tensors": pa.chunked_array([TENSORS[:9], TENSORS[9:]]),
    "Arrow interface": Array(FIXED),
    "datasets, a column": DATASET["probs"],
    "datasets, formatted": DATASET.with_format("torch")["probs"],
    "datasets, chosen rows": DATASET.select(range(N))["probs"],
}  # fmt: skip
NUMBERS = {
    "pandas": pd.Series(LABELS),
    "pandas, small": pd.Series(LABELS.astype(np.int8)),
    "pandas, nullable": pd.Series(LABELS, dtype="Int64"),
    "pandas, Arrow-backed": pd.Series(LABELS, dtype="int64[pyarrow]"),
    "pandas, objects": pd.Series(LABELS, dtype=object),
    "pandas, an index": pd.Index(LABELS),
    "polars": pl.Series(LABELS),
    "pyarrow": pa.array(LABELS),
    "pyarrow, chunks": pa.chunked_array([LABELS[:7], LABELS[7:]]),
    "pyarrow, dictionary": pa.array(LABELS).dictionary_encode(),
    "Arrow interface": Array(pa.array(LABELS)),
    "datasets": DATASET["label"],
}
TEXTS = {
    "a list": WORDS,
    "NumPy": np.array(WORDS),
    "pandas": pd.Series(WORDS),
    "pandas, objects": pd.Series(WORDS, dtype=object),
    "pandas, nullable": pd.Series(WORDS, dtype="string"),
    "pandas, Arrow-backed": pd.Series(WORDS, dtype=pd.ArrowDtype(pa.string())),
    "pandas, categories": pd.Series(WORDS, dtype="category"),
    "pandas, categories in another order": pd.Series(pd.Categorical(WORDS, ["dog", "ant", "cat"])),
    "pandas, a Categorical": pd.Categorical(WORDS, ["emu", "dog", "ant", "cat"], ordered=True),
    "polars": pl.Series(WORDS),
    "polars, chunks": pl.concat([pl.Series(WORDS[:9]), pl.Series(WORDS[9:])], rechunk=False),
    "polars, Categorical in chunks": pl.concat(
        [pl.Series(part, dtype=pl.Categorical) for part in (WORDS[:9], WORDS[9:])], rechunk=False
    ),
    "polars, Categorical": pl.Series(WORDS, dtype=pl.Categorical),
    "polars, Enum in another order": pl.Series(WORDS, dtype=pl.Enum(["dog", "ant", "cat"])),
    "pyarrow": pa.array(WORDS),
    "pyarrow, views": pa.array(WORDS, pa.string_view()),
    "pyarrow, dictionary": pa.chunked_array([WORDS[:9], WORDS[9:]]).dictionary_encode(),
    "datasets": datasets.Dataset.from_dict({"label": WORDS})["label"],
    "datasets, ClassLabel": DATASET["label"],
    "datasets, ClassLabel in another order": datasets.Dataset.from_dict(
        {"label": WORDS}, datasets.Features(label=datasets.ClassLabel(names=["dog", "ant", "cat"]))
    )["label"],
}  # fmt: skip


def assert_equal_bytes(got, want=WANT):
    for name in ("easiness", "log_easiness", "level", "loss", "predicted", "labels"):
        assert getattr(got, name).tobytes() == getattr(want, name).tobytes(), name
    assert got.summary == want.summary


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_scored_as_the_array(case):
    frame = TABLES[case]() if callable(TABLES[case]) else TABLES[case]
    got = ec.score(frame, WORDS)
    assert_equal_bytes(got)
    assert got.classes == ("cat", "dog", "ant")


@pytest.mark.parametrize("case", MATRICES)
def test_a_column_of_rows_is_scored_as_the_array(case):
    got = ec.score(MATRICES[case], LABELS)
    assert_equal_bytes(got)
    assert got.classes is None


@pytest.mark.parametrize("case", NUMBERS)
@pytest.mark.parametrize("probs", [PROBS, FRAME], ids=["array", "frame"])
def test_labels_by_number(case, probs):
    assert_equal_bytes(ec.score(probs, NUMBERS[case]))


@pytest.mark.parametrize("case", TEXTS)
def test_labels_by_name(case):
    got = ec.score(FRAME, TEXTS[case])
    assert_equal_bytes(got)
    assert got.classes == ("cat", "dog", "ant")
    assert_equal_bytes(ec.score(PROBS, WORDS, classes=NAMES))


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_small_floats_keep_their_own_tolerance(dtype):
    small = PROBS.astype(dtype)
    want = ec.score(small, LABELS)
    columns = dict(zip(NAMES, small.T, strict=True))
    for frame in (pd.DataFrame(columns), pa.table(columns), pl.DataFrame(columns)):
        assert_equal_bytes(ec.score(frame, WORDS), want)


def test_every_function_takes_frames():
    other = PROBS[:, [2, 0, 1]]
    shuffled = pd.DataFrame(other, columns=["p_ant", "p_cat", "p_dog"])
    assert ec.auroc(shuffled, WORDS) == pytest.approx(ec.auroc(PROBS, LABELS), rel=1e-12)
    assert ec.fit_sigma(FRAME, WORDS, grid=[0.1]).ese == ec.fit_sigma(PROBS, LABELS, grid=[0.1]).ese
    np.testing.assert_array_equal(
        ec.margins(shuffled, WORDS).margin, ec.margins(PROBS, LABELS).margin
    )
    found, want = ec.find_label_errors(FRAME, WORDS), ec.find_label_errors(PROBS, LABELS)
    assert found.suspicion.tobytes() == want.suspicion.tobytes()
    assert found.classes == tuple(NAMES)
    assert ec.log_easiness(FRAME, WORDS).tobytes() == WANT.log_easiness.tobytes()


@given(st.permutations(range(4)), st.sampled_from(["{}", "p_{}", "class{}", "{:02d}", "{}.0"]))
def test_numbered_columns_are_put_in_the_order_of_their_numbers(order, pattern):
    probs = np.random.default_rng(0).dirichlet(np.ones(4), 20)
    labels = np.arange(20) % 4
    frame = pd.DataFrame({pattern.format(at): probs[:, at] for at in order})
    for given_labels in (labels, labels.astype(float), [str(k) for k in labels]):
        got = ec.score(frame, given_labels)
        assert_equal_bytes(got, ec.score(probs, labels))
        assert got.classes is None


def test_columns_numbered_by_numbers():
    frame = pd.DataFrame(PROBS[:, [2, 0, 1]], columns=[2, 0, 1])
    assert_equal_bytes(ec.score(frame, LABELS))
    from_one = pd.DataFrame(PROBS, columns=[1, 2, 3])
    got = ec.score(from_one, LABELS + 1)
    assert_equal_bytes(got)
    assert got.classes == (1, 2, 3)
    with pytest.raises(ValueError, match=r"^labels: .* not among the classes \(1, 2, 3\)"):
        ec.score(from_one, LABELS)
    assert ec.score(pd.DataFrame(PROBS), LABELS).classes is None


@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        (np.int8, -128, 127), (np.uint8, 0, 255), (np.int64, -(2**63), 2**63 - 1),
        (np.uint64, 2**63 - 2, 2**64 - 1), (np.int64, 2**62, 2**62 + 3), (">i4", -5, 5),
    ],
)  # fmt: skip
def test_columns_named_by_any_whole_numbers(dtype, low, high):
    frame = pd.DataFrame(PROBS, columns=[low, low + 1, high])
    labels = np.array([low, low + 1, high], dtype)[LABELS]
    got = ec.score(frame, labels)
    assert_equal_bytes(got)
    assert got.classes == (low, low + 1, high)
    with pytest.raises(ValueError, match=r"^labels: 1 of 400 .* row 0, label "):
        ec.score(frame, np.array([low + 2, *labels[1:]], dtype))


@given(st.permutations(NAMES))
def test_the_order_of_named_columns_does_not_matter(order):
    got = ec.score(FRAME[[f"prob_{name}" for name in order]], WORDS)
    assert got.classes == tuple(order)
    words = np.array(order)
    np.testing.assert_array_equal(words[got.labels], WORDS)
    np.testing.assert_array_equal(words[got.predicted], np.array(NAMES)[WANT.predicted])
    np.testing.assert_allclose(got.easiness, WANT.easiness, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "kind"),
    [(POLARS, "polars DataFrame"), (pl.Series(WORDS), "polars Series"), (Array(FIXED), "Array")],
)
def test_pyarrow_is_named_where_it_is_needed(values, kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=rf"^labels: reading a .*{kind} needs pyarrow: pip inst"):
        ec.score(PROBS, values)


def test_numpy_and_pandas_need_no_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert_equal_bytes(ec.score(FRAME, WORDS))
    assert_equal_bytes(ec.score(TABLES["pandas, nullable"], pd.Series(LABELS, dtype="Int64")))


# Columns, labels, further arguments, and what the message says.
REFUSED = {
    "another name": (FRAME, ["cow", *WORDS[1:]], {}, "1 of 400 .* not among .*row 0, label 'cow'"),
    "a number as text": (FRAME, ["9", *WORDS[1:]], {}, "1 of 400 .* label '9'"),
    "a position too large": (FRAME, [3, *LABELS[1:]], {}, "1 of 400 labels are outside 0 to 2"),
    "missing": (FRAME, [None, *WORDS[1:]], {}, "1 of 400 values are missing; the first is row 0"),
    "NaN": (FRAME, pd.Series([np.nan, *WORDS[1:]]), {}, "1 of 400 values are missing"),
    "NaN among categories": (FRAME, pd.Categorical([None, *WORDS[1:]]), {}, "1 .* are missing"),
    "null": (FRAME, pa.array([None, *WORDS[1:]]), {}, "1 of 400 values are null"),
    "classes in another order": (
        FRAME, WORDS, {"classes": ["dog", "cat", "ant"]},
        "dog, cat, ant are the column names in a different order",
    ),
    "whole names in another order": (
        FRAME, WORDS, {"classes": ["prob_ant", "prob_dog", "prob_cat"]}, "in a different order",
    ),
    "two columns of a name": (
        pd.DataFrame(PROBS, columns=["cat", "cat", "dog"]), WORDS, {}, "expected distinct names",
    ),
    "two columns of a name, numbers": (
        pd.DataFrame(PROBS, columns=["cat", "cat", "dog"]), LABELS, {}, "expected distinct names",
    ),
    "numbers for some names": (
        pd.DataFrame(PROBS, columns=["cat", "2", "dog"]), LABELS, {}, "only some class names are",
    ),
    "true for yes": (
        pd.DataFrame(PROBS, columns=["yes", "no", "so"]), LABELS == 1, {}, "they are true or false",
    ),
    "numbered, with classes": (
        pd.DataFrame(PROBS, columns=[2, 0, 1]), WORDS, {"classes": NAMES}, "columns are numbered",
    ),
    "text in a column": (FRAME.assign(id="a"), WORDS, {}, "numbers and dtype .* in column 'id'"),
    "text, polars": (
        POLARS.with_columns(id=pl.lit("a")), WORDS, {}, "in column 'id'",
    ),
    "a number in a column": (FRAME.assign(row=np.arange(N)), LABELS, {}, ".row. is not a class"),
    "splits": (datasets.DatasetDict(train=DATASET), LABELS, {}, "an array, got DatasetDict"),
    "a stream": (
        DATASET.to_iterable_dataset(), LABELS, {}, "expected an array, got IterableDataset",
    ),
    "labels in two columns": (
        PROBS, pd.DataFrame({"y": LABELS, "name": WORDS}), {}, "pass one .* labels\\['y'",
    ),
    "a null within": (
        POLARS.with_columns(prob_cat=None), WORDS, {}, "400 of 400 rows .* null",
    ),
    "too few classes": (FRAME, WORDS, {"classes": ["cat"]}, "expected 3 names, one per column"),
    "ClassLabel of other classes": (
        PROBS, datasets.Dataset.from_dict({"y": LABELS}).cast_column(
            "y", datasets.ClassLabel(names=["a", "b", "c", "d"]))["y"], {}, "they have 4 classes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_mixed_up_is_refused(case):
    probs, labels, options, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=rf"^(probs|labels|classes): .*{message}"):
        ec.score(probs, labels, **options)
