"""`compare`: joins, exact tests, transitions, tables, and what cannot be compared."""

import itertools
import json
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import easiness_core as ec

RNG = np.random.default_rng(3)
N = 200
LABELS = RNG.integers(0, 3, N)
IDS = np.array([f"s{k:03}" for k in range(N)])


def table(sharpness, seed=0):
    rng = np.random.default_rng(seed)
    probs = ec.softmax(rng.normal(size=(N, 3)) + sharpness * np.eye(3)[LABELS])
    scores = ec.score(probs, LABELS)
    names = ("predicted", "easiness", "log_easiness", "level")
    return {"id": IDS, "label": LABELS} | {name: getattr(scores, name) for name in names}


OLD, NEW = table(1.0), table(2.0, seed=1)


def naive_sign_test(up, down):
    """Sum of the probabilities of all outcomes that are no more likely than this one."""
    n = up + down
    mass = [comb(n, k) for k in range(n + 1)]
    return sum(m for m in mass if m <= mass[up]) / 2**n


def test_counts_and_tests_are_those_of_the_rows():
    found = ec.compare(OLD, NEW)
    right = [columns["label"] == columns["predicted"] for columns in (OLD, NEW)]
    gained, lost = int((~right[0] & right[1]).sum()), int((right[0] & ~right[1]).sum())
    assert gained > lost > 0
    assert (found.n_gained, found.n_lost) == (gained, lost)
    assert found.mcnemar_p == pytest.approx(naive_sign_test(gained, lost), rel=1e-9)
    up = int((NEW["log_easiness"] > OLD["log_easiness"]).sum())
    down = int((NEW["log_easiness"] < OLD["log_easiness"]).sum())
    assert (found.n_easier, found.n_harder) == (up, down)
    assert found.sign_p == pytest.approx(naive_sign_test(up, down), rel=1e-9)
    assert found.old["accuracy"] == right[0].mean()
    assert found.new["mean_easiness"] == pytest.approx(NEW["easiness"].mean())
    assert found.new["msr"] == pytest.approx((NEW["level"] == ec.Level.MEDIUM).mean())
    assert found.changes["accuracy"] == pytest.approx((gained - lost) / N)
    for row, before in enumerate(ec.Level):
        for column, after in enumerate(ec.Level):
            both = (OLD["level"] == before) & (NEW["level"] == after)
            assert found.transitions[row, column] == both.sum()
    assert (found.joined_by, found.n_samples, found.n_only_old, found.n_relabeled) == (
        "id", N, 0, 0,
    )  # fmt: skip


def test_newly_hard_samples_are_ordered_by_log_easiness():
    found = ec.compare(NEW, OLD)
    hard = (OLD["level"] == ec.Level.HARD) & (NEW["level"] != ec.Level.HARD)
    expected = np.flatnonzero(hard)[np.argsort(OLD["log_easiness"][hard], kind="stable")]
    assert len(expected) > 5
    assert found.samples["id"][found.newly_hard].tolist() == IDS[expected].tolist()
    assert found.changes["newly_hard"] == len(expected)
    assert found.moved[: len(expected)].tolist() == found.newly_hard.tolist()
    assert len(found.moved) == (OLD["level"] != NEW["level"]).sum()


def test_classes_and_groups_are_compared_each_by_itself():
    groups = np.where(np.arange(N) % 4 == 0, "rare", "usual")
    found = ec.compare(OLD, NEW, groups=groups)
    assert found.by_group is not None
    p_values = []
    for at, name in enumerate(["rare", "usual"]):
        rows = groups == name
        part = ec.compare(*({k: v[rows] for k, v in columns.items()} for columns in (OLD, NEW)))
        each = found.by_group
        assert each.names[at] == name
        assert each.count[at] == part.n_samples
        assert (each.gained[at], each.lost[at]) == (part.n_gained, part.n_lost)
        assert each.accuracy_old[at] == pytest.approx(part.old["accuracy"])
        assert each.mean_easiness_new[at] == pytest.approx(part.new["mean_easiness"])
        assert (each.hard_old[at], each.hard_new[at]) == (part.old["hard"], part.new["hard"])
        p_values.append(part.mcnemar_p)
    low, high = sorted(p_values)
    adjusted = [min(1, 2 * low), max(min(1, 2 * low), high)]
    assert sorted(found.by_group.p_value) == pytest.approx(adjusted)
    assert found.by_class.names == ("0", "1", "2")
    assert found.by_class.count.tolist() == np.bincount(LABELS).tolist()
    drops = found.by_class.accuracy_new - found.by_class.accuracy_old
    assert found.changes["worst_class"] == pytest.approx(drops.min())


