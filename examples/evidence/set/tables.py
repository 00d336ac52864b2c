"""Tables of what train.py measured, in Markdown; imported by report.py, not run."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from set.suites import runs_of

Row = dict[str, str]
Column = tuple[str, float, int]
SETS = {"fashion": "Fashion-MNIST", "cifar10": "CIFAR-10", "digits": "digits"}
LEVELS = {"EO": "EO", "MO": "SET", "HO": "HO", "EMO": "EMO", "MHO": "MHO", "EMHO": "classic"}

COST: dict[str, Column] = {
    "ACC, %": ("accuracy", 100.0, 2), "ART, s": ("art", 1.0, 2),
    "ART without scoring, s": ("art_without_scoring", 1.0, 2), "ADU, %": ("adu", 100.0, 2),
    "all epochs, s": ("seconds", 1.0, 0), "cost, full epochs": ("cost", 1.0, 1),
}  # fmt: skip
WALL: dict[str, Column] = {
    "ACC, %": ("accuracy", 100.0, 2), "ART by the wall, s": ("art", 1.0, 2),
    "ART without scoring, s": ("art_without_scoring", 1.0, 2),
    "all epochs by the wall, s": ("seconds", 1.0, 1),
}  # fmt: skip
ACCURACY: dict[str, Column] = {
    "ACC, %": ("accuracy", 100.0, 2), "best epoch, %": ("best", 100.0, 2),
    "ADU, %": ("adu", 100.0, 2), "cost, full epochs": ("cost", 1.0, 1),
}  # fmt: skip
TABLE_1: dict[str, Column] = {
    "ACC, %": ("accuracy", 100.0, 2), "AUROC": ("auroc", 1.0, 4), "MSR, %": ("msr", 100.0, 2),
    "ESE, %": ("ese", 100.0, 3), "NLL": ("nll", 1.0, 3),
}  # fmt: skip
COOLED: dict[str, Column] = {
    "temperature": ("temperature", 1.0, 2), "MSR at it, %": ("msr_t", 100.0, 2),
    "ESE at it, %": ("ese_t", 100.0, 3), "NLL at it": ("nll_t", 1.0, 3),
}  # fmt: skip
TABLE_2: dict[str, Column] = {
    "ACC, %": ("accuracy", 100.0, 2), "mean of the last ten, %": ("last_ten", 100.0, 2),
    "less than classic, points": ("behind", 100.0, 2), "ART, s": ("art", 1.0, 2),
    "ART, share of classic's": ("art_share", 1.0, 2),
    "ART without scoring, s": ("art_without_scoring", 1.0, 2), "ADU, %": ("adu", 100.0, 2),
    "cost, full epochs": ("cost", 1.0, 1),
}  # fmt: skip
NETWORKS: dict[str, Column] = {
    **TABLE_1, "ART, s": COST["ART, s"], "ADU, %": COST["ADU, %"],
}  # fmt: skip
HELD_OUT: dict[str, Column] = {"held-out ACC": ("held_out_accuracy", 100.0, 2)}
NOISY: dict[str, Column] = {
    "ACC": ("accuracy", 100.0, 2), "NLL at T": ("nll_t", 1.0, 3),
}  # fmt: skip


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ordered(suite: str, rows: list[Row]) -> list[Row]:
    """Rows in the order in which the suite lists its runs, and by seed."""
    listed = [
        (run.setting, run.name)
        for asked, network in dict.fromkeys((int(r["asked"]), r["network"]) for r in rows)
        for run in runs_of(suite, asked, network)
    ]
    places = {key: place for place, key in reversed(list(enumerate(listed)))}
    return sorted(
        rows,
        key=lambda r: (places.get((r["setting"], r["method"]), len(listed)), int(r["seed"])),
    )


def grouped(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of each setting and method, in their order."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["setting"], row["method"]), []).append(row)
    return groups


def by_data(rows: list[Row]) -> dict[str, list[Row]]:
    """Rows that may be compared, by a caption that says what they have in common."""
    groups: dict[str, list[Row]] = {}
    several_rates = len({row["lr"] for row in rows}) > 1
    for row in rows:
        caption = (
            f"{SETS[row['data']]}, {int(row['size']):,} training images, "
            f"network {row['network']}, {row['asked']} epochs"
        )
        if several_rates:
            caption += f", learning rate {row['lr']}"
        groups.setdefault(caption, []).append(row)
    return groups


def cell(rows: list[Row], name: str, scale: float = 1.0, digits: int = 2) -> str:
    """Mean, and with several seeds the standard deviation; a dash where it was not measured."""
    values = scale * np.array([float(row[name]) for row in rows if row.get(name)])
    if len(values) == 0:
        return "–"
    if len(values) == 1 or not np.isfinite(values).all():
        return f"{values.mean():.{digits}f}"
    # No-break spaces: in a narrow column the value stays on one line.
    return f"{values.mean():.{digits}f}\u00a0±\u00a0{values.std(ddof=1):.{digits}f}"


def markdown(header: list[str], lines: Iterable[list[str]]) -> str:
    """Make a table in Markdown."""
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def table(rows: list[Row], columns: dict[str, Column], setting: str = "") -> str:
    """Give a line to a method, or a setting and method: how many seeds, then means."""
    header = [*([setting] if setting else []), "method", "seeds", *columns]
    lines = [
        [*([where] if setting else []), method, str(len(group)),
         *(cell(group, *how) for how in columns.values())]
        for (where, method), group in grouped(rows).items()
    ]  # fmt: skip
    return markdown(header, lines)


def each(rows: list[Row], make: Callable[[list[Row]], str]) -> str:
    """One table for each data set, size and network, under its caption."""
    parts = [f"{caption}:\n\n{make(own)}" for caption, own in by_data(rows).items()]
    return "\n\n".join(parts)


def beside_classic(rows: list[Row]) -> list[Row]:
    """Rows with how far they are behind "classic" of their seed, and how long they take beside it.

    The first epochs of "classic" are runs of fewer epochs, since the rate is constant: they are
    put in after it.
    """
    full = {row["seed"]: row for row in rows if row["method"] == "classic"}
    found = []
    for n in (5, 6, 10, 25):
        for row in full.values():
            curve = row["accuracy_by_epoch"].split(";")
            if len(curve) > n and curve[n - 1]:
                found.append({
                    **row, "method": f"classic, its first {n} epochs", "last_ten": "",
                    "accuracy": curve[n - 1], "cost": str(n),
                })  # fmt: skip
    own = [row for row in rows if row["method"] == "classic"]
    others = [row for row in rows if row["method"] != "classic"]
    return [
        row if row["seed"] not in full else {
            **row,
            "behind": str(float(full[row["seed"]]["accuracy"]) - float(row["accuracy"])),
            "art_share": str(float(row["art"]) / float(full[row["seed"]]["art"])),
        }
        for row in (*own, *found, *others)
    ]  # fmt: skip


def table_1(rows: list[Row]) -> str:
    """Make the paper's Table 1: cross-entropy and SEL, and both at a fitted temperature."""
    own = [row for row in rows if row["method"] == "classic" or row["method"].startswith("SEL,")]
    own = of_data_with(own, lambda method: method != "classic")
    return each(own, lambda part: table(part, {**TABLE_1, **COOLED}))


