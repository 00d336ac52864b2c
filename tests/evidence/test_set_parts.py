"""Parts of the training scripts: data from files, noise, losses, temperature, rules."""

import gzip
import hashlib
import io
import tarfile

import numpy as np
import pytest
import torch
from easiness_torch import SampleEasinessLoss, SampleScores
from PIL import Image
from scipy.special import log_ndtr, softmax
from set import data as set_data
from set import get_data, judge, losses, suites_rules

RNG = np.random.default_rng(0)


def test_cifar_10_is_read_from_jpeg_and_from_images(tmp_path, monkeypatch):
    monkeypatch.setenv("EASINESS_DATA", str(tmp_path))
    (tmp_path / "cifar10").mkdir()
    flat = np.repeat([[[[200, 100, 50]]], [[[10, 20, 30]]]], 32, 1).repeat(32, 2).astype(np.uint8)
    files = []
    for image in flat:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=95)
        files.append(np.frombuffer(buffer.getvalue(), np.uint8))
    offsets = np.cumsum([0, *map(len, files)])
    for part, arrays in (
        ("train", {"jpeg": np.concatenate(files), "offsets": offsets}), ("test", {"x": flat}),
    ):  # fmt: skip
        np.savez(tmp_path / "cifar10" / f"{part}.npz", y=np.array([3, 5], np.uint8), **arrays)
    _, (x, y), (x_test, y_test) = set_data.read("cifar10")
    assert x.shape == x_test.shape == (2, 3, 32, 32)
    np.testing.assert_allclose(x, x_test, atol=2)
    np.testing.assert_array_equal(x_test[0, :, 5, 7], [200, 100, 50])
    assert y.tolist() == y_test.tolist() == [3, 5]


