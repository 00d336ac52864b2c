"""Inputs: probabilities and labels from files or standard input, as arrays for the core."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

import easiness_core as ec
from easiness_cli._errors import CommandError
from easiness_cli._labels import encode
from easiness_cli._mix_up import refuse_second_of_two
from easiness_cli._source import Content, Request, Source, open_source


@dataclass(frozen=True)
class Inputs:
    """What a command reads.

    Attributes
    ----------
    probs : ndarray of shape (n_samples, n_classes)
        In the file's own dtype, not yet checked; a memory map where the file is npy.
    labels : ndarray of shape (n_samples,)
        Column numbers. Names have been looked up already, so pass no `classes=` to the core.
    classes : list of str or None
        The class names in column order, where they are known.
    n_columns : int or None
        How many columns of a csv or parquet file were taken for classes.
    ids : ndarray of shape (n_samples,) or None
        The samples' names, where the file holds them and is read in blocks.
    first_row : int
        The row of the file that these begin with.
    """

    probs: NDArray[Any]
    labels: NDArray[Any]
    classes: list[str] | None
    n_columns: int | None = None
    ids: NDArray[Any] | None = None
    first_row: int = 0


def read_inputs(
    probs_path: str,
    labels_path: str | None,
    *,
    logits: bool,
    classes: list[str] | None,
    probs_key: str | None,
    labels_key: str | None,
    max_bytes: int,
    ids_key: str | None = "",
) -> Inputs:
    """Read probabilities and labels.

    Parameters
    ----------
    probs_path, labels_path : str
        npy, npz, csv or parquet files; `-` is standard input. Labels come from `probs_path` where
        `labels_path` is None.
    logits : bool
        Whether the file holds logits, to be turned into probabilities.
    classes : list of str or None
        Class names in column order.
    probs_key, labels_key : str or None
        The array or column to use, where its name is not a usual one.
    max_bytes : int
        Refuse to load or decompress more than this; memory-mapped npy files are not limited.
    ids_key : str or None, default ""
        The array or column of ids, of `probs_path` or else of `labels_path`; None looks for a
        usual name, and "" for none.

    Returns
    -------
    Inputs
        At least one row, and as many labels as rows; the values are for the core to check.

    Raises
    ------
    CommandError
        If a file cannot be read, holds no rows, or holds something else than expected.
    """
    if probs_path == "-" and labels_path == "-":
        raise CommandError("only one of PROBS and LABELS can be standard input", exit_code=2)
    source = open_source(probs_path, max_bytes)
    # The ids asked for are no class; those of usual names are left out without asking.
    asked = ids_key or None
    content = _read(
        source, Request("probs", probs_key, labels_path is None, labels_key, logits, asked)
    )
    label_content, label_source = content, source
    if labels_path is not None:
        refuse_second_of_two(
            probs_path, labels_path, labels_key, probs_key=probs_key, logits=logits,
            max_bytes=max_bytes,
        )  # fmt: skip
        label_source = open_source(labels_path, max_bytes)
        label_content = _read(label_source, Request("labels", None, True, labels_key, False))
        content, label_content = _headers_told(source, content, label_source, label_content)
    probs, labels = content.probs, label_content.labels
    if probs is None or labels is None:
        raise CommandError(f"{source}: no labels in it: pass LABELS, or name them by --labels-key")
    _check_shapes(source, probs, label_source, labels)
    labels, classes = encode(labels.reshape(-1), probs.shape[1], classes, content.columns)
    if logits:
        if probs.size * 8 > max_bytes:
            raise CommandError(
                f"{source}: the softmax of {probs.shape} logits takes {probs.size * 8:,} bytes, "
                f"more than --max-bytes {max_bytes:,}"
            )
        probs = ec.softmax(probs)
    ids = None
    if ids_key != "":
        from easiness_cli._ids_of import read_ids

        request = Request("probs", probs_key, labels_path is None, labels_key, logits, ids_key)
        wanted = Request("labels", None, True, labels_key, False, ids_key)
        ids = read_ids(source, None if labels_path is None else label_source, request, wanted)
    return Inputs(probs=probs, labels=labels, classes=classes, n_columns=content.n_columns, ids=ids)


def _read(source: Source, request: Request) -> Content:
    # Imported here: only parquet needs pyarrow.
    if source.kind == "npy":
        from easiness_cli._read_npy import read_npy as read
    elif source.kind == "npz":
        from easiness_cli._read_npy import read_npz as read
    elif source.kind == "parquet":
        from easiness_cli._read_parquet import read_parquet as read
    else:
        from easiness_cli._read_csv import read_csv as read
    return read(source, request)


def _headers_told(
    source: Source, content: Content, label_source: Source, label_content: Content
) -> tuple[Content, Content]:
    """Decide whether first lines `0,1` and `0` are pandas' headers or data.

    There must be as many labels as rows, which decides unless both lines are in doubt and both
    files are of one length. Then they are headers where the rows below `0,1` are not written in
    plain 0 and 1 alone.
    """
    pairs = [
        (left, right)
        for left in (content, content.below)
        for right in (label_content, label_content.below)
        if left is not None
        and left.probs is not None
        and right is not None
        and right.labels is not None
        and left.probs.shape[:1] == right.labels.shape[:1]
    ]
    if not pairs:
        return content, label_content  # the shapes are refused, with both counts
    if len(pairs) > 1 and not content.looks_headed:
        from easiness_cli._read_csv import two_headers_in_doubt

        raise CommandError(two_headers_in_doubt(source, label_source))
    return pairs[-1]


def _check_shapes(
    source: Source, probs: NDArray[Any], label_source: Source, labels: NDArray[Any]
) -> None:
    if probs.ndim != 2:
        raise CommandError(
            f"{source}: expected probabilities of shape (samples, classes), got {probs.shape}"
        )
    if probs.shape[0] == 0:
        raise CommandError(f"{source}: it holds no rows")
    if labels.ndim != 1 and not (labels.ndim == 2 and labels.shape[1] == 1):
        raise CommandError(f"{label_source}: expected one label a row, got shape {labels.shape}")
    if labels.shape[0] != probs.shape[0]:
        raise CommandError(
            f"{label_source}: {labels.shape[0]} labels, but {probs.shape[0]} rows of probabilities"
            + (f" in {source}" if source is not label_source else "")
        )
