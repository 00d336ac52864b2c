"""What is refused and how, and that nothing makes the host wait for the device."""

import easiness_torch
import pytest
import torch
from easiness_torch.scoring.closed_form import score_logits, score_probs

import easiness_core as ec

LOGITS = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.4, 0.0]])
LABELS = torch.tensor([0, 2])
FUNCTIONS = [easiness_torch.log_easiness, easiness_torch.log_easiness_from_probs]


@pytest.mark.parametrize(
    ("rows", "labels", "error", "message"),
    [
        (LOGITS.numpy(), LABELS, TypeError, r"expected a tensor, got ndarray; pass torch.as_t"),
        (LOGITS.int(), LABELS, TypeError, r"floating-point numbers, got torch.int32; convert"),
        (LOGITS.to(torch.complex64), LABELS, TypeError, "got torch.complex64"),
        (LOGITS[0], LABELS, ValueError, r"\(n_samples, n_classes\).*, got \(3,\)"),
        (LOGITS[:, :1], LABELS, ValueError, r"2 classes or more, got \(2, 1\)"),
        (LOGITS, [0, 1], TypeError, r"labels: expected a tensor, got list; pass torch.as_tensor"),
        (LOGITS, LABELS.int(), TypeError, r"torch.int64, got torch.int32; pass labels.long\(\)"),
        (LOGITS, LABELS.float(), TypeError, "torch.int64, got torch.float32"),
        (LOGITS, LABELS[:1], ValueError, r"expected shape \(2,\), one per row of .*, got \(1,\)"),
        (LOGITS, LABELS[:, None], ValueError, r"got \(2, 1\)"),
        (LOGITS, LABELS.to("meta"), ValueError, r"device cpu, .*got meta; pass labels.to\("),
    ],
)
def test_what_cannot_be_scored_is_refused(rows, labels, error, message):
    for function in FUNCTIONS:
        with pytest.raises(error, match=message):
            function(rows, labels)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_estimators_are_checked(function):
    with pytest.raises(TypeError, match=r"expected ClosedForm\(...\) or MonteCarlo\(...\), got 0"):
        function(LOGITS, LABELS, estimator=0.01)
    tiny = ec.ClosedForm(sigma=1e-16)
    with pytest.raises(ValueError, match=r"at least 1e-15 for torch.float32, got 1e-16; pass"):
        function(LOGITS, LABELS, estimator=tiny)
    assert function(LOGITS.double(), LABELS, estimator=tiny).isfinite().all()
    smallest = ec.ClosedForm(sigma=1e-15)
    assert function(LOGITS, LABELS, estimator=smallest).isfinite().all()


@pytest.mark.parametrize("function", [*FUNCTIONS, score_logits, score_probs])
def test_the_host_reads_nothing_from_the_device(function):
    # Tensors on "meta" have no values: whatever reads one raises.
    logits, labels = LOGITS.to("meta"), LABELS.to("meta")
    with pytest.raises((RuntimeError, NotImplementedError)):
        logits.sum().item()
    if function in FUNCTIONS:
        assert function(logits, labels).shape == (2,)
    else:
        assert [v.shape for v in function(logits, labels, ec.ClosedForm())] == [(2,)] * 3


@pytest.mark.skipif(not hasattr(torch.compiler, "set_stance"), reason="torch before 2.6")
@pytest.mark.parametrize(
    ("score", "estimator"),
    [(score_logits, ec.ClosedForm()), (score_probs, ec.MonteCarlo(draws=99))],
)
def test_one_graph_for_every_batch_size(score, estimator):
    torch.compiler.reset()
    compiled = torch.compile(score, fullgraph=True, dynamic=True, backend="aot_eager")
    rows = LOGITS.softmax(1)
    for n in (2, 3, 9):
        batch, labels = rows.repeat(n, 1), LABELS.repeat(n)
        stance = "default" if n == 2 else "fail_on_recompile"
        with torch.no_grad(), torch.compiler.set_stance(stance):
            found = compiled(batch, labels, estimator)
        expected = score(batch, labels, estimator)
        for one, other in zip(found, expected, strict=True):
            torch.testing.assert_close(one, other)


# torch's own forward mode is made by what its 2.13 deprecates.
FORWARD = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


def losses(logits, labels):
    return easiness_torch.sample_easiness_loss(
        logits, labels, lambda_=0.7, sigma=0.3, tail=2.0, reduction="none"
    )


@FORWARD
def test_the_hessian_is_right_by_every_mode():
    logits = LOGITS.double()

    def loss(z):
        return losses(z, LABELS).sum()

    expected = torch.autograd.functional.hessian(loss, logits)
    for found in (
        torch.func.hessian(loss)(logits),
        torch.func.jacrev(torch.func.jacrev(loss))(logits),
        torch.func.jacrev(torch.func.jacfwd(loss))(logits),
    ):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    step = 1e-5
    moved = logits.clone()
    moved[0, 1] += step
    difference = (torch.func.grad(loss)(moved) - torch.func.grad(loss)(logits)) / step
    torch.testing.assert_close(expected[0, 1], difference, rtol=1e-3, atol=1e-4)


@FORWARD
def test_forward_mode_within_forward_mode_is_refused():
    func, logits = torch.func, LOGITS.double()

    def loss(z):
        return losses(z, LABELS).sum()

    def slope(z):
        return func.jvp(loss, (z,), (torch.ones_like(z),))[1]

    for wrong in (
        lambda: func.jacfwd(func.jacfwd(loss))(logits),
        lambda: func.jvp(slope, (logits,), (torch.ones_like(logits),)),
        lambda: func.hessian(func.jacfwd(loss))(logits),
    ):
        with pytest.raises(NotImplementedError, match=r"use torch\.func\.hessian, or jacrev"):
            wrong()
    # One level of forward mode, at any place, is right.
    third = func.jacrev(func.jacrev(func.jacrev(loss)))(logits)
    found = func.jacfwd(func.jacrev(func.jacrev(loss)))(logits)
    torch.testing.assert_close(found, third, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("estimator", [ec.ClosedForm(), ec.MonteCarlo(draws=100)])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_labels_outside_the_classes_are_named_on_the_host(function, estimator):
    for label in (-1, 3, -100):
        message = rf"labels: expected 0 to 2 \(columns of \w+ = 3\), got 1 .* row 1, value {label}"
        with pytest.raises(ValueError, match=message) as caught:
            function(LOGITS, torch.tensor([0, label]), estimator=estimator)
        assert ("rows = labels != -100" in str(caught.value)) == (label == -100)
