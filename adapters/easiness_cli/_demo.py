"""`easiness demo`: four unlike classifiers on scikit-learn's digits, scored and reported."""

from __future__ import annotations

import argparse
import csv
import io
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._common import require
from easiness_cli._errors import CommandError
from easiness_cli._read import Inputs
from easiness_cli._write import atomic_write, check_output

REPORTED = "logistic_regression"
NAMES = ("logistic_regression", "random_forest", "adaboost", "naive_bayes")
_FEWEST_OF_A_DIGIT = 174
_COLUMNS = (
    "classifier", "accuracy", "auroc", "msr", "ese", "hard", "medium", "easy", "mean_log_easiness",
)  # fmt: skip


@dataclass(frozen=True)
class _Result:
    name: str
    probs: NDArray[np.float64]
    scores: ec.Scores
    auroc: float

    @property
    def row(self) -> tuple[Any, ...]:
        summary, counts = self.scores.summary, self.scores.summary.level_counts
        return (
            self.name, summary.accuracy, self.auroc, summary.msr, summary.ese, counts["hard"],
            counts["medium"], counts["easy"], float(self.scores.log_easiness.mean()),
        )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, score, compare, and write the files.

    Parameters
    ----------
    args : argparse.Namespace
        With `output_dir`, `folds`, `seed`, `overwrite` and `quiet`.

    Returns
    -------
    int
        0.

    Raises
    ------
    CommandError
        For options out of range, and for files that exist or cannot be written.
    """
    if args.folds > _FEWEST_OF_A_DIGIT:
        raise CommandError(
            f"--folds {args.folds}: the rarest digit has {_FEWEST_OF_A_DIGIT} images, "
            f"one a fold at most; pass fewer",
            exit_code=2,
        )
    if args.seed >= 2**32:
        raise CommandError(f"--seed {args.seed}: scikit-learn takes seeds below 2^32", exit_code=2)
    require("sklearn", "pyarrow", "matplotlib")
    with _undone_on_failure(args.output_dir):
        _prepare(args.output_dir, args.overwrite)
        labels, results = _train_and_score(args.folds, args.seed, quiet=args.quiet)
        files = _write_all(args, labels, results)
    if not args.quiet:
        print(f"\n{len(labels):,} images, each predicted by a model that never saw it:\n")
        print(_as_text(results))
        for result in results:
            if sentence := squashed(result.name, result.probs, result.scores.summary):
                print(f"\n{sentence}")
        print(
            "\nWrote\n" + "\n".join(f"  {path:<{_longest(files)}}  {what}" for path, what in files)
        )
        chosen = shlex.quote(_path(args, f"scores_{REPORTED}.parquet"))
        page = _path(args, "report.html")
        print(f"\nOpen {page} in a browser. Next, list the samples worth a look:")
        print(f"  easiness select {chosen} --levels MHO")
    return 0


def _path(args: argparse.Namespace, name: str) -> str:
    return os.path.join(args.output_dir, name)


def _longest(files: list[tuple[str, str]]) -> int:
    return max(len(path) for path, _ in files)


def _names() -> list[str]:
    names = ["labels.npy", "comparison.csv", "report.html"]
    return (
        names
        + [f"probs_{name}.npy" for name in NAMES]
        + [f"scores_{name}.parquet" for name in NAMES]
    )


@contextmanager
def _undone_on_failure(folder: str) -> Iterator[None]:
    """Remove the files and folders that a failed run made; what was there before is kept."""
    paths = [os.path.join(folder, name) for name in _names()]
    made = [path for path in paths if not os.path.lexists(path)]
    parent = os.path.abspath(folder)
    while not os.path.lexists(parent):
        made.append(parent)
        parent = os.path.dirname(parent)
    try:
        yield
    except BaseException:
        for path in made:
            with suppress(OSError):  # never made; or a folder in which somebody put something
                (os.rmdir if os.path.isdir(path) else os.unlink)(path)
        raise


def _prepare(folder: str, overwrite: bool) -> None:
    """Make the folder, and refuse before the work what could not be written after it."""
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError:
        raise CommandError(f"cannot write to {folder!r}: it is a file; name a folder") from None
    for name in _names():
        check_output(os.path.join(folder, name), overwrite)


def _classifiers(seed: int) -> dict[str, Any]:
    from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    made = (
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        RandomForestClassifier(n_estimators=100, random_state=seed),
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=50, random_state=seed),
        GaussianNB(),
    )
    return dict(zip(NAMES, made, strict=True))


def _train_and_score(
    folds: int, seed: int, *, quiet: bool
) -> tuple[NDArray[np.int64], list[_Result]]:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    images, labels = load_digits(return_X_y=True)
    labels = labels.astype(np.int64)
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    results = []
    for name, classifier in _classifiers(seed).items():
        if not quiet:
            print(f"{folds} folds of {name.replace('_', ' ')} ...", file=sys.stderr, flush=True)
        probs = cross_val_predict(classifier, images, labels, cv=splits, method="predict_proba")
        results.append(_Result(name, probs, ec.score(probs, labels), ec.auroc(probs, labels)))
    return labels, results


def squashed(name: str, probs: NDArray[np.float64], summary: ec.Summary) -> str:
    """Say that sigma is too wide for these probabilities, where it is; else nothing.

    Parameters
    ----------
    name : str
        The classifier.
    probs : ndarray of shape (n_samples, n_classes)
        Its probabilities.
    summary : ec.Summary
        The summary of their scores.

    Returns
    -------
    str
        One sentence from the numbers, or the empty string where at most half the samples are
        medium.
    """
    if summary.estimator is None or not summary.msr > 0.5:
        return ""
    two = np.partition(probs, -2, axis=1)[:, -2:]
    gap = float(np.median(two[:, 1] - two[:, 0]))
    sigma = summary.estimator.sigma
    return (
        f"{name}: {100 * summary.msr:.1f} % of the samples are medium, because its two highest "
        f"probabilities differ by only {gap:.2g} in the median,\nagainst noise of "
        f"sigma = {sigma:g}: its probabilities are squashed, and at this sigma its MSR, ESE and "
        f"levels say little about it."
    )


def _as_text(results: list[_Result]) -> str:
    heads = ["classifier", "accuracy", "AUROC", "MSR", "ESE", "hard", "medium", "easy",
             "mean log easiness"]  # fmt: skip
    forms = ("{}", "{:.2%}", "{:.4f}", "{:.2%}", "{:.4f}", "{:,}", "{:,}", "{:,}", "{:,.2f}")
    body = [
        [
            form.format(value).replace("%", " %")
            for form, value in zip(forms, result.row, strict=True)
        ]
        for result in results
    ]
    widths = [max(len(row[k]) for row in [heads, *body]) for k in range(len(heads))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in [heads, *body]
    )


def _write_all(
    args: argparse.Namespace, labels: NDArray[np.int64], results: list[_Result]
) -> list[tuple[str, str]]:
    """Write every file; give each with what it holds."""
    # Imported here: Matplotlib and pyarrow take a second, which a refusal need not wait for.
    from easiness_cli._report_data import build_report
    from easiness_cli._report_html import report_page
    from easiness_cli._write_scores import write_parquet

    files: list[tuple[str, str]] = []

    def named(name: str, what: str) -> str:
        files.append((_path(args, name), what))
        return files[-1][0]

    with atomic_write(named("labels.npy", "the digits' labels"), args.overwrite) as file:
        np.save(file, labels, allow_pickle=False)
    for result in results:
        path = named(f"probs_{result.name}.npy", "out-of-fold probabilities")
        with atomic_write(path, args.overwrite) as file:
            np.save(file, result.probs, allow_pickle=False)
        path = named(f"scores_{result.name}.parquet", "one row a sample, as 'score' writes it")
        with atomic_write(path, args.overwrite) as file:
            write_parquet(file, result.scores, Inputs(result.probs, labels, None))
    with atomic_write(named("comparison.csv", "the table above"), args.overwrite) as file:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *(r.row for r in results)])
        file.write(text.getvalue().encode("utf-8"))
    chosen = next(result for result in results if result.name == REPORTED)
    report = build_report(
        chosen.probs,
        labels,
        title="Sample easiness of logistic regression on the digits",
        source=f"probs_{REPORTED}.npy, labels.npy",
    )
    with atomic_write(
        named("report.html", f"the report of {REPORTED.replace('_', ' ')}"), args.overwrite
    ) as file:
        file.write(report_page(report).encode("utf-8"))
    return files
