"""The gradebook: one row for each student, as CSV."""

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """The outcome of one student; `points` maps the questions that were run to the points they got."""

    student: str
    file: str
    status: str  # graded, timed out, crashed, unreadable or missing
    points: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def write(path: Path, rows: Iterable[Row], max_points: dict[str, int]) -> None:
    """Write rows with one column for each question of `max_points`; an earlier file is replaced only by a whole one."""
    draft = path.with_suffix(".part")
    with draft.open("w", encoding="utf-8-sig", newline="") as file:  # the mark tells Excel that it is UTF-8
        table = csv.writer(file)
        table.writerow(["student", "file", "status", "points", "max_points", *max_points, "notes"])
        for row in rows:
            each = [row.points.get(question, "") for question in max_points]
            total = [sum(row.points.values()), sum(max_points.values())]
            table.writerow([row.student, row.file, row.status, *total, *each, "; ".join(row.notes)])
    os.replace(draft, path)
