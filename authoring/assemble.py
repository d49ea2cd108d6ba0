"""From a source to its notebooks, not yet executed: a lesson, or an exercise and its solution."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from nbformat import NotebookNode, v4

from authoring import quiz, stubs
from authoring.course import Course, Question
from authoring.exercise import exercise_problems, exercise_questions, question_key, role, stray_markers
from authoring.problems import AuthoringError
from authoring.source import MACHINE, ROLES, Cell, Source

NOT_COMPARED = "nbval-ignore-output"
READY = """\
try:
    from ngo_lesson.installation import say_what_is_missing

    say_what_is_missing()
except ModuleNotFoundError as error:
    print(f"{error.name} is not installed in this kernel. In a terminal, in the folder of the course:")
    print("    pip install -r requirements.txt")
    print("then choose Kernel > Restart Kernel. docs/places.md says it for VS Code, Binder and Colab.")"""
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def assemble(source: Source, course: Course) -> dict[Path, NotebookNode]:
    """The notebooks of a source by the path each is stored at; AuthoringError when questions or markers are wrong."""
    targets = course.targets(source.path)
    if not source.is_exercise:
        problems = [problem for cell in source.cells for problem in stray_markers(source, cell)]
        problems += [source.problem(cell.id, text) for cell in source.cells for text in _quiz_problems(cell)]
        if problems:
            raise AuthoringError(problems)
        folded = ((cell, quiz.fold(cell.text) if _is_quiz(cell) else cell.text) for cell in source.cells)
        title, *rest = (_node(cell, text) for cell, text in folded)
        ready = [v4.new_code_cell(READY, id="ready")] if _wants_ready(source) else []
        return {targets[0]: _notebook([title, *ready, *rest])}
    questions = exercise_questions(source, course)
    problems = exercise_problems(source, questions)
    if problems:
        raise AuthoringError(problems)
    exercise, solution = targets
    return {
        exercise: _notebook(_exercise_node(cell, questions) for cell in source.cells),
        solution: _notebook(_solution_node(cell, questions) for cell in source.cells),
    }


def question_text(question: Question, text: str) -> str:
    """The question's Markdown with its meter line under the heading and, last, hints that open one in the other."""
    stars = "★" * question.difficulty + "☆" * (3 - question.difficulty)
    minutes, points = _count(question.minutes, "minute"), _count(question.points, "point")
    found = re.fullmatch(r"(#+ [^\n]*\n+)?(.*)", text, re.DOTALL)
    assert found is not None  # this fits any text
    heading, body = found.groups()
    parts = [heading.strip()] if heading else []
    parts += [f"**{question.id}** · difficulty {stars} · about {minutes} · {points}", body]
    for number, hint in enumerate(question.hints, 1):
        parts += [f"<details><summary>Hint {number}</summary>", hint.strip()]
    parts += ["</details>"] * len(question.hints)
    return "\n\n".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _notebook(cells: Iterable[NotebookNode]) -> NotebookNode:
    return v4.new_notebook(cells=list(cells), metadata=METADATA, nbformat_minor=5)


def _wants_ready(source: Source) -> bool:
    """Whether the notebook begins with the cell that says what is missing: each lesson, but 00 checks more itself."""
    return source.path.parent.name == "lessons" and source.number != "00"


def _quiz_problems(cell: Cell) -> Iterator[str]:
    if _is_quiz(cell):
        try:
            quiz.fold(cell.text)
        except ValueError as error:
            yield str(error)


def _is_quiz(cell: Cell) -> bool:
    return cell.kind == "markdown" and quiz.is_quiz(cell.text)


def _node(cell: Cell, text: str, **metadata: object) -> NotebookNode:
    tags = [NOT_COMPARED if tag == MACHINE else tag for tag in cell.tags if tag not in ROLES]
    new = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
    return new(text, id=cell.id, metadata={"tags": tags, **metadata} if tags else metadata)


def _solution_node(cell: Cell, questions: Mapping[str, Question]) -> NotebookNode:
    text = stubs.solved(cell.text)
    if role(cell) == "question":
        text = question_text(questions[question_key(cell)], text)
    return _node(cell, text, nbgrader=_nbgrader(cell, questions))


def _exercise_node(cell: Cell, questions: Mapping[str, Question]) -> NotebookNode:
    if role(cell) != "answer":
        return _solution_node(cell, questions)
    text = stubs.stub(cell.text, cell.id)
    return _node(cell, text, nbgrader=_nbgrader(cell, questions), ngo={"stub": stubs.stub_hash(text)})


def _nbgrader(cell: Cell, questions: Mapping[str, Question]) -> dict[str, object]:
    """nbgrader's metadata, schema 3: answers are open, checks carry the points, everything else is locked."""
    tag = role(cell)
    marks: dict[str, object] = {
        "grade": tag == "check",
        "grade_id": cell.id,
        "locked": tag != "answer",
        "schema_version": 3,
        "solution": tag == "answer",
        "task": False,
    }
    return marks | {"points": questions[question_key(cell)].points} if tag == "check" else marks
