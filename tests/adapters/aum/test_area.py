"""What AreaUnderMargin measures: against an oracle, in any order, with any holder of arrays."""

import subprocess
import sys

import naive_aum
import numpy as np
import pytest
from easiness_aum import AreaUnderMargin, AUMFilter, choose_threshold_samples
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

N_CLASSES = 4
Z = np.array([[1.0, 3.0], [2.0, 0.0]])
ALONE = """
import sys
for name in ("torch", "pandas", "aum", "sklearn", "pyarrow", "matplotlib"):
    sys.modules[name] = None
import easiness_aum as a
area = a.AreaUnderMargin(keep_records=True)
area.update([0, 1, 2], [[2.0, 0.0, -1.0], [0.0, 3.0, 0.0], [0.0, 1.0, 5.0]], [0, 1, 2])
area.to_csv(".")
found = a.AUMFilter().flag(area.values([0, 1, 2]), [2])
print(len(a.AreaUnderMargin.read_csv("full_aum_records.csv")), found.flags.sum())
"""


def make_stream(rng, *, n_samples=30, n_batches=12, size=16, dtype=np.float32, strings=False):
    """Batches of one run: ids at random, with repeats, each with the label of its sample."""
    labels = rng.integers(0, N_CLASSES, n_samples)
    stream = []
    for _ in range(n_batches):
        ids = rng.integers(0, n_samples, size)
        logits = (3 * rng.normal(size=(size, N_CLASSES))).astype(dtype)
        names = [f"img_{k}.png" for k in ids] if strings else ids
        stream.append((names, logits, labels[ids]))
    return stream


def fill(stream, **options):
    area = AreaUnderMargin(**options)
    for batch in stream:
        area.update(*batch)
    return area


def table(area):
    """Values by id, as numbers to be compared exactly."""
    v = area.values()
    columns = [v.ids, v.labels, v.count, v.aum, v.easiness, v.rival_easiness]
    return {row[0]: row[1:] for row in zip(*(c.tolist() for c in columns), strict=True)}


def records_of(area, folder):
    area.to_csv(folder)
    return (folder / "full_aum_records.csv").read_bytes()


@pytest.mark.parametrize(("dtype", "strings"), [(np.float64, False), (np.float32, True)])
def test_values_equal_the_oracle(rng, dtype, strings):
    stream = make_stream(rng, dtype=dtype, strings=strings)
    found = table(fill(stream, estimator=ec.ClosedForm(sigma=0.2)))
    expected = naive_aum.averages(stream, 0.2)
    assert list(found) == list(expected)
    assert sum(e[4] > 0 for e in expected.values()) > 0
    for sample, (label, count, aum, easiness, rival) in expected.items():
        row = found[sample]
        assert row[:3] == (label, count, aum)
        assert row[3] == pytest.approx(easiness, abs=1e-11)
        assert row[4] == pytest.approx(rival, abs=1e-11)


def test_lists_and_tensors_of_any_kind_give_the_same_numbers(rng):
    torch = pytest.importorskip("torch")

    class Image(torch.Tensor):
        """As of torchvision.tv_tensors: of a module that is not torch."""

    stream = make_stream(rng)
    whole = table(fill(stream))
    assert table(fill([(i.tolist(), list(z), y.tolist()) for i, z, y in stream])) == whole
    area = AreaUnderMargin()
    for ids, logits, labels in stream:
        z = torch.tensor(logits, requires_grad=True).as_subclass(Image)
        area.update([torch.tensor(k) for k in ids], z, torch.tensor(labels))
    assert table(area) == whole


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 12), st.integers(0, 12))
def test_merging_in_any_order_equals_the_whole(seed, n_ids, first, second):
    # float32: every sum of margins is exact in float64, so that equality is to the last bit.
    stream = make_stream(np.random.default_rng(seed), n_samples=10 * n_ids)
    first, second = sorted((first, second))
    a, b, c = (fill(p) for p in (stream[:first], stream[first:second], stream[second:]))
    before = [table(part) for part in (a, b, c)]
    whole = table(fill(stream))
    assert list(table(a.merge(b).merge(c))) == list(whole)
    for merged in (a.merge(b.merge(c)), c.merge(a).merge(b), b.merge(c.merge(a))):
        assert table(merged) == whole
    merged.update(*stream[0])
    assert [table(part) for part in (a, b, c)] == before


@given(seed=st.integers(0, 1000))
def test_float64_sums_merged_either_way_are_equal_to_the_last_bit(seed):
    stream = make_stream(np.random.default_rng(seed), dtype=np.float64)
    a, b = fill(stream[:7]), fill(stream[7:])
    assert table(a.merge(b)) == table(b.merge(a))
    whole = table(fill(stream))
    for sample, row in table(b.merge(a)).items():
        assert row[2] == pytest.approx(whole[sample][2], abs=1e-13)


