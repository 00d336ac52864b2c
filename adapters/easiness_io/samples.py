"""Open a file of predictions, and score it block by block."""

import os
from collections.abc import Callable, Sequence

import easiness_core as ec
from easiness_io.errors import located
from easiness_io.parameters import Parameters
from easiness_io.sample_block import Samples
from easiness_io.sample_reader import SampleReader


def open_samples(
    path: str | os.PathLike[str],
    labels_path: str | os.PathLike[str] | None = None,
    *,
    probs: str | None = None,
    labels: str | None = None,
    ids: str | None = None,
    classes: Sequence[str] | None = None,
    logits: bool = False,
    normalize: bool = False,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    max_bytes: int = 8 << 30,
    keep: Sequence[str] = (),
) -> SampleReader:
    r"""Open a file of predictions; columns are found by name and content.

    Parameters
    ----------
    path : path
        Probabilities: npy, npz, csv, parquet, Arrow (feather), JSON lines, or the folder of a
        saved `datasets.Dataset`. Text may be compressed (gz, bz2, zst).
    labels_path : path, optional
        Labels, in any of these formats; by default a column of `path`.
    probs : str, optional
        The list column, or the class columns: names separated by commas, or a pattern such as
        `"prob_*"`. By default, a list column; or else columns with a common prefix or suffix whose
        rows sum to 1; or else all float columns in [0, 1], if their rows sum to 1.
    labels : str, optional
        The column of labels; by default, the first of label, labels, y, y_true, true_label,
        given_label, target, class. It may hold class names, numbers, booleans or categories.
    ids : str, optional
        The column of ids; by default id, sample_id, index, a named pandas index, or the only text
        column whose name ends in `_id`; `""` means none.
    classes : sequence of str, optional
        Class names in column order, if the columns have no names or other names.
    logits : bool, default False
        Whether `path` holds logits, to convert by softmax.
    normalize : bool, default False
        Whether to divide rows by their sums.
    header : bool, optional
        Whether the first line of csv holds names; detected by default.
    delimiter, decimal, encoding : str, optional
        Format of csv; detected by default, the encoding by its byte order mark.
    max_bytes : int, default 8 GiB
        Refuse to load or decompress more than this at once.
    keep : sequence of str, optional
        Further columns to read as text, from `path` or else from `labels_path`.

    Returns
    -------
    SampleReader
        The open input; its `blocks()` yields the rows.

    Raises
    ------
    DataError
        A ValueError, if the file cannot be read or its columns are ambiguous.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from easiness_io import open_samples
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "predictions.csv")
    ...     _ = path.write_text("image_id,label,prob_cat,prob_dog\na.png,dog,0.2,0.8\n")
    ...     reader = open_samples(path)
    ...     reader.classes, reader.ids_name, [block.labels.tolist() for block in reader.blocks()]
    (['cat', 'dog'], 'image_id', [[1]])
    """
    options = Parameters(
        probs, labels, ids, classes, logits, normalize, header, delimiter, decimal, encoding,
        max_bytes, keep,
    )  # fmt: skip
    other = None if labels_path is None else os.fspath(labels_path)
    return SampleReader(os.fspath(path), other, options)


def score_blocks(
    reader: SampleReader,
    parameters: Parameters,
    *,
    add: Callable[[ec.Scores, Samples], object] | None = None,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> ec.Summary:
    """Score a file block by block, in memory that does not grow with the file.

    `add` takes the scores and samples of each block, `progress` the number of rows done so far.
    """
    summary = ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins)
    for block in reader.blocks():
        with located(reader.paths[0]):
            scores = ec.score(
                block.probs,
                block.labels,
                estimator=parameters.estimator,
                n_bins=parameters.n_bins,
                normalize=parameters.normalize,
                n_threads=n_threads,
                first_row=block.first_row,
            )
        summary.update(scores)
        if add is not None:
            add(scores, block)
        if progress is not None:
            progress(summary.n_samples)
    return summary
