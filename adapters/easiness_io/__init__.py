"""Read files of predictions in blocks, and score them into files; a rerun skips finished files."""

try:
    import pyarrow  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_io needs pyarrow: pip install 'easiness-core[io]'") from error

from easiness_io.errors import (
    AmbiguousError,
    DataError,
    OutputError,
    ShardError,
    UnreadableError,
    located,
    reason,
)
from easiness_io.ids import as_ids, as_text
from easiness_io.label_file import LabelFile, read_labels
from easiness_io.parameters import Parameters
from easiness_io.readers.base import Reader, ReadOptions
from easiness_io.readers.registry import open_reader
from easiness_io.sample_reader import SampleReader, Samples
from easiness_io.samples import open_samples
from easiness_io.scoring import score_blocks
from easiness_io.shards.compare import check_shards, shared_traits
from easiness_io.shards.discover import Shard, expand, is_many, pair_shards
from easiness_io.shards.manifest import load_if_complete
from easiness_io.shards.merge import Merged, merge_summaries
from easiness_io.shards.run import Report, ShardsError, complete_shard, run_serially
from easiness_io.shards.score import score_shard, score_shards
from easiness_io.writers.atomic import atomic_write, check_output
from easiness_io.writers.tables import SCORE_COLUMNS, SINKS, ParquetSink, escaped, named, write_csv

__all__ = [
    "SCORE_COLUMNS", "SINKS", "AmbiguousError", "DataError", "LabelFile", "Merged",
    "OutputError", "Parameters", "ParquetSink", "ReadOptions", "Reader", "Report",
    "SampleReader", "Samples", "Shard", "ShardError", "ShardsError", "UnreadableError",
    "as_ids", "as_text", "atomic_write", "check_output", "check_shards", "complete_shard",
    "escaped", "expand", "is_many", "load_if_complete", "located", "merge_summaries", "named",
    "open_reader", "open_samples", "pair_shards", "read_labels", "reason", "run_serially",
    "score_blocks", "score_shard", "score_shards", "shared_traits", "write_csv",
]  # fmt: skip
