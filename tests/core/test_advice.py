"""Advice is tried on the very input that it was given for; unusual containers work or are named."""

import re
from pathlib import Path

import numpy as np
import pytest

import easiness_core as ec
from easiness_core.errors import InputError
from easiness_core.validation import check_labels, check_logits, check_probs, check_vector, to_array

PROBS = np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])
LABELS = np.array([0, 1, 0, 1])


def library(name):
    return pytest.importorskip(name, reason=f"{name} is no dependency of the core")


def rows_of_objects():
    rows = np.empty(4, dtype=object)
    rows[:] = list(PROBS)
    return rows


def torch_tensor(change):
    def make():
        torch = library("torch")
        return change(torch, torch.tensor(PROBS))

    return make


def torch_labels(change):
    def make():
        torch = library("torch")
        return change(torch, torch.tensor(LABELS))

    return make


def frame(columns):
    return lambda: library("pandas").DataFrame(columns)


def quantized(torch, probs):
    return torch.quantize_per_tensor(probs.float(), 0.25, 0, torch.quint8)


def nested(torch, probs):
    return torch.nested.nested_tensor(list(probs), layout=torch.jagged)


def decimals():
    import decimal

    return library("pandas").DataFrame(PROBS).map(decimal.Decimal)


def arrow_sparse():
    return library("pyarrow").SparseCOOTensor.from_dense_numpy(PROBS)


def lazy():
    polars = library("polars")
    return polars.LazyFrame({"a": PROBS[:, 0], "b": PROBS[:, 1]})


P_COLUMN = "np.column_stack([1 - p, p])"
# What is given, and the code that the message advises.
PROBS_ADVICE = {
    "texts": (lambda: PROBS.astype(str), "np.asarray(probs, dtype=np.float64)"),
    "objects": (lambda: PROBS.astype(object), "np.asarray(probs, dtype=np.float64)"),
    "a frame of decimals": (decimals, "probs.astype('float64')"),
    "a frame with names": (
        frame({"id": list("abcd"), "p": PROBS[:, 0], "q": PROBS[:, 1]}),
        "probs[['p', 'q']]",
    ),
    "complex": (lambda: PROBS + 0j, "np.real(probs)"),
    "a list of complex": (lambda: (PROBS + 0j).tolist(), "np.real(probs)"),
    "one column": (lambda: PROBS[:, 1:], P_COLUMN),
    "one column in a list": (lambda: PROBS[:, 1].tolist(), P_COLUMN),
    "one column in a frame": (
        frame({"p": PROBS[:, 1]}),
        "pd.concat([1 - p, p], axis=1, keys=[0, 1])",
    ),
    "one column in a tensor": (
        torch_tensor(lambda _, t: t[:, 1].requires_grad_()),
        "torch.stack([1 - p, p], 1)",
    ),
    "scipy, sparse": (lambda: library("scipy.sparse").csr_array(PROBS), "probs.toarray()"),
    "torch, sparse": (torch_tensor(lambda _, t: t.to_sparse()), "probs.to_dense()"),
    "torch, sparse rows": (torch_tensor(lambda _, t: t.to_sparse_csr()), "probs.to_dense()"),
    "torch, nested": (torch_tensor(nested), "torch.stack(probs.unbind())"),
    "torch, quantized": (torch_tensor(quantized), "probs.dequantize()"),
    "torch, float8": (torch_tensor(lambda torch, t: t.to(torch.float8_e4m3fn)), "probs.float()"),
    "pyarrow, sparse": (arrow_sparse, "probs.to_tensor()"),
    "polars, lazy": (lazy, "probs.collect()"),
}
LABELS_ADVICE = {
    "a column": (lambda: LABELS[:, None], "np.ravel(labels)"),
    "a row": (lambda: LABELS[None], "np.ravel(labels)"),
    "a column in a list": (lambda: LABELS[:, None].tolist(), "np.ravel(labels)"),
    "a matrix": (lambda: LABELS[:, None].view(np.matrix), "np.ravel(labels)"),
    "a frame": (frame({"label": LABELS}), "labels.iloc[:, 0]"),
    "a table": (lambda: library("pyarrow").table({"label": LABELS}), "np.ravel(labels)"),
    "a polars frame": (lambda: library("polars").DataFrame({"a": LABELS}), "np.ravel(labels)"),
    "a column in bfloat16": (torch_labels(lambda _, t: t.bfloat16()[:, None]), "labels.ravel()"),
    "torch, sparse": (torch_labels(lambda _, t: t.to_sparse()), "labels.to_dense()"),
}


