"""`easiness demo`: score four different classifiers on scikit-learn's digits."""

import argparse
import csv
import io
import os
import shlex
import shutil
import sys
from typing import Any

from easiness_cli import options
from easiness_cli.errors import CommandError
from easiness_cli.options import option
from easiness_cli.output import require, standard_output

SUMMARY = "train four classifiers on scikit-learn's digits, then score and report them"
NOTES = ""
EXAMPLES = ("easiness demo", "easiness demo -o my-demo --folds 10")
REPORTED = "logistic_regression"
# Each fold needs an image of the rarest digit.
_MOST_FOLDS = 174
# Heading, and how the table shows it; in the csv, headings are in lower case with underscores.
_COLUMNS = {
    "classifier": "{}", "accuracy": "{:.2%}", "AUROC": "{:.4f}", "MSR": "{:.2%}", "ESE": "{:.4f}",
    "hard": "{:,}", "medium": "{:,}", "easy": "{:,}", "mean log easiness": "{:,.2f}",
}  # fmt: skip
OPTIONS = {
    "": [
        option("-o", "--output-dir", default="easiness-demo", metavar="FOLDER",
               help="folder for the files (default: %(default)s)"),
        option("--folds", type=options.whole(2, _MOST_FOLDS), default=5, metavar="K",
               help="cross-validation folds (default: %(default)s)"),
        option("--seed", type=options.whole(0, 2**32 - 1), default=0, metavar="S",
               help="seed of folds and classifiers (default: %(default)s)"),
    ],
    "running": options.RUNNING,
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Train, score, compare, and write the files at the end."""
    from easiness_io.writers.atomic import atomic_write, check_output

    require("sklearn", "pyarrow", "matplotlib", "jinja2")
    folder = args.output_dir
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise CommandError(f"cannot write to {folder!r}: it is a file; name a folder")
    if os.path.isdir(folder) and os.listdir(folder) and not args.overwrite:
        raise CommandError(f"{folder!r}: it is not empty; pass --overwrite, or name another folder")
    os.makedirs(folder, exist_ok=True)
    check_output(os.path.join(folder, "report.html"), args.overwrite)
    labels, probs = _train(args.folds, args.seed, quiet=args.quiet)
    rows, files = _compare(labels, probs)
    for name, data in files.items():
        with atomic_write(os.path.join(folder, name), args.overwrite) as file:
            file.write(data)
    if args.quiet:
        return 0
    with standard_output():
        print(f"\n{len(labels):,} images, each predicted by a model that was not trained on it:\n")
        print(_as_text(rows))
        for name, _, _, msr, *_ in rows:
            if msr > 0.5:
                print(f"\n{name}: {100 * msr:.1f} % of the samples are medium. Its probabilities "
                      "are squashed: they differ by little\nmore than the noise, so its MSR, ESE "
                      "and levels say little about it.")  # fmt: skip
        print("\nWrote", *(os.path.join(folder, name) for name in files), sep="\n  ")
        print(f"\nOpen {os.path.join(folder, 'report.html')} in a browser. Then list the hardest "
              "samples, and write\na page of labels to review:")  # fmt: skip
        print(*(f"  {each}" for each in next_commands(folder)), sep="\n")
    return 0


def next_commands(folder: str) -> list[str]:
    """Return the commands to run next on the demo files, for the current shell."""
    probs, labels, scores, review = (
        shlex.quote(os.path.join(folder, name))
        for name in (f"probs_{REPORTED}.npy", "labels.npy", f"scores_{REPORTED}.parquet",
                     "review.html")
    )  # fmt: skip
    start = f"{shlex.quote(sys.executable)} -m easiness_cli"
    start = "easiness" if shutil.which("easiness") else start
    return [
        f"{start} select {scores} --hardest 20",
        f"{start} label-errors {probs} {labels} -o {review}",
    ]


def _train(folds: int, seed: int, *, quiet: bool) -> tuple[Any, dict[str, Any]]:
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


def _compare(labels: Any, probs: dict[str, Any]) -> tuple[list[list[Any]], dict[str, bytes]]:
    """Score all classifiers; return the table and the files."""
    import numpy as np
    from easiness_io import Samples
    from easiness_io.parameters import Parameters
    from easiness_io.writers.tables import ParquetSink

    import easiness_core as ec
    from easiness_cli.inputs import Dataset
    from easiness_cli.pages.report import Report, report_page

    def saved(array: Any) -> bytes:
        file = io.BytesIO()
        np.save(file, array, allow_pickle=False)
        return file.getvalue()

    files = {"labels.npy": saved(labels)}
    rows = []
    for name, found in probs.items():
        scores, file = ec.score(found, labels), io.BytesIO()
        sink = ParquetSink(file, None)
        sink.add(scores, Samples(found, labels, None, 0))
        sink.close()
        files[f"probs_{name}.npy"] = saved(found)
        files[f"scores_{name}.parquet"] = file.getvalue()
        summary = scores.summary
        rows.append([
            name, summary.accuracy, ec.auroc(found, labels), summary.msr, summary.ese,
            *summary.level_counts.values(), float(scores.log_easiness.mean()),
        ])  # fmt: skip
    text = io.StringIO(newline="")
    heads = [head.lower().replace(" ", "_") for head in _COLUMNS]
    csv.writer(text, lineterminator="\n").writerows([heads, *rows])
    files["comparison.csv"] = text.getvalue().encode()
    report = Report(
        Dataset(probs[REPORTED], labels, None), Parameters(),
        title="Sample easiness of logistic regression on the digits",
        source=f"probs_{REPORTED}.npy, labels.npy",
    )  # fmt: skip
    files["report.html"] = report_page(report).encode("utf-8")
    return rows, files


def _as_text(rows: list[list[Any]]) -> str:
    columns: list[list[str]] = []
    for (head, form), *values in zip(_COLUMNS.items(), *rows, strict=True):
        cells = [head, *(form.format(value).replace("%", " %") for value in values)]
        width = max(map(len, cells))
        columns.append([each.rjust(width) if columns else each.ljust(width) for each in cells])
    return "\n".join(map("  ".join, zip(*columns, strict=True)))
