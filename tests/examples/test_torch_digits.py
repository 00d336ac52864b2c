"""The plain loop runs, and its table compares policies of equal size."""

from recipes import load_example


def test_the_digits_example_compares_policies_of_equal_size(capsys):
    table = load_example("torch_digits").main(1)
    printed = capsys.readouterr().out
    assert all(name in printed for name in table)
    usage = {name: row[1] for name, row in table.items()}
    assert usage["all data"] == 100.0
    assert all(value < 60 for name, value in usage.items() if name != "all data")
    # Better than chance by far; which policy wins is not promised.
    assert all(accuracy > 80 for accuracy, _, _ in table.values())
    assert all(seconds > 0 for _, _, seconds in table.values())
