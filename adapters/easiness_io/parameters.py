"""What the scores of a file depend on besides its content, checked before any work."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_io.readers.base import ReadOptions

_TEXTS = ("probs", "labels", "ids", "delimiter", "decimal", "encoding")


@dataclass(frozen=True)
class Parameters:
    """What the scores of a file depend on besides its content.

    Attributes
    ----------
    estimator : ClosedForm or MonteCarlo
        As in `easiness_core.score`.
    n_bins : int
        As in `easiness_core.score`.
    escape_formulas : bool
        Whether names in csv are kept from being run as formulas by spreadsheets.
    reading : ReadOptions
        How inputs are read.
    """

    estimator: ec.ClosedForm | ec.MonteCarlo = ec.ClosedForm()  # noqa: RUF009 - frozen
    n_bins: int = 5
    escape_formulas: bool = False
    reading: ReadOptions = field(default_factory=ReadOptions)

    def for_output(self, path: str) -> Parameters:
        """Leave out what changes nothing in a file of such a name."""
        return self if path.lower().endswith(".csv") else replace(self, escape_formulas=False)

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
            "escape_formulas": self.escape_formulas,
            **reading,
        }


def make_parameters(
    *,
    estimator: Any = None,
    n_bins: Any = 5,
    escape_formulas: Any = False,
    **reading: Any,
) -> Parameters:
    """Check options, and bring them into types that JSON knows.

    Parameters
    ----------
    estimator, n_bins, escape_formulas
        As in `Parameters`; the closed form where `estimator` is None.
    **reading
        As in `ReadOptions`.

    Returns
    -------
    easiness_io.Parameters
        The same, checked.

    Raises
    ------
    TypeError, ValueError
        If one is not what it should be.
    """
    estimator = ec.ClosedForm() if estimator is None else estimator
    if not isinstance(estimator, ec.ClosedForm | ec.MonteCarlo):
        raise TypeError(
            f"estimator: expected ClosedForm or MonteCarlo, got {type(estimator).__name__}"
        )
    n_bins = ec.Summary(estimator=estimator, n_bins=n_bins).n_bins
    for name in _TEXTS:
        if not isinstance(reading.get(name), str | None):
            raise TypeError(f"{name}: expected a text, got {type(reading[name]).__name__}")
    for name in ("delimiter", "decimal"):
        if len(reading.get(name) or ".") != 1:
            raise ValueError(f"{name}: expected one character, got {reading[name]!r}")
    for name in ("logits", "normalize"):
        reading[name] = _flag(reading.get(name, False), name)
    if reading.get("header") is not None:
        reading["header"] = _flag(reading["header"], "header")
    reading["classes"] = _names(reading.get("classes"))
    try:
        reading["max_bytes"] = operator.index(reading.get("max_bytes", ReadOptions.max_bytes))
    except TypeError:
        kind = type(reading["max_bytes"]).__name__
        raise TypeError(f"max_bytes: expected a whole number, got {kind}") from None
    options = ReadOptions(**reading)
    return Parameters(estimator, n_bins, _flag(escape_formulas, "escape_formulas"), options)


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
