"""What AreaUnderMargin measures: against an oracle, in any order, with any holder of arrays."""

import json

import naive_aum
import numpy as np
import pytest
from easiness_aum import AreaUnderMargin
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

N_CLASSES = 4


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


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("strings", [False, True])
def test_equals_the_oracle(rng, dtype, strings):
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


def as_torch(values):
    torch = pytest.importorskip("torch")
    return torch.as_tensor(np.asarray(values))


@pytest.mark.parametrize("hold", [np.asarray, as_torch, list])
def test_any_holder_gives_the_same_numbers(rng, hold):
    stream = make_stream(rng)
    held = [tuple(hold(part) for part in batch) for batch in stream]
    if hold is list:
        held = [(list(map(int, i)), z, list(y)) for i, z, y in stream]
    assert table(fill(held)) == table(fill(stream))


def test_tensors_of_a_running_graph_and_lists_of_tensors_as_ids(rng):
    torch = pytest.importorskip("torch")
    stream = make_stream(rng, n_batches=3)
    area = AreaUnderMargin()
    for ids, logits, labels in stream:
        z = torch.tensor(logits, requires_grad=True)
        area.update([torch.tensor(k) for k in ids], z * 1.0, torch.tensor(labels))
    assert table(area) == table(fill(stream))


def test_half_types_are_taken(rng):
    torch = pytest.importorskip("torch")
    z = torch.tensor(3 * rng.normal(size=(5, 3))).bfloat16()
    area, wide = AreaUnderMargin(), AreaUnderMargin()
    area.update(range(5), z, [0, 1, 2, 0, 1])
    wide.update(range(5), z.float(), [0, 1, 2, 0, 1])
    assert table(area) == table(wide)


def test_a_batch_of_one_and_of_none(rng):
    stream = make_stream(rng, size=1)
    whole = [np.concatenate(parts) for parts in zip(*stream, strict=True)]
    area = fill(stream)
    area.update([], np.empty((0, N_CLASSES)), [])
    assert table(area) == table(fill([whole]))


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(0, 12), st.integers(0, 12))
def test_merging_in_any_order_equals_the_whole(seed, n_ids, first, second):
    # float32: every sum of margins is exact in float64, so that equality is to the last bit.
    stream = make_stream(np.random.default_rng(seed), n_samples=10 * n_ids)
    first, second = sorted((first, second))
    a, b, c = (fill(p) for p in (stream[:first], stream[first:second], stream[second:]))
    whole = table(fill(stream))
    assert list(table(a.merge(b).merge(c))) == list(whole)
    for merged in (
        a.merge(b).merge(c),
        a.merge(b.merge(c)),
        c.merge(a).merge(b),
        b.merge(c.merge(a)),
    ):
        assert table(merged) == whole


def test_merging_changes_neither(rng):
    stream = make_stream(rng)
    a, b = fill(stream[:6]), fill(stream[6:])
    before = table(a), table(b)
    merged = a.merge(b)
    merged.update(*stream[0])
    assert (table(a), table(b)) == before


@given(seed=st.integers(0, 1000))
def test_two_merged_either_way_are_equal_to_the_last_bit(seed):
    """Of float64 logits too, whose sums of margins round."""
    stream = make_stream(np.random.default_rng(seed), dtype=np.float64)
    a, b = fill(stream[:7]), fill(stream[7:])
    assert table(a.merge(b)) == table(b.merge(a))
    whole = table(fill(stream))
    for sample, row in table(b.merge(a)).items():
        assert row[:2] + row[3:] == whole[sample][:2] + whole[sample][3:]
        assert row[2] == pytest.approx(whole[sample][2], abs=1e-13)


def test_a_merged_one_goes_on_from_the_epoch_of_the_one_ahead(rng):
    a, b = AreaUnderMargin(skip_epochs=2), AreaUnderMargin(skip_epochs=2)
    a.set_epoch(1)
    b.set_epoch(2)
    for merged in (a.merge(b), b.merge(a), b.merge(AreaUnderMargin(skip_epochs=2))):
        merged.update([1], [[0.0, 1.0]], [0])
        assert len(merged) == 1


