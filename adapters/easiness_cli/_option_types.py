"""Option values: text in, checked value out. Imports nothing heavy."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

_LEVEL_RULES = ("MO", "EO", "HO", "EMO", "MHO", "EMHO")


def whole(least: int) -> Callable[[str], int]:
    """Make the type of whole numbers of at least `least`."""

    def whole_number(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a whole number >= {least}, got {text!r}")
        return int(text)

    return whole_number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def positive(text: str) -> float:
    """Parse a finite number above 0."""
    if not 0 < _number(text) < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return float(text)


def resolution(text: str) -> float:
    """Parse a number from 0 to below 0.5."""
    if not 0 <= _number(text) < 0.5:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to below 0.5, got {text!r}")
    return float(text)


def unit(text: str) -> float:
    """Parse a number from 0 to 1."""
    if not 0 <= _number(text) <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return float(text)


def size(text: str) -> int:
    """Parse a number of bytes, perhaps with K, M, G or T (powers of 1024)."""
    match = re.fullmatch(r"([0-9]{1,15})([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if not match:
        raise argparse.ArgumentTypeError(f"expected a size such as 500M or 8G, got {text!r}")
    power = " KMGT".index(match[2].upper() or " ")
    return int(match[1]) << (10 * power)


def levels(text: str) -> tuple[str, ...]:
    """Parse a rule such as MO to `("MO",)`, or level names to `("HARD", "MEDIUM")`."""
    if text.upper() in _LEVEL_RULES:
        return (text.upper(),)
    names = tuple(name.strip().upper() for name in text.split(","))
    if not set(names) <= {"HARD", "MEDIUM", "EASY"}:
        raise argparse.ArgumentTypeError(
            f"expected one of {', '.join(_LEVEL_RULES)}, or names among hard, medium, easy "
            f"separated by commas; got {text!r}"
        )
    return names
