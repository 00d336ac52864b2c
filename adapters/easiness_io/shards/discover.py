"""Find shards in folders, globs and lists, and pair them with their labels and outputs."""

import fnmatch
import glob
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass

from easiness_io.errors import DataError
from easiness_io.readers import ipc, registry


@dataclass(frozen=True)
class Shard:
    """One task: the files to read, and the file to write (empty for none).

    `labels_path` is the file of labels, unless they are in `input`.
    """

    input: str
    labels_path: str | None = None
    output: str = ""

    @property
    def inputs(self) -> list[str]:
        """The files that are read."""
        return [self.input] if self.labels_path is None else [self.input, self.labels_path]


def is_many(path: str) -> bool:
    """Whether a path is a folder or a glob that stands for several files.

    A saved `datasets.Dataset` is one file.
    """
    if os.path.isdir(path):
        return not ipc.is_dataset(path)
    return glob.has_magic(path) and not os.path.lexists(path)


def expand(path: str) -> dict[str, str]:
    """Find the files that a folder or a glob stands for, sorted.

    Names in a folder that start with a dot or an underscore are ignored. The key identifies
    a file: in a folder by its name without suffix, in a glob by the text that the wildcards match.
    """
    if not is_many(path):
        return {"": path}
    if os.path.isdir(path):
        names = sorted(name for name in os.listdir(path) if name[0] not in "._")
        paths = [os.path.join(path, name) for name in names]
        unknown = [each for each in paths if not _is_readable(each)]
        if unknown:
            nested = os.path.isdir(unknown[0])
            what = f"{'folders or ' if nested else ''}files of other formats"
            why = f"it has {what}, {len(unknown)} in all, such as {os.path.basename(unknown[0])!r}"
            hint = f"select files with a glob, such as '{'**/' if nested else ''}*.npy' in it"
            raise DataError(why, path=path, hint=hint)
        found = [(registry.split_name(each)[0], each) for each in paths]
    else:
        wildcards = _wildcards(path)
        paths = sorted(glob.glob(path, recursive=True))
        matches = [wildcards.fullmatch(f"{each}/") for each in paths]
        found = [("|".join(m.groups()) if m else p, p) for m, p in zip(matches, paths, strict=True)]
    if not found:
        brackets = "[...] matches one of its characters, [[] a bracket"
        raise DataError("no files found", path=path, hint=brackets if "[" in path else None)
    by_key: dict[str, str] = {}
    for key, name in found:
        if by_key.setdefault(key, name) != name:
            raise DataError(f"two files are named {key!r}: this and {by_key[key]!r}", path=name)
    return by_key


def _is_readable(path: str) -> bool:
    return ipc.is_dataset(path) if os.path.isdir(path) else registry.is_readable_name(path)


def _wildcards(pattern: str) -> re.Pattern[str]:
    """Translate a glob to match paths that end in a slash; each wildcard is a group."""
    expression = ""
    for part in pattern.split("/"):
        if part == "**":
            expression += r"((?:(?!\.)[^/]+/)*)"
            continue
        # A leading dot in a name is matched only by a dot.
        expression += "" if part.startswith(".") else r"(?!\.)"
        for piece in re.split(r"(\*+|\?|\[[^]]*\])", part):
            if piece[:1] == "*":
                expression += "([^/]*)"
            elif piece[:1] in ("?", "["):
                # The pattern from fnmatch ends in `\Z` or `\z`.
                expression += f"((?!/){fnmatch.translate(piece)[:-2]})"
            else:
                expression += re.escape(piece)
        expression += "/"
    return re.compile(expression)


def pair_shards(
    inputs: str | Iterable[str],
    labels_path: str | Iterable[str] | None = None,
    output: str | None = None,
    suffix: str = ".parquet",
) -> list[Shard]:
    """Pair files with their labels, and name their outputs in the folder `output`, if there is one.

    Folders and globs are paired by the keys of `expand`, lists by order. Outputs that have the same
    name, or that a rerun would take for inputs, are refused.
    """
    found = _found(inputs, "inputs")
    given = None if labels_path is None else _found(labels_path, "labels_path")
    if given is not None and isinstance(inputs, str) != isinstance(labels_path, str):
        why = "expected one path per input, got a single path"
        if isinstance(inputs, str):
            why = f"got a list, but inputs is {inputs!r}"
        hint = "pass two lists of the same length, or one path for each"
        raise DataError(why, argument="labels_path", hint=hint)
    if given is not None and not isinstance(inputs, str) and len(given) != len(found):
        raise DataError(
            f"expected {len(found)} paths, one per input, got {len(given)}", argument="labels_path"
        )
    if given is not None and found.keys() != given.keys():
        lacks = []
        for what, all_of, names, others in (
            ("labels for", "files", found, given), ("file for", "labels", given, found)
        ):  # fmt: skip
            left = sorted(names[key] for key in names.keys() - others.keys())
            if left:
                lacks.append(f"no {what} {len(left)} of {len(names)} {all_of}, such as {left[0]!r}")
        hint = "they are paired by name without suffix, or by what the wildcards match"
        raise DataError(" and ".join(lacks), hint=hint)
    shards: dict[str, Shard] = {}
    for key, path in found.items():
        target = (
            "" if output is None else os.path.join(output, registry.split_name(path)[0] + suffix)
        )
        if target and target in shards:
            why = f"its scores and those of {shards[target].input!r} would both be in {target!r}"
            raise DataError(why, path=path)
        shards[target or path] = Shard(path, None if given is None else given[key], target)
    for paths in (inputs, labels_path):
        if isinstance(paths, str) and output is not None and is_many(paths):
            _refuse_outputs_among(paths, output, shards)
    return sorted(shards.values(), key=lambda shard: shard.input)


def _found(paths: str | Iterable[str], argument: str) -> dict[str, str]:
    """Return files keyed by the key from `expand`, or by their position in a list."""
    if isinstance(paths, str):
        return expand(paths)
    found = {str(at): path for at, path in enumerate(paths)}
    if not found and argument == "inputs":
        raise DataError("the list is empty", argument=argument)
    for path in found.values():
        if not os.path.lexists(path) and is_many(path):
            why, hint = f"{path!r} in a list is a glob", "pass it alone, or list the files"
            raise DataError(why, argument=argument, hint=hint)
    return found


def _refuse_outputs_among(given: str, output: str, targets: Iterable[str]) -> None:
    """Refuse outputs that a rerun would find among the inputs."""
    if os.path.isdir(given):
        inside = os.path.relpath(os.path.realpath(output), os.path.realpath(given))
        # `expand` ignores names that begin with a dot or underscore, as relative outside paths do.
        if inside == "." or inside[0] not in "._":
            why = f"it is in {given!r}, the folder of the inputs: a rerun would take it for one"
            hint = "choose a folder elsewhere, or a name that begins with '_'"
            raise DataError(why, path=output, hint=hint)
        return
    parts = given.split("/")
    plain = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base = os.path.realpath("/".join([*parts[:plain], ""]) or ".")
    wildcards = _wildcards("/".join(parts[plain:]))
    for path in [output, *targets]:
        if wildcards.fullmatch(os.path.relpath(os.path.realpath(path), base) + "/"):
            why = f"it would be one of the inputs {given!r} in a rerun"
            raise DataError(why, path=path, hint="choose an output folder elsewhere")
