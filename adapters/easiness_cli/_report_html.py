"""The report's page: the sections in their order, each with how to read it."""

from __future__ import annotations

from functools import partial
from importlib.resources import files

import numpy as np

import easiness_core as ec
from easiness_cli import _figures as figures
from easiness_cli import _report_text as words
from easiness_cli._figures import picture
from easiness_cli._report_data import Report
from easiness_cli._report_page import Column, document, facts, figure, name, table, text

MOST_CLASSES = 200


def report_page(report: Report) -> str:
    """Build the whole page, one self-contained HTML document.

    Parameters
    ----------
    report : Report
        What to show.

    Returns
    -------
    str
        The document; equal reports give equal text.
    """
    parts = (_top, _summary, _histograms, _bins, _classes, _hardest, _sigma, _foot)
    return document(
        title=report.title,
        css=files("easiness_cli").joinpath("report.css").read_text(encoding="utf-8"),
        body="".join(part(report) for part in parts),
    )


def _top(report: Report) -> str:
    counts, n = report.summary.level_counts, report.summary.n_samples
    tiles = "".join(
        f'<li class="{level}">{level.capitalize()}<b>{counts[level]:,}</b>'
        f"{words.percent(counts[level], n)}, {words.amount(report.errors[level], 'error')}</li>\n"
        for level in words.LEVELS
    )
    source = f'<p class="source">{text(report.source)}</p>\n' if report.source else ""
    caution = words.caution(report)
    return (
        f"<header>\n<h1>{text(report.title)}</h1>\n{source}</header>\n<main>\n"
        f'<p class="headline">{text(words.headline(report))}</p>\n'
        + (f'<p class="caution">{text(caution)}</p>\n' if caution else "")
        + f'<ul class="levels">\n{tiles}</ul>\n'
    )


def _summary(report: Report) -> str:
    summary, n_classes = report.summary, len(report.class_names)
    counts, n = summary.level_counts, summary.n_samples
    absent = int(np.count_nonzero(report.table.count == 0))
    loss = words.number(summary.mean_loss)
    if note := words.loss_note(report):
        loss += f" ({note})"
    resolution = report.estimator.resolution
    rows = [
        ("Samples", "rows scored", f"{summary.n_samples:,}"),
        ("Classes", "columns of the probabilities",
         f"{n_classes:,}" + (f" ({absent:,} without a sample)" if absent else "")),
        ("Accuracy", "share of samples whose given class has the highest probability",
         words.percent(summary.accuracy)),
        ("AUROC", "one class against the rest, averaged over the classes; 0.5 is chance, 1 perfect",
         words.auroc(report)),
        ("Mean easiness", "0 to 1; higher is easier", words.number(summary.mean_easiness)),
        ("Levels", "of easiness, with their shares of all samples",
         words.joined([f"{counts[level]:,} {level} ({words.percent(counts[level], n)})"
                       for level in words.LEVELS])),
        ("MSR, medium sample rate", "share of samples that are neither hard nor easy",
         words.percent(summary.msr)),
        ("ESE, expected sample easiness error",
         f"mean gap between easiness and accuracy over "
         f"{words.amount(len(summary.bins.count), 'bin')}; 0 is best", words.number(summary.ese)),
        ("Mean loss", "minus the natural log of the given class's probability", loss),
        ("Estimator", "how the chance of one class beating another is found",
         words.estimator_name(report)),
        ("σ", "standard deviation of the noise", words.setting(report.estimator.sigma)),
        ("Resolution", "distance from 0 and 1 at which an easiness counts as hard or easy",
         words.setting(resolution) if resolution else "exact 0 and 1"),
        ("Versions", "what made this page", f"easiness-core {ec.__version__}, NumPy "
         f"{np.__version__}, Matplotlib {figures.MATPLOTLIB_VERSION}"),
    ]  # fmt: skip
    return (
        "<section>\n<h2>Summary</h2>\n"
        "<p><strong>Easiness</strong> measures one sample against its given class. Add normal "
        "noise of standard deviation σ to the class probabilities; easiness is the chance that "
        "the given class still beats another one, multiplied over all the other classes. It runs "
        "from 0 (the given class surely loses to some other) to 1 (it surely wins against every "
        f"other). {text(words.level_rule(report))}</p>\n"
        + facts((heading, gloss, text(value)) for heading, gloss, value in rows)
        + "</section>\n"
    )


