"""The documentation fails when it is wrong: snippets run, links lead somewhere, the map is true."""

import doctest
import importlib
import inspect
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WRITTEN = [p for p in (ROOT / "docs").rglob("*.md") if "_build" not in p.parts]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *WRITTEN])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def name_of(path):
    return str(path.relative_to(ROOT))


def blocks(page, language):
    return [body for kind, body in FENCE.findall(page.read_text("utf-8")) if kind == language]


# The environment is there already; `make test` within the tests would not end.
MAKE = f"make --no-print-directory -f '{ROOT}/Makefile' -o .venv/.demo -o .venv/.test"
RUN_BY_MAKE = {"make demo": f"{MAKE} demo", "make test": f"{MAKE} -n test >/dev/null"}


def run_python(body, name, names):
    report = []
    test = doctest.DocTestParser().get_doctest(body, names, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, out=report.append, clear_globs=False)
    names.update(test.globs)
    assert not report, "".join(report)


def printed(command, capfd):
    """What a command prints: in this process where it is ours alone, and no shell is needed."""
    if command.startswith("easiness ") and not set(command) & set("|<>*;&$\\"):
        from easiness_cli.__main__ import main

        capfd.readouterr()
        code, (out, err) = main(shlex.split(command)[1:]), capfd.readouterr()
    else:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            RUN_BY_MAKE.get(command, command), shell=True, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        code, out, err = done.returncode, done.stdout, done.stderr
    assert code == 0, err
    return out


def run_commands(body, capfd):
    checker = doctest.OutputChecker()
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        n = next((k for k, line in enumerate(lines) if k and line[:2] != "> "), len(lines))
        command = "".join([lines[0], *(line[2:] for line in lines[1:n])]).rstrip("\n")
        expected = "".join(lines[n:])
        out = printed(command, capfd)
        assert checker.check_output(expected, out, OPTIONS), (
            f"$ {command}\nexpected:\n{expected}\ngot:\n{out}"
        )


WITH_SNIPPETS = [page for page in PAGES if blocks(page, "pycon") or blocks(page, "console")]


