"""Results as data frames: equal values in each library, by name, in order, on the right rows."""

import dataclasses
import pathlib
import pickle
import re
import sys
import uuid

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")

PROBS = np.array([[0.9, 0.1, 0.0], [0.51, 0.49, 0.0], [0.2, 0.8, 0.0], [0.0, 0.1, 0.9]])
LABELS = [0, 0, 0, 2]
NAMES = ["cat", "dog", "ant"]
GIVEN = ["cat", "cat", "cat", "ant"]
SCORES = ec.score(PROBS, GIVEN, classes=NAMES, ids=["p", "q", "r", "s"], first_row=5)
ERRORS = ec.find_label_errors(PROBS, GIVEN, classes=NAMES, method="easiness", ids=[9, 8, 7, 6])
PLAIN = ec.score(PROBS, LABELS)
COMPARISON = ec.compare(PLAIN, PLAIN, groups=list("aabb"))
TABLES = {
    "Scores": SCORES,
    "no names": PLAIN,
    "rows": SCORES.hardest(2),
    "no rows": SCORES[[]],
    "LabelErrors": ERRORS,
    "ClassTable": ec.class_table(SCORES),
    "classes by number": ec.class_table(PLAIN),
    "GroupTable": ec.group_table(PLAIN, list("aabb")),
    "EasinessBins": SCORES.summary.bins,
    "SigmaFit": ec.fit_sigma(PROBS, LABELS, grid=[0.01, 0.1]),
    "Comparison": COMPARISON,
    "ChangeTable": COMPARISON.by_class,
}
OTHERS = [ec.margins(PROBS, LABELS), SCORES.summary, ec.Summary(), ec.MonteCarlo(1e-150, 10**9)]
INTERVAL = ["accuracy_low", "accuracy_high"]
COLUMNS = {
    "Scores": ["index", "id", "label", "predicted", "easiness", "log_easiness", "level", "loss"],
    "LabelErrors": [
        "index", "id", "label", "suggested", "suspicion", "p_label", "p_suggested", "flagged",
        "rank",
    ],
    "ClassTable": [
        "class", "count", "hard", "medium", "easy", "accuracy", "msr", "mean_easiness",
        "mean_log_easiness", *INTERVAL,
    ],
    "EasinessBins": ["low", "high", "count", "accuracy", "mean_easiness", *INTERVAL],
    "SigmaFit": ["sigma", "ese", "msr"],
}  # fmt: skip


def lists(columns):
    """Columns as lists, NaN as text: it does not equal itself."""
    return {
        name: ["nan" if value != value else value for value in values]
        for name, values in columns.items()
    }


@pytest.mark.parametrize("name", TABLES)
def test_every_library_gets_the_same_values(name):
    table = TABLES[name]
    arrow, polars, pandas = table.to_arrow(), table.to_polars(), table.to_pandas()
    assert isinstance(arrow, pa.Table)
    assert isinstance(polars, pl.DataFrame)
    want = lists(arrow.to_pydict())
    assert lists(polars.to_dict(as_series=False)) == want
    if "index" in want:
        assert pandas.index.tolist() == want.pop("index")
    assert lists({name: pandas[name].tolist() for name in pandas}) == want
    if name in COLUMNS:
        assert arrow.column_names == polars.columns == COLUMNS[name]
    for field in {"easiness", "log_easiness", "loss", "suspicion"} & set(polars.columns):
        if hasattr(table, field):
            for frame in (pandas, polars, arrow):
                assert np.asarray(frame[field]).tobytes() == getattr(table, field).tobytes()


@pytest.mark.parametrize("result", [*TABLES.values(), *OTHERS], ids=lambda each: repr(each)[:12])
def test_every_result_is_frozen_compared_by_identity_and_printed_in_a_line(result):
    assert len(repr(result)) <= 80
    assert not re.search(r"\n|array\(| object at ", repr(result))
    if dataclasses.is_dataclass(result):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, dataclasses.fields(result)[0].name, None)
        assert len({result, result}) == 1
        assert (result == result) is True
        if not isinstance(result, ec.MonteCarlo):
            assert result != pickle.loads(pickle.dumps(result))


def test_levels_are_ordered_words_and_classes_have_their_names():
    pandas, polars, arrow = SCORES.to_pandas(), SCORES.to_polars(), SCORES.to_arrow()
    assert pandas["level"].tolist() == ["easy", "medium", "hard", "easy"]
    assert (pandas["level"] >= "medium").tolist() == [True, True, False, True]
    assert pandas["label"].dtype.categories.tolist() == NAMES
    assert not pandas["label"].dtype.ordered
    assert polars["level"].dtype == pl.Enum(["hard", "medium", "easy"])
    assert polars["predicted"].to_list() == ["cat", "cat", "dog", "ant"]
    assert arrow.schema.field("level").type == pa.dictionary(pa.int32(), pa.string(), ordered=True)
    assert arrow["label"].to_pylist() == GIVEN
    assert ERRORS.to_pandas()["suggested"].tolist() == ["cat", "cat", "dog", "ant"]
    assert ec.class_table(SCORES).to_polars()["class"].to_list() == NAMES


