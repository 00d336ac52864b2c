"""What frames say is kept, and results are their own: names, order, index, ids and labels."""

import pathlib
import re
import uuid

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
datasets = pytest.importorskip("datasets")

PROBS = np.array([[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8], [0.3, 0.3, 0.4]])
LABELS = [0, 1, 2, 0]
INDEX = ["w", "x", "y", "z"]
LOGITS = pd.DataFrame(np.log(PROBS)[:, [2, 0, 1]], columns=["p_2", "p_0", "p_1"], index=INDEX)
WANT = ec.score(PROBS, LABELS)
PLAIN = LOGITS.reset_index(drop=True)
FRAMES = {
    "pandas": (LOGITS, pd.DataFrame),
    "pandas, Arrow-backed": (LOGITS.astype("float64[pyarrow]"), pd.DataFrame),
    "polars": (pl.from_pandas(PLAIN), pl.DataFrame),
    "pyarrow": (pa.Table.from_pandas(PLAIN, preserve_index=False), pa.Table),
    "datasets": (datasets.Dataset.from_pandas(PLAIN), pa.Table),
}


@pytest.mark.parametrize("case", FRAMES)
def test_softmax_of_a_frame_keeps_its_names(case):
    frame, kind = FRAMES[case]
    probs = ec.softmax(frame)
    assert isinstance(probs, kind)
    assert list(getattr(probs, "column_names", getattr(probs, "columns", None))) == list(LOGITS)
    np.testing.assert_allclose(ec.score(probs, LABELS).loss, WANT.loss, rtol=1e-12)
    if case.startswith("pandas"):
        assert probs.index.tolist() == INDEX


def test_softmax_of_a_frame_keeps_what_its_names_mean():
    stars = LOGITS.set_axis(["star_3", "star_1", "star_2"], axis=1)
    for y in ([1, 2, 3, 1], [1, 2, 2, 1]):
        np.testing.assert_array_equal(ec.score(ec.softmax(stars), y).labels, np.array(y) - 1)
    assert type(ec.softmax(LOGITS.to_numpy())) is np.ndarray
    assert ec.softmax(LOGITS, dtype=np.float32).dtypes.eq("float32").all()


def test_margins_of_a_frame_are_those_of_its_classes():
    found = ec.margins(LOGITS, LABELS).margin
    np.testing.assert_array_equal(found, ec.margins(np.log(PROBS), LABELS).margin)


