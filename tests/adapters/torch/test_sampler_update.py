"""Scores of batches: equal to the core's, written without waiting, and what is wrong is named."""

import numpy as np
import pytest
import torch
from easiness_torch import EasinessSampler
from easiness_torch.scoring.device import moved
from hypothesis import given, settings
from hypothesis import strategies as st
from sampler_cases import scores_of

import easiness_core as ec
from easiness_core.testing import probs_and_labels

CLOSED = ec.ClosedForm()
TWO = torch.zeros(2, 2)


@settings(max_examples=40)
@given(
    probs_and_labels(max_samples=12),
    st.sampled_from([ec.ClosedForm(), ec.ClosedForm(sigma=0.2), ec.MonteCarlo(draws=50)]),
)
def test_scores_are_the_cores(case, estimator):
    probs, labels = case
    if len(labels) == 0:
        return
    sampler = EasinessSampler(len(labels), estimator=estimator)
    sampler.update(range(len(labels)), probs=torch.tensor(probs), labels=torch.tensor(labels))
    given, expected = scores_of(sampler), ec.score(probs, labels, estimator=estimator)
    for name in ("easiness", "log_easiness", "loss"):
        np.testing.assert_allclose(
            getattr(given, name), getattr(expected, name), rtol=1e-11, atol=1e-13
        )
    np.testing.assert_array_equal(given.predicted, expected.predicted)
    # Levels are cut on log easiness, which may differ by rounding.
    sure = np.abs(expected.easiness - estimator.resolution) > 1e-12
    sure &= np.abs(1 - expected.easiness - estimator.resolution) > 1e-12
    np.testing.assert_array_equal(given.level[sure], expected.level[sure])


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_logits_of_any_dtype_are_scored_and_their_gradients_left_alone(dtype):
    logits = (torch.randn(50, 7, generator=torch.Generator().manual_seed(0)) * 3).to(dtype)
    logits.requires_grad_()
    labels = torch.arange(50) % 7
    sampler = EasinessSampler(50)
    sampler.update(torch.arange(50), logits * 2, labels)
    expected = ec.score((logits * 2).detach().double().softmax(1).numpy(), labels.numpy())
    np.testing.assert_allclose(
        scores_of(sampler).easiness, expected.easiness, atol=1e-12 if dtype.itemsize == 8 else 1e-4
    )
    assert not scores_of(sampler).log_easiness.requires_grad
    (logits * 2).sum().backward()
    assert (logits.grad == 2).all()


@pytest.mark.parametrize(
    "indices",
    [(3, 1), torch.tensor([3, 1], dtype=torch.int32), np.array([3, 1]),
     torch.tensor([3, 1], dtype=torch.uint8)],
    ids=["tuple", "int32", "array", "uint8"],
)  # fmt: skip
def test_ids_and_labels_of_any_kind(indices):
    sampler = EasinessSampler(5)
    sampler.update([], torch.zeros(0, 4), [])
    sampler.update(indices, torch.tensor([[9.0, 0.0], [0.0, 9.0]]), [0, 0])
    found = scores_of(sampler)
    assert found.indices.tolist() == [1, 3]
    assert found.level.tolist() == [1, 4]
    assert found.labels.tolist() == [0, 0]


def test_the_last_update_counts_and_within_a_batch_the_last_row():
    sampler = EasinessSampler(3)
    hard, medium, easy = [0.0, 9.0], [1.0, 1.0], [9.0, 0.0]
    sampler.update([0, 1, 0, 0], torch.tensor([easy, easy, easy, medium]), [0] * 4)
    assert scores_of(sampler).level.tolist() == [2, 4]
    sampler.update([1], torch.tensor([hard]), [0])
    assert scores_of(sampler).level.tolist() == [2, 1]


def test_nothing_is_read_from_the_device():
    # A meta tensor has no values: whatever asked for one would raise.
    whole = torch.zeros(8, dtype=torch.int64, device="meta")
    rows = torch.zeros(8, 5, device="meta")
    for estimator in (ec.ClosedForm(), ec.MonteCarlo()):
        sampler = EasinessSampler(100, estimator=estimator)
        sampler.update(whole, rows, whole)
        sampler.update(whole, probs=rows, labels=whole)
        assert sampler.state_dict()["scores"]["loss"].is_meta
        with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
            sampler.check()


