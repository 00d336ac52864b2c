"""Detect that a file has changed: quickly by size and times, reliably by checksums."""

import hashlib
import os
from typing import Any


def file_sha256(file: Any) -> str:
    """Compute the checksum of an open file."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _files(path: str) -> list[str]:
    if not os.path.isdir(path):
        return [path]
    return sorted(entry.path for entry in os.scandir(path) if entry.is_file())


def fingerprint(path: str) -> dict[str, Any]:
    """Describe a file, or the folder of a dataset, by its name, size and times.

    The second time is that of the last change of name or attributes; programs cannot set it.
    """
    found = [os.stat(name) for name in _files(path)]
    return {
        "name": os.path.basename(os.path.normpath(path)),
        "path": os.path.abspath(path),
        "size": sum(each.st_size for each in found),
        "mtime_ns": max((each.st_mtime_ns for each in found), default=0),
        "ctime_ns": max((each.st_ctime_ns for each in found), default=0),
    }


def content_sha256(path: str) -> str:
    """Compute the checksum of a file, or of the names and checksums in a folder."""
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            return file_sha256(file)
    digest = hashlib.sha256()
    for name in _files(path):
        line = f"{os.path.basename(name)}\0{content_sha256(name)}\n"
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()
