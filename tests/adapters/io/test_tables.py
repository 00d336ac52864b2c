"""Files as people have them, and their mistakes: each reads as what it means, or is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_io import AmbiguousError, DataError, open_samples
from saved_tables import TEXT, TYPED, WRITERS, saved_dataset

N = 60
ANIMALS = ["cat", "dog", "bird", "horse", "deer", "frog", "ship", "truck", "auto", "plane", "cow"]
M = len(ANIMALS)
_RNG = np.random.default_rng(20261129)
PROBS = _RNG.dirichlet(np.full(M, 0.3), N)
LABELS = PROBS.argmax(axis=1)
LABELS[::7] = (LABELS[::7] + 1) % M
NAMES = np.array(ANIMALS)[LABELS]
TWO = _RNG.dirichlet([1.0, 1.0], N)
TRUTH = TWO[:, 1] > 0.5


def read(path: str, *paths: str, **options: Any) -> tuple[np.ndarray, np.ndarray, list[Any], Any]:
    """Give probabilities, labels and ids of all rows, and the reader."""
    reader = open_samples(path, *paths, **options)
    blocks = list(reader.blocks())
    ids = [each for block in blocks if block.ids is not None for each in block.ids.to_pylist()]
    probs = np.concatenate([block.probs for block in blocks])
    return probs, np.concatenate([block.labels for block in blocks]), ids, reader


def is_right(
    path: str, *paths: str, expected: Any = PROBS, codes: Any = LABELS, **options: Any
) -> Any:
    """Assert the right values, row for row, and give the reader."""
    found_probs, found_labels, _, reader = read(path, *paths, **options)
    np.testing.assert_allclose(found_probs, expected, rtol=1e-9, atol=1e-14)
    np.testing.assert_array_equal(found_labels, codes)
    return reader


def columns(names: list[str], order: Any = None, probs: Any = PROBS) -> pd.DataFrame:
    """Class columns by name, in an order of their own."""
    frame = pd.DataFrame({name: probs[:, at] for at, name in enumerate(names)})
    return frame if order is None else frame.iloc[:, order]


def people(**extra: Any) -> pd.DataFrame:
    """The table that people save."""
    frame = pd.DataFrame({
        "image_id": [f"img{at}.png" for at in range(N)], "text": ["a, b"] * N,
        "split": ["train"] * N, "label": NAMES,
    })  # fmt: skip
    frame = frame.join(columns([f"prob_{name}" for name in ANIMALS]))
    return frame.assign(pred=NAMES, confidence=PROBS.max(axis=1), **extra)


@pytest.mark.parametrize("writer", WRITERS)
class TestEveryFormat:
    def test_an_ordinary_table_needs_no_options(self, writer: str) -> None:
        path = WRITERS[writer](people())
        reader = is_right(path)
        assert reader.classes == ANIMALS
        assert reader.left_out == ["text", "split", "pred", "confidence"]
        assert read(path)[2] == [f"img{at}.png" for at in range(N)]
        assert (reader.ids_name, reader.n_classes) == ("image_id", M)

    def test_numbered_columns_are_put_in_their_order(self, writer: str) -> None:
        order = np.argsort([str(at) for at in range(M)])  # 0, 1, 10, 2, ...
        frame = columns([f"prediction_{at}" for at in range(M)], order).assign(y=LABELS)
        assert is_right(WRITERS[writer](frame)).classes is None

    def test_labels_from_one_with_the_last_class_absent(self, writer: str) -> None:
        keep = LABELS < M - 1
        frame = columns([f"p_{at + 1}" for at in range(M)]).assign(label=LABELS + 1)[keep]
        path = WRITERS[writer](frame.reset_index(drop=True))
        is_right(path, expected=PROBS[keep], codes=LABELS[keep])

    def test_true_and_false(self, writer: str) -> None:
        frame = pd.DataFrame({"True": TWO[:, 1], "False": TWO[:, 0], "label": TRUTH})
        is_right(WRITERS[writer](frame), expected=TWO, codes=TRUTH.astype(int))

    def test_no_rows(self, writer: str) -> None:
        if writer.startswith("json"):
            pytest.skip("JSON lines of no rows are an empty file, which is refused")
        probs, labels, ids, reader = read(WRITERS[writer](people().iloc[:0]))
        assert (probs.shape, labels.shape, ids) == ((0, M), (0,), [])
        assert reader.ids_name == "image_id"


NUMBERED = {
    "p0": lambda at: f"p{at}", "p_0": lambda at: f"p_{at}", "class 0": lambda at: f"class {at}",
    "p[0]": lambda at: f"p[{at}]", "P(0)": lambda at: f"P({at})", "0_prob": lambda at: f"{at}_prob",
    "class_0_prob": lambda at: f"class_{at}_prob", "p.0": lambda at: f"p.{at}", "0": str,
    "p_00": lambda at: f"p_{at:02}", "0.0": lambda at: f"{at}.0", "model_b_0": "model_b_{}".format,
}  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERED)
@pytest.mark.parametrize("first", [0, 1, 5])
@pytest.mark.parametrize("writer", [*TEXT, "parquet"])
def test_every_kind_of_numbered_name(kind: str, first: int, writer: str) -> None:
    names = [NUMBERED[kind](at + first) for at in range(M)]
    frame = columns(names, np.random.default_rng(first).permutation(M))
    is_right(WRITERS[writer](frame.assign(label=LABELS + first)))
    is_right(WRITERS[writer](frame.assign(label=(LABELS + first).astype(float))))
    is_right(WRITERS[writer](frame.assign(label=(LABELS + first).astype(str))))


def test_negative_numbers_as_names() -> None:
    frame = pd.DataFrame({"1": TWO[:, 1], "-1": TWO[:, 0], "label": np.where(TRUTH, 1, -1)})
    is_right(WRITERS["csv"](frame), expected=TWO, codes=TRUTH.astype(int))
    frame.columns = ["p_1", "p_-1", "label"]
    is_right(WRITERS["csv"](frame), expected=TWO, codes=TRUTH.astype(int))


LABEL_KINDS: dict[str, Any] = {
    "text": NAMES, "codes": LABELS, "category": pd.Categorical(NAMES), "float": LABELS * 1.0,
    "int8": LABELS.astype("int8"), "large text": pd.array(NAMES, "string"),
}  # fmt: skip


@pytest.mark.parametrize("kind", LABEL_KINDS)
@pytest.mark.parametrize("writer", [*TYPED, "csv"])
def test_labels_of_every_kind(kind: str, writer: str) -> None:
    is_right(WRITERS[writer](people().assign(label=LABEL_KINDS[kind])))


def test_class_label_of_datasets_names_the_codes() -> None:
    # Codes are those of the alphabet, columns are in another order.
    codes = sorted(ANIMALS)
    frame = people().assign(label=[codes.index(name) for name in NAMES])
    is_right(saved_dataset(pa.Table.from_pandas(frame), {"label": codes}))


def test_class_label_names_columns_that_have_none() -> None:
    table = pa.table({"probs": PROBS.tolist(), "label": LABELS})
    assert is_right(saved_dataset(table, {"label": ANIMALS})).classes == ANIMALS


def test_several_splits_are_named() -> None:
    saved_dataset(pa.table({"probs": PROBS.tolist(), "label": LABELS}))
    from pathlib import Path

    Path("all").mkdir()
    Path("ds").rename("all/train")
    Path("all/dataset_dict.json").write_text("{}")
    with pytest.raises(DataError, match=r"'all': it has the splits train; name one of them"):
        open_samples("all")
    is_right("all/train")


@pytest.mark.parametrize("dtype", [pa.float16(), pa.float32(), pa.float64(), pa.decimal128(20, 18)])
def test_class_columns_of_every_type(dtype: Any) -> None:
    numbers = PROBS.astype(np.float16) if dtype == pa.float16() else PROBS
    made = {f"p_{at}": pa.array(numbers[:, at]).cast(dtype) for at in range(M)}
    pq.write_table(pa.table({**made, "label": LABELS}), "t.parquet")
    probs, labels, _, _ = read("t.parquet")
    np.testing.assert_allclose(probs, PROBS, atol=1e-3 if dtype == pa.float16() else 1e-7)
    np.testing.assert_array_equal(labels, LABELS)


@pytest.mark.parametrize("kind", [pa.list_(pa.float64()), pa.list_(pa.float32(), M)])
@pytest.mark.parametrize("extra", [{}, {"embedding": _RNG.normal(size=(N, 5)).tolist()}])
def test_lists(kind: Any, extra: Any) -> None:
    probs = pa.array(PROBS.tolist(), kind)
    pq.write_table(pa.table({**extra, "probs": probs, "label": NAMES}), "t.parquet")
    found, labels, _, reader = read("t.parquet", classes=ANIMALS)
    np.testing.assert_allclose(found, PROBS, atol=1e-7)
    np.testing.assert_array_equal(labels, LABELS)
    assert reader.left_out == list(extra)


def test_arrays_of_npz_and_npy() -> None:
    np.savez("a.npz", softmax=PROBS, y=LABELS, embedding=_RNG.normal(size=(N, 8)), id=np.arange(N))
    assert is_right("a.npz").left_out == ["embedding"]
    assert read("a.npz")[2] == list(range(N))
    np.save("p.npy", np.asfortranarray(PROBS))
    np.save("y.npy", LABELS.reshape(-1, 1))
    is_right("p.npy", "y.npy")
    np.save("y.npy", NAMES)
    is_right("p.npy", "y.npy", classes=ANIMALS)
    with pytest.raises(DataError, match=r"they are text .*classes="):
        read("p.npy", "y.npy")
    with pytest.raises(DataError, match=r"it holds one array; give the file of labels"):
        read("p.npy")


def test_columns_by_name_pattern_or_list() -> None:
    frame = people().join(columns([f"teacher_{name}" for name in ANIMALS], probs=PROBS[::-1]))
    path = WRITERS["parquet"](frame.rename(columns={"label": "truth", "image_id": "key"}))
    with pytest.raises(AmbiguousError, match=r"prob_cat'?, .* '?teacher_cat'?, .* probs="):
        read(path, labels="truth")
    for probs in ("prob_*", ",".join(f"prob_{name}" for name in ANIMALS)):
        assert is_right(path, probs=probs, labels="truth", ids="key").ids_name == "key"
    with pytest.raises(DataError, match=r"probs: no column 'nothing'"):
        read(path, probs="nothing", labels="truth")
    with pytest.raises(DataError, match=r"ids: no column 'nothing'|no column 'nothing'"):
        read(path, probs="prob_*", labels="truth", ids="nothing")
    assert read(path, probs="prob_*", labels="truth", ids="")[2] == []