def _histograms(report: Report) -> str:
    scores, counts = report.scores, report.summary.level_counts
    edges, resolution = words.level_edges(report), report.estimator.resolution
    split = words.joined([f"{counts[level]:,} {level}" for level in words.LEVELS])
    lowest = words.number(float(scores.log_easiness.min()))
    return (
        "<section>\n<h2>How easy the samples are</h2>\n"
        "<p>Most classifiers leave few samples in between, so counts are on a logarithmic scale: "
        "a bar half as high stands for far fewer than half as many samples.</p>\n"
        + figure(
            picture(partial(figures.easiness_histogram, scores, edges)),
            alt=f"Histogram of easiness with logarithmic counts: {split} samples.",
            caption="Samples by easiness. The outer bars are the hard and the easy samples; the "
            "medium ones between them are split into twenty bins.",
        )
        + "<p>Easiness itself hardly tells the hard samples apart, being close to 0 for all of "
        "them. Its natural logarithm does: 0 is the easiest, and the further below 0, the harder. "
        "At the far left are the samples whose given class loses most clearly.</p>\n"
        + figure(
            picture(partial(figures.log_easiness_histogram, scores, resolution)),
            alt=f"Histogram of log easiness with logarithmic counts, from {lowest} up: {split} "
            f"samples.",
            caption="Samples by log easiness, hardest left. All easy samples share the last bar.",
        )
        + "</section>\n"
    )


def _bins(report: Report) -> str:
    bins, n = report.summary.bins, report.summary.n_samples
    gap = np.abs(bins.accuracy - bins.mean_easiness)
    last = len(bins.count) - 1
    rows = []
    for k, count in enumerate(bins.count.tolist()):
        span = f"{bins.edges[k]:.3g} to {bins.edges[k + 1]:.3g}"
        values = ("–",) * 4
        if count:
            values = (words.percent(float(bins.accuracy[k])), f"{bins.mean_easiness[k]:.4f}",
                      f"{gap[k]:.4f}", f"{gap[k] * count / n:.6f}")  # fmt: skip
        rows.append((span + (" inclusive" if k == last else ""), f"{count:,}", *values))
    spoken = "; ".join(f"{row[0]}: {row[1]} samples, accuracy {row[2]}, mean easiness {row[3]}"
                       for row in rows[:20])  # fmt: skip
    return (
        "<section>\n<h2>Easiness against accuracy</h2>\n"
        "<p>Were easiness an honest chance of being right, the samples of each bin would be "
        "predicted right as often as their mean easiness says. ESE is the mean gap between the "
        "two, each bin weighted by its samples: a wide gap in a bin of few samples adds little."
        "</p>\n"
        + figure(
            picture(partial(figures.accuracy_by_easiness, bins)),
            alt=f"Accuracy of each bin of easiness. {spoken}.",
            caption="Bars: accuracy of each bin. Dots: the same accuracy, placed at the bin's mean "
            "easiness; the line from a dot to the diagonal is the gap.",
        )
        + table(
            [Column("Easiness", words=True), Column("Samples"), Column("Accuracy"),
             Column("Mean easiness"), Column("Gap"), Column("Adds to ESE")],
            rows,
            caption=f"The last column sums to ESE, {report.summary.ese:.6f}.",
            label="Bins of easiness",
        )
        + "</section>\n"
    )  # fmt: skip


