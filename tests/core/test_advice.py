"""The code that a message advises is run on the very input that the message is about."""

import decimal
import re
from pathlib import Path

import numpy as np
import pytest

import easiness_core as ec
from easiness_core.errors import InputError
from easiness_core.validation import check_labels, check_logits, check_probs

PROBS = np.array([[0.75, 0.25], [0.25, 0.75], [0.5, 0.5], [0.25, 0.75]])
LABELS = np.array([0, 1, 0, 1])
TEXT = {"label": list("abab"), "fold": 0}


def library(name):
    return pytest.importorskip(name, reason=f"{name} is no dependency of the core")


def torch(values, change):
    return lambda: change(library("torch").tensor(values), library("torch"))


def frame(columns=("p", "q"), index="wxyz", **more):
    return lambda: (
        library("pandas")
        .DataFrame(dict(zip(columns, PROBS.T, strict=True)), list(index))
        .assign(**more)
    )


def grouped():
    return library("pandas").concat({"prob": frame()()}, axis=1)


def of_datasets(change):
    def make():
        datasets = library("datasets")
        return change(datasets, datasets.Dataset.from_dict({"a": PROBS[:, 0], "b": PROBS[:, 1]}))

    return make


P_COLUMN = "np.column_stack([1 - p, p])"
AS_FLOATS = "np.asarray(probs, dtype=np.float64)"
# What is given, and the code that the message advises.
PROBS_ADVICE = {
    "texts": (lambda: PROBS.astype(str), AS_FLOATS),
    "objects": (lambda: PROBS.astype(object), AS_FLOATS),
    "a frame of texts": (lambda: frame()().astype(str), "probs.astype('float64')"),
    "a frame of decimals": (lambda: frame()().map(decimal.Decimal), "probs.astype('float64')"),
    "a frame with a text": (frame(id=list("abcd")), "probs[['p', 'q']]"),
    "a frame with a time": (frame(at=np.datetime64("2020-01-01")), "probs[['p', 'q']]"),
    "a prefix": (frame(["p_a", "p_b"], **TEXT), "probs.filter(regex='^p_')"),
    "a suffix": (frame(["a_{}", "b_{}"], **TEXT), r"probs.filter(regex='\\}$')"),
    "columns of two levels": (grouped, "probs['prob']"),
    "complex": (lambda: PROBS + 0j, "np.real(probs)"),
    "a list of complex": (lambda: (PROBS + 0j).tolist(), "np.real(probs)"),
    "one column": (lambda: PROBS[:, 1:], P_COLUMN),
    "one column in a list": (lambda: PROBS[:, 1].tolist(), P_COLUMN),
    "one column in a frame": (
        lambda: frame()()[["q"]],
        "pd.concat([1 - p, p], axis=1, keys=[0, 1])",
    ),
    "a series": (lambda: frame()()["q"], "pd.concat([1 - p, p], axis=1, keys=[0, 1])"),
    "one column in a tensor": (
        torch(PROBS, lambda t, _: t[:, 1].requires_grad_()),
        "torch.stack([1 - p, p], 1)",
    ),
    "scipy, sparse": (lambda: library("scipy.sparse").csr_array(PROBS), "probs.toarray()"),
    "torch, sparse": (torch(PROBS, lambda t, _: t.to_sparse()), "probs.to_dense()"),
    "torch, sparse rows": (torch(PROBS, lambda t, _: t.to_sparse_csr()), "probs.to_dense()"),
    "torch, nested": (
        torch(PROBS, lambda t, lib: lib.nested.nested_tensor(list(t), layout=lib.jagged)),
        "torch.stack(probs.unbind())",
    ),
    "torch, quantized": (
        torch(PROBS, lambda t, lib: lib.quantize_per_tensor(t.float(), 0.25, 0, lib.quint8)),
        "probs.dequantize()",
    ),
    "torch, float8": (torch(PROBS, lambda t, lib: t.to(lib.float8_e4m3fn)), "probs.float()"),
    "torch, complex": (
        torch(PROBS, lambda t, lib: lib.complex(t, t).conj()),
        "np.real(probs)",
    ),
    "pyarrow, sparse": (
        lambda: library("pyarrow").SparseCOOTensor.from_dense_numpy(PROBS),
        "probs.to_tensor()",
    ),
    "polars, lazy": (
        lambda: library("polars").LazyFrame({"a": PROBS[:, 0], "b": PROBS[:, 1]}),
        "probs.collect()",
    ),
    "datasets, splits": (of_datasets(lambda lib, ds: lib.DatasetDict(train=ds)), "probs['train']"),
    "datasets, a stream": (
        of_datasets(lambda _, ds: ds.to_iterable_dataset()),
        "datasets.Dataset.from_list(list(probs))",
    ),
    "datasets, a column of a stream": (
        lambda: library("datasets").Dataset.from_dict({"p": PROBS}).to_iterable_dataset()["p"],
        "list(probs)",
    ),
}
RAVEL = "np.ravel(labels)"
LABELS_ADVICE = {
    "a column": (lambda: LABELS[:, None], RAVEL),
    "a row": (lambda: LABELS[None], RAVEL),
    "a column in a list": (lambda: LABELS[:, None].tolist(), RAVEL),
    "a matrix": (lambda: LABELS[:, None].view(np.matrix), RAVEL),
    "a frame": (lambda: frame(y=LABELS)()[["y"]], "labels.iloc[:, 0]"),
    "a table": (lambda: library("pyarrow").table({"label": LABELS}), RAVEL),
    "a polars frame": (lambda: library("polars").DataFrame({"a": LABELS}), RAVEL),
    "a column in bfloat16": (torch(LABELS, lambda t, _: t.bfloat16()[:, None]), "labels.ravel()"),
    "torch, sparse": (torch(LABELS, lambda t, _: t.to_sparse()), "labels.to_dense()"),
}


