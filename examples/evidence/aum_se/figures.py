"""Plots and tables of `evaluate.py`; imported, not run."""

import csv

import numpy as np

AUM = ("averaged", "aum", "threshold", "p99")
DEFAULT = ("averaged", "drop_easy", "p99.5", "p99.9")
KINDS = {"next": "c to c + 1", "symmetric": "symmetric"}


def read(out):
    with open(out, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def curves(lines):
    """Means over the seeds of (epoch, tpr, fpr, auroc), by (noise, rate, *rule)."""
    found = {}
    for line in lines:
        name = tuple(line[field] for field in ("noise", "rate", "basis", "rule", "cut", "aum"))
        rates = [float(line[field] or "nan") for field in ("tpr", "fpr", "auroc")]
        found.setdefault(name, {}).setdefault(int(line["epoch"]), []).append(rates)
    return {
        name: np.array([(epoch, *np.mean(epochs[epoch], axis=0)) for epoch in sorted(epochs)])
        for name, epochs in found.items()
    }


def columns_of(means):
    return sorted({name[:2] for name in means}, key=lambda column: (column[0], float(column[1])))


def at(curve, epoch):
    """(tpr, fpr, auroc) after an epoch, counted from 0."""
    found = curve[curve[:, 0] == epoch]
    if not len(found):
        raise SystemExit(
            f"epoch {epoch}: not recorded; there are {int(curve[0, 0])} to {int(curve[-1, 0])}, "
            f"counted from 0"
        )
    return found[0, 1:]


def title(noise, rate):
    return f"{KINDS[noise]}, {100 * float(rate):.0f} %"


def given_up(means, column, epoch, rule):
    """Points of AUM's true positives that a rule loses, and its share of the false positives."""
    tpr, fpr, _ = at(means[(*column, *AUM)], epoch)
    now = at(means[(*column, *rule)], epoch)
    return tpr - now[0], now[1] / fpr


SHOWN = [
    (AUM, "AUM", "#444444", "-"),
    (DEFAULT, "AUM-SE, mean easiness (default)", "#1f77b4", "-"),
    (("one epoch", "drop_easy", "level", "p99"), "drop easy, this epoch", "#e08214", "--"),
    (("one epoch", "flagged_easy", "level", "p99"), "literal: flagged and easy, this epoch",
     "#b2182b", ":"),
]  # fmt: skip


def pyplot():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    return plt


def plot(lines, target):
    plt = pyplot()
    means = curves(lines)
    columns = columns_of(means)
    figure, axes = plt.subplots(
        2, len(columns), figsize=(max(2.6 * len(columns), 5.5), 5.2), sharex=True, sharey="row",
        squeeze=False,
    )  # fmt: skip
    for column, name in zip(axes.T, columns, strict=True):
        for rule, label, color, style in SHOWN:
            curve = means[(*name, *rule)]
            for axis, values in zip(column, curve.T[1:3], strict=True):
                axis.plot(curve[:, 0] + 1, values, style, color=color, label=label)
        column[0].set_title(title(*name), fontsize=10)
        column[1].set_xlabel("epochs")
        column[1].xaxis.get_major_locator().set_params(integer=True)
    axes[0, 0].set_ylabel("true positives, %")
    axes[1, 0].set_ylabel("false positives, %")
    for axis in axes.flat:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    wide = len(columns) > 2
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="lower center",
                  ncol=4 if wide else 2, fontsize=9 if wide else 8, frameon=False)  # fmt: skip
    figure.tight_layout(rect=(0, 0.06 if wide else 0.1, 1, 1))
    figure.savefig(target, dpi=110, metadata={"Software": None})


def family(rule, percentiles, aum="{}"):
    return [("averaged", rule, cut, aum.format(p)) for cut, p in percentiles]


