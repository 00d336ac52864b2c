"""cleaning/measure.py compares ways to clean wrong labels, and the comparison is fair."""

import csv
from collections import defaultdict

import numpy as np
import pytest
from cleaning import measure as cleaning
from scipy.stats import spearmanr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold

import easiness_core as ec

OURS = {"log easiness 0.01", "log easiness 0.1", "log easiness 0.3", "log easiness 1"}
ALWAYS = OURS | {"easiness 0.01", "random"}
CLEANLAB = {"self-confidence", "normalized margin", "weighted entropy"}


def rows_of(path):
    return list(csv.DictReader(path.read_text("utf-8").splitlines()[1:]))


def methods_here(cut):
    found = set(ALWAYS)
    if cleaning.installed("imblearn"):
        found |= {"instance hardness"}
    if cleaning.installed("cleanlab"):
        found |= CLEANLAB | ({"find_label_issues"} if cut == "cleanlab" else set())
    return found


def check_is_fair(rows, methods):
    """Every method is there at every cut, and removes as many as the others."""
    runs = defaultdict(list)
    for row in rows:
        runs[row["data"], row["classifier"], row["noise"], row["seed"], row["cut"]].append(row)
        n_removed, n_wrong = int(row["n_removed"]), int(row["n_wrong_removed"])
        assert 0 <= n_wrong <= min(n_removed, round(float(row["noise"]) * int(row["n_train"])))
        assert 0.0 <= float(row["accuracy"]) <= 1.0
    for (*_, cut), same in runs.items():
        assert len({row["method"] for row in same}) == len(same)
        assert len({row["n_removed"] for row in same}) == 1
        if cut == "0":
            assert [(row["method"], row["n_removed"]) for row in same] == [("no removal", "0")]
            continue
        assert {row["method"] for row in same} == methods(cut)
        if cut != "cleanlab":
            assert int(same[0]["n_removed"]) == round(float(cut) * int(same[0]["n_train"]))
    return runs


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("cleaning") / "small.csv"
    cleaning.main(["--small", "--data", "digits", "--seeds", "0", "1", "-o", str(path)])
    return path


def test_small_run_treats_every_method_alike(small):
    runs = check_is_fair(rows_of(small), methods_here)
    cuts = {"0", "0.2"} | ({"cleanlab"} if cleaning.installed("cleanlab") else set())
    assert {cut for *_, cut in runs} == cuts
    assert {key[2:4] for key in runs} == {("0", "0"), ("0", "1"), ("0.2", "0"), ("0.2", "1")}


def test_small_run_finds_wrong_labels_far_better_than_chance(small):
    found = {
        (row["seed"], row["method"]): row
        for row in rows_of(small)
        if (row["noise"], row["cut"]) == ("0.2", "0.2")
    }
    for (seed, method), row in found.items():
        if method == "random":
            assert 0.35 < float(row["auroc"]) < 0.65
            continue
        assert int(row["n_wrong_removed"]) > 35  # of 60; 12 by chance
        assert float(row["accuracy"]) > float(found[seed, "random"]["accuracy"]) + 0.05
        if method in OURS:
            assert float(row["auroc"]) > 0.9
            assert float(row["average_precision"]) > 0.7


def test_run_is_reproducible_and_goes_on_where_it_stopped(small, tmp_path):
    path = tmp_path / "again.csv"
    cleaning.main(["--small", "--seeds", "0", "-o", str(path)])
    half = path.read_bytes()
    assert small.read_bytes().startswith(half)
    cleaning.main(["--small", "--seeds", "0", "1", "-o", str(path)])
    assert path.read_bytes() == small.read_bytes()
    path.write_text(small.read_text().replace("numpy ", "numpy 0"), "utf-8")
    with pytest.raises(SystemExit, match="written with other versions"):
        cleaning.main(["--small", "-o", str(path)])


