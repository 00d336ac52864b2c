"""The command and Python read names alike: the same classes, the same columns, the same bytes."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from class_name_cases import MATCHES, REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import rows_read, write

import easiness_core as ec

FRAMES = (pd.DataFrame, pl.DataFrame)


def read_by_python(frame, labels):
    scores = ec.score(frame, labels)
    return scores.classes and list(scores.classes), scores


@pytest.mark.parametrize("case", MATCHES)
def test_names_that_match(tmp_path, case, rng):
    names, labels, expected = MATCHES[case]
    columns = dict(zip(names, rng.dirichlet(np.ones(len(names)), len(labels)).T, strict=True))
    reader, probs, codes, _ = rows_read(write(tmp_path, columns | {"label": labels}, "parquet"))
    for frame in FRAMES:
        classes, scores = read_by_python(frame(columns), labels)
        assert scores.labels.tolist() == expected
        assert (reader.classes, codes.tolist()) == (classes, expected)
        assert ec.score(probs, codes).log_easiness.tobytes() == scores.log_easiness.tobytes()


@pytest.mark.parametrize("case", REFUSED)
def test_names_that_do_not_match(case):
    names, labels, message = REFUSED[case]
    for frame in FRAMES:
        with pytest.raises(ValueError, match=rf"^labels: .*({message})"):
            ec.score(frame({name: [1 / len(names)] * 2 for name in names}), labels)


NAMES = st.sampled_from(["a", "b", "cat", "0", "1", "2", "01", "1.0", "-1", "True", "false", "a b"])
PREFIXES = st.sampled_from(["", "p_", "prob.", "a_", "1_"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, min_size=2, max_size=4, unique=True), PREFIXES, st.data())
def test_any_names_are_read_alike(tmp_path_factory, names, prefix, data):
    """Whatever one accepts, the other does, and means the same."""
    columns = {f"{prefix}{name}": np.full(3, 1 / len(names)) for name in names}
    whole = [f"{prefix}{name}" for name in names]
    one = st.sampled_from([names, whole, [0, 1], [True, False]]).flatmap(
        lambda kind: st.lists(st.sampled_from(kind), min_size=3, max_size=3)
    )
    labels = data.draw(one)
    outcomes = []
    for read in (
        lambda: read_by_python(pd.DataFrame(columns), labels),
        lambda: read_by_command(tmp_path_factory.mktemp("names"), columns, labels),
    ):
        try:
            classes, scores = read()
            outcomes.append((classes, scores.labels.tolist(), scores.log_easiness.tobytes()))
        except ValueError as error:
            outcomes.append(error.argument)
    assert outcomes[0] == outcomes[1]


def read_by_command(folder, columns, labels):
    second = write(folder, {"given": labels}, "parquet", "labels")
    reader, probs, codes, _ = rows_read(write(folder, columns, "parquet"), second)
    return reader.classes, ec.score(probs, codes)
