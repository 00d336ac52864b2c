"""What frames give goes back in: levels by word, ids of any kind; and advice where it does not."""

import re

import numpy as np
import pytest

import easiness_core as ec

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pytest.importorskip("pyarrow")

PROBS = np.array([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8], [0.3, 0.7]])
LABELS = [0, 0, 0, 1]
SCORES = ec.score(PROBS, LABELS)


@pytest.mark.parametrize(
    "levels",
    [
        SCORES.to_pandas()["level"],
        SCORES.to_polars()["level"],
        SCORES.to_arrow()["level"],
        SCORES.to_pandas()["level"].astype(str),
        SCORES.to_pandas()["level"].astype(object),
        ["easy", "Medium", "HARD", "easy"],
        np.array(["easy", "medium", "hard", "easy"]),
        [4, 2, 1, 4],
    ],
)
def test_levels_by_word_are_levels(levels):
    for union, want in (("hard", [2]), ("hard|medium", [1, 2]), ("EO", [0, 3])):
        assert ec.select(levels, union).tolist() == ec.select(SCORES, union).tolist() == want
    assert ec.medium_sample_rate(levels) == 0.25


def test_words_that_are_no_levels_are_refused():
    with pytest.raises(ValueError, match=r"^level: expected hard, medium or easy, got 'heavy'"):
        ec.select(["easy", "heavy"], "hard")
    with pytest.raises(ValueError, match=r"^level: 1 of 2 values are missing; the first is row 1"):
        ec.select(["easy", None], "hard")


def test_a_frame_in_place_of_its_column():
    for frame in (SCORES.to_pandas(), SCORES.to_polars()):
        with pytest.raises(TypeError, match=r"^level: .* such as level\['level'\]"):
            ec.select(frame, "hard")
        with pytest.raises(TypeError, match=r"^easiness: .* such as easiness\['easiness'\]"):
            ec.select_interval(frame, 0, 1)


@pytest.mark.parametrize(
    "ids",
    [
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1), ("b", 2)]),
        [("a", 1), ("a", 2), ("b", 1), ("b", 2)],
        [1, "1", 2.5, "b"],
        pd.Index(["w", "x", "y", "z"]),
    ],
)
def test_ids_are_kept_as_they_are(ids):
    for scores in (
        ec.score(PROBS, LABELS, ids=ids),
        ec.score(pd.DataFrame(PROBS), LABELS, ids=ids),
    ):
        assert scores.ids.tolist() == list(ids)
        assert scores[2:].ids.tolist() == list(ids)[2:]
        assert scores.to_arrow()["id"].to_pylist() == [str(each) for each in ids]


@pytest.mark.parametrize("kind", [list, pd.Series, pd.Index, np.array])
@pytest.mark.parametrize("gap", [None, float("nan")])
@pytest.mark.parametrize("ids", [["a", "b", "c"], [1.0, 2.0, 3.0]])
def test_missing_ids_are_refused(ids, gap, kind):
    if kind is np.array and ids[0] == "a" and gap is not None:
        return  # NumPy writes it as text
    with pytest.raises(ValueError, match=r"^ids: 1 of 4 values are missing; the first is row 3"):
        ec.score(PROBS, LABELS, ids=kind([*ids, gap]))


REFUSED = {
    "ids in a frame": (
        lambda: ec.score(PROBS, LABELS, ids=pd.DataFrame({"id": [1, 2, 3, 4]})),
        r"^ids: expected shape \(4,\), got \(4, 1\); pass ids\.iloc\[:, 0\]$",
    ),
    "levels of columns": (
        lambda: ec.score(pd.concat({"prob": pd.DataFrame(PROBS)}, axis=1), LABELS),
        r"^probs: expected columns of one level, got 2; .* such as probs\['prob'\]",
    ),
    "a time in a frame": (
        lambda: ec.score(
            pd.DataFrame(PROBS, columns=["a", "b"]).assign(at=pd.Timestamp("2020-01-01")), LABELS
        ),
        r"^probs: .* in column 'at'; pass only .* such as probs\[\['a', 'b'\]\]",
    ),
    "scores as log easiness": (
        lambda: ec.levels(SCORES),
        r"^log_easiness: .* got Scores; pass its log_easiness, such as scores\.log_easiness$",
    ),
    "scores as levels": (
        lambda: ec.medium_sample_rate(SCORES),
        r"^level: .* got Scores; pass its level, such as scores\.level$",
    ),
    "losses without numbers": (
        lambda: ec.loss_rank_selection([0.5, 1.0]), r"^n_hard: .* it may be omitted only with",
    ),
    "columns in another order": (
        lambda: ec.score(pd.DataFrame(PROBS, columns=["p1", "p0"]), LABELS, classes=["a", "b"]),
        r"^probs: its columns are numbered but not in numeric order; put them in that order",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_messages(case):
    call, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError), match=message):
        call()


def test_a_series_of_tensors_is_a_matrix():
    torch = pytest.importorskip("torch")
    rows = pd.Series([torch.tensor(row) for row in PROBS])
    assert ec.score(rows, LABELS).loss.tobytes() == SCORES.loss.tobytes()


def test_streams_and_splits_of_datasets():
    datasets = pytest.importorskip("datasets")
    whole = datasets.Dataset.from_dict({"a": PROBS[:, 0], "b": PROBS[:, 1]})
    rows = datasets.Dataset.from_dict({"probs": PROBS.tolist()})
    splits, stream = datasets.DatasetDict(train=whole), whole.to_iterable_dataset()
    column = rows.to_iterable_dataset()["probs"]
    for given in (splits, stream, column):
        with pytest.raises(TypeError, match=r"^probs: expected an array, got \w+; ") as caught:
            ec.score(given, LABELS)
        code = re.search(r"(?:as|pass) ((?:probs|list|datasets).*)$", str(caught.value)).group(1)
        followed = eval(code, {"probs": given, "datasets": datasets})
        assert ec.score(followed, LABELS).loss.tobytes() == SCORES.loss.tobytes()
