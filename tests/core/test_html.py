"""What a notebook shows: well-formed, escaped, and what the object holds."""

from xml.etree import ElementTree

import numpy as np
import pytest

import easiness_core as ec

NAMES = ["<b>cat</b>", "dog & 'fox'", "x" * 60, "wren"]


class Page:
    """Cells of the table, all text, styles and labels of what is shown."""

    def __init__(self, shown):
        elements = list(ElementTree.fromstring(shown._repr_html_()).iter())
        # Inline styles only: sanitizers drop style sheets, and scripts must not be there.
        tags = {element.tag for element in elements}
        assert tags <= {"div", "span", "b", "table", "thead", "tbody", "tr", "th", "td"}
        self.text = "".join(elements[0].itertext())
        self.rows = [["".join(cell.itertext()) for cell in e] for e in elements if e.tag == "tr"]
        self.styles = [element.get("style", "") for element in elements]
        self.labels = [e.get("aria-label") for e in elements if "aria-label" in e.attrib]


@pytest.fixture
def samples(make_rows):
    probs, labels = make_rows(400, 4, spread=0.4)
    return probs, np.array(NAMES, dtype=object)[labels]


def test_scores(samples):
    ids = [f"<i>{k}" for k in range(400)]
    scores = ec.score(*samples, classes=NAMES, ids=ids, estimator=ec.ClosedForm(sigma=0.1))
    shown = Page(scores)
    head = ["id", "label", "predicted", "easiness", "log_easiness", "level", "loss"]
    assert (shown.rows[0], len(shown.rows)) == (head, 6)
    texts = [name if len(name) <= 32 else name[:31] + "…" for name in NAMES]
    for row, cells in enumerate(shown.rows[1:]):
        assert cells[:3] == [ids[row], texts[scores.labels[row]], texts[scores.predicted[row]]]
        numbers = [float(cells[at].replace("−", "-")) for at in (3, 4, 6)]
        columns = (scores.easiness, scores.log_easiness, scores.loss)
        assert numbers == pytest.approx([column[row] for column in columns], rel=1e-3)
        assert cells[5] == f"■ {ec.Level(scores.level[row]).name.lower()}"
    low, high = (100 * end for end in scores.summary.accuracy_interval)
    assert f"{100 * scores.summary.accuracy:.2f} % ({low:.2f} to {high:.2f})" in shown.text
    counts = scores.summary.level_counts
    assert shown.labels == [", ".join(f"{count} {word}" for word, count in counts.items())]
    grown = [style for style in shown.styles if style.startswith("flex:")]
    assert [int(style[5:].split()[0]) for style in grown] == [n for n in counts.values() if n]
    assert "5 of 400 rows" in shown.text


def test_label_errors(samples):
    found = ec.find_label_errors(*samples, classes=NAMES)
    shown = Page(found)
    assert [int(cells[0]) for cells in shown.rows[1:]] == found.order[:5].tolist()
    row = found.order[0]
    assert shown.rows[1][-1] == ("yes" if found.flags[row] else "no")
    assert float(shown.rows[1][3]) == pytest.approx(found.p_given[row], rel=1e-3)
    flagged = int(found.flags.sum())
    assert shown.labels == [f"{flagged} flagged, {400 - flagged} not flagged"]
    assert f"flagged {flagged} ({flagged / 4:.2f} %)" in shown.text
    assert f"({found.confused[0, 2]})" in shown.text
    assert "wrong labels roughly " in shown.text
    assert "<b>cat</b>" in shown.text  # as text, not as tags


def test_class_table_and_bins(samples):
    scores = ec.score(*samples, classes=NAMES)
    table = ec.class_table(scores)
    shown = Page(table)
    assert [int(cells[1]) for cells in shown.rows[1:]] == table.count.tolist()
    low, high = 100 * table.accuracy_interval[3]
    assert shown.rows[4][2:4] == [f"{100 * table.accuracy[3]:.2f} %", f"{low:.2f} to {high:.2f}"]
    hard, medium, easy = table.hard[0], table.medium[0], table.easy[0]
    assert shown.labels[0] == f"{hard} hard, {medium} medium, {easy} easy"
    bins = ec.easiness_bins([0.1, 0.1, 0.9], [0, 1, 1])
    rows = Page(bins).rows[1:]
    assert [cells[0] for cells in rows][::4] == ["0 to 0.2", "0.8 to 1"]
    assert rows[0][1:] == ["2", "50.00 %", "1.26 to 98.74", "0.1"]
    assert rows[1][1:] == ["0", "", "", ""]


def test_rows_of_a_slice_keep_their_numbers_and_many_classes_are_cut(make_rows):
    scores = ec.score(*make_rows(60, 30))
    hardest = scores.hardest(3)
    assert [cells[0] for cells in Page(hardest).rows[1:]] == [str(row) for row in hardest.rows]
    shown = Page(ec.class_table(scores))
    assert len(shown.rows) == 21
    assert "20 of 30 classes" in shown.text


def test_sigma(samples):
    fit = ec.fit_sigma(*samples, classes=NAMES, grid=[0.01, 0.1, 1.0])
    shown = Page(fit)
    assert [float(cells[0]) for cells in shown.rows[1:]] == [0.01, 0.1, 1.0]
    assert [cells[3] for cells in shown.rows[1:]].count("lowest ESE") == 1
    assert ("edge of the grid" in shown.text) == fit.at_edge


def test_nothing_and_extremes_are_shown():
    empty = np.empty((0, 3))
    assert Page(ec.score(empty, [])).rows == []
    assert Page(ec.find_label_errors(empty, [])).rows == []
    assert "samples 0" in Page(ec.score(empty, [])).text
    shown = Page(ec.score([[1.0, 0.0], [1.0, 0.0]], [1, 0], estimator=ec.MonteCarlo()))
    assert shown.rows[1][3:] == ["0", "−∞", "■ hard", "∞"]
    rare = ec.score([[0.0, 1.0]] * 99_999 + [[1.0, 0.0]], [1] * 100_000)
    assert "> 99.99 %" in Page(rare).text
    assert "< 0.01 %" in Page(rare).text
