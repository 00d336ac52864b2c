"""A broken, stale, full or missing Numba cache costs time and nothing else.

Scores run in processes of their own: damaged machine code would crash, not raise.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
from conftest import interpreted

import easiness_core

PACKAGE = Path(easiness_core.__file__).parent
pytestmark = pytest.mark.skipif(interpreted, reason="NUMBA_DISABLE_JIT=1: nothing is cached")

PROBS = [[0.9, 0.1], [0.51, 0.49], [0.2, 0.8]]
LABELS = [0, 0, 0]
SCORE = f"""
import json
import easiness_core as ec
from easiness_core._kernels import closed_form, rows
log_easiness = ec.log_easiness({PROBS}, {LABELS}, n_threads=1).tolist()
stats = [k.stats for k in (closed_form.closed_form, rows.first_label_outside)]
hits = [sum(s.cache_hits.values()) for s in stats]
print(json.dumps([log_easiness, hits, [s.cache_path for s in stats], ec.__file__]))
"""


def run(script, *, cache, **variables):
    """Run a script; nothing may reach the user but what it prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    env = {**kept, "NUMBA_CACHE_DIR": str(cache), **variables}
    env = {k: str(v) for k, v in env.items() if v is not None}
    done = subprocess.run(
        [sys.executable, "-P", *script], capture_output=True, text=True, timeout=120, env=env
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def score(cache):
    log_easiness, hits, paths, _ = json.loads(run(["-c", SCORE], cache=cache))
    assert all(Path(path).is_relative_to(cache) for path in paths)
    return log_easiness, hits


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """Scores of the process that wrote a cache, and of one that reads it."""
    folder = tmp_path_factory.mktemp("warm")
    log_easiness, hits = score(folder)
    assert hits == [0, 0]
    assert score(folder) == (log_easiness, [1, 1])
    right = naive.closed_form(np.array(PROBS), LABELS, 0.01)[1]
    np.testing.assert_allclose(log_easiness[:2], right[:2], rtol=1e-12, atol=1e-15)
    assert log_easiness[2] == pytest.approx(-904.667264291204, rel=1e-12)
    return log_easiness


# Every kind of damage to a kernel that compiles fast. `fresh` reads the cache anew.
EVERY_DAMAGE = """
import random, resource, shutil, sys
from pathlib import Path
import numba
from easiness_core._kernels.jit import jit

def garbage(content):
    return random.Random(0).randbytes(len(content))

def truncated(content):
    return content[: len(content) // 2]

def empty(content):
    return b""

def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]

MODES = [flipped, garbage, truncated, empty]

def probe(x):
    return 2 * x + 1

def fresh(value, expected):
    dispatcher = jit(probe)
    assert dispatcher(value) == expected, (value, dispatcher(value))
    return sum(dispatcher.stats.cache_hits.values())

def new_cache(name):
    numba.config.CACHE_DIR = f"{sys.argv[1]}/{name}"
    return Path(numba.config.CACHE_DIR)

for suffix in ("nbi", "nbc"):
    for mode in MODES:
        cache = new_cache(f"{suffix}-{mode.__name__}")
        assert fresh(3.0, 7.0) == 0 and fresh(3.0, 7.0) == 1
        [file] = cache.rglob(f"*.{suffix}")
        file.write_bytes(mode(file.read_bytes()))
        assert fresh(3.0, 7.0) == 0, (suffix, mode)
        assert fresh(3.0, 7.0) == 1, (suffix, mode)

# A flipped byte anywhere in the index: found or not, the result is right, then as now.
cache = new_cache("index")
fresh(3.0, 7.0)
[file] = cache.rglob("*.nbi")
content = file.read_bytes()
for at in range(0, len(content), 97):
    file.write_bytes(content[:at] + bytes([content[at] ^ 0x5A]) + content[at + 1 :])
    fresh(3.0, 7.0)
    fresh(3.0, 7.0)

# Sound machine code, but of the other signature.
cache = new_cache("swapped")
fresh(3.0, 7.0), fresh(3, 7)
one, two = sorted(cache.rglob("*.nbc"))
one.rename(cache / "kept"), two.rename(one), (cache / "kept").rename(two)
assert fresh(3.0, 7.0) == 0 and fresh(3, 7) == 0
assert fresh(3.0, 7.0) == 1 and fresh(3, 7) == 1

# The folder is gone, or is a file, by the time of the first call.
cache = new_cache("gone")
dispatchers = [jit(probe), jit(probe)]
shutil.rmtree(cache)
assert dispatchers[0](3.0) == 7.0
shutil.rmtree(cache)
cache.write_bytes(b"")
assert dispatchers[1](3.0) == 7.0

# The disk is full half-way through a file; the next process, with space, heals it.
cache = new_cache("full")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
assert fresh(3.0, 7.0) == 0 and fresh(3.0, 7.0) == 0
assert not list(cache.rglob("*.nbc")) and not list(cache.rglob("*.tmp.*"))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
assert fresh(3.0, 7.0) == 0 and fresh(3.0, 7.0) == 1
print("sound")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits a file's size by way of POSIX")
def test_every_kind_of_damage(tmp_path):
    script = tmp_path / "every_damage.py"
    script.write_text(EVERY_DAMAGE)
    assert run([script, tmp_path], cache=tmp_path / "first") == "sound\n"


def copy_package(folder):
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(PACKAGE, folder / "easiness_core", ignore=ignored))


def test_a_cache_is_used_and_where_no_folder_can_hold_one_none_is_missed(expected, tmp_path):
    # Root may write anywhere, but not below a file: neither in the folder that the user names,
    # nor beside the source, nor in the user's own.
    file = tmp_path / "file"
    file.write_bytes(b"")
    package = copy_package(tmp_path)
    (package / "_kernels" / "__pycache__").write_bytes(b"")
    got = run(
        ["-c", SCORE], cache=file / "cache", PYTHONPATH=tmp_path, XDG_CACHE_HOME=file / "xdg",
        HOME=None, PYTHONDONTWRITEBYTECODE="1",
    )  # fmt: skip
    assert json.loads(got) == [expected, [0, 0], [None] * 2, str(package / "__init__.py")]


CALLER = """
from easiness_core._kernels.callee import callee
from easiness_core._kernels.jit import jit

@jit
def caller(x):
    return 2.0 * callee(x)
"""
CALLEE = """
from easiness_core._kernels.jit import jit

@jit
def callee(x):
    return x + 1.0
"""
CALL = """
from easiness_core._kernels.caller import caller
print(caller(1.0), sum(caller.stats.cache_hits.values()))
"""


def test_only_a_change_of_what_kernels_depend_on_invalidates(tmp_path):
    package = copy_package(tmp_path)
    (package / "__init__.py").write_text("")
    kernels = package / "_kernels"
    (kernels / "caller.py").write_text(CALLER)
    (kernels / "callee.py").write_text(CALLEE)

    def call():
        return run(["-c", CALL], cache=tmp_path, PYTHONPATH=tmp_path, PYTHONDONTWRITEBYTECODE="1")

    def append(path, text):
        assert path.is_file()
        path.write_text(path.read_text() + text)

    assert [call(), call()] == ["4.0 0\n", "4.0 1\n"]
    append(package / "_input" / "labels.py", "# another message\n")
    append(package / "_scoring.py", "# another docstring\n")
    assert call() == "4.0 1\n"
    append(package / "_config.py", "# another constant\n")
    assert [call(), call()] == ["4.0 0\n", "4.0 1\n"]
    (kernels / "callee.py").write_text(CALLEE.replace("1.0", "10.0"))
    assert call() == "22.0 0\n"


def test_kernels_and_what_they_import_are_in_the_digest_of_the_sources():
    ours = {
        path: {
            node.module
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module.startswith("easiness_core")
        }
        for path in PACKAGE.rglob("*.py")
    }
    with_kernels = {path for path, names in ours.items() if "easiness_core._kernels.jit" in names}
    assert len(with_kernels) >= 2
    assert with_kernels <= set((PACKAGE / "_kernels").glob("*.py"))
    imported = set.union(*(ours[path] for path in with_kernels))
    assert {name.removeprefix("easiness_core.").partition(".")[0] for name in imported} == {
        "_config",
        "_kernels",
    }
