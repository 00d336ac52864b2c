"""The report's sections: what to look at first, confused classes, groups, curve, what was read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from easiness_cli.__main__ import main
from easiness_cli.pages import words
from report_reader import Page, made, page_of, report_of, value

import easiness_core as ec


@pytest.fixture(scope="module")
def sample():
    return made(600, 4)


def first_look(page: Page) -> list[str]:
    start = page.text["li"].index(
        next(t for t in page.text["li"] if "ard samples" in t or "Every" in t)
    )
    return [text.replace("\xa0", " ") for text in page.text["li"][start : start + 3]]


def test_what_to_look_at_first_is_made_from_the_numbers(sample):
    probs, labels = sample
    scores = ec.score(probs, labels)
    names = ["ant", "bee", "cat", "dog"]
    found = first_look(page_of(*sample, classes=names))
    wrong = scores.predicted != labels
    hard = int((wrong & (scores.level == ec.Level.HARD)).sum())
    share = f"{100 * hard / wrong.sum():.2f} %"
    assert found[0] == (
        f"Start with the hard samples: they hold {hard} of {wrong.sum()} errors ({share})."
    )
    given, other, count = ec.confusion_pairs(scores)[0].tolist()
    assert f"{names[given]} predicted as {names[other]}: {count} samples, " in found[1]
    table = ec.class_table(scores)
    worst = int(table.accuracy.argmin())
    low, high = table.accuracy_interval[worst]
    assert found[2].startswith(
        f"Class {names[worst]} has the lowest accuracy: {100 * table.accuracy[worst]:.2f} % "
        f"(95 % interval {100 * low:.2f} to {100 * high:.2f} %)"
    )
    assert ("may be chance" in found[2]) == (low <= scores.summary.accuracy <= high)


def test_without_errors_the_first_sentence_says_so():
    found = first_look(page_of(np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 2, 2])))
    assert found[0].startswith("Every sample is predicted as labeled")
    assert len(found) == 3


def test_confused_classes_are_counted(sample):
    probs, labels = sample
    predicted = probs.argmax(axis=1)
    page = page_of(*sample)
    rows = page.tables["confused-classes"][1:]
    assert len(rows) == len({(a, b) for a, b in zip(labels, predicted, strict=True) if a != b})
    for given, other, count, share in rows:
        pair = (labels == int(given)) & (predicted == int(other))
        assert value(count) == pair.sum()
        assert value(share) == pytest.approx(pair.sum() / (labels == int(given)).sum(), abs=5e-5)
    counts = [value(row[2]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert "confused-classes" not in page_of(np.eye(2), np.array([0, 1])).tables


@pytest.mark.parametrize("shards", [False, True])
def test_groups_are_compared_with_the_rest(sample, tmp_path, shards, capsys):
    probs, labels = sample
    camera = np.where(np.arange(600) % 3 == 0, "night", "day")
    wrong = camera == "night"
    labels = np.where(wrong, (probs.argmax(axis=1) + 1) % 4, labels)
    frame = pd.DataFrame(probs, columns=[f"prob_{k}" for k in range(4)])
    frame = frame.assign(label=labels, camera=camera)
    (tmp_path / "in").mkdir()
    for k, rows in enumerate((slice(0, 250), slice(250, 600)) if shards else (slice(None),)):
        frame.iloc[rows].to_parquet(tmp_path / "in" / f"{k}.parquet")
    source = str(tmp_path / "in") if shards else str(tmp_path / "in" / "0.parquet")
    assert main(["report", source, "-o", "o.html", "--group-by", "camera"]) == 0
    page = Page((tmp_path / "o.html").read_text("utf-8"))
    table = ec.group_table(ec.score(probs, labels), camera)
    assert page.column("groups", "Group") == ["day", "night"]
    assert list(map(value, page.column("groups", "Samples"))) == table.count.tolist()
    assert list(map(value, page.column("groups", "Hard"))) == table.hard.tolist()
    accuracy = list(map(value, page.column("groups", "Accuracy")))
    np.testing.assert_allclose(accuracy, table.accuracy, atol=5e-5)
    assert page.column("groups", "p, accuracy") == ["<\xa00.0001"] * 2
    assert first_look(page)[2].startswith("Of the groups by camera, day differs most from the rest")
    assert "not used" not in capsys.readouterr().err


def test_mistakes_of_groups_are_told(sample, tmp_path, refused):
    probs, labels = sample
    frame = pd.DataFrame(np.repeat(probs, 2, axis=0), columns=[f"prob_{k}" for k in range(4)])
    frame.assign(label=np.repeat(labels, 2), age=np.arange(1200) / 7).to_parquet("in.parquet")
    said = refused("report", "in.parquet", "-o", "o.html", "--group-by", "age")
    assert said.startswith(
        "--group-by age: expected at most 1,000 groups, got 1,200; name a column"
    )
    said = refused("report", "in.parquet", "-o", "o.html", "--group-by", "nope")
    assert "no column 'nope'; it has 'prob_0'" in said
    assert not (tmp_path / "o.html").exists()


def test_missing_values_are_a_group(sample, tmp_path):
    probs, labels = sample
    frame = pd.DataFrame(probs, columns=[f"prob_{k}" for k in range(4)]).assign(label=labels)
    frame.assign(site=pd.array([None, 7, 8] * 200, dtype="Int64")).to_parquet("in.parquet")
    assert main(["report", "in.parquet", "-o", "o.html", "-q", "--group-by", "site"]) == 0
    page = Page((tmp_path / "o.html").read_text("utf-8"))
    assert page.column("groups", "Group") == ["(missing)", "7", "8"]


def test_the_curve_is_drawn_only_where_there_is_one(sample):
    wide = report_of(*sample, estimator=ec.ClosedForm(sigma=0.5))
    assert wide.has_curve
    assert not report_of(*sample).has_curve
    assert len(page_of(*sample, estimator=ec.ClosedForm(sigma=0.5)).svgs()) == 3
    page = page_of(*sample)
    assert len(page.svgs()) == 2
    assert any("there is no curve to draw" in text for text in page.text["p"])


def test_what_was_read_and_left_out_is_listed(sample, tmp_path):
    probs, labels = sample
    frame = pd.DataFrame(probs, columns=["a_p", "b_p", "c_p", "<d>_p"])
    frame.assign(label=labels, id=np.arange(600), note="x").to_csv("in.csv", index=False)
    assert main(["report", "in.csv", "-o", "o.html", "-q"]) == 0
    read = dict(Page((tmp_path / "o.html").read_text("utf-8")).tables["reading"])
    assert read["Class columns"] == "a_p, b_p, c_p, <d>_p"
    assert (read["Input"], read["Ids"], read["Left out"]) == ("in.csv", "id", "note")


def test_texts_and_pictures_are_beside_the_hardest_samples(sample, tmp_path):
    probs, labels = sample
    frame = pd.DataFrame(probs, columns=[f"prob_{k}" for k in range(4)]).assign(label=labels)
    frame.assign(caption=[f"<b>photo {k}" for k in range(600)]).to_parquet("in.parquet")
    np.save("images.npy", np.zeros((600, 4, 4), np.uint8))
    assert main(["report", "in.parquet", "-o", "o.html", "-q", "--top", "3", "--text", "caption",
                 "--images", "images.npy"]) == 0  # fmt: skip
    page = Page((tmp_path / "o.html").read_text("utf-8"))
    rows = page.column("hardest-samples", "Sample")
    assert page.column("hardest-samples", "Text") == [f"<b>photo {row}" for row in rows]
    assert page.html.count('src="data:image/png') == 3


@pytest.mark.parametrize(
    ("change", "text"),
    [(0.0, "0"), (-0.005, "−0.50"), (0.0001, "+0.01"), (0.000012, "+0.0012"), (np.nan, "–")],
)
def test_changes_of_shares_never_round_to_none(change, text):
    assert words.points(change) == text


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "< 0.0001"), (0.00123, "0.0012"), (0.5, "0.50"), (np.nan, "–")]
)
def test_p_values_are_never_shown_as_0(p, text):
    assert words.p_value(p).replace("\xa0", " ") == text
