"""Tables written as files of every form that is read."""

import bz2
import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

_COMPRESS = {"gz": gzip.compress, "bz2": bz2.compress, "zst": lambda data: pa.compress(
    data, codec="zstd", asbytes=True)}  # fmt: skip
TEXT_FORMS = (
    "csv", "csv.gz", "csv.bz2", "csv.zst", "tsv", "semicolon.csv", "comma.csv", "pipe.txt",
    "utf16.csv", "bom.csv",
)  # fmt: skip
TYPED_FORMS = ("parquet", "feather", "arrow", "arrows", "jsonl", "jsonl.gz", "dataset")
FORMS = TEXT_FORMS + TYPED_FORMS


def table_of(columns):
    """An Arrow table of columns, given as values or as Arrow arrays."""
    return pa.table({name: _arrow(values) for name, values in columns.items()})


def _arrow(values):
    return values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)


def write(folder, columns, form, stem="rows", class_names=None):
    """Write named columns as one file, or folder, of a form; return its path."""
    table = columns if isinstance(columns, pa.Table) else table_of(columns)
    path = Path(folder) / (stem if form == "dataset" else f"{stem}.{form}")
    if form in TEXT_FORMS:
        path.write_bytes(_text(table, form))
    elif form.startswith("jsonl"):
        rows = [json.dumps(row, default=_plain) for row in table.to_pylist()]
        data = "".join(row + "\n" for row in rows).encode()
        path.write_bytes(_COMPRESS["gz"](data) if form.endswith("gz") else data)
    elif form == "parquet":
        pq.write_table(table, path)
    elif form == "feather":
        pa.feather.write_feather(table, path)
    elif form == "arrow":
        with pa.ipc.new_file(path, table.schema) as file:
            file.write_table(table)
    elif form == "arrows":
        with pa.ipc.new_stream(path, table.schema) as file:
            file.write_table(table)
    else:
        _dataset(path, table, class_names or {})
    return str(path)


def _plain(value):
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)


def _text(table, form):
    delimiter = {"tsv": "\t", "semicolon.csv": ";", "comma.csv": ";", "pipe.txt": "|"}.get(
        form, ","
    )
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in zip(*(column.to_pylist() for column in table.columns), strict=True):
        writer.writerow([_cell(value, form) for value in row])
    encoding = {"utf16.csv": "utf-16", "bom.csv": "utf-8-sig"}.get(form, "utf-8")
    data = file.getvalue().encode(encoding)
    return _COMPRESS.get(form.rpartition(".")[2], bytes)(data)


def _cell(value, form):
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value).replace(".", ",") if form == "comma.csv" else repr(value)
    return str(value)


def _dataset(path, table, class_names):
    """What `datasets.Dataset.save_to_disk` writes: streams, and files that name them."""
    path.mkdir()
    features = {
        name: {"names": names, "_type": "ClassLabel"} for name, names in class_names.items()
    }
    info = json.dumps({"info": {"features": features}})
    table = table.replace_schema_metadata({"huggingface": info})
    half = (table.num_rows + 1) // 2
    files = [f"data-{at:05d}-of-00002.arrow" for at in range(2)]
    for name, part in zip(files, (table[:half], table[half:]), strict=True):
        with pa.ipc.new_stream(path / name, table.schema) as file:
            file.write_table(part)
    state = {"_data_files": [{"filename": name} for name in files]}
    (path / "state.json").write_text(json.dumps(state))
    (path / "dataset_info.json").write_text(json.dumps({"features": features}))


def rows_read(path, labels_path=None, **options):
    """All of an input as (reader, probs, labels, ids)."""
    from easiness_io import open_samples

    reader = open_samples(path, labels_path, **options)
    blocks = list(reader.blocks())
    probs = np.concatenate([block.probs for block in blocks])
    labels = np.concatenate([block.labels for block in blocks])
    ids = None
    if blocks[0].ids is not None:
        ids = [value for block in blocks for value in block.ids.to_pylist()]
    return reader, probs, labels, ids
