"""Its two files: equal to those of the package `aum` byte for byte, and read with care."""

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin, _csv
from hypothesis import given, settings
from hypothesis import strategies as st

FILES = ["aum_values.csv", "full_aum_records.csv"]
HEADER = [
    "sample_id", "num_measurements", "target_logit", "target_val", "other_logit", "other_val",
    "margin", "aum",
]  # fmt: skip
# Theirs sorts in place, of which pandas 3 warns.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.sort_values")


def both(stream, folder, *, keep_records=True):
    """The same stream to both; folders with what each wrote."""
    torch = pytest.importorskip("torch")
    aum = pytest.importorskip("aum", reason="the package aum is not installed")
    theirs = aum.AUMCalculator(str(folder / "theirs"), compressed=not keep_records)
    ours = AreaUnderMargin(keep_records=keep_records)
    for ids, logits, labels in stream:
        theirs.update(torch.as_tensor(logits), torch.as_tensor(labels), list(ids))
        ours.update(ids, logits, labels)
    theirs.finalize()
    ours.to_csv(folder / "ours")
    return theirs, ours


def assert_same_files(folder, names):
    for name in names:
        theirs = (folder / "theirs" / name).read_bytes()
        assert (folder / "ours" / name).read_bytes() == theirs
    assert sorted(p.name for p in (folder / "ours").iterdir()) == sorted(names)


def stream_of(rng, *, n_samples=20, n_batches=12, dtype=np.float32, name=int, ties=False):
    labels = rng.integers(0, 5, n_samples)
    for _ in range(n_batches):
        rows = rng.integers(0, n_samples, 9)
        logits = rng.normal(scale=4, size=(9, 5))
        logits = np.round(logits) if ties else logits
        yield [name(k) for k in rows], logits.astype(dtype), labels[rows]


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32),
    n_samples=st.integers(1, 60),
    n_batches=st.integers(1, 20),
    dtype=st.sampled_from([np.float32, np.float64]),
    name=st.sampled_from([int, str, lambda k: f'a "b", {k}', lambda k: f"é\n{k % 7}/{k}"]),
    ties=st.booleans(),
)
def test_numbers_and_files_are_theirs(tmp_path_factory, seed, **options):
    folder = tmp_path_factory.mktemp("aum")
    theirs, ours = both(list(stream_of(np.random.default_rng(seed), **options)), folder)
    values = ours.values()
    assert dict(zip(values.ids.tolist(), values.count.tolist(), strict=True)) == dict(theirs.counts)
    expected = {k: theirs.sums[k] / theirs.counts[k] for k in theirs.counts}
    assert dict(zip(values.ids.tolist(), values.aum.tolist(), strict=True)) == expected
    assert_same_files(folder, FILES)


def test_values_of_many_samples_with_ties_are_theirs(rng, tmp_path):
    stream = list(stream_of(rng, n_samples=4000, n_batches=900, ties=True))
    _, ours = both(stream, tmp_path, keep_records=False)
    assert len(np.unique(ours.values().aum)) < len(ours) / 2
    assert_same_files(tmp_path, FILES[:1])


def test_their_records_are_read_and_gone_on_with(rng, tmp_path):
    stream = list(stream_of(rng))
    both(stream[:7], tmp_path / "first")
    ours = AreaUnderMargin.read_csv(tmp_path / "first" / "theirs" / "full_aum_records.csv")
    for batch in stream[7:]:
        ours.update(*batch)
    both(stream, tmp_path)
    ours.to_csv(tmp_path / "ours")
    # By sample in the file: samples of equal AUM may change places, numbers may not.
    read = AreaUnderMargin.read_csv(tmp_path / "theirs" / "aum_values.csv").values()
    assert ours.values(read.ids).aum.tolist() == read.aum.tolist()
    assert_same_files(tmp_path, FILES)


