"""The output folder: used by one run at a time, with nothing else in it."""

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from easiness_io.errors import DataError, reason
from easiness_io.parameters import Parameters
from easiness_io.shards.discover import Shard
from easiness_io.shards.manifest import MOST_BYTES, load_if_complete, make_folder, manifest_folder
from easiness_io.writers.atomic import atomic_write
from easiness_io.writers.tables import SINKS

SHARD_LIST = "shards.json"
_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{12}\.tmp")


def check_folder(
    folder: str,
    shards: Sequence[Shard],
    parameters: Parameters,
    *,
    overwrite: bool,
    is_locked: bool = False,
) -> None:
    """Refuse a folder that is in use, or that has outputs of other shards or other parameters.

    A program that reads the folder would mistake their rows for this run's. Nothing is created.
    """
    for each in (folder, manifest_folder(folder)):
        if os.path.islink(each.rstrip("/") or each):
            raise DataError("it is a symbolic link", path=each, hint="name its target")
        if os.path.lexists(each) and not os.path.isdir(each):
            why = "it is a file; shards are scored into a folder"
            raise DataError(why, path=each, hint="choose another name")
    if os.path.isdir(manifest_folder(folder)) and not is_locked:
        with _locked(folder):
            pass
    outputs, with_manifests = found_outputs(folder)
    others = (outputs | with_manifests) - {os.path.basename(shard.output) for shard in shards}
    if others:
        why = f"it holds {min(others)!r}, or its manifest, which is not of this run"
        raise DataError(why, path=folder, hint="move it away, or choose another folder")
    for shard in shards:
        load_if_complete(shard, parameters, overwrite=overwrite, quickly=True)


@contextmanager
def output_folder(
    folder: str, shards: Sequence[Shard], parameters: Parameters, *, overwrite: bool
) -> Iterator[None]:
    """Create and lock the folder of outputs; remove half-written files before and after."""
    make_folder(folder)
    make_folder(manifest_folder(folder))
    with _locked(folder):
        names = sorted(os.path.basename(shard.output) for shard in shards)
        check_folder(folder, shards, parameters, overwrite=overwrite, is_locked=True)
        _remove_temporaries(folder, names)
        # So that some of the outputs are not mistaken for all of them.
        path = os.path.join(manifest_folder(folder), SHARD_LIST)
        data = json.dumps({"outputs": names}, indent=0).encode() + b"\n"
        if not os.path.isfile(path) or Path(path).read_bytes() != data:
            with atomic_write(path, True) as file:
                file.write(data)
        yield
        # Again: workers may have been killed, and their shards scored by others.
        _remove_temporaries(folder, names)


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold a folder's lock; the system releases it when the process ends for any reason."""
    path = os.path.join(manifest_folder(folder), "lock")
    lock = FileLock(path, timeout=0)
    try:
        # Some versions of filelock truncate the file, whatever it is.
        with suppress(FileNotFoundError):
            found = os.lstat(path)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise DataError("cannot lock: it is a link, or not a file", path=path)
        lock.acquire()
    except Timeout as error:
        hint = "wait for it, or choose another folder"
        raise DataError("another run is writing there", path=folder, hint=hint) from error
    except (OSError, NotImplementedError) as error:
        raise DataError(f"cannot lock: {reason(error)}", path=path) from error
    try:
        yield
    finally:
        lock.release()


def listed_outputs(folder: str) -> list[str]:
    """Return the outputs that a folder should have; none if no run has listed them."""
    path = os.path.join(manifest_folder(folder), SHARD_LIST)
    try:
        with open(path, "rb") as file:
            outputs = json.loads(file.read(MOST_BYTES))["outputs"]
        if not isinstance(outputs, list) or not all(isinstance(name, str) for name in outputs):
            raise ValueError("not a list of names")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"not a list of shards ({reason(error)})"
        raise DataError(why, path=path, hint="score the folder again") from error
    return outputs


def found_outputs(folder: str) -> tuple[set[str], set[str]]:
    """List the outputs in a folder, and those that have manifests."""
    found = []
    for each, end in ((folder, ""), (manifest_folder(folder), ".json")):
        names = os.listdir(each) if os.path.isdir(each) else []
        names = [n.removesuffix(end) for n in names if n.endswith(end) and n[0] not in "._"]
        found.append({name for name in names if os.path.splitext(name)[1].lower() in SINKS})
    return found[0], found[1]


def _remove_temporaries(folder: str, outputs: Sequence[str]) -> None:
    shortened = {each[:40] for name in outputs for each in (name, f"{name}.json", SHARD_LIST)}
    for each in (folder, manifest_folder(folder)):
        for name in os.listdir(each):
            temporary = _TEMPORARY.fullmatch(name)
            if temporary and temporary[1] in shortened:
                with suppress(OSError):
                    os.unlink(os.path.join(each, name))
