"""Conditions on changes, such as "accuracy < -0.5%", for `easiness compare --fail-if`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt

from easiness_cli.options import checked

SHARES = ("accuracy", "mean_easiness", "msr", "worst_class")
COUNTS = ("hard", "medium", "easy", "newly_hard", "newly_wrong")
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}
_NUMBER = r"[+-]?\s*(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_CONDITION = re.compile(rf"\s*([a-z_]+)\s*(<=|>=|<|>)\s*({_NUMBER})\s*(%?)\s*", re.ASCII)
# A change of a share by so much is more likely a forgotten %.
_LIKELY_PERCENT = 0.05


@dataclass(frozen=True)
class Condition:
    """A bound on the change of one figure, new minus old; with `percent`, in percentage points."""

    text: str
    name: str
    sign: str
    bound: float
    percent: bool

    def change(self, changes: Mapping[str, float], n_samples: int) -> float:
        """Give the change in the unit of the bound: counts in percent are of all samples."""
        value = changes[self.name]
        if self.percent:
            value = 100 * value if self.name in SHARES else 100 * value / n_samples
        return round(value, 12)

    def holds(self, changes: Mapping[str, float], n_samples: int) -> bool:
        """Whether the change is beyond the bound."""
        return bool(_COMPARE[self.sign](self.change(changes, n_samples), self.bound))

    def outcome(self, changes: Mapping[str, float], n_samples: int) -> str:
        """Say how much the figure changed."""
        change = self.change(changes, n_samples)
        return f"{self.name} changed by {change:+.4g}{' %' if self.percent else ''}"


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or match[1] not in SHARES + COUNTS:
        raise ValueError(text)
    name, number, percent = match[1], "".join(match[3].split()), bool(match[4])
    bound = float(number)
    problem = None
    if percent and abs(bound) > 100:
        whole = "a share" if name in SHARES else "the samples"
        problem = f"no change is beyond 100 % of {whole}"
    elif not percent and name in SHARES and abs(bound) >= _LIKELY_PERCENT:
        problem = (f"a bound of {number} means {abs(100 * bound):g} percentage points; "
                   f"write {number}% for percentage points, or {100 * bound:g}%")  # fmt: skip
    if problem:
        raise argparse.ArgumentTypeError(f"{text.strip()}: {problem}")
    return Condition(text.strip(), name, match[2], bound, percent)


condition = checked(
    _parse,
    f"NAME, one of <, <=, >, >=, and a change such as -0.5% or +10, with NAME one of "
    f"{', '.join(SHARES + COUNTS)}",
)
