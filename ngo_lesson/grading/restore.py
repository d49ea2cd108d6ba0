"""Takes the answer cells out of a submitted notebook and puts them into the instructor's solved one.

So checks, tags, kernel and points are always the instructor's. Notebooks are plain JSON here, because a submitted one
may be damaged in any way.
"""

import ast
import copy
import json
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

CHECK_SUFFIX = "-check"
LONGEST = 20_000  # characters of an answer, or of an extra cell that is kept
MOST_EXTRAS = 100  # cells that are looked at
MOST_MAGICS = 20  # lines of a cell that are taken out
MAGIC = re.compile(r"\s*[%!?]|[\w.,\s\[\]]+=\s*[%!]|.*\?\s*$")
FOR_IPYTHON = re.compile("get_ipython|IPython")
MARKERS = ("NBVAL_", "PYTEST_VALIDATE_")  # how comments begin by which nbval skips or does not compare a cell


class UnreadableError(ValueError):
    """A submitted file that no answers can be taken from; the text says why."""


@dataclass(frozen=True)
class Restored:
    """The notebook to run, and what the instructor should know about the submitted one.

    `cells` are ids and sources of the code cells up to the last answer without the checks, in the notebook's order;
    `extras` are the ids of those that the student added.
    """

    notebook: dict[str, Any]
    notes: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    extras: frozenset[str]

    def without(self, ids: Collection[str]) -> "Restored":
        """Return the same without the extra cells named in `ids`, and a comment in place of the answers named there."""
        removed = self.extras & set(ids)
        cells = [cell for cell in self.notebook["cells"] if grade_id(cell) not in removed]
        ended = [grade_id(cell) for cell in cells if is_answer(cell) and grade_id(cell) in ids]
        cells = [cell | {"source": _left_out(grade_id(cell))} if grade_id(cell) in ended else cell for cell in cells]
        notes = (
            [f"{_count(len(removed), 'extra code cell')} left out: it never ended, or ended Python"] if removed else []
        )
        notes += [f"{key}: the cell never ended, or ended Python, and was left out" for key in ended]
        notebook = self.notebook | {"cells": cells}
        return Restored(notebook, (*self.notes, *notes), _to_execute(notebook), self.extras - removed)


def read_cells(content: bytes) -> list[Any]:
    """Return the cells of a submitted notebook, of any format since 2. Raises UnreadableError."""
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableError("not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not JSON: {error}" if content.strip() else "the file is empty") from None
    if not isinstance(notebook, dict):
        raise UnreadableError("not a notebook: it has no list of cells")
    sheets = notebook.get("worksheets")  # before format 4, with code under another name
    old = [sheet["cells"] for sheet in _dicts(sheets) if isinstance(sheet.get("cells"), list)]
    if old and "cells" not in notebook:
        return [cell | {"source": cell.get("input", cell.get("source"))} for cells in old for cell in _dicts(cells)]
    if not isinstance(notebook.get("cells"), list):
        raise UnreadableError("not a notebook: it has no list of cells")
    return notebook["cells"]


def restore(cells: list[Any], pristine: dict[str, Any]) -> Restored:
    """Return the solved notebook `pristine` with its answers replaced by those among the submitted `cells`.

    Cells with the same id are put together in their order, which is what running the notebook does. A missing answer
    stays empty. Extra code cells are kept before the answer they precede. Raises UnreadableError without any answer.
    """
    whole = _dicts(cells)
    notes = [f"{_count(len(cells) - len(whole), 'damaged cell')} left out" if len(whole) < len(cells) else ""]
    notebook = copy.deepcopy(pristine)
    wanted = [cell for cell in notebook["cells"] if is_answer(cell)]
    by_id: dict[str, list[dict[str, Any]]] = {}
    for cell in whole:
        by_id.setdefault(grade_id(cell), []).append(cell)
    if not any(grade_id(cell) in by_id for cell in wanted):
        raise UnreadableError("none of the answer cells is in it: they have lost their ids, or it is another exercise")
    for cell in wanted:
        notes += _fill(cell, by_id.get(grade_id(cell), []))
    notes.append(_changed(pristine, by_id))
    extras, more = _extras(whole, [grade_id(cell) for cell in wanted], {grade_id(cell) for cell in pristine["cells"]})
    notebook["cells"] = [
        each for cell in notebook["cells"] for each in (*(extras[grade_id(cell)] if is_answer(cell) else ()), cell)
    ]
    added = frozenset(cell["id"] for kept in extras.values() for cell in kept)
    return Restored(notebook, tuple(filter(None, (*notes, *more))), _to_execute(notebook), added)


