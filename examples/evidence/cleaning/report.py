"""Means, tables and plots of the results of measure.py; writes docs/cleaning*.

python examples/evidence/cleaning/report.py docs

reads docs/cleaning.csv, writes docs/cleaning_means.csv and docs/img/cleaning_*.png, and puts the
tables between their marks in docs/cleaning.md. Needs the extra `cli`.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import t as student

CLASSIFIERS = ("logistic regression", "random forest", "5 nearest neighbors")
OURS = ("log easiness 0.01", "log easiness 0.1", "log easiness 0.3", "log easiness 1")
RIVALS = (
    "easiness 0.01", "self-confidence", "normalized margin", "weighted entropy",
    "instance hardness", "random",
)  # fmt: skip
METHODS = (*OURS, *RIVALS)
# Cut shown beside a share of wrong labels: the share itself; of clean data a tenth is removed.
SHOWN = {"0": "0.1", "0.1": "0.1", "0.2": "0.2"}
NOISY = ("0.1", "0.2")
LINES = {
    "log easiness 0.01": {"color": "#0072B2", "lw": 2.2},
    "log easiness 0.3": {"color": "#56B4E9", "lw": 2.2},
    "easiness 0.01": {"color": "#0072B2", "lw": 1.4, "ls": ":"},
    "self-confidence": {"color": "#D55E00", "lw": 1.4},
    "normalized margin": {"color": "#009E73", "lw": 1.4},
    "weighted entropy": {"color": "#CC79A7", "lw": 1.4},
    "instance hardness": {"color": "#E69F00", "lw": 1.4, "ls": "--"},
    "random": {"color": "#777777", "lw": 1.4, "ls": "--"},
}
BARS = ("log easiness 0.01", "random")
MEANS = (
    "data", "classifier", "noise", "cut", "method", "seeds", "removed", "accuracy", "accuracy_se",
    "to_no_removal", "to_no_removal_se", "to_random", "to_random_se", "precision",
    "average_precision", "auroc",
)  # fmt: skip
# (data, classifier, noise, cut, method) -> column -> one value per seed, in order of seeds.
Runs = dict[tuple[str, str, str, str, str], dict[str, NDArray[np.float64]]]


def read(path: Path) -> Runs:
    found: dict[tuple[str, ...], list[tuple[int, dict[str, float]]]] = {}
    lines = path.read_text("utf-8").splitlines()[1:]
    for row in csv.DictReader(lines):
        n_removed, n_train = int(row["n_removed"]), int(row["n_train"])
        values = {
            "accuracy": float(row["accuracy"]),
            "removed": n_removed / n_train,
            "precision": int(row["n_wrong_removed"]) / n_removed if n_removed else np.nan,
            "average_precision": float(row["average_precision"] or np.nan),
            "auroc": float(row["auroc"] or np.nan),
        }
        key = tuple(row[name] for name in ("data", "classifier", "noise", "cut", "method"))
        found.setdefault(key, []).append((int(row["seed"]), values))
    runs: Any = {}
    for key, entries in found.items():
        entries.sort(key=lambda entry: entry[0])
        runs[key] = {name: np.array([v[name] for _, v in entries]) for name in entries[0][1]}
    return runs


def mean_and_se(values: NDArray[np.float64]) -> tuple[float, float]:
    if values.size < 2:
        return float(values.mean()), np.nan
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(values.size))


def difference(
    runs: Runs, key: tuple[str, str, str, str, str], other: str, figure: str = "accuracy"
) -> NDArray[np.float64]:
    """Accuracy (or another metric) minus that of another method at the same cut, seed by seed."""
    cut = "0" if other == "no removal" else key[3]
    return runs[key][figure] - runs[(*key[:3], cut, other)][figure]


def means(runs: Runs) -> str:
    """Return a CSV of every setting."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MEANS)
    for key in sorted(runs):
        of = runs[key]
        row: list[float] = [float(of["removed"].mean()), *mean_and_se(of["accuracy"])]
        row += mean_and_se(difference(runs, key, "no removal"))
        same_cut = key[4] != "no removal"
        row += mean_and_se(difference(runs, key, "random")) if same_cut else (np.nan, np.nan)
        noisy = key[2] != "0" and key[4] != "no removal"
        row += [
            float(of[name].mean()) if noisy else np.nan
            for name in ("precision", "average_precision", "auroc")
        ]
        cells = ["" if np.isnan(value) else f"{value:.4f}" for value in row]
        writer.writerow([*key, of["accuracy"].size, *cells])
    return text.getvalue()


