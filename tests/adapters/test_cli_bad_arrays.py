"""Bad arrays, values, labels and paths end in one line, exit code 3 and nothing written."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
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


def npy_bytes(array: np.ndarray, **options: bool) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npy_header(text: str, *, version: int = 1, length: int | None = None) -> bytes:
    length = len(text) if length is None else length
    size = struct.pack("<H" if version == 1 else "<I", length)
    return b"\x93NUMPY" + bytes([version, 0]) + size + text.encode()


WHOLE = npy_bytes(PROBS)
HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n"

BAD_NPY = {
    "empty": (b"", "empty"),
    "cut in the data": (WHOLE[:-1], "cut short"),
    "cut in the header": (WHOLE[:40], "header is cut short"),
    "only the magic": (WHOLE[:6], "not a readable npy"),
    "other magic": (b"hello, world", "does not begin as npy"),
    "oversized header": (npy_header(" " * 20_000), "longer than 10,000 bytes"),
    "4 GB header": (npy_header("", version=2, length=2**32 - 1), "longer than 10,000 bytes"),
    "unparsable header": (npy_header("{'descr': (((\n"), "not a readable npy"),
    "header without keys": (npy_header("{}\n"), "not a readable npy"),
    "version 9": (npy_header(HEADER % "(2, 2)", version=9), "not a readable npy"),
    "huge shape": (npy_header(HEADER % f"({10**30}, 2)"), "cut short"),
    "negative shape": (npy_header(HEADER % "(-2, -2)"), "impossible shape"),
    "objects": (npy_bytes(PROBS.astype(object), allow_pickle=True), "pickled"),
    "records": (npy_bytes(np.zeros(3, dtype=[("a", "f8"), ("b", "f8")])), "plain numbers"),
    "raw bfloat16": (npy_bytes(np.zeros((4, 3), dtype="V2")), "bfloat16"),
    "dates": (npy_bytes(np.zeros((4, 3), dtype="M8[s]")), "plain numbers"),
    "complex": (npy_bytes(PROBS.astype(complex)), "expected real numbers"),
    "text": (npy_bytes(PROBS.astype(str)), "expected real numbers"),
    "one dimension": (npy_bytes(PROBS[:, 0]), "expected probabilities of shape"),
    "no dimension": (npy_bytes(np.array(0.5)), "expected probabilities of shape"),
    "three dimensions": (npy_bytes(PROBS[None]), "expected probabilities of shape"),
    "no rows": (npy_bytes(PROBS[:0]), "no rows"),
    "one class": (npy_bytes(np.ones((4, 1))), "at least 2 classes"),
    "pickle": (pickle.dumps(PROBS), "pickled"),
}


@pytest.mark.parametrize("case", BAD_NPY)
@pytest.mark.parametrize("piped", [False, True], ids=["file", "stdin"])
def test_bad_npy(
    case: str, piped: bool, fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, message = BAD_NPY[case]
    if piped:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        if case == "other magic":
            message = "no rows"  # without a suffix it is taken for csv
        assert message in fails("score", "-", "y.npy", "-o", "out.csv")
    else:
        Path("bad.npy").write_bytes(data)
        assert message in fails("score", "bad.npy", "y.npy", "-o", "out.csv")


@pytest.mark.parametrize("suffix", ["pt", "pth", "pkl", "pickle", "ckpt", "joblib"])
def test_pickles_are_told_by_suffix(suffix: str, fails: Callable[..., str]) -> None:
    Path(f"model.{suffix}").write_bytes(WHOLE)
    message = fails("score", f"model.{suffix}", "y.npy", "-o", "out.csv")
    assert "numpy.save('probs.npy', probs.float().cpu().numpy())" in message


def test_torch_archive_under_another_name(fails: Callable[..., str]) -> None:
    with zipfile.ZipFile("model.npz", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1]))
    assert "pickled" in fails("score", "model.npz", "-o", "out.csv")


def write_npz(path: str, members: dict[str, bytes], **options: int) -> None:
    with zipfile.ZipFile(path, "w", **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


class TestNpz:
    def test_bomb_by_declared_size(self, fails: Callable[..., str]) -> None:
        header = npy_header(HEADER % "(1000000, 3)")
        data = header + bytes(24_000_000)
        write_npz("b.npz", {"probs.npy": data}, compression=zipfile.ZIP_DEFLATED)
        assert Path("b.npz").stat().st_size < 50_000
        message = fails("score", "b.npz", "y.npy", "-o", "out.csv", "--max-bytes", "1M")
        assert "more than --max-bytes 1,048,576" in message

    def test_header_that_promises_more_than_the_archive_holds(
        self, fails: Callable[..., str]
    ) -> None:
        write_npz("b.npz", {"probs.npy": npy_header(HEADER % f"({10**15}, 3)") + bytes(24)})
        assert "its header promises" in fails("score", "b.npz", "y.npy", "-o", "out.csv")

    def test_archive_that_holds_more_than_the_header_promises(
        self, fails: Callable[..., str]
    ) -> None:
        write_npz("b.npz", {"probs.npy": WHOLE + b"more"})
        assert "the archive holds" in fails("score", "b.npz", "y.npy", "-o", "out.csv")

    def test_header_bomb(self, fails: Callable[..., str]) -> None:
        bomb = npy_header("", version=2, length=2**31) + bytes(20_000_000)
        write_npz("b.npz", {"probs.npy": bomb}, compression=zipfile.ZIP_DEFLATED)
        assert "longer than 10,000" in fails("score", "b.npz", "y.npy", "-o", "out.csv")

    def test_two_arrays_together_too_large(self, fails: Callable[..., str]) -> None:
        np.savez("b.npz", probs=np.tile(PROBS, (100, 1)), labels=np.tile(LABELS, 100))
        message = fails("score", "b.npz", "-o", "out.csv", "--max-bytes", "10K")
        assert "(probs, labels) takes 13,056 bytes" in message

    @pytest.mark.parametrize("at", [30, 150, 250, -30, -8])
    def test_damage(self, at: int, fails: Callable[..., str]) -> None:
        np.savez_compressed("good.npz", probs=np.random.default_rng(0).random((40, 3)))
        data = bytearray(Path("good.npz").read_bytes())
        data[at] ^= 0xFF
        Path("b.npz").write_bytes(data)
        fails("score", "b.npz", "y.npy", "-o", "out.csv")

    def test_cut_short(self, fails: Callable[..., str]) -> None:
        np.savez("good.npz", probs=PROBS)
        Path("b.npz").write_bytes(Path("good.npz").read_bytes()[:-30])
        assert "not a readable npz" in fails("score", "b.npz", "y.npy", "-o", "out.csv")

    def test_objects(self, fails: Callable[..., str]) -> None:
        np.savez("b.npz", probs=PROBS.astype(object))
        assert "pickled" in fails("score", "b.npz", "y.npy", "-o", "out.csv")

    @pytest.mark.parametrize(
        ("arrays", "argv", "messages"),
        [
            ({"a": PROBS, "b": LABELS}, [], ["--probs-key", "a (4, 3), b (4,)"]),
            ({"probs": PROBS, "b": LABELS}, [], ["--labels-key", "probs (4, 3), b (4,)"]),
            ({"probs": PROBS, "pred_probs": PROBS, "y": LABELS}, [], ["more than one array"]),
            ({"probs": PROBS, "y": LABELS, "label": LABELS}, [], ["more than one", "--labels-key"]),
            ({"probs": PROBS, "y": LABELS}, ["--probs-key", "z"], ["no array 'z'", "y (4,)"]),
            ({"logits": PROBS, "y": LABELS}, [], ["pass --logits"]),
            ({"probs": PROBS}, [], ["--labels-key"]),
            ({"probs": PROBS, "y": LABELS[:3]}, [], ["3 labels, but 4 rows"]),
            ({"probs": PROBS, "y": PROBS}, [], ["expected one label a row"]),
        ],
    )
    def test_which_array(
        self,
        arrays: dict[str, np.ndarray],
        argv: list[str],
        messages: list[str],
        fails: Callable[..., str],
    ) -> None:
        np.savez("b.npz", **arrays)
        error = fails("score", "b.npz", "-o", "out.csv", *argv)
        assert all(message in error for message in messages)

    def test_no_arrays(self, fails: Callable[..., str]) -> None:
        write_npz("b.npz", {"readme.txt": b"hello"})
        assert "no arrays" in fails("score", "b.npz", "-o", "out.csv")


BAD_VALUES = {
    "nan": (np.where(PROBS == 0.8, np.nan, PROBS), "hold NaN; the first is row 1"),
    "infinity": (np.where(PROBS == 0.8, np.inf, PROBS), "hold infinity; the first is row 1"),
    "negative": (PROBS - 0.2, "--logits"),
    "sum": (PROBS * 0.9, "--normalize"),
}


@pytest.mark.parametrize("case", BAD_VALUES)
def test_bad_values(case: str, fails: Callable[..., str]) -> None:
    probs, message = BAD_VALUES[case]
    np.save("b.npy", probs)
    error = fails("score", "b.npy", "y.npy", "-o", "out.csv")
    assert message in error
    assert "normalize=" not in error
    assert "ec." not in error


@pytest.mark.parametrize(
    ("labels", "argv", "message"),
    [
        (np.array([0, 1, 2]), [], "3 labels, but 4 rows"),
        (np.array([0, 1, 2, 3]), [], "row 3, label 3"),
        (np.array([0, 1, 2, -1]), [], "row 3, label -1"),
        (np.array([0, 1, 2, np.nan]), [], "not whole numbers"),
        (np.array(["a", "b", "c", "a"]), [], "pass --classes"),
        (np.array(["a", "b", "c", "d"]), ["--classes", "a,b,c"], "row 3, label 'd'"),
        (np.array(["a", "b", "c", "a"]), ["--classes", "a,b"], "2 names, but"),
        (np.array(["a", "b", "c", "a"]), ["--classes", "a,b,a"], "'a' appears 2 times"),
        (np.array(["a", "b", "c", "a"]), ["--classes", "a,,c"], "class name 2 is empty"),
        (np.array(["a", "b", "c", "a"]), ["--classes", "@none.txt"], "No such file"),
        (np.array(["a", "b", "c", "a"]), ["--classes", "@y.npy"], "cannot read 'y.npy'"),
    ],
)
def test_bad_labels(
    labels: np.ndarray, argv: list[str], message: str, fails: Callable[..., str]
) -> None:
    np.save("b.npy", labels)
    assert message in fails("score", "p.npy", "b.npy", "-o", "out.csv", *argv)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["none.npy", "y.npy"], "No such file"),
        (["p.npy", "none.npy"], "No such file"),
        (["a\0b", "y.npy"], "cannot be read"),
        (["p.npy"], "an npy file holds one array: pass LABELS"),
        (["p.npy", "y.npy", "--probs-key", "a"], "--probs-key has no meaning for npy"),
        (["p.npy", "y.npy", "--labels-key", "a"], "--labels-key has no meaning for npy"),
        (["p.npy", "y.npy", "--logits", "--max-bytes", "10"], "more than --max-bytes"),
    ],
)
def test_bad_paths_and_keys(argv: list[str], message: str, fails: Callable[..., str]) -> None:
    assert message in fails("score", *argv, "-o", "out.csv")


def test_logits_that_are_not_finite(fails: Callable[..., str]) -> None:
    np.save("b.npy", np.where(PROBS == 0.8, np.nan, PROBS))
    assert "row 1" in fails("score", "b.npy", "y.npy", "--logits", "-o", "out.csv")


def test_stdin_larger_than_allowed(
    fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bytes(3_000_000))))
    message = fails("score", "-", "y.npy", "-o", "out.csv", "--max-bytes", "1M")
    assert "more than --max-bytes" in message


def test_unexpected_failures_are_one_line_too(
    fails: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("two\nlines")

    monkeypatch.setattr("easiness_core.score", broken)
    assert "unexpected KeyError" in fails("score", "p.npy", "y.npy", "-o", "out.csv")
    with pytest.raises(KeyError):
        main(["score", "p.npy", "y.npy", "--debug"])
