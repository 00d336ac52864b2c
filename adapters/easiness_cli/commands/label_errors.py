"""`easiness label-errors`: the labels to review, the most suspicious first."""

from __future__ import annotations

import argparse

from easiness_cli import options
from easiness_cli.errors import UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, require, resolve_output, tell

SUMMARY = "list the labels to review, the most suspicious first"
EPILOG = f"""{options.INPUT_NOTES}
Use predictions on samples that the classifier was not trained on.

examples:
  easiness label-errors predictions.parquet -o review.html --images images.npy
  easiness label-errors probs.npy labels.npy -o review.csv --flagged
  easiness label-errors probs.npy labels.npy --aum aum_values.csv --sort-by aum --top 50
"""
_SUFFIXES = (".csv", ".parquet", ".html")
_HTML_TOP = 100
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
    ],
    "ranking": [
        option("--method", choices=tuple(MEANINGS), default="noise-model",
               help="estimate how classes are mislabeled throughout the data, or rank each sample "
               "alone: by easiness, or by the probability of its label (default: %(default)s)"),
        option("--aum", metavar="FILE",
               help="add a column of AUM from aum_values.csv or full_aum_records.csv, whose "
               "sample_ids are rows of PROBS"),
        option("--sort-by", choices=("suspicion", "aum"), default="suspicion",
               help="order of the list: most suspicious or lowest AUM first "
               "(default: %(default)s)"),
        option("--flagged", action="store_true", help="list flagged samples only"),
        option("--top", type=options.whole(1), metavar="N",
               help="list at most N samples (default: all; html: 100)"),
        option("--images", metavar="PATH",
               help="html: images of the samples, as an npy or as a folder with one file per "
               "sample, in the order of their names"),
        option("--title", default="Labels to review",
               help="html: heading (default: %(default)s)"),
    ],
    "reading": options.READING,
    "running": options.RUNNING,
}  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Read, rank and write the list."""
    from easiness_io import Parameters, is_many, located

    from easiness_cli.inputs import options_from, read_all, source_of
    from easiness_cli.review import list_suspects, write_table

    suffix = resolve_output(args, (args.path, args.labels_path, args.aum), _SUFFIXES)
    if args.sort_by == "aum" and not args.aum:
        raise UsageError("--sort-by aum requires --aum FILE")
    if args.images and (suffix != ".html" or is_many(args.path)):
        raise UsageError("--images requires an .html output and a single input file")
    if args.images:
        require("PIL")
    if suffix == ".html":
        require("jinja2")
        args.top = args.top or _HTML_TOP
    data = read_all(args, Parameters(**options_from(args)))
    pictures = None
    if args.images:
        from easiness_cli.pages.thumbnails import open_images

        pictures = open_images(args.images, len(data.labels), args.max_bytes)
    with located(args.path):
        columns, n_flagged = list_suspects(args, data)
    meaning = MEANINGS[args.method]
    n_samples = len(data.labels)
    with open_output(args) as file:
        if suffix == ".html":
            from easiness_cli.pages.render import render, rows_of

            page = render(
                "review.html.j2", title=args.title, source=source_of(args), picture=pictures,
                rows=rows_of(columns), columns=columns, classes=data.classes,
                n_samples=n_samples, n_flagged=n_flagged, meaning=meaning,
            )  # fmt: skip
            file.write(page.encode("utf-8"))
        else:
            write_table(columns, data.classes, file, suffix, escape_formulas=args.escape_formulas)
    if not args.quiet:
        share = 100 * n_flagged / n_samples
        where = "" if args.output == "-" else f", written to {args.output}"
        tell(args, f"{n_flagged:,} of {n_samples:,} samples ({share:.2f} %) flagged: {meaning}\n"
             f"{len(columns['rank']):,} listed{where}")  # fmt: skip
    return 0
