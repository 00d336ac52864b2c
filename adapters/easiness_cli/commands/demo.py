"""`easiness demo`: four unlike classifiers on scikit-learn's digits, scored and reported."""

from __future__ import annotations

import argparse
import csv
import io
import os
import shlex
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.errors import CommandError, UsageError
from easiness_cli.options import option
from easiness_cli.output import require

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    import easiness_core as ec

SUMMARY = "train four different classifiers on scikit-learn's digits, then score and report them"
EPILOG = "example:\n  easiness demo -o easiness-demo"
REPORTED = "logistic_regression"
_FEWEST_OF_A_DIGIT = 174
# Heading, and how the table shows it; in the csv, headings are in lower case with underscores.
_COLUMNS = {
    "classifier": "{}", "accuracy": "{:.2%}", "AUROC": "{:.4f}", "MSR": "{:.2%}", "ESE": "{:.4f}",
    "hard": "{:,}", "medium": "{:,}", "easy": "{:,}", "mean log easiness": "{:,.2f}",
}  # fmt: skip
# fmt: off
OPTIONS = {
    "": [
        option("-o", "--output-dir", default="easiness-demo", metavar="FOLDER",
               help="folder for the files (default: %(default)s)"),
        option("--folds", type=options.whole(2), default=5, metavar="K",
               help="cross-validation folds (default: %(default)s)"),
        option("--seed", type=options.whole(0), default=0, metavar="S",
               help="seed of folds and classifiers (default: %(default)s)"),
    ],
    "running": options.RUNNING,
}
# fmt: on


def run(args: argparse.Namespace) -> int:
    """Train, score, compare, and write the files once all is done."""
    if args.folds > _FEWEST_OF_A_DIGIT:
        raise UsageError(
            f"--folds {args.folds}: the rarest digit has only {_FEWEST_OF_A_DIGIT} images, and "
            f"each fold needs one; pass fewer"
        )
    if args.seed >= 2**32:
        raise UsageError(f"--seed {args.seed}: scikit-learn takes seeds below 2^32")
    require("sklearn", "pyarrow", "matplotlib", "jinja2")
    folder = args.output_dir
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise CommandError(f"cannot write to {folder!r}: it is a file; name a folder")
    if os.path.isdir(folder) and os.listdir(folder) and not args.overwrite:
        raise CommandError(f"{folder!r}: it is not empty; pass --overwrite, or name another folder")
    labels, probs = _train(args.folds, args.seed, quiet=args.quiet)
    rows, remarks, files = _compare(labels, probs)
    _write(args, {name: data for name, (data, _) in files.items()})
    if args.quiet:
        return 0
    print(f"\n{len(labels):,} images, each predicted by a model that was not trained on it:\n")
    print(_as_text(rows))
    for remark in filter(None, remarks):
        print(f"\n{remark}")
    paths = [os.path.join(folder, name) for name in files]
    print("\nWrote")
    for path, (_, what) in zip(paths, files.values(), strict=True):
        print(f"  {path:<{max(map(len, paths))}}  {what}")
    scores = shlex.quote(os.path.join(folder, f"scores_{REPORTED}.parquet"))
    print(f"\nOpen {os.path.join(folder, 'report.html')} in a browser. Next, list the hardest "
          f"samples:\n  easiness select {scores} --hardest 20")  # fmt: skip
    return 0


def _train(
    folds: int, seed: int, *, quiet: bool
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.naive_bayes import GaussianNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_depth=3)
    classifiers = {
        REPORTED: make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "random_forest": RandomForestClassifier(n_estimators=100, random_state=seed),
        "adaboost": AdaBoostClassifier(tree, n_estimators=50, random_state=seed),
        "naive_bayes": GaussianNB(),
    }
    images, labels = load_digits(return_X_y=True)
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed)
    probs = {}
    for name, classifier in classifiers.items():
        if not quiet:
            print(f"{folds} folds of {name.replace('_', ' ')} ...", file=sys.stderr, flush=True)
        probs[name] = cross_val_predict(
            classifier, images, labels, cv=splits, method="predict_proba"
        )
    return labels.astype(np.int64), probs


def _compare(
    labels: NDArray[np.int64], probs: dict[str, NDArray[np.float64]]
) -> tuple[list[list[Any]], list[str], dict[str, tuple[bytes, str]]]:
    """Score all classifiers; give the table, remarks, and the files with what each is."""
    import numpy as np
    from easiness_io import Parameters, ParquetSink, Samples

    import easiness_core as ec
    from easiness_cli.inputs import Dataset
    from easiness_cli.pages.report import build_report, report_page

    def saved(array: NDArray[Any]) -> bytes:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        return file.getvalue()

    files = {"labels.npy": (saved(labels), "the digits' labels")}
    rows, remarks = [], []
    for name, found in probs.items():
        scores, file = ec.score(found, labels), io.BytesIO()
        sink = ParquetSink(file, None)
        sink.add(scores, Samples(found, labels, None, 0))
        sink.close()
        files[f"probs_{name}.npy"] = saved(found), "out-of-fold probabilities"
        files[f"scores_{name}.parquet"] = file.getvalue(), "one row per sample, as from 'score'"
        summary = scores.summary
        rows.append([
            name, summary.accuracy, ec.auroc(found, labels), summary.msr, summary.ese,
            *summary.level_counts.values(), float(scores.log_easiness.mean()),
        ])  # fmt: skip
        remarks.append(squashed(name, found, summary))
    text = io.StringIO(newline="")
    heads = [head.lower().replace(" ", "_") for head in _COLUMNS]
    csv.writer(text, lineterminator="\n").writerows([heads, *rows])
    files["comparison.csv"] = text.getvalue().encode(), "the table above"
    report = build_report(
        Dataset(probs[REPORTED], labels, None), Parameters(),
        title="Sample easiness of logistic regression on the digits",
        source=f"probs_{REPORTED}.npy, labels.npy",
    )  # fmt: skip
    what = f"the report on {REPORTED.replace('_', ' ')}"
    files["report.html"] = report_page(report).encode("utf-8"), what
    return rows, remarks, files


def squashed(name: str, probs: NDArray[np.float64], summary: ec.Summary) -> str:
    """Say that sigma is too wide for these probabilities, where more than half are medium."""
    import numpy as np

    import easiness_core as ec

    if summary.estimator is None or not summary.msr > 0.5:
        return ""
    gap = float(np.median(ec.margins(probs, probs.argmax(axis=1)).margin))
    return (
        f"{name}: {100 * summary.msr:.1f} % of the samples are medium, because its two highest "
        f"probabilities differ by a median of only {gap:.2g},\nagainst noise of "
        f"sigma = {summary.estimator.sigma:g}: its probabilities are squashed, and at this sigma "
        f"its MSR, ESE and levels say little about it."
    )


def _as_text(rows: list[list[Any]]) -> str:
    cells = [list(_COLUMNS)] + [
        [form.format(value).replace("%", " %")
         for form, value in zip(_COLUMNS.values(), row, strict=True)]
        for row in rows
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in cells
    )


def _write(args: argparse.Namespace, files: dict[str, bytes]) -> None:
    """Write all files; where one fails, remove those that were not there before."""
    from easiness_io import atomic_write

    with ExitStack() as undo:
        missing, folder = [], os.path.abspath(args.output_dir)
        while not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            undo.callback(os.rmdir, folder)
        for name, data in files.items():
            path = os.path.join(args.output_dir, name)
            is_new = not os.path.lexists(path)
            with atomic_write(path, args.overwrite) as file:
                file.write(data)
            if is_new:
                undo.callback(os.unlink, path)
        undo.pop_all()