def advised(message, code, **given):
    """What the code gives, after the assignment that the advice may hold."""
    scope = {"np": np, "ec": ec, **given}
    for name, module in (("torch", "torch"), ("pd", "pandas"), ("datasets", "datasets")):
        if f"{name}." in code:
            scope[name] = library(module)
    for target, expression in re.findall(r"(\w+) = (\S+\)|\S+\.iloc\[:, 0\]|probs)[,;]", message):
        scope[target] = eval(expression, scope)
    return eval(code, scope)


def refused(check, values):
    with pytest.raises((TypeError, ValueError), match=r"^(probs|labels|logits): ") as caught:
        check(values)
    assert isinstance(caught.value, InputError)
    return str(caught.value)


@pytest.mark.filterwarnings("ignore:.*(Sparse|sparse|nested|quantized).*:UserWarning")
@pytest.mark.parametrize("case", PROBS_ADVICE)
def test_advice_on_probabilities_works(case):
    make, code = PROBS_ADVICE[case]
    probs = make()
    message = refused(check_probs, probs)
    assert message.endswith(f" {code}")
    followed = advised(message, code, probs=probs)
    assert ec.score(followed, LABELS).loss.tolist() == ec.score(PROBS, LABELS).loss.tolist()
    if hasattr(probs, "iloc"):
        assert followed.index.tolist() == list("wxyz")


@pytest.mark.parametrize("case", LABELS_ADVICE)
def test_advice_on_labels_works(case):
    make, code = LABELS_ADVICE[case]
    labels = make()
    message = refused(lambda values: check_labels(values, 4, 2), labels)
    assert message.endswith(f"pass {code}")
    followed = check_labels(advised(message, code, labels=labels), 4, 2)
    np.testing.assert_array_equal(followed, LABELS)


def test_advice_on_one_logit_works():
    message = refused(check_logits, [2.0, -1.0])
    code = "np.column_stack([0 * p, p])"
    assert message.endswith(code)
    logits = advised(message, code, logits=[2.0, -1.0])
    assert ec.softmax(logits)[0, 1] == pytest.approx(1 / (1 + np.exp(-2)))


def test_advice_on_labels_that_are_no_columns_works():
    labels = [0, -100, 0, 1]
    assert refused(lambda y: ec.score(PROBS, y), labels).endswith("keep = np.asarray(labels) >= 0")
    keep = np.asarray(labels) >= 0
    assert len(ec.score(PROBS[keep], np.asarray(labels)[keep])) == 3
    message = refused(lambda y: ec.score(PROBS, y), [1, 2, 1, 2])
    assert "pass classes=, their values" in message
    assert "no class" not in message
    assert ec.score(PROBS, [1, 2, 1, 2], classes=[1, 2]).predicted.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("empty", [[], np.empty(0)], ids=["list", "array"])
def test_advice_on_no_rows_works(empty):
    code = "np.empty((0, n_classes))"
    message = refused(lambda probs: ec.score(probs, []), empty)
    assert message.endswith(code)
    assert len(ec.score(advised(message, code, n_classes=2), [])) == 0


def test_a_frame_in_place_of_its_column_is_refused_with_the_column():
    scores = ec.score(PROBS, LABELS)
    for name, call in (
        ("level", lambda values: ec.select(values, "hard")),
        ("easiness", lambda values: ec.select_interval(values, 0, 1)),
    ):
        for table in (scores.to_pandas, scores.to_polars):
            library(table.__name__.removeprefix("to_"))
            with pytest.raises(TypeError, match=rf"^{name}: .* such as {name}\['{name}'\]"):
                call(table())


@pytest.mark.parametrize("path", ["predictions.csv", Path("predictions.csv")])
def test_paths_are_not_read(path):
    with pytest.raises(TypeError, match=r"got \w+; read the file first.*easiness score FILE"):
        ec.score(path, [0])
