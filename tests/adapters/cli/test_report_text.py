"""The report's numbers and sentences."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from easiness_cli.pages import words
from report_reader import made, page_of, report_of

import easiness_core as ec


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


def test_headline_counts_errors_by_level(sample):
    scores = ec.score(*sample)
    report = report_of(*sample)
    wrong = scores.predicted != sample[1]
    assert wrong.any()
    for level in ec.Level:
        count = int((wrong & (scores.level == level)).sum())
        assert report.errors[level.name.lower()] == count
    text = report.headline.replace("\xa0", " ")
    share = f"{100 * (~wrong).mean():.2f} %"
    assert text.startswith(f"Predicted as labeled: {(~wrong).sum()} of 600 samples ({share}). ")
    assert f"Errors: {report.errors['hard']} hard" in text


def test_least_ese_at_the_lower_edge_is_no_recommendation(sample):
    report = report_of(*sample)
    assert report.sigma_fit.ese_curve[0] == report.sigma_fit.ese
    notes = page_of(*sample).text["section"][-2]
    assert "σ is not scale-free" in notes
    assert "recommends no σ" in notes
    assert "held-out" not in notes
    # Exact ties are as easy as a coin toss at any small sigma, though the label always loses here.
    ties = np.array([[0.5, 0.5, 0.0]] * 4), np.array([1, 1, 1, 1])
    tied = report_of(*ties)
    assert tied.sigma_fit.ese < 0.9 * tied.sigma_fit.ese_curve[0]
    notes = page_of(*ties).text["section"][-2]
    assert "recommends no σ" not in notes
    assert "held-out" in notes


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (0.92937, "0.9294"),
        (-2509.7353, "−2,510"),
        (1234567.0, "1.235 × 10⁶"),
        (-0.00001234, "−1.234 × 10⁻⁵"),
        (99.99999, "100.00"),
        (float("inf"), "∞"),
        (float("nan"), "not defined"),
    ],
)
def test_numbers_are_shown_in_four_digits(number, text):
    assert words.number(number).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.92937, "0.9294"),
        (-2509.7353, "−2,510"),
        (-0.00001234, "−1.2 × 10⁻⁵"),
        (1e300, "1.0 × 10³⁰⁰"),
    ],
)
def test_narrow_columns_show_two_digits_of_a_power_of_ten(number, text):
    assert words.compact(number).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 10**6, "< 0.01 %"),
        (10**6 - 1, 10**6, "> 99.99 %"),
        (9294, 10000, "92.94 %"),
        (0, 0, "not defined"),
    ],
)
def test_shares_never_round_to_none_or_all(part, whole, text):
    assert words.percent(part, whole).replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        # One wrong of 20 in b, none elsewhere: every adjusted p-value is 1.
        ([0, 1, 0], "No group by site differs from the rest in accuracy by more than chance: the"),
        # Both b and c differ, tied by Holm's method; c by more.
        ([2, 11, 20], "Of the groups by site, c differs most from the rest: its accuracy is 0 %"),
    ],
)
def test_the_group_named_is_the_one_that_differs_most(wrong, said):
    probs = np.tile([0.9, 0.1], (60, 1))
    labels, sites = np.zeros(60, dtype=int), np.repeat(list("abc"), 20)
    for at, count in enumerate(wrong):
        labels[20 * at : 20 * at + count] = 1
    scores = ec.score(probs, labels)
    report = SimpleNamespace(
        summary=scores.summary, errors={"hard": sum(wrong), "medium": 0, "easy": 0},
        pairs=ec.confusion_pairs(scores), class_names=["x", "y"],
        groups=ec.group_table(scores, sites), group_name="site",
    )  # fmt: skip
    found = words.first_look(report)
    assert found[2].replace("\xa0", " ").startswith(said)