def test_a_merged_one_goes_on_from_the_epoch_of_the_one_ahead():
    a, b = AreaUnderMargin(skip_epochs=2), AreaUnderMargin(skip_epochs=2)
    a.set_epoch(1)
    b.set_epoch(2)
    for merged in (a.merge(b), b.merge(a), b.merge(AreaUnderMargin(skip_epochs=2))):
        merged.update([1], [[0.0, 1.0]], [0])
        assert len(merged) == 1


def test_merged_records_are_those_of_the_whole(rng, tmp_path):
    # The second part starts with other samples, so that rows differ between the two.
    stream = make_stream(rng)
    second = fill(stream[6:], keep_records=True)
    merged = fill(stream[:6], keep_records=True).merge(second)
    whole = fill(stream, keep_records=True)
    assert records_of(merged, tmp_path / "merged") == records_of(whole, tmp_path / "whole")


def test_one_that_measured_nothing_merges_from_either_side():
    full, empty = (AreaUnderMargin(keep_probs=True, on_nan="skip") for _ in range(2))
    full.update([1, 2], [[1.0, 2, 0], [3, 0, 0]], [0, 1])
    empty.update([5], [[np.nan, 1, 2]], [0])
    for merged in (full.merge(empty), empty.merge(full)):
        assert merged.n_not_finite == 1
        np.testing.assert_array_equal(merged.values().probs, full.values().probs)


def test_mean_probabilities_are_kept_and_merge_exactly(rng):
    logits, labels = rng.normal(size=(4, 5, 3)), np.array([0, 1, 2, 0, 1])
    whole, parts = AreaUnderMargin(keep_probs=True), []
    for epoch in logits:
        whole.update(range(5), epoch, labels)
        parts.append(AreaUnderMargin(keep_probs=True))
        parts[-1].update(range(5), epoch, labels)
    probs = whole.values().probs
    np.testing.assert_allclose(probs, np.mean([ec.softmax(z) for z in logits], axis=0), atol=1e-12)
    merged = parts[3].merge(parts[0]).merge(parts[2].merge(parts[1]))
    np.testing.assert_array_equal(merged.values(range(5)).probs, probs)
    assert AreaUnderMargin().values().probs is None
    with pytest.raises(ValueError, match="logits: expected 3 columns as before, got 4"):
        whole.update([0], np.zeros((1, 4)), [0])
    assert whole.values().count.tolist() == [4] * 5


def test_first_epochs_are_left_out(rng):
    stream = make_stream(rng)
    area = AreaUnderMargin(skip_epochs=2)
    with pytest.raises(RuntimeError, match=r"skip_epochs=2 .*set_epoch"):
        area.update(*stream[0])
    for epoch in range(3):
        area.set_epoch(epoch)
        for batch in stream[4 * epoch : 4 * epoch + 4]:
            area.update(*batch)
    assert area.n_skipped == 8 * 16
    assert table(area) == table(fill(stream[8:]))
    with pytest.raises(ValueError, match="epoch: expected 0 or more"):
        area.set_epoch(-1)


def test_values_come_in_the_order_asked_for(rng):
    area = fill(make_stream(rng, n_batches=40))
    values = area.values(np.arange(30)[::-1])
    assert values.ids.tolist() == list(range(29, -1, -1))
    rows = table(area)
    assert values.aum.tolist() == [rows[k][2] for k in range(29, -1, -1)]
    with pytest.raises(ValueError, match=r"1 of 2 have no measurements; the first is 99"):
        area.values([3, 99])


def test_the_estimator_is_the_one_given_and_may_be_none(rng):
    estimator = ec.MonteCarlo(sigma=0.1, draws=200, seed=3)
    labels = rng.integers(0, 3, 300)
    planted = choose_threshold_samples(300, 3, runs=1)[0]
    labels[planted] = 3
    logits = rng.normal(size=(300, 4))
    area = fill([(np.arange(300), logits, labels)], estimator=estimator)
    probs = ec.softmax(logits)
    easiness = ec.easiness(probs, labels, estimator=estimator)
    np.testing.assert_allclose(area.values().easiness, easiness, atol=1e-12)
    judge = AUMFilter("drop_easy", cut="level", estimator=estimator)
    found = judge.flag(area.values(), planted, probs=probs)
    assert np.array_equal(found.flags, found.aum_flags & (easiness < 1.0))
    margins = fill([(np.arange(300), logits, labels)], estimator=None).values()
    assert margins.easiness is margins.rival_easiness is None
    assert margins.aum.tolist() == area.values().aum.tolist()


