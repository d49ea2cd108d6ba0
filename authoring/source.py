"""A py:percent text file read into cells, each with its id, its tags and its line.

A cell starts with `# %% [markdown] id="bowl"` or `# %% id="load-data" tags=["C01", "machine"]`. Jupytext splits the
file and uncomments the Markdown; the headers are checked here, because jupytext accepts almost anything and keeps no
line numbers.
"""

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext

from authoring.course import Course
from authoring.problems import AuthoringError, Problem, did_you_mean

MACHINE = "machine"
ROLES = ("answer", "check", "question")
HEADER_LIKE = re.compile(r"\s*#\s*%%+(\s|$)")
HEADER = re.compile(
    r'# %%(?P<markdown> \[markdown\])? id="(?P<id>[^"]*)"(?: tags=\[(?P<tags>"[^"]*"(?:, "[^"]*")*)\])?'
)
CELL_ID = re.compile(r"[a-z0-9_-]{1,64}")
MAGIC = re.compile(r"\s*(?:\w[\w, ]*=\s*)?[%!?]|.*\?\s*$")
PERCENT = {"extension": ".py", "format_name": "percent", "comment_magics": False}


@dataclass(frozen=True)
class Cell:
    """One cell: `line` is its header's line in the file, `first` the line of its first line of text."""

    kind: str
    id: str
    tags: tuple[str, ...]
    text: str
    line: int
    first: int


@dataclass(frozen=True)
class Source:
    """A source file: `name` as messages show it, `number` the two digits its name starts with."""

    path: Path
    name: str
    cells: tuple[Cell, ...]

    @property
    def number(self) -> str:
        """The lesson's or exercise's number, two digits."""
        return self.path.name[:2]

    @property
    def is_exercise(self) -> bool:
        """Whether the file lies in `authoring/exercises`."""
        return self.path.parent.name == "exercises"

    def cell(self, cell_id: str | None) -> Cell | None:
        """The cell with this id, or None."""
        return next((cell for cell in self.cells if cell.id == cell_id), None)

    def problem(self, cell_id: str | None, text: str) -> Problem:
        """A problem at the header of the cell with this id; at line 1 when it has none."""
        cell = self.cell(cell_id)
        return Problem(self.name, cell.line if cell else 1, text)


def read(course: Course, path: Path) -> Source:
    """Read a source of the course, whose cells may carry the rows of its checklist as tags; AuthoringError."""
    return read_source(path, course.name(path), {row.id for row in course.rows()})


def read_source(path: Path, name: str, rows: Collection[str]) -> Source:
    """Read one source whose cells may carry the tags in `rows`; AuthoringError with everything that is wrong."""
    lines = _decode(path, name).replace("\r\n", "\n").rstrip("\n").split("\n")
    starts = [line for line, text in enumerate(lines, 1) if HEADER_LIKE.match(text)]
    known = [MACHINE, *(ROLES if path.parent.name == "exercises" else ())]
    problems = [problem for line in starts for problem in _header_problems(name, line, lines[line - 1], known, rows)]
    problems += [
        Problem(name, line, "text before the first cell header; the file starts with a markdown cell")
        for line, text in enumerate(lines[: starts[0] - 1 if starts else None], 1)
        if text.strip()
    ][:1]
    if problems or not starts:
        raise AuthoringError(problems or [Problem(name, 1, "no cells")])
    cells = _cells(name, lines, starts)
    problems = _id_problems(name, cells) + _title_problems(path, name, cells[0])
    for cell in cells:
        problems += _text_problems(name, cell, lines)
    if problems:
        raise AuthoringError(problems)
    return Source(path, name, tuple(cells))


def _decode(path: Path, name: str) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        text = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise AuthoringError([Problem(name, line, text)]) from error


