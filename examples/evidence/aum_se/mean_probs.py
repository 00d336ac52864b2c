"""Rankings of wrong labels from training dynamics: AUM, mean easiness, and mean probabilities.

Reads what `train.py` recorded, as `AreaUnderMargin(keep_probs=True)` measures it, and prints one
line per run and epoch of AUROC and average precision; then their means, as a table for
docs/mislabels_measured.md. Threshold samples are left out, and their class with them.

    python examples/evidence/aum_se/mean_probs.py RECORDS docs/mislabels_measured.md
"""

import argparse
from pathlib import Path

import numpy as np
from easiness_aum import AreaUnderMargin
from sklearn.metrics import average_precision_score, roc_auc_score

import easiness_core as ec

METHODS = ("noise_model", "easiness", "self_confidence")
EPOCHS = (9, 19)
BEGIN, END = "<!-- mean probabilities: begin -->\n", "<!-- mean probabilities: end -->\n"


def rankings(values, judged, given):
    """Name each ranking of the judged samples; the highest is the most suspicious."""
    found = {"AUM": -values.aum[judged], "mean easiness": -values.easiness[judged]}
    probs = values.probs[judged, : given.max() + 1]
    for method in METHODS:
        errors = ec.find_label_errors(probs, given[judged], method=method, normalize=True)
        found[f'mean probabilities, "{method}"'] = errors.suspicion
    return found


def measure(folder):
    """Yield (epoch, ranking), its AUROC and its average precision."""
    with np.load(folder / "labels.npz", allow_pickle=False) as arrays:
        labels = dict(arrays)
    judged = np.ones(len(labels["true"]), dtype=bool)
    judged[labels["planted"]] = False
    wrong = (labels["true"] != labels["given"])[judged]
    area = AreaUnderMargin(keep_probs=True)
    for epoch in range(max(EPOCHS) + 1):
        logits = np.load(folder / f"logits_{epoch:02d}.npy", allow_pickle=False)
        area.update(np.arange(len(judged)), logits, labels["train"])
        if epoch in EPOCHS:
            ranked = rankings(area.values(np.arange(len(judged))), judged, labels["given"])
            for name, score in ranked.items():
                figures = roc_auc_score(wrong, score), average_precision_score(wrong, score)
                yield (epoch, name), figures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("page", type=Path)
    args = parser.parse_args()
    runs = []
    for folder in sorted(each for each in args.records.iterdir() if each.is_dir()):
        runs.append(dict(measure(folder)))
        for (epoch, name), figures in runs[-1].items():
            print(folder.name, epoch + 1, name, *(f"{each:.4f}" for each in figures), flush=True)
    lines = [
        "| after epoch | ranking | AUROC | AP | best in AP, runs |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for epoch in EPOCHS:
        names = [name for at, name in runs[0] if at == epoch]
        table = np.array([[run[epoch, name] for name in names] for run in runs])
        best = np.bincount(table[:, :, 1].argmax(axis=1), minlength=len(names))
        for at, name in enumerate(names):
            auroc, precision = table[:, at].mean(axis=0)
            lines.append(
                f"| {epoch + 1} | {name} | {auroc:.4f} | {precision:.4f} | "
                f"{best[at]} of {len(runs)} |"
            )
    before, _, rest = args.page.read_text("utf-8").partition(BEGIN)
    text = "\n".join(lines)
    args.page.write_text(f"{before}{BEGIN}{text}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
