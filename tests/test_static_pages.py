"""A lesson without its kernel, exported to HTML: pictures and sentences are there, and no widget in their place."""

from html import unescape
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_picture_and_sentence_is_on_the_page(path):
    notebook = nbformat.read(path, as_version=4)
    page = unescape(HTMLExporter(template_name="classic").from_notebook_node(notebook)[0])
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert page.count('src="data:image/png;base64,') == len(pictures)
    for picture in pictures:
        assert f'alt="{picture.metadata["image/png"]["alt"]}"' in page
    for data in (output.data for output in outputs if output.output_type == "display_data"):
        text = data["text/plain"]
        if "text/html" not in data and not text.startswith(("Figure: ", "Explorer: ")):
            assert text in page
    assert "jupyter-widgets" not in page.partition("</head>")[2]