def test_records_do_not_share_memory_with_the_batch(rng, tmp_path):
    # Loops reuse their buffers.
    stream = make_stream(rng)
    ids, logits, labels = (np.array(part) for part in stream[0])
    area = AreaUnderMargin(keep_records=True)
    for batch in stream:
        for buffer, part in zip((ids, logits, labels), batch, strict=True):
            buffer[:] = part
        area.update(ids, logits, labels)
    fresh = fill(stream, keep_records=True)
    assert records_of(area, tmp_path / "reused") == records_of(fresh, tmp_path / "fresh")


def test_many_samples_in_parts_grow_the_table(rng):
    labels = rng.integers(0, N_CLASSES, 5000)
    logits = rng.normal(size=(5000, N_CLASSES)).astype(np.float32)
    parts = [*np.array_split(rng.permutation(5000), 60), np.array([], dtype=int)]
    area = fill([(p, logits[p], labels[p]) for p in parts])
    assert table(area) == table(fill([(np.arange(5000), logits, labels)]))


def test_whole_numbers_held_as_objects_are_ids():
    """As a column of a data frame may hold them."""
    area = AreaUnderMargin()
    area.update(np.array([7, 2**40], dtype=object), np.eye(2), [0, 1])
    area.update([np.int32(7), 3], np.eye(2), [0, 1])
    assert area.values().ids.tolist() == [7, 2**40, 3]


def test_rows_that_are_not_finite_may_be_left_out():
    area = AreaUnderMargin(on_nan="skip")
    area.update([0, 1, 2], [[1.0, np.nan], [5.0, 1.0], [np.inf, 0.0]], [0, 0, 0])
    area.update([2], [[np.nan, 0.0]], [0])
    assert area.n_not_finite == 3
    assert (area.values().ids.tolist(), area.values().aum.tolist()) == ([1], [4.0])


@pytest.mark.parametrize(
    ("ids", "logits", "labels", "error", "message"),
    [
        ([0], Z, [0, 0], ValueError, r"ids: expected shape \(2,\)"),
        ([0.0, 1.0], Z, [0, 0], TypeError, "ids: expected whole numbers or strings, got dtype fl"),
        ([True, False], Z, [0, 0], TypeError, "got dtype bool"),
        (["a", "b"], Z, [0, 0], TypeError, "ids: expected int as before, got str 'a'"),
        ([0, "b"], Z, [0, 0], TypeError, "all of one kind, got 0 of type int"),
        ([None, "b"], Z, [0, 0], TypeError, "all of one kind, got None"),
        ([2**63, -1], Z, [0, 0], ValueError, r"below 2\*\*63, got 9223372036854775808"),
        (np.array([0, 2**63], dtype=np.uint64), Z, [0, 0], ValueError, r"below 2\*\*63"),
        ([b"a", b"b"], Z, [0, 0], TypeError, r"got dtype \|S1; pass them as int64 or str"),
        ([0, 1], Z[0], [0], ValueError, "logits: expected shape"),
        ([0, 1], Z + 1j, [0, 0], TypeError, "logits: expected real numbers"),
        ([0, 1], Z, [0, 2], ValueError, r"1 of 2 labels are outside 0 to 1 \(logits has 2 col"),
        ([0, 1], Z, [-100, 0], ValueError, r"label -100; .* if these have no class, drop them"),
        ([0, 1], Z, ["a", "b"], TypeError, "first label 'a'\\); number the classes first"),
        ([0, 1], Z, [0, 1], ValueError, "changed in 1 row; the first is id 1, label 0 before and"),
        ([5, 5], Z, [0, 1], ValueError, "the first is id 5, label 0 before and 1 now"),
        ([0, 1], [[1.0, np.nan], [0.0, 1.0]], [0, 0], ValueError, 'ids 0; .*on_nan="skip"'),
    ],
)  # fmt: skip
def test_a_bad_update_is_refused_whole(ids, logits, labels, error, message):
    area = fill([([0, 1], Z, [0, 0])])
    before = area.state_dict()
    with pytest.raises(error, match=message):
        area.update(ids, logits, labels)
    assert area.state_dict() == before


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


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        ({}, TypeError, "expected an AreaUnderMargin, got dict"),
        (fill([], estimator=ec.ClosedForm(sigma=0.5)), ValueError, r"estimator=.* and estimator="),
        (fill([], keep_records=True), ValueError, "keep_records=False and keep_records=True"),
        (fill([], skip_epochs=2), ValueError, "skip_epochs=0 and skip_epochs=2"),
        (fill([], on_nan="skip"), ValueError, "on_nan='raise' and on_nan='skip'"),
        (fill([([1], Z[:1], [1])]), ValueError, "first is id 1, label 0 before and 1 now"),
    ],
)
def test_merging_needs_the_same_options_and_labels(other, error, message):
    with pytest.raises(error, match=message):
        fill([([0, 1], Z, [0, 0])]).merge(other)


def test_nothing_but_the_core_is_needed(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "3 2\n")
