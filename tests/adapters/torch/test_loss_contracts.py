"""The loss as a citizen of PyTorch: modules, the compiler, the device, and clear errors."""

import copy
import io
import pickle

import pytest
import torch
from easiness_torch import SampleEasinessLoss, sample_easiness_loss
from torch.nn.functional import cross_entropy

LOGITS = torch.tensor([[1.0, 0.0, -1.0], [0.5, 0.4, 0.0], [0.0, 3.0, 0.0]])
TARGETS = torch.tensor([0, 2, -100])
WEIGHT = torch.tensor([1.0, 2.0, 0.5])
# torch's compiler makes an instance of autograd functions, against its own advice.
COMPILES = pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
SETTINGS = [
    {},
    {"sigma": 0.01, "weight": WEIGHT, "label_smoothing": 0.1},
    {"sigma": 0.01, "tail": None, "reduction": "none"},
]


@COMPILES
@pytest.mark.parametrize(
    ("options", "dynamic"), list(zip(SETTINGS, [False, True, True], strict=True))
)
def test_one_graph_compiled_equal_values_and_gradients(options, dynamic):
    torch.compiler.reset()
    criterion = SampleEasinessLoss(**options)
    compiled = torch.compile(criterion, fullgraph=True, dynamic=dynamic, backend="aot_eager")
    for repeats in (1, 5):
        results = []
        for function in (criterion, compiled):
            logits = LOGITS.repeat(repeats, 1).requires_grad_()
            loss = function(logits, TARGETS.repeat(repeats))
            loss.sum().backward()
            results.append((loss.detach(), logits.grad))
        torch.testing.assert_close(*results)


@pytest.mark.parametrize("options", SETTINGS)
def test_the_host_reads_nothing_from_the_device(options):
    # Tensors on "meta" have no values: whatever reads one raises.
    criterion = SampleEasinessLoss(**options).to("meta")
    logits = LOGITS.to("meta").requires_grad_()
    criterion(logits, TARGETS.to("meta")).sum().backward()
    assert logits.grad.shape == LOGITS.shape


def test_function_transforms():
    def one(row, target):
        return sample_easiness_loss(row[None], target[None], sigma=0.05)

    found = torch.func.vmap(torch.func.grad(one))(LOGITS[:2], TARGETS[:2])
    logits = LOGITS[:2].clone().requires_grad_()
    sample_easiness_loss(logits, TARGETS[:2], sigma=0.05, reduction="sum").backward()
    torch.testing.assert_close(found, logits.grad)
    # One batch of logits for several sets of targets.
    several = torch.stack([TARGETS[:2], TARGETS[:2].flip(0)])
    found = torch.func.vmap(
        torch.func.grad(lambda z, t: sample_easiness_loss(z, t)), in_dims=(None, 0)
    )(LOGITS[:2], several)
    for gradient, targets in zip(found, several, strict=True):
        expected = torch.func.grad(lambda z, t=targets: sample_easiness_loss(z, t))(LOGITS[:2])
        torch.testing.assert_close(gradient, expected)


def test_copies_pickles_and_state():
    criterion = SampleEasinessLoss(lambda_=0.2, sigma=0.5, tail=None, weight=WEIGHT)
    file = io.BytesIO()
    torch.save(criterion.state_dict(), file)
    file.seek(0)
    state = torch.load(file, weights_only=True)
    assert list(state) == ["weight"]
    other = SampleEasinessLoss(lambda_=0.2, sigma=0.5, tail=None, weight=torch.ones(3))
    other.load_state_dict(state)
    expected = criterion(LOGITS, TARGETS)
    for same in (copy.deepcopy(criterion), pickle.loads(pickle.dumps(criterion)), other):
        assert torch.equal(same(LOGITS, TARGETS), expected)
        assert repr(same) == repr(criterion)
    assert SampleEasinessLoss().state_dict() == {}
    assert criterion.to("meta").weight.device.type == "meta"
    assert list(criterion.parameters()) == []
    assert "tail=None, weight=(3 classes)" in repr(criterion)
    smooth = SampleEasinessLoss(label_smoothing=0.1)
    assert "tail=3" in repr(smooth)
    assert "label_smoothing=0.1" in repr(smooth)
    with pytest.raises(ValueError, match="weight: expected 3 values, one per class, got 2"):
        SampleEasinessLoss(weight=torch.ones(2))(LOGITS, TARGETS)
    wide = sample_easiness_loss(LOGITS.double(), TARGETS, weight=WEIGHT)
    assert wide.dtype == torch.float64


