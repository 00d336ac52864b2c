"""Turn the timings of `make bench` into docs/benchmarks.md, and print the bars.

python tests/bench/write_report.py timings.json docs/benchmarks.md
"""

import importlib.metadata
import json
import os
import platform
import sys
from collections import defaultdict
from pathlib import Path

ONE = "easiness_core, 1 thread"
TWO = "easiness_core, 2 threads"
NDTR = "NumPy + scipy.special.ndtr"
CLEANLAB = "cleanlab label quality scores"
READ_TWO = "one reading, 2 threads"
PACKAGES = (
    "easiness-core", "numpy", "numba", "scipy", "torch", "scikit-learn", "cleanlab", "torchmetrics",
)  # fmt: skip


def load(path):
    """Median seconds and rows by group and name."""
    groups = defaultdict(dict)
    for entry in json.loads(Path(path).read_text())["benchmarks"]:
        info = entry["extra_info"]
        groups[entry["group"]][info["name"]] = (entry["stats"]["median"], info)
        for name, seconds in info.get("others", {}).items():  # timed in turn with it
            groups[entry["group"]][name] = (seconds, info)
    return groups


def nanoseconds(timing):
    """Per row: some peers are timed on fewer rows."""
    return timing[0] / timing[1]["rows"] * 1e9


def find(groups, title):
    """Name of the group of these rows in float64; synthetic rows say so in it."""
    return next(group for group in groups if title in group and group.endswith("float64"))


def bars(groups):
    """Each bar: what, measured, bar, whether it holds. A ratio above 1 favors this library."""

    def ns(group, name):
        return nanoseconds(groups[group][name])

    def ratio(group, slow, fast):
        return ns(group, slow) / ns(group, fast)

    for title, bar in (
        ("CIFAR-10, out of fold", 6.5), ("20news, out of fold", 6),
        ("CIFAR-10, 20 % wrong labels", 4.5), ("CIFAR-100, WideResNet", 7.5),
        ("worst, 1,000,000 x 10", 2.7), ("worst, 200,000 x 100", 3.2),
        ("worst, 20,000 x 1,000", 3.2),
    ):  # fmt: skip
        group = find(groups, title)
        name = group.removesuffix(", float64").replace("worst", "nothing saturated")
        yield (
            f"times faster than NumPy + SciPy, {name}, 1 thread",
            ratio(group, NDTR, ONE),
            ">=",
            bar,
        )
    group = find(groups, "CIFAR-100, WideResNet")
    value = ratio(group, TWO, READ_TWO)
    yield f"score, {group}, 2 threads: time, in readings of the array", value, "<=", 4.5
    group = find(groups, "CIFAR-10, out of fold")
    yield f"times faster than cleanlab, {group}, 1 thread", ratio(group, CLEANLAB, ONE), ">=", 5.5
    for rows in ("realistic", "worst"):
        drawn = groups[f"Monte Carlo, {rows}"]
        times = [drawn[f"{n:,} draws"][0] for n in (1000, 10_000, 100_000)]
        yield (
            f"Monte Carlo, {rows}: time of 100,000 draws against 1,000",
            max(times) / times[0],
            "<=",
            1.5,
        )
    group = "Monte Carlo, realistic"
    value = ratio(group, "NumPy counting, 1,000 draws", "1,000 draws")
    yield "Monte Carlo: times faster than NumPy counting, 10 classes", value, ">=", 800
    group = "loss rank, 1,000,000 rows"
    yield "loss_rank_selection: ns per row", ns(group, "loss_rank_selection"), "<=", 6
    batch = groups["one batch, 128 x 10"]["easiness_core"][0] * 1e6
    yield "one batch of 128 x 10, warm: microseconds", batch, "<=", 25
    group = "memory map, cold, 1,000,000 x 100"
    yield "cold memory map: rate against a sum's", ratio(group, "sum", "score"), ">=", 0.9
    start = groups["start"]
    yield "easiness --help: seconds", start["easiness --help"][0], "<=", 0.3
    yield "import easiness_core: seconds", start["import easiness_core"][0], "<=", 0.3
    name = "import and first score, nothing cached: processor time"
    yield "first score, nothing cached: seconds of processor time", start[name][0], "<=", 4


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def bar_table(groups):
    rows = []
    for what, value, sign, bar in bars(groups):
        holds = value <= bar if sign == "<=" else value >= bar
        shown = f"{value:.3g}" if value < 100 else f"{value:,.0f}"
        rows.append([what, shown, f"{sign} {bar:g}", "yes" if holds else "**no**"])
    return table(["what", "measured", "target", "met"], rows)


