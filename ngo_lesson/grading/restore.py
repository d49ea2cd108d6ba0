"""Takes the answer cells out of a submitted notebook and puts them into the instructor's solved one.

So checks, tags, kernel and points are always the instructor's. Notebooks are plain JSON here, because a submitted one
may be damaged in any way.
"""

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECK_SUFFIX = "-check"


class UnreadableError(ValueError):
    """A submitted file that no answers can be taken from; the text says why."""


@dataclass(frozen=True)
class Restored:
    """The notebook to run, and what the instructor should know about the submitted one."""

    notebook: dict[str, Any]
    notes: tuple[str, ...]


def read_cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a submitted notebook. Raises UnreadableError."""
    try:
        notebook = json.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8 text") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {error}") from None
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror}") from None
    if isinstance(notebook, dict) and "worksheets" in notebook:
        raise UnreadableError("notebook format 3 or older: open it in JupyterLab and save it again")
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise UnreadableError("not a notebook: it has no list of cells")
    return [cell for cell in cells if isinstance(cell, dict)]


def restore(cells: list[dict[str, Any]], pristine: dict[str, Any]) -> Restored:
    """Return the solved notebook `pristine` with its answers replaced by those among the submitted `cells`.

    Cells with the same id are put together in their order, which is what running the notebook does. A missing answer
    stays empty. Raises UnreadableError where none is found.
    """
    notebook = copy.deepcopy(pristine)
    wanted = [cell for cell in notebook["cells"] if nbgrader(cell).get("solution") and not nbgrader(cell).get("grade")]
    by_id: dict[str, list[dict[str, Any]]] = {}
    for cell in cells:
        by_id.setdefault(grade_id(cell), []).append(cell)
    if not any(grade_id(cell) in by_id for cell in wanted):
        raise UnreadableError("none of the answer cells is in it: they have lost their ids, or it is another exercise")
    notes = [_fill(cell, by_id.get(grade_id(cell), [])) for cell in wanted]
    known = {grade_id(cell) for cell in pristine["cells"]}
    strange = (cell for cell in cells if cell.get("cell_type") == "code" and grade_id(cell) not in known)
    extra = sum(bool(source(cell).strip()) for cell in strange)
    notes.append(f"{extra} code cells outside the exercise left out" if extra else "")
    return Restored(notebook, tuple(filter(None, notes)))


def _fill(cell: dict[str, Any], found: list[dict[str, Any]]) -> str:
    """Replace the source of an answer cell; return a note where something was odd, or ""."""
    key = grade_id(cell)
    code = [source(other) for other in found if other.get("cell_type") == "code"]
    cell["source"] = "\n\n".join(code) or f"# no answer to {key} was found"
    if not found:
        return f"{key}: no cell with this id (deleted or renamed)"
    if not code:
        return f"{key}: no longer a code cell"
    return f"{key}: {len(found)} cells with this id, put together" if len(found) > 1 else ""


def points(pristine: dict[str, Any], exercise: str) -> dict[str, int]:
    """Return the points of each question of an exercise such as "02", from the check cells of its solved notebook."""
    checks = (nbgrader(cell) for cell in pristine["cells"])
    return {question(check["grade_id"], exercise): check["points"] for check in checks if check.get("grade")}


def question(check_id: str, exercise: str) -> str:
    """Return the id of the question that a check cell belongs to: "half_mse-check" of "02" is "02.half_mse"."""
    return f"{exercise}.{check_id.removesuffix(CHECK_SUFFIX)}"


def nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    """Return the cell's nbgrader metadata, or an empty dict."""
    metadata = cell.get("metadata")
    entry = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return entry if isinstance(entry, dict) else {}


def grade_id(cell: dict[str, Any]) -> str:
    """Return the cell's grade_id; without one its id, which is the same in the course's notebooks."""
    return next((key for key in (nbgrader(cell).get("grade_id"), cell.get("id")) if isinstance(key, str)), "")


def source(cell: dict[str, Any]) -> str:
    """Return the cell's text, which the format allows to be a list of lines."""
    text = cell.get("source")
    if isinstance(text, list):
        return "".join(line for line in text if isinstance(line, str))
    return text if isinstance(text, str) else ""