def _classes(report: Report) -> str:
    by_class = report.table
    total = len(by_class.count)
    shown = np.arange(total)
    caption = "In the order of the columns of the probabilities."
    if total > MOST_CLASSES:
        worst = np.lexsort((shown, np.nan_to_num(by_class.accuracy, nan=np.inf)))
        shown = np.sort(worst[:MOST_CLASSES])
        caption = (
            f"The {MOST_CLASSES} classes of lowest accuracy out of {total:,}, in the order of the "
            f"columns of the probabilities; classes without a sample come last."
        )
    rows = []
    for k in shown.tolist():
        levels = [int(column[k]) for column in (by_class.hard, by_class.medium, by_class.easy)]
        count = int(by_class.count[k])
        rows.append(
            (
                name(report.class_names[k]),
                f"{count:,}",
                words.percent(float(by_class.accuracy[k])) if count else "–",
                *(f"{level:,}" for level in levels),
                words.percent(float(by_class.msr[k])) if count else "–",
                words.number(float(by_class.mean_log_easiness[k])) if count else "–",
                _share(levels),
            )
        )
    return (
        "<section>\n<h2>Classes</h2>\n"
        "<p>Each sample counts for the class that it was given, not for the one predicted. A "
        "mean log easiness far below 0 means that the given class often loses clearly. The strip "
        "shows the shares of hard, medium and easy samples, in that order.</p>\n"
        + table(
            [Column("Class", words=True), Column("Samples"), Column("Accuracy"), Column("Hard"),
             Column("Medium"), Column("Easy"), Column("MSR"), Column("Mean log easiness"),
             Column("Shares", words=True)],
            rows,
            caption=caption,
            label="Classes",
        )
        + "</section>\n"
    )  # fmt: skip


def _share(levels: list[int]) -> str:
    bars = "".join(
        f'<i class="{level}" style="flex: {count} 1 0"></i>'
        for level, count in zip(words.LEVELS, levels, strict=True)
        if count
    )
    return f'<span class="share" aria-hidden="true">{bars}</span>'


def _hardest(report: Report) -> str:
    if not report.hardest:
        return ""
    rows = [
        (
            str(sample.row),
            name(sample.given),
            name(sample.predicted),
            words.number(sample.p_given),
            words.number(sample.p_predicted),
            words.number(sample.log_easiness, 5),
            words.number(sample.loss),
        )
        for sample in report.hardest
    ]
    tied = (
        " Rows whose log easiness is −∞ tie; among them the higher loss comes first."
        if np.isneginf(report.hardest[0].log_easiness)
        else ""
    )
    return (
        "<section>\n<h2>The hardest samples</h2>\n"
        "<p>By log easiness, hardest first: the samples whose given class is beaten most clearly. "
        "They are the first to check for wrong labels, though a hard sample may as well be a "
        f"plain mistake of the classifier.{tied}</p>\n"
        + table(
            [Column("Row"), Column("Given class", words=True),
             Column("Predicted class", words=True), Column("p(given)"), Column("p(predicted)"),
             Column("Log easiness"), Column("Loss")],
            rows,
            caption="Rows count from 0, in the order of the input.",
            label="Hardest samples",
        )
        + "</section>\n"
    )  # fmt: skip


def _sigma(report: Report) -> str:
    summary, fit = report.summary, report.sigma_fit
    used = (report.estimator.sigma, summary.msr, summary.ese)
    notes = "".join(f"<p>{text(note)}</p>\n" for note in words.sigma_notes(report))
    ends = [words.setting(float(fit.grid[k])) for k in (0, -1)]
    return (
        "<section>\n<h2>How much depends on σ</h2>\n"
        + figure(
            picture(partial(figures.sigma_sensitivity, fit, used)),
            alt=f"MSR and ESE for sigma from {ends[0]} to {ends[1]}. MSR goes from "
            f"{words.number(float(fit.msr_curve[0]), 2)} to "
            f"{words.number(float(fit.msr_curve[-1]), 2)}, ESE from "
            f"{words.number(float(fit.ese_curve[0]), 2)} to "
            f"{words.number(float(fit.ese_curve[-1]), 2)}.",
            caption="MSR and ESE of these samples at other values of σ. Where a line is "
            "missing or leaves the figure below, the value is 0 or too small to be drawn.",
        )
        + notes
        + "</section>\n"
    )


def _foot(report: Report) -> str:
    return (
        "</main>\n<footer>Written by the <code>easiness</code> command. This page holds all that "
        "it shows and loads nothing from anywhere.</footer>\n"
    )
