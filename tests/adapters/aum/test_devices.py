"""AreaUnderMargin.update with tensors of a device: `pytest -m gpu` runs what needs a GPU.

Without one the device is played: tensors that refuse to become arrays until `cpu()` was called, as
those of CUDA do.
"""

import numpy as np
import pytest
from easiness_aum import AreaUnderMargin, AUMFilter

torch = pytest.importorskip("torch")

N, C = 60, 5
GPU = pytest.param(
    "cuda",
    marks=[
        pytest.mark.gpu,
        pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"),
    ],
)


class Copies:
    """How often `cpu()` was called; tensors become arrays only afterwards."""

    def __init__(self, monkeypatch):
        self.count = 0
        on_host = set()
        to_host, to_array, to_numpy = torch.Tensor.cpu, torch.Tensor.__array__, torch.Tensor.numpy

        def cpu(tensor, *args, **kwargs):
            self.count += 1
            copy = to_host(tensor, *args, **kwargs).clone()
            on_host.add(copy.data_ptr())
            return copy

        def refuse(convert):
            def converted(tensor, *args, **kwargs):
                if tensor.data_ptr() not in on_host:
                    raise TypeError("can't convert cuda:0 device type tensor to numpy")
                return convert(tensor, *args, **kwargs)

            return converted

        monkeypatch.setattr(torch.Tensor, "cpu", cpu)
        monkeypatch.setattr(torch.Tensor, "__array__", refuse(to_array))
        monkeypatch.setattr(torch.Tensor, "numpy", refuse(to_numpy))


@pytest.fixture
def stream(rng):
    """Three epochs of batches of logits that bfloat16 holds exactly, and labels."""
    labels = rng.integers(0, C, N)
    logits = rng.integers(-60, 60, (3, N, C)) / 8.0
    batches = [
        (epoch, rows) for epoch in range(3) for rows in np.array_split(rng.permutation(N), 4)
    ]
    return labels, logits, batches


def assert_same(area, stream):
    labels, logits, batches = stream
    expected = AreaUnderMargin()
    for epoch, rows in batches:
        expected.update(rows, logits[epoch, rows], labels[rows])
    ours, theirs = (each.values(np.arange(N)) for each in (area, expected))
    for name in ("ids", "labels", "count", "aum", "easiness", "rival_easiness"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_tensors_of_a_device_are_copied_before_they_are_read(stream, monkeypatch):
    labels, logits, batches = stream
    copies, area = Copies(monkeypatch), AreaUnderMargin()
    with pytest.raises(TypeError, match="device type tensor"):
        np.asarray(torch.zeros(3))
    for epoch, rows in batches:
        z = torch.tensor(logits[epoch, rows], requires_grad=True)
        area.update(torch.tensor(rows), z, torch.tensor(labels[rows]))
    assert copies.count == 3 * len(batches)  # ids, logits and labels, each once
    monkeypatch.undo()
    assert_same(area, stream)


@pytest.mark.parametrize("device", ["cpu", GPU])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_device_gives_the_numbers_of_numpy(stream, device, dtype):
    labels, logits, batches = stream
    area = AreaUnderMargin()
    for epoch, rows in batches:
        z = torch.tensor(logits[epoch, rows], dtype=dtype, device=device, requires_grad=True)
        ids = torch.tensor(rows, device=device)
        area.update(ids, z * 1.0, torch.tensor(labels[rows], dtype=torch.int32, device=device))
    assert_same(area, stream)


@pytest.mark.parametrize("device", ["cpu", GPU])
def test_a_training_loop_on_a_device_is_measured_and_flagged(rng, device):
    labels = rng.integers(0, C, N)
    planted = np.arange(0, N, 5)
    labels[planted] = C
    x = torch.tensor(rng.normal(size=(N, 8)), dtype=torch.float32, device=device)
    y = torch.tensor(labels, device=device)
    torch.manual_seed(0)
    model = torch.nn.Linear(8, C + 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    area, kept = AreaUnderMargin(), AreaUnderMargin()
    for _ in range(4):
        for rows in torch.randperm(N, device=device).split(16):
            logits = model(x[rows])
            loss = torch.nn.functional.cross_entropy(logits, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            area.update(rows, logits, y[rows])
            kept.update(rows.tolist(), logits.detach().cpu().numpy(), labels[rows.cpu().numpy()])
    ours, theirs = (AUMFilter().flag(each.values(np.arange(N)), planted) for each in (area, kept))
    np.testing.assert_array_equal(ours.flags, theirs.flags)
    assert ours.aum_threshold == theirs.aum_threshold
    assert (area.values().count == 4).all()