def test_noise_spares_the_test_part_and_is_nested():
    X = np.arange(600, dtype=np.float64)[:, None]
    y = np.arange(600) % 5
    parts = [cleaning.split(X, y, 400, 200, noise, 7) for noise in (0.0, 0.1, 0.2)]
    for part, n_wrong in zip(parts, (0, 40, 80), strict=True):
        ids, test_ids = part.X[:, 0].astype(int), part.X_test[:, 0].astype(int)
        assert sorted([*ids, *test_ids]) == list(range(600))
        np.testing.assert_array_equal(part.y_test, y[test_ids])
        np.testing.assert_array_equal(part.wrong, part.noisy != y[ids])
        assert part.wrong.sum() == n_wrong
        assert set(part.noisy) == set(range(5))
        np.testing.assert_array_equal(part.X, parts[0].X)
    rows = parts[1].wrong
    np.testing.assert_array_equal(parts[2].noisy[rows], parts[1].noisy[rows])
    shifts = (parts[2].noisy - y[parts[2].X[:, 0].astype(int)])[parts[2].wrong] % 5
    assert set(shifts) == {1, 2, 3, 4}


class Witness(ClassifierMixin, BaseEstimator):
    """Remembers, by the row number in the only feature, what it was shown."""

    fitted, asked, tested = [], [], []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.seen_ = {*X[:, 0]}
        Witness.fitted.append((self.seen_, dict(zip(X[:, 0], y, strict=True))))
        return self

    def predict(self, X):
        raise AssertionError("the comparison asks for probabilities or for a score")

    def predict_proba(self, X):
        Witness.asked.append((self.seen_, {*X[:, 0]}))
        raw = 1.2 + np.sin(X + self.classes_)
        return raw / raw.sum(axis=1, keepdims=True)

    def score(self, X, y):
        Witness.tested.append((self.seen_, {*X[:, 0]}, dict(zip(X[:, 0], y, strict=True))))
        return 0.5


def test_nothing_is_trained_on_test_samples_nor_scored_by_a_model_that_saw_it():
    X, y = np.arange(500.0)[:, None], np.arange(500) % 4
    part = cleaning.split(X, y, 300, 200, 0.2, 0)
    for seen in (Witness.fitted, Witness.asked, Witness.tested):
        seen.clear()
    rows = list(cleaning.compare(part, Witness(), (0.1, 0.3), 0))
    train, test = {*part.X[:, 0]}, {*part.X_test[:, 0]}
    assert Witness.tested
    for seen, labels in Witness.fitted:
        assert seen <= train
        assert all(labels[row] == part.noisy[list(part.X[:, 0]).index(row)] for row in seen)
    asked = [row for _, shown in Witness.asked for row in shown]
    assert sorted(asked) == sorted(train)
    assert all(not seen & shown for seen, shown in Witness.asked)
    for seen, shown, labels in Witness.tested:
        assert shown == test
        assert not seen & shown
        assert all(labels[row] == y[int(row)] for row in shown)
    sizes = {len(train) - row[2] for row in rows}
    assert {len(seen) for seen, _, _ in Witness.tested} == sizes


def test_ties_fall_by_one_lot():
    tied = np.repeat([0.0, 1.0, 2.0], 50)
    mask = cleaning.lowest(tied, 70, 3)
    assert mask[:50].all()
    assert mask.sum() == 70
    assert not mask[100:].any()
    second = np.flatnonzero(mask[50:100])
    assert not np.array_equal(second, np.arange(20))
    np.testing.assert_array_equal(mask, cleaning.lowest(tied * 7 - 3, 70, 3))


@pytest.mark.parametrize("votes", [1, 5, None])
def test_instance_hardness_takes_the_same_share_of_each_class(rng, votes):
    pytest.importorskip("imblearn")
    n, size = 10_000, 2250  # as many ties as tell a jitter from a strict order
    shares = [0.5, 0.3, 0.2]
    probs = rng.multinomial(votes, shares, n) / votes if votes else rng.dirichlet(shares, n)
    labels = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    own = probs[np.arange(n), labels]
    for seed in range(5):
        mask = cleaning.instance_hardness(probs, labels, size, seed)
        assert mask.sum() == size
        for k in range(3):
            mine = labels == k
            assert abs(mask[mine].sum() - mine.sum() * size / n) < 1
            assert own[mine & mask].max() <= own[mine & ~mask].min()


