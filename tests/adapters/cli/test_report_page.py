"""The report's page: alone, accessible, escaped, whole for unusual input; its figures and words."""

import base64
import hashlib
import re
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from easiness_cli.pages import figures, words
from easiness_cli.pages.report import MOST_CLASSES, report_page
from report_reader import Page, made, page_of, report_of

import easiness_core as ec

LONGEST_NAME = 80
NASTY = [
    "<script>alert(1)</script>", "\"&'", "$x^2$ $\\frac", "</td></table><img src=x onerror=y>",
    '"\' onmouseover="alert(1)" ' + "a" * 3000, "\x00\x07\udcff",
]  # fmt: skip
SAMPLE = made(600, 4)
SCORES = ec.score(*SAMPLE)


@pytest.fixture(scope="module")
def page():
    return page_of(*SAMPLE)


def test_page_stands_alone_and_runs_its_own_script_alone(page):
    outside = re.sub(r'"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+"', '""', page.html)
    assert not any(word in outside for word in ("http://", "https://", "url(", "@import"))
    script = page.text["script"][0]
    assert not any(word in script for word in ("eval(", "innerHTML", "document.write", "fetch("))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert [found["content"] for _, found in page.tags if found.get("http-equiv")] == [
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    ]
    links = [found["href"][1:] for tag, found in page.tags if tag == "a"]
    assert links
    assert set(links) <= {found.get("id") for _, found in page.tags}
    assert page.text["h2"] == ["Contents", *page.text["a"]]
    targets = []
    for svg in page.svgs():
        assert "<script" not in svg
        targets += re.findall(r'(?:href|src)="([^"]*)"', svg)
    assert {target[0] for target in targets} == {"#"}


def test_text_of_the_users_is_escaped_everywhere():
    probs, labels = made(300, len(NASTY))
    plain = page_of(probs, labels, title="t", source="s")
    page = page_of(probs, labels, classes=NASTY, title=NASTY[0], source=NASTY[3])
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert page.text["title"] == page.text["h1"] == [NASTY[0]]
    assert NASTY[3] in page.text["header"][0]
    shown = [row[0] for row in page.tables["classes"][1:]]
    assert shown == [*NASTY[:4], NASTY[4][: LONGEST_NAME - 1] + "…", "\ufffd" * 3]
    assert "\x00" not in page.html
    titles = [found for tag, found in page.tags if tag == "bdi" and "title" in found]
    assert titles
    assert all(found == {"title": NASTY[4][:2000]} for found in titles)


def test_many_classes_show_the_worst_by_accuracy():
    report = report_of(*made(2000, 500, sharp=2.0))
    page = Page(report_page(report))
    shown = [int(row[0]) for row in page.tables["classes"][1:]]
    assert len(shown) == MOST_CLASSES
    assert shown == sorted(shown)
    hidden = np.setdiff1d(np.flatnonzero(report.table.count), shown)
    assert report.table.accuracy[shown].max() <= report.table.accuracy[hidden].min()
    assert "200 classes of lowest accuracy, out of 500" in page.html