def test_their_values_are_read_for_reading_alone(rng, tmp_path):
    stream = list(stream_of(rng, name=str))
    _, ours = both(stream, tmp_path)
    read = AreaUnderMargin.read_csv(tmp_path / "theirs" / "aum_values.csv")
    # Names that are whole numbers come back as such, as pandas reads them.
    assert all(isinstance(k, int) for k in read.values().ids.tolist())
    names = read.values().ids.astype(str)
    assert ours.values(names).aum.tolist() == read.values().aum.tolist()
    assert set(read.values().count) == {0}
    assert set(read.values().labels) == {-1}
    for change in (
        lambda: read.update(*stream[0]),
        lambda: read.merge(AreaUnderMargin(estimator=None)),
        read.state_dict,
    ):
        with pytest.raises(RuntimeError, match="does not say how often"):
            change()


@pytest.mark.parametrize(
    ("dtype", "scale"), [("float16", 1.0), ("bfloat16", 1e4), ("float32", 1e-6)]
)
def test_their_margins_in_any_precision_are_taken(rng, tmp_path, dtype, scale):
    torch = pytest.importorskip("torch")
    aum = pytest.importorskip("aum", reason="the package aum is not installed")
    theirs = aum.AUMCalculator(str(tmp_path), compressed=False)
    for _ in range(5):
        logits = torch.as_tensor(scale * rng.normal(size=(200, 4))).to(getattr(torch, dtype))
        theirs.update(logits, torch.arange(200) % 4, list(range(200)))
    theirs.finalize()
    read = AreaUnderMargin.read_csv(tmp_path / "full_aum_records.csv").values(range(200))
    assert read.count.tolist() == [5] * 200


@pytest.fixture
def records(rng, tmp_path):
    """Lines of a sound file, as lists of fields, and where it lies."""
    area = AreaUnderMargin(keep_records=True)
    for _ in range(4):
        for rows in np.array_split(rng.permutation(6), 2):
            area.update(rows, rng.normal(size=(len(rows), 3)), rows % 3)
    area.to_csv(tmp_path)
    path = tmp_path / "full_aum_records.csv"
    return [line.split(",") for line in path.read_text().splitlines()], path


def write(path, lines):
    path.write_text("".join(",".join(line) + "\n" for line in lines))


@pytest.mark.parametrize(
    ("mark", "end"), [(b"\xef\xbb\xbf", ""), (b"", "\n\n\r\n"), (b"", ",,,,,,,\n"), (b"", " \n")]
)
def test_a_byte_order_mark_and_empty_last_lines_are_passed_over(records, mark, end):
    _, path = records
    whole = AreaUnderMargin.read_csv(path).values()
    path.write_bytes(mark + path.read_bytes() + end.encode())
    read = AreaUnderMargin.read_csv(path).values()
    assert read.ids.tolist() == whole.ids.tolist()
    assert read.aum.tolist() == whole.aum.tolist()
    values = path.with_name("aum_values.csv")
    values.write_bytes(mark + values.read_bytes() + (",\n" if "," in end else end).encode())
    assert len(AreaUnderMargin.read_csv(values)) == 6


