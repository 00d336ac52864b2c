"""The notebooks of examples/ run from top to bottom, and are committed without output."""

import re
from pathlib import Path

import nbclient
import nbformat
import pytest

FOLDER = Path(__file__).parents[1] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_committed_without_output(path):
    assert len(NOTEBOOKS) == 4
    book = read(path)
    nbformat.validate(book)
    assert (book.nbformat, book.nbformat_minor) >= (4, 5)  # the first with ids of cells
    assert path.stat().st_size < 20_000
    ids = [cell["id"] for cell in book.cells]
    assert len(set(ids)) == len(ids)
    # Words, so that they stay the same when a cell is moved or written anew.
    assert all(re.fullmatch(r"[a-z][a-z-]*", each) for each in ids)
    assert book.metadata.kernelspec.name == "python3"
    assert set(book.metadata) == {"kernelspec", "language_info"}
    for cell in book.cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        for target in re.findall(r"\]\(([^)#]+)\)", cell.source):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_run(path, tmp_path):
    book = read(path)
    nbclient.NotebookClient(
        book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    for output in outputs:
        if output.output_type == "stream":
            assert "Warning" not in output.text
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/png" in data for data in shown) >= 1
    # Tables are of ours, or of pandas.
    assert sum("text/html" in data for data in shown) >= 2
    assert all(" at 0x" not in data.get("text/plain", "") for data in shown)
