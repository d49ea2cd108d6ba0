"""The gradebook: an SQLite file that can be killed at any moment, and the CSV that is made from it."""

import csv
import io
import math
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ngo_lesson.grading.result import Result
from ngo_lesson.questions import registry

SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    student TEXT, exercise TEXT, key TEXT, result TEXT, PRIMARY KEY (student, exercise));
CREATE TABLE IF NOT EXISTS by_hand (
    student TEXT, exercise TEXT, item TEXT, points REAL, comment TEXT, PRIMARY KEY (student, exercise, item));
"""
ROWS = """
SELECT student, exercise, result FROM results
UNION SELECT student, exercise, NULL FROM by_hand
WHERE (student, exercise) NOT IN (SELECT student, exercise FROM results)
ORDER BY student, exercise
"""
BY_HAND_COLUMNS = ("student", "exercise", "item", "points", "comment")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so


class GradebookError(ValueError):
    """A gradebook that another command has open, or a line of points by hand that cannot be right."""


@dataclass(frozen=True)
class ByHand:
    """Points that a person gave for a question or for another item, such as "report"; None takes them back."""

    student: str
    exercise: str
    item: str
    points: float | None
    comment: str = ""


class Gradebook:
    """The results of a class by student and exercise, one transaction each; one process at a time may open it."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises GradebookError."""
        self._database = sqlite3.connect(path, timeout=1)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.executescript(f"BEGIN EXCLUSIVE;{SCHEMA}COMMIT;")
        except sqlite3.DatabaseError as error:
            self.close()
            raise GradebookError(f"{path}: {error} (does another grading write to the same folder?)") from None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def keys(self) -> dict[tuple[str, str], str]:
        """Return the key under which each (student, exercise) was stored."""
        rows = self._database.execute("SELECT student, exercise, key FROM results")
        return {(student, exercise): key for student, exercise, key in rows}

    def store(self, result: Result, key: str) -> None:
        """Store a result in place of an earlier one. `key` says what it was made from, for `keys`."""
        with self._database:
            self._database.execute(
                "REPLACE INTO results VALUES (?, ?, ?, ?)", (result.student, result.exercise, key, result.to_json())
            )

    def merge(self, entries: Sequence[ByHand]) -> None:
        """Remember points by hand, all of them or none."""
        with self._database:
            self._database.executemany("REPLACE INTO by_hand VALUES (?, ?, ?, ?, ?)", map(_fields, entries))
            self._database.execute("DELETE FROM by_hand WHERE points IS NULL")

    def results(self) -> Iterator[Result]:
        """Return all results with the points by hand, sorted by student and exercise."""
        by_hand: dict[tuple[str, str], list[ByHand]] = {}
        for fields in self._database.execute("SELECT * FROM by_hand ORDER BY item"):
            by_hand.setdefault(fields[:2], []).append(ByHand(*fields))
        for student, exercise, text in self._database.execute(ROWS):
            only = Result(student, exercise, status="graded", notes=("points by hand only",))
            yield _merged(Result.from_json(text) if text else only, by_hand.get((student, exercise), ()))


def _fields(entry: ByHand) -> tuple:
    return tuple(getattr(entry, column) for column in BY_HAND_COLUMNS)


def _merged(result: Result, entries: Sequence[ByHand]) -> Result:
    points, reasons = dict(result.points), dict(result.reasons)
    for entry in entries:
        assert entry.points is not None  # `merge` keeps none of those
        before = f" (before: {points[entry.item]:g})" if entry.item in points else ""
        told = f"changed by hand{before}" if entry.item in result.max_points else "given by hand"
        reasons[entry.item] = told + (f": {entry.comment}" if entry.comment else "")
        points[entry.item] = int(entry.points) if entry.points.is_integer() else entry.points
    return replace(result, points=points, reasons=reasons)


def read_by_hand(path: Path, students: Collection[str]) -> list[ByHand]:
    """Read points by hand from a CSV with the columns student, exercise, item, points, comment.

    Raises GradebookError, which names the line, for anything that cannot be right; `students` are those known.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise GradebookError(f"--by-hand={str(path)!r} cannot be read as UTF-8 text: {error}") from None
    table = csv.DictReader(io.StringIO(text, newline=""))
    if not set(BY_HAND_COLUMNS[:4]) <= set(table.fieldnames or ()):
        raise GradebookError(f"{path}, line 1: the columns must be {', '.join(BY_HAND_COLUMNS)}")
    known = {_safe(student): student for student in students}
    entries: dict[tuple, ByHand] = {}
    for row in table:
        try:
            entry = _entry(row, known)
            if _fields(entry)[:3] in entries:
                raise ValueError(f"a second line for {entry.student!r}, {entry.exercise}, {entry.item!r}")
        except ValueError as error:
            raise GradebookError(f"{path}, line {table.line_num}: {error}; nothing was changed") from None
        entries[_fields(entry)[:3]] = entry
    return list(entries.values())


def _entry(row: dict, known: dict[object, str]) -> ByHand:
    if None in row:
        raise ValueError("more cells than columns: put text with a comma in quotes")
    student, exercise, item, points, comment = ((row.get(column) or "").strip() for column in BY_HAND_COLUMNS)
    if _safe(student) not in known:
        raise ValueError(f"student={student!r} is not in the gradebook and handed in nothing")
    exercise = exercise.zfill(2)
    if not exercise.isdecimal():
        raise ValueError(f"exercise={exercise!r} is not a number such as 02")
    if not item:
        raise ValueError("item is empty: name a question such as 02.half_mse, or something else such as report")
    if "." in item:
        registry.find(item)
    try:
        number = float(points) if points else None
    except ValueError:
        number = math.nan
    if number is not None and not math.isfinite(number):
        raise ValueError(f"points={points!r} is not a number")
    return ByHand(known[_safe(student)], exercise, item, number, comment)


def as_csv(results: Sequence[Result]) -> bytes:
    """Return a table of one row a result, one column for each question or item, as UTF-8 that Excel recognizes."""
    questions = {
        key: None for result in sorted(results, key=lambda result: result.exercise) for key in result.max_points
    }
    items = sorted({key for result in results for key in result.points} - set(questions))
    columns = [*questions, *items]
    text = io.StringIO(newline="")
    table = csv.writer(text)
    head = ["student", "exercise", "file", "status", "points", "max_points", *columns, "notes"]
    table.writerow(map(_safe, head))
    for result in results:
        each = [result.points.get(column, "") for column in columns]
        total = [result.total, result.max_total]
        row = [result.student, result.exercise, result.file, result.status, *total, *each, "; ".join(result.notes)]
        table.writerow(map(_safe, row))
    return text.getvalue().encode("utf-8-sig", "replace")


def _safe(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, in a folder that is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    os.replace(draft, path)
