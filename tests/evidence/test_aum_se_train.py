"""aum_se/train.py: its labels, its networks; it resumes only from its own checkpoints."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from aum_se import train


@pytest.fixture(scope="module")
def digits():
    name, data, _ = train.set_data.read("digits")
    return name, data


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train.py", *map(str, arguments)])
    threads = torch.get_num_threads()
    try:
        train.main()
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("noise", ["next", "symmetric"])
def test_labels_are_wrong_as_said(noise, rng):
    labels = rng.integers(0, 10, 2000)
    given = train.corrupt(labels, noise, 0.3, 1)
    wrong = given != labels
    assert wrong.sum() == 600
    shift = (given[wrong] - labels[wrong]) % 10
    assert set(shift) == ({1} if noise == "next" else set(range(1, 10)))


@pytest.mark.parametrize("network", ["cnn", "resnet"])
def test_training_records_what_it_saw_and_goes_on(digits, tmp_path, network):
    options = {"n_samples": 200, "network": network}
    train.train(tmp_path / "whole", digits, "next", 0.2, 0, n_epochs=2, **options)
    train.train(tmp_path / "parts", digits, "next", 0.2, 0, n_epochs=1, **options)
    train.train(tmp_path / "parts", digits, "next", 0.2, 0, n_epochs=2, **options)
    for name in ("logits_00.npy", "logits_01.npy"):
        logits = np.load(tmp_path / "whole" / name)
        assert logits.shape == (200, 11)
        np.testing.assert_array_equal(np.load(tmp_path / "parts" / name), logits)


def test_without_a_folder_of_data_it_trains_on_digits(tmp_path, monkeypatch):
    monkeypatch.delenv("EASINESS_DATA", raising=False)
    options = ["--noise", "symmetric", "--rate", 0.3, "--seed", 1, "--epochs", 1]
    run(monkeypatch, tmp_path, *options)
    with np.load(tmp_path / "symmetric_0.3_1" / "labels.npz") as labels:
        assert len(labels["true"]) == 1200  # all there are, below the 10,000 asked for
        assert (labels["true"] != labels["given"]).sum() == 360
        assert (labels["train"][labels["planted"]] == 10).all()
        assert len(labels["planted"]) == 120


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_samples": 150}, "samples 100, now 150"),
        ({"network": "resnet"}, "network 'cnn', now 'resnet'"),
        ({"rate": 0.1}, "rate 0.2, now 0.1"),
        ({"noise": "symmetric"}, "noise 'next', now 'symmetric'"),
        ({"seed": 3}, "seed 0, now 3"),
        ({"named": "other"}, "data 'digits', now 'other'"),
    ],
)
def test_a_checkpoint_of_other_settings_is_refused(digits, tmp_path, changed, said):
    folder = tmp_path / "records"
    common = {"noise": "next", "rate": 0.2, "seed": 0, "n_samples": 100}
    train.train(folder, digits, n_epochs=1, **common)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    name = changed.pop("named", "digits")
    with pytest.raises(SystemExit, match=said):
        train.train(folder, (name, digits[1]), n_epochs=2, **(common | changed))
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize(("channels", "side"), [(1, 8), (1, 28), (3, 32)])
@pytest.mark.parametrize("network", ["cnn", "resnet"])
def test_networks_fit_their_images(network, channels, side):
    model = train.NETWORKS[network](channels, side)
    assert model(torch.zeros(2, channels, side, side)).shape == (2, 11)


def test_the_resnet_is_one_of_fourteen_layers_with_shortcuts():
    model = train.resnet(1, 28)
    kinds = [type(module) for module in model.modules()]
    thick = [m for m in model.modules() if isinstance(m, torch.nn.Conv2d) and m.kernel_size[0] == 3]
    assert len(thick) + kinds.count(torch.nn.Linear) == 14
    block = train.Residual(16, 16, 1).eval()
    for name, value in block.named_parameters():
        if name.startswith("body.4"):
            torch.nn.init.zeros_(value)
    x = torch.rand(2, 16, 8, 8)
    torch.testing.assert_close(block(x), x)  # a body that gives 0 leaves the input as it is


@pytest.mark.parametrize("rate", ["0", "1.5", "nan"])
def test_rates_are_shares(rate, tmp_path):
    done = subprocess.run(
        [sys.executable, train.__file__, tmp_path, "--rate", rate],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--rate: expected shares of wrong labels" in done.stderr
