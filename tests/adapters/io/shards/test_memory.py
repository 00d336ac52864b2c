"""The memory that scoring takes does not grow with the file, nor with what a small file unpacks to.

The measure is peak resident memory, whose counter Linux can reset.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest
from easiness_io import DataError, score_shard

MEASURE = """
import json, resource, sys
from pathlib import Path
from easiness_io import score_shard
from easiness_io.readers import csv

# Arrow reads some 32 blocks of csv ahead; the files here are to be larger than that.
csv._BLOCK_BYTES = 1 << 18

def status(what):
    text = Path("/proc/self/status").read_text()
    return int(text.partition(what + ":")[2].split()[0]) << 10

limited, warm, *names = sys.argv[1:]
for name in warm.split(","):
    score_shard(name, "warm.csv", n_threads=1, overwrite=True)
options = {}
if limited == "limited":
    limit = status("VmSize") + (1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    options = {"max_bytes": 1 << 20}
for name in names:
    Path("/proc/self/clear_refs").write_text("5")
    before, message = status("VmRSS"), ""
    labels = "y-" + name if Path("y-" + name).exists() else None
    try:
        score_shard(name, name + ".parquet", labels_path=labels, n_threads=1, **options)
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
    print(json.dumps({"message": message, "bytes": status("VmHWM") - before}), flush=True)
"""

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc"
)


def measured(*argv):
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *argv],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(kind, name, probs):
    labels = np.zeros(len(probs), dtype=np.int64)
    if kind == "npy":
        np.save(f"{name}.npy", probs)
        np.save(f"y-{name}.npy", labels)
    elif kind == "npz":
        np.savez(f"{name}.npz", probs=probs, labels=labels)
    elif kind == "csv":
        columns = {f"c{at}": column for at, column in enumerate(probs.T)}
        pyarrow.csv.write_csv(pa.table({**columns, "label": labels}), f"{name}.csv")
    else:
        lists = pa.FixedSizeListArray.from_arrays(pa.array(probs.reshape(-1)), probs.shape[1])
        table, path = pa.table({"probs": lists, "label": labels}), f"{name}.{kind}"
        if kind == "parquet":
            pq.write_table(table, path, 20_000)
        else:
            pyarrow.feather.write_feather(table, path, "uncompressed", chunksize=20_000)


@pytest.mark.parametrize("kind", ["npy", "npz", "parquet", "feather", "csv"])
def test_peak_memory_is_that_of_a_few_blocks(kind):
    n_classes = 20 if kind == "csv" else 50
    # Not all alike, or parquet would hold them in next to nothing.
    probs = np.random.default_rng(0).random((600_000, n_classes), dtype=np.float32)
    probs /= probs.sum(axis=1, keepdims=True)
    for name, n_rows in (("small", 300_000), ("large", 600_000)):
        write(kind, name, probs[:n_rows])
    np.savez("warm.npz", probs=probs[:9], labels=[0] * 9)
    del probs
    more = Path(f"large.{kind}").stat().st_size - Path(f"small.{kind}").stat().st_size
    small, large = measured("free", "warm.npz", f"small.{kind}", f"large.{kind}")
    assert small["message"] == large["message"] == ""
    # The larger file has 60 MB more or so. Both fill a row group of the output, and more.
    assert more > 50 << 20
    assert large["bytes"] - small["bytes"] < more / 3


def texts_of_one_dictionary(name, column, *, typed=False, length=1_000_000):
    """One text that all rows but the first share."""
    n = 3000
    texts = pa.DictionaryArray.from_arrays(
        pa.array(np.r_[0, np.ones(n - 1)].astype("i4")), pa.array(["a", "b" * length])
    )
    table = {"a": np.full(n, 0.5), "b": np.full(n, 0.5), "label": np.zeros(n, int), column: texts}
    pq.write_table(pa.table(table), name, compression="zstd", store_schema=typed)


def lists_after_short_ones(name, n_short):
    """Lists of two entries, then lists of 50,000 alike."""
    width, repeats = 50_000, 100
    short = pa.array([[0.5, 0.5]] * n_short, pa.list_(pa.float32()))
    offsets = pa.array(width * np.arange(11), pa.int32())
    long = pa.ListArray.from_arrays(offsets, pa.array(np.full(10 * width, 0.5, "f4")))
    probs = pa.chunked_array([short] + [long] * repeats)
    table = pa.table({"probs": probs, "label": np.zeros(len(probs), "i4")})
    pq.write_table(table, name, compression="zstd", row_group_size=len(probs))


def test_small_files_that_unpack_to_much_are_refused_before_memory_is_taken():
    Path("good.csv").write_text("id,a,b,label\n" + "x,.5,.5,0\n" * 20)
    probs = list(np.full((20, 2), 0.5))
    pq.write_table(pa.table({"id": ["a"] * 20, "probs": probs, "label": [0] * 20}), "good.parquet")
    np.savez("good.npz", probs=probs, label=[0] * 20)
    texts_of_one_dictionary("ids.parquet", "id", typed=True)
    texts_of_one_dictionary("plain-ids.parquet", "id")
    # A batch of some rows is allowed, a block of them is not.
    texts_of_one_dictionary("wide-ids.parquet", "id", length=20_000)
    texts_of_one_dictionary("labels.parquet", "label")
    lists_after_short_ones("lists.parquet", 1)
    lists_after_short_ones("late-lists.parquet", 8)
    np.savez_compressed("zeros.npz", probs=np.zeros((4, 1 << 24)), label=[0] * 4)
    with open("endless.csv", "wb") as file:
        file.truncate(512 << 20)  # a hole
    one, many = "x" * 60_000, "".join(f"{at},.5,.5,0\n" for at in range(16_383))
    Path("long-id.csv").write_text("id,a,b,label\n" + f"{one},.5,.5,0\n" + many)
    Path("long-label.csv").write_text("id,a,b,label\n" + f"1,.5,.5,{one}\n" + many)
    # Each line ends within quotes, so that all are one row.
    Path("endless-row.csv").write_text('id,a,b,label\n"' + '","\n' * 200_000)
    names = sorted(str(path) for path in Path().glob("*.*") if path.stem != "good")
    assert len(names) == 11
    warm = "good.csv,good.parquet,good.npz"
    for name, each in zip(names, measured("limited", warm, *names), strict=True):
        assert each["bytes"] < 60 << 20, (name, each)
        # These two are plain text, as large in memory as on disk.
        if name not in ("long-id.csv", "long-label.csv"):
            assert each["message"].startswith(f"DataError: '{name}': "), each
            assert "out of memory" not in each["message"], each
            assert "max_bytes" in each["message"] or name.startswith("endless"), each


def test_lists_of_another_length_are_named_by_their_row_in_the_file():
    rows = [[0.5, 0.5]] * 40 + [[0.2, 0.3, 0.5]]
    pq.write_table(pa.table({"probs": rows, "label": [0] * 41}), "lists.parquet")
    with pytest.raises(DataError, match=r"'lists.parquet'.*row 40"):
        score_shard("lists.parquet", "o.csv")
