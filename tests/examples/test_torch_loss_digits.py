"""The loss recipe trains with every criterion and prints a row for each."""

import re
import sys

import torch
from recipes import load_example


def test_a_row_for_each_criterion(monkeypatch, capsys):
    recipe = load_example("torch_loss_digits")
    monkeypatch.setattr(sys, "argv", ["torch_loss_digits.py", "--seeds", "1", "--epochs", "4"])
    threads = torch.get_num_threads()
    try:
        recipe.main()
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    rows = re.findall(r"^\| (.*) \| ([\d.]+) \| [\d.]+ \| ([\d.]+) \| ", printed, re.MULTILINE)
    assert [name for name, *_ in rows] == list(recipe.CRITERIA)
    # The paper's sigma without a tail fails to train; chance is 10 %.
    accuracy = {name: min(float(clean), float(noisy)) for name, clean, noisy in rows}
    del accuracy["0.01, none, 0.1 (the paper's)"]
    assert min(accuracy.values()) > 50