@pytest.mark.parametrize("at_once", [1, 3, 1000])
def test_long_files_are_read_in_parts(records, at_once, monkeypatch):
    lines, path = records
    whole = AreaUnderMargin.read_csv(path).state_dict()
    monkeypatch.setattr(_csv, "LINES_AT_ONCE", at_once)
    assert AreaUnderMargin.read_csv(path).state_dict() == whole
    path.write_text(path.read_text() + "\n\n\n")
    assert AreaUnderMargin.read_csv(path).state_dict() == whole
    for middle in ([], [""] * 8, ["1", "2"]):
        write(path, [*lines[:4], middle, [], *lines[4:]])
        with pytest.raises(ValueError, match=r"fields, got [028] in line [56]|column num_mea.*''"):
            AreaUnderMargin.read_csv(path)
    # One id that is no number, in the last part: then all of them are texts, as they are written.
    write(path, [*lines, ["010", "1", *lines[1][2:6], lines[1][6], lines[1][6]]])
    read = AreaUnderMargin.read_csv(path)
    assert read.values().ids.tolist() == [*"012345", "010"]
    assert read.state_dict()["log"]["margin"][:-1] == whole["log"]["margin"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("target_logit", "-4", r"column target_logit: expected a class, 0 or more, got -4 in rec"),
        ("other_logit", "-1", r"column other_logit: expected a class, 0 or more, got -1"),
        ("other_logit", "0", r"column other_logit: expected another class than target_logit"),
        ("margin", "7.0", r"margin: expected target_val - other_val .*, got 7.0 in record 2"),
        ("aum", "9.0", r"column aum: expected the mean margin so far, .*, got 9.0 in record 2"),
        ("num_measurements", "5", r"num_measurements: expected measurements .* here 2, got 5"),
        ("num_measurements", "1", r"num_measurements: expected measurements .* here 2, got 1"),
        ("num_measurements", "2.0", r"column num_measurements: invalid literal"),
    ],
)
def test_records_that_contradict_one_another_are_refused(records, field, value, message):
    lines, path = records
    lines[2][HEADER.index(field)] = value
    write(path, lines)
    with pytest.raises(ValueError, match=message):
        AreaUnderMargin.read_csv(path)


def test_records_of_a_sample_are_complete_and_in_order(records):
    lines, path = records
    for changed in (
        [lines[0], lines[2], lines[1], *lines[3:]],
        [*lines[:2], *lines[3:]],
        [lines[0], *lines[2:]],
    ):
        write(path, changed)
        with pytest.raises(ValueError, match="column num_measurements: expected measurements"):
            AreaUnderMargin.read_csv(path)
    # Samples may come in any order, and mixed.
    write(path, [lines[0], *sorted(lines[1:], key=lambda line: (line[1], line[0]))])
    assert AreaUnderMargin.read_csv(path).values().count.tolist() == [4] * 6


def test_ids_of_a_file_that_64_bits_do_not_hold_stay_apart(tmp_path):
    file = tmp_path / "aum_values.csv"
    file.write_text(f"sample_id,aum\n{2**63},1.5\n{2**63 + 1},0.5\n-1,0.0\n")
    values = AreaUnderMargin.read_csv(file).values()
    assert values.ids.tolist() == [str(2**63), str(2**63 + 1), "-1"]
    assert AreaUnderMargin.read_csv(file).values([str(2**63 + 1)]).aum.tolist() == [0.5]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the header of aum_values.csv or full_aum_records.csv, got ''"),
        ("id,aum\n1,2\n", "got 'id,aum'"),
        ("sample_id,aum\n1,2\n3\n", "expected 2 fields, got 1 in line 3; the file is incomplete"),
        ("sample_id,aum\n1,2\n1,3\n", "got ids twice"),
        ("sample_id,aum\n1,x\n", "column aum: could not convert"),
        ("sample_id,aum\n1,2\n3,nan\n", "expected finite numbers, got 'nan' in line 3"),
        ("sample_id,aum\n1,2\n3,\n", "column aum: could not convert"),
    ],
)
def test_files_that_are_not_theirs_are_refused(tmp_path, text, message):
    (tmp_path / "file.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        AreaUnderMargin.read_csv(tmp_path / "file.csv")


def test_empty_files_of_ours_are_read(tmp_path):
    AreaUnderMargin(keep_records=True).to_csv(tmp_path)
    for name in FILES:
        assert len(AreaUnderMargin.read_csv(tmp_path / name)) == 0


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    area = AreaUnderMargin()
    area.update([0, 1], np.eye(2), [0, 0])
    area.to_csv(tmp_path)
    before = (tmp_path / "aum_values.csv").read_bytes()
    area.update([9], np.eye(2)[:1], [0])
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        area.to_csv(tmp_path)
    assert (tmp_path / "aum_values.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["aum_values.csv"]
