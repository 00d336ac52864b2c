"""Every format gives the same probabilities and labels."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli._read import Inputs, read_inputs

import easiness_core as ec

NAMES = ["cat", "dog, big", 'the "bird"']
_RNG = np.random.default_rng(7)
PROBS = _RNG.dirichlet(np.full(3, 0.05), size=400)
LABELS = _RNG.integers(0, 3, size=400)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(probs: str, labels: str | None = None, **options: object) -> Inputs:
    defaults: dict[str, object] = {
        "logits": False, "classes": None, "probs_key": None, "labels_key": None,
        "max_bytes": 1 << 30,
    }  # fmt: skip
    return read_inputs(probs, labels, **{**defaults, **options})


def assert_read(inputs: Inputs, *, probs: np.ndarray = PROBS) -> None:
    assert inputs.probs.dtype == probs.dtype
    np.testing.assert_array_equal(inputs.probs, probs)
    np.testing.assert_array_equal(inputs.labels, LABELS)


def names_of(labels: np.ndarray) -> list[str]:
    return [NAMES[label] for label in labels]


class TestNpy:
    @pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f8", "i1"])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_dtypes_and_orders_are_kept(self, dtype: str, order: str) -> None:
        probs = np.array(PROBS, dtype=dtype, order=order)
        np.save("p.npy", probs)
        np.save("y.npy", LABELS.astype(np.uint8))
        assert_read(read("p.npy", "y.npy"), probs=probs)

    def test_is_memory_mapped_and_so_not_limited(self) -> None:
        np.save("p.npy", PROBS)
        np.save("y.npy", LABELS)
        inputs = read("p.npy", "y.npy", max_bytes=10)
        assert isinstance(inputs.probs, np.memmap)
        assert_read(inputs)

    def test_version_2_header(self) -> None:
        with open("p.npy", "wb") as file:
            np.lib.format.write_array(file, PROBS, version=(2, 0))
        np.save("y.npy", LABELS.reshape(-1, 1))
        assert_read(read("p.npy", "y.npy"))

    def test_named_labels(self) -> None:
        np.save("p.npy", PROBS)
        np.save("y.npy", np.array(names_of(LABELS)))
        inputs = read("p.npy", "y.npy", classes=NAMES)
        assert_read(inputs)
        assert inputs.classes == NAMES

    def test_labels_as_bytes(self) -> None:
        np.save("p.npy", PROBS)
        np.save("y.npy", np.array([name.encode() for name in names_of(LABELS)]))
        assert_read(read("p.npy", "y.npy", classes=NAMES))

    def test_labels_as_whole_floats_are_column_numbers(self) -> None:
        np.save("p.npy", PROBS)
        np.save("y.npy", LABELS.astype(float))
        assert read("p.npy", "y.npy").labels.dtype == np.int64


class TestNpz:
    @pytest.mark.parametrize("probs", ["probs", "pred_probs", "predictions", "probabilities"])
    @pytest.mark.parametrize("labels", ["label", "labels", "y", "ground_truth", "targets"])
    def test_usual_names(self, probs: str, labels: str) -> None:
        np.savez_compressed("both.npz", **{probs: PROBS, labels: LABELS, "other": LABELS})
        assert_read(read("both.npz"))

    def test_keys(self) -> None:
        np.savez("both.npz", probs=PROBS[::-1], a=PROBS, labels=LABELS[::-1], b=LABELS)
        assert_read(read("both.npz", probs_key="a", labels_key="b"))

    def test_a_lone_array_needs_no_name(self) -> None:
        np.savez("p.npz", PROBS)
        np.savez("y.npz", LABELS)
        assert_read(read("p.npz", "y.npz"))

    def test_fortran_order(self) -> None:
        np.savez("both.npz", probs=np.asfortranarray(PROBS), y=LABELS)
        assert_read(read("both.npz"))

    def test_logits_are_chosen_only_when_asked_for(self) -> None:
        logits = np.log(PROBS + 1e-9)
        np.savez("both.npz", logits=logits, probs=PROBS, labels=LABELS)
        assert_read(read("both.npz"))
        assert_read(read("both.npz", logits=True), probs=ec.softmax(logits))


class TestCsv:
    def write(self, header: list[str] | None, rows: list[list[object]], *, sep: str = ",") -> str:
        with open("p.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=sep)
            if header is not None:
                writer.writerow(header)
            writer.writerows(rows)
        return "p.csv"

    @pytest.mark.parametrize("sep", [",", ";", "\t"])
    @pytest.mark.parametrize("header", [None, ["0", "1", "2"], ["a", "b", "c"], ["7", "x", "9"]])
    def test_without_labels(self, sep: str, header: list[str] | None) -> None:
        self.write(header, PROBS.tolist(), sep=sep)
        Path("y.csv").write_text("\n".join(map(str, LABELS)) + "\n\n")
        assert_read(read("p.csv", "y.csv"))

    @pytest.mark.parametrize("name", ["label", "Labels", "y", "target"])
    def test_with_a_label_column(self, name: str) -> None:
        rows = [[p[0], label, *p[1:]] for p, label in zip(PROBS.tolist(), LABELS, strict=True)]
        assert_read(read(self.write(["p0", name, "p1", "p2"], rows)))

    def test_string_labels_take_their_classes_from_the_header(self) -> None:
        named = zip(PROBS.tolist(), names_of(LABELS), strict=True)
        inputs = read(self.write([*NAMES, "label"], [[*p, name] for p, name in named]))
        assert_read(inputs)
        assert inputs.classes == NAMES

    def test_header_of_other_numbers_is_looked_up(self) -> None:
        rows = [[*p, 3 + label] for p, label in zip(PROBS.tolist(), LABELS, strict=True)]
        inputs = read(self.write(["3", "4", "5", "label"], rows))
        assert_read(inputs)
        assert inputs.classes == ["3", "4", "5"]

    @pytest.mark.parametrize(
        ("header", "classes"),
        [(NAMES, NAMES), (["7", "x", "9"], None), (["a", "a", "b"], None), (["0", "1", "2"], None)],
    )
    def test_column_numbers_stay_and_are_called_by_a_header_of_names(
        self, header: list[str], classes: list[str] | None
    ) -> None:
        rows = [[*p, label] for p, label in zip(PROBS.tolist(), LABELS, strict=True)]
        inputs = read(self.write([*header, "label"], rows))
        assert_read(inputs)
        assert inputs.classes == classes

    @pytest.mark.parametrize("index", [True, False])
    def test_pandas_round_trip(self, index: bool) -> None:
        frame = pd.DataFrame(PROBS)
        frame.to_csv("p.csv", index=index)
        pd.Series(LABELS).to_csv("y.csv", index=index)
        if index:
            assert_read(read("p.csv", "y.csv"))
        frame["label"] = LABELS
        frame.to_csv("both.csv", index=index)
        assert_read(read("both.csv"))

    def test_label_column_is_no_class_when_labels_are_given(self) -> None:
        rows = [[*p, 9] for p in PROBS.tolist()]
        np.save("y.npy", LABELS)
        assert_read(read(self.write(["a", "b", "c", "label"], rows), "y.npy"))

    def test_y_may_be_a_class_when_labels_are_given(self) -> None:
        self.write(["n", "y"], [[0.25, 0.75], [1, 0]])
        Path("labels.csv").write_text("label\ny\nn\n")
        inputs = read("p.csv", "labels.csv")
        np.testing.assert_array_equal(inputs.labels, [1, 0])
        assert inputs.classes == ["n", "y"]

    def test_byte_order_mark_quotes_and_blank_lines(self) -> None:
        text = '\ufeff"a","b","label"\r\n"0.25",0.75,1\r\n\r\n 1e0 ,0,0\r\n'
        Path("p.csv").write_bytes(text.encode())
        inputs = read("p.csv")
        np.testing.assert_array_equal(inputs.probs, [[0.25, 0.75], [1, 0]])
        np.testing.assert_array_equal(inputs.labels, [1, 0])

    def test_labels_key(self) -> None:
        rows = [[*p, 0, label] for p, label in zip(PROBS.tolist(), LABELS, strict=True)]
        self.write(["a", "b", "c", "label", "truth"], rows)
        np.save("p.npy", PROBS)
        assert_read(read("p.npy", "p.csv", labels_key="truth"))


class TestParquet:
    def lists(self, kind: pa.DataType) -> pa.Array:
        return pa.array(PROBS.tolist(), type=kind)

    @pytest.mark.parametrize(
        "kind",
        [pa.list_(pa.float64()), pa.large_list(pa.float64()), pa.list_(pa.float64(), 3)],
        ids=str,
    )
    @pytest.mark.parametrize("rows", [1000, 64])
    def test_list_column(self, kind: pa.DataType, rows: int) -> None:
        table = pa.table({"probs": self.lists(kind), "id": LABELS, "label": LABELS})
        pq.write_table(table, "p.parquet", row_group_size=rows)
        assert_read(read("p.parquet"))

    def test_float32_is_kept(self) -> None:
        table = pa.table({"p": self.lists(pa.list_(pa.float32())), "y": LABELS})
        pq.write_table(table, "p.parquet")
        assert_read(read("p.parquet"), probs=PROBS.astype(np.float32))

    def test_one_column_a_class_with_named_labels(self) -> None:
        columns = {name: PROBS[:, k] for k, name in enumerate(NAMES)}
        pq.write_table(pa.table({**columns, "label": names_of(LABELS)}), "p.parquet")
        inputs = read("p.parquet")
        assert_read(inputs)
        assert inputs.classes == NAMES

    def test_pandas_with_an_index_and_categories(self) -> None:
        frame = pd.DataFrame(PROBS, columns=NAMES, index=np.arange(400)[::-1])
        frame.to_parquet("p.parquet")
        pd.DataFrame({"label": pd.Categorical(names_of(LABELS))}).to_parquet("y.parquet")
        inputs = read("p.parquet", "y.parquet")
        assert_read(inputs)
        assert inputs.classes == NAMES

    def test_keys(self) -> None:
        lists = self.lists(pa.list_(pa.float64()))
        table = pa.table({"probs": lists[::-1], "mine": lists, "label": LABELS[::-1], "l": LABELS})
        pq.write_table(table, "p.parquet")
        assert_read(read("p.parquet", probs_key="mine", labels_key="l"))


@pytest.mark.parametrize("kind", ["npy", "npz", "csv", "parquet"])
def test_standard_input(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    if kind == "npy":
        np.save(buffer, np.asfortranarray(PROBS))
    elif kind == "npz":
        np.savez(buffer, probs=PROBS)
    elif kind == "csv":
        pd.DataFrame(PROBS).to_csv(buffer, index=False)
    else:
        pq.write_table(pa.table({"probs": PROBS.tolist()}), buffer)
    np.save("y.npy", LABELS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(buffer.getvalue())))
    assert_read(read("-", "y.npy"))
