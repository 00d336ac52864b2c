"""What once gave wrong numbers without a word: it reads right now, or is refused by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_io import DataError, open_samples, score_blocks
from easiness_io.parameters import Parameters

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


def csv_of(table: str | pd.DataFrame) -> str:
    Path("t.csv").write_text(table if isinstance(table, str) else table.to_csv(index=False))
    return "t.csv"


@pytest.mark.parametrize("extra", ["confidence", "age"])
def test_a_column_that_fits_no_class_is_named(extra: str) -> None:
    values = PROBS.max(axis=1) if extra == "confidence" else _RNG.integers(20, 60, N) * 1.0
    path = csv_of(TABLE.assign(**{extra: values}, label=NAMES))
    assert open_samples(path).left_out == [extra]
    assert accuracy(path) == 1
    # Taken by the user, it is named by the core: rows sum to 1 without it.
    told = refused(path, probs=",".join([*ANIMALS, extra]))
    assert "column 4 is not a class: without it, rows sum to 1" in told
    assert "normalize" not in told


def test_normalize_is_advised_where_columns_look_like_counts() -> None:
    path = csv_of((TABLE * 100).add_prefix("n_").assign(label=NAMES))
    assert "percentages, pass normalize=True" in refused(path)
    assert accuracy(path, normalize=True) == 1
    path = csv_of(TABLE.round(2).add_prefix("p_").assign(label=NAMES))
    assert "they look rounded to 2 decimals: pass normalize=True" in refused(path)
    assert accuracy(path, normalize=True) > 0.9


def test_ids_beside_the_labels_and_ids_that_differ() -> None:
    np.save("p.npy", PROBS)
    np.savez("y.npz", labels=LABELS, id=np.arange(N))
    [block] = open_samples("p.npy", "y.npz").blocks()
    assert block.ids.to_pylist() == list(range(N))
    np.savez("p.npz", probs=PROBS, id=np.arange(N)[::-1])
    assert "at row 0: 0 and 39" in refused("p.npz", "y.npz")
    assert accuracy("p.npz", "y.npz", ids="") == 1


@pytest.mark.parametrize("path", ["data/classes=3/x.npy", "data/--logits/x.npy", "{labels}.npy"])
def test_a_path_is_shown_as_it_is(path: str) -> None:
    assert f"'{path}': cannot be read: No such file" in refused(path, "y.npy")


@pytest.mark.parametrize("cell", ['"oops', '"size 5\\""'])
def test_quotation_marks_swallow_no_rows(cell: str) -> None:
    rows = [f"0.9,0.1,cat,{cell if row in (1100, 2900) else 'ok'}" for row in range(3000)]
    path = csv_of("cat,dog,label,note\n" + "\n".join(rows) + "\n")
    assert re.search("row 1100: .* expected after|row 1100 has", refused(path))


def test_texts_of_several_lines_are_texts() -> None:
    rows = [f'0.9,0.1,cat,"a ""quoted"",\n\nlong text, {row}"' for row in range(3000)]
    path = csv_of("cat,dog,label,note\n" + "\n".join(rows))
    assert [len(block) for block in open_samples(path).blocks()] == [3000]
    assert accuracy(path) == 1.0


def test_labels_that_are_bytes_are_text() -> None:
    table = {f"p_{at}": pa.array(np.eye(40)[:, at]) for at in range(40)}
    pq.write_table(pa.table(table | {"label": [b"%d" % at for at in range(40)]}), "t.parquet")
    assert accuracy("t.parquet") == 1.0


NO_CLASSES = {
    "a total of counts": ("cat,dog,bird,total\n180,15,5,200\n10,181,10,201\n", "total"),
    "a total of percentages": ("cat,dog,bird,sum\n80,15,5,100\n10,81,9,100\n", "sum"),
    "a loss": ("cat,dog,loss\n60,40,0.5\n30,70,0.25\n", "loss"),
    "a fold": ("cat,dog,fold\n600,400,1\n300,700,2\n100,900,0\n", "fold"),
    "a learning rate": ("cat,dog,lr\n0.25,0.75,0.0001\n0.5,0.5,0.0002\n", "lr"),
    "a spread": ("prob_a,prob_b,prob_std\n0.25,0.75,0.0004\n0.5,0.5,0.0002\n", "prob_std"),
    "the largest logit": ("logit_a,logit_b,logit_max\n3,-1,3\n-2,4,4\n", "logit_max"),
}


@pytest.mark.parametrize("case", NO_CLASSES)
def test_a_column_that_depends_on_the_others_is_no_class(case: str) -> None:
    text, column = NO_CLASSES[case]
    header, *rows = text.splitlines()
    path = csv_of("\n".join([f"{header},label", *(f"{row},0" for row in rows)]))
    logits = "logit" in header
    given = {"logits": logits, "normalize": not logits and case != "a learning rate"}
    assert f"column {column!r} depends on the others" in refused(path, **given)


@pytest.mark.parametrize(("scale", "decimals"), [(1, 8), (1, 1), (100, 0)])
@pytest.mark.parametrize("extra", ["entropy", "max"])
def test_what_is_said_of_the_classes_is_no_class(scale: int, decimals: int, extra: str) -> None:
    probs = np.round(scale * PROBS, decimals)
    probs[:, 0] += scale - probs.sum(axis=1) if decimals == 0 else 0
    more = probs.max(axis=1) if extra == "max" else np.linspace(0.31, 0.87, N)
    table = TABLE.add_prefix("prob_")
    table[:] = probs
    table.assign(**{f"prob_{extra}": more, "label": NAMES}).to_csv("t.csv", index=False)
    if (scale, extra) == (100, "entropy"):
        assert "'prob_entropy' depends on the others" in refused("t.csv", normalize=True)
        return
    reader = open_samples("t.csv", normalize=True)
    assert (reader.class_columns, reader.left_out) == (
        [f"prob_{name}" for name in ANIMALS], [f"prob_{extra}"],
    )  # fmt: skip
    assert accuracy("t.csv", normalize=True) > 0.9


def test_true_is_no_class_by_position() -> None:
    path = csv_of("p_pos,p_neg,label\n0.9,0.1,True\n0.2,0.8,False\n")
    for classes in (None, ["pos", "neg"]):
        assert "write the name of its class" in refused(path, classes=classes)


@pytest.mark.parametrize("first", ["label", "id"])
def test_columns_without_names_are_numbered_as_classes(first: str) -> None:
    path = csv_of("1,0.05,0.9,0.05\n2,0.1,0.1,0.8\n1,0.1,0.8,0.1\n")
    reader = open_samples(path, labels="0")
    assert (reader.classes, reader.class_columns) == (None, ["1", "2", "3"])
    assert accuracy(path, labels="0") == 1.0


def test_ids_without_a_header_are_no_logits() -> None:
    np.savetxt("t.csv", np.c_[np.arange(N), np.log(PROBS)], delimiter=",", fmt="%.1f")
    np.savetxt("y.csv", LABELS, fmt="%d")
    assert "columns 0 hold whole numbers" in refused("t.csv", "y.csv", logits=True)


def test_labels_and_ids_of_csv_are_read_as_they_are_written() -> None:
    path = csv_of("1.10,1.1,2.0,id,label\n0.8,0.1,0.1,12e3,1.10\n0.1,0.8,0.1,inf,1.1\n")
    [block] = open_samples(path, header=True).blocks()
    assert (block.labels.tolist(), block.ids.to_pylist()) == ([0, 1], ["12e3", "inf"])


def test_half_of_a_stream_is_refused() -> None:
    table = pa.table({"p_0": PROBS[:, 0], "p_1": 1 - PROBS[:, 0], "label": LABELS % 2})
    with pa.OSFile("t.arrows", "wb") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table, max_chunksize=10)
        size = file.tell()
        stream.write_table(table)
    Path("t.arrows").write_bytes(Path("t.arrows").read_bytes()[:size])
    assert "the end of the stream is missing" in refused("t.arrows")


@pytest.mark.parametrize("name", ["filename", "Unnamed: 0"])
def test_two_files_name_the_same_rows(name: str) -> None:
    rows = np.arange(N) if name == "Unnamed: 0" else [f"{at}.png" for at in range(N)]
    TABLE.assign(**{name: rows}).to_csv("p.csv", index=False)
    labels = pd.DataFrame({name: rows, "label": NAMES})
    labels.to_csv("y.csv", index=False)
    assert accuracy("p.csv", "y.csv") == 1.0
    labels[::-1].to_csv("y.csv", index=False)
    assert f"its values of {name!r} differ from those of 'p.csv' at row 0" in refused(
        "p.csv", "y.csv"
    )
    assert accuracy("p.csv", "y.csv", ids="") < 1.0


def test_advice_that_helps() -> None:
    np.save("p.npy", np.zeros((2, 2, 2)))
    np.save("y.npy", [0, 1])
    assert "one or two dimensions, got shape (2, 2, 2)" in refused("p.npy", "y.npy")
    np.save("p.npy", [0.25, 0.5])
    assert "write two columns, 1 - p and p" in refused("p.npy", "y.npy")
    path = csv_of("0,0\n1,2\n")
    assert "if the first line is a row, pass header=False" in refused(path)
    path = csv_of("0.5,1.0,1.5,label\n0.25,0.25,0.5,1.5\n")
    assert open_samples(path).classes == ["0.5", "1.0", "1.5"]
    path = csv_of("p_0.5,p_1.5,p_2.5,label\n0.25,0.25,0.5,2.5\n")
    assert open_samples(path).classes == ["0.5", "1.5", "2.5"]
    assert [len(block) for block in open_samples(csv_of("cat,dog,label")).blocks()] == [0]
    path = csv_of("cat,dog,label\n0.5,0.5,cat\ncat,dog,label\n0.5,0.5,cat\n")
    assert "no columns of numbers; it has text in 'cat', 'dog'" in refused(path)
    rounded = pd.DataFrame(PROBS.round(1), columns=ANIMALS).assign(label=NAMES)
    rounded.to_csv("t.csv", index=False)
    assert "normalize=True" in refused("t.csv")
    assert accuracy("t.csv", normalize=True) > 0.9