@given(st.permutations(range(12)), st.integers(0, 11))
def test_any_order_of_rows_compares_the_same(order, n_dropped):
    rows = np.array(order)[n_dropped:]
    old = {name: values[:12] for name, values in OLD.items()}
    new = {name: values[:12] for name, values in NEW.items()}
    kept = np.sort(rows)
    expected = ec.compare(
        {k: v[kept] for k, v in old.items()}, {k: v[kept] for k, v in new.items()}
    )
    found = ec.compare(old, {k: v[rows] for k, v in new.items()})
    assert (found.n_samples, found.n_only_old) == (12 - n_dropped, n_dropped)
    assert found.changes == expected.changes
    assert found.samples["id"].tolist() == IDS[kept].tolist()
    assert (
        new["easiness"][rows][found.samples["new_row"]].tolist()
        == found.samples["easiness_new"].tolist()
    )


def test_the_same_scores_do_not_differ_and_two_minus_infinities_are_a_tie():
    for same in (OLD, OLD | {"log_easiness": np.full(N, -np.inf)}):
        found = ec.compare(same, same)
        assert set(found.changes.values()) == {0}
        assert (found.n_harder, found.mcnemar_p, found.sign_p) == (0, 1.0, 1.0)
        assert found.by_class.p_value.tolist() == [1.0] * 3
        assert found.transitions.sum() == np.trace(found.transitions) == N
    assert ec.compare(same, OLD).n_easier == N


def test_scores_are_compared_as_their_tables_are():
    def score(probs, **options):
        return ec.score(probs, np.array(names)[LABELS], classes=names, ids=IDS, **options)

    names, scores = ("ant", "bee", "cow"), []
    for sharpness in (1.0, 2.0):
        probs = ec.softmax(RNG.normal(size=(N, 3)) + sharpness * np.eye(3)[LABELS])
        scores.append(score(probs))
    found = ec.compare(*scores)
    assert (found.joined_by, found.by_class.names) == ("id", names)
    shuffled = scores[1].to_pandas().sample(frac=1, random_state=0)
    for tables in ((scores[0].to_pandas(), shuffled), [each.to_arrow() for each in scores]):
        assert ec.compare(*tables).changes == found.changes
    assert found.old["accuracy"] == scores[0].summary.accuracy
    frame = found.to_pandas()
    assert len(frame) == len(found) == N
    assert frame["level_new"].tolist() == scores[1].to_pandas()["level"].tolist()
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["n_gained"] == found.n_gained
    assert told["by_class"]["name"] == list(names)
    moved = scores[0].level != scores[1].level
    assert sorted(told["moved"]["id"]) == sorted(IDS[moved])
    words = told["moved"]["level_new"]
    assert words == sorted(words, key=["hard", "medium", "easy"].index)
    with pytest.warns(UserWarning, match=r"scored by ClosedForm\(.*0.01.*and ClosedForm\(.*1"):
        ec.compare(scores[0], score(probs, estimator=ec.ClosedForm(1)))


