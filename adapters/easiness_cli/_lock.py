"""One run at a time in one output folder."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from easiness_cli._errors import CommandError, reason

LOCK = ".easiness.lock"


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold a folder's lock; the system releases it when the process ends, however it ends.

    The lock file stays: who would remove it could remove the lock of a run that has just begun.

    Raises
    ------
    CommandError
        If another run holds it, it is a link, or the system has no such locks.
    """
    try:
        import fcntl
    except ImportError as error:
        raise CommandError("folders of shards need a system with fcntl locks") from error
    path = os.path.join(folder, LOCK)
    try:
        handle = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o666
        )
    except OSError as error:
        raise CommandError(f"cannot lock {path!r}: {reason(error)}") from error
    try:
        found = os.fstat(handle)
        # A second name would be that of a file of somebody's: it would be overwritten below.
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
            raise CommandError(
                f"cannot lock {path!r}: it is no file of its own (a device, or a hard link); "
                f"remove it"
            )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 200).decode("utf-8", "replace").strip() or "another process"
            raise CommandError(
                f"{folder!r}: another run is writing there ({holder}); wait for it, or choose "
                f"another folder"
            ) from None
        except OSError as error:
            raise CommandError(f"cannot lock {path!r}: {reason(error)}") from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)