UNUSUAL = {
    "one sample, right": ([[0.9, 0.1]], [0], ["Predicted as labeled: 1 of 1 sample", "none."]),
    "one sample, wrong": ([[0.9, 0.1]], [1], ["Errors: 1 hard."]),
    "all easy": (np.eye(3)[[0, 1, 2, 2]], [0, 1, 2, 2], [
        "Errors: none.", "4 easy (100\xa0%)", "Every sample is predicted as labeled",
        "there is no curve to draw",
    ]),
    "a class without samples": ([[0.9, 0.1], [0.2, 0.8]], [0, 0], [
        "not defined", "2 (1 without samples)",
    ]),
    "infinite losses": ([[1.0, 0.0], [0.5, 0.5], [0.25, 0.75]], [1, 0, 1], [
        "∞ (1 sample has probability 0 for the given class; the mean of the others is 0.4904)",
    ]),
    "squashed": (SAMPLE[0] * 0.01 + 0.99 / 4, SAMPLE[1], ["squashed"]),
    "ties": (ec.softmax(30 * np.log(SAMPLE[0])), SAMPLE[1], ["−∞ are tied"]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNUSUAL)
def test_unusual_input_is_told(case, page):
    probs, labels, said = UNUSUAL[case]
    estimator = ec.MonteCarlo(draws=50) if case == "ties" else None
    found = page_of(np.array(probs), np.array(labels), estimator=estimator)
    for each in said:
        assert each in found.text["main"][0]
        assert each not in page.text["main"][0] or each == "there is no curve to draw"
    assert ("confused-classes" in found.tables) == (case not in ("one sample, right", "all easy"))
    if case == "a class without samples":
        assert found.tables["classes"][2] == ["1", "–", "", "0", "0", "0", "0", "–"]


def test_the_curve_is_drawn_only_where_there_is_one(page):
    assert len(page.svgs()) == 2
    assert len(page_of(*SAMPLE, estimator=ec.ClosedForm(sigma=0.5)).svgs()) == 3


def test_equal_input_gives_equal_bytes_whatever_the_users_matplotlib_settings(page):
    def settings():
        # The backend is chosen when first asked for.
        return {key: matplotlib.rcParams[key] for key in matplotlib.rcParams if key != "backend"}

    with matplotlib.rc_context({"font.size": 30.0, "axes.grid": True, "svg.fonttype": "none"}):
        before = settings()
        assert report_page(report_of(*SAMPLE, n_threads=1)) == page.html
        assert settings() == before


@pytest.mark.parametrize(
    ("estimator", "last_label"),
    [
        (ec.ClosedForm(), "> −0.001"),
        (ec.ClosedForm(resolution=0.4), "> −0.511"),
        (ec.ClosedForm(resolution=0.0), "0"),
        (ec.MonteCarlo(draws=100), "0"),
    ],
)
def test_figures_draw_every_sample(estimator, last_label):
    scores = ec.score(*SAMPLE, estimator=estimator)
    axes = figures.log_easiness_histogram(scores, estimator.resolution).axes[0]
    drawn = {}
    for patch in axes.patches:
        color = matplotlib.colors.to_hex(patch.get_facecolor())
        drawn[color] = drawn.get(color, 0) + patch.get_height()
    counts = scores.summary.level_counts
    for level, color in (
        ("hard", figures.HARD),
        ("medium", figures.MEDIUM),
        ("easy", figures.EASY),
    ):
        assert drawn.get(color, 0) == counts[level]
    left, right = axes.get_xlim()
    ticks = axes.get_xticks()
    assert len(ticks) >= 2
    assert all(left < tick < right for tick in ticks)
    assert axes.get_xticklabels()[-1].get_text() == last_label


def test_figures_draw_the_bins_and_the_curve():
    summary = SCORES.summary
    axes = figures.accuracy_by_easiness(summary.bins).axes[0]
    heights = [patch.get_height() for patch in axes.patches]
    np.testing.assert_array_equal(heights, summary.bins.accuracy)
    fit = ec.fit_sigma(*SAMPLE)
    axes = figures.sigma_sensitivity(fit, (0.01, summary.msr, summary.ese)).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(lines["ESE"].get_ydata(), fit.ese_curve)
    msr = lines["MSR, the share of medium samples"]
    # A logarithmic axis has no place for 0.
    np.testing.assert_array_equal(np.nan_to_num(msr.get_ydata()), fit.msr_curve)
    assert lines["σ = 0.01, used here"].get_xdata()[0] == 0.01


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (words.number(-0.0), "0"),
        (words.number(0.92937), "0.9294"),
        (words.number(-2509.7353), "−2,510"),
        (words.number(1234567.0), "1.235 × 10⁶"),
        (words.number(-0.00001234), "−1.234 × 10⁻⁵"),
        (words.number(float("inf")), "∞"),
        (words.number(float("nan")), "not defined"),
        # Narrow columns show two digits of a power of ten.
        (words.compact(-0.00001234), "−1.2 × 10⁻⁵"),
        (words.compact(1e300), "1.0 × 10³⁰⁰"),
        # Shares never round to none or all, changes never to none, p-values never to 0.
        (words.percent(0, 10), "0 %"),
        (words.percent(1, 10**6), "< 0.01 %"),
        (words.percent(10**6 - 1, 10**6), "> 99.99 %"),
        (words.percent(9294, 10000), "92.94 %"),
        (words.percent(0, 0), "not defined"),
        (words.points(0.0), "0"),
        (words.points(0.000012), "+0.0012"),
        (words.points(np.nan), "–"),
        (words.p_value(0.0), "< 0.0001"),
        (words.p_value(0.00123), "0.0012"),
        (words.p_value(0.5), "0.50"),
        (words.p_value(np.nan), "–"),
    ],
)
def test_numbers_in_words(shown, text):
    assert shown.replace("\xa0", " ") == text


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
