"""What once gave wrong numbers without a word: it reads right now, or is refused by name."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_io import AmbiguousError, DataError, open_samples, score_blocks
from easiness_io.parameters import Parameters
from saved_tables import WRITERS

N, M = 40, 4
ANIMALS = ["cat", "dog", "bird", "cow"]
_RNG = np.random.default_rng(3)
PROBS = _RNG.dirichlet(np.full(M, 0.3), N)
LABELS = PROBS.argmax(axis=1)
NAMES = np.array(ANIMALS)[LABELS]
TABLE = pd.DataFrame(PROBS, columns=ANIMALS)


def accuracy(path: str, *paths: str, **options: Any) -> float:
    reader = open_samples(path, *paths, **options)
    return score_blocks(reader, Parameters(**options)).accuracy


def refused(path: str, *paths: str, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        accuracy(path, *paths, **options)
    return str(caught.value)


@pytest.mark.parametrize("header", ["0.0,1.0", "1,0", "0,1"])
def test_a_header_of_whole_numbers_is_no_sample(header: str) -> None:
    two = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    np.save("y.npy", [0, 1, 0])
    lines = "".join(f"{a},{b}\n" for a, b in two)
    Path("p.csv").write_text(f"{header}\n{lines}")
    with pytest.raises(AmbiguousError, match="may hold names or values; pass header=True or"):
        open_samples("p.csv", "y.npy")
    reader = open_samples("p.csv", "y.npy", header=True)
    [block] = reader.blocks()
    right = two[:, ::-1] if header == "1,0" else two
    np.testing.assert_array_equal(block.probs, right)
    assert "3 labels, but 4 rows" in refused("p.csv", "y.npy", header=False)


def test_a_label_header_of_a_number() -> None:
    pd.DataFrame(PROBS).to_csv("p.csv", index=False)
    pd.Series(LABELS).to_csv("y.csv", index=False)
    assert "if the first line of 'y.csv' holds names, pass header=True" in refused("p.csv", "y.csv")
    assert accuracy("p.csv", "y.csv", header=True) == 1
    np.savetxt("p.csv", PROBS, delimiter=",")
    np.savetxt("y.csv", LABELS, fmt="%d")
    assert accuracy("p.csv", "y.csv", header=False) == 1


def test_rows_without_a_header_are_all_samples() -> None:
    np.savetxt("p.csv", PROBS, delimiter=",")
    np.save("y.npy", LABELS)
    reader = open_samples("p.csv", "y.npy")
    assert sum(map(len, reader.blocks())) == N


def test_names_that_stand_for_nothing_elsewhere_are_names() -> None:
    names = ["NA", "null", "nan", "None"]
    frame = pd.DataFrame(PROBS, columns=[f"p_{name}" for name in names])
    frame = frame.assign(label=np.array(names)[LABELS])
    assert accuracy(WRITERS["csv"](frame)) == 1
    assert open_samples(WRITERS["csv"](frame)).classes == names


FURTHER = ["row_id", "image_id", "fold", "y_pred", "weight", "epoch"]


@pytest.mark.parametrize("name", FURTHER)
@pytest.mark.parametrize("writer", ["csv", "parquet", "json lines"])
def test_a_further_numeric_column_is_never_a_class(name: str, writer: str) -> None:
    extra = {name: np.arange(N) * 3.0}
    logits = pd.DataFrame(np.log(PROBS + 1e-9), columns=[f"logit_{a}" for a in ANIMALS])
    for frame, options in (
        (logits, {"logits": True}),
        (TABLE.add_prefix("votes_") * 100, {"normalize": True}),
        (TABLE, {}),
    ):
        path = WRITERS[writer](frame.assign(**extra, label=NAMES))
        reader = open_samples(path, **options)
        assert len(reader.class_columns) == M
        assert name in [*reader.left_out, reader.ids_name]
        assert accuracy(path, **options) == 1
    path = WRITERS[writer]((TABLE * 100).assign(**extra, label=NAMES))
    assert "not clear which columns are the classes" in refused(path, normalize=True)
    assert accuracy(path, normalize=True, probs=",".join(ANIMALS)) == 1


def test_logits_are_named_or_called_so() -> None:
    frame = TABLE.apply(np.log).add_prefix("out_").assign(fold=1.0, label=NAMES)
    path = WRITERS["csv"](frame)
    assert "no columns are called logits; it has 'out_cat', ..., 'out_cow'" in refused(
        path, logits=True
    )
    assert accuracy(path, logits=True, probs="out_*") == 1


@pytest.mark.parametrize("extra", ["confidence", "age"])
def test_a_column_that_fits_no_class_is_named(extra: str) -> None:
    values = PROBS.max(axis=1) if extra == "confidence" else _RNG.integers(20, 60, N) * 1.0
    path = WRITERS["csv"](TABLE.assign(**{extra: values}, label=NAMES))
    assert open_samples(path).left_out == [extra]
    assert accuracy(path) == 1
    # Taken by the user, it is named by the core: rows sum to 1 without it.
    told = refused(path, probs=",".join([*ANIMALS, extra]))
    assert "column 4 fits no class: without it, rows sum to 1" in told
    assert "normalize" not in told


def test_normalize_is_advised_where_columns_look_like_counts() -> None:
    path = WRITERS["csv"]((TABLE * 100).add_prefix("n_").assign(label=NAMES))
    assert "percentages, pass normalize=True" in refused(path)
    assert accuracy(path, normalize=True) == 1
    path = WRITERS["csv"](TABLE.round(2).add_prefix("p_").assign(label=NAMES))
    assert "they look rounded to 2 decimals: pass normalize=True" in refused(path)
    assert accuracy(path, normalize=True) > 0.9


def test_one_column_of_probabilities() -> None:
    path = WRITERS["csv"](pd.DataFrame({"score": PROBS[:, 0], "label": LABELS % 2}))
    assert "one column of probabilities, 'score'" in refused(path)
    np.save("p.npy", PROBS[:, 0])
    np.save("y.npy", LABELS % 2)
    assert "write two columns, 1 - p and p" in refused("p.npy", "y.npy")


def test_labels_that_are_no_class() -> None:
    path = WRITERS["csv"](TABLE.assign(label=np.where(LABELS == 2, "Vogel", NAMES)))
    row = int(np.flatnonzero(LABELS == 2)[0])
    assert f"not among the classes (cat, dog, bird, cow); the first is row {row}" in refused(path)
    frame = pd.DataFrame(PROBS, columns=[f"p_{at + 1}" for at in range(M)])
    assert "label '0'" in refused(WRITERS["csv"](frame.assign(label=LABELS)))


def test_names_of_which_some_are_numbers() -> None:
    frame = pd.DataFrame(PROBS, columns=["cat", "dog", "1", "cow"]).assign(label=LABELS)
    assert "some classes are named by numbers" in refused(WRITERS["csv"](frame))


def test_given_names_in_another_order() -> None:
    path = WRITERS["csv"](TABLE.assign(label=NAMES))
    assert "in another order than theirs" in refused(path, classes=ANIMALS[::-1])
    assert "5 class names, but the probabilities have 4 columns" in refused(
        path, classes=[*ANIMALS, "pig"]
    )


def test_two_columns_of_one_name() -> None:
    Path("t.csv").write_text("a,a,label\n0.5,0.5,0\n")
    assert "2 columns are named 'a'" in refused("t.csv")


@pytest.mark.parametrize("where", ["probs", "label", "list"])
def test_missing_values_are_named(where: str) -> None:
    made: dict[str, Any] = {name: pa.array(PROBS[:, at]) for at, name in enumerate(ANIMALS)}
    made["label"] = pa.array(NAMES)
    if where == "list":
        made = {"probs": pa.array(PROBS.tolist()), "label": pa.array(LABELS)}
    name = {"probs": "dog", "label": "label", "list": "probs"}[where]
    values = made[name].to_pylist()
    values[7] = None
    made[name] = pa.array(values, made[name].type)
    pq.write_table(pa.table(made), "t.parquet")
    assert "first is row 7" in refused("t.parquet")


def test_lists_of_different_lengths() -> None:
    lists = PROBS.tolist()
    lists[5] = [0.5, 0.5]
    pq.write_table(pa.table({"probs": lists, "label": LABELS}), "t.parquet")
    assert "lists of different lengths: 4 and, in row 5, 2" in refused("t.parquet")


IDS: dict[str, tuple[Any, Any]] = {
    "whole numbers": (np.arange(N, dtype=np.int32), list(range(N))),
    "large": (
        pa.array([2**63 + at for at in range(N)], pa.uint64()),
        [2**63 + at for at in range(N)],
    ),
    "missing": (pa.array([None, *range(1, N)], pa.int64()), [None, *range(1, N)]),
    "float, missing": (np.array([np.nan, *range(1, N)]), [None, *range(1, N)]),
    "dates": (pd.date_range("2024-01-01", periods=N), None),
    "bytes": ([bytes([at]) for at in range(N)], [f"{at:02x}" for at in range(N)]),
    "text": ([f"{at:03}" for at in range(N)], [f"{at:03}" for at in range(N)]),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids(kind: str) -> None:
    given, expected = IDS[kind]
    made = {name: pa.array(PROBS[:, at]) for at, name in enumerate(ANIMALS)}
    pq.write_table(pa.table({"id": given, **made, "label": NAMES}), "t.parquet")
    [block] = open_samples("t.parquet").blocks()
    found = block.ids.to_pylist()
    if kind == "dates":
        assert [each[:19] for each in found[:2]] == ["2024-01-01T00:00:00", "2024-01-02T00:00:00"]
    else:
        assert found == expected


def test_ids_beside_the_labels_and_ids_that_differ() -> None:
    np.save("p.npy", PROBS)
    np.savez("y.npz", labels=LABELS, id=np.arange(N))
    [block] = open_samples("p.npy", "y.npz").blocks()
    assert block.ids.to_pylist() == list(range(N))
    np.savez("p.npz", probs=PROBS, id=np.arange(N)[::-1])
    assert "at row 0: 0 and 39" in refused("p.npz", "y.npz")
    assert accuracy("p.npz", "y.npz", ids="") == 1


def test_the_second_of_two_files_is_not_taken_for_labels() -> None:
    for name in ("a", "b"):
        np.savez(f"{name}.npz", probs=PROBS, labels=LABELS)
    assert "quote the glob" in refused("a.npz", "b.npz")
    assert accuracy("a.npz", "b.npz", labels="labels") == 1


@pytest.mark.parametrize("path", ["data/classes=3/x.npy", "data/--logits/x.npy", "{labels}.npy"])
def test_a_path_is_shown_as_it_is(path: str) -> None:
    assert f"'{path}': cannot be read: No such file" in refused(path, "y.npy")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    data = TABLE.assign(label=NAMES).to_csv(index=False).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert accuracy("-") == 1


BROKEN = {
    "empty.csv": b"", "zeros.npy": bytes(100), "a.parquet": b"PAR1", "a.npz": b"PK\x03\x04",
    "a.arrow": b"ARROW1\0\0", "a.pkl": b"\x80\x04.", "a.jsonl": b"[1, 2]", "text.csv": b"hello",
    "a.csv.gz": b"\x1f\x8b\x08", "b.jsonl": b'{"a": 1', "u.csv": b"a,b\n\xff\xfe\x00,1\n",
    "ragged.csv": b"a,b,label\n0.5,0.5,a\n0.5,0.5\n", "word.csv": b"a,b,label\n0.5,x,a\n0.5,.5,a\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused_by_name(name: str) -> None:
    Path(name).write_bytes(BROKEN[name])
    assert refused(name).startswith(f"'{name}': ")
