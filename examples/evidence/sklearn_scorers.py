"""Easiness scorers of good, bad and constant classifiers: a table in Markdown.

Digits in five stratified folds; docs/sklearn.md shows the table.

    python examples/evidence/sklearn_scorers.py
"""

from __future__ import annotations

import sklearn
from easiness_sklearn import EASINESS_SCORERS, make_easiness_scorer
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

CLASSIFIERS = {
    "random forest": RandomForestClassifier(random_state=0),
    "logistic regression": make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=200)),
    "naive Bayes": GaussianNB(),
    "AdaBoost": AdaBoostClassifier(random_state=0),
    "class frequencies for every sample": DummyClassifier(strategy="prior"),
    "the most frequent class, with certainty": DummyClassifier(strategy="most_frequent"),
}
COLUMNS = {
    "accuracy": "accuracy",
    **EASINESS_SCORERS,
    "`log_easiness` at sigma = 0.3": make_easiness_scorer("log_easiness", sigma=0.3),
    "minus log loss": "neg_log_loss",
}


def main() -> None:
    X, y = load_digits(return_X_y=True)
    scoring = {f"s{k}": scorer for k, scorer in enumerate(COLUMNS.values())}
    print(f"scikit-learn {sklearn.__version__}\n")
    print("| classifier | " + " | ".join(f"`{n}`" if n in EASINESS_SCORERS else n for n in COLUMNS))
    print("| --- " * (1 + len(COLUMNS)) + "|")
    for name, classifier in CLASSIFIERS.items():
        found = cross_validate(classifier, X, y, scoring=scoring)
        means = [found[f"test_{key}"].mean() for key in scoring]
        digits = (3, 3, 3, 2, 2, 2)
        values = [f"{mean:.{n}f}" for mean, n in zip(means, digits, strict=True)]
        print(f"| {name} | " + " | ".join(values) + " |", flush=True)


if __name__ == "__main__":
    main()
