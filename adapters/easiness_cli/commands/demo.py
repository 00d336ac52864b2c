"""`easiness demo`: four unlike classifiers on scikit-learn's digits, scored and reported."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.output import require
from easiness_cli.words import CommandError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    import easiness_core as ec

SUMMARY = "train four unlike classifiers on scikit-learn's digits, score and report them"
EPILOG = "example:\n  easiness demo -o easiness-demo"
REPORTED = "logistic_regression"
_FEWEST_OF_A_DIGIT = 174
# Heading, name in the csv, and how the table shows it.
_COLUMNS = (
    ("classifier", "classifier", "{}"),
    ("accuracy", "accuracy", "{:.2%}"),
    ("AUROC", "auroc", "{:.4f}"),
    ("MSR", "msr", "{:.2%}"),
    ("ESE", "ese", "{:.4f}"),
    ("hard", "hard", "{:,}"),
    ("medium", "medium", "{:,}"),
    ("easy", "easy", "{:,}"),
    ("mean log easiness", "mean_log_easiness", "{:,.2f}"),
)


def add_options(parser: Any) -> None:
    """Add the command's options."""
    parser.add_argument(
        "-o", "--output-dir", default="easiness-demo", metavar="FOLDER",
        help="folder for the files (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--folds", type=options.whole(2), default=5, metavar="K",
        help="folds of the cross-validation (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=options.whole(0), default=0, metavar="S",
        help="seed of folds and classifiers (default: %(default)s)",
    )  # fmt: skip
    options.running(parser)


def run(args: argparse.Namespace) -> int:
    """Train, score, compare, and write the files once all is done."""
    if args.folds > _FEWEST_OF_A_DIGIT:
        raise UsageError(
            f"--folds {args.folds}: the rarest digit has {_FEWEST_OF_A_DIGIT} images, "
            f"one a fold at most; pass fewer"
        )
    if args.seed >= 2**32:
        raise UsageError(f"--seed {args.seed}: scikit-learn takes seeds below 2^32")
    require("sklearn", "pyarrow", "matplotlib", "jinja2")
    _check_folder(args)
    labels, probs = _train(args.folds, args.seed, quiet=args.quiet)
    files = _files(labels, probs)
    rows = [files.pop(name) for name in probs]
    _write(args, {name: data for name, (data, _) in files.items()})
    if args.quiet:
        return 0
    print(f"\n{len(labels):,} images, each predicted by a model that never saw it:\n")
    print(_as_text([row for row, _ in rows]))
    for _, sentence in rows:
        if sentence:
            print(f"\n{sentence}")
    paths = [os.path.join(args.output_dir, name) for name in files]
    width = max(map(len, paths))
    print("\nWrote")
    for path, (_, what) in zip(paths, files.values(), strict=True):
        print(f"  {path:<{width}}  {what}")
    scores = shlex.quote(os.path.join(args.output_dir, f"scores_{REPORTED}.parquet"))
    page = os.path.join(args.output_dir, "report.html")
    print(f"\nOpen {page} in a browser. Next, list the hardest samples:")
    print(f"  easiness select {scores} --hardest 20")
    return 0


def _classifiers(seed: int) -> dict[str, Any]:
    from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3)
    return {
        REPORTED: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "random_forest": RandomForestClassifier(n_estimators=100, random_state=seed),
        "adaboost": AdaBoostClassifier(tree, n_estimators=50, random_state=seed),
        "naive_bayes": GaussianNB(),
    }


