"""From a solved answer cell to the stub a student gets, by what stands between the solution markers."""

import ast
import difflib
import hashlib
import re
from collections.abc import Iterator

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKER = re.compile(r"\s*#+\s*(BEGIN|END)\s+SOLUTION", re.IGNORECASE)
MARKER_LIKE = re.compile(r"\s*#{3,}\s*(BEGIN|END)\b|.*#{3,}.*\bSOLUTION", re.IGNORECASE)


def is_marker_like(line: str) -> bool:
    """Whether a line of code is, or looks like somebody meant it to be, a marker."""
    comment = line.strip().upper()
    close = comment.startswith("#") and difflib.get_close_matches(comment, (BEGIN, END), n=1, cutoff=0.8)
    return bool(close or MARKER_LIKE.match(line))


def marker_problems(text: str) -> list[tuple[int, str]]:
    """(line index, what is wrong) for unknown, misplaced and unbalanced markers of one answer cell."""
    problems = []
    opened = None
    for index, line in enumerate(text.split("\n")):
        marker = line.strip()
        if marker == BEGIN:
            if opened is not None:
                problems.append((index, f"{BEGIN} again before {END}"))
            opened = index
        elif marker == END:
            if opened is None:
                problems.append((index, f"{END} without {BEGIN}"))
            opened = None
        elif is_marker_like(line):
            problems.append((index, f"unknown marker {marker!r}; write {BEGIN!r} or {END!r} on a line of its own"))
    if opened is not None:
        problems.append((opened, f"{BEGIN} is never closed; write {END} below the solution"))
    return problems


def solved(text: str) -> str:
    """The cell with the markers taken out."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in (BEGIN, END))


def solutions(text: str) -> list[str]:
    """What stands between each pair of markers."""
    return ["\n".join(block) for is_solution, block in _parts(text) if is_solution]


def stub(text: str, key: str) -> str:
    """The answer cell of question `key` with every solution replaced, at its indentation; markers must balance."""
    lines: list[str] = []
    for is_solution, block in _parts(text):
        lines += _replacement(block, key) if is_solution else block
    return "\n".join(lines)


def stub_hash(text: str) -> str:
    """First 16 hexadecimal digits of the stub's sha256: tells an untouched answer cell from a student's work."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def literal_names(block: str) -> list[str] | None:
    """The names a block assigns when all its statements are `name = literal` at the left margin, else None."""
    try:
        statements = ast.parse(block).body
    except SyntaxError:
        return None
    names = []
    for statement in statements:
        if not (isinstance(statement, ast.Assign) and all(isinstance(name, ast.Name) for name in statement.targets)):
            return None
        try:
            ast.literal_eval(statement.value)
        except (ValueError, TypeError):
            return None
        names += [name.id for name in statement.targets if isinstance(name, ast.Name)]
    return names or None


def secret_lines(text: str) -> set[str]:
    """The lines of an answer's solutions that give something away: 16 characters at least, a call or an operator."""
    lines = {line.strip() for block in solutions(text) for line in block.split("\n")}
    return {line for line in lines if len(line) >= 16 and re.search(r"[=(@*/+-]", line) and not line.endswith(":")}


def leaked(text: str, secrets: set[str]) -> list[str]:
    """The lines of a stub that also stand in a solution, indentation aside."""
    return [line.strip() for line in text.split("\n") if line.strip() in secrets]


def _parts(text: str) -> Iterator[tuple[bool, list[str]]]:
    block: list[str] = []
    for line in text.split("\n"):
        if line.strip() in (BEGIN, END):
            yield line.strip() == END, block
            block = []
        else:
            block.append(line)
    yield False, block


def _replacement(block: list[str], key: str) -> list[str]:
    names = literal_names("\n".join(block))
    if names:
        return [f"{name} = ..." for name in names]
    first = next((line for line in block if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return [f'{indent}raise NotImplementedError("{key}: write your answer here")']
