"""Gain and cost of averaging out-of-fold probabilities over repeats, in finding wrong labels.

Data, wrong labels and classifiers are those of measure.py, and two more classifiers. The table
goes into docs/cleaning.md.

    EASINESS_DATA=folder python examples/evidence/cleaning/repeats.py docs/cleaning.md
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from easiness_sklearn import EasinessClassifier
from measure import CLASSIFIERS, SIZES, Split, load, split
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.ensemble import AdaBoostClassifier
from sklearn.metrics import average_precision_score
from sklearn.naive_bayes import GaussianNB

REPEATS = (1, 5)
SEEDS = (0, 1, 2)
NOISE = (0.1, 0.2)
SIGMA = 0.1
EVERY = CLASSIFIERS | {"naive Bayes": GaussianNB(), "AdaBoost": AdaBoostClassifier()}
BEGIN, END = "<!-- repeats: begin -->\n", "<!-- repeats: end -->\n"


def measure(part: Split, classifier: Any, n_repeats: int, seed: int) -> NDArray[np.float64]:
    """Give average precision, test accuracy once as many samples are removed, and seconds."""
    inner = clone(classifier)
    names = [name for name in inner.get_params() if name.split("__")[-1] == "random_state"]
    inner.set_params(**dict.fromkeys(names, seed))
    model = EasinessClassifier(inner, sigma=SIGMA, n_repeats=n_repeats, seed=seed)
    start = time.process_time()
    model.fit(part.X, part.noisy)
    seconds = time.process_time() - start
    kept = np.argsort(model.log_easiness_, kind="stable")[int(part.wrong.sum()) :]
    cleaned = clone(inner).fit(part.X[kept], part.noisy[kept])
    found = average_precision_score(part.wrong, -model.log_easiness_)
    return np.array([found, cleaned.score(part.X_test, part.y_test), seconds])


def table(data: tuple[str, ...]) -> list[str]:
    lines = [
        "| data | classifier | wrong | average precision, 1 repeat | 5 repeats | "
        "gained (seeds better) | accuracy gained, points | times as long |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in data:
        X, y = load(name)
        for title, classifier in EVERY.items():
            for noise in NOISE:
                parts = [split(X, y, *SIZES[name], noise, seed) for seed in SEEDS]
                once, more = (
                    np.array([measure(p, classifier, n, s) for s, p in enumerate(parts)])
                    for n in REPEATS
                )
                gain = (more - once).mean(axis=0)
                better = int((more > once)[:, 0].sum())
                lines.append(
                    f"| {name} | {title} | {100 * noise:.0f} % | {once[:, 0].mean():.3f} | "
                    f"{more[:, 0].mean():.3f} | {gain[0]:+.3f} ({better} of {len(SEEDS)}) | "
                    f"{100 * gain[1]:+.2f} | {np.median(more[:, 2] / once[:, 2]):.1f} |"
                )
                print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("page", type=Path)
    parser.add_argument("--data", nargs="*", default=tuple(SIZES), choices=tuple(SIZES))
    args = parser.parse_args()
    before, _, rest = args.page.read_text("utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    lines = "\n".join(table(tuple(args.data)))
    args.page.write_text(f"{before}{BEGIN}{lines}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
