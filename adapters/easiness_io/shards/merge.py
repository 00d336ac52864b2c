"""Merge the summaries of scored folders exactly."""

import json
import os
from collections.abc import Iterable
from typing import Any

import easiness_core as ec
from easiness_io.errors import DataError, reason
from easiness_io.shards.folder import SHARD_LIST, found_outputs, listed_outputs
from easiness_io.shards.manifest import MOST_BYTES, SUFFIX, Manifest, manifest_folder, manifest_path


def merge_summaries(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, verify: bool = False
) -> tuple[ec.Summary, int]:
    """Merge the summaries of scored files exactly, in any order.

    Parameters
    ----------
    paths : path, or iterable of paths
        Folders that `score_shards` filled, or manifests.
    verify : bool, default False
        Whether to read every output and compare its checksum.

    Returns
    -------
    summary : Summary
        Summary of all rows.
    n_classes : int
        Number of classes; 0 if unknown.

    Raises
    ------
    DataError
        If a folder is incomplete, something would count twice, or summaries differ in estimator,
        bins or number of classes.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from easiness_io import merge_summaries, score_shards
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for part in range(2):
    ...         np.savez(f"{folder}/{part}.npz", probs=[[0.9, 0.1]], labels=[part])
    ...     _ = score_shards(f"{folder}/*.npz", f"{folder}/scores")
    ...     summary, n_classes = merge_summaries(f"{folder}/scores")
    >>> summary.level_counts, n_classes
    ({'hard': 1, 'medium': 0, 'easy': 1}, 2)
    """
    summary = ec.Summary()
    widths: dict[int, str] = {}  # the first manifest with each number of classes
    # The first manifest that counts each set of samples; and the first manifest of all, and of each
    # folder, with its parameters.
    seen: dict[str, str] = {}
    first: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in _files(paths):
        found = _read(path)
        output = _output_of(path, found, verify=verify)
        _refuse_seen(path, found, seen)
        _refuse_difference(path, found, os.path.dirname(output), first)
        # A manifest without rows may lack the number of classes.
        if found.n_classes or found.n_rows:
            widths.setdefault(found.n_classes, path)
        if len(widths) > 1:
            (a, other), (b, _) = widths.items()
            raise DataError(f"it has {b} classes, {other!r} has {a}", path=path)
        try:
            summary = summary.merge(found.summary)
        except ValueError as error:
            raise DataError(reason(error), path=path) from error
    return summary, next(iter(widths), 0)


def _output_of(path: str, manifest: Manifest, *, verify: bool) -> str:
    folder, name = os.path.split(os.path.realpath(path))
    output = os.path.join(folder.removesuffix(SUFFIX), name.removesuffix(".json"))
    is_there = os.path.isfile(output) and os.path.getsize(output) == manifest.output_size
    if not is_there or (verify and not manifest.matches(output)):
        why = "missing, or different from its manifest"
        raise DataError(why, path=output, hint="score it again")
    return output


def _refuse_seen(path: str, manifest: Manifest, seen: dict[str, str]) -> None:
    """Refuse samples that would count twice."""
    own = [os.path.realpath(path)]
    if manifest.n_rows:
        # In one folder, two shards may have equal content, and the run counted both. But the
        # same files with the same parameters are a copy.
        content = json.dumps([each["sha256"] for each in manifest.inputs])
        files = [each["path"] for each in manifest.inputs]
        own.append(json.dumps([files, content, manifest.parameters], sort_keys=True))
        other = os.path.realpath(seen.setdefault(content, path))
        if os.path.dirname(other) != os.path.dirname(own[0]):
            own.append(content)
    for key in own:
        if key in seen:
            raise DataError(f"{seen[key]!r} already includes these samples", path=path)
        seen[key] = path


def _refuse_difference(
    path: str, manifest: Manifest, folder: str, first: dict[str, tuple[str, dict[str, Any]]]
) -> None:
    """Refuse parameters that differ from those of the other manifests or of the folder's run."""
    found = {**manifest.parameters, "version": manifest.version}
    # For all manifests, merging the summaries compares the estimator and the bins.
    compared = {"": ["normalize", "logits", "classes"]}
    if listed_outputs(folder):
        compared[folder] = sorted(found)
    for run, names in compared.items():
        other, before = first.setdefault(run, (path, found))
        for name in names:
            if found.get(name) != before.get(name):
                now, then = found.get(name), before.get(name)
                why = f"it was scored with {name} {now!r}, {other!r} with {then!r}"
                hint = "this folder mixes two runs; rerun the unfinished one" if run else None
                raise DataError(why, path=path, hint=hint)


def _read(path: str) -> Manifest:
    try:
        with open(path, "rb") as file:
            return Manifest.from_bytes(file.read(MOST_BYTES))
    except FileNotFoundError as error:
        raise DataError("no such file or folder", path=path) from error
    except (OSError, ValueError) as error:
        raise DataError(f"not a manifest: {reason(error)}", path=path) from error


def _files(paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    found: list[str] = []
    paths = [paths] if isinstance(paths, str | os.PathLike) else paths
    for path in [os.fspath(each) for each in paths]:
        if not os.path.isdir(path):
            # `scores.easiness/*.json` also matches the list of shards.
            if os.path.basename(path) != SHARD_LIST:
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
            why = f"it is incomplete: {what}, such as that of {min(missing)!r}"
            hint = "score them, or merge the manifests of the others by name"
            raise DataError(why, path=path, hint=hint)
        others = (outputs - manifests) | (manifests - listed if listed else set())
        if others:
            hint = "move it away with its manifest, or score it again"
            raise DataError(f"{min(others)!r} does not belong to its run", path=path, hint=hint)
        found += sorted(manifest_path(os.path.join(folder, name)) for name in manifests)
    return found
