"""The instructor's command: `python -m ngo_lesson.grading FOLDER --exercise 02 --out DIR`."""

import argparse
import functools
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky.process_executor import TerminatedWorkerError

from ngo_lesson.grading import feedback, summary
from ngo_lesson.grading.collect import CollectError, Submission, collect, slug
from ngo_lesson.grading.grade import Exercise, grade, key, remove
from ngo_lesson.grading.gradebook import Gradebook, GradebookError, as_csv, read_by_hand, write
from ngo_lesson.grading.protections import protections
from ngo_lesson.grading.result import Result
from ngo_lesson.grading.visible import CELL_SECONDS, SECONDS
from ngo_lesson.my_work import CourseNotFoundError, course_folder, find_notebook
from ngo_lesson.questions import registry

FAILED = ("timed out", "crashed", "unreadable")
REFUSED, INTERRUPTED = 2, 130  # exit codes
SOLUTION, UNTOUCHED = "the solution", "the untouched exercise"
CLEAR = "\r\x1b[K"  # of a terminal's line
WORKS = "python works"  # the one entry of protections() that is none


class RefusedError(RuntimeError):
    """Why the command does not start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Grade a folder of submissions into DIR. Return 0, 2 if it refused to start, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (RefusedError, CollectError, GradebookError, CourseNotFoundError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ngo_lesson.grading",
        description="Grade a folder of submissions. What is done is kept: the same command goes on where it ended.",
        epilog="docs/instructors.md explains everything.",
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="folder or zip file with <student>/<exercise>*.ipynb")
    add("--exercise", required=True, metavar="NN", help="number of the exercise, such as 02, or all")
    add("--out", required=True, type=Path, metavar="DIR", help="folder for gradebook and feedback")
    add("--pattern", help="regular expression for paths in FOLDER, with (?P<student>...) and perhaps (?P<exercise>...)")
    add("--jobs", type=int, default=-1, metavar="N", help="submissions at the same time (as many as cores)")
    add("--seed", help="secret of the class, or a file that holds it (random, kept in DIR/private/seed.txt)")
    add("--by-hand", type=Path, metavar="FILE", help="CSV of points by hand: student,exercise,item,points,comment")
    add("--again", action="store_true", help="grade also what has been graded and is unchanged")
    add("--cell-seconds", type=int, default=CELL_SECONDS, metavar="S", help=f"limit for a cell ({CELL_SECONDS})")
    add("--notebook-seconds", type=int, default=SECONDS, metavar="S", help=f"limit for a notebook ({SECONDS})")
    return parser


def _run(options: argparse.Namespace) -> int:
    _validate(options)
    submissions = collect(options.folder, options.exercise, options.pattern)
    private = options.out / "private"
    try:
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RefusedError(f"--out={str(options.out)!r} cannot be used: {error}") from None
    with closing(Gradebook(private / "gradebook.sqlite")) as gradebook, _runs(private / "runs.txt") as runs:
        seed = class_seed(options.seed, private / "seed.txt")
        return _grade_class(submissions, gradebook, _exercises(submissions, seed, runs, options), options)


def _validate(options: argparse.Namespace) -> None:
    for name in ("jobs", "cell_seconds", "notebook_seconds"):
        value = getattr(options, name)
        if value < 1 and (name, value) != ("jobs", -1):
            raise RefusedError(f"--{name.replace('_', '-')}={value} must be at least 1")
    if options.out.resolve().is_relative_to(options.folder.resolve()):
        raise RefusedError(f"--out={str(options.out)!r} lies in FOLDER; choose a folder outside of the submissions")


@contextmanager
def _runs(note: Path) -> Iterator[Path]:
    """Make a folder for running submissions, outside of all that is kept. `note` keeps where it is.

    So a command that was killed has its folder removed by the next one.
    """
    if note.exists():
        left = Path(note.read_text(encoding="utf-8"))
        if left.is_absolute() and left.name.startswith("ngo-"):  # whatever became of the note, nothing else goes
            remove(left)
    runs = Path(tempfile.mkdtemp(prefix="ngo-"))
    write(note, str(runs).encode())
    try:
        yield runs
    finally:
        remove(runs)
        note.unlink()


def class_seed(given: str | None, path: Path) -> str:
    """Return the secret of the class: what was given, or a file of it, else what `path` keeps, else a new one."""
    if given is not None and os.path.isfile(given):
        seed, told = Path(given).read_text(encoding="utf-8").strip(), f"from {given}"
    elif given is not None:
        seed, told = given.strip(), "as given, which is no file"
    elif path.exists():
        seed, told = path.read_text(encoding="utf-8"), f"from {path}"
    else:
        seed, told = secrets.token_hex(16), f"new, kept in {path}: do not share it"
    if not seed:
        raise RefusedError(f"--seed={given!r} is empty")
    write(path, seed.encode())
    path.chmod(0o600)
    print(f"Secret seed: {told}")
    return seed


def _exercises(
    submissions: Sequence[Submission], seed: str, runs: Path, options: argparse.Namespace
) -> dict[str, Exercise]:
    """Return the exercises handed in by number; of "all" those that the course has."""
    folder = course_folder() / "solutions"
    numbers = sorted({one.exercise for one in submissions})
    if options.exercise == "all":
        unknown = [number for number in numbers if number not in registry.exercises()]
        if unknown:
            print(f"Not graded, since the course has no such exercise: {', '.join(unknown)}")
        numbers = [number for number in numbers if number not in unknown]
    return {
        number: Exercise(
            number,
            json.loads(find_notebook(folder, number).read_text(encoding="utf-8")),
            seed,
            options.cell_seconds,
            options.notebook_seconds,
            frozenset(),
            os.getpid(),
            str(runs),
        )
        for number in numbers
    }


def _grade_class(
    submissions: Sequence[Submission],
    gradebook: Gradebook,
    exercises: dict[str, Exercise],
    options: argparse.Namespace,
) -> int:
    """Grade what is new or changed, export everything, and return the exit code."""
    stored = gradebook.keys()
    submissions = [one for one in submissions if one.exercise in exercises]
    if options.by_hand:
        students = {student for student, _ in stored} | {one.student for one in submissions}
        gradebook.merge(read_by_hand(options.by_hand, students))
    keys = {_place(one): key(one, exercises[one.exercise]) for one in submissions}
    todo = [one for one in submissions if options.again or stored.get(_place(one)) != keys[_place(one)]]
    promised, remark = isolation()
    print(f"{remark}\n{len(submissions)} submissions, {len(todo)} of them to be graded", flush=True)
    exercises = {one.exercise: replace(exercises[one.exercise], promised=promised) for one in todo}
    self_test(exercises, options.jobs)
    code, progress = 0, Progress(len(todo))
    try:
        with closing(_results(todo, exercises, options.jobs)) as results:
            for result in results:
                gradebook.store(result, keys[_place(result)])
                progress.add(result)
    except KeyboardInterrupt:
        code = INTERRUPTED
        progress.say(f"Interrupted. Give the same command again to grade the {progress.left} that are left.")
    export(gradebook, options.out, [remark])
    print(f"Wrote {options.out / 'gradebook.csv'} and {options.out / 'summary.html'}")
    return code


def _place(one: Submission | Result) -> tuple[str, str]:
    return one.student, one.exercise


@functools.cache
def isolation() -> tuple[frozenset[str], str]:
    """Return what the sandbox holds on this machine, and a sentence about it. Raises RefusedError."""
    held = protections()
    if not held.pop(WORKS):
        raise RefusedError("Self-test failed, nothing was graded: Python does not work in the sandbox of this machine")
    holding, lost = ([name for name, holds in held.items() if holds == wanted] for wanted in (True, False))
    parts = [f"{word}: {', '.join(names)}" for word, names in (("NOT ISOLATED", lost), ("Isolated", holding)) if names]
    return frozenset(holding), ". ".join(parts)


def self_test(exercises: dict[str, Exercise], jobs: int) -> None:
    """Grade each exercise's solution and the exercise itself as if handed in. Raises RefusedError if that is off."""
    probes = []
    for number, exercise in exercises.items():
        untouched = find_notebook(course_folder() / "exercises", number)
        probes.append(Submission(SOLUTION, number, "", json.dumps(exercise.solved).encode()))
        probes.append(Submission(UNTOUCHED, number, "", untouched.read_bytes()))
    faults = []
    for result in _results(probes, exercises, jobs):
        wanted = result.max_total if result.student == SOLUTION else 0
        if (result.status, result.total) != ("graded", wanted):
            got = f"exercise {result.exercise}: {result.student} got {result.total:g} points, not {wanted}"
            reasons = [f"{id}: {reason}" for id, reason in result.reasons.items() if result.student == SOLUTION]
            faults.append("\n  ".join([f"{got} ({result.status})", *result.notes, *reasons]))
    if faults:
        raise RefusedError("\n".join(["Self-test failed, nothing was graded:", *sorted(faults)]))
    for number in exercises:
        print(f"Self-test of exercise {number}: {SOLUTION} gets full marks, {UNTOUCHED} none", flush=True)


