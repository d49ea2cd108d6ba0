"""What the notebooks cost when they were last measured, kept in a table, and what a lesson may cost."""

import csv
import io
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from authoring import stored
from authoring.assemble import assemble
from authoring.build import finish, say
from authoring.course import Course
from authoring.meter import Cost
from authoring.problems import AuthoringError, Problem
from authoring.source import read

TABLE = "authoring/measured.csv"
COLUMNS = ["notebook", "seconds", "processor", "memory", "machine"]
SECONDS = (("02", 10), ("06", 15), ("14", 20), ("17", 30))
"""Budgets: the number of the last lesson that has it, and its seconds."""
BUSY = 1.5
"""Processors that share caches and clock rate with other work take up to so many times longer for the same."""


def allowed(lesson: Path) -> int:
    """The seconds a lesson may take with its kernel's start, its loops compiled before."""
    return next((seconds for last, seconds in SECONDS if lesson.name[:2] <= last), SECONDS[-1][1])


def too_slow(path: Path, cost: Cost, slack: float = 1.0) -> str | None:
    """What is wrong with a lesson's time, which must be over the budget by the clock and also in computing."""
    if path.parent.name != "notebooks" or min(cost.seconds, cost.processor) <= slack * allowed(path):
        return None
    return f"took {cost.seconds:.1f} s, {cost.processor:.1f} s of them computing; the budget is {allowed(path)} s"


def measured(course: Course) -> dict[str, dict[str, str]]:
    """The rows of the table by the notebook's name; AuthoringError when there is no table."""
    path = course.root / TABLE
    if not path.exists():
        raise AuthoringError([Problem(TABLE, 1, "is missing; run python -m authoring measure")])
    with path.open(encoding="utf-8", newline="") as file:
        return {row["notebook"]: row for row in csv.DictReader(file)}


def measure(course: Course, selection: Sequence[str] = ()) -> list[Problem]:
    """Run the selected lessons and solutions one after the other, store what each costs, and name the slow ones."""
    rows = measured(course) if (course.root / TABLE).exists() else {}
    problems = []
    for path in course.select(selection):
        source = read(course, path)
        for target, notebook in assemble(source, course).items():
            if target.parent.name in ("notebooks", "solutions"):
                cost = finish(source, course, target, notebook)[1]
                figures = (f"{cost.seconds:.1f}", f"{cost.processor:.1f}", f"{cost.memory:.0f}", _machine())
                name = course.name(target)
                rows[name] = dict(zip(COLUMNS, (name, *figures), strict=True))
                say("{}  {} s, computing {} s, {} MB".format(name, *figures))
                if text := too_slow(target, cost):
                    problems.append(source.problem(None, f"{name} {text}"))
    kept = [course.name(target) for path in course.sources() for target in course.targets(path)]
    file = io.StringIO()
    table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows[name] for name in kept if name in rows)
    stored.write(course.root / TABLE, file.getvalue())
    return problems


def _machine() -> str:
    return f"{os.cpu_count()} cores {platform.machine()} {platform.system()} Python {platform.python_version()}"
