"""Small files that would take much memory are refused by `--max-bytes`, before it is taken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli.shards import ShardError, score_shard

# What is measured is the most that was resident, which Linux counts anew when it is told to.
READ = """
import contextlib, io, json, resource, sys
from pathlib import Path
from easiness_cli.shards import score_shard
from easiness_cli.__main__ import main

def status(what):
    text = Path("/proc/self/status").read_text()
    return int(text.partition(what + ":")[2].split()[0]) << 10

def measured(call):
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    try:
        message = call()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
    return {"message": message, "bytes": status("VmHWM") - before}

def command(argv):
    with contextlib.redirect_stderr(io.StringIO()) as told:
        status = main(argv)
    return f"{status} {told.getvalue()}"

harmless, *names = sys.argv[1:]
for suffix in ("csv", "parquet", "zarr"):
    score_shard(f"{harmless}.{suffix}", "warm.csv", labels="y.npy")
    Path("warm.csv").unlink()
limit = status("VmSize") + (1 << 30)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name in names:
    labels = "y.npy" if name.endswith("zarr") else None
    found = measured(lambda: score_shard(name, "s.csv", labels=labels, max_bytes=1 << 20))
    whole = ["score", name, *([labels] if labels else []), "--max-bytes", "1MiB", "-o", "t.csv"]
    print(json.dumps({"name": name, **found}), flush=True)
    print(json.dumps({"name": name + " whole", **measured(lambda: command(whole))}), flush=True)
