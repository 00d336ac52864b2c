"""Frames in: equal bytes for every container, names from columns, and no quiet mix-up."""

import sys

import numpy as np
import pytest

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
POLARS = pl.DataFrame(COLUMNS)
ARROW = pa.table(COLUMNS)
LISTS = pa.array(PROBS.tolist())
FIXED = pa.FixedSizeListArray.from_arrays(PROBS.ravel(), 3)
TENSORS = pa.FixedShapeTensorArray.from_numpy_ndarray(PROBS)
IMAGES = pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((4, 2, 2)))
FEATURES = datasets.Features(
    probs=datasets.List(datasets.Value("float64"), 3), label=datasets.ClassLabel(names=NAMES)
)
DATASET = datasets.Dataset.from_dict({"probs": PROBS.tolist(), "label": LABELS}, FEATURES)
TURNED = datasets.Dataset.from_dict({"probs": PROBS[:, ::-1].tolist()}).with_transform(
    lambda rows: {"probs": [row[::-1] for row in rows["probs"]]}
)


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
    "polars, chunks": pl.concat([POLARS[:9], POLARS[9:]], rechunk=False),
    "pyarrow, chunks": pa.concat_tables([ARROW[:7], ARROW[7:]]),
    "pyarrow, a batch": ARROW.to_batches()[0],
    "pyarrow, a reader": lambda: ARROW.to_reader(max_chunksize=50),
    "Arrow interface": Stream(ARROW),
    "datasets": datasets.Dataset.from_dict(COLUMNS),
    "datasets, NumPy": datasets.Dataset.from_dict(COLUMNS).with_format("numpy"),
}
MATRICES = {
    "pandas, lists": pd.Series(PROBS.tolist()),
    "pandas, arrays": pd.Series(list(PROBS)),
    "pandas, a frame of arrays": pd.DataFrame({"probs": list(PROBS)}),
    "pandas, tensors": lambda: pd.Series(list(pytest.importorskip("torch").tensor(PROBS))),
    "pandas, Arrow lists": pd.Series(pd.arrays.ArrowExtensionArray(LISTS)),
    "polars, Array": pl.Series(PROBS, dtype=pl.Array(pl.Float64, 3)),
    "polars, List": pl.Series(PROBS.tolist(), dtype=pl.List(pl.Float64)),
    "polars, a frame of lists": pl.DataFrame({"probs": PROBS.tolist()}),
    "pyarrow, large lists": LISTS.cast(pa.large_list(pa.float64())),
    "pyarrow, views of lists": pa.array(PROBS.tolist(), pa.list_view(pa.float64())),
    "pyarrow, cut": pa.concat_arrays([FIXED[:5], FIXED])[5:],
    "pyarrow, chunks": pa.chunked_array([FIXED[:9], FIXED[9:9], FIXED[9:]]),
    "pyarrow, chunks of tensors": pa.chunked_array([TENSORS[:9], TENSORS[9:]]),
    "pyarrow, a table of tensors": pa.table({"probs": TENSORS}),
    "pyarrow, a tensor": pa.Tensor.from_numpy(PROBS),
    "Arrow interface": Array(FIXED),
    "datasets, a column": DATASET["probs"],
    **{
        f"datasets, as {form}": DATASET.with_format(form)["probs"]
        for form in ("numpy", "pandas", "polars", "torch")
    },
    "datasets, chosen rows": DATASET.select(range(N))["probs"],
    "datasets, a transform": TURNED["probs"],
}  # fmt: skip
NUMBERS = {
    "pandas": pd.Series(LABELS.astype(np.int8)),
    "pandas, nullable": pd.Series(LABELS, dtype="Int64"),
    "pandas, nullable floats": pd.Series(LABELS, dtype="Float64"),
    "pandas, Arrow-backed": pd.Series(LABELS, dtype="int64[pyarrow]"),
    "pandas, objects": pd.Series(LABELS, dtype=object),
    "pandas, an index": pd.Index(LABELS),
    "polars": pl.Series(LABELS),
    "pyarrow, chunks": pa.chunked_array([LABELS[:7], LABELS[7:]]),
    "pyarrow, dictionary": pa.array(LABELS).dictionary_encode(),
    "pyarrow, a tensor": pa.Tensor.from_numpy(LABELS),
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
    "pandas, a Categorical": pd.Categorical(WORDS, ["emu", "dog", "ant", "cat"], ordered=True),
    "polars, chunks": pl.concat([pl.Series(WORDS[:9]), pl.Series(WORDS[9:])], rechunk=False),
    "polars, Categorical in chunks": pl.concat(
        [pl.Series(part, dtype=pl.Categorical) for part in (WORDS[:9], WORDS[9:])], rechunk=False
    ),
    "polars, Enum in another order": pl.Series(WORDS, dtype=pl.Enum(["dog", "ant", "cat"])),
    "pyarrow, views": pa.array(WORDS, pa.string_view()),
    "pyarrow, dictionary": pa.chunked_array([WORDS[:9], WORDS[9:]]).dictionary_encode(),
    "datasets": datasets.Dataset.from_dict({"label": WORDS})["label"],
}


