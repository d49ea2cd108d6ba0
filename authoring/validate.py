"""What a finished notebook must be, whether it was built a moment ago or has lain in the repository."""

import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from authoring import stored
from authoring.assemble import METADATA, NOT_COMPARED
from authoring.execute import WIDGET

CELL_METADATA = {"tags", "nbgrader", "ngo"}
BYTES = 1_000_000
"""The budget of a notebook's file."""
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")

Finding = tuple[str | None, str]
"""(cell id, or None for the whole notebook; what is wrong)."""


def findings(notebook: NotebookNode, executed: bool) -> list[Finding]:
    """Everything wrong with a notebook; lessons and solutions are stored executed, exercises are not."""
    wrong = list(_identity(notebook))
    if wrong:
        return wrong
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        return [(None, f"is not a valid notebook: {error.message}")]
    wrong = list(_metadata(notebook))
    size = len(stored.dump(notebook).encode())
    if size > BYTES:
        wrong.append((None, f"has {size:,} bytes, and the budget is {BYTES:,}; draw fewer or smaller figures"))
    for cell in notebook.cells:
        wrong += [(cell.id, f"unexpected metadata {key!r}") for key in sorted(set(cell.metadata) - CELL_METADATA)]
        if cell.cell_type == "code":
            texts = _outputs(cell) if executed else _no_outputs(cell)
            wrong += [(cell.id, text) for text in texts]
    return wrong


def output_texts(cell: NotebookNode) -> list[str]:
    """The plain texts a cell shows, printed or returned."""
    return [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]


def _identity(notebook: NotebookNode) -> Iterator[Finding]:
    seen = set()
    for index, cell in enumerate(notebook.cells):
        if "id" not in cell:
            yield None, f"cell {index} (from 0) has no id"
        elif cell.id in seen:
            yield cell.id, "the id stands on two cells"
        seen.add(cell.get("id"))


def _metadata(notebook: NotebookNode) -> Iterator[Finding]:
    for key, value in notebook.metadata.items():
        if key == "widgets":
            yield None, "widget state is left in the metadata"
        elif key not in METADATA:
            yield None, f"unexpected metadata {key!r}"
        elif value != METADATA[key]:
            extra = sorted(set(value) - set(METADATA[key]))
            what = f"tool version or other detail {', '.join(extra)} is" if extra else f"{value} is"
            yield None, f"metadata {key!r}: {what} not what the build writes"
    for key in METADATA.keys() - notebook.metadata.keys():
        yield None, f"metadata {key!r} is missing"


def _outputs(cell: NotebookNode) -> Iterator[str]:
    if cell.execution_count is None:
        yield "was not executed, its outputs are missing"
    compared = NOT_COMPARED not in cell.metadata.get("tags", [])
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"has an error output: {output.ename}: {output.evalue}"
        if "data" in output and not output.data:
            yield "shows a widget only, so its outputs are missing without a kernel; give it a text or an image"
        if any(mime.startswith(WIDGET) for mime in output.get("data", {})):
            yield "widget state is left in its output"
        if compared and output.get("name") == "stderr":
            yield f"writes to stderr, which differs between runs: {output.text.strip().splitlines()[0]!r}"
    if compared and (address := next(filter(None, map(ADDRESS.search, output_texts(cell))), None)):
        yield f"shows a memory address ({address[0]!r}), which differs between runs; assign the value instead"


def _no_outputs(cell: NotebookNode) -> Iterator[str]:
    if cell.outputs or cell.execution_count is not None:
        yield "has outputs; an exercise is stored without"