def test_updates_within_and_without_inference_mode_mix():
    sampler = EasinessSampler(2)
    with torch.inference_mode():
        sampler.update([0], torch.zeros(1, 2), [0])
    sampler.update([1], torch.zeros(1, 2), [0])
    with torch.inference_mode():
        sampler.update(torch.tensor([1]), torch.zeros(1, 2), torch.tensor([1]))
    assert scores_of(sampler).labels.tolist() == [0, 1]
    assert len(list(sampler)) == 2


@pytest.mark.parametrize(
    ("bad", "dtype"), [(float("nan"), torch.float32), (float("inf"), torch.float16)]
)
def test_bad_logits_are_named_when_the_next_epoch_begins(bad, dtype):
    sampler = EasinessSampler(100, warmup_epochs=0, min_samples=1)
    logits = torch.zeros(100, 3, dtype=dtype)
    sampler.update(torch.arange(100), logits, [0] * 100)
    logits[[7, 42], 1] = bad
    sampler.update(torch.arange(100), logits, [0] * 100)
    assert len(sampler) == 100
    with pytest.raises(ValueError, match=r"NaN or infinity for 2 samples: indices 7, 42"):
        next(iter(sampler))
    # Said once; the samples keep the scores they had.
    assert len(list(sampler)) == 100
    # When the first index is drawn, too; many are named in part.
    begun = iter(sampler)
    sampler.update(range(50), torch.full((50, 2), torch.nan), [0] * 50)
    with pytest.raises(ValueError, match=r"50 samples.*: indices 0, 1, 2, 3, .*, 9 and 40 m"):
        next(begun)


def test_bad_logits_can_be_skipped():
    sampler = EasinessSampler(4, warmup_epochs=0, min_samples=1, on_nan="skip")
    sampler.update([0, 1, 2, 3], torch.tensor([[1.0, 1.0]] * 2 + [[9.0, 0.0]] * 2), [0] * 4)
    sampler.update([0, 1, 2], torch.tensor([[torch.nan, 0], [0, 0], [0, torch.nan]]), [0] * 3)
    assert sorted(sampler) == [0, 1]
    assert sampler.history[-1]["skipped"] == 2
    list(sampler)
    assert sampler.history[-1]["skipped"] == 0


def test_a_class_that_cannot_be_is_no_fault():
    sampler = EasinessSampler(2, warmup_epochs=0, min_samples=1)
    sampler.update([0, 1], torch.tensor([[0.0, -torch.inf, 0.0]] * 2), [0, 1])
    sampler.check()
    found = scores_of(sampler)
    assert found.loss[1] == torch.inf
    assert found.level.tolist() == [2, 1]


@pytest.mark.parametrize(
    "row",
    [[3.0, -1.0], [0.5, 0.4], [1.2, -0.2], [float("nan"), 1.0], [1.00001, -1e-5]],
)
def test_rows_that_are_no_probabilities_are_refused(row):
    sampler = EasinessSampler(10)
    sampler.update([4, 8], probs=torch.tensor([[0.3, 0.7], row]), labels=[1, 1])
    assert scores_of(sampler).indices.tolist() == [4]
    with pytest.raises(ValueError, match=r"(probs|logits): got .* for 1 sample: indices 8; "):
        sampler.check()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_rounding_of_probabilities_is_forgiven_as_in_the_core(dtype):
    half = dtype in (torch.float16, torch.bfloat16)
    for negative in (5e-7, 5e-6, 5e-4, 5e-3):
        rows = torch.tensor([[1.0, -negative, 0.0]], dtype=dtype)
        sampler = EasinessSampler(10)
        sampler.update([4], probs=rows, labels=[1])
        try:
            # numpy has no bfloat16: the core takes it from torch.
            ec.score(rows if half else rows.numpy(), [1])
        except ValueError:
            assert negative > (1e-3 if half else 1e-6)
            with pytest.raises(ValueError, match=r"for 1 sample: indices 4; "):
                sampler.check()
        else:
            assert negative < (1e-3 if half else 1e-6)
            sampler.check()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0, 10], TWO, [0, 0]), ValueError,
         r"indices: expected 0 to 9 \(n_samples = 10\), got 1 .*row 1, value 10"),
        (([0, 1], TWO, [0, 2]), ValueError, r"labels: expected 0 to 1 \(columns of logits = 2\)"),
        (([0, 1], TWO, [-100, 0]), ValueError, "labels: .*value -100; leave out rows with ign"),
        (([0], TWO, [0, 0]), ValueError, r"indices: expected shape \(2,\), one per row of logits"),
        (([0, 1], TWO, [0]), ValueError, r"labels: expected shape \(2,\), one per row of logits"),
        ((torch.zeros(2, 1).long(), TWO, [0, 0]), ValueError, r"indices: .*got \(2, 1\)"),
        (([0.0, 1.0], TWO, [0, 0]), TypeError, "indices: .*float32; keep indices in in"),
        (([True, False], TWO, [0, 0]), TypeError, "indices: expected whole numbers"),
        (([0, 1], TWO), TypeError, "labels: expected one per row of logits"),
        (([0],), TypeError, "either logits or probs="),
        (([0], [[0.0, 1.0]], [0]), TypeError, "logits: expected a tensor, got list"),
    ],
)  # fmt: skip
def test_what_is_on_the_host_is_checked_at_once(arguments, error, message):
    with pytest.raises(error, match=message):
        EasinessSampler(10).update(*arguments)