def test_ranks_order_as_the_errors_do():
    frame = ERRORS.to_pandas()
    assert frame.sort_values("rank").index.tolist() == ERRORS.order.tolist()
    assert frame["flagged"].dtype == bool


@pytest.mark.parametrize(
    ("classes", "labels", "kind"),
    [((3, 1, 2), [3, 3, 3, 2], "int64"), ((0.5, 1.5, 2.5), [0.5] * 4, "double"),
     (("x", True, 7), ["x", True, 7, "x"], "string")],
)  # fmt: skip
def test_classes_named_by_numbers_stay_numbers(classes, labels, kind):
    scores = ec.score(PROBS, labels, classes=classes)
    assert scores.to_pandas()["label"].tolist() == labels
    plain = labels if kind != "string" else [str(label) for label in labels]
    assert scores.to_polars()["label"].to_list() == scores.to_arrow()["label"].to_pylist() == plain
    assert kind in str(scores.to_arrow().schema.field("label").type)


@pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_not_installed_is_named(name, monkeypatch):
    method = "to_arrow" if name == "pyarrow" else f"to_{name}"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"^{method} needs {name}: pip install {name}$"):
        getattr(SCORES, method)()


@pytest.mark.parametrize(
    "levels",
    [
        PLAIN.to_pandas()["level"], PLAIN.to_polars()["level"], PLAIN.to_arrow()["level"],
        PLAIN.to_pandas()["level"].astype(object), ["easy", "Medium", "HARD", "easy"],
        np.array(["easy", "medium", "hard", "easy"]), [4, 2, 1, 4],
    ],
)  # fmt: skip
def test_levels_go_back_in(levels):
    for union, want in (("hard", [2]), ("hard|medium", [1, 2]), ("EO", [0, 3])):
        assert ec.select(levels, union).tolist() == ec.select(PLAIN, union).tolist() == want
    assert ec.medium_sample_rate(levels) == 0.25


def test_what_easiness_select_reads_is_what_to_arrow_gives(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    main = pytest.importorskip("easiness_cli.__main__").main
    path, chosen = tmp_path / "scores.parquet", tmp_path / "chosen.csv"
    pq.write_table(SCORES.to_arrow(), path)
    assert main(["select", str(path), "--levels", "hard|medium", "-o", str(chosen), "-q"]) == 0
    assert chosen.read_text().splitlines() == ["index,id", "6,q", "7,r"]


TUPLES = [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
BIG = 2**60 + 1
PATHS = [pathlib.PurePosixPath(f"a/{k}") for k in range(4)]
UUIDS = [uuid.UUID(int=k) for k in range(4)]
# Ids, and what they are in Arrow and polars where this differs.
IDS = {
    "tuples": (TUPLES, [str(each) for each in TUPLES]),
    "levels": (pd.MultiIndex.from_tuples(TUPLES), [str(each) for each in TUPLES]),
    "several kinds": ([1, "1", 2.5, "b"], ["1", "1", "2.5", "b"]),
    "several kinds, an index": (pd.Index([1, "a", 2.5, None], dtype=object),
                                ["1", "a", "2.5", None]),
    "whole numbers with a gap": (pd.array([BIG, None, 3, 4], dtype="Int64"), [BIG, None, 3, 4]),
    "Arrow numbers with a gap": (pd.array([BIG, None, 3, 4], dtype="int64[pyarrow]"),
                                 [BIG, None, 3, 4]),
    "periods": (pd.period_range("2020", periods=4, freq="Y"), ["2020", "2021", "2022", "2023"]),
    "intervals": (pd.interval_range(0, 4), ["(0, 1]", "(1, 2]", "(2, 3]", "(3, 4]"]),
    "paths": (PATHS, [str(each) for each in PATHS]),
    "UUIDs": (UUIDS, [str(each) for each in UUIDS]),
    "truth": (pd.Index([True, False, True, None], dtype=object), [True, False, True, None]),
}  # fmt: skip


@pytest.mark.parametrize("case", IDS)
def test_ids_and_indices_are_kept_and_go_to_every_library(case):
    ids, want = IDS[case]
    index = pd.Index(ids)
    made = [ec.score(pd.DataFrame(PROBS, index=index), LABELS)]
    if None not in want:  # an index may have gaps, ids must not
        made.append(ec.score(PROBS, LABELS, ids=ids))
        assert made[1].ids.tolist() == list(ids)
        assert made[1][2:].ids.tolist() == list(ids)[2:]
    for scores in made:
        assert scores.to_arrow()["id"].to_pylist() == scores.to_polars()["id"].to_list() == want
        assert "<table" in scores._repr_html_()
    pd.testing.assert_index_equal(made[0].to_pandas().index, index)


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (pd.Index([*"wxyz"], name="label"), [None]),
        (pd.Index([*"wxyz"], name="key"), ["key"]),
        (pd.MultiIndex.from_product([[1, 2], [3, 4]], names=["level", "key"]), [None, "key"]),
    ],
)
def test_an_index_named_like_a_column_loses_its_name_and_the_frame_can_be_used(index, names):
    before = list(index.names)
    frame = ec.score(pd.DataFrame(PROBS, index=index), LABELS).to_pandas()
    assert frame.index.names == names
    assert frame.index.tolist() == index.tolist()
    assert frame.groupby("label").size().to_dict() == {0: 3, 2: 1}
    assert frame.sort_values("level").reset_index()["label"].sum() == 2
    assert index.names == before


