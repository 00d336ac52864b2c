"""Which columns are taken for classes; no further column ever is."""

import numpy as np
import pytest
from easiness_io import DataError, open_samples
from easiness_io.parameters import Parameters
from easiness_io.samples import score_blocks
from table_files import rows_read, write

P = np.array([[0.75, 0.25, 0.0], [0.125, 0.875, 0.0], [0.5, 0.25, 0.25], [0.5, 0.5, 0.0]])
LABEL = {"label": [0, 1, 1, 0]}
FURTHER = {"row_id": [0, 1, 2, 3], "image_no": [7, 5, 3, 1], "fold": [0, 0, 0, 0],
           "y_pred": [0, 1, 1, 0], "weight": [1.0] * 4, "epoch": [3, 3, 3, 3],
           "age": [30.5, 20.25, 61.0, 18.0], "confidence": [0.75, 0.875, 0.5, 0.5]}  # fmt: skip


def named(values, pattern="p_{}"):
    return {pattern.format(at): column for at, column in enumerate(np.asarray(values).T)}


@pytest.fixture(params=["csv", "parquet"])
def form(request):
    return request.param


NORMALIZE = {"normalize": True}
SCALES = {
    "probabilities": (P, {}, "{}"),
    "rounded": (np.round(P * [1, 0.98, 1], 2), NORMALIZE, "p_{}"),
    "percentages": (100 * P, NORMALIZE, "{}_score"),
    "whole percentages": (np.round(100 * P).astype(int), NORMALIZE, "{}"),
    "votes": (np.array([[3, 1, 0], [0, 7, 0], [2, 1, 5], [1, 1, 0]]), NORMALIZE, "p_{}"),
    "rounded, as they are": (np.round(P * [1, 0.98, 1], 2), {}, "{}_score"),
    "percentages, as they are": (100 * P, {}, "p_{}"),
    "one class for certain": (np.eye(3, dtype=int)[[0, 1, 1, 0]], {}, "{}"),
    "none sure": (np.full((4, 3), 1 / 3), {}, "p_{}"),
    "float16": (P.astype(np.float16), {}, "p_{}"),
}


@pytest.mark.parametrize("case", SCALES)
def test_further_columns_are_no_classes(tmp_path, form, case):
    values, options, pattern = SCALES[case]
    table = FURTHER | named(values, pattern) | LABEL
    reader, probs, labels, _ = rows_read(write(tmp_path, table, form), **options)
    assert reader.class_columns == list(named(values, pattern))
    assert reader.left_out == [*FURTHER]
    assert labels.tolist() == LABEL["label"]
    np.testing.assert_array_equal(probs, values)


LESS = {name: FURTHER[name] for name in ("confidence", "age")}
BARE = {"cat": P[:, 0], "dog": P[:, 1], "owl": P[:, 2]}
EMBEDDING = named(np.abs(np.random.default_rng(0).normal(size=(4, 100))), "emb_{}")
TAKEN = {
    "an embedding": (EMBEDDING | named(P), {}, ["p_0", "p_1", "p_2"]),
    "an embedding, normalized": (EMBEDDING | named(P), NORMALIZE, ["p_0", "p_1", "p_2"]),
    "the largest of percentages": (named(100 * P) | {"p_max": 100 * P.max(axis=1)}, NORMALIZE,
                                   ["p_0", "p_1", "p_2"]),
    "a confidence": (BARE | {"confidence": LESS["confidence"]}, {}, list(BARE)),
    "an age": (BARE | {"age": LESS["age"]}, {}, list(BARE)),
    "a constant class of the common name": ({"p_a": P[:, 0], "p_b": 1 - P[:, 0], "p_c": [0.0] * 4},
                                            {}, ["p_a", "p_b", "p_c"]),
    "the largest": (named(P) | {"p_max": P.max(axis=1)}, NORMALIZE, ["p_0", "p_1", "p_2"]),
    "an entropy": (named(P.round(1)) | {"p_entropy": [0.31, 0.5, 0.6, 0.87]}, NORMALIZE,
                   ["p_0", "p_1", "p_2"]),
    "another model's": (named(P, "a_{}") | named(P[:, ::-1], "b_{}"), {"probs": "b*"},
                        ["b_0", "b_1", "b_2"]),
    "logits that are asked for": (FURTHER | named(9 * P - 4, "out_{}"),
                                  {"probs": "out_*", "logits": True}, ["out_0", "out_1", "out_2"]),
    **{pattern: (FURTHER | named(9 * P - 4, pattern), {"logits": True}, list(named(P, pattern)))
       for pattern in ("logit_{}", "logits.{}", "Logit{}", "{}_logit")},
}  # fmt: skip


