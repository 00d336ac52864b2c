"""Read files of predictions in blocks, and score them into files; a rerun skips finished files."""

try:
    import pyarrow  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_io needs pyarrow: pip install 'easiness-core[io]'") from error

from easiness_io.errors import DataError
from easiness_io.sample_block import Samples
from easiness_io.sample_reader import SampleReader
from easiness_io.samples import open_samples
from easiness_io.shards.merge import merge_summaries
from easiness_io.shards.run import ShardsError
from easiness_io.shards.score import score_shard, score_shards

__all__ = [
    "DataError", "SampleReader", "Samples", "ShardsError", "merge_summaries", "open_samples",
    "score_shard", "score_shards",
]  # fmt: skip
