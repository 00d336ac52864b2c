"""The command as a process: start, help, pipes, closed streams, full devices."""

import os
import shlex
import subprocess
import sys

import numpy as np
import pytest
from easiness_cli.__main__ import main
from easiness_cli.parser import COMMANDS, build_parser

import easiness_core as ec

COMMAND = [sys.executable, "-m", "easiness_cli"]
SCORE = "score p.npy y.npy"
SELECT = "select s.npz --interval 0 1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    rng = np.random.default_rng(0)
    np.save(folder / "p.npy", rng.dirichlet(np.ones(3), size=20_000))
    np.save(folder / "y.npy", rng.integers(0, 3, size=20_000))
    assert main(["score", str(folder / "p.npy"), str(folder / "y.npy"), "-q", "-o",
                 str(folder / "s.npz")]) == 0  # fmt: skip
    return folder


CLOSED = "cannot write standard output: it is closed"
FULL = "cannot write standard output: No space left on device"
NO_FILE = "'none.npy': cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("command", "code", "out", "error"),
    [
        (SCORE, 0, "samples        20,000", ""),
        ("score /dev/stdin y.npy < p.npy", 0, "samples        20,000", ""),
        ("score none.npy y.npy", 3, "", NO_FILE),
        ("score none.npy y.npy 2>&-", 3, "", ""),
        ("score - y.npy <&-", 3, "", "'standard input': it is closed; name a file"),
        (f"{SCORE} >&-", 3, "", CLOSED),
        (f"{SCORE} -q -o - >&-", 3, "", CLOSED),
        (f"{SCORE} -q >&-", 0, "", ""),
        ("--help >&-", 3, "", CLOSED),
        (f"{SCORE} --json >/dev/full", 3, "", FULL),
        (f"{SCORE} -q -o - >/dev/full", 3, "", FULL),
        (f"{SELECT} -q >/dev/full", 3, "", FULL),
    ],
)
def test_a_process_tells_its_result_or_one_line(command, code, out, error, folder):
    line = f"{shlex.join(COMMAND)} {command}"
    done = subprocess.run(
        line, shell=True, cwd=folder, text=True, capture_output=True, timeout=300, check=False
    )
    expected = f"easiness: error: {error}\n" if error else ""
    assert (done.returncode, done.stderr) == (code, expected)
    assert out in done.stdout
    assert bool(out) == bool(done.stdout)


@pytest.mark.parametrize("unbuffered", ["", "1"])  # containers often set PYTHONUNBUFFERED
@pytest.mark.parametrize("command", ["--help", "merge --help-all", "--version", SCORE])
def test_a_full_device_is_an_error_with_and_without_buffering(command, unbuffered, folder):
    done = subprocess.run(
        f"{shlex.join(COMMAND)} {command} >/dev/full", shell=True, cwd=folder, text=True,
        capture_output=True, timeout=300, check=False,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (3, f"easiness: error: {FULL}\n")


def test_a_reader_that_goes_away_is_no_error(folder):
    process = subprocess.Popen(
        [*COMMAND, *SCORE.split(), "-q", "-o", "-"], cwd=folder,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(300) == 141


def test_help_imports_nothing_heavy():
    code = """
import sys
from easiness_cli.__main__ import main
for argv in (["--help"], *([name, "--help-all"] for name in sys.argv[1:])):
    try:
        main(argv)
    except SystemExit as stop:
        assert not stop.code, stop.code
heavy = {"numpy", "numba", "scipy", "pyarrow", "sklearn", "matplotlib", "easiness_core",
         "easiness_io", "jinja2", "tqdm"}
assert not heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, *COMMANDS], check=True, timeout=300,
                   stdout=subprocess.DEVNULL)  # fmt: skip


@pytest.fixture
def text_of(capsys, monkeypatch):
    """Give what a command prints before it leaves, 80 columns wide."""

    def run(*argv):
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as stopped:
            main(list(argv))
        assert stopped.value.code == 0
        return capsys.readouterr().out

    return run


def test_version(text_of):
    assert text_of("--version") == f"easiness {ec.__version__}\n"


def parses(example, name):
    words = shlex.split(example)
    assert words[0] == "easiness"
    assert not name or words[1] == name
    build_parser().parse_args(words[1:])


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_screen_and_ends_with_two_examples(name, text_of):
    lines = text_of(*name.split(), "--help").splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    examples = lines[lines.index("examples:") + 1 :][:2]
    assert len(examples) == 2
    for line in examples:
        parses(line, name)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_all_lists_every_option_and_every_example(name, text_of):
    short, full = text_of(name, "--help"), text_of(name, "--help-all")
    assert max(map(len, full.splitlines())) <= 80
    for example in COMMANDS[name].EXAMPLES:
        assert f"  {example}\n" in full
        parses(example, name)
    for rows in COMMANDS[name].OPTIONS.values():
        for option in rows:
            shown = option.flags[-1] if option.flags[0][0] == "-" else option.keywords["metavar"]
            assert shown in full
            assert (shown in short) is not option.rare, shown


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("", "--help"),
        ("score", "--help"),
        ("--nonsense", "--help"),
        ("xyzzy", "no command 'xyzzy' (commands: score,"),
        ("label_errors p.npy", "no command 'label_errors'; did you mean label-errors?"),
        ("report p.npy --outptu=x.html", "no option --outptu; did you mean --output?"),
        ("score p.npy --over", "no option --over; did you mean --overwrite?"),
        ("score --no-headers p.npy", "no option --no-headers; did you mean --no-header?"),
        ("merge --sigma 1 a", "no option --sigma (see easiness merge --help-all)"),
        ("score p.npy y.npy --classes", "argument --classes: expected one argument"),
    ],
)
def test_typing_errors_are_one_line_with_a_suggestion(argv, message, refused):
    assert message in refused(*argv.split(), code=2)


def test_a_value_may_begin_with_a_minus_sign(in_folder, refused):
    (in_folder / "p.csv").write_text("label,a,b,c\n-1,.7,.2,.1\n1,.1,.2,.7\n")
    assert main(["score", "p.csv", "--probs", "a,b,c", "--classes", "-1,0,1", "-q"]) == 0
    # After two dashes, words are files, whatever they look like.
    assert refused("score", "-q", "--", "--nowhere.npy").startswith("'--nowhere.npy': cannot be")


def test_a_shell_completes_commands_and_options(tmp_path):
    pytest.importorskip("argcomplete")

    def completed(line):
        out = tmp_path / "out"
        environment = {
            **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line,
            "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        }  # fmt: skip
        subprocess.run(COMMAND, env=environment, timeout=300, check=True, capture_output=True)
        return {word.strip() for word in out.read_text().split("\n")}

    assert completed("easiness lab") == {"label-errors"}
    assert completed("easiness score --e") == {"--escape-formulas", "--estimator", "--encoding"}
