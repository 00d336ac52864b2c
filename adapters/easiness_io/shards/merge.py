"""Summaries of scored folders, manifests and printed results, merged exactly."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import easiness_core as ec
from easiness_io.errors import DataError, UnreadableError, reason
from easiness_io.shards.folder import SHARD_LIST, found_outputs, listed_outputs
from easiness_io.shards.manifest import MOST_BYTES, SUFFIX, Manifest, manifest_folder

# The estimator and the bins are compared as summaries are merged.
_COMPARED = ("normalize", "logits", "classes")


@dataclass(frozen=True)
class Merged:
    """What several runs found together.

    Attributes
    ----------
    summary : Summary
        Of all samples.
    n_classes : int
        Columns of the probabilities; 0 where nothing tells.
    """

    summary: ec.Summary
    n_classes: int


@dataclass(frozen=True)
class _Found:
    """A summary that was read, and what tells its samples from others'.

    Attributes
    ----------
    asks : set of str
        What nothing that is counted before it may have given.
    gives : set of str
        What tells its samples, for those after it.
    content : str or None
        Checksum of the inputs of a manifest.
    parameters : dict or None
        Those of a manifest, and its version; a printed result does not hold them.
    """

    path: str
    summary: ec.Summary
    n_classes: int
    asks: set[str]
    gives: set[str]
    content: str | None = None
    parameters: dict[str, Any] | None = None

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return os.path.dirname(os.path.realpath(self.path))


def merge_summaries(paths: Iterable[str | os.PathLike[str]], *, verify: bool = False) -> Merged:
    """Merge summaries exactly, in any order.

    Parameters
    ----------
    paths : iterable of path
        Folders that `score_shards` filled, manifests, or files that hold what
        `easiness score --json` printed.
    verify : bool, default False
        Whether to read every output, and compare its checksum.

    Returns
    -------
    Merged
        The summary of all, and their number of classes.

    Raises
    ------
    DataError
        If a folder is not complete, something would count twice, or summaries are of different
        kinds.
    """
    counted = _Counted()
    # Manifests come first: printed results are compared with them.
    for path in sorted(
        _files([os.fspath(each) for each in paths]), key=lambda path: not _is_beside(path)
    ):
        counted.add(_read(path, verify=verify))
    return Merged(counted.summary, next(iter(counted.n_classes), 0))


@dataclass
class _Counted:
    """What has been merged so far, to refuse what would count twice or does not belong to it."""

    summary: ec.Summary = field(default_factory=ec.Summary)
    n_classes: dict[int, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    contents: dict[str, _Found] = field(default_factory=dict)
    runs: dict[str, _Found] = field(default_factory=dict)

    def add(self, found: _Found) -> None:
        """Count one more."""
        within = next((self.seen[key] for key in found.asks if key in self.seen), None)
        if found.content is not None:
            # In one folder: two shards of equal content, which the run counted as two.
            other = self.contents.setdefault(found.content, found)
            within = within or (None if other.folder == found.folder else other.path)
        elif found.summary.n_samples and found.summary == self.summary:
            within = within or "what is before it"
        if within is not None:
            raise DataError(f"{within!r} already counts the same samples", path=found.path)
        for key in found.gives:
            self.seen.setdefault(key, found.path)
        if found.parameters is not None:
            # Of all folders.
            _refuse_difference(self.runs.setdefault("", found), found, _COMPARED)
            begun = self.runs.setdefault(found.folder, found)
            if listed_outputs(found.folder.removesuffix(SUFFIX)):
                _refuse_difference(
                    begun, found, sorted(found.parameters),
                    hint="this folder mixes two runs; rerun the unfinished one",
                )  # fmt: skip
        # A manifest of no rows may not know.
        if found.n_classes or found.summary.n_samples:
            self.n_classes.setdefault(found.n_classes, found.path)
        if len(self.n_classes) > 1:
            (a, first), (b, second) = self.n_classes.items()
            raise DataError(f"it has {b} classes, {first!r} has {a}", path=second)
        try:
            self.summary = self.summary.merge(found.summary)
        except ValueError as error:
            raise DataError(reason(error), path=found.path) from error


def _refuse_difference(
    first: _Found, found: _Found, names: Iterable[str], hint: str | None = None
) -> None:
    before, now = first.parameters or {}, found.parameters or {}
    for name in names:
        if before.get(name) != now.get(name):
            raise DataError(
                f"it was scored with {name} {now.get(name)!r}, {first.path!r} with "
                f"{before.get(name)!r}",
                path=found.path, hint=hint,
            )  # fmt: skip


def _is_beside(path: str) -> bool:
    return os.path.dirname(os.path.abspath(path)).endswith(SUFFIX)


def _files(paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            # `scores.easiness/*.json` finds the list of the shards as well.
            if os.path.basename(path) != SHARD_LIST or not _is_beside(path):
                found.append(path)
            continue
        folder = os.path.abspath(path).removesuffix(SUFFIX)
        outputs, manifests = found_outputs(folder)
        listed = set(listed_outputs(folder))
        if not manifests:
            raise DataError(
                f"no manifests of scored shards in {manifest_folder(folder)!r}", path=path
            )
        missing, others = listed - manifests, outputs - manifests
        if missing:
            raise DataError(
                f"it is not complete: {len(missing)} of {len(listed)} manifests are missing, such "
                f"as that of {min(missing)!r}",
                path=path, hint="score them, or merge the manifests of the others by name",
            )  # fmt: skip
        others |= manifests - listed if listed else set()
        if others:
            raise DataError(
                f"{min(others)!r} does not belong to its run", path=path,
                hint="move it away with its manifest, or score it again",
            )  # fmt: skip
        found += [
            os.path.join(manifest_folder(folder), f"{name}.json") for name in sorted(manifests)
        ]
    return found


def _read(path: str, *, verify: bool) -> _Found:
    try:
        if os.stat(path).st_size > MOST_BYTES:
            raise ValueError("too large")
        with open(path, "rb") as file:
            data = file.read()
        content: Any = json.loads(data)
        if isinstance(content, dict) and "manifest_sha256" in content:
            return _of_manifest(path, Manifest.from_bytes(data), verify=verify)
        summary = ec.Summary.from_dict(content["summary"])
        n_classes, output = int(content["n_classes"]), content.get("output")
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError("no such file or folder", path=path) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableError(
            f"neither a manifest nor the output of 'score --json': {reason(error)}", path=path
        ) from error
    gives = {"file " + os.path.realpath(path)}
    if summary.n_samples:
        # A copy of a result is that result.
        gives.add("result " + hashlib.sha256(data).hexdigest())
    asks = gives | ({"scores " + os.path.realpath(output)} if isinstance(output, str) else set())
    return _Found(path, summary, n_classes, asks, gives)


def _of_manifest(path: str, manifest: Manifest, *, verify: bool) -> _Found:
    folder, name = os.path.split(os.path.realpath(path))
    folder = folder.removesuffix(SUFFIX)
    output = os.path.join(folder, name.removesuffix(".json"))
    is_there = os.path.isfile(output) and os.path.getsize(output) == manifest.output_size
    if not is_there or (verify and not manifest.matches(output)):
        raise DataError(
            "missing, or not what its manifest says", path=output, hint="score it again"
        )
    itself = {"file " + os.path.realpath(path)}
    content = json.dumps([each["sha256"] for each in manifest.inputs]) if manifest.n_rows else None
    # Equal content may be two shards; the same paths scored alike are a copy of one.
    paths = [each.get("path") for each in manifest.inputs]
    if manifest.n_rows and None not in paths:
        itself.add("inputs " + json.dumps([paths, content, manifest.parameters], sort_keys=True))
    return _Found(
        path, manifest.summary, manifest.n_classes, itself,
        itself | {f"scores {folder}", f"scores {output}"}, content,
        {**manifest.parameters, "version": manifest.version},
    )  # fmt: skip
