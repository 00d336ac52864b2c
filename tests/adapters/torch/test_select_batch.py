"""Selection within a batch."""

import numpy as np
import pytest
import torch
from easiness_torch import log_easiness, select_batch
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec
from easiness_core.testing import probs_and_labels

LEVELS = [ec.EO, ec.MO, ec.HO, ec.EMO, ec.MHO, ec.Level.EASY | ec.Level.HARD, ec.EMHO]
# Logits whose softmax is [.9, .1], [.51, .49], [.2, .8]: easy, medium, hard.
LOGITS = torch.tensor([[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]]).log()
LABELS = torch.zeros(3, dtype=torch.int64)


@given(
    probs_and_labels(max_samples=12),
    st.sampled_from(LEVELS),
    st.sampled_from([ec.ClosedForm(sigma=0.1), ec.ClosedForm(0.3, 0.1), ec.MonteCarlo(0.3, 20)]),
)
def test_selects_what_the_core_selects(case, levels, estimator):
    logits = torch.from_numpy(case[0]).clamp(min=1e-300).log()
    labels = torch.from_numpy(case[1])
    # Cut by the core, on scores that other tests hold equal to its own.
    log_e = log_easiness(logits, labels, estimator=estimator)
    level = ec.levels(log_e, resolution=estimator.resolution)
    found = select_batch(logits, labels, levels, estimator=estimator)
    assert found.dtype == torch.int64
    assert found.tolist() == ec.select(level, levels).tolist()


@pytest.mark.parametrize(
    ("levels", "expected"),
    list(zip(LEVELS, [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]], strict=True)),
)
def test_each_level_and_union(levels, expected):
    assert select_batch(LOGITS, LABELS, levels).tolist() == expected
    assert select_batch(LOGITS.half(), LABELS, int(levels)).tolist() == expected


def test_an_interval_of_easiness_includes_its_ends(make_rows):
    probs, labels = make_rows(200, 3, spread=0.5)
    logits = torch.from_numpy(probs).log()
    estimator = ec.ClosedForm(sigma=0.2)
    easiness = ec.easiness(ec.softmax(logits), labels, estimator=estimator)
    for low, high in ((0.2, 0.8), (0, 1), (0.5, 0.5)):
        found = select_batch(logits, torch.from_numpy(labels), (low, high), estimator=estimator)
        assert found.tolist() == ec.select_interval(easiness, low, high).tolist()
    ends = torch.tensor([[0.0, 0.0], [800.0, -800.0], [-800.0, 800.0]])
    assert select_batch(ends, LABELS, (1, 1)).tolist() == [1]
    assert select_batch(ends, LABELS, (0, 0)).tolist() == [2]
    assert select_batch(ends, LABELS, [0.5, 0.5]).tolist() == [0]


def test_resolution_and_sigma_are_the_estimators():
    assert select_batch(LOGITS, LABELS, ec.MO, estimator=ec.ClosedForm(sigma=1.0)).numel() == 3
    wide = ec.ClosedForm(resolution=0.4)
    assert select_batch(LOGITS, LABELS, ec.EO, estimator=wide).tolist() == [0, 1]


def test_nothing_is_kept_for_a_gradient():
    logits, saved = LOGITS.clone().requires_grad_(), []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        select_batch(logits, LABELS, ec.MO)
        assert not saved
        log_easiness(logits, LABELS)
        assert saved


def test_a_step_on_the_selection_and_no_step_on_none():
    logits = LOGITS.clone().requires_grad_()
    kept = select_batch(logits, LABELS, ec.MHO)
    torch.nn.functional.cross_entropy(logits[kept], LABELS[kept]).backward()
    assert logits.grad.abs().sum(1).gt(0).tolist() == [False, True, True]
    none = select_batch(logits[:1], LABELS[:1], ec.MO)
    assert none.shape == (0,)
    assert none.dtype == torch.int64
    assert torch.nn.functional.cross_entropy(logits[none], LABELS[none]).isnan()
    assert select_batch(torch.empty(0, 4), LABELS[:0], ec.EMHO).shape == (0,)


@pytest.mark.parametrize("keep", [*LEVELS, (0.0, 1.0)])
def test_rows_with_nan_are_never_selected(keep):
    logits = torch.full((3, 2), np.nan)
    assert select_batch(logits, LABELS, keep).tolist() == []


@pytest.mark.parametrize(
    ("keep", "error", "message"),
    [
        (0, ValueError, "keep: expected words .* or a union of Level; got 0"),
        (8, ValueError, "or a union of Level; got 8"),
        (True, TypeError, "keep: expected words .*; got bool True"),
        ("OM", ValueError, "keep: expected words .*; got 'OM'"),
        (None, TypeError, "such as easiness_core.MO or 'medium', or an interval .*got None"),
        ((0.1,), TypeError, r"got \(0.1,\)"),
        ((0.8, 0.2), ValueError, r"0 <= low <= high <= 1, got \(0.8, 0.2\)"),
        ((0.5, 1.5), ValueError, "0 <= low <= high <= 1"),
        ((-0.1, 0.5), ValueError, "keep: expected a value of at least 0"),
        ((0.1, float("nan")), ValueError, "keep: expected a value of at least 0"),
        (("a", "b"), TypeError, "keep: expected a number, got str"),
    ],
)
def test_what_says_nothing_to_keep_is_refused(keep, error, message):
    with pytest.raises(error, match=message):
        select_batch(LOGITS, LABELS, keep)


def test_rows_and_estimators_are_checked():
    with pytest.raises(ValueError, match="labels: expected shape"):
        select_batch(LOGITS, LABELS[:2], ec.MO)
    with pytest.raises(TypeError, match="expected ClosedForm"):
        select_batch(LOGITS, LABELS, ec.MO, estimator="exact")


def test_levels_by_word_are_levels():
    assert select_batch(LOGITS, LABELS, "hard|medium").tolist() == [1, 2]
    assert select_batch(LOGITS, LABELS, "EO").tolist() == [0]
