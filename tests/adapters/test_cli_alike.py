"""A file read at once and the same file read in blocks: the same arrays, or the same refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from easiness_cli import _read, _stream
from easiness_cli.__main__ import main
from easiness_cli._errors import CommandError
from easiness_cli._ids_check import check_unique
from easiness_cli._parameters import Parameters
from easiness_cli._read import read_inputs
from easiness_cli._shard_folder import output_folder
from easiness_cli._shard_names import pair
from easiness_cli._shard_set import ShardsError, check_shards, run_serially
from easiness_cli._source import Source
from easiness_cli._stream import Reading, Rows
from easiness_cli._stream_parts import Parts, blocks
from easiness_cli.shards import ShardError, score_shard
from easiness_dask import score_shards

import easiness_core as ec


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_stream, "_ELEMENTS", 3 * 2)


def both(probs: str, labels: str | None = None, **options: Any) -> dict[str, Any] | str:
    """Read both ways, compare, and give what was read or why not."""
    found: list[Any] = []
    for way in (at_once, in_blocks):
        try:
            found.append(way(probs, labels, options))
        except CommandError as error:
            found.append(str(error))
    # Of what is refused, the numbers of rows are those of a block, or of all.
    assert found[0] == found[1] or all(isinstance(each, str) for each in found)
    return found[0]  # type: ignore[no-any-return]


def at_once(probs: str, labels: str | None, options: dict[str, Any]) -> dict[str, Any]:
    defaults = {"classes": None, "probs_key": None, "labels_key": None, "ids_key": None}
    read = read_inputs(
        probs, labels, **{"logits": False, "max_bytes": 1 << 30, **defaults, **options}
    )
    return told([read.probs], [read.labels], [read.ids], read.classes)


def in_blocks(probs: str, labels: str | None, options: dict[str, Any]) -> dict[str, Any]:
    blocks = list(Rows(probs, labels, Reading(**options)).blocks())
    return told(
        [each.probs for each in blocks],
        [each.labels for each in blocks],
        [each.ids for each in blocks],
        blocks[0].classes,
    )


def told(probs: list[Any], labels: list[Any], ids: list[Any], classes: Any) -> dict[str, Any]:
    return {
        "probs": np.concatenate(probs).tolist(),
        "labels": np.concatenate(labels).tolist(),
        "ids": None if ids[0] is None else np.concatenate(ids).tolist(),
        "classes": classes,
    }


def labels_of(found: dict[str, Any] | str) -> list[Any]:
    assert isinstance(found, dict), found
    return found["labels"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("written", "label"),
    [("1", 1), (" 1", 1), ("1.0", 1), ("1.", 1), ("1e0", 1), ("-1", -1), ("1_0", None),
     ("+1", None), ("01", None), ("1_0.0", None), ("０", None), ("٣", None), ("+1.0", None)],
)  # fmt: skip
def test_labels_are_numbers_only_as_numbers_are_written(written: str, label: int | None) -> None:
    """Python reads `1_0` as 10, and digits of any script."""
    Path("p.csv").write_text(f"a,b,label\n.5,.5,{written}\n" + f".5,.5,{written}\n" * 4)
    found = both("p.csv")
    if label is not None:
        assert labels_of(found) == [label] * 5
    else:
        assert isinstance(found, str)
        assert f"not among the column names (a, b); the first is row 0, label '{written}'" in found


@pytest.mark.parametrize("name", ["01", "０", "٣"])
def test_names_may_look_like_numbers(name: str) -> None:
    Path("p.csv").write_text(f"{name},b,label\n" + f".5,.5,{name}\n" * 5)
    assert labels_of(both("p.csv")) == [0] * 5


@pytest.mark.parametrize("labels", ["0\n1\n1\n0\n", "label\n0\n1\n1\n0\n", "id,y\n7,0\n8,1\n"])
@pytest.mark.parametrize("rows", ["0,1\n.5,.5\n.2,.8\n0,1\n", "0,1\n.5,.5\n", "0,1\n0,1\n1,0\n"])
def test_pandas_header_of_two_classes(rows: str, labels: str) -> None:
    Path("p.csv").write_text(rows)
    Path("y.csv").write_text(labels)
    n_rows, n_labels = rows.count("\n"), labels.count("\n") - ("0" not in labels[:1])
    found = both("p.csv", "y.csv")
    doubtful = labels[0] == "0"
    if n_rows == n_labels and doubtful and "." not in rows:
        assert "may be headers or data" in str(found)
    elif n_rows == n_labels and not doubtful:
        assert labels_of(found) == [0, 1, 1, 0][:n_labels]
    elif n_rows == n_labels:
        assert labels_of(found) == [1, 1, 0][: n_labels - 1]
    elif n_rows == n_labels + 1:
        assert len(labels_of(found)) == n_labels
    elif doubtful and n_rows == n_labels - 1:
        assert len(labels_of(found)) == n_rows
    else:
        assert isinstance(found, str)


def probs_and_labels(probs: str, labels: str, **columns: Any) -> None:
    """Four rows: probabilities without names of their samples, and labels with `columns`."""
    values, table = np.full((4, 2), 0.5), {"label": np.zeros(4, int), **columns}
    if probs == "p.npy":
        np.save(probs, values)
    elif probs == "p.npz":
        np.savez(probs, probs=values)
    elif probs == "p.parquet":
        pq.write_table(pa.table({"a": values[:, 0], "b": values[:, 1]}), probs)
    else:
        Path(probs).write_text("a,b\n" + ".5,.5\n" * 4)
    if labels == "y.npz":
        np.savez(labels, **table)
    elif labels == "y.parquet":
        pq.write_table(pa.table(table), labels)
    else:
        rows = [",".join(map(str, row)) for row in zip(*table.values(), strict=True)]
        Path(labels).write_text("\n".join([",".join(table), *rows]))


IDS: dict[str, Any] = {
    "whole": np.arange(3, 7), "text": np.array(list("dbca")), "uint64": np.arange(4, dtype="u8")
}  # fmt: skip


@pytest.mark.parametrize("labels", ["y.npz", "y.parquet", "y.csv"])
@pytest.mark.parametrize("probs", ["p.npy", "p.npz", "p.parquet", "p.csv"])
def test_ids_are_those_of_the_labels_where_the_probabilities_have_none(
    probs: str, labels: str
) -> None:
    for kind, ids in IDS.items():
        probs_and_labels(probs, labels, sample_id=ids, case=ids[::-1])
        as_text = labels == "y.csv" or kind != "whole"
        for key, expected in ((None, ids), ("case", ids[::-1]), ("", None)):
            found = both(probs, labels, ids_key=key)
            assert isinstance(found, dict), found
            named = None if expected is None else expected.astype(str if as_text else int)
            assert found["ids"] == (None if named is None else named.tolist())
        told = both(probs, labels, ids_key="foo")
        assert isinstance(told, str)
        assert f"{probs!r}: no ids 'foo' in it (" in told
        assert f"), nor in {labels!r} (it has 'sample_id', 'case')" in told
        assert told.endswith("; leave them out by --ids-key ''")


def test_ids_that_neither_file_can_have() -> None:
    np.save("p.npy", np.full((4, 2), 0.5))
    np.save("y.npy", np.zeros(4, int))
    assert "'p.npy': no ids 'foo' in it (it has no names that could be meant), nor in 'y.npy'" in (
        both("p.npy", "y.npy", ids_key="foo")
    )
    assert isinstance(both("p.npy", "y.npy"), dict)


def test_functions_speak_of_parameters_and_commands_of_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save("p.npy", np.full((4, 2), 0.5))
    np.save("p.npz", np.full((4, 2), 0.5))
    np.savez("q.npz", probs=np.full((4, 2), 0.5), other=np.zeros(4), names=np.array(list("abcd")))
    np.savez("r.npz", logits=np.zeros((4, 2)), labels=np.zeros(4))
    np.savez("s.npz", probs=np.full((4, 2), 3.0), labels=np.zeros(4))
    for argv, options, function, command in (
        (["p.npy"], {}, "pass labels as well", "pass LABELS as well"),
        (["q.npz"], {}, "pass labels_key", "pass --labels-key"),
        (["r.npz"], {}, "pass logits=True", "pass --logits"),
        (["s.npz"], {}, "pass normalize=True", "pass --normalize"),
        (["q.npz"], {"labels_key": "names"}, "pass classes,", "pass --classes,"),
        (["s.npz"], {"probs_key": "x"}, "'x'", "'x'"),
        (["s.npz"], {"ids_key": "x"}, "by ids_key=''", "by --ids-key ''"),
        (["s.npz"], {"max_bytes": 5}, "more than max_bytes 5", "more than --max-bytes 5"),
        (["s.npz", "p.npy"], {}, "", ""),
    ):
        labels = argv[1] if len(argv) > 1 else None
        with pytest.raises(ShardError) as caught:
            score_shard(argv[0], "o.csv", labels=labels, **options)  # type: ignore[arg-type]
        assert function in str(caught.value)
        assert "--" not in str(caught.value)
        flags = [
            flag
            for key, value in options.items()
            for flag in (f"--{key.replace('_', '-')}", str(value))
        ]
        assert main(["score", *argv, *flags, "-o", "o.csv"]) == 3
        assert command in capsys.readouterr().err
    Path("in").mkdir()
    Path("in/s.npz").write_bytes(Path("s.npz").read_bytes())
    with pytest.raises(ShardsError, match="pass normalize=True") as several:
        score_shards("in", "out")
    assert "--" not in str(several.value) + str(several.value.failed)


def test_ids_of_csv_are_read_without_the_rest() -> None:
    rows = "".join(f"{at},.5,.5,a\n" for at in range(7))
    Path("p.csv").write_text("id,a,b,label\n" + rows + "8,.5,no number,a\n")
    ids = np.concatenate(list(Rows("p.csv", None, Reading()).ids()))
    assert ids.tolist() == [*"0123456", "8"]
    with pytest.raises(CommandError, match="expected a number, got 'no number'"):
        list(Rows("p.csv", None, Reading()).blocks())


def test_texts_are_not_joined_to_more_than_is_allowed() -> None:
    parts = [Parts(ids=np.array(["x"] * 1000)), Parts(ids=np.array(["x" * 100]))]
    held = 4 * 1000 + 400
    source = Source("'p.csv'", "csv", 400 * 1001 + held)
    assert sum(map(len, blocks(iter(parts), 2000, source))) == 1001
    less = Source("'p.csv'", "csv", 400 * 1001 + held - 1)
    with pytest.raises(CommandError, match=r"'p.csv': ids: 1,001 texts, .* 100 char.*--max-bytes"):
        list(blocks(iter(parts), 2000, less))
    rows = "".join(f"{at},.5,.5,a\n" for at in range(1000)) + "x" * 100 + ",.5,.5,a\n"
    Path("p.csv").write_text("id,a,b,label\n" + rows)
    assert isinstance(both("p.csv", max_bytes=400 * 1001), dict)
    with pytest.raises(CommandError, match=r"1,001 texts.*--max-bytes"):
        at_once("p.csv", None, {"max_bytes": 400 * 1001 - 1})
    shards: Any = [Rows("p.csv", None, Reading())]
    check_unique(["p.csv"], shards, 400 * 1001)
    with pytest.raises(CommandError, match="--max-bytes"):
        check_unique(["p.csv"], shards, 400 * 1001 - 1)


def test_memory_that_is_not_there_is_told_with_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a set too: the other shard is scored, and the run ends with a report."""
    Path("in").mkdir()
    for name in ("a", "b"):
        np.savez(f"in/{name}.npz", probs=np.full((4, 2), 0.5), labels=np.zeros(4, int))
    shards = pair("in", None, "out", ".csv")
    parameters = Parameters(ec.ClosedForm(), 5, False, False, Reading())
    for error, said in {
        MemoryError(): r"'in/a.npz': out of memory: .*--max-bytes",
        AttributeError("odd"): r"'in/a.npz': odd",
        ZeroDivisionError("zero"): r"'in/a.npz': zero",
    }.items():
        opened = check_shards(shards, parameters, check_ids=False)

        def fails(block_rows: int, error: Exception = error) -> Any:
            raise error
            yield

        monkeypatch.setattr(opened[0]._probs, "parts", fails)
        with (
            output_folder("out", shards, parameters, overwrite=True),
            pytest.raises(ShardsError, match=said) as caught,
        ):
            run_serially(shards, opened, parameters, overwrite=True, n_threads=None, progress=None)
        assert caught.value.finished == ["out/b.csv"]
        assert caught.value.summary.n_samples == 4


def test_texts_of_csv_are_counted_as_they_are_read() -> None:
    rows = "".join(f"{at:0600},.5,.5,a\n" for at in range(200))
    Path("p.csv").write_text("id,a,b,label\n" + rows)
    rows_read = Rows("p.csv", None, Reading(max_bytes=100_000))
    with pytest.raises(CommandError, match=r"line 168: the text of a column so far takes 100,200"):
        list(rows_read.ids())


def test_a_lack_of_memory_names_the_limit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*given: Any) -> Any:
        raise MemoryError

    np.savez("p.npz", probs=np.full((4, 2), 0.5), labels=np.zeros(4, int))
    monkeypatch.setattr(_read, "encode", fails)
    assert main(["score", "p.npz"]) == 3
    assert "not enough memory (allocation failed); a lower --max-bytes" in capsys.readouterr().err
