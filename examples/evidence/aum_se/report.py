"""Write the tables of docs/mislabels_measured.md from its CSV files, between their marks.

    python examples/evidence/aum_se/report.py docs

Each table stands between `<!-- NAME -->` and `<!-- end -->`; all else stays as it is.
"""

import csv
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from aum_se import figures

RULES = {
    figures.AUM: "AUM alone",
    figures.DEFAULT: "`drop_easy` (the default)",
    ("averaged", "drop_easy", "p99.5", "p99"): "`drop_easy`",
    ("averaged", "drop_easy", "0.9", "p99"): "`drop_easy`, cut 0.9",
    ("averaged", "drop_easy", "0.7", "p99"): "`drop_easy`, cut 0.7",
    ("averaged", "confident_disagreement", "threshold", "p99"): "`confident_disagreement`",
    ("averaged", "flagged_hard", "level", "p99"): "`flagged_hard`",
    ("averaged", "flagged_easy", "threshold", "p99"): "`flagged_easy`, literal, threshold cut",
    ("averaged", "flagged_easy", "level", "p99"): "`flagged_easy`, literal, level cut",
    ("one epoch", "drop_easy", "level", "p99"): "`drop_easy`, this epoch alone",
    ("one epoch", "confident_disagreement", "level", "p99"): (
        "`confident_disagreement`, this epoch alone"
    ),
    ("one epoch", "flagged_hard", "level", "p99"): "`flagged_hard`, this epoch alone",
    ("one epoch", "flagged_easy", "level", "p99"): "`flagged_easy`, literal, this epoch alone",
}
CONTROLS = {
    figures.AUM: "AUM alone",
    figures.DEFAULT: "`drop_easy` (the default)",
    ("averaged", "aum", "as many as the default", "oracle"): (
        "AUM, cut to find the same number (oracle)"
    ),
    ("averaged", "aum", "threshold", "p98.5"): "AUM, 98.5th percentile",
    ("averaged", "easiness", "p99.5", "none"): "mean easiness without AUM, 99.5th percentile",
    ("averaged", "aum", "half a point less", "oracle"): "AUM, half a point less (oracle)",
    ("averaged", "easiness", "half a point less", "oracle"): (
        "mean easiness, half a point less (oracle)"
    ),
}
RESNET = CONTROLS | {
    ("one epoch", "drop_easy", "level", "p99"): "`drop_easy`, this epoch alone",
    ("one epoch", "flagged_easy", "level", "p99"): "`flagged_easy`, literal, this epoch alone",
}
# Mid-training and later.
LATE = range(9, 20)


def rows(table):
    head = table[0]
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *table[1:]])


def head_of(first, columns):
    return [first, *(figures.title(*column) for column in columns)]


def rates(lines, epoch, names):
    """TPR / FPR after an epoch (from 0), means over the seeds."""
    means = figures.curves(lines)
    columns = figures.columns_of(means)
    table = [head_of(f"after {epoch + 1} epochs", columns)]
    for name, shown in names.items():
        found = (figures.at(means[(*column, *name)], epoch)[:2] for column in columns)
        table.append([shown, *("{:.1f} / {:.1f}".format(*each) for each in found)])
    return rows(table)


def meets(means, column, epoch, rule):
    """Whether the aim is met: half of AUM's false positives, half a point of true positives."""
    lost, left = figures.given_up(means, column, epoch, rule)
    return round(lost, 6) <= 0.5 and left <= 0.5


def grid(lines, confirming, epoch):
    """Points lost : share of false positives that remain, for each pair of percentiles."""
    chosen, confirmed = figures.curves(lines), figures.curves(confirming)
    columns = figures.columns_of(chosen)
    table = [[*head_of("AUM / easiness", columns), "met", "met, seed 3"]]
    pairs = [("drop_easy", q, p) for p in ("p99", "p99.5", "p99.9", "p100")
             for q in ("p98", "p99", "p99.5", "p99.9")]  # fmt: skip
    for rule, q, p in [*pairs, *(("easiness", q, "none") for q in ("p99", "p99.5", "p99.9"))]:
        name = ("averaged", rule, q, p)
        cells = ("{:.2f} : {:.2f}".format(*figures.given_up(chosen, column, epoch, name))
                 for column in columns)  # fmt: skip
        counts = (sum(meets(means, column, each, name) for column in columns for each in LATE)
                  for means in (chosen, confirmed))  # fmt: skip
        shown = f"{p.removeprefix('p')} / {q.removeprefix('p')}"
        table.append([f"**{shown}**" if name == figures.DEFAULT else shown, *cells,
                      *map(str, counts)])  # fmt: skip
    return rows(table)


def aurocs(lines):
    means = figures.curves(lines)
    columns = figures.columns_of(means)
    table = [head_of("epochs", columns)]
    for epoch in (4, 9, 14, 19):
        cells = []
        for column in columns:
            pair = (figures.at(means[(*column, *rule)], epoch)[2]
                    for rule in (figures.AUM, figures.DEFAULT))  # fmt: skip
            cells.append(" / ".join(f"{each:.4f}" for each in pair))
        table.append([str(epoch + 1), *cells])
    return rows(table)


def read(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def tables(docs):
    confirmed = read(docs / "aum_se_confirmation.csv")
    resnet = read(docs / "aum_se_resnet.csv")
    runs = read(docs / "aum_se.csv")
    return {
        **{f"rates {epoch + 1}": rates(runs, epoch, RULES) for epoch in (9, 14, 19)},
        **{f"controls {epoch + 1}": rates(runs, epoch, CONTROLS) for epoch in (9, 14, 19)},
        "grid": grid(runs, confirmed, 19),
        **{f"confirmation {epoch + 1}": rates(confirmed, epoch, CONTROLS) for epoch in (14, 19)},
        **{f"resnet {epoch + 1}": rates(resnet, epoch, RESNET) for epoch in (9, 14, 19)},
        "aurocs": aurocs(runs),
    }


def fill(text, found):
    for name, table in found.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(text):
            raise SystemExit(f"docs/mislabels_measured.md: no place for the table {name!r}")
        text = mark.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)
    return text


def main():
    docs = Path(sys.argv[1])
    page = docs / "mislabels_measured.md"
    page.write_text(fill(page.read_text("utf-8"), tables(docs)), "utf-8")


if __name__ == "__main__":
    main()
