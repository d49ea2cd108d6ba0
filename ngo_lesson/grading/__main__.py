"""The instructor's command: `python -m ngo_lesson.grading FOLDER --exercise 02 --out DIR`."""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ngo_lesson.grading import gradebook
from ngo_lesson.grading.gradebook import Row
from ngo_lesson.grading.restore import UnreadableError, points, question, read_cells, restore
from ngo_lesson.grading.run import run
from ngo_lesson.my_work import CourseNotFoundError, course_folder, find_notebook


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade every student's folder and write `DIR/gradebook.csv`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ngo_lesson.grading", description="Grade a folder of submissions.")
    parser.add_argument("folder", type=Path, help="files lie as FOLDER/<student>/<exercise>*.ipynb")
    parser.add_argument("--exercise", required=True, help="number of the exercise, such as 02")
    parser.add_argument("--out", required=True, type=Path, help="folder for the gradebook and the runs")
    options = parser.parse_args(arguments)
    exercise = options.exercise.zfill(2)
    if not options.folder.is_dir():
        parser.error(f"FOLDER={str(options.folder)!r} is no folder")
    if options.out.resolve().is_relative_to(options.folder.resolve()):
        parser.error(f"--out={str(options.out)!r} lies in FOLDER; choose a folder outside of the submissions")
    try:
        solved = find_notebook(course_folder() / "solutions", exercise)
        options.out.mkdir(parents=True, exist_ok=True)
    except (CourseNotFoundError, OSError) as error:
        parser.error(str(error))
    students = sorted(path for path in options.folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not students:
        parser.error(f"FOLDER={str(options.folder)!r} holds no student's folder (FOLDER/<student>/{exercise}*.ipynb)")
    pristine = json.loads(solved.read_text(encoding="utf-8"))
    max_points = points(pristine, exercise)
    rows = []
    for i, student in enumerate(students, 1):
        rows.append(grade(student, exercise, pristine, options.out / "runs" / student.name))
        notes = "".join(f"; {note}" for note in rows[-1].notes)
        total = f"{sum(rows[-1].points.values())} of {sum(max_points.values())} points"
        print(f"[{i}/{len(students)}] {student.name}: {rows[-1].status}, {total}{notes}", flush=True)
    gradebook.write(options.out / "gradebook.csv", rows, max_points)
    print(f"Wrote {options.out / 'gradebook.csv'}")
    return 0


def grade(student: Path, exercise: str, pristine: dict[str, Any], folder: Path) -> Row:
    """Grade one student's folder, running in `folder`, which is emptied. Never raises for what a student handed in."""
    files = sorted(student.glob(f"{exercise}*.ipynb"), key=lambda path: path.lstat().st_mtime, reverse=True)
    if not files:
        return Row(student.name, "", "missing", notes=(f"no file {exercise}*.ipynb",))
    notes = [f"an older file was not graded: {path.name}" for path in files[1:]]
    try:
        restored = restore(read_cells(files[0]), pristine)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        result = run(restored.notebook, folder)
    except UnreadableError as error:
        return Row(student.name, files[0].name, "unreadable", notes=(str(error), *notes))
    except Exception as error:  # one bad file never stops the class
        return Row(student.name, files[0].name, "crashed", notes=(f"{type(error).__name__}: {error}", *notes))
    passed = {question(check, exercise) for check in result.passed}
    earned = {key: most * (key in passed) for key, most in points(pristine, exercise).items()}
    return Row(
        student.name, files[0].name, result.status, earned, tuple(filter(None, (result.note, *restored.notes, *notes)))
    )


if __name__ == "__main__":
    sys.exit(main())
