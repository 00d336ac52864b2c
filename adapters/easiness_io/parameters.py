"""Everything that the scores of a file depend on, except its content."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import easiness_core as ec
from easiness_core.validation import check_count


@dataclass(frozen=True)
class Parameters:
    """How to read and score files.

    The options of `open_samples`; `estimator` and `n_bins`, as in `easiness_core.score`; and
    whether to escape names in csv that a spreadsheet would run as formulas.
    """

    probs: str | None = None
    labels: str | None = None
    ids: str | None = None
    classes: Sequence[str] | None = None
    logits: bool = False
    normalize: bool = False
    header: bool | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    max_bytes: int = 8 << 30
    keep: Sequence[str] = ()
    estimator: ec.ClosedForm | ec.MonteCarlo = ec.ClosedForm()  # noqa: RUF009 - frozen
    n_bins: int = 5
    escape_formulas: bool = False

    def __post_init__(self) -> None:
        estimator = ec.ClosedForm() if self.estimator is None else self.estimator
        if not isinstance(estimator, ec.ClosedForm | ec.MonteCarlo):
            kind = type(estimator).__name__
            raise TypeError(f"estimator: expected ClosedForm or MonteCarlo, got {kind}")
        for name in ("probs", "labels", "ids", "delimiter", "decimal", "encoding"):
            text = getattr(self, name)
            if not isinstance(text, str | None):
                raise TypeError(f"{name}: expected a string, got {type(text).__name__}")
            if name in ("delimiter", "decimal") and len(text or ".") != 1:
                raise ValueError(f"{name}: expected one character, got {text!r}")
        checked = {
            "estimator": estimator,
            "n_bins": ec.Summary(estimator=estimator, n_bins=self.n_bins).n_bins,
            "classes": _names(self.classes, "classes"),
            "keep": _names(self.keep, "keep") or (),
            "max_bytes": check_count(self.max_bytes, "max_bytes", low=0),
        }
        for name in ("logits", "normalize", "header", "escape_formulas"):
            value = getattr(self, name)
            if not isinstance(value, bool | np.bool_) and (name, value) != ("header", None):
                raise TypeError(f"{name}: expected True or False, got {value!r}")
            checked[name] = None if value is None else bool(value)
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def to_dict(self, output: str) -> dict[str, Any]:
        """Return everything that the bytes of an output of this name depend on, ready for JSON."""
        content = dataclasses.asdict(self)
        del content["max_bytes"]
        kind = "monte_carlo" if isinstance(self.estimator, ec.MonteCarlo) else "closed_form"
        content["estimator"]["kind"] = kind
        content["escape_formulas"] &= output.lower().endswith(".csv")
        content["classes"] = None if self.classes is None else list(self.classes)
        content["keep"] = list(self.keep)
        return content


def make_parameters(options: Mapping[str, Any]) -> Parameters:
    """Make parameters from keyword arguments; name those that do not exist."""
    known = [field.name for field in dataclasses.fields(Parameters)]
    for name in options.keys() - set(known):
        hint = f"expected {', '.join(known)}"
        if name in ("sigma", "resolution", "draws", "seed"):
            hint = (
                f"pass estimator=, such as easiness_core.ClosedForm(sigma=0.1), in place of {name}="
            )
        raise TypeError(f"unknown option {name!r}; {hint}")
    return Parameters(**options)


def _names(values: Any, argument: str) -> tuple[str, ...] | None:
    if values is None:
        return None
    # A string is also a sequence of strings, its letters.
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(
            f"{argument}: expected a sequence of names, got {values!r}; write ['a', 'b'] for two"
        )
    names = []
    for name in values:
        if isinstance(name, int | np.integer) and not isinstance(name, bool):
            name = str(int(name))
        if not isinstance(name, str):
            raise TypeError(f"{argument}: expected names, got {name!r} among them")
        names.append(str(name))
    return tuple(names)
