"""Every output format gives the core's numbers back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main
from easiness_io import Samples
from easiness_io.writers.tables import SINKS

import easiness_core as ec

NAMES = ["cat", "dog, big", 'the "bird"']
_RNG = np.random.default_rng(7)
PROBS = _RNG.dirichlet(np.full(3, 0.05), size=400)
LABELS = _RNG.integers(0, 3, size=400)
COLUMNS = ("index", "label", "predicted", "easiness", "log_easiness", "level", "loss")


@pytest.mark.parametrize("names", [None, NAMES, ["a", "b", "c"]], ids=["numbers", "odd", "plain"])
class TestOutput:
    """The same scores are read back from each format."""

    @pytest.fixture(autouse=True)
    def _written(self, names: list[str] | None) -> None:
        np.save("p.npy", PROBS)
        np.save("y.npy", LABELS)
        if names:
            Path("names.txt").write_text("\n".join(names) + "\n")
        for suffix in ("parquet", "csv", "npz"):
            argv = ["score", "p.npy", "y.npy", "-o", f"out.{suffix}", "-q"]
            assert main(argv + (["--classes", "@names.txt"] if names else [])) == 0

    def expected(self) -> dict[str, np.ndarray]:
        scores = ec.score(PROBS, LABELS)
        found = {name: getattr(scores, name) for name in COLUMNS[2:]}
        return {"index": np.arange(400), "label": LABELS, **found}

    def test_npz(self, names: list[str] | None) -> None:
        with np.load("out.npz", allow_pickle=False) as arrays:
            assert set(arrays) == set(COLUMNS) | ({"classes"} if names else set())
            for name, values in self.expected().items():
                assert arrays[name].dtype == values.dtype
                np.testing.assert_array_equal(arrays[name], values)
            if names:
                assert arrays["classes"].tolist() == names

    def test_csv_and_parquet(self, names: list[str] | None) -> None:
        table = pq.read_table("out.parquet")
        assert tuple(table.column_names) == COLUMNS
        assert pa.types.is_dictionary(table.schema.field("level").type)
        with open("out.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
        assert tuple(rows[0]) == COLUMNS
        for position, (name, values) in enumerate(self.expected().items()):
            expected = values.tolist()
            if name == "level":
                expected = [{1: "hard", 2: "medium", 4: "easy"}[value] for value in expected]
            elif name in ("label", "predicted") and names:
                expected = [names[value] for value in expected]
            assert table.column(name).to_pylist() == expected
            cells = [type(expected[0])(row[position]) for row in rows[1:]]
            assert cells == expected, name


def test_csv_floats_survive() -> None:
    values = np.array([0.1, 1 / 3, 5e-324, 1.7976931348623157e308, 2.5e-310, 0.0, 1.0, np.inf])
    n = values.size
    scores = ec.Scores(
        easiness=values, log_easiness=-values, level=np.full(n, 2, np.uint8), loss=values,
        predicted=np.zeros(n, np.int64), labels=np.zeros(n, np.int64), summary=ec.Summary(),
        n_classes=2,
    )  # fmt: skip
    file = io.BytesIO()
    sink = SINKS[".csv"](file, NAMES)
    sink.add(scores, Samples(PROBS[:n], np.zeros(n, np.int64), None, 0))
    sink.close()
    rows = list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))
    assert [float(row["easiness"]) for row in rows] == values.tolist()
    assert [float(row["log_easiness"]) for row in rows] == (-values).tolist()
    assert rows[-1]["loss"] == "inf"
    assert {(row["label"], row["level"]) for row in rows} == {("cat", "medium")}


IDS = {
    "text": pa.array(["a,b", None, 'say "no"', "line\nbreak"], pa.string()),
    "int64": pa.array([7, 3, None, 2**62], pa.int64()),
    "uint64": pa.array([7, 3, None, 2**64 - 1], pa.uint64()),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_are_written_as_they_are(kind: str) -> None:
    scores = ec.score(PROBS[:4], LABELS[:4])
    for suffix in (".csv", ".parquet"):
        with open(f"s{suffix}", "wb") as file:
            sink = SINKS[suffix](file, None)
            sink.add(scores, Samples(PROBS[:4], LABELS[:4], IDS[kind], 0))
            sink.close()
    assert pq.read_table("s.parquet").column("id").combine_chunks().equals(IDS[kind])
    with open("s.csv", newline="", encoding="utf-8") as file:
        cells = [row["id"] for row in csv.DictReader(file)]
    assert cells == ["" if each is None else str(each) for each in IDS[kind].to_pylist()]
