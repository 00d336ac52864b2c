"""AUM and AUM-SE by epoch, in the form of the paper's Figure 3: true and false positive rates.

Reads what `examples/aum_se_train.py` recorded, measures it as a training loop would
(`AreaUnderMargin.update`, then `AUMFilter` after each epoch), and writes one line a run, epoch and
rule to a CSV file; lines already there are not made again. `--plot` draws them.

    EASINESS_DATA=... python examples/aum_se_train.py RECORDS
    python examples/aum_se.py RECORDS -o docs/aum_se.csv --plot docs/img/aum_se.png

Rates are over samples that are no threshold samples. 25 seconds a run; plot and table at once.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from easiness_aum import AreaUnderMargin, AUMFilter
from sklearn.metrics import roc_auc_score

import easiness_core as ec

FIELDS = ["noise", "rate", "seed", "epoch", "basis", "rule", "cut", "tpr", "fpr", "auroc"]
# What the ranking behind a rule is worth by itself, at any cut.
RANKED = {("averaged", "aum"): "aum", ("averaged", "drop_easy"): "easiness"}
PERCENTILES = (95.0, 98.0, 99.0, 99.5, 99.9)
AVERAGED = [
    ("aum", "threshold", {}),
    *(("drop_easy", "threshold", {"easiness_percentile": q}) for q in PERCENTILES),
    ("drop_easy", 0.9, {}),
    ("drop_easy", 0.7, {}),
    ("flagged_easy", "threshold", {}),
    ("flagged_easy", "level", {}),
    ("flagged_hard", "level", {}),
    ("confident_disagreement", "threshold", {}),
]
ONE_EPOCH = [
    ("drop_easy", "level", {}),
    ("flagged_easy", "level", {}),
    ("flagged_hard", "level", {}),
    ("confident_disagreement", "level", {}),
]


def rows_of_epoch(values, labels, probs):
    """One line a rule: with the averages, and with the easiness of this epoch alone."""
    judged = np.ones(len(labels["true"]), dtype=bool)
    judged[labels["planted"]] = False
    wrong = labels["true"] != labels["given"]
    for basis, rules in (("averaged", AVERAGED), ("one epoch", ONE_EPOCH)):
        for rule, cut, options in rules:
            given = {} if basis == "averaged" else {"probs": probs}
            found = AUMFilter(rule, cut=cut, **options).flag(values, labels["planted"], **given)
            named = f"p{options['easiness_percentile']:g}" if options else str(cut)
            tpr = found.flags[wrong & judged].mean()
            fpr = found.flags[~wrong & judged].mean()
            rates = {"tpr": f"{100 * tpr:.2f}", "fpr": f"{100 * fpr:.2f}", "auroc": ""}
            if (basis, rule) in RANKED:
                score = -getattr(values, RANKED[basis, rule])
                rates["auroc"] = f"{roc_auc_score(wrong[judged], score[judged]):.4f}"
            yield {"basis": basis, "rule": rule, "cut": named, **rates}


def evaluate(folder, done, out):
    noise, rate, seed = folder.name.split("_")
    with np.load(folder / "labels.npz", allow_pickle=False) as arrays:
        labels = dict(arrays)
    n_samples = len(labels["true"])
    area = AreaUnderMargin()
    for file in sorted(folder.glob("logits_*.npy")):
        epoch = str(int(file.stem.removeprefix("logits_")))
        logits = np.load(file, allow_pickle=False)
        area.update(np.arange(n_samples), logits, labels["train"])
        key = {"noise": noise, "rate": rate, "seed": seed, "epoch": epoch}
        if tuple(key.values()) in done:
            continue
        lines = list(rows_of_epoch(area.values(), labels, ec.softmax(logits)))
        with open(out, "a", newline="") as handle:
            writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
            writer.writerows(key | line for line in lines)


def read(out):
    with open(out, newline="") as handle:
        return list(csv.DictReader(handle))


def curves(lines):
    """Means over the seeds of (epoch, tpr, fpr, auroc), by (noise, rate, basis, rule, cut)."""
    found = {}
    for line in lines:
        name = tuple(line[field] for field in ("noise", "rate", "basis", "rule", "cut"))
        epochs = found.setdefault(name, {})
        rates = [float(line[field] or "nan") for field in ("tpr", "fpr", "auroc")]
        epochs.setdefault(int(line["epoch"]), []).append(rates)
    return {
        name: np.array([(epoch, *np.mean(epochs[epoch], axis=0)) for epoch in sorted(epochs)])
        for name, epochs in found.items()
    }


SHOWN = [
    ("averaged", "aum", "threshold", "AUM", "#444444", "-"),
    ("averaged", "drop_easy", "p99.5", "AUM-SE, mean easiness (default)", "#1f77b4", "-"),
    ("one epoch", "drop_easy", "level", "drop easy, this epoch", "#e08214", "--"),
    ("one epoch", "flagged_easy", "level", "literal: flagged and easy, this epoch", "#b2182b", ":"),
]


def plot(lines, target):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    means = curves(lines)
    columns = sorted({name[:2] for name in means})
    figure, axes = plt.subplots(
        2, len(columns), figsize=(2.6 * len(columns), 5.2), sharex=True, sharey="row", squeeze=False
    )
    for column, (noise, rate) in zip(axes.T, columns, strict=True):
        for basis, rule, cut, name, color, style in SHOWN:
            curve = means[noise, rate, basis, rule, cut]
            for axis, values in zip(column, curve.T[1:3], strict=True):
                axis.plot(curve[:, 0] + 1, values, style, color=color, label=name)
        kind = "c to c + 1" if noise == "next" else "symmetric"
        column[0].set_title(f"{kind}, {100 * float(rate):.0f} %", fontsize=10)
        column[1].set_xlabel("epochs")
    axes[0, 0].set_ylabel("true positives, %")
    axes[1, 0].set_ylabel("false positives, %")
    for axis in axes.flat:
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="lower center", ncol=4, fontsize=9,
                  frameon=False)  # fmt: skip
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(target, dpi=110, metadata={"Software": None})


def plot_tradeoff(lines, target, epochs=(14, 19)):
    """Draw what each percentile gives up of AUM's true finds and leaves of its false ones."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    means = curves(lines)
    figure, axes = plt.subplots(1, len(epochs), figsize=(9.5, 4.2), sharey=True)
    for axis, epoch in zip(axes, epochs, strict=True):
        axis.fill_between([0, 0.5], 0, 0.5, color="#1f77b4", alpha=0.12, lw=0)
        for noise, rate in sorted({name[:2] for name in means}):
            aum = means[noise, rate, "averaged", "aum", "threshold"]
            tpr, fpr = aum[aum[:, 0] == epoch][0, 1:3]
            points = []
            for q in PERCENTILES:
                curve = means[noise, rate, "averaged", "drop_easy", f"p{q:g}"]
                now = curve[curve[:, 0] == epoch][0]
                points.append((max(tpr - now[1], 0.02), now[2] / fpr))
            kind = "c to c + 1" if noise == "next" else "symmetric"
            color = {"0.1": "#66c2a5", "0.2": "#1f78b4", "0.4": "#b2182b"}[rate]
            axis.plot(*zip(*points, strict=True), "o-" if noise == "next" else "s--", color=color,
                      ms=4, lw=1.2, label=f"{kind}, {100 * float(rate):.0f} %")  # fmt: skip
        axis.set_xscale("log")
        axis.set_xlim(0.018, 30)
        axis.set_xticks([0.1, 0.5, 1, 2, 5, 20], ["0.1", "0.5", "1", "2", "5", "20"])
        axis.minorticks_off()
        axis.set_ylim(0, 1.02)
        axis.set_title(f"after {epoch + 1} epochs", fontsize=10)
        axis.set_xlabel("true positives given up, points")
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("false positives left, as a share of AUM's")
    axes[0].legend(fontsize=8, frameon=False, loc="lower left")
    figure.tight_layout()
    figure.savefig(target, dpi=110, metadata={"Software": None})


