"""The report's tables, read back and held against the core."""

from __future__ import annotations

import numpy as np
import pytest
from easiness_cli import options
from easiness_cli.pages.report import report_page
from report_reader import made, page_of, report_of, value

import easiness_core as ec


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


@pytest.fixture(scope="module")
def page(sample):
    return page_of(*sample)


def test_summary_table_holds_the_cores_numbers(sample, page):
    summary = ec.score(*sample).summary
    facts = page.facts()
    assert value(facts["Samples"]) == 600
    assert value(facts["Classes"]) == 4
    assert value(facts["Accuracy"]) == pytest.approx(summary.accuracy, abs=5e-5)
    assert value(facts["AUROC"]) == pytest.approx(ec.auroc(*sample), rel=1e-3)
    assert value(facts["MSR, medium sample rate"]) == pytest.approx(summary.msr, abs=5e-5)
    ese = value(facts["ESE, expected sample easiness error"])
    assert ese == pytest.approx(summary.ese, rel=1e-3)
    assert value(facts["Mean loss"]) == pytest.approx(summary.mean_loss, rel=1e-3)
    assert value(facts["Mean easiness"]) == pytest.approx(summary.mean_easiness, rel=1e-3)
    for level, count in summary.level_counts.items():
        assert f"{count:,} {level} (" in page.text["main"][0].replace("\xa0", " ")
        assert 0 < count < 600, "the made data must show every level"
    low, high = summary.accuracy_interval
    assert f"({100 * low:.2f} to {100 * high:.2f}" in facts["Accuracy"]
    assert facts["Estimator"] == "closed form"
    assert (facts["σ"], facts["Resolution"]) == ("0.01", "0.001")
    assert ec.__version__ in dict(page.tables["reading"])["Versions"]


def test_bins_table_sums_to_ese(sample, page):
    bins = ec.score(*sample).summary.bins
    head, *every = page.tables["bins-of-easiness"]
    assert head[-1] == "Adds to ESE"
    assert [value(row[1]) for row in every] == bins.count.tolist()
    rows = [row for row in every if row[1] != "0"]
    assert [row[2:] for row in every if row[1] == "0"] == [["–"] * 4] * (5 - len(rows))
    assert len(rows) >= 3
    accuracy, easiness = (v[bins.count > 0] for v in (bins.accuracy, bins.mean_easiness))
    np.testing.assert_allclose([value(row[2]) for row in rows], accuracy, atol=5e-5)
    np.testing.assert_allclose([value(row[3]) for row in rows], easiness, atol=5e-5)
    gap = np.abs(accuracy - easiness)
    np.testing.assert_allclose([value(row[4]) for row in rows], gap, atol=5.1e-5)
    assert sum(value(row[5]) for row in rows) == pytest.approx(bins.ese, abs=5e-6)


def test_class_table_is_the_cores(sample, page):
    table = ec.class_table(ec.score(*sample))

    def column(heading):
        return list(map(value, page.column("classes", heading)))

    assert page.column("classes", "Class") == ["0", "1", "2", "3"]
    for heading, expected in (
        ("Samples", table.count), ("Hard", table.hard), ("Medium", table.medium),
        ("Easy", table.easy),
    ):  # fmt: skip
        assert column(heading) == expected.tolist()
    np.testing.assert_allclose(column("Accuracy"), table.accuracy, atol=5e-5)
    np.testing.assert_allclose(column("Mean log easiness"), table.mean_log_easiness, rtol=1e-3)
    for low, high in table.accuracy_interval:
        assert f"<small>{100 * low:.2f} to {100 * high:.2f}\xa0%</small>" in page.html


def test_hardest_samples_are_those_of_least_log_easiness(sample):
    probs, labels = sample
    scores = ec.score(probs, labels)
    names = ["ant", "bee", "cat", "dog"]
    page = page_of(probs, labels, classes=names, top=7)
    rows = page.tables["hardest-samples"][1:]
    expected = np.argsort(scores.log_easiness, kind="stable")[:7]
    assert [int(row[0]) for row in rows] == expected.tolist()
    for row, k in zip(rows, expected, strict=True):
        assert row[1:3] == [names[labels[k]], names[scores.predicted[k]]]
        assert value(row[3]) == pytest.approx(probs[k, labels[k]], rel=1e-3)
        assert value(row[4]) == pytest.approx(probs[k].max(), rel=1e-3)
        assert value(row[5]) == pytest.approx(scores.log_easiness[k], rel=1e-4)
        assert value(row[6]) == pytest.approx(scores.loss[k], rel=1e-3)


