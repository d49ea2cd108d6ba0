"""The instructor's command on a class, beside nbgrader's autograde on some of the same files."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.timing import row

COURSE = Path(__file__).parents[1]
NBGRADER = COURSE / "build" / "nbgrader" / ("Scripts" if os.name == "nt" else "bin")  # tests/test_nbgrader.py makes it
EXERCISE = "02"


def hand_in(folder: Path, students: int) -> None:
    """Write as many submissions: of each ten, six are right, three have a mistake, and one is untouched."""
    solved, untouched = (
        json.loads(next((COURSE / kind).glob(f"{EXERCISE}_*.ipynb")).read_text(encoding="utf-8"))
        for kind in ("solutions", "exercises")
    )
    answers = [cell for cell in solved["cells"] if cell["metadata"].get("nbgrader", {}).get("solution")]
    right = ["".join(cell["source"]) for cell in answers]
    name = next((COURSE / "exercises").glob(f"{EXERCISE}_*.ipynb")).name
    for i in range(students):
        for k, cell in enumerate(answers):
            wrong = 6 <= i % 10 < 9 and k == i % len(answers)
            cell["source"] = f"# student {i}\n" + right[k].replace("return ", "return 2 * " if wrong else "return ")
        path = folder / f"student{i:03}" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(untouched if i % 10 == 9 else solved, ensure_ascii=False), encoding="utf-8")


class Memory:
    """The largest sum of the memory of this process's descendants, shared pages counted once, looked up each second."""

    def __init__(self):
        self.peak, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()

    def _watch(self):
        while not self._done.wait(1):
            self.peak = max(self.peak, sum(map(_proportional, _descendants(os.getpid()))))


def _descendants(parent: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _proportional(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def timed(command: list, **options) -> tuple[float, float]:
    """Run a command; return its seconds, by the clock and of the processor, with those of all its children."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{command[:3]} ended with {done.returncode}: {done.stdout[-2000:]}")
    used, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return wall, used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime


def with_nbgrader(folder: Path, students: int) -> float:
    """Return nbgrader's seconds for each of the first students."""
    name = next((COURSE / "exercises").glob(f"{EXERCISE}_*.ipynb"))
    (folder / "source" / EXERCISE).mkdir(parents=True)
    shutil.copy(name, folder / "source" / EXERCISE)
    page = (COURSE / "docs" / "instructors.md").read_text(encoding="utf-8")
    (folder / "nbgrader_config.py").write_text(page.partition("# nbgrader_config.py\n")[2].partition("```")[0])
    environment = os.environ | {"PATH": f"{NBGRADER}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}
    options = {"cwd": folder, "env": environment}
    timed([NBGRADER / "nbgrader", "generate_assignment", EXERCISE], **options)
    for student in sorted((folder.parent / "class").iterdir())[:students]:
        shutil.copytree(student, folder / "submitted" / student.name / EXERCISE)
    wall, _ = timed([NBGRADER / "nbgrader", "autograde", EXERCISE], **options)
    return wall / students


def grading(students: int = 500, peers: int = 20) -> Iterator[dict]:
    """Yield the rows of this group; nbgrader's only where tests/test_nbgrader.py has installed it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        hand_in(folder / "class", students)
        theirs = with_nbgrader(folder / "nbgrader", peers) if NBGRADER.exists() else None
        command = [sys.executable, "-m", "ngo_lesson.grading", folder / "class", "--exercise", EXERCISE]
        with Memory() as memory:
            wall, processor = timed([*command, "--out", folder / "out", "--jobs", "2"])
        again, _ = timed([*command, "--out", folder / "out", "--jobs", "2"])
    how = f"{students} submissions of exercise {EXERCISE}, --jobs 2, self-test and pages included"
    beside = f"; nbgrader autograde on the first {peers}" if theirs else "; nbgrader is not installed in build/nbgrader"
    yield row("grading, seconds for each submission", wall / students, theirs, at_least=5, how=how + beside)
    yield row("grading, CPU seconds for each submission", processor / students, at_most=0.6, how=how)
    yield row("grading, seconds for the class", wall, how=how)
    yield row("grading, peak memory of all processes, MB", memory.peak / 1e6, how=f"{how}; looked up each second")
    yield row("grading again, nothing new, seconds for the class", again, how=how)
