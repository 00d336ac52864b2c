"""combine_runs on what AUMFilter found: matched by id, whatever the order of each run."""

import numpy as np
import pytest
from easiness_aum import (
    AreaUnderMargin,
    AUMFilter,
    choose_threshold_samples,
    combine_runs,
    relabel_threshold_samples,
)

N, C = 300, 3


@pytest.fixture
def runs(rng):
    """Two runs in shuffled loops, and which labels are wrong."""
    true = rng.integers(0, C, N)
    labels = np.where(rng.random(N) < 0.15, (true + 1) % C, true)
    planted = choose_threshold_samples(N, C)
    areas = []
    for rows in planted:
        train = relabel_threshold_samples(labels, rows, n_classes=C)
        area = AreaUnderMargin()
        for ids in np.array_split(rng.permutation(N), 3):
            logits = 3 * np.eye(C + 1)[true[ids]] + rng.normal(size=(len(ids), C + 1))
            area.update(ids, logits, train[ids])
        areas.append(area)
    return areas, planted, labels != true


def test_flags_are_matched_by_id(runs):
    areas, planted, wrong = runs
    judge = AUMFilter("aum").flag
    in_order = [judge(a.values(range(N)), p) for a, p in zip(areas, planted, strict=True)]
    expected = combine_runs([each.flags for each in in_order], planted)
    shuffled = [judge(a.values(), p) for a, p in zip(areas, planted, strict=True)]
    assert not np.array_equal(shuffled[0].ids, shuffled[1].ids)
    assert np.array_equal(combine_runs(shuffled, planted), expected)
    assert np.array_equal(combine_runs(in_order, planted), expected)
    assert expected[wrong].mean() > 0.6
    assert expected[~wrong].mean() < 0.05


def test_other_ids_come_in_the_order_of_the_first_run(runs, tmp_path):
    areas, planted, _ = runs
    judge = AUMFilter("aum").flag
    found = [judge(a.values(), p) for a, p in zip(areas, planted, strict=True)]
    expected = combine_runs(found, planted)
    named = []
    for number, area in enumerate(areas):
        area.to_csv(tmp_path / str(number))
        file = tmp_path / str(number) / "aum_values.csv"
        lines = file.read_text().splitlines()
        file.write_text("\n".join([lines[0], *("img" + line for line in lines[1:])]) + "\n")
        names = [f"img{k}" for k in planted[number]]
        named.append((judge(AreaUnderMargin.read_csv(file).values(), names), names))
    joined = combine_runs([each for each, _ in named], [names for _, names in named])
    rows = [int(name[3:]) for name in named[0][0].ids.tolist()]
    assert np.array_equal(joined, expected[rows])


def test_runs_that_do_not_fit_are_refused(runs):
    areas, planted, _ = runs
    first = AUMFilter("aum").flag(areas[0].values(), planted[0])
    other = AreaUnderMargin()
    other.update([0, 1, N], np.eye(3), [0, 1, 2])
    second = AUMFilter("aum").flag(other.values(), [N])
    with pytest.raises(ValueError, match="same ids in every run, got 3 ids of which 2 are among"):
        combine_runs([first, second], [planted[0], [N]])
    with pytest.raises(TypeError, match="got both"):
        combine_runs([first, first.flags], [planted[0], planted[0]])
    with pytest.raises(ValueError, match="ids of samples in flags, got 300"):
        combine_runs([first], [[N]])
    found = [AUMFilter("aum").flag(a.values(), p) for a, p in zip(areas, planted, strict=True)]
    with pytest.raises(ValueError, match="those of run 0 are not those that its flags were found"):
        combine_runs(found, planted[::-1])
