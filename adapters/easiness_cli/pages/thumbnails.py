"""Samples' pictures as small data URIs, from an npy of images or a folder of files."""

import argparse
import base64
import io
import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from zipfile import BadZipFile

import numpy as np
from easiness_io.errors import reason
from numpy.typing import NDArray

from easiness_cli.errors import CommandError

LONGEST_SIDE = 96
FILES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp")


def open_images(args: argparse.Namespace, n_samples: int) -> Callable[[int], str] | None:
    """Find the pictures of the samples, if requested; return a function from row to data URI.

    --images is an npy of shape (samples, height, width), or with 1, 3, or 4 channels last, of uint8
    or of real numbers from 0 to 1; or a folder with one image file per sample, in natural order of
    their names: 2.png before 10.png.
    """
    path = args.images
    if path is None:
        return None
    if os.path.isdir(path):
        names = sorted((n for n in os.listdir(path) if n.lower().endswith(FILES)), key=_by_number)
        found = len(names)
        read = partial(_of_file, [os.path.join(path, each) for each in names], args.max_bytes)
    else:
        images = _open_array(path)
        found, read = len(images), partial(_of_array, path, images)
    if found != n_samples:
        raise CommandError(f"--images {path}: expected {n_samples} pictures, got {found}")
    return read


def _open_array(path: str) -> NDArray[Any]:
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        why = reason(error) if isinstance(error, OSError) else "not a readable npy file"
        raise CommandError(f"--images {path}: {why}") from error
    got = "npz"
    if isinstance(images, np.ndarray):
        if (
            (images.dtype == np.uint8 or images.dtype.kind == "f")
            and (images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3, 4)))
            and 0 not in images.shape[1:]
        ):
            return images
        got = f"{images.dtype} of shape {images.shape}"
    raise CommandError(
        f"--images {path}: expected a folder, or an npy of shape (samples, height, width) or "
        f"(samples, height, width, 1, 3 or 4), uint8 or real numbers from 0 to 1; got {got}"
    )


def _by_number(name: str) -> tuple[list[tuple[str, int]], str]:
    """Sort key: numbers in a name by value, the rest as text."""
    pairs = re.findall(r"([^0-9]*)([0-9]*)", name)
    return [(text, int(digits or -1)) for text, digits in pairs], name


def _of_array(path: str, images: NDArray[Any], row: int) -> str:
    from PIL import Image

    values = np.asarray(images[row])
    if values.dtype != np.uint8:
        outside = values[~((values >= 0) & (values <= 1))]
        if outside.size:
            raise CommandError(
                f"--images {path}: expected uint8, or real numbers from 0 to 1, got "
                f"{outside[0]:g} in the picture of row {row}; scale them, or store uint8"
            )
        values = np.rint(255 * values.astype(float)).astype(np.uint8)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    return _uri(Image.fromarray(values))


def _of_file(paths: list[str], max_bytes: int, row: int) -> str:
    from PIL import Image

    try:
        if os.path.getsize(paths[row]) > max_bytes:
            raise CommandError(f"{paths[row]}: it is larger than --max-bytes")
        with Image.open(paths[row]) as image:
            return _uri(image)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise CommandError(f"{paths[row]}: not a readable image") from error


def _uri(image: Any) -> str:
    if image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    file = io.BytesIO()
    image.save(file, format="PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")
