"""Which lines and columns of tables are names, numbers of rows, or data."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main

_RNG = np.random.default_rng(7)


def scored(*argv: str) -> np.ndarray:
    """Give label and loss of each row; the loss tells whether rows and labels fit together."""
    assert main(["score", *argv, "-q", "-o", "out.npz", "--overwrite"]) == 0
    with np.load("out.npz") as arrays:
        return np.column_stack([arrays["label"], arrays["loss"]])


def expected(probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.column_stack([labels, -np.log(probs[np.arange(len(labels)), labels])])


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class TestPandasHeaders:
    @pytest.mark.parametrize("n_classes", [2, 3])
    @pytest.mark.parametrize("first", [0, 1])
    @pytest.mark.parametrize("index", [False, True])
    def test_labels_in_a_series_or_a_column(self, n_classes: int, first: int, index: bool) -> None:
        probs = _RNG.dirichlet(np.ones(n_classes), size=50)
        labels = _RNG.integers(0, n_classes, size=50)
        labels[0] = first
        frame = pd.DataFrame(probs)
        frame.to_csv("p.csv", index=index)
        pd.Series(labels).to_csv("y.csv", index=index)
        np.save("y.npy", labels)
        np.save("p.npy", probs)
        frame.assign(label=labels).to_csv("both.csv", index=index)
        for argv in (["p.csv", "y.csv"], ["p.csv", "y.npy"], ["p.npy", "y.csv"], ["both.csv"]):
            np.testing.assert_allclose(scored(*argv), expected(probs, labels))

    def test_named_labels_below_pandas_header(self) -> None:
        np.save("p.npy", np.array([[0.75, 0.25], [0.5, 0.5]]))
        Path("y.csv").write_text("0\ncat\ndog\n")
        assert scored_labels("p.npy", "y.csv", "--classes", "cat,dog") == ["cat", "dog"]

    @pytest.mark.parametrize("probs", ["0,1\n1,0\n0,1\n", "0,1\n0.5,0.5\n0.25,0.75\n"])
    def test_as_many_labels_as_lines_make_the_first_line_data(self, probs: str) -> None:
        Path("p.csv").write_text(probs)
        Path("y.csv").write_text("1\n0\n1\n")
        assert scored("p.csv", "y.csv")[0].tolist() == [1, 0]

    def test_one_label_fewer_makes_it_a_header_even_of_plain_rows(self) -> None:
        Path("p.csv").write_text("0,1\n1,0\n0,1\n")
        Path("y.csv").write_text("1\n1\n")
        assert scored("p.csv", "y.csv").tolist() == [[1, np.inf], [1, 0]]

    def test_a_first_label_0_stays_data(self) -> None:
        np.save("p.npy", np.array([[0.5, 0.5], [0.25, 0.75]]))
        Path("y.csv").write_text("0\n1\n")
        np.testing.assert_array_equal(scored("p.npy", "y.csv")[:, 0], [0, 1])

    def test_plain_rows_under_two_doubtful_lines_are_refused(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Path("p.csv").write_text("0,1\n1,0\n0,1\n")
        Path("y.csv").write_text("0\n0\n1\n")
        assert main(["score", "p.csv", "y.csv"]) == 3
        error = capsys.readouterr().err
        assert "the first lines '0,1' and '0' may be headers or data" in error
        Path("p.csv").write_text("0.0,1.0\n1,0\n0,1\n")
        Path("y.csv").write_text("0.0\n0\n1\n")
        assert scored("p.csv", "y.csv")[:, 1].tolist() == [np.inf, 0, 0]

    def test_the_key_names_a_header_of_a_number(self) -> None:
        np.save("p.npy", np.array([[0.5, 0.5], [0.25, 0.75]]))
        Path("y.csv").write_text("0\n0\n1\n")
        found = scored("p.npy", "y.csv", "--labels-key", "0")
        np.testing.assert_array_equal(found[:, 0], [0, 1])


def scored_labels(*argv: str) -> list[str]:
    assert main(["score", *argv, "-q", "-o", "out.csv", "--overwrite"]) == 0
    with open("out.csv", newline="", encoding="utf-8") as file:
        return [row["label"] for row in csv.DictReader(file)]


class TestIndexColumns:
    @pytest.mark.parametrize("name", ["id", "index", "Sample_ID", "Unnamed: 0"])
    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_are_no_classes(self, name: str, suffix: str) -> None:
        probs = _RNG.dirichlet(np.ones(3), size=20)
        labels = _RNG.integers(0, 3, size=20)
        # All zero: as a class, it would pass every check on rows.
        frame = pd.DataFrame({name: np.zeros(20), "a": probs[:, 0], "b": probs[:, 1]})
        frame = frame.assign(c=probs[:, 2], label=labels)
        path = f"p.{suffix}"
        if suffix == "csv":
            frame.to_csv(path, index=False)
        else:
            pq.write_table(pa.Table.from_pandas(frame), path)
        np.save("y.npy", labels)
        for argv in ([path], [path, "y.npy"]):
            np.testing.assert_allclose(scored(*argv), expected(probs, labels))

    def test_leave_the_labels_as_the_only_other_column(self) -> None:
        np.save("p.npy", np.array([[0.5, 0.5], [0.25, 0.75]]))
        Path("y.csv").write_text("id,truth\n7,1\n8,0\n")
        np.testing.assert_array_equal(scored("p.npy", "y.csv")[:, 0], [1, 0])

    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    @pytest.mark.parametrize("extra", [0.25, 7.0])
    @pytest.mark.parametrize("command", ["score", "report"])
    def test_bad_rows_tell_how_many_columns_were_taken(
        self, suffix: str, extra: float, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        frame = pd.DataFrame({"number": [extra], "a": [0.5], "b": [0.5], "label": [1]})
        if suffix == "csv":
            frame.to_csv("p.csv", index=False)
        else:
            pq.write_table(pa.Table.from_pandas(frame), "p.parquet")
        output = "out.csv" if command == "score" else "out.html"
        assert main([command, f"p.{suffix}", "-o", output]) == 3
        assert "(3 columns of the file were taken for classes)" in capsys.readouterr().err

    def test_an_array_has_no_columns_to_guess(self, capsys: pytest.CaptureFixture[str]) -> None:
        np.savez("p.npz", probs=[[0.5, 0.75]], label=[1])
        assert main(["score", "p.npz"]) == 3
        assert "taken for classes" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("label", "shown"), [("1e300", "1e+300"), (str(2**70), str(float(2**70))), ("-1e19", "-1e+19")]
)
def test_huge_labels_are_one_line_with_the_value(
    label: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("p.csv").write_text(f"a,b,label\n0.5,0.5,1\n0.5,0.5,{label}\n")
    assert main(["score", "p.csv"]) == 3
    assert capsys.readouterr().err == (
        f"easiness: error: labels: 1 of 2 labels are outside 0 to 1; the first is row 1, "
        f"label {shown}\n"
    )
