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
    rows_of_nan = torch.full((3, 2), np.nan)
    for keep in (ec.EMHO, (0.0, 1.0)):
        assert select_batch(rows_of_nan, LABELS, keep).tolist() == []
    assert select_batch(LOGITS.half(), LABELS, "hard|medium").tolist() == [1, 2]
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t) or t, lambda t: t):
        select_batch(logits, LABELS, ec.MO)
    assert not saved  # nothing is kept for a gradient


@pytest.mark.parametrize(
    ("labels", "keep", "estimator", "error", "message"),
    [
        (LABELS, 8, ec.ClosedForm(), ValueError, "keep: expected words .* union of Level; got 8"),
        (LABELS, None, ec.ClosedForm(), TypeError, "or an interval .*got None"),
        (LABELS, (0.8, 0.2), ec.ClosedForm(), ValueError, r"low <= high <= 1, got \(0.8, 0.2\)"),
        (LABELS, (0.1, float("nan")), ec.ClosedForm(), ValueError, "keep: expected a value of at"),
        (LABELS, ("a", "b"), ec.ClosedForm(), TypeError, "keep: expected a number, got str"),
        (LABELS[:2], ec.MO, ec.ClosedForm(), ValueError, "labels: expected shape"),
        (LABELS, ec.MO, "exact", TypeError, "expected ClosedForm"),
    ],
)
def test_mistakes_are_refused(labels, keep, estimator, error, message):
    with pytest.raises(error, match=message):
        select_batch(LOGITS, labels, keep, estimator=estimator)
