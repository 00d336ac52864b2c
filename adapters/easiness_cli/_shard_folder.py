"""The folder of a run's outputs: what may be in it, and which shards belong there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from easiness_cli._errors import CommandError, reason
from easiness_cli._lock import locked
from easiness_cli._parameters import Parameters
from easiness_cli._shard_names import Shard
from easiness_cli._shard_run import FORMATS, other_run
from easiness_cli._sidecar import MOST_BYTES, read_sidecar, sidecar_path
from easiness_cli._write import atomic_write

# Hidden: what reads all files of a folder as one table leaves it out.
SET = ".easiness.shards"
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{12}\.tmp")


def look_beforehand(
    folder: str, shards: list[Shard], parameters: Parameters, *, overwrite: bool
) -> None:
    """Refuse a folder that `output_folder` would refuse, before all labels and ids are read.

    Raises
    ------
    CommandError
        As `output_folder`; a folder that is not there yet is not made.
    """
    if os.path.lexists(folder):
        with output_folder(folder, shards, parameters, overwrite=overwrite, ready=False):
            pass


@contextmanager
def output_folder(
    folder: str,
    shards: list[Shard],
    parameters: Parameters,
    *,
    overwrite: bool,
    ready: bool = True,
) -> Iterator[None]:
    """Make and lock the outputs' folder; where it is to be `ready`, remove half-written files.

    Raises
    ------
    CommandError
        If it cannot be made, is a link, is in use, or holds outputs that are not of these
        shards, or that were scored with other parameters and are not to be overwritten.
    """
    try:
        if os.path.islink(folder.rstrip("/") or folder):
            raise CommandError(f"{folder!r}: it is a symbolic link; name its target")
        os.makedirs(folder, exist_ok=True)
    except FileExistsError as error:
        raise CommandError(
            f"{folder!r}: it is a file; shards are written to a folder, choose another name"
        ) from error
    except OSError as error:
        raise CommandError(f"cannot write to {folder!r}: {reason(error)}") from error
    with locked(folder):
        wanted = {os.path.basename(shard.output) for shard in shards}
        notes = {sidecar_path(name) for name in wanted}
        _refuse_others(folder, wanted | notes)
        _refuse_other_runs(shards, parameters, overwrite=overwrite)
        if not ready:
            yield
            return
        _remove_temporaries(folder, wanted | notes | {SET})
        write_set(folder, wanted)
        yield
        # Once more: workers may have been killed, and their shards done by others.
        _remove_temporaries(folder, wanted | notes)


def write_set(folder: str, outputs: set[str]) -> None:
    """Note which outputs a folder is to hold, so that a part of them is not taken for all."""
    data = json.dumps({"format": 1, "outputs": sorted(outputs)}, indent=0).encode() + b"\n"
    path = os.path.join(folder, SET)
    with suppress(FileNotFoundError), open(path, "rb") as file:
        if file.read(len(data) + 1) == data:
            return
    with atomic_write(path, True) as file:
        file.write(data)


def read_set(folder: str) -> list[str]:
    """Give the outputs that a folder is to hold; none where no run has noted them.

    Raises
    ------
    CommandError
        If the note of them is damaged.
    """
    path = os.path.join(folder, SET)
    try:
        with open(path, "rb") as file:
            content = json.loads(file.read(MOST_BYTES))
        outputs = content["outputs"] if content["format"] == 1 else None
        if not isinstance(outputs, list) or not all(isinstance(name, str) for name in outputs):
            raise ValueError("not a list of names")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandError(
            f"{path!r}: cannot tell which shards belong here ({reason(error)}); run the scoring "
            f"of the folder again"
        ) from error
    return outputs


def is_note_name(name: str) -> bool:
    """Whether a file is called as the note of an output is."""
    stem, suffix = os.path.splitext(name)
    return suffix == ".json" and os.path.splitext(stem)[1].lower() in FORMATS


def is_output_name(name: str) -> bool:
    """Whether a file is called as an output is."""
    return os.path.splitext(name)[1].lower() in FORMATS and name[0] not in "._"


def _refuse_others(folder: str, known: set[str]) -> None:
    """Refuse other outputs: what reads the folder would take their rows for this run's."""
    for name in sorted(os.listdir(folder)):
        if name in known:
            continue
        if is_note_name(name):
            raise CommandError(
                f"{folder!r}: it holds {name!r}, of a shard that is not among these; choose "
                f"another folder"
            )
        if is_output_name(name) and sidecar_path(name) not in known:
            raise CommandError(
                f"{folder!r}: it holds {name!r}, which is no output of this run; move it away, or "
                f"choose another folder"
            )


def _refuse_other_runs(shards: list[Shard], parameters: Parameters, *, overwrite: bool) -> None:
    """Before any is scored: a folder half of one kind and half of another would merge."""
    for shard in shards:
        try:
            note = read_sidecar(shard.output)
        except FileNotFoundError:
            continue
        other = None if note is None else other_run(note, parameters)
        if other is not None and not overwrite and os.path.lexists(shard.output):
            raise CommandError(
                f"{shard.output!r} was scored {other}: choose another output, or overwrite it "
                f"(overwrite=True, --overwrite)"
            )


def _remove_temporaries(folder: str, names: set[str]) -> None:
    shortened = {name[:40] for name in names}
    for name in os.listdir(folder):
        temporary = _TEMPORARY.fullmatch(name)
        if temporary and temporary[1] in shortened:
            with suppress(OSError):
                os.unlink(os.path.join(folder, name))
