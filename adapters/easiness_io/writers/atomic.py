"""Output files that are checked before the work begins, and appear complete or not at all."""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from easiness_io.errors import DataError, reason


def check_output(path: str, overwrite: bool, *, inputs: Iterable[str | None] = ()) -> None:
    """Check, before any work, that an output can and may be written.

    It must be a new file, or an ordinary one with `overwrite`, in a writable folder, and not one of
    the `inputs` or within one.
    """
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise _error(path, f"the folder {folder!r} does not exist")
    sources = [each for each in inputs if each not in (None, "-")]
    for source in filter(os.path.isdir, sources):
        outer = os.path.realpath(source)
        if os.path.commonpath([outer, os.path.realpath(path)]) == outer:
            raise _error(path, f"it is in the input {source!r}", "name a file elsewhere")
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        found = None
    except (OSError, ValueError) as error:
        raise _error(path, reason(error)) from error
    if found is not None:
        if stat.S_ISLNK(found.st_mode):
            raise _error(path, "it is a symbolic link", "name its target")
        if stat.S_ISDIR(found.st_mode):
            raise _error(path, "it is a folder", "name a file in it")
        if not stat.S_ISREG(found.st_mode):
            raise _error(path, "it is not a regular file")
        if any(os.path.samefile(source, path) for source in filter(os.path.exists, sources)):
            raise _error(path, "it is also an input", "name another file")
        if not overwrite:
            raise _error(path, "it exists", "pass {overwrite} to replace it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _error(path, f"the folder {folder!r} is not writable")


def _error(path: str, why: str, hint: str | None = None) -> DataError:
    return DataError(f"cannot write: {why}", path=path, hint=hint)


@contextmanager
def atomic_write(path: str, overwrite: bool) -> Iterator[BinaryIO]:
    """Write a file so that other programs see the old one or the complete new one.

    The file has a temporary name in the same folder. It gets its final name when the `with` block
    ends, and is removed if the block raises an exception.
    """
    check_output(path, overwrite)
    folder, name = os.path.split(path)
    # Truncated: a long name plus a suffix could exceed the limit of the file system.
    temporary = os.path.join(folder, f".{name[:40]}.{secrets.token_hex(6)}.tmp")
    try:
        # Mode 0o666 minus the umask, as open() does; tempfile would use 0o600.
        handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            _publish(temporary, path, overwrite)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(folder or ".")
    except OSError as error:
        raise _error(path, reason(error)) from error


def _publish(temporary: str, path: str, overwrite: bool) -> None:
    if not overwrite:
        try:
            # Unlike a rename, a link fails if the file was created in the meantime.
            os.link(temporary, path)
        except FileExistsError:
            raise _error(path, "it was made meanwhile", "pass {overwrite} to replace it") from None
        except OSError:
            # Some file systems have no hard links; there, only the earlier check protects the file.
            check_output(path, overwrite)
        else:
            os.unlink(temporary)
            return
    os.replace(temporary, path)


def _sync_folder(folder: str) -> None:
    """Make the new name survive a power failure, if the system can."""
    # Windows and some file systems cannot, nor can they where the folder is not readable. The file
    # is complete and in its place by now, so an error would be wrong.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
