"""`easiness label-errors` lists what `find_label_errors` finds."""

import base64
import csv
import io
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from easiness_aum import AreaUnderMargin
from easiness_cli.__main__ import main

import easiness_core as ec

N, C = 60, 4
RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, C, N)
LOGITS = RNG.normal(size=(N, C)) + 2.5 * np.eye(C)[(LABELS + (RNG.random(N) < 0.2)) % C]
PROBS = ec.softmax(LOGITS)
NAMES = ["cat", "dog <b>", "x,y", "é"]


@pytest.fixture
def folder(tmp_path):
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)
    (tmp_path / "names.txt").write_text("\n".join(NAMES), "utf-8")
    return tmp_path


def run(*argv):
    return main(["label-errors", "p.npy", "y.npy", *argv])


def listed(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("method", [None, "noise-model", "easiness", "self-confidence"])
def test_the_list_is_the_ranking(folder, method):
    assert run("-o", "out.csv", *(["--method", method] if method else [])) == 0
    found = ec.find_label_errors(PROBS, LABELS, method=(method or "noise_model").replace("-", "_"))
    rows = listed("out.csv")
    assert [int(row["index"]) for row in rows] == found.order.tolist()
    assert [int(row["rank"]) for row in rows] == list(range(1, N + 1))
    for row in rows:
        k = int(row["index"])
        assert float(row["suspicion"]) == found.suspicion[k]
        assert int(row["label"]) == LABELS[k]
        assert int(row["suggested"]) == found.suggested[k]
        assert float(row["p_label"]) == found.p_given[k]
        assert float(row["p_suggested"]) == found.p_suggested[k]
        assert row["flagged"] == str(int(found.flags[k]))


def test_all_formats_list_the_same_with_class_names(folder, capsysbinary):
    for out in ("o.csv", "o.parquet", "o.html"):
        assert run("-o", out, "--classes", "@names.txt", "--top", "7") == 0
    capsysbinary.readouterr()
    assert run("--classes", "@names.txt", "--top", "7", "-q") == 0
    assert capsysbinary.readouterr().out == (folder / "o.csv").read_bytes()
    rows = listed("o.csv")
    table = pq.read_table("o.parquet").to_pydict()
    assert [row["label"] for row in rows] == table["label"]
    assert [float(row["suspicion"]) for row in rows] == table["suspicion"]
    assert set(table["label"]) <= set(NAMES)
    page = (folder / "o.html").read_text("utf-8")
    assert list(map(int, re.findall(r'scope="row" class="id">(\d+)<', page))) == table["index"]
    assert f'"index":{json.dumps(table["index"], separators=(",", ":"))}' in page
    assert "<b>" not in page
    assert "<img" not in page


def test_class_names_that_spreadsheets_would_run_are_escaped_in_csv_if_asked(folder):
    names = ["=1+1", "@x", "-3", "plain"]
    (folder / "names.txt").write_text("\n".join(names), "utf-8")
    for out in ("o.csv", "o.parquet", "o.html"):
        assert run("-o", out, "--classes", "@names.txt", "--escape-formulas") == 0
    assert run("-o", "as_is.csv", "--classes", "@names.txt") == 0
    rows = listed("o.csv")
    for row, plain in zip(rows, listed("as_is.csv"), strict=True):
        for column in ("label", "suggested"):
            mark = "" if plain[column] == "plain" else "'"
            assert row[column] == mark + plain[column]
    assert {row["label"] for row in rows} == {"'=1+1", "'@x", "'-3", "plain"}
    assert set(pq.read_table("o.parquet")["label"].to_pylist()) == set(names)
    assert "&#39;=" not in (folder / "o.html").read_text("utf-8")


def test_flagged_alone_and_counts(folder, capsys):
    assert run("-o", "out.csv", "--flagged") == 0
    flags = ec.find_label_errors(PROBS, LABELS).flags
    assert {int(row["index"]) for row in listed("out.csv")} == set(np.flatnonzero(flags).tolist())
    told = capsys.readouterr().out
    assert f"{flags.sum()} of {N} samples" in told
    assert "flagged: the given class is more likely wrong than right" in told
    assert run("-o", "out.html") == 0
    assert "more likely wrong than right, given how" in (folder / "out.html").read_text()
    assert run("-o", "easiness.html", "--method", "easiness") == 0
    page = (folder / "easiness.html").read_text()
    assert "flagged: another class is more probable than the given one." in page


def test_normalize_and_logits(folder):
    np.save("p.npy", 7 * PROBS)
    assert run("-o", "a.csv") == 3
    assert run("-o", "a.csv", "--normalize", "--top", "5") == 0
    np.save("p.npy", LOGITS)
    assert run("-o", "b.csv", "--logits", "--top", "5") == 0
    for a, b in zip(listed("a.csv"), listed("b.csv"), strict=True):
        assert a["index"] == b["index"]
        assert float(a["p_label"]) == pytest.approx(float(b["p_label"]))


def test_aum_is_a_column_and_an_order(folder):
    area = AreaUnderMargin()
    shuffled = RNG.permutation(N)
    area.update(shuffled, LOGITS[shuffled], LABELS[shuffled])
    area.to_csv(".")
    aum = ec.margins(LOGITS, LABELS).margin
    assert run("-o", "a.csv", "--aum", "aum_values.csv") == 0
    rows = listed("a.csv")
    assert [float(row["aum"]) for row in rows] == aum[[int(row["index"]) for row in rows]].tolist()
    assert run("-o", "b.csv", "--aum", "aum_values.csv", "--sort-by", "aum") == 0
    assert [int(row["index"]) for row in listed("b.csv")] == np.argsort(aum).tolist()


@pytest.mark.parametrize("shape", [(), (3,), (1,)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_pictures_from_an_array(folder, shape, dtype):
    from PIL import Image

    images = RNG.integers(0, 256, (N, 6, 5, *shape)).astype(np.uint8)
    np.save("images.npy", images if dtype == "uint8" else images / 255)
    assert run("-o", "o.html", "--images", "images.npy", "--top", "4") == 0
    page = (folder / "o.html").read_text("utf-8")
    found = re.findall(r'src="data:image/png;base64,([^"]*)" alt="sample (\d+)"', page)
    assert [int(row) for _, row in found] == ec.find_label_errors(PROBS, LABELS).order[:4].tolist()
    for data, row in found:
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))
        assert np.array_equal(picture, images[int(row)].squeeze())


def test_pictures_from_a_folder_are_small(folder):
    from PIL import Image

    (folder / "pictures").mkdir()
    (folder / "pictures" / "notes.txt").write_text("no picture")
    for k in RNG.permutation(N).tolist():
        Image.new("RGB", (400, 200), (4 * k, 0, 0)).save(folder / "pictures" / f"{k:03}.png")
    assert run("-o", "o.html", "--images", "pictures", "--top", "2") == 0
    data = re.findall(r"base64,([^\"]*)\" alt", (folder / "o.html").read_text("utf-8"))
    first = Image.open(io.BytesIO(base64.b64decode(data[0])))
    assert first.size == (96, 48)
    assert first.getpixel((5, 5)) == (4 * int(ec.find_label_errors(PROBS, LABELS).order[0]), 0, 0)


def test_numbers_in_file_names_count_as_numbers(folder):
    """0.png, 1.png, 2.png, ..., 10.png: sorted as text, most samples get another's picture."""
    from PIL import Image

    (folder / "pictures").mkdir()
    for k in range(N):
        Image.new("RGB", (4, 4), (4 * k, 0, 0)).save(folder / "pictures" / f"img{k}_x.png")
    assert run("-o", "o.html", "--images", "pictures") == 0
    page = (folder / "o.html").read_text("utf-8")
    found = re.findall(r'src="data:image/png;base64,([^"]*)" alt="sample (\d+)"', page)
    assert len(found) == N
    for data, row in found:
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.getpixel((0, 0)) == (4 * int(row), 0, 0)


@pytest.mark.parametrize("scale", [255.0, -1.0, np.nan])
def test_pictures_that_would_come_out_white_or_black_are_refused(folder, capsys, scale):
    np.save("images.npy", np.full((N, 4, 4), 0.5) * scale)
    assert run("-o", "o.html", "--images", "images.npy") == 3
    told = capsys.readouterr().err
    assert f"real numbers from 0 to 1, got {0.5 * scale:g} in the picture of row" in told
    assert not (folder / "o.html").exists()


def test_a_page_lists_no_more_than_a_thousand_unless_asked(folder):
    np.save("p.npy", np.tile(PROBS, (20, 1)))
    np.save("y.npy", np.tile(LABELS, 20))
    for name, options, listed, static in (
        ("o.html", [], 1000, 300), ("all.html", ["--top", "1200"], 1200, 300),
        ("few.html", ["--top", "180"], 180, 180),
    ):  # fmt: skip
        assert run("-o", name, *options) == 0
        page = (folder / name).read_text("utf-8")
        data = json.loads(re.findall(r'id="data">(.*?)</script>', page)[0])
        assert len(data["rows"]["index"]) == listed
        assert page.count("<tr>") - 1 == static
        assert ("turn on scripts" in page) == (listed > static)


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["-o", "out.npz"], 2, "expected a name ending in .csv, .parquet or .html"),
        (["--sort-by", "aum"], 2, "--sort-by aum requires --aum FILE"),
        (
            ["-o", "o.csv", "--images", "images.npy"],
            2,
            "--images requires an .html output and a single input file",
        ),
        (["-o", "o.csv", "--text", "id"], 2, "--text requires an .html output"),
        (["-o", "o.html", "--text", "id"], 3, "no column 'id'; it has 'array', 'array'"),
        (["-o", "o.html", "--images", "short.npy"], 3, "expected 60 pictures, got 3"),
        (["-o", "o.html", "--images", "p.npy"], 3, "expected a folder, or an npy of shape"),
        (["-o", "o.html", "--images", "deep.npy"], 3, "got uint16 of shape (60, 4, 4)"),
        (["-o", "o.html", "--images", "flat.npy"], 3, "got float64 of shape (60, 0, 4)"),
        (["-o", "o.html", "--images", "names.txt"], 3, "not a readable npy file"),
        (["-o", "o.html", "--images", "none.npy"], 3, "No such file"),
        (["-o", "o.csv", "--aum", "short.csv"], 3, "expected each of the sample_ids 0 to 59"),
        (["-o", "o.csv", "--aum", "names.txt"], 3, "expected the header of aum_values.csv"),
        (["-o", "o.csv", "--aum", "p.npy"], 3, "p.npy: expected a csv file in UTF-8"),
        (["-o", "o.csv", "--aum", "wide.csv"], 3, "wide.csv: expected a csv file in UTF-8"),
        (["-o", "o.csv", "--top", "0"], 2, "expected a whole number >= 1"),
        (["-o", "y.npy"], 2, "expected a name ending in"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(folder, capsys, argv, code, message):
    np.save("short.npy", np.zeros((3, 4, 4)))
    np.save("deep.npy", np.full((N, 4, 4), 1000, np.uint16))
    np.save("flat.npy", np.zeros((N, 0, 4)))
    (folder / "wide.csv").write_text("sample_id,aum\n" + 200_000 * "0" + ",1.5\n")
    (folder / "short.csv").write_text("sample_id,aum\n0,1.5\n")
    before = sorted(path.name for path in folder.iterdir())
    assert run(*argv) == code
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_existing_file_is_kept(folder):
    (folder / "o.csv").write_text("mine")
    assert run("-o", "o.csv") == 3
    assert (folder / "o.csv").read_text() == "mine"
    assert run("-o", "o.csv", "--overwrite", "-q") == 0
    assert len(listed("o.csv")) == N


def test_labels_far_below_chance_are_warned_of(capsys):
    labels = (PROBS.argmax(axis=1) + 1) % PROBS.shape[1]
    np.save("p.npy", np.tile(PROBS, (20, 1)))
    np.save("y.npy", np.tile(labels, 20))
    assert main(["label-errors", "p.npy", "y.npy", "-o", "found.csv"]) == 0
    assert "easiness: warning: accuracy is 0.00 %, far below chance" in capsys.readouterr().err
