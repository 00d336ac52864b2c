"""`easiness label-errors`: the labels to review, the most suspicious first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, BinaryIO

from easiness_cli import options
from easiness_cli.errors import CommandError, UsageError
from easiness_cli.options import option
from easiness_cli.output import open_output, require, resolve_output, tell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from easiness_cli.inputs import Dataset
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
# fmt: off
OPTIONS = {
    "": [
        *options.INPUTS,
        option("-o", "--output", metavar="OUT", default="-",
               help="file to write: .csv, .parquet or .html; '-' prints csv (default: -)"),
        options.ESCAPE_FORMULAS,
    ],
    "ranking": [
        option("--method", choices=("easiness", "confusion"), default="easiness",
               help="rank each sample alone, or allow for classes that are often confused "
               "(default: %(default)s)"),
        option("--sigma", type=options.positive,
               help="standard deviation of the noise (default: 0.01; with confusion, 0.1)"),
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
}
# fmt: on


def run(args: argparse.Namespace) -> int:
    """Read, rank and write the list."""
    from easiness_io import located, make_parameters

    from easiness_cli.inputs import options_from, read_all

    suffix = _check_options(args)
    data = read_all(args, make_parameters(**options_from(args)))
    pictures = None
    if args.images:
        from easiness_cli.pages.thumbnails import open_images

        pictures = open_images(args.images, len(data.labels), args.max_bytes)
    with located(args.path):
        review = _review(args, data)
    with open_output(args) as file:
        if suffix == ".html":
            from easiness_cli.commands.report import source_of
            from easiness_cli.pages.review import review_page

            page = review_page(review, title=args.title, source=source_of(args), pictures=pictures)
            file.write(page.encode("utf-8"))
        else:
            _write_table(review, file, suffix, args.escape_formulas)
    if not args.quiet:
        share = 100 * review.n_flagged / review.n_samples
        where = "" if args.output == "-" else f", written to {args.output}"
        text = (
            f"{review.n_flagged:,} of {review.n_samples:,} samples ({share:.2f} %) flagged: "
            f"{review.meaning}\n{len(review.columns['rank']):,} listed{where}"
        )
        tell(text, to_stderr=args.output == "-")
    return 0


def _check_options(args: argparse.Namespace) -> str:
    from easiness_io import is_many

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
    return suffix


def _review(args: argparse.Namespace, data: Dataset) -> Review:
    import numpy as np
    from easiness_aum import rank_mislabels

    import easiness_core as ec
    from easiness_cli.inputs import warn_below_chance
    from easiness_cli.pages.review import Review

    estimator = None if args.sigma is None else ec.ClosedForm(sigma=args.sigma)
    ranked = rank_mislabels(
        data.probs, data.labels, method=args.method, estimator=estimator, normalize=args.normalize
    )
    summary = ec.score(data.probs, data.labels, normalize=args.normalize).summary
    warn_below_chance(summary, data.probs.shape[1])
    aum = _read_aum(args.aum, data.labels.size) if args.aum else None
    by_aum = args.sort_by == "aum" and aum is not None
    order = np.argsort(aum, kind="stable") if by_aum else ranked.order
    if args.flagged:
        order = order[ranked.flags[order]]
    order = order[: args.top]
    columns = {
        "rank": np.arange(1, len(order) + 1),
        **data.columns(
            order, ranked.suggested, normalize=args.normalize, suspicion=ranked.suspicion
        ),
        "flagged": ranked.flags[order],
        **({} if aum is None else {"aum": aum[order]}),
    }
    meaning = "another class is more probable than the given one"
    if args.method == "confusion":
        meaning += ", after allowing for classes that are often confused"
    return Review(columns, data.classes, data.labels.size, int(ranked.flags.sum()), meaning)


def _read_aum(path: str, n_samples: int) -> NDArray[np.float64]:
    """Read the AUM of each row, from a file that names samples by their row."""
    import numpy as np
    from easiness_aum import AreaUnderMargin

    values = AreaUnderMargin.read_csv(path).values()
    ids = values.ids
    if ids.dtype.kind != "i" or not np.array_equal(np.sort(ids), np.arange(n_samples)):
        raise CommandError(
            f"{path}: expected each of the sample_ids 0 to {n_samples - 1}, the rows of PROBS, "
            f"once; got {ids.size} ids" + (f", such as {ids[0].item()!r}" if ids.size else "")
        )
    aum = np.empty(n_samples)
    aum[ids] = values.aum
    return aum


def _write_table(review: Review, file: BinaryIO, suffix: str, escape_formulas: bool) -> None:
    """Write the list with classes by name; of no rows, columns keep their types."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from easiness_io import escaped, named, write_csv

    columns: dict[str, Any] = dict(review.columns)
    for name in ("label", "suggested"):
        columns[name] = named(columns[name], review.classes)
    if suffix == ".parquet":
        pq.write_table(pa.table(columns), file)
        return
    columns["flagged"] = columns["flagged"].astype("uint8")
    for name, values in columns.items():
        texts = values.cast(pa.string()) if isinstance(values, pa.DictionaryArray) else values
        if escape_formulas and isinstance(texts, pa.StringArray):
            cells = [None if text is None else escaped(text) for text in texts.to_pylist()]
            columns[name] = pa.array(cells, pa.string())
    write_csv(pa.table(columns), file)
