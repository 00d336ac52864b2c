"""What the package imports, what it does without, and what it names."""

import inspect
import subprocess
import sys

import easiness_sklearn
import pytest

OPTIONAL = ("imblearn", "cleanlab", "matplotlib", "pandas", "torch", "skorch")
BLOCK = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""
USE = """
import numpy as np
from easiness_sklearn import *
from sklearn import set_config
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB
X, y = load_iris(return_X_y=True)
model = EasinessClassifier(GaussianNB()).fit(X, y)
EasinessFilteredClassifier(GaussianNB()).fit(X, y)
resampler = EasinessResampler(GaussianNB(), fraction=0.5, per_class=True)
X_kept, y_kept = resampler.fit_resample(X, y)
assert X_kept.shape == (75, 4) and len(resampler.sample_indices_) == 75
assert not resampler.__sklearn_tags__().input_tags.sparse
for call in (
    EasinessDisplay(scores=model.scores_).plot,
    EasinessCurveDisplay(bins=model.summary_.bins).plot,
    model.to_pandas,
):
    try:
        call()
    except ImportError as error:
        print(error)
set_config(enable_metadata_routing=True)
resampler.set_params(estimator=GaussianNB().set_fit_request(sample_weight=True))
resampler.fit_resample(X, y, sample_weight=np.ones(150))
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )


def test_everything_works_without_optional_libraries_which_are_named_where_needed():
    done = run(BLOCK.format(names=OPTIONAL) + USE)
    assert (done.returncode, done.stderr) == (0, "")
    histogram, curve, frame = done.stdout.splitlines()
    assert histogram == "EasinessDisplay.plot needs matplotlib: pip install matplotlib"
    assert curve.endswith("pip install matplotlib")
    assert frame.endswith("needs pandas: pip install pandas")


def test_nothing_optional_is_imported():
    # scikit-learn itself looks for pandas.
    rest = set(OPTIONAL) - {"pandas"}
    done = run(f"import sys, easiness_sklearn; print({rest} & set(sys.modules))")
    assert done.stdout == "set()\n"


def test_scikit_learn_itself_is_named():
    done = run(BLOCK.format(names=("sklearn",)) + "import easiness_sklearn")
    assert "pip install 'easiness-core[sklearn]'" in done.stderr


@pytest.mark.parametrize(
    "name", ["EasinessClassifier", "EasinessFilteredClassifier", "EasinessResampler"]
)
def test_options_are_keyword_only_and_documented(name):
    thing = getattr(easiness_sklearn, name)
    parameters = list(inspect.signature(thing).parameters.values())
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == ["estimator"]
    for parameter in parameters:
        assert parameter.name in thing.__doc__
    for method, value in vars(thing).items():
        if method[0] != "_" and callable(value):
            assert inspect.getdoc(getattr(thing, method)), (name, method)
