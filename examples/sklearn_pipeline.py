"""Easiness in scikit-learn, step by step: find wrong labels, filter them, tune, and look.

Run it from anywhere, with the extras `sklearn` and `cli` installed:
python examples/sklearn_pipeline.py [FOLDER]. It prints what it finds and, given a folder, writes
the two pictures of docs/sklearn.md there. The cells are those of a notebook.
"""

# %%
# Digits, of which every twentieth is given a wrong label.

from __future__ import annotations

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
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

X, true = load_digits(return_X_y=True, as_frame=True)
X, X_test, true, true_test = train_test_split(X, true, random_state=0, stratify=true)
rng = np.random.default_rng(0)
wrong = rng.random(len(true)) < 0.05
given = true.where(~wrong, (true + rng.integers(1, 10, len(true))) % 10)
print(f"{len(given)} training samples, {wrong.sum()} of them with a wrong label")

# %%
# Any classifier, with the easiness of each sample by models that did not see it.

linear = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=200))
folds = StratifiedKFold(5, shuffle=True, random_state=0)
model = EasinessClassifier(linear, cv=folds, store_probs=True).fit(X, given)
print(model.summary_)

# %%
# The hardest samples, on the data frame's own index: a list to review.

review = model.to_frame().assign(given=given).sort_values("log_easiness")
print(review[["given", "predicted", "log_easiness", "level"]].head(5))
hardest = wrong[np.argsort(model.log_easiness_)[: wrong.sum()]]
print(f"wrong labels among as many hardest samples: {hardest.mean():.0%}")

# %%
# Trained on all samples, and without those that are hard out of fold. The test labels are right.

plain = linear.fit(X, given).score(X_test, true_test)
filtered = EasinessFilteredClassifier(linear, levels="EMO", cv=folds).fit(X, given)
kept = len(filtered.sample_indices_)
print(f"test accuracy: {plain:.3f} of all {len(given)}, ", end="")
print(f"{filtered.score(X_test, true_test):.3f} of the {kept} that are not hard")
at_random = np.zeros(len(given), dtype=bool)
at_random[rng.choice(len(given), kept, replace=False)] = True
print(
    f"as many at random: {linear.fit(X[at_random], given[at_random]).score(X_test, true_test):.3f}"
)

# %%
# In a grid search like any other parameter. Labels in the search's own test parts are as wrong as
# the rest: the winner is the best guesser of given labels.

search = GridSearchCV(
    EasinessFilteredClassifier(linear, per_class=True, cv=3),
    {"fraction": [0.85, 0.95, 1.0]},
    cv=3,
).fit(X, given)
for fraction, score in zip([0.85, 0.95, 1.0], search.cv_results_["mean_test_score"], strict=True):
    print(f"fraction {fraction}: {score:.3f}")

# %%
# Scorers, together: each alone can be had cheaply (docs/sklearn.md).

forest = RandomForestClassifier(50, random_state=0)
for name, classifier in (("logistic regression", linear), ("random forest", forest)):
    found = cross_validate(classifier, X, given, cv=folds, scoring=dict(EASINESS_SCORERS))
    means = {scorer: found[f"test_{scorer}"].mean() for scorer in EASINESS_SCORERS}
    print(name, {scorer: round(float(value), 4) for scorer, value in means.items()})
print(f"accuracy of the forest: {cross_val_score(forest, X, given, cv=folds).mean():.3f}")

# %%
# How easy, and whether that is honest.

scored = {"logistic regression": model}
scored["random forest"] = EasinessClassifier(forest, cv=folds, store_probs=True).fit(X, given)
histograms = Figure(figsize=(9, 3.4), layout="constrained")
for axes, (name, one) in zip(histograms.subplots(1, 2, sharey=True), scored.items(), strict=True):
    EasinessDisplay(scores=one.scores_, name=name).plot(axes)
curves = Figure(figsize=(4.8, 5.2), layout="constrained")
axes = curves.add_subplot()
for name, one in scored.items():
    EasinessCurveDisplay.from_predictions(given, one.probs_, sigma=0.1, name=name, ax=axes)

if len(sys.argv) > 1:
    for figure, name in ((histograms, "easiness_display"), (curves, "easiness_curve_display")):
        path = Path(sys.argv[1]) / f"{name}.png"
        figure.savefig(path, dpi=100)
        print(f"wrote {path.name}")
