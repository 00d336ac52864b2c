"""Write the tables of docs/label_errors_measured.md from docs/label_errors.csv.

    python examples/evidence/label_errors/report.py docs

Each table stands between `<!-- NAME -->` and `<!-- end -->`; all else stays as it is.
"""

import csv
import re
import sys
from pathlib import Path

import numpy as np

METRICS = {"auroc": "AUROC", "ap": "AP", "p_at_n": "P at n", "p_at_1pct": "P at 1 %", "f1": "F1"}
OURS = {
    "noise_model": '**`"noise_model"`**',
    "easiness": '`"easiness"`',
    "self_confidence": '`"self_confidence"`',
}
# Measured with code that was removed; the second was frozen when the first batch was made.
REMOVED = {
    "noise_model, first form": "noise model, first form",
    "noise_model, sharpness to 2^7": "noise model, sharpness to 2^7",
    "confusion": "`confusion` (removed)",
}
SCORES = (
    "cleanlab self_confidence",
    "cleanlab self_confidence, adjusted",
    "cleanlab normalized_margin",
    "cleanlab normalized_margin, adjusted",
    "cleanlab confidence_weighted_entropy",
)
ISSUES = "cleanlab find_label_issues"
ROLES = {"tuned": "tuned on", "first": "first batch", "unseen": "not seen"}


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def figures(lines, role):
    """Value of each metric by method, set and metric; NaN where there is none."""
    found = {}
    for line in lines:
        if line["role"] == role:
            values = {m: float(line[m]) if line[m] else np.nan for m in METRICS}
            found.setdefault(line["method"], {})[line["set"]] = values
    return found


def mean(found, method, metric):
    return float(np.mean([values[metric] for values in found[method].values()]))


def markdown(table):
    head = table[0]
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, rule, *table[1:]])


def means(lines, role):
    """Mean of each metric by method; the best in bold."""
    found = figures(lines, role)
    names = [name for name in (*OURS, *REMOVED, *SCORES, ISSUES) if name in found]
    best = {m: round(np.nanmax([mean(found, n, m) for n in names]), 4) for m in METRICS}
    table = [["method", *METRICS.values()]]
    for name in names:
        cells = []
        for metric in METRICS:
            value = mean(found, name, metric)
            shown = "" if np.isnan(value) else f"{value:.4f}"
            cells.append(f"**{shown}**" if round(value, 4) == best[metric] else shown)
        table.append([(OURS | REMOVED).get(name, name.replace("_", " ")), *cells])
    return markdown(table)


def each_set(lines, role):
    """Noise model, and the best of cleanlab's five scores: AUROC, AP, precision; F1 of flags."""
    found = figures(lines, role)
    table = [["set", *METRICS.values()]]
    for name in found["noise_model"]:
        cells = []
        for metric in METRICS:
            names = [ISSUES] if metric == "f1" else SCORES
            ours = found["noise_model"][name][metric]
            best = max(found[each][name][metric] for each in names)
            pair = [f"{ours:.3f}", f"{best:.3f}"]
            if pair[0] != pair[1]:
                top = int(ours < best)
                pair[top] = f"**{pair[top]}**"
            cells.append(" / ".join(pair))
        table.append([name, *cells])
    return markdown(table)


def against(lines, role, other="cleanlab self_confidence"):
    """Count sets on which the noise model is better, equal (within .001) and worse; mean gain."""
    found = figures(lines, role)
    counts = {}
    for metric in METRICS:
        gain = np.array([values[metric] - found[other][name][metric]
                         for name, values in found["noise_model"].items()])  # fmt: skip
        counts[metric] = (
            int((gain > 0.001).sum()), int((np.abs(gain) <= 0.001).sum()),
            int((gain < -0.001).sum()), float(gain.mean()),
        )  # fmt: skip
    return counts


def counts(lines):
    table = [["against", "sets", *METRICS.values()]]
    for other in (*SCORES, "confusion", ISSUES):
        for role, shown in ROLES.items():
            cells = [
                "" if np.isnan(gain) else f"{better} / {level} / {worse} ({gain:+.3f})"
                for better, level, worse, gain in against(lines, role, other).values()
            ]
            table.append([REMOVED.get(other, other.replace("_", " ")), shown, *cells])
    return markdown(table)


def ranges(lines, role):
    """Count sets whose share of wrong labels is in the range, is near the flags', and all."""
    rated = [line for line in lines if line["role"] == role and line["method"] == "noise_model"
             and line["rate_low"]]  # fmt: skip
    inside = [float(x["rate_low"]) <= float(x["wrong"]) <= float(x["rate_high"]) for x in rated]
    near = [abs(float(x["flagged"]) / float(x["wrong"]) - 1) <= 0.25 for x in rated]
    return sum(inside), sum(near), len(rated)


def rates(lines):
    table = [["sets", "truth within the range", "flags within 25 % of the truth", "of"]]
    table += [[shown, *map(str, ranges(lines, role))] for role, shown in ROLES.items()]
    return markdown(table)


def speed(lines):
    timed = [line for line in lines if line["role"] == "speed"]
    shapes = list(dict.fromkeys(line["set"] for line in timed))
    table = [["method", *shapes]]
    for method in dict.fromkeys(line["method"] for line in timed):
        found = {line["set"]: line for line in timed if line["method"] == method}
        cells = [f"{found[s]['seconds']} s, {int(found[s]['mib']):,} MiB" for s in shapes]
        table.append([OURS.get(method, method.replace("_", " ")).replace("**", ""), *cells])
    return markdown(table)


def tables(docs):
    lines = read(docs / "label_errors.csv")
    return {
        **{f"means {role}": means(lines, role) for role in ROLES},
        "counts": counts(lines),
        "rates": rates(lines),
        "speed": speed(lines),
        **{f"sets {role}": each_set(lines, role) for role in ROLES},
    }


def fill(text, found):
    for name, table in found.items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not mark.search(text):
            raise SystemExit(f"docs/label_errors_measured.md: no place for the table {name!r}")
        text = mark.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)
    return text


def main():
    page = Path(sys.argv[1]) / "label_errors_measured.md"
    page.write_text(fill(page.read_text("utf-8"), tables(page.parent)), "utf-8")


if __name__ == "__main__":
    main()
