"""What several commands need: the estimator, the class names, the reading call."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from easiness_cli._errors import CommandError, reason

if TYPE_CHECKING:
    from easiness_cli._read import Inputs
    from easiness_core import ClosedForm, MonteCarlo

# With more probabilities, the sorts of AUROC would take many times what scoring takes.
AUROC_ELEMENTS = 20_000_000


def estimator_from(args: argparse.Namespace) -> ClosedForm | MonteCarlo:
    """Build the estimator that the options describe.

    Parameters
    ----------
    args : argparse.Namespace
        With `sigma`, `estimator`, `draws`, `seed` and `resolution`; the last three are None where
        not given.

    Returns
    -------
    ClosedForm or MonteCarlo
        The estimator.

    Raises
    ------
    CommandError
        With exit code 2 where an option belongs to the other estimator.
    """
    import easiness_core as ec

    monte_carlo = args.estimator == "monte-carlo"
    foreign = ("resolution",) if monte_carlo else ("draws", "seed")
    for name in foreign:
        if getattr(args, name) is not None:
            only = "closed-form" if monte_carlo else "monte-carlo"
            raise CommandError(
                f"--{name} has no meaning with --estimator {args.estimator}: "
                f"drop it, or pass --estimator {only}",
                exit_code=2,
            )
    given = {
        name: getattr(args, name)
        for name in ("sigma", "draws", "seed", "resolution")
        if getattr(args, name) is not None
    }
    return ec.MonteCarlo(**given) if monte_carlo else ec.ClosedForm(**given)


def parse_classes(text: str | None) -> list[str] | None:
    """Read the value of `--classes`: names separated by commas, or `@FILE` with one a line.

    Parameters
    ----------
    text : str or None
        The option's value.

    Returns
    -------
    list of str or None
        The class names in column order; None where the option was not given.

    Raises
    ------
    CommandError
        If the file cannot be read, or a name is empty or appears twice.
    """
    if text is None:
        return None
    if text.startswith("@"):
        try:
            with open(text[1:], encoding="utf-8-sig") as file:
                names = file.read().rstrip("\r\n").splitlines()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise CommandError(f"--classes: cannot read {text[1:]!r}: {reason(error)}") from error
        source = text[1:]
    else:
        names, source = text.split(","), "--classes"
    names = [name.strip() for name in names]
    if not all(names):
        raise CommandError(f"{source}: class name {names.index('') + 1} is empty")
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise CommandError(f"{source}: class name {name!r} appears {count} times, not once")
    return names


def inputs_from(args: argparse.Namespace) -> Inputs:
    """Read PROBS and LABELS as the shared reading options say."""
    from easiness_cli._read import read_inputs

    return read_inputs(
        args.probs,
        args.labels,
        logits=args.logits,
        classes=parse_classes(args.classes),
        probs_key=args.probs_key,
        labels_key=args.labels_key,
        max_bytes=args.max_bytes,
        ids_key=getattr(args, "ids_key", ""),
    )


def require(*modules: str) -> None:
    """Refuse before the work what would fail after it for want of a package.

    Parameters
    ----------
    *modules : str
        Top-level modules of the extra `cli`; they are looked for, not imported.

    Raises
    ------
    ModuleNotFoundError
        Naming the first that is missing.
    """
    for module in modules:
        try:
            found = find_spec(module) is not None
        except ValueError:  # blocked: None, or without a spec, in sys.modules
            found = sys.modules[module] is not None
        if not found:
            raise ModuleNotFoundError(f"no module {module!r}", name=module)


@contextmanager
def columns_told(inputs: Inputs) -> Iterator[None]:
    """Add to a refusal of rows how many columns were taken for classes, where that is a guess.

    Raises
    ------
    ValueError
        The core's, its message completed.
    """
    try:
        yield
    except ValueError as error:
        wrong = ("do not sum to 1", "hold values above 1")
        if inputs.n_columns is None or not any(what in str(error) for what in wrong):
            raise
        raise ValueError(
            f"{error} ({inputs.n_columns} columns of the file were taken for classes)"
        ) from error