def advised(message, name, value, code):
    """What the code gives, after the assignment that the advice may hold."""
    scope = {"np": np, "ec": ec, name: value}
    if "torch" in code:
        scope["torch"] = library("torch")
    if "pd." in code:
        scope["pd"] = library("pandas")
    for target, expression in re.findall(r"(\w+) = (\S+\)|\S+\.iloc\[:, 0\])[,;]", message):
        scope[target] = eval(expression, scope)
    return eval(code, scope)


@pytest.mark.filterwarnings("ignore:.*(Sparse|sparse|nested|quantized).*:UserWarning")
@pytest.mark.parametrize("case", PROBS_ADVICE)
def test_advice_on_probabilities_works(case):
    make, code = PROBS_ADVICE[case]
    probs = make()
    with pytest.raises((TypeError, ValueError), match=r"^probs: ") as caught:
        check_probs(probs)
    assert isinstance(caught.value, InputError)
    assert str(caught.value).endswith(f" {code}")
    np.testing.assert_array_equal(
        check_probs(advised(str(caught.value), "probs", probs, code)).array, PROBS
    )


@pytest.mark.parametrize("case", LABELS_ADVICE)
def test_advice_on_labels_works(case):
    make, code = LABELS_ADVICE[case]
    labels = make()
    with pytest.raises((TypeError, ValueError), match=r"^labels: ") as caught:
        check_labels(labels, 4, 2)
    assert isinstance(caught.value, InputError)
    assert str(caught.value).endswith(f"pass {code}")
    given = check_labels(advised(str(caught.value), "labels", labels, code), 4, 2)
    np.testing.assert_array_equal(given, LABELS)


def test_advice_on_one_logit_works():
    with pytest.raises(ValueError, match=r"for the logit of class 1, p = np.ravel") as caught:
        check_logits([2.0, -1.0])
    code = "np.column_stack([0 * p, p])"
    assert str(caught.value).endswith(code)
    logits = advised(str(caught.value), "logits", [2.0, -1.0], code)
    assert ec.softmax(logits)[0, 1] == pytest.approx(1 / (1 + np.exp(-2)))


def test_advice_on_rows_without_a_class_works():
    labels = [0, -100, 0, 1]
    with pytest.raises(ValueError, match=r"keep = np.asarray\(labels\) >= 0$"):
        ec.score(PROBS, labels)
    keep = np.asarray(labels) >= 0
    assert len(ec.score(PROBS[keep], np.asarray(labels)[keep])) == 3
    with pytest.raises(ValueError, match=r"pass classes=, their values") as caught:
        ec.score(PROBS, [1, 2, 1, 2])
    assert "no class" not in str(caught.value)
    assert ec.score(PROBS, [1, 2, 1, 2], classes=[1, 2]).predicted.tolist() == [0, 1, 0, 1]


def test_advice_on_no_rows_works():
    for empty in ([], np.empty(0), np.empty(0, dtype=object)[:0].astype(float)):
        with pytest.raises(ValueError, match="no rows, pass") as caught:
            ec.score(empty, [])
        code = "np.empty((0, n_classes))"
        assert str(caught.value).endswith(code)
        assert len(ec.score(eval(code, {"np": np, "n_classes": 2}), [])) == 0
    with pytest.raises(ValueError, match=r"got shape \(1, 0\)$"):
        ec.score([[]], [0])


MISSING = {
    "None": [0, None, 1, 0],
    "None among names": ["a", None, "b", "a"],
    "NaN among objects": np.array([0, np.nan, 1, 0], dtype=object),
}


@pytest.mark.parametrize("case", MISSING)
def test_a_missing_label_is_called_so(case):
    for classes in (None, ["a", "b"]) if "names" in case else (None,):
        with pytest.raises(ValueError, match="1 of 4 values are missing; the first is row 1; drop"):
            ec.score(PROBS, MISSING[case], classes=classes)


def test_a_missing_value_is_called_so():
    with pytest.raises(
        ValueError, match=r"probs: 1 of 2 rows contain values that are missing; .* 1;"
    ):
        check_probs([[0.5, 0.5], [None, 1.0]])
    with pytest.raises(ValueError, match="loss: 1 of 2 values are missing; the first is row 1"):
        check_vector([0.5, None], "loss")
    rows = rows_of_objects()
    rows[2] = None
    with pytest.raises(ValueError, match="probs: 1 of 4 values are missing; the first is row 2"):
        check_probs(rows)


@pytest.mark.parametrize("values", [None, 5j, {"a": 1}, {0.5}, iter(PROBS), object()])
def test_what_is_no_array_is_called_by_its_type(values):
    with pytest.raises(TypeError, match=f"^probs: expected an array, got {type(values).__name__}$"):
        check_probs(values)


def test_paths_are_not_read():
    for path in "predictions.csv", Path("predictions.csv"):
        with pytest.raises(TypeError, match=r"got \w+; read the file first.*easiness score FILE"):
            ec.score(path, [0])


