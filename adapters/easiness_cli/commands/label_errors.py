"""`easiness label-errors`: the labels to review, the most suspicious first."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from easiness_cli import options
from easiness_cli.output import require, standard_output
from easiness_cli.words import CommandError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from easiness_cli.inputs import Gathered
    from easiness_cli.pages.review import Review

SUMMARY = "list the labels to review, the most suspicious first"
EPILOG = (
    options.INPUT_NOTES
    + """
Use predictions on samples that the classifier was not trained on.

examples:
  easiness label-errors predictions.parquet -o review.html --images images.npy
  easiness label-errors probs.npy labels.npy -o review.csv --method confusion --flagged
  easiness label-errors probs.npy labels.npy --aum aum_values.csv --sort-by aum --top 50
"""
)
_SUFFIXES = (".csv", ".parquet", ".html")
_HTML_TOP = 100


def add_options(parser: Any) -> None:
    """Add the command's options."""
    options.inputs(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="-",
        help="file to write: .csv, .parquet or .html; '-' prints csv (default: -)",
    )  # fmt: skip
    options.escape_formulas(parser)
    group = parser.add_argument_group("ranking")
    group.add_argument(
        "--method", choices=("easiness", "confusion"), default="easiness",
        help="rank each sample alone, or allow for classes that are often confused "
        "(default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--sigma", type=options.positive,
        help="standard deviation of the noise (default: 0.01; with confusion 0.1)",
    )  # fmt: skip
    group.add_argument(
        "--aum", metavar="FILE",
        help="aum_values.csv or full_aum_records.csv, whose sample_ids are the rows of PROBS: adds "
        "a column",
    )  # fmt: skip
    group.add_argument(
        "--sort-by", choices=("suspicion", "aum"), default="suspicion",
        help="order of the list; aum: lowest first (default: %(default)s)",
    )  # fmt: skip
    group.add_argument("--flagged", action="store_true", help="list flagged samples only")
    group.add_argument(
        "--top", type=options.whole(1), metavar="N",
        help="list at most N samples (default: all; in html 100)",
    )  # fmt: skip
    group.add_argument(
        "--images", metavar="PATH",
        help="html: pictures of the samples, an npy of images or a folder with one file a sample "
        "in the order of their names",
    )  # fmt: skip
    group.add_argument(
        "--title", default="Labels to review", help="html: heading (default: %(default)s)"
    )
    options.reading(parser)
    options.running(parser)


def run(args: argparse.Namespace) -> int:
    """Read, rank and write the list."""
    from easiness_io import atomic_write, located

    from easiness_cli.inputs import gather, parameters_from

    suffix = _check_options(args)
    found = gather(args, parameters_from(args))
    pictures = None
    if args.images:
        from easiness_cli.pages.thumbnails import open_images

        pictures = open_images(args.images, len(found.labels), args.max_bytes)
    with located(args.path):
        review = _review(args, found)
    if suffix == ".html":
        from easiness_cli.commands.report import source_of
        from easiness_cli.pages.review import review_page

        page = review_page(review, title=args.title, source=source_of(args), pictures=pictures)
        data = page.encode("utf-8")
    else:
        data = _table(review, suffix, args.escape_formulas)
    if args.output == "-":
        with standard_output() as stdout:
            stdout.write(data)
    else:
        with atomic_write(args.output, args.overwrite) as file:
            file.write(data)
    if not args.quiet:
        print(_outcome(review, args), file=sys.stderr if args.output == "-" else sys.stdout)
    return 0


def _check_options(args: argparse.Namespace) -> str:
    from easiness_io import check_output, is_many

    suffix = ".csv" if args.output == "-" else os.path.splitext(args.output)[1].lower()
    if suffix not in _SUFFIXES:
        raise UsageError(f"-o {args.output}: expected a name ending in .csv, .parquet or .html")
    if args.sort_by == "aum" and not args.aum:
        raise UsageError("--sort-by aum requires --aum FILE")
    if args.images and (suffix != ".html" or is_many(args.path)):
        raise UsageError("--images requires an .html output, and one file of samples")
    if args.images:
        require("PIL")
    if args.output != "-":
        check_output(args.output, args.overwrite, inputs=(args.path, args.labels_path, args.aum))
    if suffix == ".html":
        require("jinja2")
        args.top = args.top or _HTML_TOP
    return suffix