def test_records_of_workers_are_numbered_one_after_the_other(tmp_path):
    """Whenever they were made: here the second worker measured sample 5 first."""
    a, b = AreaUnderMargin(keep_records=True), AreaUnderMargin(keep_records=True)
    b.update([5], [[0.0, 7.0]], [0])
    a.update([5], [[4.0, 1.0]], [0])
    b.update([5, 2], [[0.0, 1.0], [1.0, 0.0]], [0, 0])
    a.merge(b).to_csv(tmp_path)
    lines = (tmp_path / "full_aum_records.csv").read_text().splitlines()[1:]
    margins = [(line.split(",")[:2], float(line.split(",")[6])) for line in lines]
    assert margins == [(["2", "1"], 1.0), (["5", "1"], 3.0), (["5", "2"], -7.0), (["5", "3"], -1.0)]


def test_merged_records_are_those_of_the_whole(rng, tmp_path):
    # The second part starts with other samples, so that rows differ between the two.
    stream = make_stream(rng)
    whole = fill(stream, keep_records=True)
    merged = fill(stream[:6], keep_records=True).merge(fill(stream[6:], keep_records=True))
    for name, area in (("whole", whole), ("merged", merged)):
        area.to_csv(tmp_path / name)
    files = [tmp_path / name / "full_aum_records.csv" for name in ("whole", "merged")]
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("keep_records", [False, True])
def test_a_state_goes_through_json_and_goes_on(rng, tmp_path, keep_records):
    stream = make_stream(rng, strings=True)
    half = fill(stream[:5], keep_records=keep_records)
    half.set_epoch(3)
    other = AreaUnderMargin(keep_records=keep_records)
    other.load_state_dict(json.loads(json.dumps(half.state_dict())))
    for batch in stream[5:]:
        other.update(*batch)
        half.update(*batch)
    whole = fill(stream, keep_records=keep_records)
    assert table(other) == table(half) == table(whole)
    for name, area in (("a", other), ("b", whole)):
        area.to_csv(tmp_path / name)
    for file in (tmp_path / "b").iterdir():
        assert (tmp_path / "a" / file.name).read_bytes() == file.read_bytes()


