"""`easiness merge`: the summary of several runs or shards together."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

import easiness_core as ec
from easiness_cli._errors import CommandError, reason
from easiness_cli._sidecar import MOST_BYTES, Sidecar, is_whole
from easiness_cli._summary import as_json, as_text
from easiness_cli._write import standard_output


def run(args: argparse.Namespace) -> int:
    """Read all, merge, and print."""
    merged = ec.Summary()
    n_classes: dict[int, str] = {}
    seen: dict[str, str] = {}
    for path in _files(args.paths):
        summary, classes, key = _read(path, verify=args.verify)
        if key in seen:
            raise CommandError(f"{path!r}: {seen[key]!r} already counts the same samples")
        seen[key] = path
        n_classes.setdefault(classes, path)
        if len(n_classes) > 1:
            (a, first), (b, second) = n_classes.items()
            raise CommandError(f"{first!r} has {a} classes, {second!r} has {b}")
        try:
            merged = merged.merge(summary)
        except ValueError as error:
            raise CommandError(f"{path!r}: {reason(error)}") from error
    describe = as_json if args.json else as_text
    text = describe(
        merged, n_classes=next(iter(n_classes)), auroc=None,
        auroc_skipped="skipped: it cannot be merged", output=None,
    )  # fmt: skip
    with standard_output():
        print(text)
    return 0


def _files(paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        notes = sorted(name for name in os.listdir(path) if name.endswith(".json"))
        if not notes:
            raise CommandError(f"{path!r}: no notes (OUT.json) of scored shards in it")
        outputs = {
            name for name in os.listdir(path)
            if os.path.splitext(name)[1] in (".parquet", ".csv", ".npz") and name[0] != "."
        }  # fmt: skip
        alone = sorted(outputs - {name.removesuffix(".json") for name in notes})
        if alone:
            raise CommandError(f"{path!r}: {alone[0]!r} has no note beside it; score it again")
        found += [os.path.join(path, name) for name in notes]
    return found


def _read(path: str, *, verify: bool) -> tuple[ec.Summary, int, str]:
    """Give a summary, the number of classes, and what tells its samples from others'."""
    try:
        if os.stat(path).st_size > MOST_BYTES:
            raise CommandError(f"{path!r}: too large to be a summary")
        with open(path, "rb") as file:
            data = file.read()
        content: Any = json.loads(data)
        if isinstance(content, dict) and "parameters_sha256" in content:
            note = Sidecar.from_bytes(data)
            _check_output(path, note, verify=verify)
            key = json.dumps([each["sha256"] for each in note.inputs])
            return note.summary, note.n_classes, key
        summary = ec.Summary.from_dict(content["summary"])
        return summary, int(content["n_classes"]), os.path.realpath(path)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandError(
            f"{path!r}: neither the note of a shard nor what 'score --json' prints: {reason(error)}"
        ) from error


def _check_output(path: str, note: Sidecar, *, verify: bool) -> None:
    output = path.removesuffix(".json")
    try:
        whole = is_whole(output, note) if verify else os.stat(output).st_size == note.output_size
    except FileNotFoundError:
        whole = False
    if not whole:
        raise CommandError(
            f"{output!r}: missing, or not what the note beside it says; score it again"
        )