def tidy(text: str) -> tuple[str, list[str], bool]:
    """Return code as both runs execute it, what was changed in it, and whether it parses as Python.

    Magics, shell escapes and help lines become comments, where it does not parse with them; markers lose their effect.
    """
    notes = []
    clean = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    letters = re.sub("[\0\ud800-\udfff]", "\ufffd", clean)
    if letters != clean:
        notes.append("NUL or broken characters replaced")
    code, commented = _as_python(letters)
    if commented:
        notes.append(f"{_count(commented, 'magic, shell or help line')} left out")
    lines = (letters if code is None else code).splitlines(keepends=True)  # as nbval splits them
    safe = "".join(line.replace("_", "-") if _is_marker(line) else line for line in lines)
    if safe != "".join(lines):
        notes.append("a marker that tells nbval what to skip was changed")
    return safe, notes, code is not None


def points(pristine: dict[str, Any], exercise: str) -> dict[str, int]:
    """Return the points of each question of an exercise such as "02", from the check cells of its solved notebook."""
    checks = (nbgrader(cell) for cell in pristine["cells"])
    return {question(check["grade_id"], exercise): check["points"] for check in checks if check.get("grade")}


def question(check_id: str, exercise: str) -> str:
    """Return the id of the question that a check cell belongs to: "half_mse-check" of "02" is "02.half_mse"."""
    return f"{exercise}.{check_id.removesuffix(CHECK_SUFFIX)}"


def is_answer(cell: dict[str, Any]) -> bool:
    """Whether the instructor's cell is one that students fill in and that is not graded itself."""
    return bool(nbgrader(cell).get("solution")) and not nbgrader(cell).get("grade")


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


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _fill(cell: dict[str, Any], found: list[dict[str, Any]]) -> Iterable[str]:
    """Replace the source of an answer cell; yield what was odd."""
    key = grade_id(cell)
    code = [source(other) for other in found if other.get("cell_type") == "code"]
    cell["source"] = f"# no answer to {key} was found"
    if not found:
        yield f"{key}: no cell with this id (deleted or renamed)"
    elif not code:
        yield f"{key}: no longer a code cell"
    elif sum(map(len, code)) > LONGEST:
        cell["source"] = _left_out(key)
        yield f"{key}: longer than {LONGEST} characters, left out"
    else:
        if len(found) > 1:
            yield f"{key}: {len(found)} cells with this id, put together"
        parts = [tidy(text) for text in code]
        cell["source"] = "\n\n".join(text for text, *_ in parts)
        yield from (f"{key}: {note}" for _, notes, _ in parts for note in notes)


def _left_out(key: str) -> str:
    return f"# the answer to {key} was left out"


def _changed(pristine: dict[str, Any], by_id: dict[str, list[dict[str, Any]]]) -> str:
    """Return a note on the exercise's own code cells that the student changed, or ""."""
    changed = [
        grade_id(cell)
        for cell in pristine["cells"]
        if cell["cell_type"] == "code" and not is_answer(cell)
        for other in by_id.get(grade_id(cell), [])[:1]
        if source(other).split() != source(cell).split()
    ]
    return f"changed, but run as the exercise has them: {', '.join(changed)}" if changed else ""


