from collections.abc import Callable
from typing import Any

import pytest
from easiness_io import sample_reader
from easiness_io.shards import run


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks have 64 rows of 4 classes, so that small files have many."""
    monkeypatch.setattr(sample_reader, "_ELEMENTS", 64 * 4)


@pytest.fixture
def forbid_scoring(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give a function after which nothing may be scored."""

    def never(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt("scored")

    return lambda: monkeypatch.setattr(run, "score_blocks", never)
