"""`easiness merge`: the summary of several runs or shards together."""

from __future__ import annotations

import argparse
import json
import os
from typing import Any

import easiness_core as ec
from easiness_cli._errors import CommandError, reason
from easiness_cli._shard_run import FORMATS
from easiness_cli._sidecar import MOST_BYTES, Sidecar, is_whole
from easiness_cli._summary import as_json, as_text
from easiness_cli._write import standard_output

# The estimator and the bins are compared as summaries are merged.
_KIND = ("normalize", "logits", "classes")


def run(args: argparse.Namespace) -> int:
    """Read all, merge, and print."""
    merged = ec.Summary()
    n_classes: dict[int, str] = {}
    seen: dict[str, str] = {}
    kinds: tuple[str, dict[str, Any] | None] | None = None
    # Notes first: the others are compared with them.
    for path in sorted(_files(args.paths), key=_is_result):
        summary, classes, key, output, read_as = _read(path, verify=args.verify)
        # A result of 'score --json' tells where its scores are, one of 'merge --json' does not.
        within = next((seen[k] for k in (key, f"in {output}") if k in seen), None)
        if within is None and summary.n_samples and summary == merged:
            within = "what is before it"
        if within is not None:
            raise CommandError(f"{path!r}: {within!r} already counts the same samples")
        seen[key] = path
        if key.startswith("note "):
            scores = os.path.realpath(path.removesuffix(".json"))
            seen.setdefault(f"in {scores}", path)
            seen.setdefault(f"in {os.path.dirname(scores)}", path)
        first_path, first_read = kinds or (path, read_as)
        if read_as is not None:
            kinds = first_path, first_read
            for name in _KIND:
                if first_read is not None and first_read.get(name) != read_as.get(name):
                    raise CommandError(
                        f"{first_path!r} was scored with {name} {first_read.get(name)!r}, {path!r} "
                        f"with {read_as.get(name)!r}: their summaries are of different things"
                    )
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


def _is_note_name(name: str) -> bool:
    stem, suffix = os.path.splitext(name)
    return suffix == ".json" and os.path.splitext(stem)[1] in FORMATS


def _is_result(path: str) -> bool:
    return not _is_note_name(os.path.basename(path))


def _files(paths: list[str]) -> list[str]:
    found: list[str] = []
    for path in paths:
        if not os.path.isdir(path):
            found.append(path)
            continue
        # Others, as a summary that was saved there, would count the same samples again.
        notes = sorted(name for name in os.listdir(path) if _is_note_name(name))
        if not notes:
            raise CommandError(f"{path!r}: no notes (OUT.json) of scored shards in it")
        outputs = {
            name for name in os.listdir(path)
            if os.path.splitext(name)[1] in FORMATS and name[0] != "."
        }  # fmt: skip
        alone = sorted(outputs - {name.removesuffix(".json") for name in notes})
        if alone:
            raise CommandError(f"{path!r}: {alone[0]!r} has no note beside it; score it again")
        found += [os.path.join(path, name) for name in notes]
    return found


def _read(
    path: str, *, verify: bool
) -> tuple[ec.Summary, int, str, str | None, dict[str, Any] | None]:
    """Give a summary, the number of classes, what tells its samples from others', its scores.

    And the parameters where it is a note: a result of --json does not tell them.
    """
    try:
        if os.stat(path).st_size > MOST_BYTES:
            raise CommandError(f"{path!r}: too large to be a summary")
        with open(path, "rb") as file:
            data = file.read()
        content: Any = json.loads(data)
        if isinstance(content, dict) and "parameters_sha256" in content:
            note = Sidecar.from_bytes(data)
            _check_output(path, note, verify=verify)
            key = "note " + json.dumps([each["sha256"] for each in note.inputs])
            return note.summary, note.n_classes, key, None, note.parameters
        summary = ec.Summary.from_dict(content["summary"])
        output = content.get("output")
        folder = os.path.realpath(output) if isinstance(output, str) else None
        return summary, int(content["n_classes"]), os.path.realpath(path), folder, None
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
