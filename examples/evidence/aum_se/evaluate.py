"""AUM and AUM-SE by epoch, in the form of the paper's Figure 3: true and false positive rates.

Reads what `train.py` recorded, measures it as a training loop would
(`AreaUnderMargin.update`, then `AUMFilter` after each epoch), and writes one line per run, epoch
and rule to a CSV file; existing lines are not computed again. `--plot` draws them.

    EASINESS_DATA=... python examples/evidence/aum_se/train.py RECORDS
    python examples/evidence/aum_se/evaluate.py RECORDS -o docs/aum_se.csv --plot aum_se.png

From the 10th epoch on there are also controls: every pair of percentiles, AUM alone with
other cuts, mean easiness without AUM, and cuts set by the true labels ("oracle").

Rates leave threshold samples out. Takes 40 seconds per run; plot and table are instant.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from easiness_aum import AreaUnderMargin, AUMFilter
from sklearn.metrics import roc_auc_score

import easiness_core as ec

sys.path.insert(0, str(Path(__file__).parents[1]))
from aum_se import figures

FIELDS = ["noise", "rate", "seed", "epoch", "basis", "rule", "cut", "aum", "tpr", "fpr", "auroc"]
PERCENTILES = (95.0, 98.0, 99.0, 99.5, 99.9)
DEFAULT = ("drop_easy", 99.5, 99.9)
# Quality of the ranking behind a rule, at any cut.
RANKED = {("aum", "threshold", 99.0): "aum", DEFAULT: "easiness"}
# Rule, cut of easiness (a number above 1: percentile of the threshold samples), AUM's percentile.
AVERAGED = [
    ("aum", "threshold", 99.0),
    DEFAULT,
    *(("drop_easy", q, 99.0) for q in PERCENTILES),
    ("drop_easy", 0.9, 99.0),
    ("drop_easy", 0.7, 99.0),
    ("flagged_easy", "threshold", 99.0),
    ("flagged_easy", "level", 99.0),
    ("flagged_hard", "level", 99.0),
    ("confident_disagreement", "threshold", 99.0),
]
ONE_EPOCH = [
    ("drop_easy", "level", 99.0),
    ("flagged_easy", "level", 99.0),
    ("flagged_hard", "level", 99.0),
    ("confident_disagreement", "level", 99.0),
]
# From here on: mid-training, and the controls.
FIRST_CONTROL = 9
GRID = [
    rule
    for p in (99.5, 99.9, 100.0)
    for q in (98.0, 99.0, 99.5, 99.9)
    if (rule := ("drop_easy", q, p)) != DEFAULT
]
STRICTER = [("aum", "threshold", p) for p in (95.0, 97.0, 98.0, 98.5, 99.5, 99.9)]
ALONE = (95.0, 98.0, 99.0, 99.5, 99.9)


def judged_and_wrong(labels):
    judged = np.ones(len(labels["true"]), dtype=bool)
    judged[labels["planted"]] = False
    return judged, labels["true"] != labels["given"]


def flags(values, planted, rule, cut, percentile, **given):
    options = {"percentile": percentile}
    if isinstance(cut, float) and cut > 1.0:
        options["easiness_percentile"], cut = cut, "threshold"
    return AUMFilter(rule, cut=cut, **options).flag(values, planted, **given).flags


def name_of(cut):
    return f"p{cut:g}" if isinstance(cut, float) and cut > 1.0 else str(cut)


def lowest(score, wrong, judged, n_found):
    """Take judged samples from the lowest score up, until they include this many wrong labels."""
    scores = np.sort(score[wrong & judged])
    cut = scores[min(max(n_found, 1), len(scores)) - 1]
    return (score <= cut) & judged


def controls(values, labels):
    """(rule, cut, aum) and flags of the controls that a gain is compared with."""
    judged, wrong = judged_and_wrong(labels)
    planted = labels["planted"]
    for rule, cut, p in [*GRID, *STRICTER]:
        yield (rule, name_of(cut), f"p{p:g}"), flags(values, planted, rule, cut, p)
    for q in ALONE:
        cut = np.percentile(values.easiness[planted], q)
        yield ("easiness", f"p{q:g}", "none"), (values.easiness <= cut) & judged
    found = flags(values, planted, *DEFAULT) & wrong
    aums = flags(values, planted, "aum", "threshold", 99.0) & wrong
    nearly = int(np.ceil(aums.sum() - 0.005 * (wrong & judged).sum()))
    yield (("aum", "as many as the default", "oracle"),
           lowest(values.aum, wrong, judged, found.sum()))  # fmt: skip
    yield ("aum", "half a point less", "oracle"), lowest(values.aum, wrong, judged, nearly)
    yield (("easiness", "half a point less", "oracle"),
           lowest(values.easiness, wrong, judged, nearly))  # fmt: skip


def rows_of_epoch(values, labels, probs, *, controlled):
    """One line per rule: with the averages, and with only the easiness of this epoch."""
    judged, wrong = judged_and_wrong(labels)

    def row(basis, rule, cut, aum, flagged, auroc=""):
        tpr, fpr = flagged[wrong & judged].mean(), flagged[~wrong & judged].mean()
        return {"basis": basis, "rule": rule, "cut": cut, "aum": aum, "tpr": f"{100 * tpr:.2f}",
                "fpr": f"{100 * fpr:.2f}", "auroc": auroc}  # fmt: skip

    for basis, rules in (("averaged", AVERAGED), ("one epoch", ONE_EPOCH)):
        given = {} if basis == "averaged" else {"probs": probs}
        for rule, cut, p in rules:
            auroc = ""
            if basis == "averaged" and (rule, cut, p) in RANKED:
                score = -getattr(values, RANKED[rule, cut, p])
                auroc = f"{roc_auc_score(wrong[judged], score[judged]):.4f}"
            flagged = flags(values, labels["planted"], rule, cut, p, **given)
            yield row(basis, rule, name_of(cut), f"p{p:g}", flagged, auroc)
    if controlled:
        for name, flagged in controls(values, labels):
            yield row("averaged", *name, flagged)


def evaluate(folder, done, out):
    """Append the lines of those epochs of a run that are not yet there."""
    noise, rate, seed = folder.name.split("_")
    with np.load(folder / "labels.npz", allow_pickle=False) as arrays:
        labels = dict(arrays)
    n_samples = len(labels["true"])
    area = AreaUnderMargin()
    for file in sorted(folder.glob("logits_*.npy")):
        epoch = int(file.stem.removeprefix("logits_"))
        logits = np.load(file, allow_pickle=False)
        area.update(np.arange(n_samples), logits, labels["train"])
        key = {"noise": noise, "rate": rate, "seed": seed, "epoch": str(epoch)}
        if tuple(key.values()) in done:
            continue
        controlled = epoch >= FIRST_CONTROL
        lines = list(
            rows_of_epoch(area.values(), labels, ec.softmax(logits), controlled=controlled)
        )
        with open(out, "a", newline="") as handle:
            writer = csv.DictWriter(handle, FIELDS, lineterminator="\n")
            writer.writerows(key | line for line in lines)


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
    lines = figures.read(options.out)
    if options.out.read_text().splitlines()[0] != ",".join(FIELDS):
        raise SystemExit(f"{options.out}: not of this script's columns; name another file")
    done = {tuple(line[field] for field in FIELDS[:4]) for line in lines}
    for folder in sorted(path for path in options.records.iterdir() if path.is_dir()):
        evaluate(folder, done, options.out)
    lines = figures.read(options.out)
    if options.plot:
        figures.plot(lines, options.plot)
    if options.tradeoff:
        figures.plot_tradeoff(lines, options.tradeoff)
    print(figures.table(lines, options.table))


if __name__ == "__main__":
    main()
