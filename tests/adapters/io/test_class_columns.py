"""Which columns are taken for classes; no further column ever is."""

import numpy as np
import pytest
from easiness_io import AmbiguousError
from table_files import rows_read, write

FORMS = ["csv", "parquet"]
ROW_ID = {"row_id": [0, 1, 2, 3], "image_no": [7, 5, 3, 1]}
FURTHER = {"fold": [0, 0, 0, 0], "y_pred": [0, 1, 1, 0], "weight": [1.0] * 4, "epoch": [3, 3, 3, 3],
           "age": [30.5, 20.25, 61.0, 18.0], "confidence": [0.75, 0.875, 0.5, 0.5]}  # fmt: skip
P = np.array([[0.75, 0.25, 0.0], [0.125, 0.875, 0.0], [0.5, 0.25, 0.25], [0.5, 0.5, 0.0]])
LABEL = {"label": [0, 1, 1, 0]}


def named(values, pattern="p_{}"):
    return {pattern.format(at): column for at, column in enumerate(np.asarray(values).T)}


@pytest.fixture(params=FORMS)
def form(request):
    return request.param


SCALES = {
    "probabilities": (P, {}),
    "rounded": (np.round(P * [1, 0.98, 1], 2), {"normalize": True}),
    "percentages": (100 * P, {"normalize": True}),
    "whole percentages": (np.round(100 * P).astype(int), {"normalize": True}),
    "votes": (np.array([[3, 1, 0], [0, 7, 0], [2, 1, 5], [1, 1, 0]]), {"normalize": True}),
    "rounded, as they are": (np.round(P * [1, 0.98, 1], 2), {}),
    "percentages, as they are": (100 * P, {}),
    "one class for certain": (np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]]), {}),
    "none sure": (np.full((4, 3), 1 / 3), {}),
    "float16": (P.astype(np.float16), {}),
}


@pytest.mark.parametrize("case", SCALES)
@pytest.mark.parametrize("pattern", ["p_{}", "{}", "{}_score"])
def test_further_columns_are_no_classes(tmp_path, form, case, pattern):
    values, options = SCALES[case]
    table = ROW_ID | FURTHER | named(values, pattern) | LABEL
    reader, probs, labels, _ = rows_read(write(tmp_path, table, form), **options)
    assert reader.class_columns == list(named(values, pattern))
    assert reader.left_out == [*ROW_ID, *FURTHER]
    assert labels.tolist() == LABEL["label"]
    np.testing.assert_array_equal(probs, values)


@pytest.mark.parametrize("pattern", ["logit_{}", "logits.{}", "Logit{}", "{}_logit"])
def test_logits_are_told_by_their_name(tmp_path, form, pattern, rng):
    logits = rng.normal(size=(4, 3))
    table = ROW_ID | FURTHER | named(logits, pattern) | LABEL
    reader, probs, _, _ = rows_read(write(tmp_path, table, form), logits=True)
    assert reader.class_columns == list(named(logits, pattern))
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probs, expected, rtol=1e-14)


def test_logits_called_otherwise_are_named_by_the_user(tmp_path, form, rng):
    path = write(tmp_path, FURTHER | named(rng.normal(size=(4, 3)), "out_{}") | LABEL, form)
    with pytest.raises(AmbiguousError, match=r"no columns are named like logits.*out_0.*probs="):
        rows_read(path, logits=True)
    assert rows_read(path, logits=True, probs="out_*")[1].shape == (4, 3)


def test_an_embedding_is_left_out(tmp_path, form, rng):
    embedding = named(np.abs(rng.normal(size=(4, 100))), "emb_{}")
    reader, probs, _, _ = rows_read(write(tmp_path, embedding | named(P) | LABEL, form))
    assert (reader.class_columns, reader.left_out) == (["p_0", "p_1", "p_2"], list(embedding))
    np.testing.assert_array_equal(probs, P)
    path = write(tmp_path, embedding | named(P) | LABEL, form)
    assert rows_read(path, normalize=True)[0].class_columns == ["p_0", "p_1", "p_2"]


