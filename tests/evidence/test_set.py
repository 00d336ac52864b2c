"""The training scripts: their data, their networks, and a small run of each suite."""

import csv
import itertools
import os
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from set import data as set_data
from set import train


def test_the_large_network_has_the_parameters_it_is_said_to_have():
    with torch.device("meta"):
        network = set_data.network("cnn18m", (3, 32, 32), 10)
    count = sum(parameter.numel() for parameter in network.parameters())
    widths = (3, 128, 128, 256, 256, 512, 512)
    convolutions = sum((9 * a + 1) * b for a, b in itertools.pairwise(widths))
    assert count == convolutions + (8192 + 1) * 1640 + (1640 + 1) * 10 == 18_029_314
    assert network(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 10)


@pytest.mark.parametrize(("name", "side"), [("small", 28), ("small-bn", 8), ("deep-bn", 28)])
def test_small_networks_fit_their_images(name, side):
    assert set_data.network(name, (1, side, side), 7)(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_a_subset_is_shuffled_and_noise_is_exact():
    x, y = np.arange(1000.0), np.repeat(np.arange(10), 100)
    a, b = set_data.subset((x, y), 600, 0)
    assert len(np.unique(a)) == 600
    np.testing.assert_array_equal(b, a // 100)
    assert len(np.unique(b[:100])) == 10  # sorted files would give one class
    noisy = set_data.symmetric_noise(y, 0.2, 10, 0)
    assert (noisy != y).sum() == 200
    assert set(noisy.tolist()) == set(range(10))
    _, counts = np.unique(set_data.imbalanced((x, y), 0.02, 10)[1], return_counts=True)
    assert (counts[0], counts[-1]) == (100, 2)
    assert (np.diff(counts) < 0).all()


def test_a_batch_is_what_its_samples_are():
    images = set_data.Images(np.arange(12.0).reshape(3, 1, 2, 2), np.array([2, 0, 1]))
    assert len(images) == 3
    for (x, y), k in zip(images.__getitems__([2, 0]), (2, 0), strict=True):
        assert torch.equal(x, images[k][0])
        assert y == images[k][1]


@pytest.mark.parametrize(("name", "kind"), [("cifar10", "CIFAR10"), ("svhn", "SVHN")])
def test_torchvision_is_asked_for_local_files(monkeypatch, name, kind):
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    asked = []

    def fake(folder, download, train=None, split=None):
        asked.append((folder, download, train, split))
        moved = images.transpose(0, 3, 1, 2) if name == "svhn" else images
        return types.SimpleNamespace(data=moved, targets=list(range(6)), labels=np.arange(6))

    torchvision = types.ModuleType("torchvision")
    torchvision.datasets = types.SimpleNamespace(**{kind: fake})
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    found, (x, y), (x_test, _) = set_data.load(name, "here")
    assert found == name
    assert x.shape == x_test.shape == (6, 3, 32, 32)
    np.testing.assert_allclose(x.mean((0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(x.std((0, 2, 3)), 1, atol=1e-5)
    assert y.tolist() == list(range(6))
    parts = [("train", True), ("test", False)]
    expected = [
        ("here", False, None, part) if name == "svhn" else ("here", False, train, None)
        for part, train in parts
    ]
    assert asked == expected


@pytest.mark.parametrize("side", [8, 28, 32])
def test_resnet_18_takes_images_of_any_kind(side):
    network = set_data.network("resnet18", (1, side, side), 7)
    assert sum(p.numel() for p in network.parameters()) == 11_173_962 - 3 * 513
    x = torch.randn(2, 1, side, side)
    shown = network[0](x)
    assert shown.shape == (2, 3, 32, 32)
    assert shown.sum().item() == pytest.approx(3 * x.sum().item(), abs=1e-2)
    assert network(x).shape == (2, 7)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "densenet121"])
def test_torchvision_networks_get_a_head_and_the_weights(monkeypatch, name):
    def fake(weights):
        asked.append(weights)
        head = torch.nn.Linear(3, 1000)
        net = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        if name == "resnet50":
            net.fc = head
        else:
            net.classifier = head if name == "densenet121" else torch.nn.Sequential(head)
        return net

    asked = []
    torchvision = types.ModuleType("torchvision")
    torchvision.models = types.ModuleType("torchvision.models")
    setattr(torchvision.models, name, fake)
    monkeypatch.setitem(sys.modules, "torchvision", torchvision)
    monkeypatch.setitem(sys.modules, "torchvision.models", torchvision.models)
    network = set_data.network(name, (3, 32, 32), 7, "IMAGENET1K_V1")
    assert asked == ["IMAGENET1K_V1"]
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    with pytest.raises(SystemExit, match="small is not one of torchvision's"):
        set_data.network("small", (3, 32, 32), 7, "IMAGENET1K_V1")


def test_suites_run_and_resume(tmp_path):
    def run(*words):
        environment = {k: v for k, v in os.environ.items() if k != "EASINESS_DATA"}
        done = subprocess.run(
            [sys.executable, train.__file__, *words, "--size", "300", "--epochs", "3",
             "--seeds", "0", "-o", tmp_path],
            capture_output=True, text=True, timeout=300, check=False, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "levels  SET 0" in run("levels", "noise")
    before = (tmp_path / "levels.csv").read_bytes()
    assert run("levels", "noise") == ""  # all of it is there already
    assert (tmp_path / "levels.csv").read_bytes() == before
    rows = list(csv.DictReader(before.decode().splitlines()))
    assert len(rows) == 17
    for row in rows:
        assert row["data"] == "digits"
        assert 0 <= float(row["accuracy"]) <= 1
        assert float(row["art_without_scoring"]) <= float(row["art"])
    noise = list(csv.DictReader((tmp_path / "noise.csv").read_text().splitlines()))
    assert {row["setting"] for row in noise} == {"0.2", "0.4"}
    costs = {row["method"]: float(row["cost"]) for row in rows}
    for method in ("SET", "EO", "EMO", "HO", "MHO"):
        assert costs[f"random, as {method}"] == costs[method]
    other = subprocess.run(
        [sys.executable, train.__file__, "levels", "--size", "301", "-o", tmp_path],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert other.returncode == 1
    assert "holds runs with" in other.stderr