@pytest.mark.parametrize(
    ("logits", "targets", "error", "message"),
    [
        (LOGITS.tolist(), TARGETS, TypeError, "expected tensors, got list and Tensor"),
        (LOGITS, [0, 1, 2], TypeError, "expected tensors, got Tensor and list"),
        (LOGITS.int(), TARGETS, TypeError, "logits: expected real floating.*got torch.int32"),
        (LOGITS[:, :1], TARGETS, ValueError, r"2 classes or more, got \(3, 1\)"),
        (LOGITS[0, 0], TARGETS, ValueError, r"2 classes or more, got \(\)"),
        (LOGITS, TARGETS.int(), TypeError, r"torch.int64, got torch.int32; pass targets.long\("),
        (LOGITS, LOGITS.softmax(1), TypeError, r"got torch.float32;.* targets.argmax\(1\) if"),
        (LOGITS, TARGETS[:2], ValueError, r"targets: expected shape \(3,\),.*got \(2,\)"),
        (LOGITS, TARGETS[:, None], ValueError, r"targets: expected shape \(3,\),.*got \(3, 1\)"),
        (LOGITS, TARGETS.to("meta"), ValueError, r"device cpu.*got meta; pass targets.to\(log"),
        (LOGITS, torch.tensor([0, 3, 0]), IndexError, "Target 3 is out of bounds"),
        (LOGITS, torch.tensor([0, -1, 0]), IndexError, "Target -1 is out of bounds"),
    ],
)
def test_bad_input_is_refused(logits, targets, error, message):
    for function in (sample_easiness_loss, SampleEasinessLoss()):
        with pytest.raises(error, match=message):
            function(logits, targets)


@pytest.mark.parametrize(
    ("option", "error", "message"),
    [
        ({"lambda_": -0.1}, ValueError, "lambda_: expected a value of at least 0 and finite, got"),
        ({"lambda_": "0.1"}, TypeError, "lambda_: expected a number, got str"),
        ({"sigma": 0}, ValueError, "sigma: expected a value of at least 1e-15"),
        ({"sigma": float("inf")}, ValueError, "sigma: .*and finite, got inf"),
        ({"tail": -1}, ValueError, "tail: expected a value of at least 0, got -1"),
        ({"weight": [1, 2, 3]}, TypeError, r"weight: expected a tensor of shape.*got list"),
        ({"weight": LOGITS}, TypeError, r"weight: .*got \(3, 3\)"),
        ({"reduction": "batchmean"}, ValueError, "reduction: expected .*got 'batchmean'"),
        ({"label_smoothing": 1.1}, ValueError, r"label_smoothing: expected a value in \[0, 1\]"),
    ],
)
def test_bad_options_are_refused(option, error, message):
    with pytest.raises(error, match=message):
        SampleEasinessLoss(**option)
    with pytest.raises(error, match=message):
        sample_easiness_loss(LOGITS, TARGETS, **option)


def test_nan_is_seen_where_cross_entropy_shows_it():
    logits = LOGITS.clone()
    logits[1, 1] = torch.nan
    targets = torch.tensor([0, 2, 1])
    found = sample_easiness_loss(logits, targets, reduction="none").isnan()
    assert torch.equal(found, cross_entropy(logits, targets, reduction="none").isnan())