def table_2(rows: list[Row]) -> str:
    """Make the paper's Table 2 with the controls."""
    own = [row for row in rows if not row["method"].startswith("SEL,")]
    return each(own, lambda part: table(beside_classic(part), TABLE_2))


def table_3(rows: list[Row]) -> str:
    """Make the paper's Table 3: error rates, unions of levels as columns."""

    def make(part: list[Row]) -> str:
        error = [{**row, "error": str(1.0 - float(row["accuracy"]))} for row in part]
        groups = {method: group for (_, method), group in grouped(error).items()}
        lines = []
        for words, name, column in (
            ("error rate, %", "{}", ("error", 100.0, 2)),
            ("error rate, as many at random, %", "random, as {}", ("error", 100.0, 2)),
            ("ADU, %", "{}", ("adu", 100.0, 1)),
        ):
            cells = [cell(groups.get(name.format(m), []), *column) for m in LEVELS.values()]
            lines.append([words, *cells])
        seeds = [str(len(groups.get(method, []))) for method in LEVELS.values()]
        return markdown(["", *LEVELS], [["seeds", *seeds], *lines])

    return each(of_data_with(rows, {"EO", "HO", "EMO", "MHO"}.__contains__), make)


def of_data_with(rows: list[Row], wanted: Callable[[str], bool]) -> list[Row]:
    """Rows of the data on which a wanted method was run."""
    parts = by_data(rows).values()
    return [row for part in parts if any(wanted(r["method"]) for r in part) for row in part]