def group_table(timings):
    own = nanoseconds(timings[ONE])
    rows = [
        [name, f"{nanoseconds(timing):,.1f}", f"{nanoseconds(timing) / own:.2f}"]
        for name, timing in sorted(timings.items(), key=lambda item: nanoseconds(item[1]))
    ]
    return table(["implementation", "ns per row", "relative to ours on 1 thread"], rows)


def losses(groups):
    """Groups in which a peer that computes something comparable is faster than ours."""
    for group, timings in groups.items():
        if ONE in timings:
            for name, timing in timings.items():
                if "easiness_core" in name or name.startswith("one reading"):
                    continue
                best = min(nanoseconds(timings[ONE]), nanoseconds(timings[TWO]))
                if nanoseconds(timing) < best:
                    times = nanoseconds(timing) / best
                    yield f"- {group}: {name}, {times:.2f} of our time."


def summary(groups):
    """One sentence for a reader in a hurry; a nanosecond per row is a millisecond per million."""
    real, slow = (
        nanoseconds(groups[find(groups, title)][ONE])
        for title in ("CIFAR-10, out of fold", "worst, 1,000,000 x 10")
    )
    return (
        f"Scoring a million rows of 10 classes takes {real:.0f} milliseconds on one thread for "
        f"typical predictions, and {slow:.0f} milliseconds in the slowest case."
    )


def machine():
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores of {model}, {platform.system()}"


def main(source, target):
    groups = load(source)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES if installed(name)
    )
    parts = [
        "# Benchmarks",
        summary(groups),
        "All times are medians from one run of `make bench`, validation included. Absolute times "
        "vary on shared machines, so compare ratios. `tests/core/test_comparisons.py` checks that "
        "the implementations agree.",
        "Real data sets are repeated up to a million rows or 20 million probabilities; without "
        "`EASINESS_DATA`, synthetic rows replace them. In a *saturated* row the label leads by "
        'more than any noise, which makes it fast to score. "Nothing saturated" is the slowest '
        'case, without such rows. "NumPy + SciPy" is the formula with `scipy.special.ndtr`, in one '
        'call for the whole array. "One reading" is the time to sum the array.',
        f"Machine: {machine()}. Python {platform.python_version()}, {versions}.",
        "## Targets",
        bar_table(groups),
        "## Where others are faster",
        "\n".join(losses(groups)) or "In none of the groups below.",
        "cleanlab's scores, torchmetrics' calibration error and log loss are different quantities; "
        "they are shown for scale.",
        "## Start-up",
        table(
            ["what", "seconds"],
            [[name, f"{timing[0]:.2f}"] for name, timing in groups["start"].items()],
        ),
    ]
    if (Path(target).parent / "img" / "growth.png").exists():
        parts += ["## How cost grows", "![Time by rows, classes and draws](img/growth.png)"]
    parts.append("## All timings")
    for group, timings in groups.items():
        if ONE in timings:
            parts += [f"### {group}", group_table(timings)]
    for group in ("Monte Carlo, realistic", "Monte Carlo, worst", "loss rank, 1,000,000 rows",
                  "one batch, 128 x 10", "memory map, cold, 1,000,000 x 100"):  # fmt: skip
        rows = [[name, f"{nanoseconds(t):,.1f}"] for name, t in groups[group].items()]
        parts += [f"### {group}", table(["what", "ns per row"], rows)]
    page = "\n\n".join(parts).replace("worst", "nothing saturated")
    Path(target).write_text(page + "\n")
    print(bar_table(groups))


def installed(name):
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


if __name__ == "__main__":
    main(*sys.argv[1:])
