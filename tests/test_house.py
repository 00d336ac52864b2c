"""The layout of the source: no imports in circles, no private parts of another package."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = [ROOT / "easiness_core", *sorted((ROOT / "adapters").glob("easiness_*"))]
# Adapters stand alone, but for the command, which reads by easiness_io and ranks by easiness_aum,
# and for shards on Dask, which easiness_io reads and writes.
MAY_IMPORT = {"easiness_cli": {"easiness_aum", "easiness_io"}, "easiness_dask": {"easiness_io"}}


def modules_of(packages):
    """Source of each module by its dotted name; a package's is that of its `__init__`."""
    found = {}
    for package in packages:
        for path in package.rglob("*.py"):
            parts = (package.name, *path.relative_to(package).with_suffix("").parts)
            is_package = parts[-1] == "__init__"
            found[".".join(parts[:-1] if is_package else parts)] = (path.read_text(), is_package)
    return found


def imports_of(source):
    """What a module imports, at its top, in functions and for types: (module, name) pairs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from ((node.module, alias.name) for alias in node.names)


def circle_in(modules):
    """Give modules that import one another in a circle, or None."""
    graph = {}
    for name, (source, is_package) in modules.items():
        targets = {
            full if (full := f"{base}.{inner}") in modules else base
            for base, inner in imports_of(source)
        }
        # A package's __init__ gathers what is below it.
        graph[name] = set() if is_package else {
            t for t in targets & modules.keys() - {name} if not modules[t][1]
        }  # fmt: skip
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return None


def private_in(modules):
    """List imports of private modules or names of another package."""
    return [
        f"{name} <- {base}.{inner}"
        for name, (source, _) in modules.items()
        for base, inner in imports_of(source)
        if base.startswith("easiness_")
        and base.partition(".")[0] != name.partition(".")[0]
        and any(
            part.startswith("_") for part in [*base.split("."), inner or ""] if part[:2] != "__"
        )
    ]


def strangers_in(modules):
    """List imports of packages that are no business of the importing one."""
    found = []
    for name, (source, _) in modules.items():
        own = name.partition(".")[0]
        allowed = {own, "easiness_core", *MAY_IMPORT.get(own, ())}
        tops = {base.partition(".")[0] for base, _ in imports_of(source)}
        found += [f"{name} <- {top}" for top in tops - allowed if top.startswith("easiness_")]
    return found


def test_imports_have_no_circle():
    modules = modules_of(PACKAGES)
    assert len(modules) > 100
    assert circle_in(modules) is None


def test_no_package_imports_private_parts_of_another_or_one_that_it_must_not():
    assert private_in(modules_of(PACKAGES)) == []
    assert strangers_in(modules_of(PACKAGES)) == []


@pytest.mark.parametrize(
    ("found", "sources"),
    [
        (circle_in, {"p.a": "import p.b", "p.b": "from p import a"}),
        (circle_in, {"p.a": "def f():\n    from p.b import x", "p.b": "import p.a"}),
        (private_in, {"p.a": "from easiness_core._config import X"}),
        (private_in, {"p.a": "from easiness_core import _config"}),
        (strangers_in, {"easiness_core.a": "def f():\n    from easiness_torch import x"}),
        (strangers_in, {"easiness_io.a": "if TYPE_CHECKING:\n    import easiness_aum.b as c"}),
    ],
)
def test_what_is_looked_for_is_found(found, sources):
    assert found({name: (source, False) for name, source in sources.items()})
