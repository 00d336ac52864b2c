"""Conditions on changes, such as "accuracy < -0.5%", for `easiness compare --fail-if`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt

from easiness_cli.options import checked

SHARES = ("accuracy", "mean_easiness", "msr", "worst_class")
COUNTS = ("hard", "medium", "easy", "newly_hard", "newly_wrong")
_COMPARE = {"<": lt, "<=": le, ">": gt, ">=": ge}
_CONDITION = re.compile(
    r"\s*([a-z_]+)\s*(<=|>=|<|>)\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))\s*(%?)\s*", re.ASCII
)


@dataclass(frozen=True)
class Condition:
    """A bound on the change of one figure, new minus old; with `percent`, in percent points."""

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


def _parse(text: str) -> Condition:
    match = _CONDITION.fullmatch(text)
    if match is None or match[1] not in SHARES + COUNTS:
        raise ValueError(text)
    return Condition(text.strip(), match[1], match[2], float(match[3]), bool(match[4]))


condition = checked(
    _parse,
    f"NAME, one of <, <=, >, >=, and a change such as -0.5% or +10, with NAME one of "
    f"{', '.join(SHARES + COUNTS)}",
)
