"""The command line: `python -m authoring build|check|measure`, or a page of docs/; run from the course's folder."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from authoring.build import build
from authoring.costs import measure
from authoring.course import Course, Question
from authoring.drift import check
from authoring.pages import PAGES, refresh
from authoring.problems import AuthoringError, Problem


def main(arguments: Sequence[str] | None = None, course: Course | None = None) -> int:
    """Run one command on the course this file belongs to; 0 when all is well, 1 with a list of problems on stderr."""
    course = course or Course(Path(__file__).resolve().parents[1], _questions)
    options = _parser().parse_args(arguments)
    try:
        if options.command == "build":
            build(course, options.sources, options.jobs)
            _refresh_all(course)
        elif options.command == "measure":
            problems = measure(course, options.sources)
            _refresh_all(course)
            _raise(problems)
        elif options.command in PAGES:
            _refresh(course, options.command)
        else:
            _raise(check(course, options.sources, options.execute, options.jobs))
            print("Sources and notebooks agree.")
    except AuthoringError as error:
        return _fail(error.problems)
    return 0


def _questions(number: str) -> Sequence[Question]:
    from ngo_lesson import questions  # only exercises need it, so lessons build without it

    return questions.exercise(number)


def _refresh_all(course: Course) -> None:
    """A page waits until all that it is made of can be read; a selected notebook does not wait with it."""
    for name in PAGES:
        try:
            _refresh(course, name)
        except AuthoringError as error:
            print(f"docs/{name}.md is not refreshed: {error.problems[0]}")


def _refresh(course: Course, name: str) -> None:
    print(f"docs/{name}.md  {'written' if refresh(course, name) else 'unchanged'}")


def _raise(problems: Sequence[Problem]) -> None:
    if problems:
        raise AuthoringError(problems)


def _fail(problems: Sequence[Problem]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} problem{'s' * (len(problems) > 1)}.", file=sys.stderr)
    return 1


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m authoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("build", "assemble, execute, validate and write notebooks, exercises and solutions"),
        ("check", "list the differences between the sources and what is stored"),
        ("measure", "store what each lesson and solution costs, run one after the other"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("sources", nargs="*", help="sources or their numbers, all by default")
        if name != "measure":
            command.add_argument("--jobs", type=_positive, default=2, help="notebooks executed at a time (default: 2)")
        if name == "check":
            command.add_argument("--execute", action="store_true", help="execute too, and compare text outputs")
    for name in PAGES:
        commands.add_parser(name, help=f"write docs/{name}.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