def assert_equal_bytes(got, want=WANT):
    for name in ("easiness", "log_easiness", "level", "loss", "predicted", "labels"):
        assert getattr(got, name).tobytes() == getattr(want, name).tobytes(), name
    assert got.summary == want.summary


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_scored_as_the_array_and_names_its_classes(case):
    make = TABLES[case]
    for labels in (LABELS, WORDS):
        got = ec.score(make() if callable(make) else make, labels)
        assert_equal_bytes(got)
        assert got.classes == ("cat", "dog", "ant")


@pytest.mark.parametrize("case", MATRICES)
def test_a_column_of_rows_is_scored_as_the_array(case):
    make = MATRICES[case]
    got = ec.score(make() if callable(make) else make, LABELS)
    assert_equal_bytes(got)
    assert got.classes is None


@pytest.mark.parametrize("case", NUMBERS)
def test_labels_by_number(case):
    assert_equal_bytes(ec.score(PROBS, NUMBERS[case]))
    assert_equal_bytes(ec.score(FRAME, NUMBERS[case]))


@pytest.mark.parametrize("case", TEXTS)
def test_labels_by_name(case):
    for got in (ec.score(FRAME, TEXTS[case]), ec.score(PROBS, TEXTS[case], classes=NAMES)):
        assert_equal_bytes(got)
        assert got.classes == ("cat", "dog", "ant")


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_small_floats_keep_their_own_tolerance(dtype):
    small = PROBS.astype(dtype)
    want = ec.score(small, LABELS)
    columns = dict(zip(NAMES, small.T, strict=True))
    for frame in (pd.DataFrame(columns), pa.table(columns), pl.DataFrame(columns)):
        assert_equal_bytes(ec.score(frame, WORDS), want)


def test_tables_without_rows_give_nothing():
    assert len(ec.score(FRAME[:0], [])) == 0
    for probs in (ARROW[:0], FIXED[:0], TENSORS[:0], POLARS[:0]):
        assert len(ec.score(probs, pa.array([], pa.int64()))) == 0
    with pytest.raises(ValueError, match=r"^probs: "):  # of no known width
        ec.score(LISTS[:0], [])


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


@pytest.mark.parametrize(
    ("values", "kind"),
    [(POLARS, "polars DataFrame"), (pl.Series(WORDS), "polars Series"), (Array(FIXED), "Array")],
)
def test_pyarrow_is_named_where_it_is_needed(values, kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=rf"^labels: reading a .*{kind} needs pyarrow: pip inst"):
        ec.score(PROBS, values)
    # pandas does not need it.
    assert_equal_bytes(ec.score(TABLES["pandas, nullable"], pd.Series(LABELS, dtype="Int64")))


def named(*columns):
    return pd.DataFrame(PROBS, columns=columns)


