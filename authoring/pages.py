"""The pages of docs/ that are generated: each is a function from the course to its text, kept up in one way."""

from collections.abc import Callable

from authoring import budgets, costs, coverage, glossary, stored
from authoring.course import Course
from authoring.problems import AuthoringError, Problem

PAGES: dict[str, tuple[Callable[[Course], str], str]] = {
    "coverage": (coverage.page, "authoring/checklist.csv"),
    "glossary": (glossary.page, "authoring/glossary.csv"),
    "budgets": (budgets.page, costs.TABLE),
}
"""For docs/NAME.md: what makes its text, and the table in authoring/ that belongs to it alone."""


def refresh(course: Course, name: str) -> bool:
    """Write docs/NAME.md if its text changed, and say whether it did; AuthoringError when a source is not right."""
    text = PAGES[name][0](course)
    target = course.root / "docs" / f"{name}.md"
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return False
    stored.write(target, text)
    return True


def drift(course: Course) -> list[Problem]:
    """What is wrong with the pages' tables, and the stored pages that are not what `refresh` would write."""
    return [problem for name in PAGES for problem in _drift(course, name)]


def _drift(course: Course, name: str) -> list[Problem]:
    text, table = PAGES[name]
    target = course.root / "docs" / f"{name}.md"
    if not target.exists() and not (course.root / table).exists():
        return []
    try:
        current = text(course)
    except AuthoringError as error:
        return [problem for problem in error.problems if problem.file == table]  # others are reported with the source
    if target.exists() and target.read_text(encoding="utf-8") == current:
        return []
    return [Problem(course.name(target), 1, f"is not current; run python -m authoring {name}")]
