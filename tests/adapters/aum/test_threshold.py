import numpy as np
import pytest
from easiness_aum import (
    aum_threshold,
    choose_threshold_samples,
    combine_runs,
    relabel_threshold_samples,
)
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(2, 200), st.integers(2, 20), st.integers(1, 4), st.integers(0, 9))
def test_the_draw_is_disjoint_sorted_and_of_the_size_of_a_class(n, c, runs, seed):
    if n < c or runs * (n // c) > n:
        argument = "n_samples" if n < c else "runs"
        with pytest.raises(ValueError, match=f"{argument}: expected"):
            choose_threshold_samples(n, c, runs=runs, seed=seed)
        return
    drawn = choose_threshold_samples(n, c, runs=runs, seed=seed)
    assert [len(rows) for rows in drawn] == [n // c] * runs
    together = np.concatenate(drawn)
    assert len(np.unique(together)) == len(together)
    assert together.min() >= 0
    assert together.max() < n
    assert all(np.array_equal(rows, np.sort(rows)) for rows in drawn)
    again = choose_threshold_samples(n, c, runs=runs, seed=seed)
    assert all(map(np.array_equal, drawn, again))
    other = choose_threshold_samples(n, c, runs=runs, seed=seed + 1)
    assert n // c < 10 or n < 50 or not all(map(np.array_equal, drawn, other))


def test_labels_are_copied_and_only_the_drawn_change(rng):
    labels = rng.integers(0, 7, 100)
    before = labels.copy()
    rows = choose_threshold_samples(100, 7)[1]
    new = relabel_threshold_samples(labels, rows, n_classes=7)
    assert np.array_equal(labels, before)
    assert set(new[rows]) == {7}
    rest = np.delete(np.arange(100), rows)
    assert np.array_equal(new[rest], before[rest])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=30), st.just(0.0) | st.floats(1.0, 100.0))
def test_the_threshold_is_the_interpolated_percentile(aum, percentile):
    planted = sorted(aum[::2])
    position = percentile / 100 * (len(planted) - 1)
    low = int(position)
    high = min(low + 1, len(planted) - 1)
    expected = planted[low] + (planted[high] - planted[low]) * (position - low)
    found = aum_threshold(aum, range(0, len(aum), 2), percentile=percentile)
    assert found == pytest.approx(expected, abs=1e-9)


def test_the_default_is_the_99th_percentile(rng):
    aum = rng.normal(size=101)
    assert aum_threshold(aum, range(101)) == np.sort(aum)[99]


@given(st.integers(1, 4), st.integers(0, 2**20))
def test_runs_combine_as_said(n_runs, seed):
    rng = np.random.default_rng(seed)
    flags = rng.random((n_runs, 20)) < 0.6
    planted = [np.flatnonzero(rng.random(20) < 0.4) for _ in range(n_runs)]
    found = combine_runs(list(flags), planted)
    for sample in range(20):
        judged = [flags[k][sample] for k in range(n_runs) if sample not in planted[k]]
        assert found[sample] == (bool(judged) and all(judged))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: aum_threshold([1.0], []), ValueError, "at least one row, got none"),
        (lambda: aum_threshold([1.0, np.nan], [0]), ValueError, "aum: 1 of 2 values are NaN"),
        (lambda: aum_threshold([1.0], [1]), ValueError, "expected rows 0 to 0, got 1 to 1"),
        (lambda: aum_threshold([1.0], [True]), TypeError, "pass np.flatnonzero"),
        (lambda: aum_threshold([1.0], [0], percentile=101), ValueError, "percentile"),
        (lambda: choose_threshold_samples(5, 10), ValueError, "sample per class, got 5 samples"),
        (lambda: choose_threshold_samples(5, 2.0), TypeError, "n_classes: expected a whole"),
        (lambda: aum_threshold([1.0], [0], percentile=0.99), ValueError, "pass 99 if the fraction"),
        (lambda: relabel_threshold_samples([0, 3], [0], n_classes=3), ValueError,
         r"outside 0 to 2 \(n_classes is 3\); .*number the classes first"),
        (lambda: relabel_threshold_samples(["a", "b"], [0], n_classes=3), TypeError,
         r"first label 'a'\); number the classes first, as np\.unique"),
        (lambda: combine_runs([], []), ValueError, "one array per run, got 0 for 0"),
        (lambda: combine_runs([[1, 0]], [[0]]), TypeError, "flags: expected booleans"),
        (lambda: combine_runs([[True], [True, False]], [[0], [0]]), ValueError, r"shape \(1,\)"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
