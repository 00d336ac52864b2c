"""Break the code on purpose, one small change at a time, and count what the tests catch.

Run `python tests/mutate.py` for a fixed sample; `--root` names a checkout with other tests.
The checkout is copied first, and only the copy is changed. Kernels run interpreted.
"""

import argparse
import ast
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

IO = "adapters/io/test_[!f]*.py adapters/io/test_fi*.py"
INPUT = " ".join(
    f"core/test_{name}.py"
    for name in ("validation", "convert", "errors", "advice", "class_names", "frames", "frames_in")
)
KERNELS = " ".join(
    f"core/test_{name}.py" for name in ("accuracy", "kernels", "scoring", "validation", "laws")
)
COMMON = "core/test_errors.py core/test_frames.py core/test_laws.py"
NAMED_ALIKE = "selection label_errors metrics margin comparison summary groups level"
TESTED_BY = {
    "easiness_core/_scoring.py": "core/test_scoring.py core/test_validation.py",
    **{f"easiness_core/_{name}.py": f"core/test_{name}.py {COMMON}"
       for name in NAMED_ALIKE.split()},
    "easiness_core/class_names.py": "core/test_class_names.py",
    **{f"easiness_core/_input/{name}.py": INPUT
       for name in ("labels", "probs", "encoder", "numbers")},
    **{f"easiness_core/_kernels/{name}.py": KERNELS
       for name in ("rows", "closed_form", "monte_carlo", "finish")},
    **{f"adapters/easiness_io/{name}.py": IO
       for name in ("class_columns", "columns", "readers/csv", "readers/arrays")},
}  # fmt: skip
IMPORTED_ONCE = (
    "numba", "scipy.special", "scipy.stats", "pandas", "polars", "pyarrow.parquet", "pytest",
    "hypothesis", "mpmath", "torch",
)  # fmt: skip
IGNORED = "ignore::pytest.PytestAssertRewriteWarning"
PAIRS = [
    (ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Add, ast.Sub),
    (ast.Mult, ast.Div), (ast.And, ast.Or), (ast.In, ast.NotIn), (ast.Is, ast.IsNot),
]  # fmt: skip
SWAPS = dict(PAIRS) | {second: first for first, second in PAIRS}


def places(tree):
    """Yield each change: what it is, the line, and what makes it."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            new = SWAPS[type(node.ops[0])]
            yield f"{new.__name__} in a comparison", line, node, "ops", [new(), *node.ops[1:]]
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
            new = SWAPS[type(node.op)]
            yield f"{new.__name__}", line, node, "op", new()
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield f"{not node.value}", line, node, "value", not node.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            yield f"{node.value + 1}", line, node, "value", node.value + 1
        elif isinstance(node, ast.If):
            yield "if not", line, node, "test", ast.UnaryOp(ast.Not(), node.test)


def mutants(root):
    """List (file, number of the place) of every possible change."""
    return [
        (name, at)
        for name in TESTED_BY
        for at, _ in enumerate(places(ast.parse((root / name).read_text("utf-8"))))
    ]


def run_tests(root, tests):
    """In a child, whose imports of other packages are done: a failure or a hang ends it badly."""
    import pytest

    code = 1
    try:
        signal.alarm(300)
        os.chdir(root)
        sys.path[:0] = [str(root), str(root / "adapters")]
        with open(root / "log", "w") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        code = pytest.main(["-qx", "-p", "no:cacheprovider", "-W", IGNORED, *map(str, tests)])
    finally:
        os._exit(code)


def is_caught(root, name, at):
    """Make one change, run the tests of its file, and put the file back."""
    source = (root / name).read_text("utf-8")
    tree = ast.parse(source)
    what, line, node, field, value = list(places(tree))[at]
    setattr(node, field, value)
    (root / name).write_text(ast.unparse(ast.fix_missing_locations(tree)), "utf-8")
    tests = [p for each in TESTED_BY[name].split() for p in sorted((root / "tests").glob(each))]
    child = os.fork()
    if child == 0:
        run_tests(root, tests)
    caught = os.waitpid(child, 0)[1] != 0
    (root / name).write_text(source, "utf-8")
    print(f"{'caught' if caught else 'MISSED'}  {name}:{line}: {what}", flush=True)
    return caught


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    options = parser.parse_args()
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    sys.dont_write_bytecode = True
    for name in IMPORTED_ONCE:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "copy"
        shutil.copytree(options.root, root, ignore=shutil.ignore_patterns(".*", "_build"))
        sample = random.Random(options.seed).sample(mutants(root), options.mutants)
        n_caught = sum(is_caught(root, *each) for each in sorted(sample))
    print(f"{n_caught} of {options.mutants} changes caught")


if __name__ == "__main__":
    main()
