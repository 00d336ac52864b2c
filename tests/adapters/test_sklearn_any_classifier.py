"""Any classifier: what is kept equals a hand-written `cross_val_predict` and `ec.score`."""

import warnings

import numpy as np
import pytest
from easiness_sklearn import EasinessClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import easiness_core as ec

X, Y = make_classification(
    n_samples=120, n_features=6, n_informative=4, n_classes=3, class_sep=1.2, random_state=3
)
X = X.astype(np.float32)
FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def skorch_net():
    torch = pytest.importorskip("torch")
    skorch = pytest.importorskip("skorch")
    # Each clone starts from the same weights, so that two runs agree to the last bit.
    torch.manual_seed(0)
    start = torch.nn.Linear(6, 3).state_dict()

    class Net(torch.nn.Linear):
        def __init__(self):
            super().__init__(6, 3)
            self.load_state_dict(start)

    return skorch.NeuralNetClassifier(
        Net, criterion=torch.nn.CrossEntropyLoss, max_epochs=5, lr=0.1, train_split=None, verbose=0
    )


def svc():
    with warnings.catch_warnings():
        # scikit-learn is to drop probability=True; until then it is a classifier like others.
        warnings.simplefilter("ignore", FutureWarning)
        return SVC(probability=True, random_state=0)


CLASSIFIERS = {
    "logistic regression": lambda: LogisticRegression(max_iter=500),
    "random forest": lambda: RandomForestClassifier(10, random_state=0),
    "gradient boosting": lambda: GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "AdaBoost": lambda: AdaBoostClassifier(n_estimators=5, random_state=0),
    "naive Bayes": GaussianNB,
    "k nearest neighbors": KNeighborsClassifier,
    "SVC": svc,
    "calibrated SVC": lambda: CalibratedClassifierCV(SVC(), cv=2),
    "neural net": lambda: MLPClassifier((8,), max_iter=400, tol=0.05, random_state=0),
    "pipeline": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "one against the rest": lambda: OneVsRestClassifier(LogisticRegression()),
    "skorch": skorch_net,
}


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.filterwarnings("ignore:The `probability` parameter was deprecated:FutureWarning")
def test_out_of_fold_scores_equal_those_by_hand(name):
    classifier = CLASSIFIERS[name]()
    counted = name in ("naive Bayes", "random forest", "pipeline")
    estimator = ec.MonteCarlo(sigma=0.05, draws=50) if counted else ec.ClosedForm()
    draws = getattr(estimator, "draws", None)
    model = EasinessClassifier(
        classifier, sigma=estimator.sigma, draws=draws, cv=FOLDS, store_probs=True
    ).fit(X, Y)
    probs = cross_val_predict(clone(classifier), X, Y, cv=FOLDS, method="predict_proba")
    expected = ec.score(probs, Y, estimator=estimator)
    assert model.probs_.dtype == probs.dtype
    np.testing.assert_array_equal(model.probs_, probs)
    np.testing.assert_array_equal(model.easiness_, expected.easiness)
    np.testing.assert_array_equal(model.log_easiness_, expected.log_easiness)
    np.testing.assert_array_equal(model.level_, expected.level)
    np.testing.assert_array_equal(model.loss_, expected.loss)
    np.testing.assert_array_equal(model.predicted_, expected.predicted)
    assert model.summary_ == expected.summary
    final = clone(classifier).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), final.predict_proba(X))
    np.testing.assert_array_equal(model.predict(X), final.predict(X))
    assert model.score(X, Y) == final.score(X, Y)
