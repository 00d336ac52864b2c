"""The note beside a scored shard: what it was made of, and what its bytes must be."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import easiness_core as ec
from easiness_cli._errors import CommandError

_FORMAT = 1
# A summary takes some hundred bytes, and class names what they take.
MOST_BYTES = 64 << 20


def sidecar_path(output: str) -> str:
    """Give the name of the note beside `output`."""
    return output + ".json"


def file_sha256(file: Any) -> str:
    """Checksum a file from its start."""
    file.seek(0)
    digest: str = hashlib.file_digest(file, "sha256").hexdigest()
    return digest


def _files(path: str) -> Iterator[str]:
    if not os.path.isdir(path):
        yield path
        return
    seen = set()
    # Linked folders too: what reads the data follows them.
    for folder, folders, names in os.walk(path, followlinks=True):
        found = os.stat(folder)
        if (found.st_dev, found.st_ino) in seen:
            folders.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        folders.sort()
        for name in sorted(names):
            yield os.path.join(folder, name)


def stamp(path: str) -> dict[str, Any]:
    """Say what tells quickly that an input is another, or has changed.

    Its size and times; of a folder those of every file, by name: chunks that change places change
    no sum. The second time, of the last change of name or attributes, cannot be set by programs.
    """
    found = [(os.path.relpath(name, path), os.stat(name)) for name in _files(path)]
    told = {
        "name": os.path.basename(os.path.normpath(path)),
        "path": os.path.abspath(path),
        "size": sum(each.st_size for _, each in found),
        "mtime_ns": max((each.st_mtime_ns for _, each in found), default=0),
        "ctime_ns": max((each.st_ctime_ns for _, each in found), default=0),
    }
    if os.path.isdir(path):
        digest = hashlib.sha256()
        for name, each in found:
            times = f"{each.st_size}\0{each.st_mtime_ns}\0{each.st_ctime_ns}"
            digest.update(f"{name}\0{times}\n".encode(errors="surrogateescape"))
        told["files_sha256"] = digest.hexdigest()
    return told


def content_sha256(path: str) -> str:
    """Checksum a file; of a folder, the names and checksums of all files in it."""
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            return file_sha256(file)
    digest = hashlib.sha256()
    for name in _files(path):
        with open(name, "rb") as file:
            told = f"{os.path.relpath(name, path)}\0{file_sha256(file)}\n"
            digest.update(told.encode(errors="surrogateescape"))
    return digest.hexdigest()


def json_sha256(content: dict[str, Any]) -> str:
    """Checksum what JSON holds, written with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Sidecar:
    """What is known of one shard.

    Attributes
    ----------
    version : str
        Of easiness_core.
    parameters : dict
        All that the numbers depend on but the inputs.
    inputs : list of dict
        Of each input: what `stamp` says of it, and `sha256` of its content.
    n_rows, n_classes : int
        Shape of the probabilities.
    output_size : int
        Bytes of the scores' file.
    output_sha256 : str
        Checksum of the scores' file.
    summary : Summary
        Counts and exact sums.
    """

    version: str
    parameters: dict[str, Any]
    inputs: list[dict[str, Any]]
    n_rows: int
    n_classes: int
    output_size: int
    output_sha256: str
    summary: ec.Summary

    def to_bytes(self) -> bytes:
        """Write as JSON, the same bytes for the same content."""
        content = {
            "format": _FORMAT,
            "version": self.version,
            "parameters": self.parameters,
            "parameters_sha256": json_sha256(self.parameters),
            "inputs": self.inputs,
            "rows": self.n_rows,
            "classes": self.n_classes,
            "output": {"size": self.output_size, "sha256": self.output_sha256},
            "summary": self.summary.to_dict(),
        }
        content["note_sha256"] = json_sha256(content)
        return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    def _check_types(self) -> None:
        inputs = self.inputs if isinstance(self.inputs, list) else [None]
        texts = [self.version, self.output_sha256]
        counts = [self.n_rows, self.n_classes, self.output_size]
        for each in inputs:
            if not isinstance(each, dict):
                raise TypeError("inputs")
            texts += [each["name"], each["sha256"]]
            counts += [each["size"], each["mtime_ns"]]
        if not isinstance(self.parameters, dict) or not all(isinstance(t, str) for t in texts):
            raise TypeError("parameters or texts")
        if any(type(count) is not int for count in counts):
            raise TypeError("counts")

    @classmethod
    def from_bytes(cls, data: bytes) -> Sidecar:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ValueError
            If it is anything else, or does not agree with itself.
        """
        try:
            content = json.loads(data)
            if content.pop("note_sha256") != json_sha256(content):
                raise ValueError("it does not match its own checksum")
            if content["format"] != _FORMAT:
                raise ValueError(f"format {content['format']!r}, expected {_FORMAT}")
            found = cls(
                content["version"],
                content["parameters"],
                content["inputs"],
                content["rows"],
                content["classes"],
                content["output"]["size"],
                content["output"]["sha256"],
                ec.Summary.from_dict(content["summary"]),
            )
            found._check_types()
            if found.n_rows != found.summary.n_samples:
                raise ValueError("its rows are not those of its summary")
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not the note of a shard ({error!r})") from error
        return found


def read_sidecar(output: str) -> Sidecar | None:
    """Read the note beside `output`; None where it is damaged.

    Raises
    ------
    FileNotFoundError
        If there is none.
    CommandError
        If there can be none: its name would be too long.
    """
    path = sidecar_path(output)
    try:
        found = os.lstat(path)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise CommandError(
                f"{output!r}: the note beside it would be {os.path.basename(path)!r}, which is too "
                f"long for the file system; choose a shorter name"
            ) from error
        raise
    if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
        return None
    with open(path, "rb") as file:
        try:
            return Sidecar.from_bytes(file.read())
        except ValueError:
            return None


def is_foreign(output: str) -> bool:
    """Whether what lies where the note beside `output` should be was never one, not even whole."""
    path = sidecar_path(output)
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
        return True
    with open(path, "rb") as file:
        data = file.read()
    # `to_bytes` sorts its keys.
    return not data.startswith(b'{\n "classes": ') and b'"parameters_sha256"' not in data


def is_whole(output: str, sidecar: Sidecar) -> bool:
    """Whether the scores' file is there with the bytes that the note promises."""
    try:
        found = os.lstat(output)
        if not stat.S_ISREG(found.st_mode) or found.st_size != sidecar.output_size:
            return False
        with open(output, "rb") as file:
            return file_sha256(file) == sidecar.output_sha256
    except FileNotFoundError:
        return False
