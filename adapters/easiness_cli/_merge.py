"""`easiness merge`: the summary of several runs or shards together."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any

import easiness_core as ec
from easiness_cli._errors import CommandError, reason
from easiness_cli._shard_folder import SET, is_note_name, is_output_name, read_set
from easiness_cli._sidecar import MOST_BYTES, Sidecar, is_whole, sidecar_path
from easiness_cli._summary import as_json, as_text
from easiness_cli._write import standard_output

# The estimator and the bins are compared as summaries are merged.
_KIND = ("normalize", "logits", "classes")


@dataclass(frozen=True)
class _Found:
    """A summary that was read, and what tells its samples from others'.

    Attributes
    ----------
    asks : set of str
        What nothing that is counted before it may have given.
    gives : set of str
        What tells its samples, for those after it.
    content : str or None
        Checksum of the inputs of a note.
    parameters : dict or None
        Those of a note, and its version; a result of --json does not tell them.
    """

    path: str
    summary: ec.Summary
    n_classes: int
    asks: set[str]
    gives: set[str]
    content: str | None
    parameters: dict[str, Any] | None


def run(args: argparse.Namespace) -> int:
    """Read all, merge, and print."""
    merged = ec.Summary()
    n_classes: dict[int, str] = {}
    seen: dict[str, str] = {}
    contents: dict[str, str] = {}
    kinds: tuple[str, dict[str, Any]] | None = None
    runs: dict[str, tuple[str, dict[str, Any]]] = {}
    # Notes first: the others are compared with them.
    for path in sorted(_files(args.paths), key=_is_result):
        found = _read(path, verify=args.verify)
        within = next((seen[key] for key in found.asks if key in seen), None)
        if found.content is not None:
            # In one folder: two shards of equal content, which the run counted as two.
            other = contents.setdefault(found.content, path)
            within = within or (None if _folder(other) == _folder(path) else other)
        elif found.summary.n_samples and found.summary == merged:
            within = within or "what is before it"
        if within is not None:
            raise CommandError(f"{path!r}: {within!r} already counts the same samples")
        for key in found.gives:
            seen.setdefault(key, path)
        if found.parameters is not None:
            kinds = kinds or (path, found.parameters)
            _refuse_other_kind(*kinds, path, found.parameters)
            begun = runs.setdefault(_folder(path), (path, found.parameters))
            if os.path.lexists(os.path.join(_folder(path), SET)):
                _refuse_another_run(*begun, path, found.parameters)
        # A note of no rows may not know.
        if found.n_classes or found.summary.n_samples:
            n_classes.setdefault(found.n_classes, path)
        if len(n_classes) > 1:
            (a, first), (b, second) = n_classes.items()
            raise CommandError(f"{first!r} has {a} classes, {second!r} has {b}")
        try:
            merged = merged.merge(found.summary)
        except ValueError as error:
            raise CommandError(f"{path!r}: {reason(error)}") from error
    if not merged.n_samples:
        raise CommandError(f"{args.paths[0]!r}: no samples to tell of")
    describe = as_json if args.json else as_text
    text = describe(
        merged, n_classes=next(iter(n_classes)), auroc=None,
        auroc_skipped="skipped: it cannot be merged", output=None,
    )  # fmt: skip
    with standard_output():
        print(text)
    return 0


def _refuse_other_kind(
    first: str, before: dict[str, Any], path: str, parameters: dict[str, Any]
) -> None:
    for name in _KIND:
        if before.get(name) != parameters.get(name):
            raise CommandError(
                f"{first!r} was scored with {name} {before.get(name)!r}, {path!r} with "
                f"{parameters.get(name)!r}: their summaries are of different things"
            )


def _refuse_another_run(
    first: str, before: dict[str, Any], path: str, parameters: dict[str, Any]
) -> None:
    """Refuse a folder whose run was begun anew in another way, and not finished."""
    for name in sorted(before.keys() | parameters.keys()):
        if before.get(name) != parameters.get(name):
            raise CommandError(
                f"{first!r} was scored with {name} {before.get(name)!r}, {path!r} with "
                f"{parameters.get(name)!r}: their folder is of two runs; finish the second one"
            )


def _is_result(path: str) -> bool:
    return not is_note_name(os.path.basename(path))


def _files(paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        # Others, as a summary that was saved there, would count the same samples again.
        names = os.listdir(path)
        notes = sorted(filter(is_note_name, names))
        noted, wanted = set(notes), read_set(path)
        if not notes:
            raise CommandError(f"{path!r}: no notes (OUT.json) of scored shards in it")
        missing = sorted(name for name in wanted if sidecar_path(name) not in noted)
        if missing:
            raise CommandError(
                f"{path!r} is not complete: {len(missing)} of {len(wanted)} notes are missing, "
                f"such as that of {missing[0]!r}: score again what is missing; to merge the rest, "
                f"name its notes, as in {path}/*.json"
            )
        foreign = sorted(noted - {sidecar_path(name) for name in wanted}) if wanted else []
        if foreign:
            raise CommandError(
                f"{path!r}: {foreign[0]!r} is no note of its run; move it away with its output"
            )
        alone = sorted(
            name for name in names if is_output_name(name) and sidecar_path(name) not in noted
        )
        if alone:
            raise CommandError(
                f"{path!r}: {alone[0]!r} has no note beside it: it is of no run; move it away, or "
                f"score it again"
            )
        found += [os.path.join(path, name) for name in notes]
    return found


def _read(path: str, *, verify: bool) -> _Found:
    """Read the note of a shard, or what 'score --json' or 'merge --json' printed."""
    try:
        if os.stat(path).st_size > MOST_BYTES:
            raise CommandError(f"{path!r}: too large to be a summary")
        with open(path, "rb") as file:
            data = file.read()
        content: Any = json.loads(data)
        if isinstance(content, dict) and "parameters_sha256" in content:
            note = Sidecar.from_bytes(data)
            _check_output(path, note, verify=verify)
            return _of_note(path, note)
        summary = ec.Summary.from_dict(content["summary"])
        n_classes, output = int(content["n_classes"]), content.get("output")
    except FileNotFoundError as error:
        raise CommandError(f"{path!r}: no such file or folder") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CommandError(
            f"{path!r}: neither the note of a shard nor what 'score --json' prints: {reason(error)}"
        ) from error
    gives = {"file " + os.path.realpath(path)}
    if summary.n_samples:
        # A copy of a result is that result.
        gives.add("result " + hashlib.sha256(data).hexdigest())
    asks = gives | ({"scores " + os.path.realpath(output)} if isinstance(output, str) else set())
    return _Found(path, summary, n_classes, asks, gives, None, None)


def _of_note(path: str, note: Sidecar) -> _Found:
    itself = {"file " + os.path.realpath(path)}
    gives = {f"scores {_folder(path)}", "scores " + os.path.realpath(path.removesuffix(".json"))}
    content = json.dumps([each["sha256"] for each in note.inputs]) if note.n_rows else None
    # Equal content may be two shards, the same paths scored alike are one of which a copy was made.
    paths = [each.get("path") for each in note.inputs]
    if note.n_rows and all(isinstance(each, str) for each in paths):
        itself.add("inputs " + json.dumps([paths, content, note.parameters], sort_keys=True))
    return _Found(
        path, note.summary, note.n_classes, itself, itself | gives, content,
        {**note.parameters, "version": note.version},
    )  # fmt: skip


def _folder(path: str) -> str:
    return os.path.dirname(os.path.realpath(path))


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
