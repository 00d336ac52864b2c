"""Help fits a screen, typing errors get a suggestion, and shells complete."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

import pytest
from easiness_cli.__main__ import main
from easiness_cli.parser import COMMANDS, build_parser


@pytest.fixture
def text_of(capsys, monkeypatch):
    """Give what a command prints for help, 80 columns wide."""

    def run(*argv: str) -> str:
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as stopped:
            main(list(argv))
        assert stopped.value.code == 0
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_screen_and_ends_with_two_examples(name, text_of):
    lines = text_of(*name.split(), "--help").splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    examples = lines[lines.index("examples:") + 1 :][:2]
    parser = build_parser()
    for line in examples:
        words = shlex.split(line)
        assert words[0] == "easiness"
        assert not name or words[1] == name
        parser.parse_args(words[1:])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_all_lists_every_option_and_every_example(name, text_of):
    short, full = text_of(name, "--help"), text_of(name, "--help-all")
    assert max(map(len, full.splitlines())) <= 80
    parser = build_parser()
    for example in COMMANDS[name].EXAMPLES:
        assert f"  {example}\n" in full
        parser.parse_args(shlex.split(example)[1:])
    for rows in COMMANDS[name].OPTIONS.values():
        for option in rows:
            shown = option.flags[-1] if option.flags[0][0] == "-" else option.keywords["metavar"]
            assert shown in full
            assert (shown in short) is not option.rare, shown


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("scor p.npy", "no command 'scor'; did you mean score? (commands: score, report, "
         "label-errors, select, compare, merge, demo; see easiness --help)"),
        ("label_errors p.npy", "no command 'label_errors'; did you mean label-errors?"),
        ("xyzzy", "no command 'xyzzy' (commands: score,"),
        ("score --normalise p.npy", "no option --normalise; did you mean --normalize? "
         "(see easiness score --help-all)"),
        ("report p.npy --outptu=x.html", "no option --outptu; did you mean --output?"),
        ("score --no-headers p.npy", "no option --no-headers; did you mean --no-header?"),
        ("merge --sigma 1 a", "no option --sigma (see easiness merge --help-all)"),
        ("score p.npy y.npy --classes", "argument --classes: expected one argument"),
        ("report p.npy", "the following arguments are required: -o/--output "
         "(see easiness report --help)"),
    ],
)  # fmt: skip
def test_typing_errors_get_a_suggestion(argv, message, refused):
    assert refused(*argv.split(), code=2).startswith(message)


def test_a_value_may_begin_with_a_minus_sign(in_folder, refused, capsys):
    (in_folder / "p.csv").write_text("label,a,b,c\n-1,.7,.2,.1\n1,.1,.2,.7\n")
    assert main(["score", "p.csv", "--probs", "a,b,c", "--classes", "-1,0,1", "-q"]) == 0
    # After two dashes, words are files, whatever they look like.
    assert refused("score", "-q", "--", "--nowhere.npy").startswith("'--nowhere.npy': cannot be")


def test_a_shell_completes_commands_and_options(tmp_path):
    pytest.importorskip("argcomplete")

    def completed(line: str) -> list[str]:
        out = tmp_path / "out"
        environment = {
            **os.environ, "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "COMP_LINE": line,
            "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        }  # fmt: skip
        run = [sys.executable, "-m", "easiness_cli"]
        subprocess.run(run, env=environment, timeout=300, check=True, capture_output=True)
        return [word.strip() for word in out.read_text().split("\n")]

    assert {"label-errors"} == set(completed("easiness lab"))
    assert {"--escape-formulas", "--estimator", "--encoding"} == set(
        completed("easiness score --e")
    )
