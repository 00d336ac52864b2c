"""Easiness in scikit-learn, step by step: find wrong labels, filter them, tune, score and plot.

    python examples/sklearn_pipeline.py [FOLDER]

Needs the extras `sklearn` and `cli`. Given a folder, writes the two plots of docs/sklearn.md there.
"""

# %% Digits, with about 5 % of the training labels wrong.
import sys
from pathlib import Path

import numpy as np
from easiness_sklearn import (
    EASINESS_SCORERS,
    EasinessClassifier,
    EasinessCurveDisplay,
    EasinessDisplay,
    EasinessFilteredClassifier,
)
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

X, true = load_digits(return_X_y=True, as_frame=True)
X, X_test, true, true_test = train_test_split(X, true, random_state=0, stratify=true)
rng = np.random.default_rng(0)
wrong = rng.random(len(true)) < 0.05
given = true.where(~wrong, (true + rng.integers(1, 10, len(true))) % 10)
print(f"{len(given)} training samples, {wrong.sum()} of them with a wrong label")

# %% Score each sample out of fold, with any classifier.
linear = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=200))
folds = StratifiedKFold(5, shuffle=True, random_state=0)
model = EasinessClassifier(linear, cv=folds, store_probs=True).fit(X, given)
print(model.summary_)

# %% The hardest samples, on the data frame's own index: a list to review.
review = model.to_pandas().assign(given=given).sort_values("log_easiness")
print(review[["given", "predicted", "log_easiness", "level"]].head(5))
hardest = wrong[np.argsort(model.log_easiness_)[: wrong.sum()]]
print(f"wrong labels among as many hardest samples: {hardest.mean():.0%}")

# %% Train on all samples, without the hard ones, and on the same number at random.
plain = linear.fit(X, given).score(X_test, true_test)
filtered = EasinessFilteredClassifier(linear, levels="EMO", cv=folds).fit(X, given)
easier, kept = filtered.score(X_test, true_test), len(filtered.sample_indices_)
print(f"test accuracy: {plain:.3f} of all {len(given)}, {easier:.3f} of the {kept} not hard")
rows = np.sort(rng.choice(len(given), kept, replace=False))
control = linear.fit(X.iloc[rows], given.iloc[rows])
print(f"the same number at random: {control.score(X_test, true_test):.3f}")

# %% Tune the filter in a grid search. Labels are also wrong in the search's own test folds.
grid = {"fraction": [0.85, 0.95, 1.0]}
search = GridSearchCV(EasinessFilteredClassifier(linear, per_class=True, cv=3), grid, cv=3)
print("accuracy by fraction:", search.fit(X, given).cv_results_["mean_test_score"].round(3))

# %% Use the scorers together: each alone is easy to game (docs/sklearn.md).
forest = RandomForestClassifier(50, random_state=0)
scorers = {"accuracy": "accuracy", **EASINESS_SCORERS}
for name, classifier in (("logistic regression", linear), ("random forest", forest)):
    found = cross_validate(classifier, X, given, cv=folds, scoring=scorers)
    print(name, {scorer: round(float(found[f"test_{scorer}"].mean()), 4) for scorer in scorers})

# %% Plot easiness, and accuracy against it.
scored = {"logistic regression": model}
scored["random forest"] = EasinessClassifier(forest, cv=folds, store_probs=True).fit(X, given)
histograms = Figure(figsize=(9, 3.4), layout="constrained")
curves = Figure(figsize=(4.8, 5.2), layout="constrained")
panels, curve = histograms.subplots(1, 2, sharey=True), curves.add_subplot()
for panel, (name, one) in zip(panels, scored.items(), strict=True):
    EasinessDisplay(scores=one.scores_, name=name).plot(panel)
    EasinessCurveDisplay.from_predictions(given, one.probs_, sigma=0.1, name=name, ax=curve)
for folder in map(Path, sys.argv[1:]):
    histograms.savefig(folder / "easiness_display.png", dpi=100)
    curves.savefig(folder / "easiness_curve_display.png", dpi=100)
