"""The outcome of one submission, as the gradebook stores it and the pages show it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from ngo_lesson.questions.report import Report

STATUSES = ("graded", "partly graded", "timed out", "crashed", "unreadable", "missing")  # best first


@dataclass(frozen=True)
class Result:
    """What one student got in one exercise. Dicts go by question id, in the exercise's order.

    `max_points` holds every question; `points`, `reasons` and `reports` (on the public cases) those that came to a
    verdict; other names in `points` and `reasons` are of points by hand. `executed` is the notebook as it was run,
    `transcript` what nbval wrote.
    """

    student: str
    exercise: str
    file: str = ""
    status: str = "missing"  # one of STATUSES
    points: dict[str, float] = field(default_factory=dict)
    max_points: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    executed: dict[str, Any] | None = None
    transcript: str = ""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise ValueError(f"status={self.status!r} is none of {', '.join(STATUSES)}")

    @property
    def total(self) -> float:
        """The sum of the points, with those by hand."""
        return sum(self.points.values())

    @property
    def by_hand(self) -> dict[str, float]:
        """The points given by hand for what is no question."""
        return {key: points for key, points in self.points.items() if key not in self.max_points}

    @property
    def max_total(self) -> int:
        """The sum of the points of all questions."""
        return sum(self.max_points.values())

    def to_json(self) -> str:
        """Return the result as ASCII text for `from_json`."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Result":
        """Return the result that `to_json` wrote."""
        fields = json.loads(text)
        fields["notes"] = tuple(fields["notes"])
        fields["reports"] = {key: _report(report) for key, report in fields["reports"].items()}
        return cls(**fields)


def _report(fields: dict[str, Any]) -> Report:
    details = tuple((label, text) for label, text in fields["details"])
    return Report(**fields | {"details": details})
