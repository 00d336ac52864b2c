"""Each rule of AUMFilter against a loop over samples that says what it says."""

from dataclasses import replace

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin, AUMFilter, AUMValues

import easiness_core as ec

N, C = 400, 4
RULES = ["drop_easy", "flagged_easy", "flagged_hard", "confident_disagreement", "aum"]


@pytest.fixture
def planted(rng):
    return np.sort(rng.permutation(N)[:80])


@pytest.fixture
def values(rng, planted):
    """Averages of which many saturate, and threshold samples that are mostly hard."""
    easiness = np.clip(rng.normal(0.5, 0.6, N), 0, 1)
    easiness[planted] **= 3
    rival = np.where(rng.random(N) < 0.5, 1 - easiness, 0.0)
    aum = 8 * easiness + rng.normal(-4, 2, N)
    labels = rng.integers(0, C, N)
    labels[planted] = C
    return AUMValues(np.arange(N), labels, np.full(N, 7), aum, easiness, rival)


def by_hand(rule, cut, values, planted, easiness, rival, *, resolution, percentile, q):
    threshold = np.percentile(values.aum[planted], percentile)
    flags = []
    for k in range(N):
        if k in planted or not values.aum[k] < threshold:
            flags.append(False)
            continue
        if cut == "threshold":
            easy = easiness[k] > np.percentile(easiness[planted], q)
            sure = rival[k] >= np.percentile(rival[planted], 100 - q)
        else:
            at = 1 - resolution if cut == "level" else cut
            easy, sure = easiness[k] >= at, rival[k] >= at
        flags.append(
            {
                "aum": True,
                "drop_easy": not easy,
                "flagged_easy": easy,
                "flagged_hard": easiness[k] <= resolution,
                "confident_disagreement": sure and rival[k] > 0,
            }[rule]
        )
    return flags


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("cut", "q"), [("threshold", 50.0), ("threshold", 99.5), ("level", 50.0),
                                        (0.7, 50.0)])  # fmt: skip
def test_rules_do_what_they_say(values, planted, rule, cut, q):
    if rule in ("flagged_hard", "aum") and not isinstance(cut, str):
        with pytest.raises(ValueError, match=f"cut: the rule '{rule}' does not use it, got"):
            AUMFilter(rule, cut=cut)
        return
    estimator = ec.ClosedForm(resolution=0.01)
    flag = AUMFilter(rule, cut=cut, estimator=estimator, percentile=90, easiness_percentile=q).flag
    found = flag(values, planted)
    facts = {"resolution": 0.01, "percentile": 90, "q": q}
    expected = by_hand(rule, cut, values, planted, values.easiness, values.rival_easiness, **facts)
    assert found.flags.tolist() == expected
    aum = by_hand("aum", cut, values, planted, values.easiness, values.rival_easiness, **facts)
    assert found.aum_flags.tolist() == aum
    assert found.aum_threshold == np.percentile(values.aum[planted], 90)
    assert sum(aum) > 0


@pytest.mark.parametrize("rule", RULES)
def test_one_epochs_probabilities_take_the_place_of_the_averages(values, planted, rule, rng):
    probs = ec.softmax(rng.normal(size=(N, C + 1)))
    estimator = ec.ClosedForm(sigma=0.2)
    easiness = ec.easiness(probs, values.labels, estimator=estimator)
    predicted = probs.argmax(1)
    rival = ec.easiness(probs, predicted, estimator=estimator) * (predicted != values.labels)
    found = AUMFilter(rule, estimator=estimator).flag(values, planted, probs=probs)
    percentile = 99 if rule == "aum" else 99.9
    facts = {"resolution": estimator.resolution, "percentile": percentile, "q": 99.5}
    expected = by_hand(rule, "threshold", values, planted, easiness, rival, **facts)
    assert found.flags.tolist() == expected


@pytest.mark.parametrize("rule", RULES)
def test_the_default_percentile_is_aums_for_aum_and_wider_for_what_easiness_filters(
    values, planted, rule
):
    published = np.percentile(values.aum[planted], 99)
    found = AUMFilter(rule).flag(values, planted)
    if rule == "aum":
        assert found.aum_threshold == published
        assert np.array_equal(found.flags, found.aum_flags)
    else:
        assert found.aum_threshold == np.percentile(values.aum[planted], 99.9) > published
    same = AUMFilter(rule, percentile=99).flag(values, planted)
    assert same.aum_threshold == published
    assert np.array_equal(same.aum_flags, AUMFilter("aum").flag(values, planted).flags)


def test_where_all_threshold_samples_are_hard_only_what_is_easier_is_dropped(values, planted):
    easiness = np.where(np.isin(np.arange(N), planted), 0.0, values.easiness)
    early = AUMValues(
        values.ids, values.labels, values.count, values.aum, easiness, values.rival_easiness
    )
    found = AUMFilter().flag(early, planted)
    assert found.easiness_cut == 0.0
    assert np.array_equal(found.flags, found.aum_flags & (easiness == 0.0))
    assert found.flags.any()


