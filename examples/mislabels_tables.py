"""Write the tables of docs/mislabels.md from its CSV files, between their marks.

    python examples/mislabels_tables.py docs

Each table stands between `<!-- NAME -->` and `<!-- end -->`; all else stays as it is.
"""

import csv
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import aum_se

RULES = {
    ("averaged", "aum", "threshold"): "AUM alone",
    ("averaged", "drop_easy", "p99.5"): "`drop_easy` (the default)",
    ("averaged", "drop_easy", "p99"): "`drop_easy`, 99th percentile",
    ("averaged", "drop_easy", "p98"): "`drop_easy`, 98th percentile",
    ("averaged", "drop_easy", "p95"): "`drop_easy`, 95th percentile",
    ("averaged", "drop_easy", "p99.9"): "`drop_easy`, 99.9th percentile",
    ("averaged", "drop_easy", "0.9"): "`drop_easy`, cut 0.9",
    ("averaged", "drop_easy", "0.7"): "`drop_easy`, cut 0.7",
    ("averaged", "confident_disagreement", "threshold"): "`confident_disagreement`",
    ("averaged", "flagged_hard", "level"): "`flagged_hard`",
    ("averaged", "flagged_easy", "threshold"): "`flagged_easy`, literal, threshold cut",
    ("averaged", "flagged_easy", "level"): "`flagged_easy`, literal, level cut",
    ("one epoch", "drop_easy", "level"): "`drop_easy`, this epoch alone",
    ("one epoch", "confident_disagreement", "level"): "`confident_disagreement`, this epoch alone",
    ("one epoch", "flagged_hard", "level"): "`flagged_hard`, this epoch alone",
    ("one epoch", "flagged_easy", "level"): "`flagged_easy`, literal, this epoch alone",
}


def rows(table):
    head = table[0]
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *table[1:]])


def rates(lines, epoch, names=tuple(RULES)):
    """TPR / FPR after an epoch (from 0), means over the seeds."""
    means = aum_se.curves(lines)
    columns = sorted({name[:2] for name in means})
    noise = {"next": "c to c + 1", "symmetric": "symmetric"}
    table = [[f"after {epoch + 1} epochs", *(f"{noise[n]}, {100 * float(r):.0f} %"
                                             for n, r in columns)]]  # fmt: skip
    for name in names:
        cells = []
        for column in columns:
            curve = means[(*column, *name)]
            _, tpr, fpr, _ = curve[curve[:, 0] == epoch][0]
            cells.append(f"{tpr:.1f} / {fpr:.1f}")
        table.append([RULES[name], *cells])
    return rows(table)


def aurocs(lines):
    means = aum_se.curves(lines)
    columns = sorted({name[:2] for name in means})
    table = [["epochs", *(f"{n} {100 * float(r):.0f} %" for n, r in columns)]]
    for epoch in (4, 9, 14, 19):
        cells = []
        for column in columns:
            pair = [means[(*column, "averaged", *rule)]
                    for rule in (("aum", "threshold"), ("drop_easy", "p99.5"))]  # fmt: skip
            cells.append(" / ".join(f"{c[c[:, 0] == epoch][0, 3]:.4f}" for c in pair))
        table.append([str(epoch + 1), *cells])
    return rows(table)


def read(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def ranking(lines, field):
    """One line a set: the best of cleanlab's five scores, and ours."""
    table = [["set", "role", "best of cleanlab", "which", "easiness itself", "`easiness`",
              "`confusion`"]]  # fmt: skip
    for name in dict.fromkeys(line["set"] for line in lines):
        found = {x["name"]: x for x in lines if x["set"] == name and x["kind"] == "score"}
        theirs = [x for n, x in found.items() if n.startswith("cleanlab")]
        best = max(theirs, key=lambda x: float(x[field]))
        ours = [found[n][field] for n in ("easiness (ties)", "rank_mislabels easiness",
                                          "rank_mislabels confusion")]  # fmt: skip
        which = best["name"].removeprefix("cleanlab ").replace("_", " ")
        top = max(float(best[field]), *map(float, ours))
        cells = [f"**{v}**" if float(v) == top else v for v in (best[field], *ours)]
        table.append([name, best["role"], cells[0], which, *cells[1:]])
    return rows(table)


FLAGS = ("predicted is not the label", "recorded cl_pbc", "recorded cl_pbnr", "recorded cl_both",
         "recorded conf_joint_only", "cleanlab find_label_issues", "rank_mislabels easiness",
         "rank_mislabels confusion")  # fmt: skip


def flagged(lines):
    sets = list(dict.fromkeys(line["set"] for line in lines))
    found = {(x["set"], x["name"]): x for x in lines if x["kind"] == "flags"}
    table = [["flags", *sets]]
    for name in FLAGS:
        cells = [found.get((each, name)) for each in sets]
        table.append([name, *(f"{100 * float(x['tpr']):.1f} / {100 * float(x['fpr']):.1f}"
                              if x else "" for x in cells)])  # fmt: skip
    return rows(table)


def tables(docs):
    confirmed = read(docs / "aum_se_confirmation.csv")
    two = (("averaged", "aum", "threshold"), ("averaged", "drop_easy", "p99.5"))
    runs, sets = read(docs / "aum_se.csv"), read(docs / "mislabels.csv")
    return {
        **{f"rates {epoch + 1}": rates(runs, epoch) for epoch in (9, 14, 19)},
        **{f"confirmation {epoch + 1}": rates(confirmed, epoch, two) for epoch in (14, 19)},
        "aurocs": aurocs(runs),
        "ranking auroc": ranking(sets, "auroc"),
        "ranking ap": ranking(sets, "ap"),
        "ranking precision": ranking(sets, "p_at_wrong"),
        "ranking top": ranking(sets, "p_at_1pct"),
        "flags": flagged(sets),
    }


def fill(text, found):
    for name, table in found.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(text):
            raise SystemExit(f"docs/mislabels.md: no place for the table {name!r}")
        text = mark.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)
    return text


def main():
    docs = Path(sys.argv[1])
    page = docs / "mislabels.md"
    page.write_text(fill(page.read_text("utf-8"), tables(docs)), "utf-8")


if __name__ == "__main__":
    main()