HALF = [0.5, 0.5]
# Columns, labels, further arguments, and what the message says.
REFUSED = {
    "another name": (FRAME, ["cow", *WORDS[1:]], {}, "1 of 400 .* not among .*row 0, label 'cow'"),
    "a position too large": (FRAME, [3, *LABELS[1:]], {}, "1 of 400 labels are outside 0 to 2"),
    "NaN": (FRAME, pd.Series([np.nan, *WORDS[1:]]), {}, "1 of 400 values are missing"),
    "NaN among categories": (FRAME, pd.Categorical([None, *WORDS[1:]]), {}, "1 .* are missing"),
    "NaN, nullable": (PROBS[:2], pd.Series([0, None], dtype="Int64"), {}, "1 of 2 .* missing"),
    "null": (FRAME, pa.array([None, *WORDS[1:]]), {}, "1 of 400 values are null.* row 0"),
    "null, polars": (PROBS[:2], pl.Series([0, None]), {}, "1 of 2 values are null.* row 1"),
    "classes in another order": (
        FRAME, WORDS, {"classes": ["dog", "cat", "ant"]},
        "dog, cat, ant are the column names in a different order",
    ),
    "whole names in another order": (
        FRAME, WORDS, {"classes": ["prob_ant", "prob_dog", "prob_cat"]}, "in a different order",
    ),
    "two columns of a name": (named("cat", "cat", "dog"), LABELS, {}, "expected distinct names"),
    "a column without a name": (named("a", None, "b"), LABELS, {}, "a name for each .* column 1"),
    "numbers for some names": (
        named("cat", "2", "dog"), LABELS, {}, "only some class names are",
    ),
    "true for yes": (named("yes", "no", "so"), LABELS == 1, {}, "they are true or false"),
    "numbered, with classes": (named(2, 0, 1), WORDS, {"classes": NAMES}, "columns are numbered"),
    "numbered, out of order": (
        named("p2", "p0", "p1"), LABELS, {"classes": NAMES}, "not in numeric order; put them",
    ),
    "text in a column": (
        POLARS.with_columns(id=pl.lit("a")), WORDS, {}, "numbers and dtype .* in column 'id'",
    ),
    "a number in a column": (FRAME.assign(row=np.arange(N)), LABELS, {}, "'row' is not a class"),
    "a transform": (TURNED, LABELS, {}, "without a transform; .*with_format\\(None\\)"),
    "labels in two columns": (
        PROBS, pd.DataFrame({"y": LABELS, "name": WORDS}), {}, "pass one .* labels\\['y'",
    ),
    "NaN in a frame": (
        FRAME.assign(prob_cat=np.nan).astype("Float64"), WORDS, {}, "400 of 400 rows .*(NaN|miss)",
    ),
    "a null within": (POLARS.with_columns(prob_cat=None), WORDS, {}, "400 of 400 rows .* null"),
    "a list that is null": (pa.array([HALF, None]), [0, 1], {}, "1 of 2 .*null.* row 1"),
    "a null in a list": (pl.Series([HALF, [0.5, None]]), [0, 1], {}, "1 of 2 .*null.* row 1"),
    "ragged": (pa.array([HALF, [1.0]]), [0, 1], {}, "one length, got lengths 1 to 2; row 1"),
    "ragged, pandas": (pd.Series([HALF, [1.0]]), [0, 1], {}, "one length, got .* 1 to 2; row 1"),
    "no columns": (pa.table({}), [0, 1], {}, "shape"),
    "texts in lists": (pa.array([["a", "b"]]), [0], {}, "expected real numbers"),
    "images": (IMAGES, [0] * 4, {}, r"expected shape .* got \(4, 2, 2\)"),
    "a scalar": (pa.scalar(1.0), [0], {}, "expected an array, got DoubleScalar"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_could_be_mixed_up_is_refused(case):
    probs, labels, options, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=rf"^(probs|labels|classes): .*{message}"):
        ec.score(probs, labels, **options)


SHARES = np.array([[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8], [0.3, 0.3, 0.4]])
EXTRA = {
    "fold": [0, 1, 0, 1], "constant": 0, "fold from 1": [1, 2, 1, 2], "id": [10, 11, 12, 13],
    "flag": [True, False, True, False], "small": np.array([0, 1, 0, 1], dtype="int8"),
}  # fmt: skip


@pytest.mark.parametrize("scale", [1, 100])
@pytest.mark.parametrize("case", EXTRA)
def test_whole_numbers_beside_fractions_are_no_class(case, scale):
    two = np.column_stack([SHARES[:, 0], 1 - SHARES[:, 0]])
    for names in (["a", "b", "c"], ["p_a", "p_b", "p_c"], ["a_{}", "b_{}", "c_{}"], ["a", "b"]):
        shares = SHARES if len(names) == 3 else two
        frame = pd.DataFrame(scale * shares, columns=names).assign(extra=EXTRA[case])
        dtypes = {"extra": "boolean" if case == "flag" else "Int64"}
        for each in (frame, frame.astype(dtypes), pl.from_pandas(frame)):
            for normalize in (False, True):
                with pytest.raises(ValueError, match=r"^probs: column 'extra' is not a class"):
                    ec.score(each, list("abca"), normalize=normalize)


VOTES = [
    {"a": [3, 5, 1, 9], "b": [7, 5, 9, 1], "id": [1, 2, 3, 4]},
    {"a": [3, 5, 1, 9], "b": [7, 5, 9, 1], "fold": [0, 1, 0, 1]},
    {"v_a": [3, 5, 1, 9], "v_b": [8, 5, 7, 3], "id": [3, 5, 6, 9]},
    {"v_a": [1.5] * 12, "v_b": [8, 5, 7] * 4, "id": [7, 3, 9, 2, 11, 5, 0, 4, 1, 6, 8, 10]},
]


@pytest.mark.parametrize("votes", VOTES)
def test_an_id_beside_votes_is_no_class(votes):
    frame = pd.DataFrame(votes)
    extra = frame.columns[-1]
    labels = (["a", "b"] * 6)[: len(frame)]
    with pytest.raises(ValueError, match=rf"^probs: column '{extra}' is not a class"):
        ec.score(frame, labels, normalize=True)
    assert ec.score(frame.drop(columns=extra), labels, normalize=True).classes == ("a", "b")


@pytest.mark.parametrize(
    "columns",
    [
        {"a": [1, 0, 0, 0], "b": [0.0, 0.5, 1, 1], "c": [0.0, 0.5, 0, 0]},
        {"p_a": [0.5, 0.75, 1, 1], "p_b": [0.5, 0.25, 0, 0], "p_c": [0, 0, 0, 0]},
        {"a": [3, 0, 2, 5], "b": [2, 4, 1, 0], "c": [1, 2, 3, 5]},
        {"new_a": [0, 3, 5, 2], "new_b": [4, 2, 0, 1], "c": [2, 1, 5, 3]},
    ],
)
def test_what_may_be_a_class_is_none_too_much(columns):
    assert len(ec.score(pd.DataFrame(columns), [0, 1, 2, 0], normalize=True).classes) == 3