def _review(args: argparse.Namespace, found: Gathered) -> Review:
    import numpy as np
    from easiness_aum import rank_mislabels

    import easiness_core as ec
    from easiness_cli.inputs import warn_below_chance
    from easiness_cli.pages.review import Review

    labels = found.labels
    estimator = None if args.sigma is None else ec.ClosedForm(sigma=args.sigma)
    ranked = rank_mislabels(
        found.probs, labels, method=args.method, estimator=estimator, normalize=args.normalize
    )
    warn_below_chance(
        ec.score(found.probs, labels, normalize=args.normalize).summary, found.probs.shape[1]
    )
    aum = _aum(args.aum, labels.size) if args.aum else None
    order = ranked.order
    if args.sort_by == "aum" and aum is not None:
        order = np.argsort(aum, kind="stable")
    if args.flagged:
        order = order[ranked.flags[order]]
    order = order[: args.top]
    shown = np.asarray(found.probs[order], dtype=np.float64)
    if args.normalize:
        shown = shown / shown.sum(axis=1, keepdims=True)
    rows = np.arange(len(order))
    columns: dict[str, Any] = {"rank": rows + 1}
    if found.files is not None:
        columns["file"] = found.files.take(order).combine_chunks()
    columns["index"] = found.rows[order]
    if found.ids is not None:
        columns["id"] = found.ids.take(order).combine_chunks()
    columns |= {
        "label": labels[order],
        "suggested": ranked.suggested[order],
        "suspicion": ranked.suspicion[order],
        "p_label": shown[rows, labels[order]],
        "p_suggested": shown[rows, ranked.suggested[order]],
        "flagged": ranked.flags[order],
    }
    if aum is not None:
        columns["aum"] = aum[order]
    meaning = "another class is more probable than the given one"
    if args.method == "confusion":
        meaning += ", after allowing for classes that are often confused"
    return Review(columns, found.classes, labels.size, int(ranked.flags.sum()), meaning)


def _aum(path: str, n_samples: int) -> NDArray[np.float64]:
    """Read the AUM of each row, from a file that names samples by their row."""
    import numpy as np
    from easiness_aum import AreaUnderMargin

    values = AreaUnderMargin.read_csv(path).values()
    ids = values.ids
    if ids.dtype.kind != "i" or not np.array_equal(np.sort(ids), np.arange(n_samples)):
        raise CommandError(
            f"{path}: expected the sample_ids 0 to {n_samples - 1}, the rows of PROBS, each once; "
            f"got {ids.size} ids" + (f", such as {ids[0].item()!r}" if ids.size else "")
        )
    aum = np.empty(n_samples)
    aum[ids] = values.aum
    return aum


def _table(review: Review, suffix: str, escape_formulas: bool) -> bytes:
    """Write the list with classes by name; of no rows, columns keep their types."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from easiness_io import escaped, named, write_csv

    escape = escape_formulas and suffix == ".csv"
    classes = list(map(escaped, review.classes)) if escape and review.classes else review.classes
    columns: dict[str, Any] = {}
    for name, values in review.columns.items():
        if name in ("label", "suggested"):
            columns[name] = named(values, classes)
        elif name in ("file", "id") and escape and pa.types.is_string(values.type):
            texts = [None if text is None else escaped(text) for text in values.to_pylist()]
            columns[name] = pa.array(texts, pa.string())
        else:
            columns[name] = values
    file = io.BytesIO()
    if suffix == ".parquet":
        pq.write_table(pa.table(columns), file)
    else:
        columns["flagged"] = columns["flagged"].astype("uint8")
        write_csv(pa.table(columns), file)
    return file.getvalue()


def _outcome(review: Review, args: argparse.Namespace) -> str:
    share = 100 * review.n_flagged / review.n_samples
    where = "" if args.output == "-" else f", written to {args.output}"
    return (
        f"{review.n_flagged:,} of {review.n_samples:,} samples ({share:.2f} %) flagged: "
        f"{review.meaning}\n{len(review.columns['rank']):,} listed{where}"
    )