def _train(
    folds: int, seed: int, *, quiet: bool
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    images, labels = load_digits(return_X_y=True)
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    probs = {}
    for name, classifier in _classifiers(seed).items():
        if not quiet:
            print(f"{folds} folds of {name.replace('_', ' ')} ...", file=sys.stderr, flush=True)
        probs[name] = cross_val_predict(
            classifier, images, labels, cv=splits, method="predict_proba"
        )
    return labels.astype(np.int64), probs


def _files(
    labels: NDArray[np.int64], probs: dict[str, NDArray[np.float64]]
) -> dict[str, tuple[Any, str]]:
    """Make the content of each file, and say what it is; a row of the table by classifier."""
    import csv
    import io

    import numpy as np
    from easiness_io import ParquetSink, Samples

    import easiness_core as ec
    from easiness_cli.pages.report import build_report, report_page

    def saved(array: NDArray[Any]) -> bytes:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        return file.getvalue()

    files: dict[str, tuple[Any, str]] = {"labels.npy": (saved(labels), "the digits' labels")}
    rows = {}
    for name, found in probs.items():
        scores, file = ec.score(found, labels), io.BytesIO()
        sink = ParquetSink(file, None)
        sink.add(scores, Samples(found, labels, None, 0))
        sink.close()
        files[f"probs_{name}.npy"] = saved(found), "out-of-fold probabilities"
        files[f"scores_{name}.parquet"] = file.getvalue(), "one row a sample, as 'score' writes it"
        summary, counts = scores.summary, scores.summary.level_counts
        rows[name] = [
            name, summary.accuracy, ec.auroc(found, labels), summary.msr, summary.ese,
            *(counts[level] for level in ("hard", "medium", "easy")),
            float(scores.log_easiness.mean()),
        ]  # fmt: skip
        files[name] = rows[name], squashed(name, found, summary)
    text = io.StringIO(newline="")
    heads = [name for _, name, _ in _COLUMNS]
    csv.writer(text, lineterminator="\n").writerows([heads, *rows.values()])
    files["comparison.csv"] = text.getvalue().encode(), "the table above"
    report = build_report(
        probs[REPORTED], labels,
        title="Sample easiness of logistic regression on the digits",
        source=f"probs_{REPORTED}.npy, labels.npy",
    )  # fmt: skip
    page = report_page(report).encode("utf-8")
    files["report.html"] = page, f"the report of {REPORTED.replace('_', ' ')}"
    return files


def squashed(name: str, probs: NDArray[np.float64], summary: ec.Summary) -> str:
    """Say that sigma is too wide for these probabilities, where more than half are medium."""
    import numpy as np

    if summary.estimator is None or not summary.msr > 0.5:
        return ""
    two = np.partition(probs, -2, axis=1)[:, -2:]
    gap = float(np.median(two[:, 1] - two[:, 0]))
    return (
        f"{name}: {100 * summary.msr:.1f} % of the samples are medium, because its two highest "
        f"probabilities differ by only {gap:.2g} in the median,\nagainst noise of "
        f"sigma = {summary.estimator.sigma:g}: its probabilities are squashed, and at this sigma "
        f"its MSR, ESE and levels say little about it."
    )


def _as_text(rows: list[list[Any]]) -> str:
    cells = [[head for head, _, _ in _COLUMNS]]
    for row in rows:
        pairs = zip(_COLUMNS, row, strict=True)
        cells.append([form.format(value).replace("%", " %") for (_, _, form), value in pairs])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells
    )


def _check_folder(args: argparse.Namespace) -> None:
    """Refuse before the work what could not be written after it."""
    folder = args.output_dir
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise CommandError(f"cannot write to {folder!r}: it is a file; name a folder")
    if os.path.isdir(folder) and os.listdir(folder) and not args.overwrite:
        raise CommandError(f"{folder!r}: it is not empty; pass --overwrite, or name another folder")


def _write(args: argparse.Namespace, files: dict[str, bytes]) -> None:
    """Write all files; where one fails, remove those that were not there before."""
    from easiness_io import atomic_write

    made: list[str] = []
    try:
        missing = os.path.abspath(args.output_dir)
        while not os.path.isdir(missing):
            made.insert(0, missing)
            missing = os.path.dirname(missing)
        os.makedirs(args.output_dir, exist_ok=True)
        for name, data in files.items():
            path = os.path.join(args.output_dir, name)
            is_new = not os.path.lexists(path)
            with atomic_write(path, args.overwrite) as file:
                file.write(data)
            made += [path] if is_new else []
    except BaseException:
        for path in reversed(made):
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)
        raise
