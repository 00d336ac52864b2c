import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec


def test_the_papers_names_are_unions():
    assert ec.EO | ec.MO == ec.EMO
    assert ec.MO | ec.HO == ec.MHO
    assert ec.EO | ec.MO | ec.HO == ec.EMHO
    assert ec.MO in ec.EMO
    assert ec.HO not in ec.EMO


def test_cuts_lie_at_the_resolution():
    r = 1e-3
    log_e = [-np.inf, np.log(r), np.nextafter(np.log(r), 0), -1.0, np.log1p(-r), 0.0, -0.0]
    below_easy = np.nextafter(np.log1p(-r), -1)
    found = ec.levels([*log_e, below_easy], resolution=r)
    assert found.tolist() == [1, 1, 2, 2, 4, 4, 4, 2]
    assert found.dtype == np.uint8


def test_the_default_resolution_is_a_thousandth():
    assert ec.levels([np.log(0.9e-3), np.log(1.1e-3), np.log1p(-1.1e-3), -0.9e-3]).tolist() == [
        1, 2, 2, 4,
    ]  # fmt: skip


def test_resolution_0_cuts_at_exactly_0_and_1():
    assert ec.levels([-np.inf, -1e308, -5e-324, 0.0], resolution=0.0).tolist() == [1, 2, 2, 4]


@given(st.lists(st.floats(-1000, 0), max_size=20), st.floats(0, 0.49), st.floats(0, 0.49))
def test_a_coarser_resolution_has_no_more_medium_samples(log_easiness, first, second):
    fine, coarse = sorted([first, second])
    medium_fine = ec.levels(log_easiness, resolution=fine) == ec.Level.MEDIUM
    medium_coarse = ec.levels(log_easiness, resolution=coarse) == ec.Level.MEDIUM
    assert not (medium_coarse & ~medium_fine).any()


@pytest.mark.parametrize("resolution", [-1e-9, 0.5, 1.0, np.nan, np.inf])
def test_resolution_out_of_range(resolution):
    with pytest.raises(ValueError, match=r"resolution: expected a value at least 0 and below 0.5"):
        ec.levels([-1.0], resolution=resolution)


def test_easiness_in_place_of_its_logarithm_is_refused():
    with pytest.raises(ValueError, match="pass the logarithm, not easiness itself"):
        ec.levels([0.5])
    with pytest.raises(ValueError, match="log_easiness: 1 of 1 values are NaN"):
        ec.levels([np.nan])
    with pytest.raises(TypeError, match="log_easiness: expected real numbers"):
        ec.levels(["hard"])


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


@pytest.mark.parametrize(
    "levels", ["", "easy|", "middle", "easy medium", "7", "OM", 0, 8, -1, ec.Level(0)]
)
def test_what_stands_for_no_levels_is_refused(levels):
    with pytest.raises(
        ValueError, match=r"^levels: expected words such as 'hard\|medium', .*; got"
    ):
        ec.select([1, 2], levels)


@pytest.mark.parametrize("levels", [2.0, True, None, ["easy"], ec.Level])
def test_what_is_neither_word_nor_number_is_refused(levels):
    with pytest.raises(TypeError, match=r"^keep: expected words .* a union of Level; got"):
        ec.Level.of(levels, argument="keep")