def markdown(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def points(values: NDArray[np.float64], *, sign: str = "+") -> str:
    mean, se = mean_and_se(100 * values)
    return f"{mean:{sign}.1f} ± {se:.1f}"


def accuracy_table(runs: Runs, data: str) -> str:
    columns = [(name, noise) for name in CLASSIFIERS for noise in SHOWN]
    header = ["removed by", *(f"{name}, {float(noise):.0%}" for name, noise in columns)]
    none = [
        points(runs[(data, name, noise, "0", "no removal")]["accuracy"], sign="")
        for name, noise in columns
    ]
    rows = [["(nothing removed)", *none]]
    for method in METHODS:
        keys = [(data, name, noise, SHOWN[noise], method) for name, noise in columns]
        rows.append([method, *(points(difference(runs, key, "no removal")) for key in keys)])
    return markdown(header, rows)


def ranking_table(runs: Runs, data: str) -> str:
    columns = [(name, noise) for name in CLASSIFIERS for noise in NOISY]
    header = ["ranked by", *(f"{name}, {float(noise):.0%}" for name, noise in columns)]
    rows = []
    for method in METHODS:
        cells = []
        for name, noise in columns:
            of = runs[(data, name, noise, SHOWN[noise], method)]
            figures = [of[k].mean() for k in ("precision", "average_precision", "auroc")]
            cells.append(" / ".join("–" if np.isnan(v) else f"{v:.3f}"[1:] for v in figures))
        rows.append([method, *cells])
    return markdown(header, rows)


def verdict(values: NDArray[np.float64]) -> int:
    """1, 0 or -1: whether the mean over seeds differs from 0, by a t test at 5 %."""
    mean, se = mean_and_se(values)
    if abs(mean) <= se * student.ppf(0.975, values.size - 1):
        return 0
    return 1 if mean > 0 else -1


def versus_table(runs: Runs, figure: str) -> str:
    """Count the settings that log easiness wins, ties and loses; mean difference in points."""
    settings = [key[:4] for key in runs if key[4] == "random" and key[2] in NOISY]
    settings = [key for key in settings if key[3] == SHOWN[key[2]]]
    rows = []
    for rival in (*OURS[:2], *RIVALS):
        if np.isnan(runs[(*settings[0], rival)][figure]).any():
            continue  # instance hardness ranks within classes only
        cells = []
        for ours in OURS:
            if ours == rival:
                cells.append("")
                continue
            values = [difference(runs, (*key, ours), rival, figure) for key in settings]
            found = [verdict(value) for value in values]
            score = " / ".join(str(found.count(outcome)) for outcome in (1, 0, -1))
            cells.append(f"{score} ({100 * np.mean(values):+.1f})")
        rows.append([rival, *cells])
    return markdown(["against", *OURS], rows)


def own_count_table(runs: Runs) -> str:
    """Compare find_label_issues with the same number of samples by other methods."""
    shown = ("find_label_issues", "self-confidence", *OURS[:3], "random")
    header = ["data, classifier, wrong labels", "removed", "of these wrong", *shown]
    rows = []
    for key, of in runs.items():
        if key[4] == "find_label_issues" and key[2] in NOISY:
            name = f"{key[0]}, {key[1]}, {float(key[2]):.0%}"
            share, right = of["removed"].mean(), of["precision"].mean()
            cells = [points(difference(runs, (*key[:4], m), "no removal")) for m in shown]
            rows.append([name, f"{share:.1%}", f"{right:.1%}", *cells])
    return markdown(header, sorted(rows))


def tables(runs: Runs) -> dict[str, str]:
    found = {
        "versus": versus_table(runs, "accuracy"),
        "versus ranking": versus_table(runs, "average_precision"),
        "own count": own_count_table(runs),
    }
    for data in sorted({key[0] for key in runs}):
        found[f"accuracy {data}"] = accuracy_table(runs, data)
        found[f"ranking {data}"] = ranking_table(runs, data)
    return found


def put(page: str, name: str, table: str) -> str:
    """Return the page with a table between its marks."""
    pattern = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
    new, found = re.subn(pattern, lambda m: f"{m[1]}\n{table}\n\n{m[2]}", page, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{name}: expected one pair of marks in the page, found {found}")
    return new


def draw(runs: Runs, data: str) -> Figure:
    """Accuracy by share removed: one column per classifier, one row per share of wrong labels."""
    figure = Figure(figsize=(12, 10), layout="constrained", facecolor="white")
    panels = figure.subplots(len(SHOWN), len(CLASSIFIERS), sharex=True)
    cuts = sorted({key[3] for key in runs if key[3] not in ("0", "cleanlab")}, key=float)
    shares = [0.0, *(100 * float(cut) for cut in cuts)]
    for row, noise in zip(panels, SHOWN, strict=True):
        for axes, name in zip(row, CLASSIFIERS, strict=True):
            start = runs[(data, name, noise, "0", "no removal")]["accuracy"]
            for method, style in LINES.items():
                values = [runs[(data, name, noise, cut, method)]["accuracy"] for cut in cuts]
                pairs = np.array([mean_and_se(100 * value) for value in (start, *values)])
                # Bars on every line would hide the lines.
                errors = pairs[:, 1] if method in BARS else None
                axes.errorbar(shares, pairs[:, 0], yerr=errors, elinewidth=0.7, **style)
            axes.axvline(100 * float(noise), color="#bbbbbb", lw=0.8, zorder=0)
            axes.grid(alpha=0.25)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_title(f"{name}, {float(noise):.0%} wrong labels", fontsize=11)
        row[0].set_ylabel("test accuracy in %")
    for axes in panels[-1]:
        axes.set(xlabel="training samples removed, in %", xticks=shares)
    handles = [Line2D([], [], label=method, **style) for method, style in LINES.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
    seeds = next(iter(runs.values()))["accuracy"].size
    figure.suptitle(f"{data}: mean over {seeds} seeds; bars: one standard error", fontsize=12)
    return figure


def main(folder: Path) -> None:
    runs = read(folder / "cleaning.csv")
    (folder / "cleaning_means.csv").write_text(means(runs), "utf-8")
    page = (folder / "cleaning.md").read_text("utf-8")
    for name, table in tables(runs).items():
        page = put(page, name, table)
    (folder / "cleaning.md").write_text(page, "utf-8")
    for data in sorted({key[0] for key in runs}):
        drawn = io.BytesIO()
        draw(runs, data).savefig(drawn, dpi=80)
        # 64 colors look the same and take a third of the bytes.
        picture = Image.open(drawn).convert("RGB").quantize(64)
        picture.save(folder / "img" / f"cleaning_{data}.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
