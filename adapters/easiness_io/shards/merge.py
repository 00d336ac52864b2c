"""Summaries of scored folders, manifests and printed results, merged exactly."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import easiness_core as ec
from easiness_io.errors import DataError, UnreadableError, reason
from easiness_io.shards.folder import SHARD_LIST, found_outputs, listed_outputs
from easiness_io.shards.manifest import MOST_BYTES, SUFFIX, Manifest, manifest_folder, manifest_path


@dataclass(frozen=True)
class Merged:
    """The summary of several runs, and their number of classes: 0 where nothing tells."""

    summary: ec.Summary
    n_classes: int


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
        If a folder is not complete, something would count twice, or kinds of summaries differ.
    """
    merging = _Merging(verify)
    # Manifests come first: printed results are compared with them.
    files = _files([os.fspath(each) for each in paths])
    for path in sorted(files, key=lambda path: not _is_beside(path)):
        merging.add(path)
    return Merged(merging.summary, merging.n_classes[0] if merging.n_classes else 0)


@dataclass(frozen=True)
class _Result:
    """What the command printed."""

    summary: ec.Summary
    n_classes: int
    output: str | None
    sha256: str


class _Merging:
    """What has been merged so far, to refuse what would count twice or does not belong to it."""

    def __init__(self, verify: bool) -> None:
        self.summary, self._verify = ec.Summary(), verify
        # The number of classes, and the first file that tells it.
        self.n_classes: tuple[int, str] | None = None
        # What tells samples, and the first file that counts them.
        self._seen: dict[str, str] = {}
        # The first manifest of all, and of each folder: its path and parameters.
        self._first: dict[str, tuple[str, dict[str, Any]]] = {}

    def add(self, path: str) -> None:
        """Count one more."""
        found = _read(path)
        if isinstance(found, Manifest):
            self._check_manifest(path, found)
        else:
            self._check_result(path, found)
        # A manifest of no rows may not know its number of classes.
        if found.n_classes or found.summary.n_samples:
            n_classes, first = self.n_classes = self.n_classes or (found.n_classes, path)
            if found.n_classes != n_classes:
                why = f"it has {found.n_classes} classes, {first!r} has {n_classes}"
                raise DataError(why, path=path)
        try:
            self.summary = self.summary.merge(found.summary)
        except ValueError as error:
            raise DataError(reason(error), path=path) from error

    def _check_manifest(self, path: str, manifest: Manifest) -> None:
        folder, name = os.path.split(os.path.realpath(path))
        run = folder.removesuffix(SUFFIX)
        output = os.path.join(run, name.removesuffix(".json"))
        is_there = os.path.isfile(output) and os.path.getsize(output) == manifest.output_size
        if not is_there or (self._verify and not manifest.matches(output)):
            why = "missing, or not what its manifest says"
            raise DataError(why, path=output, hint="score it again")
        own = [os.path.realpath(path)]
        if manifest.n_rows:
            # In one folder, equal content may be two shards, which the run counted as two; but
            # the same files scored alike are a copy of one.
            content = json.dumps([each["sha256"] for each in manifest.inputs])
            files = [each["path"] for each in manifest.inputs]
            own.append(json.dumps([files, content, manifest.parameters], sort_keys=True))
            if os.path.dirname(os.path.realpath(self._seen.setdefault(content, path))) != folder:
                own.append(content)
        self._refuse_seen(own, path)
        for key in (*own, output, run):
            self._seen.setdefault(key, path)
        parameters = {**manifest.parameters, "version": manifest.version}
        # The estimator and the bins are compared as summaries are merged.
        self._refuse_difference("", path, parameters, ["normalize", "logits", "classes"])
        if listed_outputs(run):
            self._refuse_difference(run, path, parameters, sorted(parameters))

    def _check_result(self, path: str, result: _Result) -> None:
        own = [os.path.realpath(path)]
        if result.summary.n_samples:
            own.append(result.sha256)  # a copy of a result is that result
        output = [] if result.output is None else [os.path.realpath(result.output)]
        self._refuse_seen(own + output, path)
        if result.summary.n_samples and result.summary == self.summary:
            raise DataError("what is before it already counts the same samples", path=path)
        self._seen |= dict.fromkeys(own, path)

    def _refuse_seen(self, keys: list[str], path: str) -> None:
        for key in keys:
            if key in self._seen:
                why = f"{self._seen[key]!r} already counts the same samples"
                raise DataError(why, path=path)

    def _refuse_difference(
        self, run: str, path: str, found: dict[str, Any], names: list[str]
    ) -> None:
        first, before = self._first.setdefault(run, (path, found))
        for name in names:
            now, then = found.get(name), before.get(name)
            if now != then:
                hint = "this folder mixes two runs; rerun the unfinished one" if run else None
                why = f"it was scored with {name} {now!r}, {first!r} with {then!r}"
                raise DataError(why, path=path, hint=hint)


def _read(path: str) -> Manifest | _Result:
    try:
        if os.stat(path).st_size > MOST_BYTES:
            raise ValueError("too large")
        data = Path(path).read_bytes()
        content: Any = json.loads(data)
        if isinstance(content, dict) and "manifest_sha256" in content:
            return Manifest.from_bytes(data)
        summary, output = ec.Summary.from_dict(content["summary"]), content.get("output")
        output = output if isinstance(output, str) else None
        sha256 = hashlib.sha256(data).hexdigest()
        return _Result(summary, int(content["n_classes"]), output, sha256)
    except FileNotFoundError as error:
        raise DataError("no such file or folder", path=path) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"neither a manifest nor the output of 'score --json': {reason(error)}"
        raise UnreadableError(why, path=path) from error


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
            why = f"no manifests of scored shards in {manifest_folder(folder)!r}"
            raise DataError(why, path=path)
        missing = listed - manifests
        if missing:
            what = f"{len(missing)} of {len(listed)} manifests are missing"
            raise DataError(
                f"it is not complete: {what}, such as that of {min(missing)!r}", path=path,
                hint="score them, or merge the manifests of the others by name",
            )  # fmt: skip
        others = (outputs - manifests) | (manifests - listed if listed else set())
        if others:
            hint = "move it away with its manifest, or score it again"
            raise DataError(f"{min(others)!r} does not belong to its run", path=path, hint=hint)
        found += sorted(manifest_path(os.path.join(folder, name)) for name in manifests)
    return found