@pytest.mark.parametrize("page", WITH_SNIPPETS, ids=name_of)
def test_snippets_print_what_they_say(page, tmp_path, monkeypatch, capfd):
    """Python and commands run in the order of the page, and share its files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    names = {}
    for at, (kind, body) in enumerate(FENCE.findall(page.read_text("utf-8"))):
        if kind == "pycon":
            run_python(body, f"{page.stem}_{at}", names)
        elif kind == "console":
            run_commands(body, capfd)


def test_the_readme_is_short_and_shows_only_what_runs():
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.split()) <= 600
    assert {kind for kind, _ in FENCE.findall(text)} == {"pycon", "console"}
    assert len(re.findall(r"^```", text, re.MULTILINE)) == 2 * len(FENCE.findall(text))


def is_broken(page, target):
    name, _, anchor = target.partition("#")
    file = (page.parent / name) if name else page
    if "://" in target or not (file.exists() and anchor):
        return "://" not in target and not file.exists()
    headings = re.findall(r"^#+ (.*)$", file.read_text("utf-8"), re.MULTILINE)
    return anchor not in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def test_links_lead_somewhere():
    links = [
        (page, target)
        for page in PAGES
        for target in re.findall(
            r"\]\(([^)\s]+)\)",
            re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL),
        )
    ]
    assert len(links) > 50
    assert [(name_of(page), target) for page, target in links if is_broken(page, target)] == []


def test_files_and_tests_named_in_the_documentation_exist():
    for page in [*PAGES, ROOT / "CHANGELOG.md", ROOT / "Makefile"]:
        for name in re.findall(
            r"(?:`|python )((?:tests|examples|docs|easiness_core)/[\w/]+\.\w+)",
            page.read_text("utf-8"),
        ):
            assert (ROOT / name).exists(), (page.name, name)
        for name in re.findall(r"`(_\w+\.py)`", page.read_text("utf-8")):
            assert (ROOT / "easiness_core" / name).exists(), (page.name, name)


def test_the_map_of_the_code_is_true():
    tree = blocks(ROOT / "CONTRIBUTING.md", "text")[0]
    drawn = set(re.findall(r"^[ │├└─]*([\w.]+)/", tree, re.MULTILINE))
    folders = {
        path.name
        for top in [ROOT / "easiness_core", *(ROOT / "adapters").glob("easiness_*")]
        for path in [top, *top.glob("[!_.]*"), *top.glob("_[!_]*")]
        if path.is_dir()
    }
    assert folders <= drawn


def test_files_stay_short():
    limits = {"easiness_core": 320, "adapters": 320, "examples": 320, "tests": 400}
    paths = [path for folder in limits for path in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 300
    too_long = []
    for path in paths:
        limit = limits[path.relative_to(ROOT).parts[0]]
        if path.parent == ROOT / "examples":
            limit = 79
        if len(path.read_text("utf-8").splitlines()) > limit:
            too_long.append(name_of(path))
    assert too_long == []


PACKAGES = [path.name for path in sorted((ROOT / "adapters").glob("easiness_*"))]
PARTS = ["class_names", "displays", "progress", "testing", "validation"]
MODULES = [
    "easiness_core", *(f"easiness_core.{part}" for part in PARTS), *PACKAGES,
    "easiness_torch.huggingface", "easiness_torch.lightning",
]  # fmt: skip
ERRORS = [f"easiness_core.errors.Input{kind}Error" for kind in ("", "Value", "Type")]


def public_names():
    return ERRORS + [
        f"{module}.{name}"
        for module in MODULES
        for name in getattr(importlib.import_module(module), "__all__", [])
        if name != "__version__"
    ]


def test_every_public_name_is_in_the_reference_once():
    names = []
    for page in sorted((ROOT / "docs" / "reference").glob("*.rst")):
        module = ""
        lists = r"^\.\. (currentmodule|data|autosummary)::(.*\n(?: .*\n|\n)*)"
        for kind, text in re.findall(lists, page.read_text("utf-8"), re.MULTILINE):
            if kind == "currentmodule":
                module = text.strip()
            else:
                text = text.split("\n\n")[0 if kind == "data" else 1]
                names += [f"{module}.{name}" for name in text.split()]
    assert sorted(names) == sorted(public_names())


# Called by scikit-learn, PyTorch, transformers, or the library itself, not by users.
HOOKS = {"compute_loss", "copied", "extra_repr", "forward", "get_metadata_routing",
         "get_train_dataloader", "kernel"}  # fmt: skip


def methods_of(kind):
    """Public methods that a class gets from this project, by name."""
    found = {}
    for base in kind.__mro__:
        # Lightning calls all methods of a callback.
        if base.__module__.startswith("easiness_") and base.__name__ != "EasinessCallback":
            found |= {name: getattr(kind, name) for name in vars(base) if name[0] != "_"}
    return {name: each for name, each in found.items() if callable(each) and name not in HOOKS}


def examples_in(text):
    return "".join(each.source for each in doctest.DocTestParser().get_examples(text or ""))


def without_example(name, each):
    """List a public name if it has no example, and the methods that no example of it calls."""
    own = examples_in(each.__doc__)
    methods = methods_of(each) if inspect.isclass(each) else {}
    shown = own + "".join(examples_in(method.__doc__) for method in methods.values())
    missing = [f"{name}.{method}" for method in methods if f".{method}(" not in shown]
    return missing if own else [name, *missing]


def test_every_public_class_function_and_method_has_an_example():
    """`make test` runs them all."""
    missing, count = [], 0
    for name in public_names():
        module, _, last = name.rpartition(".")
        each = getattr(importlib.import_module(module), last)
        if inspect.isclass(each) or inspect.isroutine(each):
            count += 1
            missing += without_example(name, each)
    assert count > 80
    assert missing == []


def test_a_missing_example_is_found():
    class Table:
        """Table without an example."""

        def show(self):
            """Show it."""

    Table.__module__ = "easiness_core"
    assert without_example("Table", Table) == ["Table", "Table.show"]
    Table.__doc__ = ">>> Table().show()"
    assert without_example("Table", Table) == []


def test_every_option_of_the_command_is_documented():
    from easiness_cli.parser import COMMANDS

    text = (ROOT / "docs" / "command.md").read_text("utf-8")
    for name, module in COMMANDS.items():
        assert f"`{name}`" in text or f"`easiness {name}" in text, name
        for flags, *_ in (row for rows in module.OPTIONS.values() for row in rows):
            assert not flags[-1].startswith("--") or re.search(rf"{flags[-1]}\b", text), flags
