"""The rules of an exercise: each question has its text, its answer cell and its check cell, and hides its solution."""

import ast
from collections.abc import Iterator, Mapping

from authoring import stubs
from authoring.course import Course, Question
from authoring.problems import AuthoringError, Problem, did_you_mean
from authoring.source import ROLES, Cell, Source

SUFFIX = {"question": "-question", "answer": "", "check": "-check"}
KIND = {"question": "markdown", "answer": "code", "check": "code"}


def exercise_questions(source: Source, course: Course) -> dict[str, Question]:
    """The questions of the source's exercise by the name after the number: "half_mse" of "02.half_mse"."""
    try:
        questions = course.questions(source.number)
    except (LookupError, ValueError, ImportError, SyntaxError) as error:
        raise AuthoringError([source.problem(None, f"no questions for exercise {source.number}: {error}")]) from error
    return {question.id.partition(".")[2]: question for question in questions}


def role(cell: Cell) -> str | None:
    """'question', 'answer', 'check', or None for a cell that belongs to no question."""
    return next((tag for tag in cell.tags if tag in ROLES), None)


def question_key(cell: Cell) -> str:
    """The name of the question a cell with a role belongs to, taken from the cell's id."""
    tag = role(cell)
    assert tag is not None
    return cell.id.removesuffix(SUFFIX[tag])


def exercise_problems(source: Source, questions: Mapping[str, Question]) -> list[Problem]:
    """Everything that keeps a source from becoming an exercise and its solution."""
    problems = _missing(source, questions)
    for cell in source.cells:
        if role(cell) == "answer":
            problems += _answer_problems(source, cell)
        else:
            problems += stray_markers(source, cell)
        if tag := role(cell):
            problems += [source.problem(cell.id, text) for text in _role_problems(source, cell, tag, questions)]
    return problems or _leaks(source)


def stray_markers(source: Source, cell: Cell) -> list[Problem]:
    """The solution markers of a cell that must not hold any: every cell but the answers of an exercise."""
    text = "solution marker outside an answer cell of an exercise"
    return [
        Problem(source.name, cell.first + index, text)
        for index, line in enumerate(cell.text.split("\n"))
        if (stubs.is_marker_like(line) if cell.kind == "code" else stubs.MARKER.match(line))
    ]


def _missing(source: Source, questions: Mapping[str, Question]) -> list[Problem]:
    present = {(role(cell), cell.id) for cell in source.cells}
    return [
        source.problem(None, f"question {question.id!r} has no cell id={key + suffix!r} with the tag {wanted!r}")
        for key, question in questions.items()
        for wanted, suffix in SUFFIX.items()
        if (wanted, key + suffix) not in present
    ]


def _role_problems(source: Source, cell: Cell, tag: str, questions: Mapping[str, Question]) -> Iterator[str]:
    key = question_key(cell)
    if sum(other in ROLES for other in cell.tags) > 1:
        yield f"cell {cell.id!r} has more than one of the tags {', '.join(ROLES)}"
    if cell.kind != KIND[tag]:
        yield f"cell {cell.id!r} with the tag {tag!r} must be a {KIND[tag]} cell"
    if not cell.id.endswith(SUFFIX[tag]):
        yield f"cell {cell.id!r} with the tag {tag!r} needs an id that ends in {SUFFIX[tag]!r}"
    elif key not in questions:
        yield f"question {f'{source.number}.{key}'!r} is unknown to ngo_lesson.questions{did_you_mean(key, questions)}"
    elif tag == "check":
        above = source.cells[: source.cells.index(cell)]
        if not any(role(other) == "answer" and other.id == key for other in above):
            yield f"check cell {cell.id!r} has no answer cell {key!r} above it"
        wanted = f"{source.number}.{key}"
        if _checked(cell.text) != [wanted]:
            yield f"check cell {cell.id!r} must call check({wanted!r}, ...) once; it checks {_checked(cell.text)}"


def _checked(code: str) -> list[object]:
    """The first arguments of the calls of `check` in a cell, None where it is not a literal."""
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    checks = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "check"]
    return [call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None for call in checks]


def _answer_problems(source: Source, cell: Cell) -> list[Problem]:
    wrong = [Problem(source.name, cell.first + index, text) for index, text in stubs.marker_problems(cell.text)]
    if wrong:
        return wrong
    blocks = stubs.solutions(cell.text)
    if not any(block.strip() for block in blocks):
        text = f"answer cell {cell.id!r} hides no solution; put it between {stubs.BEGIN!r} and {stubs.END!r}"
        return [source.problem(cell.id, text)]
    problems = []
    for block in blocks:
        if block.lstrip("\n")[:1].strip() and stubs.literal_names(block) is None:
            text = "a solution at the left margin may only assign literals; other solutions stand inside a function"
            problems.append(source.problem(cell.id, f"cell {cell.id!r}: {text}"))
    try:
        ast.parse(stubs.stub(cell.text, cell.id))
    except SyntaxError as error:
        text = f"the stub of cell {cell.id!r} does not parse: {error.msg} in its line {error.lineno}"
        problems.append(source.problem(cell.id, text))
    return problems


def _leaks(source: Source) -> list[Problem]:
    answers = [cell for cell in source.cells if role(cell) == "answer"]
    secrets = {line for cell in answers for line in stubs.secret_lines(cell.text)}
    return [
        source.problem(cell.id, f"solution text is left in the exercise's cell {cell.id!r}: {line!r}")
        for cell in answers
        for line in stubs.leaked(stubs.stub(cell.text, cell.id), secrets)
    ]