def test_hardest_samples_show_their_ids(sample):
    plain = page_of(*sample, top=7).tables["hardest-samples"]
    ids = [f"{k:03}.png" for k in range(600)]
    ids[int(plain[1][0])] = "<b>" + "x" * 100
    head, first, *rest = page_of(*sample, top=7, ids=ids).tables["hardest-samples"]
    assert head == [*plain[0], "Row"]
    assert first == ["<b>" + "x" * 36 + "…", *plain[1][1:], plain[1][0]]
    assert rest == [[ids[int(row[0])], *row[1:], row[0]] for row in plain[2:]]
    rows = page_of(*sample, top=7, ids=np.arange(600) + 1000).tables["hardest-samples"][1:]
    assert [int(row[0]) - int(row[-1]) for row in rows] == [1000] * 7


def test_ties_of_monte_carlo_are_ordered_by_loss():
    probs, labels = made(400, 3, sharp=6.0)
    report = report_of(probs, labels, estimator=ec.MonteCarlo(draws=50), top=10)
    assert np.isneginf(report.hardest["log_easiness"]).all()
    losses = report.hardest["loss"].tolist()
    assert losses == sorted(losses, reverse=True)
    assert "−∞ are tied" in report_page(report)
    assert report.sigma_resolution == 1 / 50


def test_no_list_of_the_hardest_where_none_is_asked_for(sample):
    assert "hardest-samples" not in page_of(*sample, top=0).tables


def test_normalize_shows_the_divided_probabilities(sample):
    probs, labels = sample
    plain = report_of(probs, labels)
    scaled = report_of(probs * 7.0, labels, normalize=True)
    assert scaled.summary.level_counts == plain.summary.level_counts
    np.testing.assert_allclose(
        scaled.hardest["p_suggested"], plain.hardest["p_suggested"], rtol=1e-12
    )
    assert scaled.auroc == pytest.approx(plain.auroc, abs=1e-6)


def test_auroc_of_counts_is_of_the_divided_rows():
    rng = np.random.default_rng(5)
    counts = rng.integers(1, 50, size=(300, 3)) * rng.integers(1, 9, size=(300, 1))
    labels = rng.integers(3, size=300)
    expected = ec.auroc(counts, labels, normalize=True)
    divided = counts / counts.sum(axis=1, keepdims=True)
    assert expected == pytest.approx(ec.auroc(divided, labels), abs=1e-6)
    assert report_of(counts, labels, normalize=True).auroc == expected


def test_auroc_is_skipped_above_the_limit_and_the_page_says_so(sample, monkeypatch):
    monkeypatch.setattr(options, "AUROC_ELEMENTS", 2399)
    assert page_of(*sample).facts()["AUROC"] == (
        "skipped: 2,400 probabilities; easiness score --auroc computes it"
    )
    monkeypatch.setattr(options, "AUROC_ELEMENTS", 2400)
    auroc = value(page_of(*sample).facts()["AUROC"])
    assert auroc == pytest.approx(ec.auroc(*sample), rel=1e-3)


@pytest.mark.parametrize("resolution", [0.001, 0.2])
def test_sigma_curve_is_cut_at_the_resolution_of_the_report(sample, resolution):
    estimator = ec.ClosedForm(sigma=0.3, resolution=resolution)
    fit = report_of(*sample, estimator=estimator, n_bins=7).sigma_fit
    expected = ec.fit_sigma(*sample, grid=fit.grid, resolution=resolution, n_bins=7)
    assert fit.grid.tolist() == sorted({*ec.SIGMA_GRID, 0.3})
    assert (fit.sigma, fit.ese) == (expected.sigma, expected.ese)
    np.testing.assert_array_equal(fit.msr_curve, expected.msr_curve)
    np.testing.assert_array_equal(fit.ese_curve, expected.ese_curve)
    other = ec.fit_sigma(*sample, grid=fit.grid, resolution=0.01)
    assert (fit.msr_curve != other.msr_curve).any()