def test_two_models_are_two_readings(tmp_path, form):
    table = named(P, "a_{}") | named(P[:, ::-1], "b_{}") | LABEL
    with pytest.raises(AmbiguousError, match=r"'a_0', 'a_1', 'a_2'; 'b_0', 'b_1', 'b_2'; name"):
        rows_read(write(tmp_path, table, form))
    # One bad row does not make the other the only one.
    table["a_1"] = np.array([0.25, 0.875, 0.25, 0.75])
    with pytest.raises(AmbiguousError, match=r"a_0.*b_0"):
        rows_read(write(tmp_path, table, form))
    np.testing.assert_array_equal(
        rows_read(write(tmp_path, table, form), probs="b*")[1], P[:, ::-1]
    )


@pytest.mark.parametrize("extra", ["confidence", "age"])
def test_one_further_float_among_bare_names(tmp_path, form, extra):
    table = {"cat": P[:, 0], "dog": P[:, 1], "owl": P[:, 2], extra: FURTHER[extra]} | LABEL
    reader, probs, _, _ = rows_read(write(tmp_path, table, form))
    assert (reader.class_columns, reader.left_out) == (["cat", "dog", "owl"], [extra])
    np.testing.assert_array_equal(probs, P)


UNCLEAR = {
    "two further floats": ({"a": P[:, 0], "b": P[:, 1], "c": P[:, 2], "age": [1.5, 2.5, 0.5, 3.5],
                            "confidence": FURTHER["confidence"]}, {}, "do not sum to 1.*'a', 'b'"),
    "a fold": ({"a": [0, 1, 1, 0], "b": [1, 0, 0, 1], "fold": [0] * 4}, {}, "'fold' is 0"),
    "a weight": ({"a": [30.0, 40.5, 20.0, 0.0], "b": [70.0, 59.5, 80.0, 100.0],
                  "weight": [1.0] * 4}, {"normalize": True}, "'weight' is 1"),
    "bare votes": ({"a": [3, 0, 2, 1], "b": [1, 7, 1, 1], "no": [4, 3, 2, 1]},
                   {"normalize": True}, "cannot tell"),
    "a total": ({"n_a": [3, 0, 2, 1], "n_b": [1, 7, 1, 1], "n_all": [4, 7, 3, 2]},
                {"normalize": True}, "column 'n_all' depends on the others"),
    "the same twice": ({"a": [0.25] * 2 + [0.5] * 2, "b": [0.75] * 2 + [0.5] * 2,
                        "top": [0.75] * 2 + [0.5] * 2}, {}, "more than one reading"),
    "one column": ({"p": [0.25, 0.5, 0.75, 1.0]}, {}, "one column of probabilities, 'p'.*1 - p"),
    "one named column": ({"p": [0.25, 0.5, 0.75, 1.0], "n": [1.0] * 4}, {"probs": "p"},
                         "one column of probabilities, 'p'.*1 - p"),
    "text among classes": ({"p_0": [0.25] * 4, "p_1": list("abcd")}, {"probs": "p_*"},
                           "'p_1': expected numbers"),
    "no such name": ({"p_0": [0.25] * 4, "p_1": [0.75] * 4}, {"probs": "q_*"},
                     "probs: no column 'q_\\*'; it has 'p_0', 'p_1', 'label'"),
    "no such ids": ({"p_0": [0.25] * 4, "p_1": [0.75] * 4}, {"ids": "key"},
                    "ids: no column 'key'; it has 'p_0'"),
    "no such label": ({"p_0": [0.25] * 4, "p_1": [0.75] * 4}, {"labels": "gold"},
                      "labels: no column 'gold'; it has 'p_0'"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_is_unclear_is_refused(tmp_path, form, case):
    columns, options, message = UNCLEAR[case]
    with pytest.raises(ValueError, match=message) as caught:
        rows_read(write(tmp_path, columns | LABEL, form), **options)
    assert "rows." in str(caught.value)


def test_fractions_are_ids_only_where_they_are_written(tmp_path, form):
    columns = {"p_0": [0.25] * 4, "p_1": [0.75] * 4, "key": [1.0, 2.0, 2.5, 3.0]} | LABEL
    path = write(tmp_path, columns, form)
    if form == "csv":
        assert rows_read(path, ids="key")[3] == ["1.0", "2.0", "2.5", "3.0"]
    else:
        with pytest.raises(ValueError, match=r"ids: expected whole .* or text, got 2.5 in row 2"):
            rows_read(path, ids="key")


def test_a_constant_class_with_the_common_name_is_one(tmp_path, form):
    table = {"p_cat": P[:, 0], "p_dog": 1 - P[:, 0], "p_owl": [0.0] * 4} | LABEL
    reader, _, _, _ = rows_read(write(tmp_path, table, form))
    assert reader.classes == ["cat", "dog", "owl"]


@pytest.mark.parametrize("column", ["p_0", "p_2"])
def test_missing_probabilities_name_column_and_row(tmp_path, form, column):
    table = {name: values.tolist() for name, values in named(P).items()} | LABEL
    table[column][1] = None
    with pytest.raises(ValueError, match=rf"'{column}'.*1 value is missing, in row 1"):
        rows_read(write(tmp_path, table, form))


def test_columns_of_the_same_name(tmp_path):
    (tmp_path / "twice.csv").write_text("p_0,p_1,p_1,label\n0.5,0.25,0.25,0\n")
    with pytest.raises(ValueError, match=r"2 columns are named 'p_1'; rename"):
        rows_read(tmp_path / "twice.csv")
    (tmp_path / "twice.jsonl").write_text('{"p_0": 0.5, "p_1": 0.5, "p_1": 0.25, "label": 0}\n')
    with pytest.raises(ValueError, match=r"row 0 .*2 fields are named 'p_1'"):
        rows_read(tmp_path / "twice.jsonl")


def test_ragged_and_null_lists(tmp_path):
    for form in ("parquet", "jsonl", "arrow"):
        for lists, message in (
            ([[0.5, 0.5], [0.25, 0.25, 0.5]], "lists of different lengths: 2 and, in row 1, 3"),
            ([[0.5, 0.5], None], "1 value is missing, in row 1"),
            ([[0.5, 0.5], [None, 1.0]], "1 value is missing, in row 1"),
            ([[1.0], [1.0]], "one column of probabilities, 'probs'"),
        ):
            with pytest.raises(ValueError, match=message):
                rows_read(write(tmp_path, {"probs": lists, "label": [0, 1]}, form))


@pytest.mark.parametrize("form", ["parquet", "jsonl", "arrows"])
@pytest.mark.parametrize("name", ["tokens", "box"])
def test_lists_are_no_ids(tmp_path, form, name):
    table = {"tokens": [[1], [2, 3], [], [4]], "box": [{"x": 1}] * 4} | named(P) | LABEL
    with pytest.raises(ValueError, match=f"ids: column '{name}': expected whole numbers or text"):
        rows_read(write(tmp_path, table, form), ids=name)


def test_one_row_with_a_further_float(tmp_path, form):
    table = {"cat": [0.25], "dog": [0.75], "age": [30.5], "label": ["cat"]}
    reader, _, _, _ = rows_read(write(tmp_path, table, form))
    assert (reader.class_columns, reader.left_out) == (["cat", "dog"], ["age"])


def test_two_list_columns(tmp_path):
    table = {"a": P.tolist(), "b": P.tolist()} | LABEL
    for form in ("parquet", "jsonl"):
        with pytest.raises(AmbiguousError, match=r"more than one reading of its columns: 'a'; 'b'"):
            rows_read(write(tmp_path, table, form))
        with pytest.raises(AmbiguousError, match=r"'a'; 'b'; name .* probs="):
            rows_read(write(tmp_path, table, form), normalize=True)
        table_of_one = {"features": (9 * P).tolist()} | named(100 * P) | LABEL
        with pytest.raises(AmbiguousError, match=r"'features'; 'p_0', 'p_1', 'p_2'"):
            rows_read(write(tmp_path, table_of_one, form), normalize=True)
