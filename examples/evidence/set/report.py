"""Tables and plots of what train.py measured; writes docs/set*, docs/sel.md.

    python examples/evidence/set/report.py RUNS docs

copies the CSVs of the suites that there are from RUNS to docs/set_*.csv, gathers what the figures
need by epoch in docs/set_epochs.csv, draws docs/img/set_*.png, and puts the tables between their
marks in docs/set.md and docs/sel.md; in another folder, where these pages are not, it prints the
tables. Needs the extras `cli` and `torch`.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

sys.path.insert(0, str(Path(__file__).parents[1]))
from set.suites import runs_of

Row = dict[str, str]
FIGURES = ("classic", "SET", "L-SET", "random, as SET", "EO", "EMO", "HO", "warm-up")
CLAIMED = [f"sigma 1, lambda {weight:g}, tail 3.0" for weight in (0.1, 1, 3)]
FAMILIES = {
    "classic": ("#53606d", "o", "full data, fewer epochs"),
    "lossless": ("#0072b2", "s", "lossless: 1 - E at sigma 0.3"),
    "InfoBatch": ("#d55e00", "^", "InfoBatch's rule"),
    "random": ("#009e73", "v", "random, as many as lossless or SET"),
    "faster": ("#7a5195", "x", "at 1.5 times the learning rate"),
    "fastest": ("#b07aa1", "+", "at twice the learning rate"),
    "easy": ("#cc79a7", "D", "easy kept at 0.3"),
    "SET": ("#e69f00", "P", "SET (medium only)"),
    "warm-up": ("#8c564b", "*", "SET's warm-up alone"),
}


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ordered(suite: str, rows: list[Row]) -> list[Row]:
    """Rows in the order in which the suite lists its runs, and by seed."""
    listed = [
        (run.setting, run.name)
        for asked, network in dict.fromkeys((int(r["asked"]), r["setting"]) for r in rows)
        for run in runs_of(suite, asked, network)
    ]
    places = {key: place for place, key in reversed(list(enumerate(listed)))}
    return sorted(
        rows,
        key=lambda r: (places.get((r["setting"], r["method"]), len(listed)), int(r["seed"])),
    )


def grouped(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of each setting and method, in their order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["setting"], row["method"]), []).append(row)
    return groups


def cell(rows: list[Row], name: str, scale: float = 1.0, digits: int = 2) -> str:
    """Mean, and with several seeds the standard deviation."""
    values = scale * np.array([float(row[name]) for row in rows])
    if len(values) == 1 or not np.isfinite(values).all():
        return f"{values.mean():.{digits}f}"
    return f"{values.mean():.{digits}f} ± {values.std(ddof=1):.{digits}f}"


def table(rows: list[Row], columns: dict[str, tuple[str, float, int]], setting: str = "") -> str:
    groups = grouped(rows)
    first = ["setting"] if setting else []
    lines = [
        "| " + " | ".join([*([setting] if first else []), "method", "seeds", *columns]) + " |",
        "| " + " | ".join(["---"] * (len(columns) + 2 + len(first))) + " |",
    ]
    for (where, method), group in groups.items():
        values = [cell(group, *how) for how in columns.values()]
        lines.append(
            "| "
            + " | ".join([*([where] if first else []), method, str(len(group)), *values])
            + " |"
        )
    return "\n".join(lines)


COST = {
    "ACC, %": ("accuracy", 100.0, 2), "ART, s": ("art", 1.0, 2),
    "ART without scoring, s": ("art_without_scoring", 1.0, 2), "ADU, %": ("adu", 100.0, 2),
    "all epochs, s": ("seconds", 1.0, 0), "cost, full epochs": ("cost", 1.0, 1),
}  # fmt: skip
WALL = {
    "ACC, %": ("accuracy", 100.0, 2), "ART by the wall, s": ("art", 1.0, 2),
    "ART without scoring, s": ("art_without_scoring", 1.0, 2),
    "all epochs by the wall, s": ("seconds", 1.0, 1),
}  # fmt: skip
ACCURACY = {
    "ACC, %": ("accuracy", 100.0, 2), "best epoch, %": ("best", 100.0, 2),
    "ADU, %": ("adu", 100.0, 2), "cost, full epochs": ("cost", 1.0, 1),
}  # fmt: skip
TABLE_1 = {
    "ACC, %": ("accuracy", 100.0, 2), "AUROC": ("auroc", 1.0, 4), "MSR, %": ("msr", 100.0, 2),
    "ESE, %": ("ese", 100.0, 3), "NLL": ("nll", 1.0, 3),
}  # fmt: skip
SUITES: dict[str, tuple[dict[str, tuple[str, float, int]], str]] = {
    "frontier": (COST, ""), "wall": (WALL, ""), "levels": (COST, ""), "noise": (ACCURACY, "noise"),
    "imbalance": (ACCURACY, ""), "finetune": (ACCURACY, ""), "sel": (TABLE_1, "network"),
    "networks": (TABLE_1, "network"),
}  # fmt: skip
PAGES = {"sel": "sel.md"}


def frontier(rows: list[Row]) -> Figure | None:
    """Accuracy against cost: processor time, as a share of full data's; None without that."""
    figure = Figure(figsize=(7.6, 5.4), layout="constrained")
    axes = figure.add_subplot()
    groups = {method: group for (_, method), group in grouped(rows).items()}
    if "classic" not in groups:
        return None
    full = np.mean([float(row["seconds"]) for row in groups["classic"]])
    seen = set()
    for family, (color, marker, words) in FAMILIES.items():
        points = []
        for method, group in groups.items():
            if not (method == family or re.match(rf"{re.escape(family)}[, ]", method)):
                continue
            x = np.mean([float(row["seconds"]) for row in group]) / full
            y = 100 * np.array([float(row["accuracy"]) for row in group])
            points.append((x, y.mean()))
            axes.plot(np.full(len(y), x), y, marker, color=color, alpha=0.3, ms=4)
            seen.add(method)
        points.sort()
        if points:
            line = "none" if family.startswith("fast") else "-"
            axes.plot(*zip(*points, strict=True), ls=line, color=color, marker=marker, label=words)
    assert seen == set(groups), set(groups) - seen
    axes.set(
        xlabel="processor time, scoring included, as a share of full data's",
        ylabel="test accuracy, %",
    )
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, fontsize="small")
    return figure


