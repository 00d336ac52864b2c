"""The report of the training scripts: what it draws from the tables of runs in a folder."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from set import figures, report, tables

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_what_the_committed_runs_give(tmp_path, monkeypatch, capsys):
    for path in (*DOCS.glob("set*"), DOCS / "sel.md"):
        shutil.copy(path, tmp_path)
    monkeypatch.setattr("sys.argv", ["report.py", str(tmp_path)])
    report.main()
    for page in ("set.md", "sel.md"):
        assert (tmp_path / page).read_text("utf-8") == (DOCS / page).read_text("utf-8")
    said = capsys.readouterr().out
    for name in report.PLOTS:
        if f"no plot of {name}" not in said:
            assert (tmp_path / "img" / f"set_{name}.png").stat().st_size > 5000


def row(method, seed, **values):
    default = {
        "suite": "paper", "setting": "", "method": method, "seed": str(seed), "data": "fashion",
        "size": "100", "asked": "50", "network": "small", "accuracy": "0.8", "art": "2.0",
        "cost": "50", "accuracy_by_epoch": ";".join(f"{k / 100}" for k in range(50)),
        "n_selected_by_epoch": ";".join(["100"] * 50), "warmup_epochs": "5",
    }  # fmt: skip
    return {**default, **{name: str(value) for name, value in values.items()}}


def test_methods_are_set_beside_classic_of_their_seed():
    rows = [row("classic", 0), row("classic", 1, accuracy=0.9, art=4.0)]
    rows += [row("SET", 0, accuracy=0.75, art=1.0), row("SET", 1, accuracy=0.84, art=3.0)]
    rows += [row("SET", 2, accuracy=0.1)]  # no classic of that seed yet
    found = tables.beside_classic(rows)
    behind = [float(r["behind"]) for r in found if r["method"] == "SET" and "behind" in r]
    assert behind == pytest.approx([0.05, 0.06])
    assert [r["art_share"] for r in found if r["method"] == "SET" and "art_share" in r] == [
        "0.5", "0.75",
    ]  # fmt: skip
    first = [r for r in found if r["method"] == "classic, its first 10 epochs"]
    assert [float(r["accuracy"]) for r in first] == [0.09, 0.09]
    assert [r["cost"] for r in first] == ["10", "10"]


def test_a_cell_says_what_was_measured():
    rows = [{"a": "0.1", "b": ""}, {"a": "0.3", "b": "2"}]
    assert tables.cell(rows, "a", 100.0, 1) == "20.0 ± 14.1"
    assert tables.cell(rows, "b") == "2.00"
    assert tables.cell(rows, "c") == "–"
    assert tables.cell([], "a") == "–"


def test_table_3_has_levels_as_columns_and_errors_as_cells():
    rows = [row("classic", 0, accuracy=0.9, adu=1), row("SET", 0, accuracy=0.8, adu=0.02)]
    rows += [row("random, as SET", 0, accuracy=0.85, adu=0.02)]
    lines = tables.table_3(rows).splitlines()
    assert lines[0] == "Fashion-MNIST, 100 training images, network small, 50 epochs:"
    assert lines[2] == "|  | EO | MO | HO | EMO | MHO | EMHO |"
    assert lines[4:] == [
        "| seeds | 0 | 1 | 0 | 0 | 0 | 1 |",
        "| error rate, % | – | 20.00 | – | – | – | 10.00 |",
        "| error rate of as many at random, % | – | 15.00 | – | – | – | – |",
        "| ADU, % | – | 2.0 | – | – | – | 100.0 |",
    ]


def test_runs_that_differ_in_data_are_not_averaged():
    rows = [row("classic", 0, accuracy=0.9), row("classic", 0, accuracy=0.5, data="cifar10")]
    text = tables.mean_table(rows, tables.ACCURACY)
    assert text.count("| classic | 1 |") == 2
    assert "CIFAR-10, 100 training images" in text


def test_figure_2_leaves_out_epochs_that_were_not_judged():
    curve = ";".join("" if k == 3 else "0.5" for k in range(50))
    rows = [row("SET", seed, accuracy_by_epoch=curve) for seed in (0, 1)]
    right = figures.usage_and_accuracy(rows).axes[1]
    epochs = right.lines[0].get_xdata()
    np.testing.assert_array_equal(epochs, [k for k in range(1, 51) if k != 4])


def test_a_folder_without_runs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["report.py", str(tmp_path)])
    with pytest.raises(SystemExit, match="has no set_"):
        report.main()
    with (tmp_path / "set_paper.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row("SET", 0)))
        writer.writeheader()
        writer.writerow(row("SET", 0))
    (tmp_path / "set.md").write_text("<!-- table_2 -->\n<!-- end table_2 -->\n" * 2)
    with pytest.raises(SystemExit, match="marks of table_2 once, found them 2 times"):
        report.main()
