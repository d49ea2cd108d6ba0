"""Copies an exercise to `my_work/`, where nothing overwrites it: `python -m ngo_lesson.my_work 02`. Lesson 00."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = "my_work"


class CourseNotFoundError(FileNotFoundError):
    """A folder or notebook of the course that is not where it should be."""


def course_folder(start: Path | None = None) -> Path:
    """Return the course's folder: the first from `start` (the current directory) upward, or the package's own.

    Its mark is a folder `exercises` with notebooks. Raises CourseNotFoundError.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents, Path(__file__).resolve().parents[1]):
        if next((folder / "exercises").glob("[0-9][0-9]_*.ipynb"), None):
            return folder
    raise CourseNotFoundError(f"no course folder (one that holds exercises/) at {start} or above; change to it first")


def find_notebook(folder: Path, number: str | int) -> Path:
    """Return the notebook of this number in a folder of the course. Raises CourseNotFoundError."""
    found = sorted(folder.glob(f"{str(number).zfill(2)}_*.ipynb"))
    if not found:
        known = ", ".join(sorted(path.name[:2] for path in folder.glob("[0-9][0-9]_*.ipynb"))) or "none"
        raise CourseNotFoundError(f"no notebook {number!r} in {folder}; there are: {known}")
    return found[0]


def start_exercise(number: str | int) -> Path:
    """Copy exercise `number` ("02") to my_work/, say where it is, and return its path. An earlier copy is kept."""
    course = course_folder()
    source = find_notebook(course / "exercises", number)
    copy, content = course / FOLDER / source.name, source.read_bytes()
    copy.parent.mkdir(exist_ok=True)
    try:
        with copy.open("xb") as file:
            file.write(content)
    except FileExistsError:
        print(
            f"Your copy is there already, nothing was changed. Open {FOLDER}/{copy.name} in the folder of the course."
        )
    else:
        print(f"Copied. Open {FOLDER}/{copy.name} in the folder of the course.")
    return copy


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ngo_lesson.my_work", description="Copy an exercise to my_work/.")
    parser.add_argument("number", help="number of the exercise, such as 02")
    try:
        start_exercise(parser.parse_args(arguments).number)
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
