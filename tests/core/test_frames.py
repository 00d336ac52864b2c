"""Results as data frames: equal values in each library, by name, in order, on the right rows."""

import sys

import numpy as np
import pytest

import easiness_core as ec

PROBS = np.array([[0.9, 0.1, 0.0], [0.51, 0.49, 0.0], [0.2, 0.8, 0.0], [0.0, 0.1, 0.9]])
NAMES = ["cat", "dog", "ant"]
GIVEN = ["cat", "cat", "cat", "ant"]
SCORES = ec.score(PROBS, GIVEN, classes=NAMES, ids=["p", "q", "r", "s"], first_row=5)
ERRORS = ec.find_label_errors(PROBS, GIVEN, classes=NAMES, method="easiness", ids=[9, 8, 7, 6])
PLAIN = ec.score(PROBS, [0, 0, 0, 2])
TABLES = {
    "Scores": SCORES,
    "no names": PLAIN,
    "rows": SCORES.hardest(2),
    "no rows": SCORES[[]],
    "LabelErrors": ERRORS,
    "ClassTable": ec.class_table(SCORES),
    "classes by number": ec.class_table(PLAIN),
    "EasinessBins": SCORES.summary.bins,
    "SigmaFit": ec.fit_sigma(PROBS, [0, 0, 0, 2], grid=[0.01, 0.1]),
}
COLUMNS = {
    "Scores": ["index", "id", "label", "predicted", "easiness", "log_easiness", "level", "loss"],
    "LabelErrors": [
        "index", "id", "label", "suggested", "suspicion", "p_label", "p_suggested", "flagged",
        "rank",
    ],
    "ClassTable": [
        "class", "count", "hard", "medium", "easy", "accuracy", "msr", "mean_easiness",
        "mean_log_easiness", "accuracy_low", "accuracy_high",
    ],
    "EasinessBins": [
        "low", "high", "count", "accuracy", "mean_easiness", "accuracy_low", "accuracy_high",
    ],
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
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    pytest.importorskip("pandas")
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


@pytest.mark.parametrize("name", ["Scores", "no names", "LabelErrors"])
def test_columns_are_the_arrays_to_the_last_bit(name):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    table = TABLES[name]
    fields = ("easiness", "log_easiness", "loss") if name != "LabelErrors" else ("suspicion",)
    for field in fields:
        for frame in (table.to_pandas(), table.to_polars(), table.to_arrow()):
            assert np.asarray(frame[field]).tobytes() == getattr(table, field).tobytes()


def test_levels_are_ordered_words_and_classes_have_their_names():
    pa = pytest.importorskip("pyarrow")
    pl = pytest.importorskip("polars")
    pytest.importorskip("pandas")
    pandas, polars, arrow = SCORES.to_pandas(), SCORES.to_polars(), SCORES.to_arrow()
    words = ["easy", "medium", "hard", "easy"]
    assert pandas["level"].tolist() == words
    assert (pandas["level"] >= "medium").tolist() == [True, True, False, True]
    assert pandas["level"].max() == "easy"
    assert pandas["label"].dtype.categories.tolist() == NAMES
    assert not pandas["label"].dtype.ordered
    assert polars["level"].dtype == pl.Enum(["hard", "medium", "easy"])
    assert (polars["level"] >= "medium").to_list() == [True, True, False, True]
    assert polars["predicted"].to_list() == ["cat", "cat", "dog", "ant"]
    assert arrow.schema.field("level").type == pa.dictionary(pa.int32(), pa.string(), ordered=True)
    assert arrow["label"].to_pylist() == GIVEN
    assert ERRORS.to_pandas()["suggested"].tolist() == ["cat", "cat", "dog", "ant"]
    assert ec.class_table(SCORES).to_polars()["class"].to_list() == NAMES


def test_ranks_order_as_the_errors_do():
    pytest.importorskip("pandas")
    frame = ERRORS.to_pandas()
    assert frame.sort_values("rank").index.tolist() == ERRORS.order.tolist()
    assert frame["flagged"].dtype == bool


@pytest.mark.parametrize(
    ("classes", "labels", "kind"),
    [((3, 1, 2), [3, 3, 3, 2], "int"), ((0.5, 1.5, 2.5), [0.5] * 4, "float")],
)
def test_classes_named_by_numbers_stay_numbers(classes, labels, kind):
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    scores = ec.score(PROBS, labels, classes=classes)
    assert scores.to_pandas()["label"].tolist() == labels
    assert scores.to_polars()["label"].to_list() == labels
    assert scores.to_arrow()["label"].to_pylist() == labels
    assert kind in str(scores.to_arrow().schema.field("label").type).replace("double", "float")


def test_classes_of_mixed_kinds_are_texts_but_in_pandas():
    pytest.importorskip("pandas")
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    labels = ["x", True, 7, "x"]
    scores = ec.score(PROBS, labels, classes=["x", True, 7])
    assert scores.to_polars()["label"].to_list() == ["x", "True", "7", "x"]
    assert scores.to_arrow()["label"].to_pylist() == ["x", "True", "7", "x"]
    assert scores.to_pandas()["label"].tolist() == labels


@pytest.mark.parametrize("name", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_not_installed_is_named(name, monkeypatch):
    method = "to_arrow" if name == "pyarrow" else f"to_{name}"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=rf"^{method} needs {name}: pip install {name}$"):
        getattr(SCORES, method)()


def test_what_easiness_select_reads_is_what_to_arrow_gives(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    main = pytest.importorskip("easiness_cli.__main__").main
    pq.write_table(SCORES.to_arrow(), tmp_path / "scores.parquet")
    chosen = tmp_path / "chosen.csv"
    path = str(tmp_path / "scores.parquet")
    assert main(["select", path, "--levels", "hard|medium", "-o", str(chosen), "-q"]) == 0
    assert chosen.read_text().splitlines() == ["index,id", "6,q", "7,r"]


@pytest.mark.parametrize("name", TABLES)
def test_reprs_fit_a_line(name):
    assert len(repr(TABLES[name])) <= 80
    assert "\n" not in repr(TABLES[name])


def test_every_result_prints_in_a_line():
    big = ec.score(np.repeat(PROBS, 3000, axis=0), np.repeat([0, 0, 0, 2], 3000))
    results = [
        big, big.summary, big.summary.bins, ec.class_table(big), ec.Summary(), ec.ClosedForm(),
        ec.MonteCarlo(sigma=1e-150, draws=10**9, seed=10**9), ec.margins(PROBS, [0, 0, 0, 2]),
    ]  # fmt: skip
    for result in results:
        assert len(repr(result)) <= 80, repr(result)
        assert "array(" not in repr(result)
