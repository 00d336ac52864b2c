"""Files of no rows: of which types their columns are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from easiness_cli._ids import check_ids
from easiness_cli._stream_parts import Stream


def no_ids(stream: Stream) -> NDArray[Any]:
    """Give no ids, of the type that the others of a set have: files are read as one table."""
    found: Any = np.empty(0, np.str_)
    if stream.source.kind == "npz":
        from easiness_cli._stream_npy import _Npz

        assert isinstance(stream, _Npz)
        found = np.empty(0, stream._headers["ids"].dtype)
    elif stream.source.kind == "zarr":
        from easiness_cli._stream_zarr import _Zarr

        assert isinstance(stream, _Zarr)
        found = np.empty(0, stream._arrays["ids"].dtype)
    elif stream.source.kind == "parquet":
        import pyarrow.parquet as pq

        from easiness_cli._stream_parquet import _Parquet

        assert isinstance(stream, _Parquet)
        with stream.source.open() as file:
            column = pq.read_table(file, columns=[stream._ids], use_threads=False).column(0)
        found = column.to_numpy()
    if found.dtype.kind in "iuf":
        return check_ids(found, stream.source)
    return np.empty(0, np.str_)