def sharpness(rows: list[Row]) -> Figure:
    """MSR against the negative log-likelihood, a panel a network."""
    settings = list(dict.fromkeys(row["setting"] for row in rows))
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    panels = figure.subplots(1, len(settings), squeeze=False, sharey=True)[0]
    for axes, setting in zip(panels, settings, strict=True):
        sharpened = []
        for (where, method), group in grouped(rows).items():
            x, y = (np.mean([float(r[k]) for r in group]) for k in ("nll", "msr"))
            if where != setting or y > 0.05:  # what does not train is in the table
                continue
            if method == "cross-entropy" or "logits" in method:
                sharpened.append((x, 100 * y))
                continue
            kind = "C2" if "rate" in method else "C1" if method in CLAIMED else "C7"
            axes.plot(x, 100 * y, "o", color=kind, ms=5)
        if sharpened:
            axes.plot(*zip(*sharpened, strict=True), "s-", color="C0", ms=5, lw=1.2)
        axes.set(title=setting, xlabel="NLL (less is better)", yscale="log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.3)
    for color, marker, words in (
        ("C0", "s-", "cross-entropy, logits times 1, 1.5, 2"), ("C2", "o", "learning rate doubled"),
        ("C1", "o", "SEL, sigma 1, lambda 0.1 to 3"), ("C7", "o", "SEL, other"),
    ):  # fmt: skip
        panels[0].plot([], [], marker, color=color, label=words)
    figure.legend(loc="outside lower center", ncols=4, fontsize="small")
    panels[0].set_ylabel("medium samples (MSR), %")
    return figure


def shares(rows: list[Row]) -> Figure | None:
    """Levels of the training samples before each epoch that selects; None where none does."""
    figure = Figure(figsize=(9, 3), layout="constrained")
    methods = [m for m in ("SET", "EO", "EMO", "HO") if any(r["method"] == m for r in rows)]
    if not methods:
        return None
    for axes, method in zip(
        figure.subplots(1, len(methods), sharey=True, squeeze=False)[0], methods, strict=True
    ):
        own = [r for r in rows if r["method"] == method and r["selective"] == "True"]
        epochs = sorted({int(r["epoch"]) for r in own})
        for level, color in (("hard", "#d55e00"), ("medium", "#eba900"), ("easy", "#0072b2")):
            values = []
            for epoch in epochs:
                at = [r for r in own if int(r["epoch"]) == epoch]
                total = [sum(float(r[k]) for k in ("hard", "medium", "easy")) for r in at]
                values.append(
                    np.mean([100 * float(r[level]) / t for r, t in zip(at, total, strict=True)])
                )
            axes.plot(epochs, values, color=color, label=level)
        axes.set(title=method, xlabel="epoch", yscale="log", ylim=(0.1, 120))
        axes.grid(alpha=0.3)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    first = figure.axes[0]
    first.set_ylabel("training samples, % (log scale)")
    first.legend(fontsize="small")
    return figure


def by_epoch(rows: list[Row]) -> Figure:
    """Test accuracy by epoch."""
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for method in FIGURES:
        own = [r for r in rows if r["method"] == method]
        if not own:
            continue
        epochs = sorted({int(r["epoch"]) for r in own})
        values = [
            np.mean([100 * float(r["accuracy"]) for r in own if int(r["epoch"]) == epoch])
            for epoch in epochs
        ]
        axes.plot(epochs, values, label=method, lw=1.4, marker="o", ms=3)
    axes.set(xlabel="epoch", ylabel="test accuracy, %")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", ncols=2)
    return figure


def gathered(runs: Path) -> list[Row]:
    """Gather what the figures need of every epoch of the suite "levels"."""
    found = []
    for row in rows_of(runs / "levels.csv"):
        name = f"levels {row['setting']} {row['method']} {row['seed']}".replace(" ", "_")
        for epoch in rows_of(runs / "epochs" / f"{name.replace('/', '-')}.csv"):
            names = ("epoch", "selective", "n_selected", "hard", "medium", "easy", "accuracy")
            kept = {key: epoch[key] for key in names}
            found.append({"method": row["method"], "seed": row["seed"], **kept})
    return found


def put(page: Path, name: str, text: str) -> None:
    """Put a table between its marks."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    old = page.read_text("utf-8")
    new, count = pattern.subn(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", old)
    if count != 1:
        raise SystemExit(f"{page}: expected the marks of {name} once, found them {count} times")
    page.write_text(new, "utf-8")


def main() -> None:
    runs, docs = map(Path, sys.argv[1:3])
    (docs / "img").mkdir(parents=True, exist_ok=True)
    found = {
        suite: ordered(suite, rows_of(runs / f"{suite}.csv"))
        for suite in SUITES
        if (runs / f"{suite}.csv").exists()
    }
    for suite, rows in found.items():
        text = table(rows, *SUITES[suite])
        page = docs / PAGES.get(suite, "set.md")
        if not page.exists() or f"<!-- {suite} -->" not in page.read_text("utf-8"):
            print(f"{suite}\n\n{text}\n")
        else:
            put(page, suite, text)
        shutil.copyfile(runs / f"{suite}.csv", docs / f"set_{suite}.csv")
    figures: dict[str, Figure | None] = {}
    if "frontier" in found:
        figures["frontier"] = frontier(found["frontier"])
    if "sel" in found:
        figures["sel"] = sharpness(found["sel"])
    if "levels" in found:
        epochs = gathered(runs)
        with (docs / "set_epochs.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(epochs[0]))
            writer.writeheader()
            writer.writerows(epochs)
        figures |= {"levels": shares(epochs), "epochs": by_epoch(epochs)}
    for name, figure in figures.items():
        if figure is None:
            print(f"no plot of {name}: the runs that it needs are missing")
            continue
        figure.savefig(docs / "img" / f"set_{name}.png", dpi=110)


if __name__ == "__main__":
    main()
