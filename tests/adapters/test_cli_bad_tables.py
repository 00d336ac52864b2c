"""Bad csv and parquet files end with exit code 3, one line on stderr, and nothing written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli.__main__ import main

PROBS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.4, 0.3, 0.3]])
LABELS = np.array([0, 1, 2, 0])


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Run a command that must fail, and give its one line."""

    def run(*argv: str, code: int = 3) -> str:
        before = snapshot(tmp_path)
        assert main(argv) == code
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("easiness: error: ")
        assert captured.err.endswith("\n")
        assert len(captured.err.splitlines()) == 1
        assert snapshot(tmp_path) == before
        return captured.err

    return run


def snapshot(folder: Path) -> dict[str, bytes | None]:
    return {str(p): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


BAD_CSV = {
    "text": ("a,b\n0.5,0.5\n0.5,many\n", "line 3, column 2 ('b'): expected a number, got 'many'"),
    "text in the first row": ("0.5,x\n0.5,0.5\n", "line 1, column 2: expected a number, got 'x'"),
    "empty cell": ("0.5,0.5\n0.5,\n", "line 2, column 2: expected a number, got an empty cell"),
    "missing cell": ("0.5,0.5\n\n0.5\n", "line 3 has 1 cells, the first line has 2"),
    "cell too many": ("0.5,0.5\n0.5,0.5,0\n", "line 2 has 3 cells"),
    "header only": ("a,b\n", "no rows"),
    "blank": ("\n\n", "no rows"),
    "one column": ("0.5\n0.5\n", "at least 2, got 1"),
    "binary": (b"\xff\xfe\x00a,b\n", "not UTF-8 text"),
    "endless cell": ("a,b\n" + "1" * 200_000 + ",0\n", "a row of 65,537 characters or more"),
    "nan": ("0.5,nan\n" * 4, "hold NaN; the first is row 0"),
    "percentages": ("50,50\n" * 4, "--normalize"),
    "too large": ("0.5,0.5\n" * 4000, "more than --max-bytes 16,384"),
}


@pytest.mark.parametrize("case", BAD_CSV)
def test_bad_csv(case: str, fails: Callable[..., str]) -> None:
    text, message = BAD_CSV[case]
    Path("b.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    np.save("y.npy", np.array([0, 1, 1, 0]))
    assert message in fails("score", "b.csv", "y.npy", "-o", "out.csv", "--max-bytes", "16K")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n0.5,0.5\n", "no column of labels: it has the columns 'a', 'b'"),
        ("0.5,0.5\n", "no column of labels: it has no header"),
        ("a,b,y,label\n0.5,0.5,0,0\n", "more than one column of labels"),
        ("a,b,label\n0.5,0.5,0\n0.5,0.5,\n", "line 3: a cell is empty"),
        ("a,b,label\n0.5,0.5,0\n0.5,0.5,z\n", "2 of 2 are not among the column names (a, b)"),
        ("a,b,label\n0.5,0.5,0.25\n", "not whole numbers"),
        ("a,b,label\n0.5,0.5,2\n", "outside 0 to 1"),
        ("a,b,label\n0.5,0.5,-1\n", "outside 0 to 1"),
        ("a,a,label\n0.5,0.5,a\n", "not all different"),
    ],
)
def test_bad_labels_in_csv(text: str, message: str, fails: Callable[..., str]) -> None:
    Path("b.csv").write_text(text)
    error = fails("score", "b.csv", "-o", "out.csv")
    assert message in error
    assert "classes=" not in error


LISTS = pa.array(PROBS.tolist())

BAD_PARQUET = {
    "ragged": ({"probs": [[0.5, 0.5], [1.0, 0.0], [1.0]]}, "row 0 has 2 entries, row 2 has 1"),
    "null list": ({"probs": [[0.5, 0.5], None, [1.0, 0.0]]}, "1 of 3 rows are null"),
    "null entry": ({"probs": [[0.5, None], [1.0, 0.0]]}, "1 list entries are null"),
    "text in lists": ({"probs": [["a", "b"]]}, "expected lists of numbers"),
    "no rows": ({"probs": LISTS[:0]}, "no rows"),
    "two lists": ({"a": LISTS, "b": LISTS}, "more than one list column"),
    "logits": ({"logits": LISTS}, "pass --logits"),
    "text column": ({"a": [0.5], "b": [0.5], "file": ["x.png"]}, "column 'file': expected numbers"),
    "null cell": ({"a": [0.5, None], "b": [0.5, 0.5]}, "column 'a': 1 of 2 rows are null"),
    "one column": ({"a": [0.5]}, "at least 2"),
}


@pytest.mark.parametrize("case", BAD_PARQUET)
def test_bad_parquet(case: str, fails: Callable[..., str]) -> None:
    columns, message = BAD_PARQUET[case]
    pq.write_table(pa.table(columns), "b.parquet")
    assert message in fails("score", "b.parquet", "y.npy", "-o", "out.csv")