TEXTS = {"label": LABELS.astype(str)}
SHORT = {name: each[1:] for name, each in OLD.items()}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ({}, {"id": None}, "only old has ids"),
        ({"id": None}, {}, "only new has ids"),
        ({}, {"id": np.full(N, "a")}, "the id 'a' occurs twice"),
        ({}, {"id": np.char.add("x", IDS)}, "no sample is in both"),
        ({}, {"id": np.arange(N) / 2}, r"new\['id'\]: expected whole numbers or text, got 0.5"),
        ({}, TEXTS, "new: label and predicted are names and numbers, which cannot be compared"),
        (TEXTS | {"predicted": TEXTS["label"]}, {"label": LABELS * 1.0}, "are names and numbers"),
        ({}, dict.fromkeys(("label", "predicted"), LABELS > 0), "numbers and booleans"),
        ({}, {"label": LABELS + 0.5}, r"new\['label'\]: expected whole .* got \d.5 in row 0"),
        ({}, {"level": np.full(N, "odd")}, "expected hard, medium or easy, got 'odd'"),
        ({}, {"level": np.full(N, 3)}, "200 of 200 values are not levels"),
        ({}, {"easiness": None}, "a table with a column 'easiness', got 'id', 'label'"),
        ({}, {"predicted": LABELS[1:]}, r"expected shape \(200,\) as label, got \(199,\)"),
        (SHORT | {"id": None}, {"id": None}, "expected 199 rows, the number in old, got 200"),
    ],
)
def test_what_cannot_be_compared_is_refused(old, new, message):
    sides = [
        {k: v for k, v in (columns | more).items() if v is not None}
        for columns, more in ((OLD, old), (NEW, new))
    ]
    with pytest.raises((ValueError, TypeError), match=message):
        ec.compare(*sides)
    with pytest.raises(TypeError, match=r"expected Scores or a table with .*'label', got int"):
        ec.compare(3, OLD)
    with pytest.raises(ValueError, match="one per row of new, got"):
        ec.compare(OLD, NEW, groups=["a"])


def without_ids(columns, **more):
    return {name: each for name, each in columns.items() if name != "id"} | more


def test_without_ids_rows_are_joined_and_the_index_must_agree():
    plain = without_ids(OLD, index=np.arange(N)), without_ids(NEW, index=np.arange(N))
    for sides in (plain, (without_ids(OLD), without_ids(NEW))):
        found = ec.compare(*sides)
        assert (found.joined_by, found.changes) == ("row", ec.compare(OLD, NEW).changes)
        assert "id" not in found.samples
    order = np.random.default_rng(9).permutation(N)
    shuffled = {name: each[order] for name, each in plain[1].items()}
    row = int(np.argmax(np.arange(N) != order))
    said = f"row {row} has index {row} in old and {order[row]} in new; sort both by index"
    with pytest.raises(ValueError, match=said):
        ec.compare(plain[0], shuffled)
    frames = pd.DataFrame(without_ids(OLD)), pd.DataFrame(without_ids(NEW)).iloc[order]
    with pytest.raises(ValueError, match=r"its index differs .*; align them, as new.loc"):
        ec.compare(*frames)
    found = ec.compare(frames[0], frames[1].loc[frames[0].index])
    assert found.changes == ec.compare(OLD, NEW).changes


@pytest.mark.parametrize("offset", [0, 2**53 - N, 2**63 - N // 2])
def test_whole_ids_of_any_type_join(offset):
    """7, 7.0 and "7" are one id; uint64 does not wrap at 2^63."""
    ids = np.arange(N, dtype=np.uint64) + np.uint64(offset)
    texts = ids.astype(str)
    kinds = [ids, texts, texts.astype(object)]
    if offset < 2**53:
        kinds += [ids.astype(np.int64), ids.astype(np.float64)]
    for one, two in itertools.product(kinds, kinds):
        found = ec.compare(OLD | {"id": one}, NEW | {"id": two})
        assert found.n_samples == N
        assert found.samples["id"].astype(str).tolist() == texts.tolist()
        assert found.samples["new_row"].tolist() == list(range(N))


@pytest.mark.parametrize("kind", [np.uint8, np.float64, object])
def test_labels_of_any_number_type_are_the_same_classes(kind):
    other = {name: NEW[name].astype(kind) for name in ("label", "predicted")}
    found, expected = ec.compare(OLD, NEW | other), ec.compare(OLD, NEW)
    assert found.changes == expected.changes
    assert found.n_relabeled == 0
    assert found.by_class.names == ("0", "1", "2")


def test_samples_with_another_label_are_counted():
    relabeled = NEW | {"label": (LABELS + (np.arange(N) < 7)) % 3}
    assert ec.compare(OLD, relabeled).n_relabeled == 7