def table(lines, epochs):
    """Markdown: rates of each rule, TPR / FPR in %, means over the seeds."""
    means = curves(lines)
    columns = sorted({name[:2] for name in means})
    text = []
    for epoch in epochs:
        heads = [f"{noise} {100 * float(rate):.0f} %" for noise, rate in columns]
        text += [f"| after {epoch + 1} epochs | " + " | ".join(heads) + " |",
                 "| --- |" + " ---: |" * len(heads)]  # fmt: skip
        for name in dict.fromkeys(name[2:] for name in means):
            cells = []
            for column in columns:
                curve = means[(*column, *name)]
                tpr, fpr, _ = curve[curve[:, 0] == epoch][0, 1:]
                cells.append(f"{tpr:.1f} / {fpr:.1f}")
            text.append(f"| {name[1]}, {name[2]}, {name[0]} | " + " | ".join(cells) + " |")
        for rule, cut in (("aum", "threshold"), ("drop_easy", "p99.5")):
            curve = [means[(*column, "averaged", rule, cut)] for column in columns]
            cells = [f"{each[each[:, 0] == epoch][0, 3]:.4f}" for each in curve]
            text.append(f"| AUROC of {RANKED['averaged', rule]} | " + " | ".join(cells) + " |")
        text.append("")
    return "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--tradeoff", type=Path)
    parser.add_argument("--table", type=int, nargs="*", default=(), help="epochs to print, from 0")
    options = parser.parse_args()
    if not options.out.exists():
        options.out.write_text(",".join(FIELDS) + "\n")
    done = {tuple(line[field] for field in FIELDS[:4]) for line in read(options.out)}
    for folder in sorted(path for path in options.records.iterdir() if path.is_dir()):
        evaluate(folder, done, options.out)
    lines = read(options.out)
    if options.plot:
        plot(lines, options.plot)
    if options.tradeoff:
        plot_tradeoff(lines, options.tradeoff)
    print(table(lines, options.table))


if __name__ == "__main__":
    main()
