"""Configuration of the site: `make docs` builds it into `docs/_build/html`, offline."""

import os
import re
import subprocess
import sys

from docutils import nodes
from easiness_cli.parser import COMMANDS
from sphinx.util.docutils import SphinxDirective

import easiness_core

project = "easiness_core"
author = "The easiness_core developers"
copyright = author
version = release = easiness_core.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
nitpicky = True
# Docstrings put code, formulas and names in single backticks: what is a public name becomes a link.
default_role = "py:obj"
# Lightning writes the docstrings of the hooks that its callbacks inherit.
nitpick_ignore_regex = [("py:obj", "(?s).*"), ("py:class", r"lightning\..*")]

autodoc_member_order = "bysource"
# Types are in the text of the docstrings, with shapes and ranges.
autodoc_typehints = "none"
autosummary_ignore_module_all = False
numpydoc_show_class_members = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
copybutton_prompt_text = r">>> |\.\.\. |\$ |> "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "easiness_core"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False

# "all" means: all but these. SA01, ES01: not every docstring needs the section. SS05: it takes
# every first word that ends in s for a verb. PR06: it takes "integer" in any text for a type.
numpydoc_validation_checks = {"all", "SA01", "ES01", "SS05", "PR06"}
# A result documents its fields as attributes; the errors of one family share their parameters.
numpydoc_validation_overrides = {"PR01": ["Attributes\n", "Its parameters are those of"]}
numpydoc_validation_exclude = {
    # Methods and properties: their class has the example.
    r"\.[A-Z]\w+\.\w",
    # numpydoc cannot read the source of what Hypothesis generates.
    r"easiness_core\.testing\.",
}


class CommandHelp(SphinxDirective):
    """What `easiness COMMAND --help-all` prints, a section for each command."""

    def run(self) -> list[nodes.Node]:
        sections: list[nodes.Node] = []
        for name in COMMANDS:
            text = subprocess.run(
                [sys.executable, "-m", "easiness_cli", name, "--help-all"],
                env={**os.environ, "COLUMNS": "80"}, capture_output=True, text=True, check=True,
            ).stdout  # fmt: skip
            section = nodes.section("", nodes.title(text=name), ids=[name])
            section += nodes.literal_block(text, text, language="text")
            sections.append(section)
        return sections


def link_pages(app, what, name, obj, options, lines):
    """Turn `docs/numerics.md`, as docstrings name pages, into a link."""
    lines[:] = [re.sub(r"\bdocs/(\w+)\.md", r":doc:`/\1`", line) for line in lines]


def setup(app):
    app.add_directive("command-help", CommandHelp)
    app.connect("autodoc-process-docstring", link_pages)