def test_missing_packages_are_left_out_and_said(monkeypatch, capsys, make_rows):
    probs, labels = make_rows(200, 4)
    monkeypatch.setattr(cleaning, "installed", lambda package: False)
    scores = cleaning.qualities(probs, labels, 0)
    assert set(scores) == ALWAYS
    found = {(cut, name) for cut, name, _ in cleaning.removals(probs, labels, scores, (0.1,), 0)}
    assert found == {("0", "no removal"), *(("0.1", name) for name in ALWAYS)}
    monkeypatch.setattr(cleaning, "PACKAGES", ("numpy", "no-such-package"))
    assert "numpy" in cleaning.versions()
    assert "no-such-package is not installed" in capsys.readouterr().err


def test_letter_is_read_where_the_folder_is_named(data, monkeypatch):
    X, y = cleaning.load("letter")
    assert X.shape == (20_000, 16)
    np.testing.assert_array_equal(np.unique(y), np.arange(26))
    monkeypatch.delenv("EASINESS_DATA")
    with pytest.raises(SystemExit, match="EASINESS_DATA is unset"):
        cleaning.load("letter")


def test_the_resampler_removes_the_rows_of_the_comparison():
    from easiness_sklearn import EasinessResampler
    from sklearn.model_selection import cross_val_predict

    part = cleaning.split(*cleaning.load("digits"), 300, 300, 0.2, 0)
    model = cleaning.make_classifier("logistic regression", 0)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    probs = cross_val_predict(model, part.X, part.noisy, cv=folds, method="predict_proba")
    for sigma in (0.01, 0.3):
        quality = cleaning.qualities(probs, part.noisy, 0)[f"log easiness {sigma}"]
        resampler = EasinessResampler(model, fraction=0.8, sigma=sigma, cv=folds)
        resampler.fit_resample(part.X, part.noisy)
        mask = cleaning.lowest(quality, 60, 0)
        np.testing.assert_array_equal(resampler.sample_indices_, np.flatnonzero(~mask))


def test_what_log_easiness_ranks_by_at_either_end_of_sigma(make_rows):
    probs, labels = make_rows(3000, 8, spread=1.0)
    own = probs[np.arange(3000), labels]
    lead = own[:, None] - probs
    margin = np.sort(lead, axis=1)[:, 1]  # the label's own difference, 0, is among them
    margin = np.where((lead < 0).any(axis=1), lead.min(axis=1), margin)

    def log_easiness(sigma):
        return ec.log_easiness(probs, labels, estimator=ec.ClosedForm(sigma=sigma))

    assert spearmanr(log_easiness(30.0), own).statistic > 0.99999
    behind = margin < -0.05
    deficit = (np.minimum(lead, 0.0) ** 2).sum(axis=1)
    assert behind.sum() > 200
    assert spearmanr(log_easiness(1e-4)[behind], -deficit[behind]).statistic > 0.99999
    ahead = (margin > 0.05) & (margin < 0.3)
    assert ahead.sum() > 200
    assert spearmanr(log_easiness(0.01)[ahead], margin[ahead]).statistic > 0.999


@pytest.mark.parametrize("sigma", [0.01, 1.0])
def test_with_two_classes_log_easiness_ranks_as_the_probability_of_the_label(rng, sigma):
    own = np.sort(rng.choice(2**20, 500, replace=False)) / 2**20
    probs = np.column_stack([own, 1.0 - own])
    values = ec.log_easiness(probs, np.zeros(500, int), estimator=ec.ClosedForm(sigma=sigma))
    assert (np.diff(values) >= 0).all()
    assert (np.diff(values[own < 0.6]) > 0).all()