def followed(call, **known):
    """What the advice in a message gives."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    code = re.search(r"(?:pass|with|as) ([^;]*)$", str(caught.value)).group(1)
    return eval(code, {"np": np, "pd": pd, "pl": pl, **known})


def test_advice_on_frames_keeps_names_and_index():
    texts = np.exp(LOGITS).astype("object").astype(str)
    probs = followed(lambda: ec.score(texts, LABELS), probs=texts)
    np.testing.assert_allclose(ec.score(probs, LABELS).loss, WANT.loss, rtol=1e-12)
    assert probs.index.tolist() == INDEX
    one = pd.DataFrame({"y": LABELS}, index=INDEX)
    labels = followed(lambda: ec.score(PROBS, one), labels=one)
    assert ec.score(PROBS, labels).ids.tolist() == INDEX
    for p in (
        pd.DataFrame({"yes": [0.1, 0.8]}, index=["i", "k"]),
        pd.Series([0.1, 0.8], ["i", "k"]),
    ):
        with pytest.raises(ValueError, match=r"^probs: expected") as caught:
            ec.score(p, [0, 1])
        first, code = re.search(r"p = (.*), pass (.*)$", str(caught.value)).groups()
        known = {"pd": pd, "probs": p}
        both = eval(code, known | {"p": eval(first, known)})
        assert ec.score(both, [0, 1]).loss.tolist() == ec.score([[0.9, 0.1], [1 - 0.8, 0.8]],
                                                                [0, 1]).loss.tolist()  # fmt: skip
        assert ec.score(both, [0, 1]).ids.tolist() == ["i", "k"]


@pytest.mark.parametrize("call", [ec.score, ec.find_label_errors])
@pytest.mark.parametrize("kind", [np.array, pd.Series, lambda values: pl.Series(values).to_numpy()])
def test_results_do_not_change_with_what_was_given(call, kind):
    labels, ids = kind(LABELS), kind([5, 6, 7, 8])
    for values in (labels, ids):
        if isinstance(values, np.ndarray) and not values.flags.writeable:
            return
    found = call(PROBS, labels, ids=ids)
    before = found.to_pandas()
    labels[:], ids[:] = 1, 0
    pd.testing.assert_frame_equal(found.to_pandas(), before)
    assert found.labels.tolist() == LABELS
    assert found.ids.tolist() == [5, 6, 7, 8]


def test_a_transform_of_datasets_is_applied():
    turned = datasets.Dataset.from_dict({"probs": PROBS.tolist(), "y": [9, 9, 9, 9]})
    turned = turned.with_transform(
        lambda rows: {"probs": [row[::-1] for row in rows["probs"]], "y": LABELS[: len(rows["y"])]}
    )
    got = ec.score(turned["probs"], turned["y"])
    assert got.loss.tobytes() == ec.score(PROBS[:, ::-1], LABELS).loss.tobytes()
    for form in ("numpy", "torch", "pandas", "polars"):
        plain = datasets.Dataset.from_dict({"probs": PROBS.tolist()}).with_format(form)
        assert ec.score(plain["probs"], LABELS).loss.tobytes() == WANT.loss.tobytes()
    table = datasets.Dataset.from_pandas(PLAIN).with_transform(lambda rows: rows)
    with pytest.raises(TypeError, match=r"^probs: .* without a transform; .*with_format\(None\)"):
        ec.score(table, LABELS)
    assert ec.softmax(table.with_format(None)).num_rows == 4


BIG = 2**60 + 1
IDS = {
    "whole numbers with a gap": (pd.array([BIG, None, 3, 4], dtype="Int64"), [BIG, None, 3, 4]),
    "Arrow numbers with a gap": (
        pd.array([BIG, None, 3, 4], dtype="int64[pyarrow]"), [BIG, None, 3, 4],
    ),
    "periods": (pd.period_range("2020", periods=4, freq="Y"), ["2020", "2021", "2022", "2023"]),
    "intervals": (pd.interval_range(0, 4), ["(0, 1]", "(1, 2]", "(2, 3]", "(3, 4]"]),
    "paths": (pd.Index([pathlib.PurePosixPath(f"a/{k}") for k in range(4)]),
              ["a/0", "a/1", "a/2", "a/3"]),
    "UUIDs": (pd.Index([uuid.UUID(int=k) for k in range(4)]),
              [str(uuid.UUID(int=k)) for k in range(4)]),
    "several kinds": (pd.Index([1, "a", 2.5, None], dtype=object), ["1", "a", "2.5", None]),
    "truth": (pd.Index([True, False, True, None], dtype=object), [True, False, True, None]),
}  # fmt: skip


@pytest.mark.parametrize("case", IDS)
def test_every_index_goes_to_every_library(case):
    index, want = IDS[case]
    scores = ec.score(pd.DataFrame(PROBS, index=index), LABELS)
    assert scores.to_arrow()["id"].to_pylist() == want
    assert scores.to_polars()["id"].to_list() == want
    pd.testing.assert_index_equal(scores.to_pandas().index, pd.Index(index))
    assert "<table" in scores._repr_html_()


def test_ids_without_rows_are_text():
    empty = pd.DataFrame(PROBS, index=INDEX)[:0].set_axis(pd.Index([], dtype=object))
    scores = ec.score(empty, [])
    assert scores.to_arrow().schema.field("id").type == pa.string()
    assert scores.to_polars().schema["id"] == pl.String


@pytest.mark.parametrize("names", [["a", None, "b"], ["a", float("nan"), "b"], ["a", pd.NA, "b"]])
def test_columns_without_a_name_are_refused(names):
    with pytest.raises(ValueError, match=r"^probs: expected a name for each column, .* column 1"):
        ec.score(pd.DataFrame(PROBS, columns=names), LABELS)
    with pytest.raises(ValueError, match=r"^classes: expected a name for each column"):
        ec.score(PROBS, LABELS, classes=names)


def test_names_that_are_written_alike_are_refused():
    with pytest.raises(ValueError, match=r"^classes: expected distinct names"):
        ec.score(PROBS, [1, "1", 2, 2], classes=[1, "1", 2])
