"""One shard: found complete, or scored block by block into a file and its manifest."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import easiness_core as ec
from easiness_io.errors import DataError, OutputError, ShardError, located, reason
from easiness_io.fingerprint import content_sha256, file_sha256, fingerprint
from easiness_io.parameters import Parameters
from easiness_io.sample_reader import SampleReader
from easiness_io.scoring import score_blocks
from easiness_io.shards.compare import difference, traits
from easiness_io.shards.discover import Shard
from easiness_io.shards.manifest import Manifest, load_manifest, manifest_path
from easiness_io.writers.atomic import atomic_write, check_output
from easiness_io.writers.tables import SINKS


@contextmanager
def as_shard_error(path: str) -> Iterator[None]:
    """Turn what goes wrong with a shard into a `ShardError`, which names it and can be pickled."""
    try:
        with located(path):
            yield
    except ShardError:
        raise
    except DataError as error:
        raise ShardError(
            error.problem, path=error.path, argument=error.argument, hint=error.hint, row=error.row
        ) from error
    except (
        OSError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError, ImportError
    ) as error:  # fmt: skip
        raise ShardError(reason(error), path=path) from error


def open_shard(shard: Shard, parameters: Parameters) -> SampleReader:
    """Open the files of a shard, which cannot be pipes: a rerun reads them again.

    Raises
    ------
    DataError
        If one cannot be read.
    """
    for path in shard.inputs:
        if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            raise DataError("it is a pipe or device", path=path, hint="save it to a file")
    return SampleReader(shard.input, shard.labels_path, parameters.reading)


def load_if_complete(shard: Shard, parameters: Parameters, *, overwrite: bool) -> Manifest | None:
    """Load the manifest of a shard that is scored; None where it is to be scored.

    Raises
    ------
    OutputError
        If the output is another program's file, or was scored from other inputs or in another
        way, and `overwrite` is false.
    """
    output = shard.output
    try:
        manifest = load_manifest(output, overwrite=overwrite)
    except FileNotFoundError:
        check_output(output, overwrite, inputs=shard.inputs)
        return None
    check_output(output, True, inputs=shard.inputs)
    if manifest is None:
        return None
    changed = difference_from(manifest, parameters) or _changed_input(manifest, shard.inputs)
    if changed is None:
        return manifest if manifest.matches(output) else None
    if overwrite or not os.path.lexists(output):
        return None
    raise OutputError(
        f"it was scored {changed}", path=output, hint="choose another output, or pass {overwrite}"
    )


def difference_from(manifest: Manifest, parameters: Parameters) -> str | None:
    """Say in what an earlier run differs from this one, if it does: its version or a parameter."""
    if manifest.version != ec.__version__:
        return f"by version {manifest.version}, this is {ec.__version__}"
    noted, wanted = _flat(manifest.parameters), _flat(parameters.to_dict())
    # The kind of estimator first: others have other parameters.
    for name in sorted(wanted.keys() | noted.keys(), key=lambda name: (" kind" not in name, name)):
        before, now = noted.get(name), wanted.get(name)
        if before != now:
            return f"with {name} {before!r}, not {now!r}"
    return None


def _flat(parameters: dict[str, Any]) -> dict[str, Any]:
    flat = {}
    for name, value in parameters.items():
        inner = value if isinstance(value, dict) else {}
        flat.update({f"{name} {key}": each for key, each in inner.items()} or {name: value})
    return flat


def _changed_input(manifest: Manifest, inputs: list[str]) -> str | None:
    if len(inputs) != len(manifest.inputs):
        return "from other inputs"
    for path, noted in zip(inputs, manifest.inputs, strict=True):
        now = fingerprint(path)
        if now["name"] != noted["name"] or now["size"] != noted.get("size"):
            return f"from an input other than {path!r} as it is now"
        # A copy, and a data set that was moved, have the same content.
        same = all(noted.get(key) == value for key, value in now.items())
        if not same and content_sha256(path) != noted["sha256"]:
            if now["path"] != noted.get("path"):
                return f"from {noted.get('path')!r}, which is not {path!r}"
            return f"from {path!r} before it changed"
    return None


def run_shard(
    reader: SampleReader,
    output: str,
    parameters: Parameters,
    *,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Manifest:
    """Score an input into a file, and write its manifest.

    The manifest is written first: a crash between the two leaves one that the file does not match,
    so that the shard is scored again, and never a file without a manifest.

    Raises
    ------
    DataError
        If the input is not valid, or changed meanwhile, or the output cannot be written.
    """
    before = reader.fingerprints
    if list(map(fingerprint, reader.paths)) != before:
        raise DataError("it changed since it was checked", path=reader.paths[0], hint="try again")
    manifest_file = manifest_path(output)
    _make(os.path.dirname(manifest_file))
    with atomic_write(output, True) as file:
        sink = SINKS[os.path.splitext(output)[1].lower()](
            file, reader.classes, escape_formulas=parameters.escape_formulas
        )
        summary = score_blocks(
            reader, parameters, add=sink.add, n_threads=n_threads, progress=progress
        )
        sink.close()
        file.flush()
        contents = list(map(content_sha256, reader.paths))
        if list(map(fingerprint, reader.paths)) != before:
            raise DataError("it changed while it was read", path=reader.paths[0], hint="try again")
        if not os.fstat(file.fileno()).st_nlink:
            raise OutputError("another run took over its folder", path=output, hint="run again")
        manifest = Manifest(
            ec.__version__, parameters.to_dict(),
            [{**each, "sha256": sha} for each, sha in zip(before, contents, strict=True)],
            summary.n_samples, reader.n_classes, file.seek(0, os.SEEK_END), file_sha256(file),
            summary,
        )  # fmt: skip
        with atomic_write(manifest_file, True) as beside:
            beside.write(manifest.to_bytes())
    return manifest


def _make(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot make the folder of manifests: {reason(error)}", path=folder,
            hint="write to a folder whose parent is writable",
        ) from error  # fmt: skip


def complete_shard(
    shard: Shard,
    parameters: Parameters,
    *,
    overwrite: bool,
    reader: SampleReader | None = None,
    expected: dict[str, Any] | None = None,
    n_threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> tuple[ec.Summary, bool]:
    """Score a shard, unless that has been done.

    Parameters
    ----------
    shard : Shard
        What to read and write.
    parameters : Parameters
        How to score it.
    overwrite : bool
        Whether an output that was made otherwise is replaced.
    reader : SampleReader, optional
        The shard, where it is open.
    expected : dict, optional
        What `shared_traits` gave for all shards; a shard that no longer has these is refused.
    n_threads, progress
        As in `score_shard`.

    Returns
    -------
    tuple of Summary and bool
        The summary, and whether the shard was complete before.

    Raises
    ------
    ShardError
        If it cannot be scored.
    """
    with as_shard_error(shard.input):
        done = load_if_complete(shard, parameters, overwrite=overwrite)
        if done is not None:
            return done.summary, True
        reader = reader or open_shard(shard, parameters)
        other = None if expected is None else difference(expected, traits(reader))
        if other is not None:
            raise DataError(
                f"it changed since it was checked: {other[1]} in the other shards",
                path=shard.input, hint="try again",
            )  # fmt: skip
        done = run_shard(reader, shard.output, parameters, n_threads=n_threads, progress=progress)
        return done.summary, False
