"""Which files are the shards: folders and globs, paired with their labels and outputs."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from easiness_cli._errors import CommandError
from easiness_cli._stream_zarr import is_zarr
from easiness_cli._write import is_within

_SUFFIXES = (".npy", ".npz", ".csv", ".tsv", ".parquet", ".pq", ".zarr")


@dataclass(frozen=True)
class Shard:
    """One task: what is read, and what is written."""

    input: str
    labels: str | None
    output: str

    @property
    def inputs(self) -> list[str]:
        """The files that are read."""
        return [self.input] if self.labels is None else [self.input, self.labels]


def is_many(path: str) -> bool:
    """Whether a path stands for shards: a glob, or a folder that is no zarr array."""
    if os.path.isdir(path):
        return not is_zarr(path)
    return glob.has_magic(path) and not os.path.lexists(path)


def expand(path: str) -> dict[str, str]:
    """Find the shards that a folder or glob stands for.

    Parameters
    ----------
    path : str
        A folder of files in known formats (names that begin with `.` or `_` are left out), a glob,
        or one file.

    Returns
    -------
    dict of str to str
        Paths by what tells them apart: in a folder the name without its suffix, in a glob what its
        wildcards stand for. Sorted by path.

    Raises
    ------
    CommandError
        If there is none, two cannot be told apart, or a folder holds files of unknown formats.
    """
    if not is_many(path):
        return {"": path}
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name[0] not in "._")
        unknown = [name for name in names if os.path.splitext(name)[1].lower() not in _SUFFIXES]
        if unknown:
            nested = os.path.isdir(os.path.join(path, unknown[0]))
            raise CommandError(
                f"{path!r}: it holds {len(unknown)} {'folders or ' if nested else ''}files that "
                f"are no shards, such as {unknown[0]!r}; name the shards by a glob, as in "
                f"'{path}/{'**/' if nested else ''}*.npy'"
            )
        found = [(os.path.splitext(name)[0], os.path.join(path, name)) for name in names]
    else:
        found = [(_matched(path, name), name) for name in sorted(glob.glob(path, recursive=True))]
    if not found:
        brackets = (
            "; [...] stands for one of its characters, [[] for a bracket" if "[" in path else ""
        )
        raise CommandError(f"{path!r}: no shards there{brackets}")
    by_key: dict[str, str] = {}
    for key, name in found:
        if key in by_key:
            raise CommandError(f"{by_key[key]!r} and {name!r}: two shards of one name, {key!r}")
        by_key[key] = name
    return by_key


def _matched(pattern: str, path: str) -> str:
    """Give what the wildcards of a glob stand for in one path."""
    pieces = re.split(r"(\*\*/|\*+|\?|\[[^]]*\])", pattern)
    expression = ""
    for piece in pieces:
        if piece == "**/":
            expression += "((?:.*/)?)"
        elif glob.has_magic(piece):
            inner = fnmatch.translate(piece)
            # fnmatch gives `(?s:INNER)\Z` or `(?s:INNER)\z`.
            expression += f"({inner[: inner.rindex(')') + 1]})"
        else:
            expression += re.escape(piece)
    found = re.fullmatch(expression, path)
    return "|".join(found.groups()) if found else path


def _refuse_outputs_among(given: str, output: str, targets: Iterable[str]) -> None:
    """Refuse outputs that a rerun would find among the shards."""
    if not is_many(given):
        return
    if os.path.isdir(given):
        inside = os.path.relpath(os.path.realpath(output), os.path.realpath(given))
        # `expand` leaves out what begins with a dot or an underscore.
        if is_within(output, given) and (inside == "." or inside[0] not in "._"):
            raise CommandError(
                f"{output!r} is in {given!r}, the folder of the shards: a rerun would take it for "
                f"one; choose a folder elsewhere, or a name that begins with '_'"
            )
        return
    parts = given.split("/")
    plain = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base = os.path.realpath("/".join([*parts[:plain], ""]) or ".")
    for path in [output, *targets]:
        inside = os.path.relpath(os.path.realpath(path), base)
        if _matches(parts[plain:], inside.split("/")):
            raise CommandError(
                f"{path!r} would be among the shards of {given!r} when the line is run again; "
                f"choose an output folder elsewhere"
            )


def _matches(pattern: list[str], path: list[str]) -> bool:
    """Whether `glob.glob` finds a path, both given in parts."""
    if not pattern or not path:
        return not path and all(part == "**" for part in pattern)
    hidden = path[0].startswith(".")
    if pattern[0] == "**":
        return _matches(pattern[1:], path) or (not hidden and _matches(pattern, path[1:]))
    if hidden and not pattern[0].startswith("."):
        return False
    return fnmatch.fnmatchcase(path[0], pattern[0]) and _matches(pattern[1:], path[1:])


def _listed(paths: Iterable[str], what: str) -> dict[str, str]:
    found = {str(at): path for at, path in enumerate(paths)}
    for path in found.values():
        if not os.path.lexists(path) and is_many(path):
            raise CommandError(
                f"{what}: {path!r} in a list is a glob; give it alone, or list the files"
            )
    return found


def pair(
    inputs: str | Iterable[str], labels: str | Iterable[str] | None, output: str, suffix: str
) -> list[Shard]:
    """Pair shards with their labels, and name their outputs.

    Parameters
    ----------
    inputs, labels : str, or iterable of str
        A folder, a glob, or paths; paths are paired in their order.
    output : str
        The folder of the outputs.
    suffix : str
        Of the outputs: `.parquet`, `.csv` or `.npz`.

    Returns
    -------
    list of Shard
        Sorted by input.

    Raises
    ------
    CommandError
        If a shard has no labels, labels have no shard, two outputs would have one name, or a rerun
        would take an output for a shard.
    """
    if isinstance(inputs, str):
        found = expand(inputs)
        if labels is not None and not isinstance(labels, str):
            raise CommandError(
                f"labels: got a list, but inputs is a folder, a glob or one file, {inputs!r}: give "
                f"lists of both, which are paired in their order, or one name for each"
            )
        given = None if labels is None else expand(labels)
    else:
        found = _listed(inputs, "inputs")
        if isinstance(labels, str):
            raise CommandError("labels: expected as many paths as inputs, got one text")
        given = None if labels is None else _listed(labels, "labels")
        if not found:
            raise CommandError("no shards: the list of inputs is empty")
        if given is not None and len(given) != len(found):
            raise CommandError(
                f"labels: {len(given)} paths for {len(found)} inputs; lists are paired in order"
            )
    if given is not None and found.keys() != given.keys():
        alone = sorted(found.keys() - given.keys()), sorted(given.keys() - found.keys())
        told = f"{found[alone[0][0]]!r} has no labels" if alone[0] else ""
        if alone[1]:
            told += f"{' and ' if told else ''}{given[alone[1][0]]!r} has no probabilities"
        raise CommandError(
            f"{told} ({len(alone[0])} and {len(alone[1])} such): shards and labels are paired by "
            f"the name without suffix in folders, and by what the wildcards stand for in globs"
        )
    shards: dict[str, Shard] = {}
    for key, path in found.items():
        stem = os.path.splitext(os.path.basename(os.path.normpath(path)))[0]
        target = os.path.join(output, stem + suffix)
        if target in shards:
            raise CommandError(
                f"{shards[target].input!r} and {path!r} would both be written to {target!r}"
            )
        shards[target] = Shard(path, None if given is None else given[key], target)
    for paths in (inputs, labels):
        if isinstance(paths, str):
            _refuse_outputs_among(paths, output, shards)
    return sorted(shards.values(), key=lambda shard: shard.input)
