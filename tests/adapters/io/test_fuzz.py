"""A share of `make fuzz`: damaged files give rows or a DataError."""

import fuzz_readers


def test_damaged_files():
    outcomes, findings = fuzz_readers.fuzz(seed=0, n_files=300)
    assert findings == []
    # Neither always too damaged to be opened, nor hardly damaged.
    assert outcomes["refused"] > 100
    assert outcomes["rows"] > 20
    assert set(outcomes) == {"refused", "rows"}
