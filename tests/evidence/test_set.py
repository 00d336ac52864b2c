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
from set import networks, train
from set.suites import runs_of


def test_the_large_network_has_the_parameters_it_is_said_to_have():
    with torch.device("meta"):
        network = networks.network("cnn18m", (3, 32, 32), 10)
    count = sum(parameter.numel() for parameter in network.parameters())
    widths = (3, 128, 128, 256, 256, 512, 512)
    convolutions = sum((9 * a + 1) * b for a, b in itertools.pairwise(widths))
    assert count == convolutions + (8192 + 1) * 1640 + (1640 + 1) * 10 == 18_029_314
    assert network(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 10)


@pytest.mark.parametrize(("name", "side"), [("small", 28), ("small-bn", 8), ("deep-bn", 28)])
def test_small_networks_fit_their_images(name, side):
    assert networks.network(name, (1, side, side), 7)(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_a_subset_is_shuffled_and_noise_is_exact():
    x, y = np.arange(1000.0), np.repeat(np.arange(10), 100)
    (a, b), (others, _) = set_data.subset((x, y), 600, 0, 300)
    assert len(np.unique(np.concatenate([a, others]))) == 900
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
    monkeypatch.setitem(sys.modules, "torchvision.datasets", torchvision.datasets)
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
    network = networks.network("resnet18", (1, side, side), 7)
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
    network = networks.network(name, (3, 32, 32), 7, "IMAGENET1K_V1")
    assert asked == ["IMAGENET1K_V1"]
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    with pytest.raises(SystemExit, match="no file IMAGENET1K_V1, and small is not one of torch"):
        networks.network("small", (3, 32, 32), 7, "IMAGENET1K_V1")


def test_weights_come_from_a_file_that_fits(tmp_path):
    path = tmp_path / "small.pt"
    one = networks.network("small", (1, 8, 8), 7)
    torch.save(one.state_dict(), path)
    again = networks.network("small", (1, 8, 8), 7, str(path))
    assert all(map(torch.equal, one.parameters(), again.parameters()))
    with pytest.raises(SystemExit, match=r"small.pt does not fit small: size mismatch"):
        networks.network("small", (1, 8, 8), 6, str(path))
    path.write_bytes(b"no weights")
    with pytest.raises(SystemExit, match=r"small.pt does not fit small"):
        networks.network("small", (1, 8, 8), 7, str(path))


def test_why_torchvision_cannot_be_had_is_said_in_words(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision.models", None)
    with pytest.raises(SystemExit, match=r"vgg16: needs torchvision: pip install .*\[vision\]"):
        networks.network("vgg16", (3, 32, 32), 10)


def run(folder, *words, seeds="0"):
    environment = {k: v for k, v in os.environ.items() if k != "EASINESS_DATA"}
    return subprocess.run(
        [sys.executable, train.__file__, *words, "--seeds", seeds, "-o", folder],
        capture_output=True, text=True, timeout=300, check=False, env=environment,
    )  # fmt: skip


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_suites_run_and_resume(tmp_path):
    words = ("levels", "noise", "--size", "300", "--epochs", "3")
    done = run(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "levels SET 0" in done.stdout
    before = (tmp_path / "set_levels.csv").read_bytes()
    assert run(tmp_path, *words).stdout == ""  # all of it is there already
    assert (tmp_path / "set_levels.csv").read_bytes() == before
    rows = rows_of(tmp_path / "set_levels.csv")
    assert len(rows) == 17
    for row in rows:
        assert row["data"] == "digits"
        assert 0 <= float(row["accuracy"]) <= 1
        assert float(row["art_without_scoring"]) <= float(row["art"])
        sizes = [int(size) for size in row["n_selected_by_epoch"].split(";")]
        assert sum(sizes) / 300 == pytest.approx(float(row["cost"]))
        assert float(row["accuracy_by_epoch"].split(";")[-1]) == pytest.approx(
            float(row["accuracy"]), abs=1e-5
        )
    assert {row["setting"] for row in rows_of(tmp_path / "set_noise.csv")} == {"0.2", "0.4"}
    costs = {row["method"]: float(row["cost"]) for row in rows}
    for method in ("SET", "EO", "EMO", "HO", "MHO"):
        assert costs[f"random, as {method}"] == costs[method]


def test_runs_of_other_sizes_and_rates_are_other_runs(tmp_path):
    few = ("paper", "--size", "200", "--epochs", "10", "--only", "SET")
    assert run(tmp_path, *few).returncode == 0
    assert run(tmp_path, *few, "--lr", "0.002").returncode == 0
    assert run(tmp_path, *few, "RS2, SET's cost spread evenly").returncode == 0
    rows = rows_of(tmp_path / "set_paper.csv")
    assert [row["lr"] for row in rows] == ["0.001", "0.002", "0.001"]
    assert [row["optimizer"] for row in rows] == ["adam"] * 3
    sizes = [[int(size) for size in row["n_selected_by_epoch"].split(";")] for row in rows]
    assert len(set(sizes[2])) == 1
    assert sum(sizes[2]) == pytest.approx(sum(sizes[0]), abs=10)
    unknown = run(tmp_path, *few, "sets")
    assert "--only: paper has no sets" in unknown.stderr
    missing = run(tmp_path, "paper", "--size", "201", "--only", "random, as SET")
    assert "has no such run with its sizes" in missing.stderr


@pytest.mark.parametrize("suite", ["paper", "robust", "robust_grid", "rules"])
def test_a_suite_names_no_run_twice(suite):
    runs = [(run.setting, run.name) for run in runs_of(suite, 50, "small")]
    assert len(set(runs)) == len(runs)


def test_the_new_suites_run(tmp_path):
    done = run(tmp_path, "rules", "--size", "200", "--epochs", "3")
    assert done.returncode == 0, done.stderr
    rows = {row["method"]: row for row in rows_of(tmp_path / "set_rules.csv")}
    assert float(rows["SeTa, window 0.5 of 10 groups"]["adu"]) < 0.9
    costs = [float(rows[f"lossless by {name}"]["cost"]) for name in ("loss", "error norm", "1 - p")]
    assert max(costs) < 1.3 * min(costs)
    done = run(tmp_path, "robust", "--size", "200", "--epochs", "2", "--settings", "next 0.4")
    assert done.returncode == 0, done.stderr
    for row in rows_of(tmp_path / "set_robust.csv"):
        assert float(row["nll_t"]) > 0
        assert 0.04 < float(row["temperature"]) < 21