def _extras(
    cells: list[dict[str, Any]], wanted: list[str], known: set[str]
) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Return new cells for the student's own by the answer that each precedes, and notes."""
    before: dict[str, list[dict[str, Any]]] = {key: [] for key in wanted}
    left: Counter[str] = Counter()
    texts: list[list[Any]] = []  # pairs of a tidy text and what was changed in it
    notes, number = [], 0
    for cell in cells:
        if grade_id(cell) in wanted:
            for text, changes in texts:
                number += 1
                new = {"cell_type": "code", "id": f"extra-{number}", "metadata": {}, "source": text}
                before[grade_id(cell)].append(new | {"execution_count": None, "outputs": []})
                notes += [f"extra code cell {number}: {change}" for change in changes]
            texts = []
        elif cell.get("cell_type") == "code" and grade_id(cell) not in known and source(cell).strip():
            fault, *tidied = ("too many",) if left.total() >= MOST_EXTRAS else _harmless(source(cell))
            left[fault] += 1
            texts += [] if fault else [tidied]
    del left[""]
    if texts:
        left["after the last answer"] = len(texts)
    if number:
        places = ", ".join(f"{len(kept)} before {key}" for key, kept in before.items() if kept)
        notes.insert(0, f"{_count(number, 'extra code cell')} kept: {places}")
    if left:
        why = ", ".join(f"{count} {fault}" for fault, count in left.items())
        notes.append(f"{_count(left.total(), 'extra code cell')} left out: {why}")
    return before, notes


def _harmless(text: str) -> tuple[str, str, list[str]]:
    """Return why an extra cell is not kept, or "", and its tidy text and what was changed in it."""
    if len(text) > LONGEST:
        return "too long", "", []
    code, notes, parses = tidy(text)
    if not parses:
        return "not Python", "", []
    return "uses IPython" if FOR_IPYTHON.search(unicodedata.normalize("NFKC", code)) else "", code, notes


def _to_execute(notebook: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    cells = notebook["cells"]
    last = max(i for i, cell in enumerate(cells) if is_answer(cell))
    codes = (cell for cell in cells[: last + 1] if cell["cell_type"] == "code" and not nbgrader(cell).get("grade"))
    return tuple((grade_id(cell), source(cell)) for cell in codes)


def _is_marker(line: str) -> bool:
    comment = line.strip()
    return comment.startswith("#") and comment.lstrip("#").strip().upper().startswith(MARKERS)


def _as_python(text: str) -> tuple[str | None, int]:
    """Return code that parses, or None, and how many lines had to become comments."""
    if _fault_line(text) == 0:
        return text, 0
    from IPython.core.inputtransformer2 import TransformerManager  # slow to import, and rarely needed

    lines = text.splitlines(keepends=True)
    for transform in TransformerManager().cleanup_transforms:  # prompts, indentation of the whole cell
        lines = transform(lines)
    lines = "".join(lines).split("\n")
    commented = 0
    while (fault := _fault_line("\n".join(lines))) > 0 and commented < MOST_MAGICS:
        end = fault - 1
        while end and lines[end - 1].endswith("\\"):
            end -= 1
        if not MAGIC.match(lines[end]):
            return None, 0
        lines[end] = re.sub(r"^(\s*)", r"\1pass  # ", lines[end])
        while lines[end].endswith("\\") and end + 1 < len(lines):
            end += 1
            lines[end] = f"# {lines[end]}"
        commented += 1
    return (None, 0) if fault else ("\n".join(lines), commented)


def _fault_line(code: str) -> int:
    """Return the line at which code stops being Python, 0 where it is, -1 where that cannot be told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except SyntaxError as error:
            return error.lineno if error.lineno and error.lineno <= code.count("\n") + 1 else -1
        except (ValueError, RecursionError, MemoryError, OverflowError):
            return -1
    return 0
