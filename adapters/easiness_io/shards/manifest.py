"""The manifest of a scored shard: its inputs and parameters, and the checksum of its bytes.

Manifests are in `D.easiness`, next to the folder of outputs `D`: programs that read `D` as one
table, such as polars, refuse other files in it, even hidden ones.
"""

import errno
import hashlib
import json
import os
import stat
from dataclasses import dataclass
from typing import Any, Self

import easiness_core as ec
from easiness_io.errors import DataError, reason
from easiness_io.fingerprint import content_sha256, file_sha256, fingerprint
from easiness_io.parameters import Parameters
from easiness_io.shards.discover import Shard
from easiness_io.writers.atomic import check_output

SUFFIX = ".easiness"
# A summary takes a few hundred bytes; class names may be long.
MOST_BYTES = 64 << 20
_FORMAT = 2
_KINDS = {
    "version": str, "parameters": dict, "inputs": list, "n_rows": int, "n_classes": int,
    "output_size": int, "output_sha256": str,
}  # fmt: skip
_INPUT_KINDS = {"name": str, "path": str, "sha256": str, "size": int}
_OTHERWISE = "choose another output, or pass {overwrite}"


def manifest_folder(folder: str) -> str:
    """Return the folder of the manifests of the outputs in `folder`: `folder.easiness`."""
    path = os.path.abspath(folder or ".")
    if path == os.path.dirname(path):
        raise DataError("cannot write: it is the root", path=path, hint="name a folder in it")
    return path + SUFFIX


def manifest_path(output: str) -> str:
    """Return the path of an output's manifest: `scores.easiness/a.csv.json` for `scores/a.csv`."""
    folder, name = os.path.split(output)
    return os.path.join(manifest_folder(folder), name + ".json")


def make_folder(folder: str) -> None:
    """Create a folder and its parents, unless they exist."""
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        why, hint = f"cannot make the folder: {reason(error)}", "name one in a writable folder"
        raise DataError(why, path=folder, hint=hint) from error


def json_sha256(content: dict[str, Any]) -> str:
    """Compute the checksum of JSON content, written with sorted keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """The record of one scored shard."""

    version: str
    parameters: dict[str, Any]
    inputs: list[dict[str, Any]]
    n_rows: int
    n_classes: int
    output_size: int
    output_sha256: str
    summary: ec.Summary

    def to_bytes(self) -> bytes:
        """Return as JSON: equal content gives equal bytes."""
        content = {**vars(self), "format": _FORMAT, "summary": self.summary.to_dict()}
        content["manifest_sha256"] = json_sha256(content)
        return (json.dumps(content, indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        try:
            content = json.loads(data)
            if content.pop("manifest_sha256") != json_sha256(content):
                raise ValueError("it does not match its own checksum")
            if content.pop("format") != _FORMAT:
                raise ValueError(f"its format is not {_FORMAT}")
            _check_kinds(content, _KINDS)
            _check_kinds(content["parameters"], {"estimator": dict})
            for each in content["inputs"]:
                _check_kinds(each, _INPUT_KINDS)
            return cls(**content | {"summary": ec.Summary.from_dict(content["summary"])})
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError("its content is different") from error

    def difference_from(self, parameters: Parameters, output: str) -> str | None:
        """Describe how an earlier run differs in version or a parameter; None if it does not."""
        if self.version != ec.__version__:
            return f"by version {self.version}, this is {ec.__version__}"
        noted, wanted = _flat(self.parameters), _flat(parameters.to_dict(output))
        # The kind of estimator first, because other kinds have other parameters.
        for name in sorted(wanted | noted, key=lambda name: (" kind" not in name, name)):
            if noted.get(name) != wanted.get(name):
                return f"with {name} {noted.get(name)!r}, not {wanted.get(name)!r}"
        return None

    def changed_input(self, paths: list[str]) -> str | None:
        """Describe which input has changed; None if none has."""
        if len(paths) != len(self.inputs):
            return "from other inputs"
        for path, noted in zip(paths, self.inputs, strict=True):
            now = fingerprint(path)
            if now["name"] != noted["name"] or now["size"] != noted["size"]:
                return f"from an input other than {path!r} as it is now"
            # A copy or a moved data set has the same content.
            if not now.items() <= noted.items() and content_sha256(path) != noted["sha256"]:
                if now["path"] != noted["path"]:
                    return f"from {noted['path']!r}, which is not {path!r}"
                return f"from {path!r} before it changed"
        return None

    def matches(self, output: str) -> bool:
        """Whether the file of scores exists with the bytes that the manifest describes."""
        is_file = os.path.isfile(output) and not os.path.islink(output)
        if not is_file or os.path.getsize(output) != self.output_size:
            return False
        with open(output, "rb") as file:
            return file_sha256(file) == self.output_sha256


def _check_kinds(content: dict[str, Any], kinds: dict[str, type]) -> None:
    for name, kind in kinds.items():
        value = content[name]
        if type(value) is not kind or (isinstance(value, int) and value < 0):
            raise TypeError(name)


def _flat(parameters: dict[str, Any]) -> dict[str, Any]:
    flat = {f"estimator {name}": value for name, value in parameters["estimator"].items()}
    return {**parameters, **flat, "estimator": None}


def load_if_complete(
    shard: Shard, parameters: Parameters, *, overwrite: bool, quickly: bool = False
) -> Manifest | None:
    """Load the manifest of a shard that has been scored; None if the shard must be scored.

    Refuses, unless `overwrite`, an output that was scored in another way, from other inputs, or by
    another program. `quickly` compares the parameters only, not inputs and checksums.
    """
    output, path = shard.output, manifest_path(shard.output)
    try:
        is_file = stat.S_ISREG(os.lstat(path).st_mode)
    except FileNotFoundError:
        if not quickly:
            check_output(output, overwrite, inputs=shard.inputs)
        return None
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        why = f"its manifest would be called {os.path.basename(path)!r}, which is too long"
        raise DataError(why, path=output, hint="choose a shorter name") from error
    if not quickly:
        check_output(output, True, inputs=shard.inputs)
    data = b""
    if is_file:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES)
    try:
        manifest = Manifest.from_bytes(data)
    except ValueError as error:
        # Keys are sorted, so every manifest begins like this, even a damaged one.
        if overwrite or data.startswith(b'{\n "format": ') or b'"manifest_sha256"' in data:
            return None
        why = "another file has the name of a manifest"
        raise DataError(why, path=path, hint=_OTHERWISE) from error
    changed = manifest.difference_from(parameters, output)
    if changed is None and not quickly:
        changed = manifest.changed_input(shard.inputs)
    if changed is not None and not overwrite and os.path.lexists(output):
        raise DataError(f"it was scored {changed}", path=output, hint=_OTHERWISE)
    return manifest if changed is None and (quickly or manifest.matches(output)) else None