class TestParquet:
    @pytest.mark.parametrize("keep", [slice(0, 60), slice(0, -20)], ids=["start", "no footer"])
    def test_cut_short(self, keep: slice, fails: Callable[..., str]) -> None:
        pq.write_table(pa.table({"probs": LISTS, "y": LABELS}), "p.parquet")
        Path("b.parquet").write_bytes(Path("p.parquet").read_bytes()[keep])
        assert "not a readable parquet" in fails("score", "b.parquet", "-o", "out.csv")

    def test_run_lengths_cannot_hide_the_size(self, fails: Callable[..., str]) -> None:
        table = pa.table({"a": np.zeros(200_000), "b": np.ones(200_000), "y": np.ones(200_000)})
        pq.write_table(table, "b.parquet")
        assert Path("b.parquet").stat().st_size < 10_000
        message = fails("score", "b.parquet", "-o", "out.csv", "--max-bytes", "1M")
        assert "takes 4,800,000 bytes" in message

    def test_a_damaged_footer_never_aborts(self) -> None:
        """In a process of its own: pyarrow can end the process on such files."""
        pq.write_table(pa.table({"probs": LISTS, "y": LABELS}), "p.parquet", store_schema=False)
        code = (
            "from easiness_cli.__main__ import main\n"
            "whole = open('p.parquet', 'rb').read()\n"
            "footer = int.from_bytes(whole[-8:-4], 'little')\n"
            "for at in range(len(whole) - 8 - footer, len(whole)):\n"
            "    data = bytearray(whole)\n"
            "    data[at] ^= 1\n"
            "    with open('bad.parquet', 'wb') as file:\n"
            "        file.write(data)\n"
            "    assert main(['score', 'bad.parquet', '-q', '--no-auroc']) in (0, 3), at\n"
            "print('done')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], text=True, capture_output=True, timeout=300, check=False
        )
        assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-2000:]
        lines = done.stderr.splitlines()
        assert len(lines) > 100
        assert all(line.startswith("easiness: error: 'bad.parquet': ") for line in lines)
        assert "unexpected" not in done.stderr

    @pytest.mark.parametrize(
        ("columns", "argv", "message"),
        [
            ({"probs": LISTS}, [], "no column of labels: it has the columns 'probs'"),
            ({"probs": LISTS, "y": LABELS, "label": LABELS}, [], "more than one column of labels"),
            ({"probs": LISTS, "y": LABELS}, ["--probs-key", "p"], "no column 'p'"),
            ({"probs": LISTS, "y": LABELS}, ["--probs-key", "y"], "column 'y' holds no lists"),
            ({"probs": LISTS, "y": LABELS}, ["--labels-key", "z"], "no column of labels"),
            ({"probs": LISTS, "y": LISTS}, [], "column 'y': expected whole numbers or text"),
            ({"probs": LISTS, "y": [0, 1, None, 0]}, [], "column 'y': 1 of 4 rows are null"),
        ],
    )
    def test_which_column(
        self, columns: dict[str, object], argv: list[str], message: str, fails: Callable[..., str]
    ) -> None:
        pq.write_table(pa.table(columns), "b.parquet")
        assert message in fails("score", "b.parquet", "-o", "out.csv", *argv)

    def test_long_lists_cannot_hide_the_size(self, fails: Callable[..., str]) -> None:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(2_000_000)), 1000)
        pq.write_table(pa.table({"probs": lists}), "b.parquet")
        assert Path("b.parquet").stat().st_size < 50_000
        message = fails("score", "b.parquet", "y.npy", "-o", "out.csv", "--max-bytes", "1M")
        assert "the data read so far takes" in message

    def test_two_columns_of_one_name(self, fails: Callable[..., str]) -> None:
        pq.write_table(pa.Table.from_arrays([LISTS, LISTS], ["p", "p"]), "b.parquet")
        assert "same name" in fails("score", "b.parquet", "y.npy", "-o", "out.csv")

    def test_without_pyarrow_says_what_to_install(
        self, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pq.write_table(pa.table({"probs": LISTS, "y": LABELS}), "p.parquet")
        monkeypatch.delitem(sys.modules, "easiness_cli._read_parquet", raising=False)
        for module in ("pyarrow", "pyarrow.parquet"):
            monkeypatch.setitem(sys.modules, module, None)
        hint = "pip install 'easiness-core[cli]'"
        assert hint in fails("score", "p.parquet", "-o", "out.csv")
        assert hint in fails("score", "p.npy", "y.npy", "-o", "out.parquet")


def test_probs_key_has_no_meaning_for_csv(fails: Callable[..., str]) -> None:
    Path("b.csv").write_text("a,b\n0.5,0.5\n")
    assert "no meaning for csv" in fails("score", "b.csv", "y.npy", "--probs-key", "a")