EASINESS = ("p98", "p99", "p99.5", "p99.9")
FAMILIES = [
    (family("aum", [("threshold", f"p{p:g}") for p in (95, 97, 98, 98.5, 99, 99.5, 99.9)]),
     "AUM alone: 95th to 99.9th percentile", "#444444", "s-"),
    (family("easiness", [(q, "none") for q in EASINESS]),
     "easiness alone: 98th to 99.9th", "#4daf4a", "^-"),
    (family("drop_easy", [(q, "p99") for q in EASINESS]),
     "AUM-SE, AUM's 99th: easiness 98th to 99.9th", "#e08214", "o--"),
    (family("drop_easy", [(q, "p99.9") for q in EASINESS]),
     "AUM-SE, AUM's 99.9th (default with 99.5th)", "#1f77b4", "o-"),
]  # fmt: skip


def plot_tradeoff(lines, target, epochs=(14, 19)):
    """Draw the true positives of AUM that percentiles lose, and the false positives that remain."""
    plt = pyplot()
    means = curves(lines)
    columns = columns_of(means)
    alone = [curve for name, curve in means.items() if name[3] == "easiness"]
    controlled = {int(epoch) for curve in alone for epoch in curve[:, 0]}
    epochs = [epoch for epoch in epochs if epoch in controlled] or sorted(controlled)[-1:]
    if not epochs:
        raise SystemExit("--tradeoff: needs runs of 10 epochs or more; controls begin there")
    figure, axes = plt.subplots(
        len(epochs), len(columns), figsize=(max(2.6 * len(columns), 5.5), 2.6 * len(epochs) + 0.6),
        sharex=True, sharey=True, squeeze=False,
    )  # fmt: skip
    for row, epoch in zip(axes, epochs, strict=True):
        for axis, column in zip(row, columns, strict=True):
            axis.fill_between([-9, 0.5], 0, 0.5, color="#1f77b4", alpha=0.12, lw=0)
            for rules, label, color, style in FAMILIES:
                points = [given_up(means, column, epoch, rule) for rule in rules]
                axis.plot(*zip(*points, strict=True), style, color=color, ms=4, lw=1.2, label=label)
            best = given_up(means, column, epoch, DEFAULT)
            axis.plot(*best, "o", ms=9, mfc="none", color="#1f77b4")
            axis.set(xlim=(-1, 5), ylim=(0, 1.35))
            axis.grid(alpha=0.3)
            axis.spines[["top", "right"]].set_visible(False)
            axis.set_title(f"{title(*column)}, {epoch + 1} epochs", fontsize=8.5)
        row[0].set_ylabel("false positives, share of AUM's", fontsize=8.5)
    for axis in axes[-1]:
        axis.set_xlabel("true positives given up, points", fontsize=8.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="lower center", ncol=2, fontsize=8.5,
                  frameon=False)  # fmt: skip
    figure.tight_layout(rect=(0, 0.5 / figure.get_figheight(), 1, 1))
    figure.savefig(target, dpi=110, metadata={"Software": None})


def table(lines, epochs):
    """Markdown: rates of each rule, TPR / FPR in %, means over the seeds."""
    means = curves(lines)
    columns = columns_of(means)
    text = []
    for epoch in epochs:
        heads = [f"{noise} {100 * float(rate):.0f} %" for noise, rate in columns]
        text += [f"| after {epoch + 1} epochs | " + " | ".join(heads) + " |",
                 "| --- |" + " ---: |" * len(heads)]  # fmt: skip
        for name in dict.fromkeys(name[2:] for name in means):
            found = [means[(*column, *name)] for column in columns]
            controlled = name[0] == "averaged" and found[0][0, 0] > 0
            if controlled and not any(epoch in curve.T[0] for curve in found):
                continue  # controls begin later
            cells = ["{:.1f} / {:.1f}".format(*at(curve, epoch)[:2]) for curve in found]
            text.append(f"| {', '.join(name[1:])}, {name[0]} | " + " | ".join(cells) + " |")
        for score, rule in (("aum", AUM), ("easiness", DEFAULT)):
            cells = [f"{at(means[(*column, *rule)], epoch)[2]:.4f}" for column in columns]
            text.append(f"| AUROC of {score} | " + " | ".join(cells) + " |")
        text.append("")
    return "\n".join(text)
