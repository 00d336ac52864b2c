"""What AreaUnderMargin refuses: with a message, and without a change."""

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin

import easiness_core as ec

Z = np.array([[1.0, 3.0], [2.0, 0.0]])


@pytest.fixture
def area():
    made = AreaUnderMargin()
    made.update([0, 1], Z, [0, 0])
    return made


@pytest.mark.parametrize(
    ("ids", "logits", "labels", "error", "message"),
    [
        ([0], Z, [0, 0], ValueError, r"ids: expected shape \(2,\)"),
        ([[0, 1]], Z, [0, 0], ValueError, r"ids: expected shape \(2,\)"),
        ([0.0, 1.0], Z, [0, 0], TypeError, "ids: expected whole numbers or strings, got dtype fl"),
        ([True, False], Z, [0, 0], TypeError, "got dtype bool"),
        (["a", "b"], Z, [0, 0], TypeError, "ids: expected int as before, got str 'a'"),
        ([0, "b"], Z, [0, 0], TypeError, "all of one kind, got 0 of type int"),
        ([0, None], Z, [0, 0], TypeError, "all of one kind"),
        ([None, "b"], Z, [0, 0], TypeError, "all of one kind, got None"),
        ([2**63, -1], Z, [0, 0], ValueError, r"below 2\*\*63, got 9223372036854775808"),
        ([2**70, 1], Z, [0, 0], ValueError, r"below 2\*\*63"),
        ([b"a", b"b"], Z, [0, 0], TypeError, r"got dtype \|S1; pass them as int64 or str"),
        (np.array([0, 2**63], dtype=np.uint64), Z, [0, 0], ValueError, r"below 2\*\*63"),
        ([0, 1], Z[0], [0], ValueError, "logits: expected shape"),
        ([0, 1], Z + 1j, [0, 0], TypeError, "logits: expected real numbers"),
        ([0, 1], Z, [0, 2], ValueError,
         r"1 of 2 labels are outside 0 to 1 \(logits has 2 columns\); the first is row \d, "),
        ([0, 1], Z, [-100, 0], ValueError, r"label -100; .* if these have no class, drop them"),
        ([0, 1], Z, ["a", "b"], TypeError, "first label 'a'\\); number the classes first"),
        ([0, 1], Z, [0], ValueError, r"labels: expected one label per row of logits \(2\), got 1"),
        ([0, 1], Z, [0, 1], ValueError,
         "labels: changed in 1 row; the first is id 1, label 0 before and 1"),
        ([5, 5], Z, [0, 1], ValueError, "the first is id 5, label 0 before and 1 now"),
        ([0, 1], [[1.0, np.nan], [0.0, 1.0]], [0, 0], ValueError,
         r'logits: 1 of 2 rows have no finite margin .* ids 0; .*on_nan="skip"'),
    ],
)  # fmt: skip
def test_a_bad_update_is_refused_whole(area, ids, logits, labels, error, message):
    before = area.state_dict()
    with pytest.raises(error, match=message):
        area.update(ids, logits, labels)
    assert area.state_dict() == before


def test_rows_that_are_not_finite_may_be_left_out():
    area = AreaUnderMargin(on_nan="skip")
    area.update([0, 1, 2], [[1.0, np.nan], [5.0, 1.0], [np.inf, 0.0]], [0, 0, 0])
    area.update([2], [[np.nan, 0.0]], [0])
    assert area.n_not_finite == 3
    assert area.values().ids.tolist() == [1]
    assert area.values().aum.tolist() == [4.0]


def test_epochs_must_be_told_where_some_are_left_out():
    area = AreaUnderMargin(skip_epochs=1)
    with pytest.raises(RuntimeError, match=r"skip_epochs=1 .*set_epoch"):
        area.update([0, 1], Z, [0, 0])
    with pytest.raises(ValueError, match="epoch: expected 0 or more"):
        area.set_epoch(-1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"estimator": 0.01}, TypeError, "estimator: expected ClosedForm"),
        ({"skip_epochs": -1}, ValueError, "skip_epochs: expected 0 or more"),
        ({"on_nan": "drop"}, ValueError, "on_nan: expected"),
    ],
)
def test_options_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        AreaUnderMargin(**options)


def test_merging_needs_the_same_options_and_labels(area):
    with pytest.raises(TypeError, match="expected an AreaUnderMargin, got dict"):
        area.merge({})
    with pytest.raises(ValueError, match=r"estimator=.*0\.01.* and estimator=.*0\.5"):
        area.merge(AreaUnderMargin(estimator=ec.ClosedForm(sigma=0.5)))
    with pytest.raises(ValueError, match="keep_records=False and keep_records=True"):
        area.merge(AreaUnderMargin(keep_records=True))
    for one, two in (
        (area, AreaUnderMargin(skip_epochs=2)),
        (AreaUnderMargin(skip_epochs=2), area),
    ):
        with pytest.raises(ValueError, match=r"skip_epochs=\d and skip_epochs=\d"):
            one.merge(two)
    with pytest.raises(ValueError, match="on_nan='raise' and on_nan='skip'"):
        area.merge(AreaUnderMargin(on_nan="skip"))
    other = AreaUnderMargin()
    other.update([1], Z[:1], [1])
    with pytest.raises(ValueError, match="first is id 1, label 0 before and 1 now"):
        area.merge(other)


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
    for name in ("aum_values.csv", "full_aum_records.csv"):
        assert len(AreaUnderMargin.read_csv(tmp_path / name)) == 0


def test_a_write_that_fails_leaves_the_old_file(area, tmp_path, monkeypatch):
    area.to_csv(tmp_path)
    before = (tmp_path / "aum_values.csv").read_bytes()
    area.update([9], Z[:1], [0])
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        area.to_csv(tmp_path)
    assert (tmp_path / "aum_values.csv").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["aum_values.csv"]
