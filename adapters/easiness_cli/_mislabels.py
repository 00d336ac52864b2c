"""`easiness mislabels`: the samples to review for wrong labels, the most suspicious first."""

from __future__ import annotations

import argparse
import csv
import io
import os
import sys
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._common import columns_told, inputs_from, require
from easiness_cli._errors import CommandError
from easiness_cli._read import Inputs
from easiness_cli._write import atomic_write, check_output, standard_output

SUFFIXES = (".csv", ".parquet", ".html")
HTML_TOP = 100


@dataclass(frozen=True)
class Review:
    """The samples to review, in their order.

    Attributes
    ----------
    columns : dict of str to ndarray
        rank, index, label, suggested, suspicion, p_label, p_suggested, flagged, perhaps aum;
        classes as column numbers.
    classes : list of str or None
        What the class numbers are called.
    n_samples, n_flagged : int
        Among all samples, listed or not.
    meaning : str
        What a flag says.
    """

    columns: dict[str, NDArray[Any]]
    classes: list[str] | None
    n_samples: int
    n_flagged: int
    meaning: str

    def name(self, number: int) -> str:
        """Give a class its name, or its number."""
        return str(number) if self.classes is None else self.classes[number]


def run(args: argparse.Namespace) -> int:
    """Read, rank and write the list.

    Parameters
    ----------
    args : argparse.Namespace
        The options, as `_parser` makes them. The output `-` is csv on standard output.

    Returns
    -------
    int
        0.

    Raises
    ------
    CommandError, ValueError, TypeError
        For input that cannot be read or ranked, and for output that cannot be written.
    """
    suffix = _check_options(args)
    inputs = inputs_from(args)
    pictures = None
    if args.images:
        from easiness_cli._thumbnails import open_images

        pictures = open_images(args.images, inputs.labels.size, args.max_bytes)
    with columns_told(inputs):
        review = _review(args, inputs)
    if suffix == ".html":
        from easiness_cli._mislabels_page import review_page

        source = ", ".join(os.path.basename(p) for p in (args.probs, args.labels) if p and p != "-")
        page = review_page(review, title=args.title, source=source, pictures=pictures)
        data = page.encode("utf-8")
    elif suffix == ".parquet":
        data = _parquet(review)
    else:
        data = _csv(review, args.escape_formulas)
    if args.output == "-":
        with standard_output() as stdout:
            stdout.write(data)
    else:
        with atomic_write(args.output, args.overwrite) as file:
            file.write(data)
    if not args.quiet:
        print(_told(review, args), file=sys.stderr if args.output == "-" else sys.stdout)
    return 0


def _check_options(args: argparse.Namespace) -> str:
    suffix = ".csv" if args.output == "-" else os.path.splitext(args.output)[1].lower()
    if suffix not in SUFFIXES:
        raise CommandError(
            f"-o {args.output}: expected a name ending in .csv, .parquet or .html", exit_code=2
        )
    if args.by == "aum" and not args.aum:
        raise CommandError("--by aum needs --aum FILE", exit_code=2)
    if args.images and suffix != ".html":
        raise CommandError("--images has a meaning with an .html output only", exit_code=2)
    if args.output != "-":
        check_output(args.output, args.overwrite, inputs=(args.probs, args.labels, args.aum))
    if suffix == ".parquet":
        require("pyarrow")
    if args.top is None and suffix == ".html":
        args.top = HTML_TOP
    return suffix


def _review(args: argparse.Namespace, inputs: Inputs) -> Review:
    from easiness_aum import rank_mislabels

    labels = inputs.labels.astype(np.int64)
    if not labels.size:
        raise CommandError(f"{args.probs}: it holds no rows")
    estimator = None if args.sigma is None else ec.ClosedForm(sigma=args.sigma)
    found = rank_mislabels(
        inputs.probs, inputs.labels, method=args.method, estimator=estimator,
        normalize=args.normalize,
    )  # fmt: skip
    aum = _aum(args.aum, labels.size) if args.aum else None
    order = found.order if args.by == "suspicion" or aum is None else np.argsort(aum, kind="stable")
    if args.flagged:
        order = order[found.flags[order]]
    order = order[: args.top]
    shown = np.asarray(inputs.probs[order], dtype=np.float64)
    if args.normalize:
        shown = shown / shown.sum(axis=1, keepdims=True)
    rows = np.arange(len(order))
    columns = {
        "rank": rows + 1,
        "index": order,
        "label": labels[order],
        "suggested": found.suggested[order],
        "suspicion": found.suspicion[order],
        "p_label": shown[rows, labels[order]],
        "p_suggested": shown[rows, found.suggested[order]],
        "flagged": found.flags[order],
    }
    meaning = "another class is more probable than the given one"
    if args.method == "confusion":
        meaning += ", once confusion between classes is reckoned with"
    if aum is not None:
        columns["aum"] = aum[order]
    return Review(columns, inputs.classes, labels.size, int(found.flags.sum()), meaning)


def _aum(path: str, n_samples: int) -> NDArray[np.float64]:
    """AUM of each row, from a file that names samples by their row."""
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


def _named(review: Review) -> dict[str, list[Any]]:
    """Give the columns with the classes by name."""
    return {
        column: list(map(review.name, values.tolist()))
        if column in ("label", "suggested") and review.classes is not None
        else values.tolist()
        for column, values in review.columns.items()
    }


def _csv(review: Review, escape_formulas: bool) -> bytes:
    if escape_formulas and review.classes is not None:
        from easiness_cli._write_scores import escape

        review = replace(review, classes=list(map(escape, review.classes)))
    named = _named(review)
    named["flagged"] = [int(flag) for flag in named["flagged"]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(named)
    writer.writerows(zip(*named.values(), strict=True))
    return text.getvalue().encode("utf-8")


def _parquet(review: Review) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file: BinaryIO = io.BytesIO()
    pq.write_table(pa.table(_named(review)), file)
    file.seek(0)
    return file.read()


def _told(review: Review, args: argparse.Namespace) -> str:
    share = 100 * review.n_flagged / review.n_samples
    listed = len(review.columns["rank"])
    where = "" if args.output == "-" else f", written to {args.output}"
    return (
        f"{review.n_flagged:,} of {review.n_samples:,} samples ({share:.2f} %) flagged: "
        f"{review.meaning}\n{listed:,} listed{where}"
    )
