"""What is imported, what may be imported, and what the public surface promises."""

import dataclasses
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import easiness_core as ec
from easiness_core import validation

PACKAGE = Path(ec.__file__).parent
ADAPTERS = PACKAGE.parent / "adapters"
FRAMEWORKS = (
    "torch", "sklearn", "pandas", "pyarrow", "dask", "distributed", "matplotlib", "jax",
    "tensorflow", "hypothesis", "polars", "datasets", "tqdm",
)  # fmt: skip
COMPILERS = ("numba", "llvmlite", "scipy")
OURS = (
    "easiness_torch", "easiness_sklearn", "easiness_aum", "easiness_dask", "easiness_cli",
    "easiness_io",
)  # fmt: skip


def imported(code, folder, names, *, path=()):
    """Those of `names` that a fresh interpreter imports when it runs `code`.

    Each is there to be imported, as an empty module, so that `try: import torch` shows as well
    on a machine without torch.
    """
    stubs = folder / "stubs"
    stubs.mkdir(exist_ok=True)
    for name in names:
        (stubs / f"{name}.py").write_text("")
    search = [str(stubs), *map(str, path)]
    script = f"""
import sys
sys.path[:0] = {search}
{code}
print(*sorted({{m.partition('.')[0] for m in sys.modules}} & set({list(names)})))
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_neither_import_nor_scoring_imports_a_framework(tmp_path):
    code = "import easiness_core as ec; ec.score([[0.9, 0.1]], [0]); ec.auroc([[0.9, 0.1]], [0])"
    assert imported(code, tmp_path, FRAMEWORKS + OURS) == []
    assert imported("import easiness_core", tmp_path, FRAMEWORKS + COMPILERS + OURS) == []


@pytest.mark.parametrize(
    ("name", "planted"),
    [("scipy", "import {}"), ("torch", "try:\n    import {}\nexcept ImportError:\n    pass")],
)
def test_a_planted_import_is_reported(name, planted, tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "easiness_core", ignore=shutil.ignore_patterns("*cache*"))
    with open(tmp_path / "easiness_core" / "_level.py", "a") as file:
        file.write("\n" + planted.format(name) + "\n")
    names = FRAMEWORKS + COMPILERS + OURS
    assert imported("import easiness_core", tmp_path, names, path=[tmp_path]) == [name]


def test_typed_packages_say_so():
    assert (PACKAGE / "py.typed").is_file()
    for init in ADAPTERS.glob("*/__init__.py"):
        assert (init.parent / "py.typed").is_file(), init.parent


# For packages and tests that build on the core, imported by their own names.
BY_NAME = {"class_names", "errors", "progress", "testing", "validation"}


# Public modules' names that are theirs and their neighbours' alone.
INTERNAL = {
    "Estimator", "accuracy_intervals", "bins_from_sums", "changes_by", "check_level_array", "cuts",
    "log_odds_columns", "share_interval",
}  # fmt: skip
MODULES = set(re.findall(r"^from easiness_core\.(\w+) import", inspect.getsource(ec), flags=re.M))


def test_all_is_complete():
    defined = set()
    for module in [importlib.import_module(f"easiness_core.{name}") for name in MODULES]:
        defined |= {
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and (inspect.isclass(value) or inspect.isroutine(value))
            and value.__module__ == module.__name__
        }
    constants = {name for name in ec.__all__ if name.isupper()} | {"__version__"}
    assert defined - INTERNAL == set(ec.__all__) - constants
    assert defined >= INTERNAL
    assert not INTERNAL & set(vars(ec))


def test_completion_shows_public_names_alone():
    assert dir(ec) == sorted(ec.__all__)
    assert {p.stem for p in PACKAGE.glob("*.py") if p.stem[0] != "_"} == BY_NAME


FUNCTIONS = {
    name: getattr(ec, name) for name in ec.__all__ if inspect.isfunction(getattr(ec, name))
}
CHECKS = {
    name: getattr(validation, name)
    for name in validation.__all__
    if inspect.isfunction(getattr(validation, name))
}
CLASSES = {name: getattr(ec, name) for name in ec.__all__ if inspect.isclass(getattr(ec, name))}


def test_options_are_keyword_only():
    for name, function in FUNCTIONS.items():
        parameters = inspect.signature(function).parameters.values()
        assert all(p.default is p.empty for p in parameters if p.kind is not p.KEYWORD_ONLY), name


def sections(doc):
    """Sections of a numpydoc docstring by title; "" holds what comes before the first."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", inspect.cleandoc(doc), flags=re.M)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section):
    """Names that a Parameters or Attributes section describes."""
    heads = re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", section, flags=re.M)
    return [name for head in heads for name in head.split(", ")]


def test_functions_are_documented():
    for name, function in (FUNCTIONS | CHECKS).items():
        doc = sections(function.__doc__)
        public = list(inspect.signature(function).parameters)
        described = doc.get("Parameters")
        if described is None:
            assert "Parameters and errors are those of `score`." in doc[""], name
            score = sections(ec.score.__doc__)
            assert set(public) <= set(entries(score["Parameters"])), name
        else:
            assert sorted(entries(described)) == sorted(public), name
            assert name == "is_torch" or "Error" in doc["Raises"], name
        assert re.match(r"[A-Z]", doc[""]), name
        assert doc[""].splitlines()[0].endswith((".", ":")), name
        assert doc["Returns"].strip(), name
        assert f"{'ec.' if name in FUNCTIONS else ''}{name}(" in doc["Examples"], name


def test_classes_are_documented():
    for name, cls in CLASSES.items():
        doc = sections(cls.__doc__)
        assert doc[""].splitlines()[0].endswith("."), name
        if name in ("ClosedForm", "MonteCarlo", "Summary"):  # made by users
            assert entries(doc["Parameters"]) == list(inspect.signature(cls).parameters), name
            assert ">>> " in doc["Examples"], name
        elif dataclasses.is_dataclass(cls):
            fields = {field.name for field in dataclasses.fields(cls) if field.name[0] != "_"}
            properties = dict(inspect.getmembers(cls, lambda m: isinstance(m, property)))
            assert fields <= set(entries(doc["Attributes"])) <= fields | set(properties), name
        for method, value in vars(cls).items():
            if method[0] != "_" and callable(getattr(cls, method)) and not isinstance(value, int):
                assert inspect.getdoc(getattr(cls, method)), (name, method)
