"""`easiness label-errors`: list the labels to review, most suspicious first."""

import argparse

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import note, open_output, require, resolve_output, tell, where_written

SUMMARY = "list the labels to review, most suspicious first"
NOTES = f"""{options.INPUT_NOTES}
Use predictions on samples that the classifier was not trained on.

With --apply, PROBS is the file of labels, DECISIONS the csv exported from the
page, and OUT (.csv, .parquet or .npy) the corrected labels.
"""
EXAMPLES = (
    "easiness label-errors predictions.parquet -o review.html --images photos",
    "easiness label-errors --apply decisions.csv labels.csv -o new_labels.csv",
    "easiness label-errors probs.npy labels.npy -o review.csv --flagged",
    "easiness label-errors probs.npy labels.npy --aum aum_values.csv --sort-by aum",
)
_SUFFIXES = (".csv", ".parquet", ".html")
_LABEL_SUFFIXES = (".csv", ".parquet", ".npy")
_HTML_TOP = 1000
# What belongs to the list, and has no meaning with --apply.
_OF_THE_LIST = ("method", "aum", "sort_by", "flagged", "top", "images", "text", "title", "probs",
                "logits", "normalize", "escape_formulas")  # fmt: skip
_BEATEN = "another class is more probable than the given one"
MEANINGS = {
    "noise-model": "the given class is more likely wrong than right, given how classes are "
    "mislabeled throughout the data",
    "easiness": _BEATEN,
    "self-confidence": _BEATEN,
}
OPTIONS = {
    "": [
        *options.INPUTS,
        option("-o", "--output", metavar="OUT", default="-",
               help="file to write: .csv, .parquet or .html; '-' prints csv (default: -)"),
        options.ESCAPE_FORMULAS,
        option("--apply", metavar="DECISIONS",
               help="apply the decisions in the csv exported from the page; give the file of "
               "labels in place of PROBS"),
    ],
    "ranking": [
        option("--method", choices=tuple(MEANINGS), default="noise-model", rare=True,
               help="estimate how classes are mislabeled throughout the data, or rank each sample "
               "alone: by easiness, or by the probability of its label (default: %(default)s)"),
        option("--aum", metavar="FILE", rare=True,
               help="add a column of AUM from aum_values.csv or full_aum_records.csv, whose "
               "sample_ids are rows of PROBS"),
        option("--sort-by", choices=("suspicion", "aum"), default="suspicion", rare=True,
               help="order of the list: most suspicious or lowest AUM first "
               "(default: %(default)s)"),
        option("--flagged", action="store_true", help="list flagged samples only"),
        option("--top", type=options.whole(1), metavar="N",
               help="list at most N samples (default: all; html: 1000)"),
        options.IMAGES,
        options.TEXT,
        option("--title", default="Labels to review", rare=True,
               help="html: heading (default: %(default)s)"),
    ],
    "reading": options.READING,
    "running": options.RUNNING,
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read, rank and write the list; or apply the decisions made on one."""
    from easiness_io.errors import located
    from easiness_io.parameters import Parameters
    from easiness_io.shards.discover import is_many
    from easiness_io.writers.tables import write_table

    from easiness_cli.inputs import options_from, read_all, source_of
    from easiness_cli.pages.thumbnails import open_images
    from easiness_cli.review import as_table, list_suspects

    if args.apply:
        return _apply(args)
    suffix = resolve_output(args, (args.path, args.labels_path, args.aum), _SUFFIXES)
    if args.sort_by == "aum" and not args.aum:
        raise UsageError("--sort-by aum requires --aum FILE")
    if args.images and (suffix != ".html" or is_many(args.path)):
        raise UsageError("--images requires an .html output and a single input file")
    if args.text and suffix != ".html":
        raise UsageError("--text requires an .html output")
    if suffix == ".html":
        require("jinja2", *(["PIL"] if args.images else []))
        args.top = args.top or _HTML_TOP
    data = read_all(args, Parameters(**options_from(args)))
    pictures = open_images(args, len(data.labels))
    with located(args.path):
        columns, n_flagged = list_suspects(args, data)
    if suffix == ".html" and data.files is not None:
        need = "review one file at a time" if data.ids is None else (
            "give it one file with the labels of all")  # fmt: skip
        note(f"--apply takes one file of labels: {need}", kind="warning")
    meaning = MEANINGS[args.method]
    n_samples = len(data.labels)
    with open_output(args) as file:
        if suffix == ".html":
            from easiness_cli.pages.review import review_page

            page = review_page(
                columns, data, picture=pictures, title=args.title, source=source_of(args),
                n_samples=n_samples, n_flagged=n_flagged, meaning=meaning,
            )  # fmt: skip
            file.write(page.encode("utf-8"))
        else:
            table = as_table(columns, data.classes, suffix)
            write_table(table, file, suffix, escape_formulas=args.escape_formulas)
    if not args.quiet:
        share = 100 * n_flagged / n_samples
        tell(args, f"{n_flagged:,} of {n_samples:,} samples ({share:.2f} %) flagged: {meaning}\n"
             f"{len(columns['rank']):,} listed{where_written(args)}")  # fmt: skip
    return 0


def _apply(args: argparse.Namespace) -> int:
    """Write the labels with the decisions applied."""
    from easiness_io.parameters import Parameters
    from easiness_io.shards.discover import is_many

    from easiness_cli.decisions import apply_decisions, read_labels, write_labels
    from easiness_cli.inputs import parse_classes
    from easiness_cli.pages.words import amount

    if args.labels_path is not None:
        raise UsageError("--apply takes one file, that of the labels; leave PROBS out")
    if is_many(args.path):
        raise UsageError(f"--apply takes one file of labels, got {args.path!r}, a folder or glob; "
                         "join its files, or review one at a time")  # fmt: skip
    rows = {row.flags[-1]: row.keywords for each in OPTIONS.values() for row in each}
    for name in _OF_THE_LIST:
        flag = "--" + name.replace("_", "-")
        if getattr(args, name) != rows[flag].get("default", rows[flag].get("action") and False):
            raise UsageError(f"{flag} has no effect with --apply; leave it out")
    suffix = resolve_output(args, (args.path, args.apply), _LABEL_SUFFIXES)
    names = ("labels", "ids", "header", "delimiter", "decimal", "encoding", "max_bytes")
    options = Parameters(**{name: getattr(args, name) for name in names})
    labels = read_labels(args.path, options)
    applied = apply_decisions(args, options, parse_classes(args.classes) or (), labels)
    if applied.n_elsewhere:
        note(f"{amount(applied.n_elsewhere, 'decision')} on a sample that is in another row than "
             f"when it was reviewed; samples were found by id", kind="warning")  # fmt: skip
    with open_output(args) as file:
        write_labels(labels, applied.texts, file, suffix)
    if not args.quiet:
        decided = ", ".join(f"{count:,} {kind}" for kind, count in applied.counts.items())
        tell(args, f"{amount(sum(applied.counts.values()), 'decision')}: {decided}\n"
             f"{applied.n_changed:,} of {len(applied.texts):,} labels changed"
             f"{where_written(args)}")  # fmt: skip
    return 0