def _results(todo: Sequence[Submission], exercises: dict[str, Exercise], jobs: int) -> Generator[Result, None, None]:
    """Yield the results in any order. Where the system ends a worker, for want of memory, go on with fewer."""
    left, jobs = {_place(one): one for one in todo}, effective_n_jobs(jobs)
    while left:
        calls = [delayed(grade)(one, exercises[one.exercise]) for one in left.values()]
        try:
            for result in Parallel(n_jobs=jobs, return_as="generator_unordered")(calls):
                del left[_place(result)]
                yield result
        except TerminatedWorkerError:
            jobs = max(1, jobs // 2)
            print(f"The system ended a worker; {len(left)} submissions are left, {jobs} at a time", flush=True)


class Progress:
    """Tells how far the class is: in one line of a terminal, else in a line for each submission."""

    def __init__(self, total: int) -> None:
        self.left, self.done, self.failed = total, 0, 0
        self.terminal = sys.stdout.isatty()

    def add(self, result: Result) -> None:
        """Count a result and tell."""
        self.left, self.done, self.failed = self.left - 1, self.done + 1, self.failed + (result.status in FAILED)
        counts = f"{self.done} done, {self.failed} failed, {self.left} left"
        told = f"{result.student}, {result.exercise}: {result.status}, {feedback.earned(result)} points"
        if not self.terminal:
            self.say("; ".join([f"{counts}: {told}", *result.notes]))
            return
        if result.status in FAILED:
            self.say("; ".join([told, *result.notes]))
        print(f"{CLEAR}{counts}", end="" if self.left else "\n", flush=True)

    def say(self, text: str) -> None:
        """Print a line, where names can do no harm."""
        text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
        encoding = sys.stdout.encoding or "utf-8"
        print(CLEAR * self.terminal + text.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def export(gradebook: Gradebook, out: Path, remarks: Sequence[str]) -> None:
    """Write everything that is made from the gradebook."""
    results = []
    for result in gradebook.results():
        folder, name = slug(result.student), result.exercise
        write(out / "feedback" / folder / f"{name}.html", feedback.page(result).encode())
        notebook = out / "notebooks" / folder / f"{name}.ipynb"
        if result.executed:
            write(notebook, json.dumps(result.executed, indent=1).encode())
        else:
            notebook.unlink(missing_ok=True)
        results.append(replace(result, executed=None, transcript=""))  # not the notebooks of a large class
    write(out / "gradebook.csv", as_csv(results))
    write(out / "junit.xml", summary.junit(results).encode())
    write(out / "summary.html", summary.html(results, remarks).encode())


if __name__ == "__main__":
    sys.exit(main())
