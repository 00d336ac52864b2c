"""Damaged files of every form, read to the end: rows or a DataError, nothing else.

Run as a script: `python tests/fuzz_readers.py --minutes 5 --seed 1`. Files are read in a child
process of limited memory and time, so that a crash is a finding, too.
"""

import argparse
import collections
import gzip
import math
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

MAX_BYTES = 64 << 20
_MEMORY = 1 << 30  # address space beyond what the child starts with
_GROWTH = 400 << 20  # resident memory beyond it: a few blocks of rows
_SECONDS = 20
_BATCH = 150
_NUMBERS = [0, 1, 0x7F, 0x80, 0xFF, 2**15, 2**20, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63,
            2**64 - 1]  # fmt: skip
_TEXTS = [b"NaN", b"1e999", b"-1", b"99999999999999999999", b'"', b"\n", b",", b"\0", b"\xff\xfe",
          b"[" * 5000, b'{"a":' * 5000, b"null", b"{}", b"0" * 5000]  # fmt: skip


def seeds(folder):
    """Small sound files of every form; each a list of the paths of probabilities and labels."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet as pq
    from table_files import FORMS, table_of, write

    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), 40)
    columns = {
        "image_id": pa.array([f"{at}.png" for at in range(40)]).dictionary_encode(),
        "label": pa.array(rng.choice(["cat", "dog", "owl"], 40)),
        "prob_cat": probs[:, 0], "prob_dog": probs[:, 1], "prob_owl": probs[:, 2].astype("f4"),
        "when": pa.array(range(40), pa.timestamp("ms")), "age": pa.array([1.5, None] * 20),
    }  # fmt: skip
    lists = {"id": np.arange(40), "y": rng.integers(0, 3, 40), "probs": list(probs)}
    found = [[write(folder, columns, form, "columns")] for form in FORMS]
    typed = ("parquet", "feather", "arrow", "arrows", "jsonl", "dataset")
    found += [[write(folder, lists, form, "lists")] for form in typed]
    for codec in ("none", "snappy", "gzip", "zstd", "lz4"):
        for at, table in enumerate((columns, lists)):
            path = f"{folder}/{codec}{at}.parquet"
            pq.write_table(table_of(table), path, compression=codec, row_group_size=15,
                           data_page_version=f"{1 + at}.0",
                           write_page_checksum=codec == "lz4")  # fmt: skip
            found.append([path])
    for codec in ("uncompressed", "zstd"):
        path = f"{folder}/{codec}.feather"
        pa.feather.write_feather(table_of(columns), path, compression=codec)
        found.append([path])
    labels = f"{folder}/labels.npy"
    np.save(labels, lists["y"])
    for order in "CF":
        np.save(f"{folder}/{order}.npy", np.asarray(probs, order=order))
        found.append([f"{folder}/{order}.npy", labels])
    np.savez(f"{folder}/plain.npz", probs=probs, labels=lists["y"], id=columns["label"])
    np.savez_compressed(f"{folder}/small.npz", probs=np.asfortranarray(probs), y=lists["y"])
    return [*found, [f"{folder}/plain.npz"], [f"{folder}/small.npz"]]


def damaged(data, random):
    """Some bytes, changed as disks, programs and people change them."""
    if data[:2] == b"\x1f\x8b" and random.random() < 0.5:
        return gzip.compress(damaged(gzip.decompress(data), random))
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 4, 16))):
        # Headers and footers are where sizes stand.
        at = random.choice((random.randrange(len(data) + 1),
                            random.randrange(min(64, len(data) + 1)),
                            max(0, len(data) - random.randrange(1, 400))))  # fmt: skip
        size = random.choice((1, 2, 4, 8, 64, 1024))
        kind = random.randrange(8)
        if kind == 0:
            data[at : at + 1] = bytes([random.randrange(256)])
        elif kind == 1 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif kind == 2:
            width = random.choice((1, 2, 4, 8))
            value = random.choice(_NUMBERS) % (1 << 8 * width)
            data[at : at + width] = value.to_bytes(width, random.choice(("little", "big")))
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            del data[at : at + size]
        elif kind == 5:
            data[at:at] = data[at : at + size] * random.choice((1, 2, 100))
        elif kind == 6:
            data[at:at] = random.choice(_TEXTS)
        else:
            data[at : at + size] = random.randbytes(size)
    return bytes(data)


def fuzz(seed, *, seconds=math.inf, n_files=math.inf):
    """Read damaged files for a time, or so many; give the outcomes, counted, and the findings."""
    chance, until = random.Random(seed), time.monotonic() + seconds
    outcomes, findings = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder, "sound")
        sound.mkdir()
        known = seeds(str(sound))
        while time.monotonic() < until and outcomes.total() < n_files:
            cases = []
            for at in range(_BATCH):
                case = Path(folder, f"{at:04d}")
                case.mkdir()
                paths = chance.choice(known)
                copies = [_copy(Path(path), case, chance) for path in paths]
                cases.append([case, copies])
            read, found = _read_all(cases, folder)
            outcomes.update(read)
            findings += found
            for case, _ in cases:
                shutil.rmtree(case)
    return outcomes, findings


def _copy(path, case, chance):
    copy = case / path.name
    if path.is_dir():
        shutil.copytree(path, copy)
        part = chance.choice(sorted(copy.iterdir()))
        part.write_bytes(damaged(part.read_bytes(), chance))
    else:
        copy.write_bytes(damaged(path.read_bytes(), chance))
    return str(copy)


def _read_all(cases, folder):
    """Read every case in a child; where that dies, note it and go on with the next."""
    outcomes, findings = collections.Counter(), []
    temporary = Path(folder, "temporary")
    temporary.mkdir(exist_ok=True)
    while cases:
        before = {path for case, _ in cases for path in case.rglob("*")}
        lines = "".join("\t".join(paths) + "\n" for _, paths in cases)
        child = subprocess.run(
            [sys.executable, __file__, "--child"], input=lines, capture_output=True, text=True,
            # Other pools of Arrow reserve a GiB of addresses at once.
            env=os.environ | {"TMPDIR": str(temporary), "ARROW_DEFAULT_MEMORY_POOL": "system"},
            cwd=temporary, check=False,
        )  # fmt: skip
        done = child.stdout.splitlines()
        for (case, paths), line in zip(cases, done, strict=False):
            kind, _, text = line.partition(" ")
            outcomes[kind] += 1
            if kind not in ("rows", "refused"):
                findings.append(_finding(case, paths, line, text))
        if len(done) < len(cases):
            case, paths = cases[len(done)]
            findings.append(_finding(case, paths, f"exit {child.returncode}", child.stderr))
        left = {path for case, _ in cases for path in case.rglob("*")} - before
        left |= set(temporary.iterdir())
        if left:
            findings.append(f"left behind: {sorted(map(str, left))}")
        cases = cases[len(done) + 1 :]
    return outcomes, findings


def _finding(case, paths, what, text):
    kept = tempfile.mkdtemp(prefix="fuzz-")
    shutil.copytree(case, kept, dirs_exist_ok=True)
    return f"{what}: {[path.replace(str(case), kept) for path in paths]}\n{text[-3000:]}"


def child():
    """Read the files that standard input names; say of each, in one line, what came out."""
    from easiness_io import DataError
    from table_files import rows_read

    space = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (space + _MEMORY, space + _MEMORY))
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line in sys.stdin:
        signal.alarm(_SECONDS)  # a hang ends the process
        try:
            _, probs, _, _ = rows_read(*line.rstrip("\n").split("\t"), max_bytes=MAX_BYTES)
            found = f"rows {len(probs)}"
        except DataError as error:
            found = f"refused {str(error)!r}"
        except BaseException:
            found = f"raised {traceback.format_exc()!r}"
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) * 1024
        if grown > _GROWTH:
            found = f"memory {grown >> 20} MiB more; {found}"
            start += grown // 1024
        print(found, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child()
        return
    outcomes, findings = fuzz(options.seed, seconds=60 * options.minutes)
    print("\n".join(findings))
    print(f"{outcomes.total()} files: {dict(outcomes)}, {len(findings)} findings")
    sys.exit(bool(findings))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
