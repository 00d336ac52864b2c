import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec


def test_cuts_lie_at_the_resolution():
    r = 1e-3
    log_e = [-np.inf, np.log(r), np.nextafter(np.log(r), 0), -1.0, np.log1p(-r), 0.0, -0.0]
    below_easy = np.nextafter(np.log1p(-r), -1)
    found = ec.levels([*log_e, below_easy], resolution=r)
    assert found.tolist() == [1, 1, 2, 2, 4, 4, 4, 2]
    assert found.dtype == np.uint8
    assert ec.levels(log_e).tolist() == ec.levels(log_e, resolution=1e-3).tolist()


def test_resolution_0_cuts_at_exactly_0_and_1():
    assert ec.levels([-np.inf, -1e308, -5e-324, 0.0], resolution=0.0).tolist() == [1, 2, 2, 4]


@pytest.mark.parametrize(
    "text", ["hard|medium", " Medium , HARD", "MHO", "mho", 3, np.int64(3), ec.MHO]
)
def test_levels_in_words_and_numbers(text):
    assert ec.Level.of(text) is ec.Level.HARD | ec.Level.MEDIUM
    assert ec.select([1, 2, 4, 2], text).tolist() == [0, 1, 3]


@given(st.sets(st.sampled_from(list(ec.Level)), min_size=1), st.sampled_from("|,"))
def test_the_words_of_a_union_stand_for_it(union, separator):
    words = separator.join(level.name.lower() for level in union)
    assert ec.Level.of(words) == sum(union)


def test_the_papers_names_are_unions():
    hard, medium, easy = ec.Level.HARD, ec.Level.MEDIUM, ec.Level.EASY
    assert (ec.HO, ec.MO, ec.EO) == (hard, medium, easy) == (1, 2, 4)
    assert easy | medium == ec.EMO
    assert medium | hard == ec.MHO
    assert easy | medium | hard == ec.EMHO
    for name in ("EO", "MO", "HO", "EMO", "MHO", "EMHO"):
        assert ec.Level.of(name.lower()) is getattr(ec, name)
