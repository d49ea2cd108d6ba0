"""The site: `make site` makes it from the files as they stand; no notebook is run and nothing is fetched."""

import importlib
import json
import pkgutil
import re
from pathlib import Path

import latex2mathml.converter
from docutils import nodes
from sphinx.application import Sphinx

import ngo_lesson
from ngo_lesson.kernels import Kernel

project = html_title = "Optimization without gradients"
html_show_copyright = False
extensions = ["myst_nb", "sphinx.ext.autodoc"]
root_doc = "README"
include_patterns = ["*.md", "docs/*", "notebooks/*.ipynb", "exercises/*.ipynb"]
contents = {"Lessons": "notebooks/*", "Exercises": "exercises/*", "Reference": "docs/*", "Authors": "CONTRIBUTING"}

nb_execution_mode = "off"
nb_merge_streams = True
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None), ("*", "image/png", 1)]
myst_enable_extensions = ["dollarmath", "amsmath", "html_image"]
myst_dmath_double_inline = True
myst_heading_anchors = 3
html_math_renderer = "mathml"
suppress_warnings = ["misc.highlighting_failure"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
add_module_names = toc_object_entries = False

html_theme = "sphinx_book_theme"
html_theme_options = {"home_page_in_toc": True, "show_toc_level": 2, "navbar_persistent": []}
html_context = {"default_mode": "auto"}
smartquotes = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"


def setup(app: Sphinx) -> None:
    """Register what follows."""
    app.add_html_math_renderer("mathml", inline_renderers=(write_math, None), block_renderers=(write_math, None))
    app.connect("source-read", prepare)
    app.connect("doctree-read", complete)
    app.connect("autodoc-process-docstring", write_docstring)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("build-finished", lambda app, error: make_index(Path(app.outdir)))


def prepare(app: Sphinx, name: str, content: list[str]) -> None:
    """Change the text of a page before it is read: the files hold nothing that only Sphinx would understand."""
    if name == root_doc:
        tree = "\n\n```{{toctree}}\n:hidden:\n:glob:\n:caption: {}\n\n{}\n```"
        content[0] += "".join(tree.format(*item) for item in contents.items())
    elif name == "docs/reference":
        section = "\n## {0}\n\n```{{eval-rst}}\n.. automodule:: ngo_lesson.{0}\n```\n"
        content[0] += "".join(section.format(module.removeprefix("ngo_lesson.")) for module in modules())
    elif Path(app.env.doc2path(name)).suffix == ".ipynb":
        notebook = json.loads(content[0])
        title, *cells = notebook["cells"]
        notebook["cells"] = [title, anchor(title)]
        for cell in cells:
            text = re.sub(r"\[([^]]+)\]\(\.\./solutions\)", r"\1", "".join(cell["source"]))  # not on the site
            cell["source"] = re.sub("<summary>.*?</summary>", write_summary, text)
            notebook["cells"] += [anchor(cell), cell]
        content[0] = json.dumps(notebook)


def anchor(cell: dict) -> dict:
    """Where a link to `#cell-id=NAME` leads, which JupyterLab finds without it."""
    source = f'<span id="cell-id={cell["id"]}"></span>'
    return {"cell_type": "markdown", "id": f"at-{cell['id']}", "metadata": {}, "source": source}


def write_summary(match: re.Match) -> str:
    """Markdown is not read within HTML: the formulas of a choice."""
    return re.sub(r"\$(.+?)\$", lambda formula: mathml(formula[1], "inline"), match[0])


def complete(app: Sphinx, page: nodes.document) -> None:
    """Make the cells of a notebook known to links, and give its pictures their alternative text."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        slugs = app.env.metadata[app.env.docname]["myst_slugs"]
        slugs.update({f"cell-id={cell['id']}": (0, f"cell-id={cell['id']}", cell["id"]) for cell in cells})
        pictures = [node[0] for node in page.findall(nodes.container) if node.get("mime_type") == "image/png"]
        metadata = [output["metadata"] for cell in cells for output in cell.get("outputs", []) if "metadata" in output]
        alternatives = [each["image/png"]["alt"] for each in metadata if "image/png" in each]
        for picture, text in zip(pictures, alternatives, strict=True):
            picture["alt"] = text


def mathml(formula: str, display: str) -> str:
    """MathML, which browsers show and read aloud without a script."""
    return latex2mathml.converter.convert(formula, display=display)


def write_math(writer: object, node: nodes.Element) -> None:
    """Write a formula to the page."""
    writer.body.append(mathml(node.astext(), "block" if isinstance(node, nodes.math_block) else "inline"))
    raise nodes.SkipNode


def modules() -> list[str]:
    """Name the modules of the reference. Their kernels become the plain functions that autodoc knows how to show."""
    found = pkgutil.walk_packages(ngo_lesson.__path__, "ngo_lesson.")
    names = [each.name for each in found if not each.ispkg and not re.search(r"\.(grading|exercise_..)", each.name)]
    for module in [importlib.import_module(name) for name in names]:
        kernels = {name: value for name, value in vars(module).items() if isinstance(value, Kernel)}
        vars(module).update({name: value.py_func for name, value in kernels.items()})
    return names


def write_docstring(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text with `code`, and a line begins anew for each parameter that needs words."""
    text = re.sub(r"`([^`]+)`|([\\*_|])", write_code, "\n".join(lines))
    text = re.sub(r"\n(?=\w[\w\\, ]*: )", "\n\n", text)
    lines[:] = re.sub(r"\n +", "\n", text).split("\n")


def write_code(match: re.Match) -> str:
    """Mark `code` as Sphinx wants it; what else would be a mark is none."""
    return rf"\ ``{match[1]}``\ " if match[1] else "\\" + match[2]


def skip_foreign(app: Sphinx, what: str, name: str, item: object, skip: bool, options: object) -> bool | None:
    """Leave out what Python or scikit-learn put into a class: numbers of fields, requests for metadata."""
    foreign = not getattr(item, "__module__", "ngo_lesson").startswith("ngo_lesson")
    return foreign or str(item.__doc__).startswith("Alias for field number") or None


def make_index(site: Path) -> None:
    """A server looks for index.html."""
    (site / "index.html").write_text((site / "README.html").read_text(encoding="utf-8"), encoding="utf-8")