def test_the_data_folder_is_built_from_the_published_files(tmp_path, monkeypatch):
    raw, data = tmp_path / "raw", tmp_path / "data"
    raw.mkdir()
    x, y = RNG.integers(0, 256, (4, 28, 28), dtype=np.uint8), np.arange(4, dtype=np.uint8)
    for part in ("train", "t10k"):
        for name, head, content in (("images-idx3", 16, x), ("labels-idx1", 8, y)):
            path = raw / f"{part}-{name}-ubyte.gz"
            path.write_bytes(gzip.compress(bytes(head) + content.tobytes()))
    color = RNG.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    rows = np.concatenate([np.arange(6, dtype=np.uint8)[:, None], color.reshape(6, -1)], axis=1)
    with tarfile.open(raw / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for k, name in enumerate(["data_batch_2", "data_batch_1", "test_batch"]):
            content = rows[2 * k : 2 * k + 2].tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    sums = {
        path.name: ("", hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest())
        for path in raw.iterdir()
    }
    with pytest.raises(SystemExit, match=r"MD5 .*, expected 8d4fb7e6c68d591d4c3dfef9ec88bf0d"):
        get_data.fetch("train-images-idx3-ubyte.gz", raw)
    monkeypatch.setattr(get_data, "FILES", sums)
    monkeypatch.setattr("sys.argv", ["get_data.py", str(data), "--files", str(raw)])
    get_data.main()
    monkeypatch.setenv("EASINESS_DATA", str(data))
    _, (a, b), _ = set_data.read("fashion")
    np.testing.assert_array_equal(a[:, 0], x)
    assert b.tolist() == y.tolist()
    _, (a, b), (c, d) = set_data.read("cifar10")
    np.testing.assert_array_equal(a, color[[2, 3, 0, 1]])
    np.testing.assert_array_equal(c, color[4:])
    assert (b.tolist(), d.tolist()) == ([2, 3, 0, 1], [4, 5])


def test_noise_is_exact_and_of_its_kind():
    y = np.repeat(np.arange(10), 100)
    assert set_data.noisy(y, "none", 10, 0) is y
    following = set_data.noisy(y, "next 0.4", 10, 0)
    wrong = following != y
    assert wrong.sum() == 400
    np.testing.assert_array_equal(following[wrong], (y[wrong] + 1) % 10)
    other = set_data.noisy(y, "symmetric 0.2", 10, 0)
    assert (other != y).sum() == 200


LOGITS = torch.tensor(RNG.normal(0, 2, (50, 4)))
LABELS = torch.tensor(RNG.integers(0, 4, 50))
P = softmax(LOGITS.numpy(), axis=1)
P_LABEL = P[np.arange(50), LABELS]


def test_losses_are_their_formulas():
    ce = -np.log(P_LABEL)
    expected = {
        losses.gce(0.7): (1 - P_LABEL**0.7) / 0.7,
        losses.symmetric_ce(0.1, 2.0): 0.1 * ce + 2.0 * 4.0 * (1 - P_LABEL),
        losses.smoothed(0.2): 0.8 * ce - 0.2 * np.log(P).mean(1),
    }
    x = (P_LABEL[:, None] - P) / (0.3 * np.sqrt(2))
    others = np.arange(4) != LABELS.numpy()[:, None]
    sel = -np.where(others, log_ndtr(x), 0).sum(1)
    expected[losses.with_sel(0.2, 3.0, 0.3)] = 0.2 * ce + 3.0 * sel
    clipped = -np.where(others, np.maximum(log_ndtr(x), np.log(0.05)), 0).sum(1)
    expected[losses.clipped_sel(20, lambda_=0.5, sigma=0.3)] = ce + 0.5 * clipped
    for loss, values in expected.items():
        np.testing.assert_allclose(loss(LOGITS, LABELS).numpy(), values, rtol=1e-9)
    same = SampleEasinessLoss(lambda_=1.5, sigma=2.0, tail=None, reduction="none")
    torch.testing.assert_close(losses.with_sel(1.0, 1.5, 2.0)(LOGITS, LABELS), same(LOGITS, LABELS))


def test_a_clipped_loss_has_no_slope_where_it_is_clipped():
    logits = torch.tensor([[0.0, 50.0, 0.0]], requires_grad=True)
    losses.clipped_sel(100, lambda_=1.0)(logits, torch.tensor([0])).sum().backward()
    plain = torch.autograd.functional.jacobian(
        lambda z: torch.nn.functional.cross_entropy(z, torch.tensor([0])), logits.detach()
    )
    torch.testing.assert_close(logits.grad, plain)


def test_the_temperature_is_the_likeliest():
    z = RNG.normal(0, 1, (4000, 5))
    y = np.array([RNG.choice(5, p=row) for row in softmax(z, axis=1)])
    assert judge.temperature(3.0 * z, y) == pytest.approx(3.0, rel=0.1)
    assert judge.temperature(0.5 * z, y) == pytest.approx(0.5, rel=0.1)


def test_some_epochs_are_dense_at_both_ends():
    assert judge.some_epochs(50) == {*range(10), 14, 19, 24, 29, 34, 39, *range(40, 50)}
    assert judge.some_epochs(12) == set(range(12))


def scores(loss):
    n = len(loss)
    zeros = torch.zeros(n)
    return SampleScores(
        indices=torch.arange(n), log_easiness=zeros, loss=torch.tensor(loss),
        level=zeros, predicted=zeros, labels=zeros,
    )  # fmt: skip


def test_setas_window_moves_from_easy_to_hard():
    images = set_data.Images(np.zeros((40, 1)), np.zeros(40))
    keep = suites_rules.window(images, groups=4, scale=0.5, n_epochs=40, share=1.0)["keep"]
    loss = np.repeat([0.0, 1.0, 2.0, 3.0], 10).astype(np.float32)
    spans = []
    for _ in range(4):
        kept = loss[keep(scores(loss)).bool().numpy()]
        spans.append((kept.min(), kept.max(), len(kept)))
    assert spans == [(1, 2, 20), (2, 3, 20), (0, 1, 20), (1, 2, 20)]
    last = suites_rules.window(images, groups=4, scale=0.5, n_epochs=1, share=0.5)["keep"]
    assert last(scores(loss)).sum() == 20


def test_error_norms_are_of_the_samples_that_the_batch_had():
    images = set_data.Images(np.zeros((6, 1)), np.zeros(6))
    rule = suites_rules.error_norms(images)
    images.__getitems__([4, 1])
    logits = torch.tensor([[0.0, 0.0], [50.0, 0.0]])
    rule["loss"](logits, torch.tensor([0, 1]))
    rates = rule["keep"](scores(np.zeros(6, np.float32)))
    torch.testing.assert_close(rates, torch.tensor([0, 1, 0, 0, 0.5, 0.0]))
