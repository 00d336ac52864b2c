"""One shard: decide whether it is done, else score it block by block."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import easiness_core as ec
from easiness_cli._common import columns_told
from easiness_cli._errors import CommandError, as_parameters, reason
from easiness_cli._parameters import Parameters
from easiness_cli._sidecar import (
    Sidecar,
    content_sha256,
    file_sha256,
    is_foreign,
    is_whole,
    read_sidecar,
    sidecar_path,
    stamp,
)
from easiness_cli._stream import Rows
from easiness_cli._write import atomic_write, check_output

FORMATS = (".parquet", ".csv", ".npz")


class ShardError(ValueError):
    """A shard that cannot be scored: what was got, what was expected, how to mend it."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what goes wrong with a shard into one exception, which names it and can be pickled."""
    try:
        yield
    except ShardError:
        raise
    except CommandError as error:
        raise ShardError(str(error)) from error
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        raise ShardError(f"{name!r}: this needs {package}: pip install {package}") from error
    except MemoryError as error:
        raise ShardError(
            f"{name!r}: out of memory: give the process more, or refuse such files by a lower "
            f"--max-bytes {error}".rstrip()
        ) from error
    except (
        OSError, ValueError, TypeError, ArithmeticError, AttributeError, RecursionError
    ) as error:  # fmt: skip
        raise ShardError(f"{name!r}: {reason(error)}") from error


@contextmanager
def told_to_callers() -> Iterator[None]:
    """Let errors speak of parameters: commands name their options, functions have none."""
    try:
        yield
    except ShardError as error:
        error.args = (as_parameters(str(error)), *error.args[1:])
        failed: dict[str, str] = getattr(error, "failed", {})
        failed.update({name: as_parameters(why) for name, why in failed.items()})
        raise


def finished(
    inputs: list[str], output: str, parameters: Parameters, *, overwrite: bool
) -> Sidecar | None:
    """Give the note of a shard that is done, or None where it is to be scored.

    Raises
    ------
    CommandError
        If `output` is somebody else's file, or was scored from other inputs or in another way,
        and `overwrite` is false.
    """
    try:
        sidecar = read_sidecar(output)
    except FileNotFoundError:
        check_output(output, overwrite, inputs=inputs)
        return None
    check_output(output, True, inputs=inputs)
    if sidecar is None:
        if not overwrite and is_foreign(output):
            raise CommandError(
                f"{sidecar_path(output)!r}: not the note of a shard: choose another output, or "
                f"overwrite both files (overwrite=True, --overwrite)"
            )
        return None
    changed = _changes(sidecar, inputs, parameters)
    if changed is None:
        return sidecar if is_whole(output, sidecar) else None
    if overwrite or not os.path.lexists(output):
        return None
    raise CommandError(
        f"{output!r} was scored {changed}: choose another output, or overwrite it "
        f"(overwrite=True, --overwrite)"
    )


def _changes(sidecar: Sidecar, inputs: list[str], parameters: Parameters) -> str | None:
    """Say in what the earlier run differs from this one, if it does."""
    other = other_run(sidecar, parameters)
    if other is not None:
        return other
    if len(inputs) != len(sidecar.inputs):
        return "from other inputs"
    for path, noted in zip(inputs, sidecar.inputs, strict=True):
        now = stamp(path)
        if now["name"] != noted.get("name") or now["size"] != noted.get("size"):
            return f"from an input other than {path!r} as it is now"
        # A copy, and a data set that was moved, have the same content.
        if any(noted.get(key) != value for key, value in now.items()) and (
            content_sha256(path) != noted.get("sha256")
        ):
            if now["path"] != noted.get("path"):
                return f"from {noted.get('path')!r}, which is not {path!r}"
            return f"from {path!r} before it changed"
    return None


def other_run(sidecar: Sidecar, parameters: Parameters) -> str | None:
    """Say in what an earlier run differs from this one, if it does: its version or a parameter."""
    if sidecar.version != ec.__version__:
        return f"by version {sidecar.version}, this is {ec.__version__}"
    noted, wanted = _flat(sidecar.parameters), _flat(parameters.to_dict())
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


def run_shard(
    rows: Rows,
    output: str,
    parameters: Parameters,
    *,
    n_threads: int | None,
    progress: Callable[[int], None] | None,
) -> Sidecar:
    """Score an input into a file, and write the note beside it.

    The note goes first: a crash between the two leaves a note that the file does not match, and
    so a shard to be done again, never a file that nothing vouches for.
    """
    from easiness_cli._write_stream import SINKS

    before = rows.stamps
    if [stamp(path) for path in rows.paths] != before:
        raise CommandError(f"{rows.paths[0]!r}: an input changed since it was checked; try again")
    with atomic_write(output, True) as file:
        sink = SINKS[os.path.splitext(output)[1].lower()](file, parameters.escape_formulas)
        summary = score_blocks(rows, sink.add, parameters, n_threads, progress)
        sink.close()
        file.flush()
        contents = [content_sha256(path) for path in rows.paths]
        if [stamp(path) for path in rows.paths] != before:
            raise CommandError(f"{rows.paths[0]!r}: an input changed while it was read; try again")
        if not os.fstat(file.fileno()).st_nlink:
            raise CommandError(f"{output!r}: another run took over its folder; run again")
        sidecar = Sidecar(
            ec.__version__,
            parameters.to_dict(),
            [{**each, "sha256": sha} for each, sha in zip(before, contents, strict=True)],
            summary.n_samples,
            rows.n_classes,
            file.seek(0, os.SEEK_END),
            file_sha256(file),
            summary,
        )
        with atomic_write(sidecar_path(output), True) as note:
            note.write(sidecar.to_bytes())
    return sidecar


def score_blocks(
    rows: Rows,
    add: Callable[[ec.Scores, Any], None] | None,
    parameters: Parameters,
    n_threads: int | None,
    progress: Callable[[int], None] | None,
) -> ec.Summary:
    """Score block after block, and hand each to `add`."""
    summary = ec.Summary(estimator=parameters.estimator, n_bins=parameters.n_bins)
    for block in rows.blocks():
        with columns_told(block):
            scores = ec.score(
                block.probs,
                block.labels,
                estimator=parameters.estimator,
                n_bins=parameters.n_bins,
                normalize=parameters.normalize,
                n_threads=n_threads,
                _first_row=block.first_row,
            )
        summary.update(scores)
        if add is not None:
            add(scores, block)
        if progress is not None:
            progress(summary.n_samples)
    return summary


def check_format(output: str) -> None:
    """Refuse a file name of no known format.

    Raises
    ------
    CommandError
        If it ends otherwise.
    """
    if os.path.splitext(output)[1].lower() not in FORMATS:
        raise CommandError(f"{output!r}: expected a name ending in {', '.join(FORMATS)}")
