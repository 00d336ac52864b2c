"""Each script of examples/evidence/ runs on little, resumes, and finds what it should."""

import csv
import gzip
import hashlib
import io
import logging
import os
import runpy
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from aum_se import evaluate, figures, mean_probs
from aum_se import train as aum_train
from cleaning import measure as cleaning
from label_errors import metrics
from scaling import measure, memory, workers
from set import data as set_data
from set import get_data, networks
from set import train as set_train
from set.suites import runs_of

import easiness_core as ec

EVIDENCE = Path(__file__).parents[2] / "examples" / "evidence"
GPU = ["--device", "cpu", "--rows", "3000", "--classes", "20", "--batch", "512", "--passes", "1"]


def run(monkeypatch, main, *arguments):
    """Call a script's `main` under these arguments, and give the number of threads back."""
    monkeypatch.setattr(sys, "argv", ["script.py", *map(str, arguments)])
    threads = torch.get_num_threads()
    try:
        return main()
    finally:
        torch.set_num_threads(threads)


def rows_of(path, *, skip=0):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()[skip:]))


def test_aum_se(tmp_path, monkeypatch):
    monkeypatch.delenv("EASINESS_DATA", raising=False)  # trains on digits
    records, out = tmp_path / "records", tmp_path / "out.csv"
    options = ["--noise", "next", "--rate", 0.2, "--seed", 0, "--samples", 300]
    run(monkeypatch, aum_train.main, records, *options, "--epochs", 1)
    run(monkeypatch, evaluate.main, records, "-o", out)
    first = out.read_bytes()
    run(monkeypatch, aum_train.main, records, *options, "--epochs", 2)
    run(monkeypatch, evaluate.main, records, "-o", out)
    assert out.read_bytes().startswith(first)
    with pytest.raises(SystemExit, match="network 'cnn', now 'resnet'"):
        run(monkeypatch, aum_train.main, records, *options, "--network", "resnet")
    with pytest.raises(SystemExit, match="epoch 9: not recorded; there are 0 to 1"):
        run(monkeypatch, evaluate.main, records, "-o", out, "--table", 9)

    folder = records / "next_0.2_0"
    with np.load(folder / "labels.npz") as file:
        true, given, labels, planted = (file[k] for k in ("true", "given", "train", "planted"))
    wrong, judged = true != given, ~np.isin(np.arange(300), planted)
    assert wrong.sum() == 60
    logits = [np.load(folder / f"logits_{epoch:02d}.npy") for epoch in (0, 1)]
    aum = np.mean([ec.margins(z, labels).margin for z in logits], axis=0)
    flags = aum < np.percentile(aum[planted], 99)
    (line,) = (
        line for line in figures.read(out)
        if tuple(line[k] for k in ("epoch", "basis", "rule", "cut", "aum")) == ("1", *figures.AUM)
    )  # fmt: skip
    assert line["tpr"] == f"{100 * flags[wrong & judged].mean():.2f}"
    assert line["fpr"] == f"{100 * flags[~wrong & judged].mean():.2f}"


def test_mean_probabilities_rank_the_judged_samples(tmp_path, rng):
    labels, planted = rng.integers(0, 10, 300), np.arange(0, 300, 10)
    given = np.where(rng.random(300) < 0.2, (labels + 1) % 10, labels)
    shown = np.where(np.isin(np.arange(300), planted), 10, given)
    np.savez(tmp_path / "labels.npz", true=labels, given=given, train=shown, planted=planted)
    for epoch in range(20):
        logits = rng.normal(size=(300, 11)).astype(np.float32)
        logits[np.arange(300), labels] += 3.0
        np.save(tmp_path / f"logits_{epoch:02d}.npy", logits)
    found = dict(mean_probs.measure(tmp_path))
    assert len(found) == 2 * 5
    assert all(auroc > 0.9 for auroc, _ in found.values())


@pytest.mark.parametrize("network", ["cnn", "resnet"])
def test_aum_networks_fit_their_images(network):
    for channels, side in ((1, 8), (3, 32)):
        model = aum_train.NETWORKS[network](channels, side)
        assert model(torch.zeros(2, channels, side, side)).shape == (2, 11)


