"""Files that are read: what editors add to them, and records that contradict one another."""

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin, _csv

HEADER = [
    "sample_id",
    "num_measurements",
    "target_logit",
    "target_val",
    "other_logit",
    "other_val",
    "margin",
    "aum",
]


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


@pytest.mark.parametrize("end", ["", "\n", "\n\n\r\n", ",,,,,,,\n", " \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
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


@pytest.mark.parametrize("at_once", [1, 2, 3, 1000])
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


def test_an_empty_line_in_the_middle_is_not(records):
    lines, path = records
    write(path, [*lines[:3], [], *lines[3:]])
    with pytest.raises(ValueError, match=r"expected 8 fields, got 0 in line 4"):
        AreaUnderMargin.read_csv(path)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("target_logit", "-4", r"column target_logit: expected a class, 0 or more, got -4 in rec"),
        ("other_logit", "-1", r"column other_logit: expected a class, 0 or more, got -1"),
        ("other_logit", "0", r"column other_logit: expected another class than target_logit"),
        (
            "margin",
            "7.0",
            r"column margin: expected target_val - other_val .*, got 7.0 in record 2",
        ),
        ("target_val", "40.5", r"column margin: expected target_val - other_val"),
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


def test_records_in_another_order_or_with_one_missing_are_refused(records):
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


@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.sort_values")
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_margins_in_any_precision_of_theirs_are_taken(rng, tmp_path, dtype, scale):
    torch = pytest.importorskip("torch")
    aum = pytest.importorskip("aum", reason="the package aum is not installed: no files of its")
    theirs = aum.AUMCalculator(str(tmp_path), compressed=False)
    for _ in range(5):
        logits = torch.as_tensor(scale * rng.normal(size=(200, 4))).to(getattr(torch, dtype))
        theirs.update(logits, torch.arange(200) % 4, list(range(200)))
    theirs.finalize()
    read = AreaUnderMargin.read_csv(tmp_path / "full_aum_records.csv").values(range(200))
    assert read.count.tolist() == [5] * 200