def test_ids_without_rows_are_text():
    scores = ec.score(pd.DataFrame(PROBS[:0], index=pd.Index([], dtype=object)), [])
    assert scores.to_arrow().schema.field("id").type == pa.string()
    assert scores.to_polars().schema["id"] == pl.String


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "b", None, "c"], ["a", "b", float("nan"), "c"], [1.0, 2.0, float("nan"), 3.0],
        np.array([1.0, 2.0, np.nan, 3.0]), pd.Series(["a", "b", None, "c"]),
        pd.Index([1.0, 2.0, None, 3.0]),
    ],
)  # fmt: skip
def test_missing_ids_are_refused(ids):
    with pytest.raises(ValueError, match=r"^ids: 1 of 4 values are missing; the first is row 2"):
        ec.score(PROBS, LABELS, ids=ids)


def test_ids_in_a_frame_are_refused_with_the_column():
    with pytest.raises(ValueError, match=r"^ids: .* got \(4, 1\); pass ids\.iloc\[:, 0\]$"):
        ec.score(PROBS, LABELS, ids=pd.DataFrame({"id": [1, 2, 3, 4]}))


@pytest.mark.parametrize("call", [ec.score, ec.find_label_errors])
@pytest.mark.parametrize("kind", [np.array, pd.Series])
def test_results_do_not_change_with_what_was_given(call, kind):
    labels, ids = kind(LABELS), kind([5, 6, 7, 8])
    found = call(PROBS, labels, ids=ids)
    before = found.to_pandas()
    labels[:], ids[:] = 1, 0
    pd.testing.assert_frame_equal(found.to_pandas(), before)
    assert found.labels.tolist() == LABELS
    assert found.ids.tolist() == [5, 6, 7, 8]


LOGITS = pd.DataFrame(np.log(PROBS + 0.01), columns=["star_3", "star_1", "star_2"], index=[*"wxyz"])
UNNAMED = LOGITS.reset_index(drop=True)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: LOGITS, pd.DataFrame),
        (lambda: LOGITS.astype("float64[pyarrow]"), pd.DataFrame),
        (lambda: pl.from_pandas(UNNAMED), pl.DataFrame),
        (lambda: pa.Table.from_pandas(UNNAMED, preserve_index=False), pa.Table),
        (lambda: pytest.importorskip("datasets").Dataset.from_pandas(UNNAMED), pa.Table),
    ],
    ids=["pandas", "pandas, Arrow-backed", "polars", "pyarrow", "datasets"],
)
def test_softmax_of_a_frame_keeps_names_and_index(make, kind):
    frame = make()
    probs = ec.softmax(frame)
    assert isinstance(probs, kind)
    assert list(getattr(probs, "column_names", getattr(probs, "columns", None))) == list(LOGITS)
    want = ec.score(ec.softmax(LOGITS.to_numpy()), [0, 1, 2, 0])
    got = ec.score(probs, [3, 1, 2, 3])
    np.testing.assert_allclose(got.loss, want.loss, rtol=1e-12)
    np.testing.assert_array_equal(
        ec.margins(frame, [3, 1, 2, 3]).margin, ec.margins(LOGITS.to_numpy(), [0, 1, 2, 0]).margin
    )
    if kind is pd.DataFrame:
        assert probs.index.tolist() == [*"wxyz"]
        assert ec.softmax(frame, dtype=np.float32).dtypes.eq("float32").all()