def on_a_device(sampler, indices, rows, labels, *, are_probs=False):
    """As an update whose tensors are on a device: nothing is checked on the host."""
    table = sampler._table_on(rows.device)
    table.update(torch.tensor(indices), rows, torch.tensor(labels), CLOSED, are_probs=are_probs)
    sampler._version += 1


@pytest.mark.parametrize(
    ("indices", "labels", "message"),
    [
        ([0, 10, 3], [0, 0, 0], r"indices: expected 0 to 9 \(n_samples = 10\), got 10; pass"),
        ([0, -4, 12], [0, 0, 0], "indices: .*got -4 and 12; pass the indices of the data set"),
        ([0, 5, 3], [0, 2, -1], "labels: got labels outside the classes for 2 samples: indices"),
    ],
)
def test_what_is_on_a_device_is_checked_when_the_next_epoch_begins(indices, labels, message):
    sampler = EasinessSampler(10)
    on_a_device(sampler, indices, torch.zeros(3, 2), labels)
    assert set(scores_of(sampler).indices.tolist()) <= set(indices)
    with pytest.raises(ValueError, match=message):
        next(iter(sampler))


def test_ids_are_exact_past_2_to_the_24():
    n_samples = 2**24 + 50
    sampler = EasinessSampler(n_samples, warmup_epochs=0, min_samples=1)
    indices = torch.arange(2**24 - 50, n_samples)
    logits = torch.tensor([[9.0, 0.0]]).repeat(100, 1)
    # float32 cannot tell these two from their neighbors.
    logits[(indices == 2**24 + 1) | (indices == 2**24 + 33), 0] = 0.0
    sampler.update(indices, logits, torch.zeros(100, dtype=torch.int64))
    # The others as if they had been found easy, without the seconds that takes.
    sampler.state_dict()["scores"]["written_at"].clamp_(min=1)
    assert sorted(sampler) == [2**24 + 1, 2**24 + 33]


def test_scores_move_once_to_where_the_logits_are():
    for options, first in (({"device": "meta"}, "cpu"), ({}, "meta")):
        sampler = EasinessSampler(3, **options)
        for device in (first, "cpu"):
            sampler.update([0], torch.zeros(1, 2, device=device), [0])
            assert sampler.state_dict()["scores"]["loss"].is_meta


def test_only_what_goes_to_a_device_is_not_waited_for(monkeypatch):
    # A copy to the host that is not waited for would be read before it is written.
    asked = []
    original = torch.Tensor.to

    def to(self, *args, **options):
        asked.append((torch.device(args[0]).type, options.get("non_blocking", False)))
        return original(self, *args, **options)

    monkeypatch.setattr(torch.Tensor, "to", to)
    for device in ("cpu", "meta"):
        moved(torch.arange(3), torch.device(device))
    assert asked == [("cpu", False), ("meta", True)]
