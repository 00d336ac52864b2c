"""The sdist and the wheel, installed as a user would: `make test-package`."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "": ["easiness_core", "easiness_aum"],
    "aum": ["easiness_aum"],
    "io": ["easiness_io"],
    "dask": ["easiness_dask", "easiness_io"],
    "cli": ["easiness_cli.__main__", "easiness_io"],
    "sklearn": ["easiness_sklearn"],
    "testing": ["easiness_core.testing"],
    "torch": ["easiness_torch"],
}
# What an installation without extras says to install.
MISSING = {
    "easiness_io": "easiness-core[io]",
    "easiness_dask": "easiness-core[dask]",
    "easiness_sklearn": "easiness-core[sklearn]",
    "easiness_torch": "easiness-core[torch]",
    "easiness_core.testing": "easiness-core[testing]",
}


def run(*argv: str | Path, cwd: Path) -> str:
    done = subprocess.run([*map(str, argv)], cwd=cwd, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def new_environment(folder: Path) -> Path:
    run(sys.executable, "-m", "venv", folder, cwd=ROOT)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build both from the working tree; give the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    python = new_environment(folder / "environment")
    run(python, "-m", "pip", "install", "-q", "hatchling", cwd=folder)
    run(python, "-m", "hatchling", "build", "-d", folder / "out", cwd=ROOT)
    (sdist,), (wheel,) = (folder / "out").glob("*.tar.gz"), (folder / "out").glob("*.whl")
    return sdist, wheel


def test_the_citation_names_the_version(built) -> None:
    version = built[1].name.split("-")[1]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_wheel_has_the_packages_with_types_and_templates(built) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        names = set(wheel.namelist())
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"easiness_core", *(path.name for path in (ROOT / "adapters").iterdir())}
    assert {f"{top}/py.typed" for top in tops} <= names
    assert "easiness_cli/pages/templates/report.html.j2" in names
    assert not [name for name in names if name.endswith((".pyc", ".nbi", ".nbc"))]


def test_the_sdist_builds_the_same_wheel_and_has_the_tests(built, tmp_path) -> None:
    with tarfile.open(built[0]) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"Makefile", "constraints.txt", "CITATION.cff", "tests/naive.py"} <= names
    python = new_environment(tmp_path / "environment")
    run(python, "-m", "pip", "wheel", "-q", "--no-deps", built[0], "-w", tmp_path, cwd=tmp_path)
    (again,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(built[1]) as one, zipfile.ZipFile(again) as two:
        contents = [{name: file.read(name) for name in file.namelist()} for file in (one, two)]
    assert contents[0] == contents[1]


@pytest.mark.parametrize("extra", PACKAGES)
def test_each_extra_alone(extra: str, built, tmp_path: Path) -> None:
    python = new_environment(tmp_path / "environment")
    wanted = f"easiness-core[{extra}] @ {built[1].as_uri()}" if extra else built[1]
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wanted, cwd=tmp_path)
    for module in PACKAGES[extra]:
        run(python, "-W", "error", "-c", f"import {module}", cwd=tmp_path)
    assert run(python, "-m", "pip", "check", cwd=tmp_path).startswith("No broken")
    if not extra:
        for module, install in MISSING.items():
            code = f"try:\n    import {module}\nexcept ImportError as error:\n    print(error)"
            assert f"pip install '{install}'" in run(python, "-c", code, cwd=tmp_path)
    if extra == "cli":
        easiness = python.with_name("easiness")
        run(easiness, "demo", "--folds", "2", "-o", "demo", cwd=tmp_path)
        assert (tmp_path / "demo" / "report.html").exists()
        (tmp_path / "p.csv").write_text("label,a,b\n0,.7,.3\n1,.2,.8\n", "utf-8")
        assert "samples        2" in run(easiness, "score", "p.csv", cwd=tmp_path)
