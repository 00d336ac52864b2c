"""The 30 sets with known wrong labels that `method="noise_model"` was tuned on."""

import json
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class LabeledSet(NamedTuple):
    """A set of samples; `wrong` and scores are compared only on the rows `judged`."""

    name: str
    probs: NDArray[np.float64]
    labels: NDArray[np.int64]
    wrong: NDArray[np.bool_]
    judged: NDArray[np.int64]


def data_folder() -> Path:
    """Folder of the data, from the environment."""
    return Path(os.environ["EASINESS_DATA"])


def tuned_sets():
    """Yield the sets of `label_error_sets`, rows divided by their sums."""
    data = data_folder()
    listed = json.loads((data / "label_error_sets" / "sets.json").read_text("utf-8"))
    for name, entry in listed.items():
        with np.load(data / "label_error_sets" / f"{name}.npz", allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files}
        probs = found.get("probs")
        if probs is None:
            probs = _load(data, entry["probs"])
        probs = probs.astype(np.float64)
        probs /= probs.sum(axis=1, keepdims=True)
        labels, wrong = found["labels"].astype(np.int64), found["wrong"]
        judged = found.get("judged", np.arange(len(labels)))
        yield LabeledSet(name, probs, labels, wrong, judged.astype(np.int64))


def _load(data: Path, where: str) -> NDArray[np.floating]:
    """Load `file` or, of an archive, `file:array`."""
    file, _, array = where.partition(":")
    loaded = np.load(data / file, allow_pickle=False)
    return loaded[array] if array else loaded
