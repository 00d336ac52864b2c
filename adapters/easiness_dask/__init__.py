"""Sample easiness on Dask: score shards on a cluster, or Dask arrays lazily."""

try:
    import dask  # noqa: F401
except ImportError as error:
    raise ImportError("easiness_dask needs Dask: pip install 'easiness-core[dask]'") from error

from easiness_dask.arrays import DaskScores, score
from easiness_dask.shards import score_shards

__all__ = ["DaskScores", "score", "score_shards"]
