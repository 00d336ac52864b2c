"""The measuring scripts run, and say so when what they measure is wrong."""

import json
import logging
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

EVIDENCE = Path(__file__).parents[2] / "examples" / "evidence"
SMALL = ["--device", "cpu", "--rows", "3000", "--classes", "20", "--batch", "512", "--passes", "1"]


def run(monkeypatch, name, *arguments):
    """Names of a script, to call its `main` under these arguments."""
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    return runpy.run_path(str(EVIDENCE / name), run_name="example")


def test_the_gpu_script_scores_selects_and_compares(monkeypatch, tmp_path, capsys):
    path = tmp_path / "figures.json"
    script = run(monkeypatch, "torch_gpu.py", *SMALL, "--modes", "eager", "--output", str(path))
    assert script["main"]() == 0
    assert json.loads(capsys.readouterr().out) == json.loads(path.read_text())
    eager = json.loads(path.read_text())["modes"]["eager"]
    assert eager["equals_core"]
    assert eager["levels_equal"] == 1
    assert 0 < eager["selected"] < 3000
    assert 0 < eager["update_and_selection_share"] < eager["update_share"]


def test_the_gpu_script_reports_scores_that_are_not_the_cores(monkeypatch, capsys):
    script = run(monkeypatch, "torch_gpu.py", *SMALL, "--modes", "eager")
    right = script["scores"].score_logits

    def wrong(logits, labels, estimator):
        log_e, loss, predicted = right(logits, labels, estimator)
        return log_e * 1.001, loss, predicted

    monkeypatch.setattr(script["scores"], "score_logits", wrong)
    assert script["main"]() == 2
    assert "| NO (" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_the_gpu_script_says_what_to_do_without_a_gpu(monkeypatch, capsys):
    assert run(monkeypatch, "torch_gpu.py")["main"]() == 1
    assert "--device cpu" in capsys.readouterr().err


def test_the_overhead_script_prints_a_ratio(monkeypatch, capsys):
    threads = torch.get_num_threads()
    script = run(
        monkeypatch, "torch_loss_overhead.py", "--device", "cpu", "--small", "1", "--resnet", "1",
        "--batch", "2", "--alone", "1",
    )  # fmt: skip
    try:
        script["main"]()
    finally:
        torch.set_num_threads(threads)
    out = capsys.readouterr().out
    assert "| 11,173,962 | 2 x 3 x 32 x 32 | 1 |" in out
    assert "| 105,866 | 2 x 1 x 28 x 28 | 1 |" in out
    assert "| 64 x 1,000 |" in out


def test_the_cost_script_compares_what_it_times(monkeypatch, capsys):
    threads, log = torch.get_num_threads(), logging.getLogger("easiness_torch")
    arguments = ["--samples", "3000", "--rounds", "1", "--updates", "2"]
    script = run(monkeypatch, "torch_sampler_cost.py", *arguments)
    try:
        script["main"]()
        out = capsys.readouterr().out
        assert "| all samples (warm-up) | 3,000 |" in out
        assert "| `ec.MO`, a tenth of each class | 300 |" in out
        assert "update of 128 x 10: " in out
        monkeypatch.setattr(script["ec"], "select", lambda level, levels: np.arange(7))
        with pytest.raises(SystemExit, match=r"`ec\.MO`: \d+ samples are not those that the core"):
            script["main"]()
    finally:
        torch.set_num_threads(threads)
        log.setLevel(logging.NOTSET)
