"""Grades one submission: restore, sealed run, visible run, points. Plain data in and out, so any machine can do it."""

import atexit
import contextlib
import functools
import hashlib
import json
import os
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.collect import Submission
from ngo_lesson.grading.judge import Verdict, judge
from ngo_lesson.grading.protections import protections
from ngo_lesson.grading.restore import CHECK_SUFFIX, Restored, UnreadableError, points, read_cells, restore
from ngo_lesson.grading.result import Result
from ngo_lesson.grading.visible import Run, run
from ngo_lesson.grading.warm import Warm
from ngo_lesson.questions import registry
from ngo_lesson.questions.question import Question

PACKAGE = Path(__file__).parents[1]
LOOK_SECONDS = 0.5  # between two looks whether the command is still there
LOST = {"Timeout": "timed out", "Crashed": "crashed"}  # how an answer's cell ended, and the status then
_warm = threading.local()  # this thread's Warm by kind, kept for the next submission


@dataclass(frozen=True)
class Exercise:
    """What grading an exercise takes: the solved notebook, the secret of the class, the limits.

    `promised` is what the sandbox must do on every machine, `command` the process that asked, and `runs` its folder
    for what is only needed while a submission runs.
    """

    number: str
    solved: dict[str, Any]
    seed: str
    cell_seconds: int
    seconds: int
    promised: frozenset[str]
    command: int
    runs: str

    @functools.cached_property
    def version(self) -> str:
        """What the points depend on beside the submission, in short: notebook, seed, limits, questions, grader."""
        digest = hashlib.sha256(json.dumps([self.solved, self.seed, self.cell_seconds, self.seconds]).encode())
        sources = [PACKAGE / "answers.py", *sorted((PACKAGE / "grading").glob("*.py"))]
        for path in sorted((PACKAGE / "questions").glob("*.py")):
            if not path.name.startswith(registry.PREFIX) or path.stem == registry.PREFIX + self.number:
                sources.append(path)
        for path in sources:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def key(submission: Submission, exercise: Exercise) -> str:
    """Return what changes whenever the submission would have to be graded again."""
    content = hashlib.sha256(submission.content or b"").hexdigest()
    told = json.dumps([exercise.version, content, submission.file, submission.notes])
    return hashlib.sha256(told.encode()).hexdigest()


def grade(submission: Submission, exercise: Exercise) -> Result:
    """Grade one submission. Never raises for what a student handed in."""
    started = time.monotonic()
    most = points(exercise.solved, exercise.number)
    result = Result(submission.student, exercise.number, submission.file, max_points=most, notes=submission.notes)
    if submission.content is None:
        return replace(result, status="unreadable") if submission.file else result
    try:
        with _place(exercise) as folder:
            restored = restore(read_cells(submission.content), exercise.solved)
            result = _graded(result, restored, exercise, folder)
    except UnreadableError as error:
        result = replace(result, status="unreadable", notes=(str(error), *result.notes))
    except Exception as error:  # one bad file never stops the class
        told = f"the grader failed: {type(error).__name__}: {error}"
        result = replace(result, status="crashed", notes=(told, *result.notes))
    return replace(result, wall_seconds=time.monotonic() - started)


@atexit.register
def close() -> None:
    """End the processes that this thread keeps for the next submission."""
    while vars(_warm):
        vars(_warm).popitem()[1].close()


def remove(folder: Path) -> None:
    """Remove a folder with all that a submission left in it, however deep and whatever its rights."""
    left = [folder]
    with contextlib.suppress(OSError):
        while left:
            here = left.pop()
            for entry in list(os.scandir(here)):
                if entry.is_dir(follow_symlinks=False):
                    os.chmod(entry.path, 0o700)
                    left.append(folder / secrets.token_hex(8))
                    os.rename(entry.path, left[-1])
                else:
                    os.unlink(entry.path)
            if here != folder:
                os.rmdir(here)
        os.rmdir(folder)


@contextlib.contextmanager
def _place(exercise: Exercise) -> Iterator[Path]:
    """Make a folder for one submission; in the end nothing of it is left, neither files nor processes."""
    if os.path.isdir(exercise.runs):
        if os.getppid() == exercise.command:
            _follow(exercise.command)
        folder = Path(tempfile.mkdtemp(dir=exercise.runs))
    else:
        lost = exercise.promised - _held()
        if lost:
            raise sandbox.SandboxError(f"unlike the first, this machine does not isolate {', '.join(sorted(lost))}")
        folder = Path(tempfile.mkdtemp(prefix="ngo-"))
    try:
        yield folder
    finally:
        for warm in vars(_warm).values():
            warm.end()
        remove(folder)


@functools.cache
def _held() -> frozenset[str]:
    return frozenset(name for name, holds in protections().items() if holds)


@functools.cache
def _follow(command: int) -> None:
    """From now on end this process, a worker of joblib's, when the command ends, however that happens."""

    def follow() -> None:
        while os.getppid() == command:
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which ends its workers
    threading.Thread(target=follow, daemon=True).start()


def _kept(kind: Literal["visible", "sealed"]) -> Warm:
    if kind not in vars(_warm):
        setattr(_warm, kind, Warm(kind))
    return getattr(_warm, kind)


def _graded(result: Result, restored: Restored, exercise: Exercise, folder: Path) -> Result:
    """Run the answers sealed, then the notebook visibly without the cells that never ended, and decide."""
    sealed_folder, visible_folder = folder / "sealed", folder / "visible"
    sealed_folder.mkdir()
    visible_folder.mkdir()
    questions = {id: registry.find(id) for id in result.max_points}
    seconds = exercise.cell_seconds
    sealed = judge(
        list(questions.values()), restored.cells, _kept("sealed"), exercise.seed, sealed_folder, cell_seconds=seconds
    )
    lost = {id: error.partition(":")[0] for id, error in sealed.cells.items() if error.partition(":")[0] in LOST}
    without = restored.without(set(lost))
    shown = run(
        without.notebook,
        visible_folder,
        _kept("visible"),
        seconds=exercise.seconds,
        cell_seconds=seconds,
        limits=sandbox.Limits(seconds=exercise.seconds),
    )
    ends = [LOST[error] for id, error in lost.items() if id not in restored.extras]
    decided = {id: _decided(questions[id], verdict, shown) for id, verdict in sealed.verdicts.items()}
    return replace(
        result,
        status=ends[0] if ends and shown.status in ("graded", "partly graded") else shown.status,
        points={id: earned for id, (earned, _) in decided.items()},
        reasons={id: reason for id, (_, reason) in decided.items()},
        reports=sealed.reports,
        notes=tuple(filter(None, (shown.note, *without.notes, *result.notes))),
        executed=json.loads(shown.executed),
        transcript=shown.transcript,
        cpu_seconds=sealed.cpu_seconds + shown.usage.cpu_seconds,
    )


def _decided(question: Question, verdict: Verdict, shown: Run) -> tuple[int, str]:
    """Return the points of a question and the reason. All of them only if the check cell has passed, too."""
    check = question.id.partition(".")[2] + CHECK_SUFFIX
    if check in shown.undecided:
        return 0, f"the check cell came to no result. In the sealed run: {verdict.reason}"
    if verdict.passed and check not in shown.passed:
        points = 0 if question.is_quiz else question.points // 2
        return points, f"{verdict.reason}, but the check cell of the notebook did not pass"
    return verdict.points, verdict.reason