def mean_table(rows: list[Row], columns: dict[str, Column], setting: str = "") -> str:
    """Tables of methods, one for each data set."""
    return each(rows, lambda part: table(part, columns, setting))


def noise_table(rows: list[Row], *, tuned: bool = False) -> str:
    """Tables of losses, noises as columns; where losses are tuned, the best by held-out data first.

    Accuracies (in percent) come first, then likelihoods at the fitted temperature T.
    """

    def make(part: list[Row]) -> str:
        noises = list(dict.fromkeys(row["setting"] for row in part))
        columns = {
            f"{name}, {noise}" if noise != "none" else f"{name}, no noise": (noise, column)
            for name, column in (HELD_OUT | NOISY if tuned else NOISY).items()
            for noise in noises
        }
        losses = {
            method: [row for row in part if row["method"] == method]
            for method in dict.fromkeys(row["method"] for row in part)
        }
        if tuned:
            losses = dict(sorted(losses.items(), key=lambda item: -_mean_held_out(item[1])))
        header = ["loss", "seeds", *(["mean held-out ACC"] if tuned else []), *columns]
        lines = [
            [method, str(len({row["seed"] for row in own})),
             *([f"{_mean_held_out(own):.2f}"] if tuned else []),
             *(cell([row for row in own if row["setting"] == noise], *column)
               for noise, column in columns.values())]
            for method, own in losses.items()
        ]  # fmt: skip
        return markdown(header, lines)

    return each(rows, make)


def lead_table(rows: list[Row], loss: str) -> str:
    """Points of accuracy by which a loss leads the others, paired by seed, ± a standard error."""

    def make(part: list[Row]) -> str:
        accuracy = {
            (row["setting"], row["method"], row["seed"]): 100.0 * float(row["accuracy"])
            for row in part
        }
        noises = dict.fromkeys(row["setting"] for row in part)
        others = [name for name in dict.fromkeys(row["method"] for row in part) if name != loss]

        def lead(noise: str, other: str) -> str:
            seeds = [seed for at, name, seed in accuracy if (at, name) == (noise, other)]
            leads = [
                accuracy[noise, loss, seed] - accuracy[noise, other, seed]
                for seed in seeds if (noise, loss, seed) in accuracy
            ]  # fmt: skip
            if len(leads) < 2:
                return "–"
            error = np.std(leads, ddof=1) / len(leads) ** 0.5
            return f"{round(np.mean(leads), 1) + 0.0:+.1f}\u00a0±\u00a0{error:.1f}"

        lines = [[noise, *(lead(noise, other) for other in others)] for noise in noises]
        return markdown(["noise", *(f"over {other}" for other in others)], lines)

    return each(rows, make)


def _mean_held_out(rows: list[Row]) -> float:
    """Mean over noises, in percent, of the mean over seeds."""
    by_noise = [
        np.mean([float(row["held_out_accuracy"]) for row in rows if row["setting"] == noise])
        for noise in dict.fromkeys(row["setting"] for row in rows)
    ]
    return 100.0 * float(np.mean(by_noise))


def level_table(rows: list[Row]) -> str:
    """Tabulate Figure 1: how many samples each level has, and how they fare."""
    lines = []
    for level in ("hard", "medium", "easy"):
        own = [row for row in rows if row["level"] == level]
        count = [int(row["count"]) for row in own]
        n = sum(count)
        right = sum(k for k, row in zip(count, own, strict=True) if row["correct"] == "True")
        sums = [sum(float(row[name]) for row in own) for name in ("confidence_sum", "loss_sum")]
        shown = (
            [f"{100 * right / n:.1f}", *(f"{value / n:.3f}" for value in sums)] if n else ["–"] * 3
        )
        lines.append([level, f"{n:,}", *shown])
    return markdown(["level", "test images", "ACC, %", "mean confidence", "mean loss"], lines)
