"""What the numbers of a shard depend on besides its inputs, checked before any work."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_cli._stream import Reading


@dataclass(frozen=True)
class Parameters:
    """All that the numbers of a shard depend on, besides its inputs."""

    estimator: ec.ClosedForm | ec.MonteCarlo
    n_bins: int
    normalize: bool
    escape_formulas: bool
    reading: Reading

    def for_output(self, name: str) -> Parameters:
        """Leave out what changes nothing in a file of such a name."""
        return self if name.lower().endswith(".csv") else replace(self, escape_formulas=False)

    def to_dict(self) -> dict[str, Any]:
        """Give them ready for JSON; what only limits memory is left out."""
        reading = dataclasses.asdict(self.reading)
        del reading["max_bytes"]
        if reading["classes"] is not None:
            reading["classes"] = list(reading["classes"])
        kind = "monte_carlo" if isinstance(self.estimator, ec.MonteCarlo) else "closed_form"
        return {
            "estimator": {"kind": kind, **dataclasses.asdict(self.estimator)},
            "n_bins": self.n_bins,
            "normalize": self.normalize,
            "escape_formulas": self.escape_formulas,
            **reading,
        }


def gather(
    estimator: ec.ClosedForm | ec.MonteCarlo,
    *,
    n_bins: Any,
    classes: Any,
    logits: Any,
    normalize: Any,
    probs_key: Any,
    labels_key: Any,
    ids_key: Any,
    escape_formulas: Any,
    max_bytes: Any,
) -> Parameters:
    """Check the arguments of `score_shard`, and bring them into types that JSON knows.

    Raises
    ------
    TypeError, ValueError
        If one is not what it should be.
    """
    if not isinstance(estimator, ec.ClosedForm | ec.MonteCarlo):
        raise TypeError(
            f"estimator: expected ClosedForm or MonteCarlo, got {type(estimator).__name__}"
        )
    n_bins = ec.Summary(estimator=estimator, n_bins=n_bins).n_bins
    keys = {"probs_key": probs_key, "labels_key": labels_key, "ids_key": ids_key}
    for name, key in keys.items():
        if not isinstance(key, str | None):
            raise TypeError(f"{name}: expected a name, got {type(key).__name__}")
    try:
        max_bytes = operator.index(max_bytes)
    except TypeError:
        raise TypeError(
            f"max_bytes: expected a whole number, got {type(max_bytes).__name__}"
        ) from None
    reading = Reading(_flag(logits, "logits"), _names(classes), **keys, max_bytes=max_bytes)
    return Parameters(
        estimator,
        n_bins,
        _flag(normalize, "normalize"),
        _flag(escape_formulas, "escape_formulas"),
        reading,
    )


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def _names(classes: Any) -> tuple[str, ...] | None:
    if classes is None:
        return None
    # A text is a sequence of texts: its letters.
    if isinstance(classes, str | bytes) or not isinstance(classes, Iterable):
        raise TypeError(
            f"classes: expected a sequence of names, got {classes!r}; write ['a', 'b'] for two"
        )
    names = []
    for name in classes:
        if isinstance(name, int | np.integer) and not isinstance(name, bool):
            name = str(int(name))
        if not isinstance(name, str):
            raise TypeError(f"classes: expected names, got {name!r} among them")
        names.append(str(name))
    return tuple(names)
