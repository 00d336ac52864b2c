"""`easiness label-errors` lists what `find_label_errors` finds."""

import base64
import csv
import io
import json
import re
from pathlib import Path

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
NAMES = ["=1+1", "dog <b>", "x,y", "é"]
FOUND = ec.find_label_errors(PROBS, LABELS)


@pytest.fixture(autouse=True)
def _files(in_folder):
    np.save("p.npy", PROBS)
    np.save("y.npy", LABELS)
    Path("names.txt").write_text("\n".join(NAMES), "utf-8")


def run(*argv, code=0):
    assert main(["label-errors", "p.npy", "y.npy", *argv]) == code


def listed(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def page_of(*argv):
    run("-o", "o.html", "-q", "--overwrite", *argv)
    return Path("o.html").read_text("utf-8")


@pytest.mark.parametrize("method", [None, "noise-model", "easiness", "self-confidence"])
def test_the_list_is_the_ranking(method):
    run("-o", "out.csv", *(["--method", method] if method else []))
    found = ec.find_label_errors(PROBS, LABELS, method=(method or "noise_model").replace("-", "_"))
    rows = listed("out.csv")
    assert [int(row["rank"]) for row in rows] == list(range(1, N + 1))
    columns = {"suspicion": found.suspicion, "label": LABELS, "suggested": found.suggested,
               "p_label": found.p_given, "p_suggested": found.p_suggested, "flagged": found.flags,
               "index": np.arange(N)}  # fmt: skip
    for name, values in columns.items():
        assert [float(row[name]) for row in rows] == values[found.order].tolist()


def test_all_formats_list_the_same_with_class_names(capsysbinary):
    argv = ["--classes", "@names.txt", "--top", "7", "-q"]
    for out in ("o.csv", "o.parquet"):
        run("-o", out, *argv)
    capsysbinary.readouterr()
    run(*argv)
    assert capsysbinary.readouterr().out == Path("o.csv").read_bytes()
    rows, table = listed("o.csv"), pq.read_table("o.parquet").to_pydict()
    assert [row["label"] for row in rows] == table["label"]
    assert [float(row["suspicion"]) for row in rows] == table["suspicion"]
    assert table["label"] == [NAMES[k] for k in LABELS[table["index"]]]
    page = page_of(*argv)
    assert list(map(int, re.findall(r'scope="row" class="id">(\d+)<', page))) == table["index"]
    assert f'"index":{json.dumps(table["index"], separators=(",", ":"))}' in page
    assert "<b>" not in page
    # What a spreadsheet would run is escaped in csv alone, if asked.
    run("-o", "escaped.csv", *argv, "--escape-formulas")
    run("-o", "escaped.parquet", *argv, "--escape-formulas")
    assert pq.read_table("escaped.parquet")["label"].to_pylist() == table["label"]
    expected = [name.replace("=1", "'=1") for name in table["label"]]
    assert [row["label"] for row in listed("escaped.csv")] == expected
    assert "&#39;=" not in page_of(*argv, "--escape-formulas")


def test_flagged_alone_and_counts(capsys):
    run("-o", "out.csv", "--flagged")
    assert {int(row["index"]) for row in listed("out.csv")} == set(np.flatnonzero(FOUND.flags))
    told = capsys.readouterr().out
    assert f"{FOUND.flags.sum()} of {N} samples" in told
    assert "flagged: the given class is more likely wrong than right" in told
    assert "more likely wrong than right, given how" in page_of()
    assert "flagged: another class is more probable" in page_of("--method", "easiness")


def test_normalize_and_logits():
    np.save("p.npy", 7 * PROBS)
    run("-o", "a.csv", code=3)
    run("-o", "a.csv", "--normalize", "--top", "5")
    np.save("p.npy", LOGITS)
    run("-o", "b.csv", "--logits", "--top", "5")
    for name in ("a.csv", "b.csv"):
        rows = listed(name)
        assert [int(row["index"]) for row in rows] == FOUND.order[:5].tolist()
        p_label = [float(row["p_label"]) for row in rows]
        assert p_label == pytest.approx(FOUND.p_given[FOUND.order[:5]])


def test_aum_is_a_column_and_an_order():
    area = AreaUnderMargin()
    shuffled = RNG.permutation(N)
    area.update(shuffled, LOGITS[shuffled], LABELS[shuffled])
    area.to_csv(".")
    aum = ec.margins(LOGITS, LABELS).margin
    for argv, order in (([], FOUND.order), (["--sort-by", "aum"], np.argsort(aum))):
        run("-o", "a.csv", "--aum", "aum_values.csv", "--overwrite", *argv)
        rows = listed("a.csv")
        assert [int(row["index"]) for row in rows] == order.tolist()
        assert [float(row["aum"]) for row in rows] == aum[order].tolist()


def pictures_of(*argv):
    """Give the pictures of a page by their sample."""
    from PIL import Image

    found = re.findall(r'src="data:image/png;base64,([^"]*)" alt="sample (\d+)"', page_of(*argv))
    return {int(k): Image.open(io.BytesIO(base64.b64decode(data))) for data, k in found}


@pytest.mark.parametrize("shape", [(), (3,), (1,)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_pictures_from_an_array(shape, dtype):
    images = RNG.integers(0, 256, (N, 6, 5, *shape)).astype(np.uint8)
    np.save("images.npy", images if dtype == "uint8" else images / 255)
    found = pictures_of("--images", "images.npy", "--top", "4")
    assert list(found) == FOUND.order[:4].tolist()
    for row, picture in found.items():
        assert np.array_equal(np.asarray(picture), images[row].squeeze())


def test_pictures_from_a_folder_are_small_and_in_the_order_of_their_numbers():
    """0.png, 1.png, 2.png, ..., 10.png: sorted as text, most samples get another's picture."""
    from PIL import Image

    Path("pictures").mkdir()
    Path("pictures/notes.txt").write_text("no picture")
    for k in range(N):
        mode, color = ("CMYK", (0, 0, 0, 4 * k)) if k % 2 else ("RGB", (255 - 4 * k,) * 3)
        suffix = "jpg" if k % 2 else "png"
        Image.new(mode, (400, 200), color).save(f"pictures/img{k}_x.{suffix}")
    found = pictures_of("--images", "pictures")
    assert len(found) == N
    for row, picture in found.items():
        assert picture.size == (96, 48)
        assert picture.getpixel((5, 5))[0] == pytest.approx(255 - 4 * row, abs=2)
    Path("pictures/img7_x.jpg").write_bytes(b"no picture")
    run("-o", "bad.html", "--images", "pictures", code=3)


def test_a_page_lists_no_more_than_a_thousand_unless_asked():
    np.save("p.npy", np.tile(PROBS, (20, 1)))
    np.save("y.npy", np.tile(LABELS, 20))
    for argv, n_listed, n_static in (
        ([], 1000, 300), (["--top", "1200"], 1200, 300), (["--top", "180"], 180, 180)
    ):  # fmt: skip
        page = page_of(*argv)
        data = json.loads(re.findall(r'id="data">(.*?)</script>', page)[0])
        assert len(data["rows"]["index"]) == n_listed
        assert page.count("<tr>") - 1 == n_static
        assert ("turn on scripts" in page) == (n_listed > n_static)


SCALED = "real numbers from 0 to 1, got {} in the picture of row"


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        ("-o out.npz", 2, "expected a name ending in .csv, .parquet or .html"),
        ("-o y.npy", 2, "expected a name ending in"),
        ("-o there.csv", 3, "it exists"),
        ("--top 0", 2, "expected a whole number >= 1"),
        ("--sort-by aum", 2, "--sort-by aum requires --aum FILE"),
        ("-o o.csv --images images.npy", 2, "--images requires an .html output"),
        ("-o o.csv --text id", 2, "--text requires an .html output"),
        ("-o o.html --text id", 3, "no column 'id'; it has 'array', 'array'"),
        ("-o o.html --images short.npy", 3, "expected 60 pictures, got 3"),
        ("-o o.html --images p.npy", 3, "expected a folder, or an npy of shape"),
        ("-o o.html --images deep.npy", 3, "got uint16 of shape (60, 4, 4)"),
        ("-o o.html --images flat.npy", 3, "got float64 of shape (60, 0, 4)"),
        ("-o o.html --images names.txt", 3, "not a readable npy file"),
        ("-o o.html --images none.npy", 3, "No such file"),
        ("-o o.html --images scaled255.npy", 3, SCALED.format("127.5")),
        ("-o o.html --images scaled-1.npy", 3, SCALED.format("-0.5")),
        ("-o o.html --images scalednan.npy", 3, SCALED.format("nan")),
        ("-o o.csv --aum short.csv", 3, "expected each of the sample_ids 0 to 59"),
        ("-o o.csv --aum names.txt", 3, "expected the header of aum_values.csv"),
        ("-o o.csv --aum p.npy", 3, "p.npy: expected a csv file in UTF-8"),
        ("-o o.csv --aum wide.csv", 3, "wide.csv: expected a csv file in UTF-8"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(refused, argv, code, message):
    np.save("short.npy", np.zeros((3, 4, 4)))
    np.save("deep.npy", np.full((N, 4, 4), 1000, np.uint16))
    np.save("flat.npy", np.zeros((N, 0, 4)))
    for scale in (255, -1, np.nan):
        np.save(f"scaled{scale}.npy", np.full((N, 4, 4), 0.5) * scale)
    Path("there.csv").write_text("mine")
    Path("wide.csv").write_text("sample_id,aum\n" + 200_000 * "0" + ",1.5\n")
    Path("short.csv").write_text("sample_id,aum\n0,1.5\n")
    before = sorted(path.name for path in Path().iterdir())
    assert message in refused("label-errors", "p.npy", "y.npy", *argv.split(), code=code)
    assert sorted(path.name for path in Path().iterdir()) == before
    assert Path("there.csv").read_text() == "mine"


def test_labels_far_below_chance_are_warned_of(capsys):
    np.save("p.npy", np.tile(PROBS, (20, 1)))
    np.save("y.npy", np.tile((PROBS.argmax(axis=1) + 1) % C, 20))
    run("-o", "found.csv")
    assert "easiness: warning: accuracy is 0.00 %, far below chance" in capsys.readouterr().err
