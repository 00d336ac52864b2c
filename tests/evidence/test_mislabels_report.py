"""docs/mislabels_measured.md says what the committed CSV files say, in its tables and in words."""

from pathlib import Path

import numpy as np
from aum_se import figures, report

DOCS = Path(__file__).parents[2] / "docs"


def test_the_guides_tables_are_those_of_the_committed_figures():
    page = (DOCS / "mislabels_measured.md").read_text("utf-8")
    assert report.fill(page, report.tables(DOCS)) == page


def test_the_guides_words_on_the_filter_are_those_of_the_committed_figures():
    page = (DOCS / "mislabels_measured.md").read_text("utf-8")
    chosen, confirmed = (figures.curves(figures.read(DOCS / f"{name}.csv"))
                         for name in ("aum_se", "aum_se_confirmation"))  # fmt: skip
    columns = figures.columns_of(chosen)

    def met(means, rule):
        return {(*column, epoch + 1) for column in columns for epoch in report.LATE
                if report.meets(means, column, epoch, rule)}  # fmt: skip

    def late(rate, first):
        return {("next", rate, epoch) for epoch in range(first, 21)}

    assert met(chosen, figures.DEFAULT) == late("0.1", 19) | late("0.2", 17)
    assert met(confirmed, figures.DEFAULT) == late("0.1", 19) | late("0.2", 16)
    assert "6 of the 66 cases**: at 20 % c to c + 1 from 17 epochs on, and at 10 % from 19" in page
    assert "in 7 of its 66 cases: at 20 % c to c + 1 from 16 epochs on, and at 10 % from 19" in page
    names = {name[2:] for name in chosen}
    label_free = {n for n in names if n[3] != "oracle" and n[1] in ("easiness", "drop_easy")}
    assert max(len(met(chosen, name)) for name in label_free) == 6
    best = ("averaged", "easiness", "half a point less", "oracle")
    assert {
        (*column, epoch + 1)
        for column in columns
        for epoch in report.LATE
        if figures.given_up(chosen, column, epoch, best)[1] <= 0.5
    } == late("0.1", 17) | late("0.2", 16)
    assert "false positives at 10 % c to c + 1 from 17 epochs on and at 20 % from 16 on" in page

    control = ("averaged", "aum", "as many as the default", "oracle")
    left = {
        epoch: [figures.at(chosen[(*column, *figures.DEFAULT)], epoch - 1)[1]
                / figures.at(chosen[(*column, *control)], epoch - 1)[1] for column in columns]
        for epoch in (10, 15, 20)
    }  # fmt: skip
    for epoch, expected in {
        10: [1.03, 1.04, 1.01, 1.02, 1.07, 1.10],
        15: [0.88, 0.72, 0.69, 0.83, 0.97, 1.05],
        20: [0.55, 0.31, 0.66, 0.76, 0.79, 0.83],
    }.items():
        assert np.round(left[epoch], 2).tolist() == expected
    for words in (
        "flags 1.01 to 1.10 times the right labels",
        "(0.69 to 0.88 times) and at 10 % symmetric (0.83); at 20 and 40 % symmetric there is none "
        "(0.97 and 1.05)",
        "After 20 epochs the default has 0.31 to 0.83 times",
    ):
        assert words in page


def test_the_guides_words_on_the_resnet_are_those_of_the_committed_figures():
    lines = figures.read(DOCS / "aum_se_resnet.csv")
    means, column = figures.curves(lines), ("next", "0.2")
    assert {line["seed"] for line in lines} == {"0", "1", "2"}
    assert not any(report.meets(means, column, epoch, figures.DEFAULT) for epoch in report.LATE)
    aum, ours = (means[(*column, *rule)] for rule in (figures.AUM, figures.DEFAULT))
    shown = [f"{each:.1f}" for curve in (aum, ours) for each in curve[-1, 1:3]]
    assert shown == ["97.1", "8.8", "97.9", "9.9"]
    assert f"{aum[:, 2].min():.1f}" == "7.8"
    assert [f"{curve[-1, 3]:.4f}" for curve in (aum, ours)] == ["0.9793", "0.9865"]
    control = means[(*column, "averaged", "aum", "as many as the default", "oracle")]
    assert abs(control[-1, 2] - ours[-1, 2]) < 0.3


def test_the_guides_words_on_the_longer_run_are_those_of_the_committed_figures():
    means = figures.curves(figures.read(DOCS / "aum_se_resnet_long.csv"))
    column = ("next", "0.2")
    met = [e + 1 for e in range(9, 36) if report.meets(means, column, e, figures.DEFAULT)]
    assert met == [36]
    control = ("averaged", "aum", "as many as the default", "oracle")
    aum, ours, cut = (means[(*column, *rule)] for rule in (figures.AUM, figures.DEFAULT, control))
    shown = [f"{c[e, 1]:.1f} / {c[e, 2]:.1f}" for e in (29, 35) for c in (aum, ours)]
    assert shown == ["95.6 / 11.8", "98.2 / 10.0", "95.7 / 22.8", "97.8 / 10.1"]
    assert f"{ours[-1, 2] / cut[-1, 2]:.2f}" == "0.31"