def test_cleaning(tmp_path, capsys):
    path, again = tmp_path / "small.csv", tmp_path / "again.csv"
    cleaning.main(["--small", "--data", "digits", "--seeds", "0", "1", "-o", str(path)])
    cleaning.main(["--small", "--seeds", "0", "-o", str(again)])
    cleaning.main(["--small", "--seeds", "0", "1", "-o", str(again)])
    assert again.read_bytes() == path.read_bytes()
    rows = {
        (row["seed"], row["method"]): row for row in rows_of(path, skip=1)
        if (row["noise"], row["cut"]) == ("0.2", "0.2")
    }  # fmt: skip
    assert len({row["n_removed"] for row in rows.values()}) == 1
    for (seed, method), row in rows.items():
        if method == "random":
            assert 0.35 < float(row["auroc"]) < 0.65
        else:
            assert int(row["n_wrong_removed"]) > 35  # of 60; 12 by chance
            assert float(row["accuracy"]) > float(rows[seed, "random"]["accuracy"]) + 0.05
    path.write_text(path.read_text().replace("numpy ", "numpy 0"), "utf-8")
    with pytest.raises(SystemExit, match="written with other versions"):
        cleaning.main(["--small", "-o", str(path)])


def test_label_error_metrics():
    suspicion, wrong = np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])
    at = [metrics.precision_at(suspicion, wrong, k) for k in (1, 2, 4)]
    assert at == [1.0, 0.75, 0.5]  # ties are shared out
    found = metrics.flag_metrics(
        np.array([True, True, False, False]), np.array([True, False, False, True])
    )
    assert (found["f1"], found["flagged"], found["tpr"], found["fpr"]) == (0.5, 0.5, 0.5, 0.5)


def test_scaling_of_workers(tmp_path, monkeypatch):
    forgotten = []
    found = workers.measure_workers(
        tmp_path, [1, 2], measure.piece, 80_000, forgotten.extend, repeats=1
    )
    assert [(row["workers"], row["rows"]) for row in found] == [(1, 800), (2, 800)]
    assert all(row["wall_s"] > 0 for row in found)
    (tmp_path / "driver").mkdir()
    assert "per second in npy files" in workers.measure_driver(tmp_path / "driver", 1000)
    original = workers.write_shards

    def other(*args):
        probs, labels, summary = original(*args)
        np.save(labels[3], (np.load(labels[3]) + 1) % 100)
        return probs, labels, summary

    monkeypatch.setattr(workers, "write_shards", other)
    with pytest.raises(AssertionError):
        workers.measure_workers(tmp_path, [1], measure.piece, 80_000, lambda _: None, repeats=1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(("what", "kind", "names", "n_shards"), memory.CASES)
def test_scaling_of_memory(what, kind, names, n_shards, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(memory, "N_ROWS", (120, 240, 360))
    for n_rows in memory.N_ROWS:
        for at in range(n_shards):
            memory.write(f"{tmp_path}/{n_rows}-{at}.{kind}", names, at, n_shards, n_rows)
    memory.work(str(tmp_path), what, kind, n_shards)
    peaks = [int(line) for line in capsys.readouterr().out.split()]
    assert peaks == sorted(peaks)
    assert len(peaks) == 3


def train(folder, *words):
    environment = {k: v for k, v in os.environ.items() if k != "EASINESS_DATA"}
    return subprocess.run(
        [sys.executable, set_train.__file__, *words, "--seeds", "0", "-o", folder],
        capture_output=True, text=True, timeout=300, check=False, env=environment,
    )  # fmt: skip


def test_training_suites_run_and_resume(tmp_path):
    words = ("levels", "--size", "300", "--epochs", "3")
    done = train(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "set_levels.csv").read_bytes()
    assert train(tmp_path, *words).stdout == ""  # all of it is there already
    assert (tmp_path / "set_levels.csv").read_bytes() == before
    rows = rows_of(tmp_path / "set_levels.csv")
    assert len(rows) == 17
    for row in rows:
        sizes = [int(size) for size in row["n_selected_by_epoch"].split(";")]
        assert sum(sizes) / 300 == pytest.approx(float(row["cost"]))
        last = float(row["accuracy_by_epoch"].split(";")[-1])
        assert last == pytest.approx(float(row["accuracy"]), abs=1e-5)
    costs = {row["method"]: float(row["cost"]) for row in rows}
    for method in ("SET", "EO", "EMO", "HO", "MHO"):
        assert costs[f"random, as {method}"] == costs[method]


@pytest.mark.parametrize(("suite", "more"), [("rules", []), ("robust", ["--settings", "next 0.4"])])
def test_other_training_suites_run(tmp_path, suite, more):
    done = train(tmp_path, suite, "--size", "200", "--epochs", "2", *more)
    assert done.returncode == 0, done.stderr
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows_of(tmp_path / f"set_{suite}.csv"))
    runs = [(each.setting, each.name) for each in runs_of(suite, 50, "small")]
    assert len(set(runs)) == len(runs)


@pytest.mark.parametrize(("name", "side"), [("small", 28), ("deep-bn", 28), ("resnet18", 32)])
def test_training_networks_fit_their_images(name, side):
    assert networks.network(name, (1, side, side), 7)(torch.zeros(2, 1, side, side)).shape == (2, 7)


def test_the_gpu_script(monkeypatch, tmp_path, capsys):
    arguments = (*GPU, "--modes", "eager")
    script = runpy.run_path(str(EVIDENCE / "torch_gpu.py"), run_name="example")
    assert run(monkeypatch, script["main"], *arguments) == 0
    right = script["scores"].score_logits

    def wrong(logits, labels, estimator):
        log_e, loss, predicted = right(logits, labels, estimator)
        return log_e * 1.001, loss, predicted

    capsys.readouterr()
    monkeypatch.setattr(script["scores"], "score_logits", wrong)
    assert run(monkeypatch, script["main"], *arguments) == 2
    assert "| NO (" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments", "shown"),
    [
        ("torch_loss_overhead.py",
         ["--device", "cpu", "--small", 1, "--resnet", 1, "--batch", 2, "--alone", 1],
         "| 11,173,962 | 2 x 3 x 32 x 32 | 1 |"),
        ("torch_sampler_cost.py", ["--samples", 3000, "--rounds", 1, "--updates", 2],
         "| all samples (warm-up) | 3,000 |"),
    ],
)  # fmt: skip
def test_cost_scripts_print_their_tables(monkeypatch, capsys, name, arguments, shown):
    script = runpy.run_path(str(EVIDENCE / name), run_name="example")
    log = logging.getLogger("easiness_torch")
    try:
        run(monkeypatch, script["main"], *arguments)
    finally:
        log.setLevel(logging.NOTSET)
    assert shown in capsys.readouterr().out