def test_both_ends_are_as_said():
    """An AUM on the threshold is not flagged; an easiness on the resolution is hard."""
    aum = np.array([-2.0, -2.5, -3.0, -2.0, -2.0])
    easiness = np.array([0.0, 0.001, 0.002, 0.0, 0.0])
    labels = np.array([0, 0, 0, 1, 1])
    few = AUMValues(np.arange(5), labels, np.ones(5, int), aum, easiness, 1 - easiness)
    found = AUMFilter("flagged_hard").flag(few, [3, 4])
    assert found.aum_flags.tolist() == [False, True, True, False, False]
    assert found.flags.tolist() == [False, True, False, False, False]


def test_values_of_a_file_need_probabilities_and_labels(values, planted, rng, tmp_path):
    area = AreaUnderMargin()
    logits = rng.normal(size=(N, C + 1))
    area.update(np.arange(N), logits, values.labels)
    area.to_csv(tmp_path)
    read = AreaUnderMargin.read_csv(tmp_path / "aum_values.csv").values(np.arange(N))
    probs = ec.softmax(logits)
    with pytest.raises(ValueError, match="measured without easiness; pass probs="):
        AUMFilter().flag(read, planted)
    with pytest.raises(ValueError, match="without labels; pass labels="):
        AUMFilter().flag(read, planted, probs=probs)
    found = AUMFilter().flag(read, planted, probs=probs, labels=values.labels.tolist())
    # One measurement: the average is that of this epoch.
    same = AUMFilter().flag(area.values(), planted)
    assert np.array_equal(found.flags, same.flags)
    assert found.aum_threshold == same.aum_threshold


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"rule": "easy"}, ValueError, "rule: expected one of drop_easy, .* got 'easy'"),
        ({"cut": "max"}, ValueError, "cut: expected"),
        ({"cut": 1.1}, ValueError, "cut: expected a value above 0 and at most 1, got 1.1"),
        ({"cut": np.nan}, ValueError, "cut: expected a value above 0 and at most 1, got nan"),
        ({"estimator": 0.1}, TypeError, "estimator: expected"),
        ({"percentile": -1}, ValueError, "percentile: expected a value at least 0 and at most 100"),
        ({"percentile": 0.99}, ValueError, "percentile: expected a percentage, .* pass 99 if the"),
        ({"easiness_percentile": 0.995}, ValueError, "pass 99.5 if the fraction 0.995 is meant"),
    ],
)
def test_options_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        AUMFilter(**options)


def test_arguments_are_checked(values, planted):
    with pytest.raises(TypeError, match=r"values: expected AUMValues, .* got AreaUnderMargin"):
        AUMFilter().flag(AreaUnderMargin(), planted)
    with pytest.raises(ValueError, match=r"probs: expected 400 rows|expected one label per row"):
        AUMFilter().flag(values, planted, probs=np.full((2, C), 0.25), labels=[0, 1])
    with pytest.raises(ValueError, match="at least one row"):
        AUMFilter().flag(values, [])
    with pytest.raises(ValueError, match=r"column for each label from 0 to 4, .* got 4 columns"):
        AUMFilter().flag(values, planted, probs=np.full((N, C), 0.25))


@pytest.mark.parametrize("name", ["easiness", "rival_easiness", "aum"])
def test_averages_that_are_no_number_are_refused(values, planted, name):
    column = getattr(values, name).copy()
    column[17] = np.nan
    with pytest.raises(ValueError, match=f"{name}: 1 of 400 values are NaN; the first is row 17"):
        AUMFilter().flag(replace(values, **{name: column}), planted)


@pytest.mark.parametrize("named", [False, True])
def test_threshold_samples_are_found_by_id_in_any_order(rng, planted, named, tmp_path):
    """As measured in a shuffled loop, and as aum_values.csv sorts them."""
    labels = rng.integers(0, C, N)
    labels[planted] = C
    logits = rng.normal(size=(N, C + 1)) + 2 * np.eye(C + 1)[labels % C]
    names = np.array([f"img{k}" for k in range(N)]) if named else np.arange(N)
    area = AreaUnderMargin()
    for rows in np.array_split(rng.permutation(N), 4):
        area.update(names[rows], logits[rows], labels[rows])
    area.to_csv(tmp_path)
    read = AreaUnderMargin.read_csv(tmp_path / "aum_values.csv").values()
    expected = AUMFilter("aum").flag(area.values(names), names[planted])
    assert expected.flags.any()
    for values in (area.values(), read):
        assert not np.array_equal(values.ids, names)
        found = AUMFilter("aum").flag(values, names[planted])
        assert found.aum_threshold == expected.aum_threshold
        assert np.array_equal(found.ids, values.ids)
        assert set(found.ids[found.flags]) == set(names[expected.flags])


def test_threshold_samples_are_the_samples_of_one_label(values, planted):
    """Those of another run, or training on the given labels, would move the cut unseen."""
    other = np.setdiff1d(np.arange(N), planted)[: len(planted)]
    for wrong in (other, planted[1:], [*planted, other[0]]):
        with pytest.raises(ValueError, match=r"expected all samples of one label, .* of this run"):
            AUMFilter().flag(values, wrong)
    with pytest.raises(ValueError, match=r"ids of samples in values, got 400, .* \(1 of 2 are not"):
        AUMFilter().flag(values, [planted[0], N])
    with pytest.raises(ValueError, match="ids of samples in values, got 'a'"):
        AUMFilter().flag(values, ["a"])
