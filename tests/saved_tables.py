"""Tables written as people save them, in every format that is read."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather

BATCH_ROWS = 7


def _csv(frame: pd.DataFrame, name: str, **options: object) -> str:
    frame.to_csv(name, index=False, **options)
    return name


def _compressed_csv(frame: pd.DataFrame, compression: str, suffix: str) -> str:
    data = frame.to_csv(index=False).encode()
    with pa.CompressedOutputStream(f"t.csv.{suffix}", compression) as file:
        file.write(data)
    return f"t.csv.{suffix}"


def _parquet(frame: pd.DataFrame) -> str:
    pq.write_table(pa.Table.from_pandas(frame), "t.parquet", row_group_size=BATCH_ROWS)
    return "t.parquet"


def _arrow(frame: pd.DataFrame, name: str, new: object) -> str:
    table = pa.Table.from_pandas(frame)
    with new(name, table.schema) as writer:
        writer.write_table(table, BATCH_ROWS)
    return name


def _feather(frame: pd.DataFrame) -> str:
    feather.write_feather(frame, "t.feather")
    return "t.feather"


def _json_lines(frame: pd.DataFrame, name: str = "t.jsonl") -> str:
    frame.to_json(name, orient="records", lines=True, double_precision=15)
    return name


def saved_dataset(table: pa.Table, names: dict[str, list[str]] | None = None) -> str:
    """Write the folder that `datasets.Dataset.save_to_disk` does, in two files."""
    features = {
        column: {"names": given, "_type": "ClassLabel"} for column, given in (names or {}).items()
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    table = table.replace_schema_metadata(metadata)
    Path("ds").mkdir()
    files = [f"data-0000{at}-of-00002.arrow" for at in range(2)]
    half = len(table) // 2
    for name, part in zip(files, (table[:half], table[half:]), strict=True):
        _write_stream(f"ds/{name}", part)
    Path("ds/state.json").write_text(json.dumps({"_data_files": [{"filename": n} for n in files]}))
    Path("ds/dataset_info.json").write_text("{}")
    return "ds"


def _write_stream(name: str, table: pa.Table) -> None:
    with pa.ipc.new_stream(name, table.schema) as writer:
        writer.write_table(table, BATCH_ROWS)


WRITERS = {
    "csv": lambda frame: _csv(frame, "t.csv"),
    "tsv": lambda frame: _csv(frame, "t.tsv", sep="\t"),
    "semicolons, decimal comma": lambda frame: _csv(frame, "t.csv", sep=";", decimal=","),
    "csv, byte order mark": lambda frame: _csv(frame, "t.csv", encoding="utf-8-sig"),
    "csv, UTF-16": lambda frame: _csv(frame, "t.csv", encoding="utf-16"),
    "csv.gz": lambda frame: _compressed_csv(frame, "gzip", "gz"),
    "csv.bz2": lambda frame: _compressed_csv(frame, "bz2", "bz2"),
    "csv.zst": lambda frame: _compressed_csv(frame, "zstd", "zst"),
    "parquet": _parquet,
    "feather": _feather,
    "arrow file": lambda frame: _arrow(frame, "t.arrow", pa.ipc.new_file),
    "arrow stream": lambda frame: _arrow(frame, "t.arrows", pa.ipc.new_stream),
    "json lines": _json_lines,
    "json lines.gz": lambda frame: _json_lines(frame, "t.jsonl.gz"),
    "saved dataset": lambda frame: saved_dataset(pa.Table.from_pandas(frame)),
}
TEXT = ("csv", "json lines")
TYPED = ("parquet", "feather", "arrow stream")