"""


def dictionary_of_text(name: str, column: str, *, typed: bool, length: int = 1_000_000) -> None:
    """One text that all rows but the first share."""
    n = 3000
    texts = pa.DictionaryArray.from_arrays(
        pa.array(np.r_[0, np.ones(n - 1)].astype("i4")), pa.array(["a", "b" * length])
    )
    others = {"a": np.full(n, 0.5), "b": np.full(n, 0.5)}
    if column == "id":
        others["label"] = np.zeros(n, int)
    pq.write_table(
        pa.table({column: texts, **others}), name, compression="zstd", store_schema=typed
    )


def lists_after_short_ones(name: str, n_short: int) -> None:
    """Lists of two entries, then lists of 50,000 alike."""
    width, repeats = 50_000, 100
    short = pa.array([[0.5, 0.5]] * n_short, pa.list_(pa.float32()))
    offsets = pa.array(width * np.arange(11), pa.int32())
    long = pa.ListArray.from_arrays(offsets, pa.array(np.full(10 * width, 0.5, "f4")))
    probs = pa.chunked_array([short] + [long] * repeats)
    table = pa.table({"probs": probs, "label": np.zeros(len(probs), "i4")})
    pq.write_table(table, name, compression="zstd", row_group_size=len(probs))


def csv_texts(folder: Path) -> None:
    """Lines, rows and cells without an end."""
    (folder / "endless.csv").write_bytes(b"")
    with open(folder / "endless.csv", "r+b") as file:
        file.truncate(512 << 20)  # a hole
    one, many = "x" * 60_000, "".join(f"{at},.5,.5,0\n" for at in range(16_383))
    (folder / "long-id.csv").write_text("id,a,b,label\n" + f"{one},.5,.5,0\n" + many)
    (folder / "long-label.csv").write_text("id,a,b,label\n" + f"1,.5,.5,{one}\n" + many)
    # Each line ends within quotes, so that all are one row.
    (folder / "endless-row.csv").write_text('id,a,b,label\n"' + '","\n' * 200_000)


def zarr_chunk(name: str, codec: str) -> None:
    """A chunk of 10 rows whose file decodes to 512 MiB, of zeros as the format has them."""
    zarr = pytest.importorskip("zarr")
    numcodecs = pytest.importorskip("numcodecs")
    compressors = {
        "gzip": zarr.codecs.GzipCodec(), "blosc": zarr.codecs.BloscCodec(),
        "zstd": zarr.codecs.ZstdCodec(),
    }  # fmt: skip
    options = {"chunks": (10, 2), "shards": (20, 2) if "sharded" in name else None}
    array = zarr.create_array(
        name, shape=(20, 2), dtype="f8", compressors=compressors[codec], **options
    )
    array[:] = 0.5
    path = Path(name, "c/0/0")
    zeros = np.zeros(512 << 20, np.uint8)
    coder = {"gzip": numcodecs.GZip(9), "blosc": numcodecs.Blosc(), "zstd": numcodecs.Zstd()}[codec]
    bomb = bytes(coder.encode(zeros))
    if "sharded" not in name:
        path.write_bytes(bomb)
        return
    index = np.array([0, len(bomb), len(bomb), len(bomb)], "<u8").tobytes()
    checksum = pytest.importorskip("google_crc32c").value(index)
    path.write_bytes(bomb + index + checksum.to_bytes(4, "little"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What reading each of the bombs said and took, all of them in one process."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("needs Linux's /proc")
    zarr = pytest.importorskip("zarr")
    folder = tmp_path_factory.mktemp("bombs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        np.save("y.npy", np.zeros(20, int))
        probs = np.full((20, 2), 0.5)
        pq.write_table(pa.table({"id": ["a"] * 20, "probs": list(probs)}), "good.parquet")
        Path("good.csv").write_text("id,a,b\n" + "x,.5,.5\n" * 20)
        zarr.create_array("good.zarr", data=probs)
        dictionary_of_text("ids.parquet", "id", typed=True)
        dictionary_of_text("plain-ids.parquet", "id", typed=False)
        # A batch of some rows is allowed, a block of them is not.
        dictionary_of_text("wide-ids.parquet", "id", typed=False, length=20_000)
        dictionary_of_text("labels.parquet", "label", typed=False)
        lists_after_short_ones("lists.parquet", 1)
        lists_after_short_ones("late-lists.parquet", 8)
        csv_texts(folder)
        for codec in ("gzip", "blosc", "zstd"):
            zarr_chunk(f"{codec}.zarr", codec)
        zarr_chunk("sharded.zarr", "zstd")
        names = sorted(str(path) for path in Path().glob("*.*") if path.stem not in ("y", "good"))
        stored = [path.stat().st_blocks * 512 for path in Path().rglob("*") if path.is_file()]
        assert max(stored) < 4 << 20
        done = subprocess.run(
            [sys.executable, "-c", READ, "good", *names],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize(
    "name",
    [
        "ids.parquet", "plain-ids.parquet", "wide-ids.parquet", "labels.parquet",
        "lists.parquet", "late-lists.parquet",
        "gzip.zarr", "blosc.zarr", "zstd.zarr", "sharded.zarr",
        "endless.csv", "endless-row.csv", "long-id.csv", "long-label.csv",
    ],
)  # fmt: skip
def test_bombs_are_refused_before_memory_is_taken(
    name: str, found: dict[str, dict[str, Any]]
) -> None:
    shard, whole = found[name], found[name + " whole"]
    assert shard["message"].startswith(f"ShardError: '{name}': ")
    assert whole["message"].startswith(f"3 easiness: error: '{name}': ")
    for each in (shard, whole):
        limit = "max_bytes" if each is shard else "--max-bytes"
        assert f"more than {limit} 1,048,576" in each["message"]
        assert "out of memory" not in each["message"]
        assert each["bytes"] < 60 << 20


def test_lists_of_another_length_are_named_by_their_row_in_the_file(tmp_path: Path) -> None:
    rows = [[0.5, 0.5]] * 40 + [[0.2, 0.3, 0.5]]
    lists = tmp_path / "lists.parquet"
    pq.write_table(pa.table({"probs": rows, "label": [0] * 41}), lists)
    with pytest.raises(ShardError, match="row 0 has 2 entries, row 40 has 3"):
        score_shard(lists, tmp_path / "o.csv")
