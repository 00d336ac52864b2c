"""Detect that a file has changed: quickly by size and times, surely by checksums."""

import hashlib
import os
from typing import Any


def file_sha256(file: Any) -> str:
    """Compute the checksum of an open file."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(path: str) -> dict[str, Any]:
    """Describe a file by its name, size and times.

    The second time is that of the last change of name or attributes; programs cannot set it.
    """
    found = os.stat(path)
    return {
        "name": os.path.basename(path),
        "path": os.path.abspath(path),
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "ctime_ns": found.st_ctime_ns,
    }


def content_sha256(path: str) -> str:
    """Compute the checksum of a file."""
    with open(path, "rb") as file:
        return file_sha256(file)
