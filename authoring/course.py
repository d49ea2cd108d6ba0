"""Where the course keeps its sources, its notebooks and its checklist."""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from authoring.problems import AuthoringError, Problem

SOURCE_NAME = re.compile(r"\d\d_[a-z0-9_]+\.py")
FOLDERS = {"lessons": ("notebooks",), "exercises": ("exercises", "solutions"), "docs": ("docs",)}


class Question(Protocol):
    """What the build and the pages read from a question of `ngo_lesson.questions`."""

    @property
    def id(self) -> str:
        """Exercise and name, such as "02.half_mse"."""

    @property
    def points(self) -> int:
        """The most that an answer can get."""

    @property
    def difficulty(self) -> int:
        """1 to 3."""

    @property
    def minutes(self) -> int:
        """What an answer takes."""

    @property
    def hints(self) -> Sequence[str]:
        """Markdown, opened one after the other."""

    @property
    def mistakes(self) -> Mapping[str, object]:
        """Wrong answers by what was done wrong."""


@dataclass(frozen=True)
class Row:
    """One row of `authoring/checklist.csv`; `lessons` are the numbers of the lessons it is planned for."""

    id: str
    topic: str
    lessons: str


@dataclass(frozen=True)
class Course:
    """The folder of the course, and a function from an exercise's number ("02") to its questions."""

    root: Path
    questions: Callable[[str], Sequence[Question]]

    def rows(self) -> list[Row]:
        """The rows of the checklist; their ids are the tags of coverage."""
        with (self.root / "authoring" / "checklist.csv").open(encoding="utf-8", newline="") as file:
            return [Row(**row) for row in csv.DictReader(file)]

    def name(self, path: Path) -> str:
        """The path as messages show it: relative to the course's folder, with forward slashes."""
        path = path.resolve()
        root = self.root.resolve()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()

    def sources(self) -> list[Path]:
        """All sources, lessons first, in the order of their numbers."""
        return [path for kind in FOLDERS for path in sorted((self.root / "authoring" / kind).glob("*.py"))]

    def select(self, wanted: Sequence[str]) -> list[Path]:
        """The sources with the given numbers or paths, all when none is given; AuthoringError for an unknown one."""
        sources = self.sources()
        badly_named = [path for path in sources if not SOURCE_NAME.fullmatch(path.name)]
        problems = [
            Problem(self.name(path), 1, "a source is named NN_name.py: two digits, then a-z, 0-9 and _")
            for path in badly_named
        ]
        chosen: set[Path] = set()
        for word in wanted:
            found = {path for path in sources if path.name[:2] == word or path.resolve() == Path(word).resolve()}
            if not found:
                known = ", ".join(sorted({path.name[:2] for path in sources}))
                problems.append(Problem(word, 1, f"not a source; give its path or one of the numbers {known}"))
            chosen |= found
        if problems:
            raise AuthoringError(problems)
        return [path for path in sources if path in chosen] if wanted else sources

    def targets(self, source: Path) -> list[Path]:
        """The notebooks built from a source: one of a lesson, exercise and solution of an exercise."""
        return [self.root / folder / f"{source.stem}.ipynb" for folder in FOLDERS[source.parent.name]]