@pytest.mark.parametrize("case", TAKEN)
def test_the_classes_are_taken_and_the_rest_is_left_out(tmp_path, form, case):
    columns, options, classes = TAKEN[case]
    reader, probs, _, _ = rows_read(write(tmp_path, columns | LABEL, form), **options)
    assert reader.class_columns == classes
    if "probs" not in options:
        assert reader.left_out == [name for name in columns if name not in classes]
    values = np.stack([columns[name] for name in classes], 1)
    if options.get("logits"):
        values = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probs, values, rtol=1e-14)


def test_one_row_with_a_further_float(tmp_path, form):
    table = {"cat": [0.25], "dog": [0.75], "age": [30.5], "label": ["cat"]}
    reader, _, _, _ = rows_read(write(tmp_path, table, form))
    assert (reader.class_columns, reader.left_out) == (["cat", "dog"], ["age"])


HALVES = {"p_0": [0.25] * 4, "p_1": [0.75] * 4}
TWO_MODELS = named(P, "a_{}") | named(P[:, ::-1], "b_{}")
UNCLEAR = {
    "two further floats": (BARE | LESS, {}, "do not sum to 1.*'cat', 'dog'"),
    "two models": (TWO_MODELS, {}, r"'a_0', 'a_1', 'a_2'; 'b_0', 'b_1', 'b_2'; name"),
    "two models, one of a bad row": (TWO_MODELS | {"a_1": P[:, 1] + [0, 0, 0, 0.25]}, {},
                                     r"a_0.*b_0"),
    "logits called otherwise": (named(9 * P, "out_{}"), {"logits": True},
                                "no columns are named like logits.*out_0.*probs="),
    "a fold": ({"a": [0, 1, 1, 0], "b": [1, 0, 0, 1], "fold": [0] * 4}, {}, "'fold' is 0"),
    "a weight": ({"a": [30.0, 40.5, 20.0, 0.0], "b": [70.0, 59.5, 80.0, 100.0],
                  "weight": [1.0] * 4}, NORMALIZE, "'weight' is 1"),
    "bare votes": ({"a": [3, 0, 2, 1], "b": [1, 7, 1, 1], "no": [4, 3, 2, 1]}, NORMALIZE,
                   "cannot tell"),
    "a total of votes": ({"n_a": [3, 0, 2, 1], "n_b": [1, 7, 1, 1], "n_all": [4, 7, 3, 2]},
                         NORMALIZE, "column 'n_all' depends on the others"),
    "a total of percentages": ({"a": [80, 10] * 2, "b": [15, 81] * 2, "c": [5, 9] * 2,
                                "sum": [100] * 4}, NORMALIZE, "'sum' depends on the others"),
    "a loss": ({"a": [60, 30] * 2, "b": [40, 70] * 2, "loss": [0.5, 0.25] * 2}, NORMALIZE,
               "'loss' depends on the others"),
    "a varying fold": ({"a": [600, 300, 100, 5], "b": [400, 700, 900, 995], "fold": [1, 2, 0, 1]},
                       NORMALIZE, "'fold' depends on the others"),
    "a learning rate": ({"a": [0.25, 0.5] * 2, "b": [0.75, 0.5] * 2, "lr": [1e-4, 2e-4] * 2}, {},
                        "'lr' depends on the others"),
    "a spread": ({"p_a": [0.25, 0.5] * 2, "p_b": [0.75, 0.5] * 2, "p_std": [4e-4, 2e-4] * 2},
                 NORMALIZE, "'p_std' depends on the others"),
    "an entropy beside percentages": (named(100 * P) | {"p_entropy": [0.31, 0.5, 0.6, 0.87]},
                                      NORMALIZE, "'p_entropy' depends on the others"),
    "the largest logit": ({"logit_a": [3, -2] * 2, "logit_b": [-1, 4] * 2, "logit_max": [3, 4] * 2},
                          {"logits": True}, "'logit_max' depends on the others"),
    "the same twice": ({"a": [0.25, 0.5] * 2, "b": [0.75, 0.5] * 2, "top": [0.75, 0.5] * 2}, {},
                       "more than one reading"),
    "one column": ({"p": [0.25, 0.5, 0.75, 1.0]}, {}, "one column of probabilities, 'p'.*1 - p"),
    "one named column": ({"p": [0.25, 0.5, 0.75, 1.0], "n": [1.0] * 4}, {"probs": "p"},
                         "one column of probabilities, 'p'.*1 - p"),
    "too many named": (BARE | LESS, {"probs": "cat,dog,owl,age"},
                       "column 3 is not a class: without it, rows sum to 1"),
    "text among classes": (HALVES | {"p_1": list("abcd")}, {"probs": "p_*"},
                           "'p_1': expected numbers"),
    "text alone": ({"cat": list("abcd"), "dog": list("abcd")}, {},
                   "no columns of numbers besides labels and ids; it has text in 'cat', 'dog'"),
    "labels alone": ({}, {}, "no columns of numbers besides labels and ids; it has only 'label'"),
    "counts": (named(100 * P, "n_{}"), {}, "percentages, pass normalize=True"),
    "rounded": (named(np.array([[0.33, 0.33, 0.33]] * 4)), {},
                "they look rounded to 2 decimals: pass normalize=True"),
    "no such name": (HALVES, {"probs": "q_*"},
                     "probs: no column 'q_\\*'; it has 'p_0', 'p_1', 'label'"),
    "no such ids": (HALVES, {"ids": "key"}, "ids: no column 'key'; it has 'p_0'"),
    "no such label": (HALVES, {"labels": "gold"}, "labels: no column 'gold'; it has 'p_0'"),
    "a missing value": (HALVES | {"p_0": [0.25, None, 0.25, 0.25]}, {},
                        "'p_0'.*1 value is missing, in row 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_is_unclear_is_refused_by_name(tmp_path, form, case):
    columns, options, message = UNCLEAR[case]
    path = write(tmp_path, columns | LABEL, form)
    with pytest.raises(DataError, match=message) as caught:
        score_blocks(open_samples(path, **options), Parameters(**options))
    assert "rows." in str(caught.value)


LISTS = {
    "ragged": ({"probs": [[0.5, 0.5], [0.25, 0.25, 0.5]]}, {},
               "lists of different lengths: 2 and, in row 1, 3"),
    "null": ({"probs": [[0.5, 0.5], None]}, {}, "1 value is missing, in row 1"),
    "null entry": ({"probs": [[0.5, 0.5], [None, 1.0]]}, {}, "1 value is missing, in row 1"),
    "one entry": ({"probs": [[1.0], [1.0]]}, {}, "one column of probabilities, 'probs'"),
    "two columns": ({"a": P[:2].tolist(), "b": P[:2].tolist()}, {},
                    "more than one reading of its columns: 'a'; 'b'; name .* probs="),
    "two columns of counts": ({"a": P[:2].tolist(), "b": P[:2].tolist()}, NORMALIZE, "'a'; 'b'"),
    "features": ({"features": (9 * P[:2]).tolist()} | named(100 * P[:2]), NORMALIZE,
                 "'features'; 'p_0', 'p_1', 'p_2'"),
    "lists as ids": ({"tokens": [[1], [2, 3]]} | named(P[:2]), {"ids": "tokens"},
                     "ids: column 'tokens': expected whole numbers or text"),
    "records as ids": ({"box": [{"x": 1}] * 2} | named(P[:2]), {"ids": "box"},
                       "ids: column 'box': expected whole numbers or text"),
    "fractions as ids": ({"key": [1.0, 2.5]} | named(P[:2]), {"ids": "key"},
                         r"ids: expected whole .* or text, got 2.5 in row 1"),
}  # fmt: skip


@pytest.mark.parametrize("list_form", ["parquet", "jsonl", "arrow"])
@pytest.mark.parametrize("case", LISTS)
def test_lists_that_are_no_probabilities_or_ids_are_refused(tmp_path, list_form, case):
    columns, options, message = LISTS[case]
    with pytest.raises(DataError, match=message):
        rows_read(write(tmp_path, columns | {"label": [0, 1]}, list_form), **options)


def test_columns_of_the_same_name(tmp_path):
    (tmp_path / "twice.csv").write_text("p_0,p_1,p_1,label\n0.5,0.25,0.25,0\n")
    with pytest.raises(DataError, match=r"2 columns are named 'p_1'; rename"):
        rows_read(tmp_path / "twice.csv")
    (tmp_path / "twice.jsonl").write_text('{"p_0": 0.5, "p_1": 0.5, "p_1": 0.25, "label": 0}\n')
    with pytest.raises(DataError, match=r"row 0 .*2 fields are named 'p_1'"):
        rows_read(tmp_path / "twice.jsonl")