def test_training_data_from_the_published_files(tmp_path, monkeypatch, rng):
    """Files of the published formats, with few images, downloaded or from a folder."""
    gray, color = (
        rng.integers(0, 256, shape, np.uint8) for shape in ((12, 28, 28), (12, 32, 32, 3))
    )
    labels = rng.integers(0, 10, 12, np.uint8)
    parts = {"train": slice(0, 10), "t10k": slice(10, 12)}
    files = {f"{part}-{kind}-ubyte.gz": gzip.compress(bytes(head) + values[rows].tobytes())
             for part, rows in parts.items()
             for kind, head, values in (("images-idx3", 16, gray), ("labels-idx1", 8, labels))
             }  # fmt: skip
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for k, name in enumerate(["test_batch"] + [f"data_batch_{batch}" for batch in range(1, 6)]):
            rows = slice(2 * k - 2, 2 * k) if k else slice(10, 12)
            planes = color[rows].transpose(0, 3, 1, 2).reshape(2, -1)
            content = np.column_stack([labels[rows], planes]).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    files["cifar-10-binary.tar.gz"] = archive.getvalue()
    (tmp_path / "published").mkdir()
    for name, content in files.items():
        (tmp_path / "published" / name).write_bytes(content)
        checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
        address = (tmp_path / "published").as_uri() + "/"
        monkeypatch.setitem(get_data.FILES, name, (address, checksum))

    for options in ([], ["--files", tmp_path / "published"]):
        folder = tmp_path / f"data{len(options)}"
        run(monkeypatch, get_data.main, folder, *options)
        monkeypatch.setenv("EASINESS_DATA", str(folder))
        for name, images in (("fashion", gray[:, None]), ("cifar10", color.transpose(0, 3, 1, 2))):
            _, *found = set_data.read(name)
            for (x, y), rows in zip(found, parts.values(), strict=True):
                np.testing.assert_array_equal(x, images[rows])
                np.testing.assert_array_equal(y, labels[rows])

    (tmp_path / "published" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(b"other"))
    with pytest.raises(SystemExit, match=r"train-images.*expected .* fetch the file again"):
        run(monkeypatch, get_data.main, tmp_path / "data", "--files", tmp_path / "published")