def test_names_of_several_types():
    want = ec.log_easiness(PROBS, LABELS)
    for classes in ((1, "a"), [b"a", 1.5]):
        labels = [classes[label] for label in LABELS]
        np.testing.assert_array_equal(ec.log_easiness(PROBS, labels, classes=classes), want)
    # As in files: a number may be written as text.
    texts = np.array(["a", "1", "a", "1"])
    assert ec.score(PROBS, texts, classes=[1, "a"]).labels.tolist() == [1, 0, 1, 0]
    with pytest.raises(ValueError, match=r"labels: 2 of 4 .* not among the classes \(1, a\)"):
        ec.score(PROBS, np.array(["a", "2", "a", "2"]), classes=[1, "a"])
    for bad in ([{}, {}], np.array([{}, {}])):
        with pytest.raises(TypeError, match="classes: expected names, got dict in row 0"):
            ec.score(PROBS, LABELS, classes=bad)
    with pytest.raises(TypeError, match="labels: expected names, got dict in row 0"):
        ec.score(PROBS, [{}, {}, {}, {}], classes=["a", "b"])


def test_a_column_of_rows_is_a_matrix():
    pd = library("pandas")
    columns = [rows_of_objects(), pd.Series(list(PROBS)), pd.Series(PROBS.tolist())]
    for column in (*columns, pd.DataFrame({"p": list(PROBS)})):
        np.testing.assert_array_equal(to_array(column, "probs"), PROBS)
    ragged = pd.Series([[0.5, 0.5], [1.0]])
    with pytest.raises(
        ValueError, match=r"^probs: expected lists of one length, got .* 1 to 2; row"
    ):
        check_probs(ragged)


def test_arrow_tensors():
    pa = library("pyarrow")
    fixed = pa.FixedShapeTensorArray.from_numpy_ndarray(PROBS)
    for probs in (
        fixed, pa.chunked_array([fixed, fixed[:0]]), pa.table({"p": fixed}),
        pa.Tensor.from_numpy(PROBS), fixed[:0],
    ):  # fmt: skip
        rows = len(probs) if not isinstance(probs, pa.Tensor) else 4
        np.testing.assert_array_equal(check_probs(probs).array, PROBS[:rows])
    np.testing.assert_array_equal(check_labels(pa.Tensor.from_numpy(LABELS), 4, 2), LABELS)
    images = pa.FixedShapeTensorArray.from_numpy_ndarray(np.ones((4, 2, 2)))
    with pytest.raises(ValueError, match=r"^probs: expected shape .* got \(4, 2, 2\)$"):
        check_probs(images)
    with pytest.raises(TypeError, match=r"^probs: expected an array, got DoubleScalar"):
        check_probs(pa.scalar(1.0))


def test_polars():
    pl = library("polars")
    array = pl.Series(PROBS.tolist(), dtype=pl.Array(pl.Float64, 2))
    lists = pl.Series(PROBS.tolist())
    for probs in (lists, array, pl.DataFrame({"p": lists}), pl.DataFrame({"p": array})):
        np.testing.assert_array_equal(check_probs(probs).array, PROBS)
    assert check_probs(lists.cast(pl.List(pl.Float32))).dtype == np.float32
    np.testing.assert_array_equal(check_labels(pl.Series(LABELS), 4, 2), LABELS)
    for missing in ([[0.5, 0.5], None], [[0.5, 0.5], [0.5, None]]):
        with pytest.raises(ValueError, match=r"^probs: 1 of 2 .*null; the first is row 1"):
            check_probs(pl.Series(missing))
    with pytest.raises(ValueError, match=r"^labels: 1 of 2 values are null; the first is row 1"):
        check_labels(pl.Series([0, None]), 2, 2)
    with pytest.raises(
        ValueError, match=r"^probs: expected lists of one length, got lengths 1 to 2"
    ):
        check_probs(pl.Series([[0.5, 0.5], [1.0]]))


def test_torch_views_and_halves():
    torch = library("torch")
    probs = torch.tensor(PROBS)
    negative = torch.complex(probs, -probs).conj().imag
    assert negative.is_neg()
    for tensor in (negative, negative.bfloat16()):
        np.testing.assert_array_equal(ec.score(tensor, LABELS).predicted, PROBS.argmax(axis=1))
    for dtype in (torch.bfloat16, torch.float16, torch.uint16):
        np.testing.assert_array_equal(check_labels(torch.tensor(LABELS).to(dtype), 4, 2), LABELS)
    with pytest.raises(TypeError, match=r"dtype complex128; .*pass np.real\(probs\)"):
        check_probs(torch.complex(probs, probs).conj())
    with pytest.raises(TypeError, match=r"^probs: expected an array, got a tensor without values$"):
        check_probs(torch.empty(4, 2, device="meta"))
