"""What the package imports, what it does without, and what it names."""

import inspect
import subprocess
import sys

import easiness_sklearn
import pytest

USE = """
import numpy as np
from easiness_sklearn import *
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB
X, y = load_iris(return_X_y=True)
model = EasinessClassifier(GaussianNB()).fit(X, y)
"""


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )


def block(*names):
    """Code that makes these imports fail, whether installed or not."""
    return f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


def test_the_resampler_works_without_imbalanced_learn():
    code = """
from sklearn import set_config
resampler = EasinessResampler(GaussianNB(), fraction=0.5, per_class=True)
X_kept, y_kept = resampler.fit_resample(X, y)
assert X_kept.shape == (75, 4) and len(resampler.sample_indices_) == 75
assert not resampler.__sklearn_tags__().input_tags.sparse
set_config(enable_metadata_routing=True)
resampler.set_params(estimator=GaussianNB().set_fit_request(sample_weight=True))
resampler.fit_resample(X, y, sample_weight=np.ones(150))
"""
    done = run(block("imblearn") + USE + code)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_optional_is_imported():
    optional = "imblearn", "cleanlab", "matplotlib", "pandas", "torch", "skorch"
    done = run(block(*optional) + USE + "EasinessFilteredClassifier(GaussianNB()).fit(X, y)")
    assert (done.returncode, done.stderr) == (0, "")
    # scikit-learn itself looks for pandas.
    rest = set(optional) - {"pandas"}
    done = run(f"import sys, easiness_sklearn; print({rest} & set(sys.modules))")
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("name", "call", "message"),
    [
        (
            "matplotlib",
            "EasinessDisplay(scores=model.scores_).plot()",
            "EasinessDisplay.plot needs",
        ),
        ("matplotlib", "EasinessCurveDisplay(bins=model.summary_.bins).plot()", "pip install matp"),
        ("pandas", "model.to_frame()", "needs pandas: pip install pandas"),
    ],
)
def test_a_missing_library_is_named_where_it_is_needed(name, call, message):
    done = run(block(name) + USE + call)
    assert done.returncode == 1
    assert "ImportError" in done.stderr
    assert message in done.stderr


def test_scikit_learn_itself_is_named():
    done = run(block("sklearn") + "import easiness_sklearn")
    assert "pip install 'easiness-core[sklearn]'" in done.stderr


def rank(name):
    """Constants, then classes, then functions, each in alphabetical order."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_all_is_sorted_and_documented():
    names = easiness_sklearn.__all__
    assert names == sorted(names, key=rank)
    for name in names:
        thing = getattr(easiness_sklearn, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert ">>> " in thing.__doc__, name
            assert "Parameters\n" in thing.__doc__, name
        if inspect.isclass(thing):
            for method, value in vars(thing).items():
                if method[0] != "_" and callable(value):
                    assert inspect.getdoc(getattr(thing, method)), (name, method)


@pytest.mark.parametrize(
    "name", ["EasinessClassifier", "EasinessFilteredClassifier", "EasinessResampler"]
)
def test_options_are_keyword_only_and_flat(name):
    parameters = list(inspect.signature(getattr(easiness_sklearn, name)).parameters.values())
    assert [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY] == ["estimator"]
    documented = getattr(easiness_sklearn, name).__doc__
    for parameter in parameters:
        assert parameter.name in documented