def test_a_state_survives_torch_load(rng, tmp_path):
    torch = pytest.importorskip("torch")
    area = fill(make_stream(rng))
    torch.save(area.state_dict(), tmp_path / "state.pt")
    other = AreaUnderMargin()
    other.load_state_dict(torch.load(tmp_path / "state.pt"))
    assert table(other) == table(area)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s | {"format": 1}, "of format 2"),
        (lambda s: [], "of format 2"),
        (lambda s: s | {"options": s["options"] | {"skip_epochs": 1}}, "skip_epochs=1"),
        (lambda s: s | {"options": s["options"] | {"estimator": None}}, "estimator=None"),
        (lambda s: s | {"ids": s["ids"][1:]}, "incomplete"),
        (lambda s: s | {"ids": s["ids"][:1] * len(s["ids"])}, "incomplete"),
        (lambda s: s | {"sums": {}}, "incomplete"),
        (
            lambda s: {k: v for k, v in s.items() if k != "options"},
            "options is damaged",
        ),
        (lambda s: {k: v for k, v in s.items() if k != "log"}, "incomplete: log is damaged"),
        (lambda s: s | {"counters": [None, 0]}, "incomplete: counters is damaged"),
        (lambda s: s | {"ids": [str(s["ids"][0]), *s["ids"][1:]]}, "all of one kind"),
        (lambda s: s | {"sums": s["sums"] | {"count": [0] * len(s["ids"])}}, "incomplete"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(rng, change, message):
    stream = make_stream(rng)
    area = fill(stream)
    before = table(area)
    with pytest.raises(ValueError, match=message):
        area.load_state_dict(change(area.state_dict()))
    assert table(area) == before


def test_first_epochs_are_left_out(rng):
    stream = make_stream(rng)
    area = AreaUnderMargin(skip_epochs=2)
    for epoch in range(3):
        area.set_epoch(epoch)
        for batch in stream[4 * epoch : 4 * epoch + 4]:
            area.update(*batch)
    assert area.n_skipped == 8 * 16
    assert table(area) == table(fill(stream[8:]))


def test_values_come_in_the_order_asked_for(rng):
    area = fill(make_stream(rng, n_batches=40))
    values = area.values(np.arange(30)[::-1])
    assert values.ids.tolist() == list(range(29, -1, -1))
    rows = table(area)
    assert values.aum.tolist() == [rows[k][2] for k in range(29, -1, -1)]
    with pytest.raises(ValueError, match=r"1 of 2 have no measurements; the first is 99"):
        area.values([3, 99])


def test_without_an_estimator_margins_alone(rng):
    stream = make_stream(rng)
    values = fill(stream, estimator=None).values()
    assert values.easiness is values.rival_easiness is None
    assert values.aum.tolist() == fill(stream).values().aum.tolist()


def test_records_do_not_share_memory_with_the_batch(rng, tmp_path):
    # Loops reuse their buffers.
    stream = make_stream(rng)
    ids, logits, labels = (np.array(part) for part in stream[0])
    area = AreaUnderMargin(keep_records=True)
    for batch in stream:
        for buffer, part in zip((ids, logits, labels), batch, strict=True):
            buffer[:] = part
        area.update(ids, logits, labels)
    area.to_csv(tmp_path / "reused")
    fill(stream, keep_records=True).to_csv(tmp_path / "fresh")
    files = [tmp_path / name / "full_aum_records.csv" for name in ("reused", "fresh")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_many_samples_grow_the_table(rng):
    labels = rng.integers(0, N_CLASSES, 5000)
    logits = rng.normal(size=(5000, N_CLASSES)).astype(np.float32)
    whole = fill([(np.arange(5000), logits, labels)])
    parts = np.array_split(rng.permutation(5000), 60)
    area = fill([(p, logits[p], labels[p]) for p in parts])
    assert table(area) == table(whole)
    assert repr(area) == "AreaUnderMargin(n_samples=5000, n_measurements=5000)"


def test_whole_numbers_held_as_objects_are_ids():
    """As a column of a data frame may hold them."""
    area = AreaUnderMargin()
    area.update(np.array([7, 2**40], dtype=object), np.eye(2), [0, 1])
    area.update([np.int32(7), 3], np.eye(2), [0, 1])
    assert area.values().ids.tolist() == [7, 2**40, 3]


def test_ids_of_a_file_that_64_bits_do_not_hold_stay_apart(tmp_path):
    file = tmp_path / "aum_values.csv"
    file.write_text(f"sample_id,aum\n{2**63},1.5\n{2**63 + 1},0.5\n-1,0.0\n")
    values = AreaUnderMargin.read_csv(file).values()
    assert values.ids.tolist() == [str(2**63), str(2**63 + 1), "-1"]
    assert AreaUnderMargin.read_csv(file).values([str(2**63 + 1)]).aum.tolist() == [0.5]


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
    again = AreaUnderMargin(keep_probs=True)
    again.load_state_dict(json.loads(json.dumps(merged.state_dict())))
    np.testing.assert_array_equal(again.values(range(5)).probs, probs)
    assert AreaUnderMargin().values().probs is None
    with pytest.raises(ValueError, match="logits: expected 3 columns as before, got 4"):
        whole.update([0], np.zeros((1, 4)), [0])
    assert whole.values().count.tolist() == [4] * 5


def test_one_that_measured_nothing_merges_from_either_side():
    full, empty = (AreaUnderMargin(keep_probs=True, on_nan="skip") for _ in range(2))
    full.update([1, 2], [[1.0, 2, 0], [3, 0, 0]], [0, 1])
    empty.update([5], [[np.nan, 1, 2]], [0])
    for merged in (full.merge(empty), empty.merge(full)):
        assert merged.n_not_finite == 1
        np.testing.assert_array_equal(merged.values().probs, full.values().probs)
