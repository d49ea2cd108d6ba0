"""Build notebooks from their sources: assemble, execute, validate, and write what changed."""

import copy
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from nbformat import NotebookNode

from authoring import stored, stubs
from authoring.assemble import NOT_COMPARED, assemble
from authoring.course import Course
from authoring.execute import CellError, execute
from authoring.exercise import exercise_questions, question_key, role
from authoring.meter import Cost
from authoring.problems import AuthoringError, Problem
from authoring.source import Source, read
from authoring.validate import findings, output_texts

Result = TypeVar("Result")
say = partial(print, flush=True)


@dataclass(frozen=True)
class Built:
    """A notebook that a build finished: its path, what its execution cost, and whether the file was written."""

    name: str
    cost: Cost
    written: bool

    def __str__(self) -> str:
        return f"{self.name}  {self.cost.seconds:.1f} s  {'written' if self.written else 'unchanged'}"


def build(course: Course, selection: Sequence[str] = (), jobs: int = 2) -> None:
    """Build the selected sources, all by default, several at once; AuthoringError with all problems of all files."""
    problems: list[Problem] = []
    for notebooks, found in in_parallel(partial(_attempt, course), course.select(selection), jobs):
        problems += found
        for built in notebooks:
            say(built)
    if problems:
        raise AuthoringError(problems)


def in_parallel(work: Callable[[Path], Result], paths: Sequence[Path], jobs: int) -> Iterator[Result]:
    """The result of `work` for each path, as they finish; what has not begun is dropped when the caller stops."""
    pool = ThreadPoolExecutor(jobs)
    try:
        for future in as_completed([pool.submit(work, path) for path in paths]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _attempt(course: Course, path: Path) -> tuple[list[Built], list[Problem]]:
    try:
        return build_source(course, path), []
    except AuthoringError as error:
        return [], error.problems


def build_source(course: Course, path: Path) -> list[Built]:
    """Build the notebooks of one source; AuthoringError, and no file written, when anything is wrong with one."""
    source = read(course, path)
    assembled = assemble(source, course)
    for target in assembled:
        refuse_to_overwrite(course, target)
    finished = [(target, *finish(source, course, target, notebook)) for target, notebook in assembled.items()]
    return [Built(course.name(target), cost, _write(target, new)) for target, new, cost in finished]


def finish(source: Source, course: Course, target: Path, notebook: NotebookNode) -> tuple[NotebookNode, Cost]:
    """Execute an assembled notebook unless it is an exercise, and validate it: (notebook, what that cost)."""
    cost = Cost(0, 0, 0)
    if target.parent.name != "exercises":
        try:
            notebook, cost = execute(notebook, target.parent)
        except CellError as error:
            cell = source.cell(error.cell_id)
            line = cell.first + error.line - 1 if cell else 1  # `assemble` adds a cell
            text = f"cell {error.cell_id!r} failed in {course.name(target)}: {error.reason}"
            raise AuthoringError([Problem(source.name, line, text)]) from error
    problems = list(stored_problems(source, course, target, notebook))
    if problems:
        raise AuthoringError(problems)
    return notebook, cost


def stored_problems(source: Source, course: Course, target: Path, notebook: NotebookNode) -> Iterator[Problem]:
    """What is wrong with a notebook, built or stored, by the lines of its source."""
    executed = target.parent.name != "exercises"
    for cell_id, text in findings(notebook, executed):
        where = f"{course.name(target)}: " + (f"cell {cell_id!r} " if cell_id else "")
        yield source.problem(cell_id, where + text)
    if not (source.is_exercise and executed):
        return
    questions = exercise_questions(source, course)
    for cell in (cell for cell in source.cells if role(cell) == "check"):
        line = f"{questions[question_key(cell)].id}: passed, "
        node = next((node for node in notebook.cells if node.get("id") == cell.id), None)
        if node and not any(text.startswith(line) for text in output_texts(node)):
            yield source.problem(cell.id, f"{course.name(target)}: the solution does not pass the check {cell.id!r}")


def refuse_to_overwrite(course: Course, target: Path) -> None:
    """AuthoringError when the exercise at `target` holds a student's work: a changed answer or a cell of their own."""
    if target.parent.name != "exercises" or not target.exists():
        return
    advice = "move it to my_work/, or delete it, then build again"
    try:
        cells = stored.load(target).cells
    except ValueError as error:
        raise AuthoringError([Problem(course.name(target), 1, f"{error}; {advice}")]) from error
    changed = [cell.get("id", "without id") for cell in cells if _is_work(cell)]
    if changed:
        names = ", ".join(repr(cell_id) for cell_id in changed)
        text = f"somebody worked in cell {names}, and a build would overwrite it; {advice}"
        raise AuthoringError([Problem(course.name(target), 1, text)])


def same_but_machine(old: NotebookNode, new: NotebookNode) -> bool:
    """Whether two notebooks differ in nothing but the outputs of cells tagged `machine`."""
    return stored.dump(_without_machine_outputs(old)) == stored.dump(_without_machine_outputs(new))


def _is_work(cell: NotebookNode) -> bool:
    text = cell.get("source", "")
    metadata = cell.get("metadata", {})
    if "nbgrader" not in metadata:
        return bool(text.strip())
    return bool(metadata.nbgrader.get("solution")) and metadata.get("ngo", {}).get("stub") != stubs.stub_hash(text)


def _without_machine_outputs(notebook: NotebookNode) -> NotebookNode:
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if NOT_COMPARED in cell.get("metadata", {}).get("tags", []):
            cell.outputs = []
    return notebook


def _write(target: Path, notebook: NotebookNode) -> bool:
    if target.exists():
        try:
            if same_but_machine(stored.load(target), notebook):
                return False
        except ValueError:
            pass  # a damaged lesson or solution is replaced
    stored.write(target, stored.dump(notebook))
    return True
