"""Build the folder EASINESS_DATA's Fashion-MNIST and CIFAR-10 from their public files.

    python examples/evidence/set/get_data.py DATA                    # downloads 200 MB
    python examples/evidence/set/get_data.py DATA --files FOLDER     # from files that you have
    python examples/evidence/set/get_data.py DATA --torchvision FOLDER

The first two need nothing but NumPy; FOLDER holds Fashion-MNIST's four files as published and
cifar-10-binary.tar.gz, wherever in it. The last reads what torchvision has downloaded. CIFAR-10
is written with all its images, as they are published: the tables in docs/ were measured on 20,000
and 5,000 of them in JPEG, so that numbers will differ by some tenths of a point.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import sys
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

Arrays = tuple[NDArray[Any], NDArray[Any]]
FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
CIFAR = "https://www.cs.toronto.edu/~kriz/"
# MD5, as torchvision and the authors' page give them.
FILES = {
    "train-images-idx3-ubyte.gz": (FASHION, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    "train-labels-idx1-ubyte.gz": (FASHION, "25c81989df183df01b3e8a0aad5dffbe"),
    "t10k-images-idx3-ubyte.gz": (FASHION, "bef4ecab320f06d8554ea6380940ec79"),
    "t10k-labels-idx1-ubyte.gz": (FASHION, "bb300cfdad3c16e7a12a480ee83cd310"),
    "cifar-10-binary.tar.gz": (CIFAR, "c32a1d4ab5d03f1284b67883e8d87530"),
}


def fetch(name: str, folder: Path | None) -> bytes:
    """Read a file from a folder or the net, and check that it is the published one."""
    address, expected = FILES[name]
    if folder is None:
        print(f"downloading {address}{name}", flush=True)
        with urllib.request.urlopen(address + name) as answer:
            content: bytes = answer.read()
    else:
        paths = sorted(folder.rglob(name))
        if not paths:
            raise SystemExit(f"{folder}: has no {name}; leave out --files to download it")
        content = paths[0].read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise SystemExit(f"{name}: MD5 {found}, expected {expected}; fetch the file again")
    return content


def fashion(part: str, folder: Path | None) -> Arrays:
    """Images (n, 28, 28) and labels from the idx files of a part, train or t10k."""
    pixels = gzip.decompress(fetch(f"{part}-images-idx3-ubyte.gz", folder))
    labels = gzip.decompress(fetch(f"{part}-labels-idx1-ubyte.gz", folder))
    x = np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28)
    return x, np.frombuffer(labels, np.uint8, offset=8)


def cifar10(content: bytes) -> tuple[Arrays, Arrays]:
    """Images (n, 32, 32, 3) and labels of training and test data from the archive."""
    parts: dict[str, Arrays] = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            if member.name.endswith(".bin"):
                file = archive.extractfile(member)
                assert file is not None
                rows = np.frombuffer(file.read(), np.uint8).reshape(-1, 3073)
                images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
                parts[Path(member.name).stem] = images, rows[:, 0]
    batches = [parts[name] for name in sorted(parts) if name.startswith("data_batch")]
    x, y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
    return (x, y), parts["test_batch"]


def from_torchvision(folder: str) -> tuple[list[Arrays], list[Arrays]]:
    """Training and test data of both sets as torchvision keeps them."""
    from set.data import from_torchvision as read

    sets = [[read(name, folder, part) for part in ("train", "test")]
            for name in ("fashion", "cifar10")]  # fmt: skip
    moved = [[(x.astype(np.uint8), y) for x, y in parts] for parts in sets]
    gray = [(x[:, 0], y) for x, y in moved[0]]
    return gray, [(x.transpose(0, 2, 3, 1), y) for x, y in moved[1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder to write to, for EASINESS_DATA")
    parser.add_argument("--files", type=Path, help="folder of the published files")
    parser.add_argument("--torchvision", help="folder of torchvision's files")
    args = parser.parse_args()
    if args.torchvision:
        gray, color = from_torchvision(args.torchvision)
    else:
        gray = [fashion(part, args.files) for part in ("train", "t10k")]
        color = list(cifar10(fetch("cifar-10-binary.tar.gz", args.files)))
    for folder, prefix, parts in (("fashion_mnist", "fashion_", gray), ("cifar10", "", color)):
        (args.data / folder).mkdir(parents=True, exist_ok=True)
        for name, (x, y) in zip(("train", "test"), parts, strict=True):
            path = args.data / folder / f"{prefix}{name}.npz"
            np.savez_compressed(path, x=x, y=y)
            print(f"{path}: {len(y)} images", flush=True)


if __name__ == "__main__":
    main()