def _header_problems(name: str, line: int, text: str, known: list[str], rows: Collection[str]) -> list[Problem]:
    header = HEADER.fullmatch(text.rstrip())
    if header is None and " id=" not in text:
        return [Problem(name, line, 'cell without id; write # %% id="a-name"')]
    if header is None:
        example = '# %% [markdown] id="a-name" tags=["C01"]'
        return [Problem(name, line, f"cell header {text.strip()!r} is not understood; write it as {example}")]
    problems = []
    if not CELL_ID.fullmatch(header["id"]):
        problems.append(f"invalid id {header['id']!r}; an id has 1 to 64 lowercase letters, digits, - and _")
    for tag in _tags(header):
        if tag not in known and tag not in rows:
            listed = f"{', '.join(known)} and the row ids of authoring/checklist.csv"
            hint = did_you_mean(tag, [*known, *rows])
            problems.append(f"unknown tag {tag!r}; known tags: {listed}{hint}")
    return [Problem(name, line, problem) for problem in problems]


def _tags(header: re.Match[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(re.findall(r'"([^"]*)"', header["tags"] or "")))


def _cells(name: str, lines: list[str], starts: list[int]) -> list[Cell]:
    split = _split("\n".join(lines) + "\n")
    if len(split) != len(starts):
        text = f"{len(starts)} cell headers but {len(split)} cells; does one stand inside a string?"
        raise AuthoringError([Problem(name, starts[0], text)])
    cells = []
    for line, (kind, source) in zip(starts, split, strict=True):
        header = HEADER.fullmatch(lines[line - 1].rstrip())
        assert header is not None  # else `_header_problems` has told
        text = source.rstrip()
        kept = text.lstrip("\n")
        first = line + 1 + len(text) - len(kept)
        cells.append(Cell(kind, header["id"], _tags(header), kept, line, first))
    return cells


@cache
def _split(text: str) -> tuple[tuple[str, str], ...]:
    """Kind and text of each cell; kept, because one command reads a source for its notebook and for several pages."""
    return tuple((cell.cell_type, cell.source) for cell in jupytext.reads(text, fmt=PERCENT).cells)


def _id_problems(name: str, cells: list[Cell]) -> list[Problem]:
    seen: dict[str, int] = {}
    problems = []
    for cell in cells:
        if cell.id in seen:
            text = f"duplicate id {cell.id!r}, first used in line {seen[cell.id]}"
            problems.append(Problem(name, cell.line, text))
        seen.setdefault(cell.id, cell.line)
    return problems


def _title_problems(path: Path, name: str, cell: Cell) -> list[Problem]:
    title = f"# {path.name[:2]} "
    if cell.kind == "markdown" and cell.text.startswith(title):
        return []
    return [Problem(name, cell.line, f"the first cell is markdown and starts with the title '{title}...'")]


def _text_problems(name: str, cell: Cell, lines: list[str]) -> list[Problem]:
    if not cell.text:
        return [Problem(name, cell.line, f"cell {cell.id!r} is empty")]
    if cell.kind == "code":
        return _code_problems(name, cell)
    raw = lines[cell.first - 1 : cell.first - 1 + len(cell.text.split("\n"))]
    if raw[0].startswith('"""'):
        return []
    return [
        Problem(name, line, "line of a markdown cell without '# ' in front; is a cell header missing above it?")
        for line, text in enumerate(raw, cell.first)
        if text.strip() and not text.startswith("#")
    ][:1]


def _code_problems(name: str, cell: Cell) -> list[Problem]:
    """A line that only IPython understands is no Python, so the parser finds it and the pattern names it."""
    try:
        ast.parse(cell.text)
    except SyntaxError as error:
        number = error.lineno or 1
        line = [*cell.text.split("\n"), ""][number - 1]
        if MAGIC.match(line):
            text = f"magic or shell escape {line.strip()!r}; write plain Python, so that the lesson runs everywhere"
        else:
            text = f"cell {cell.id!r} does not parse: {error.msg}"
        return [Problem(name, cell.first + number - 1, text)]
    if cell.text.endswith(";"):
        text = f"cell {cell.id!r} ends in ';', which hides its value in JupyterLab but not from nbval; assign the value"
        return [Problem(name, cell.first + cell.text.count("\n"), text)]
    return []
