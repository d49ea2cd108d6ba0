"""The instructor's command, whole, on a small exercise of two questions made here."""

import contextlib
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from dask.distributed import Client, LocalCluster
from joblib import parallel_config
from nbclient import NotebookClient

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.__main__ import Progress, _runs, main
from ngo_lesson.grading.grade import remove
from ngo_lesson.grading.result import Result

ROOT = Path(__file__).parents[1]
STUB = 'def {}(theta, X, y):\n    raise NotImplementedError("{}: write your answer here")'
STUBS = STUB.format(*["half_mse"] * 2), STUB.format(*["half_mse_gradient"] * 2)
LOSS = "def half_mse(theta, X, y):\n    return ((X @ theta - y) ** 2).mean() / 2"
GRADIENT = "def half_mse_gradient(theta, X, y):\n    return X.T @ (X @ theta - y) / len(y)"
HARDLY = "def half_mse(theta, X, y):\n    return ((X @ theta - y) ** 2).mean() / 2 if len(y) < 100 else 0.0"
linux_only = pytest.mark.skipif(not sandbox.LINUX, reason="looks for processes in /proc")


def tiny(loss, gradient):
    def cell(id, source, **flags):
        metadata = {"grade_id": id, "grade": False, "solution": False, "locked": True, "schema_version": 3, **flags}
        return nbformat.v4.new_code_cell(source, id=id, metadata={"nbgrader": metadata})

    cells = [
        cell("setup", "import numpy as np\n\nfrom ngo_lesson.questions import check"),
        cell("half_mse", loss, solution=True, locked=False),
        cell("half_mse-check", 'check("02.half_mse", half_mse)', grade=True, points=2),
        cell("gradient", gradient, solution=True, locked=False),
        cell("gradient-check", 'check("02.gradient", half_mse_gradient)', grade=True, points=2),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def solved():
    notebook = tiny(LOSS, GRADIENT)
    NotebookClient(notebook, kernel_name="python3").execute()
    return nbformat.writes(notebook)


@pytest.fixture
def course(tmp_path, monkeypatch, solved):
    """A course of one small exercise, in which the command runs."""
    for folder, content in (("exercises", nbformat.writes(tiny(*STUBS))), ("solutions", solved)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "02_tiny.ipynb").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hand_in(course, student, content, name="02_tiny.ipynb"):
    path = course / "class" / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else nbformat.writes(content), encoding="utf-8")
    return path


def small_class(course, honest=1):
    for i in range(honest):
        hand_in(course, f"honest {i}", tiny(f"# {i}\n{LOSS}", GRADIENT))
    hand_in(course, "untouched", tiny(*STUBS))
    hand_in(course, "broken", "{")
    (course / "class" / "absent").mkdir()


def command(*more, out="out", exercise="2"):
    return ["class", "--exercise", exercise, "--out", out, *more]


def rows(course, out="out"):
    with (course / out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_class(course, capsys):
    small_class(course)
    hand_in(course, "王 芳", tiny(HARDLY, GRADIENT))
    hand_in(course, "=1+1", tiny("def half_mse(:", GRADIENT))
    os.utime(hand_in(course, "=1+1", "{", "02_old.ipynb"), (0, 0))
    before = contents(course / "class")

    assert main(command("--jobs", "1")) == 0

    got = {student: (row["status"], row["points"], row["max_points"]) for student, row in rows(course).items()}
    assert got == {
        "'=1+1": ("graded", "2", "4"),
        "absent": ("missing", "0", "4"),
        "broken": ("unreadable", "0", "4"),
        "honest 0": ("graded", "4", "4"),
        "untouched": ("graded", "0", "4"),
        "王 芳": ("graded", "3", "4"),
    }
    assert list(rows(course)["absent"]) == [
        *("student", "exercise", "file", "status", "points", "max_points", "02.half_mse", "02.gradient", "notes")
    ]
    assert "an older file was not graded: 02_old.ipynb" in rows(course)["'=1+1"]["notes"]
    assert contents(course / "class") == before
    said = capsys.readouterr().out
    assert "Self-test of exercise 02: the solution gets full marks, the untouched exercise none" in said
    assert "6 done, 1 failed, 0 left" in said
    assert "broken, 02: unreadable, 0 of 4 points; not JSON" in said
    out = course / "out"
    assert {path.name for path in out.iterdir()} == {
        *("private", "gradebook.csv", "junit.xml", "summary.html", "feedback", "notebooks")
    }
    assert len(list((out / "feedback").rglob("02.html"))) == 6
    executed = [nbformat.read(path, as_version=4) for path in (out / "notebooks").rglob("02.ipynb")]
    assert len(executed) == 4
    assert sum("02.gradient: passed" in str(notebook) for notebook in executed) == 3


def test_only_what_is_new_or_changed_is_graded(course, capsys):
    small_class(course, honest=2)
    assert main(command()) == 0
    first = (course / "out" / "gradebook.csv").read_bytes()
    assert "5 of them to be graded" in capsys.readouterr().out

    assert main(command()) == 0
    assert "5 submissions, 0 of them to be graded" in capsys.readouterr().out
    assert (course / "out" / "gradebook.csv").read_bytes() == first

    hand_in(course, "untouched", tiny(LOSS, STUBS[1]))
    hand_in(course, "new", tiny(STUBS[0], GRADIENT))
    assert main(command("--jobs", "1")) == 0
    assert "6 submissions, 2 of them to be graded" in capsys.readouterr().out
    assert (rows(course)["untouched"]["points"], rows(course)["new"]["points"]) == ("2", "2")

    assert main(command("--again", "--jobs", "1", out="out")) == 0
    assert "6 submissions, 6 of them to be graded" in capsys.readouterr().out
    again = (course / "out" / "gradebook.csv").read_bytes()
    assert main(command("--jobs", "2", out="other")) == 0  # another seed, another order
    assert (course / "other" / "gradebook.csv").read_bytes() == again


def test_nothing_of_the_seed_is_to_be_shared(course, capsys):
    hand_in(course, "ann", tiny(HARDLY, GRADIENT))
    assert main(command("--seed", "a secret of ours", "--jobs", "1")) == 0
    private = course / "out" / "private"
    assert (private / "seed.txt").read_text() == "a secret of ours"
    if os.name == "posix":
        assert private.stat().st_mode & 0o777 == 0o700
        assert (private / "seed.txt").stat().st_mode & 0o777 == 0o600
    shared = [content for path, content in contents(course / "out").items() if private not in path.parents]
    assert shared
    assert not any(b"a secret of ours" in content for content in shared)
    capsys.readouterr()

    assert main(command("--jobs", "1")) == 0  # remembered
    assert "0 of them to be graded" in capsys.readouterr().out
    (course / "file").write_text("another\n")
    assert main(command("--seed", "file", "--jobs", "1")) == 0
    assert "1 of them to be graded" in capsys.readouterr().out
    assert (private / "seed.txt").read_text() == "another"
    assert main(command("--seed", " ")) == 2
    assert "--seed=' ' is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("folder", "content", "text"),
    [
        ("solutions", tiny(HARDLY, GRADIENT), "the solution got 3 points, not 4 (graded)"),
        ("exercises", tiny(LOSS, STUBS[1]), "the untouched exercise got 2 points, not 0 (graded)"),
    ],
)
def test_it_refuses_to_start_where_the_self_test_fails(course, capsys, solved, folder, content, text):
    hand_in(course, "ann", tiny(LOSS, GRADIENT))
    if folder == "solutions":  # with the outputs of the right one
        notebook = json.loads(solved)
        notebook["cells"][1]["source"] = content.cells[1].source
        content = nbformat.from_dict(notebook)
    (course / folder / "02_tiny.ipynb").write_text(nbformat.writes(content))
    assert main(command("--jobs", "1")) == 2
    said = capsys.readouterr().err
    assert "Self-test failed, nothing was graded" in said
    assert text in said
    assert not (course / "out" / "gradebook.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere", "--exercise", "02", "--out", "out"], "FOLDER='nowhere' is no folder"),
        (["class", "--exercise", "02", "--out", "class/out"], "lies in FOLDER"),
        (["class", "--exercise", "02", "--out", "exercises/02_tiny.ipynb"], "--out='exercises/02_tiny.ipynb' cannot"),
        (["class", "--exercise", "77", "--out", "out"], "no notebook '77'"),
        (["empty", "--exercise", "02", "--out", "out"], "holds no submission"),
        (command("--pattern", "("), "--pattern='(' is no regular expression"),
        (command("--jobs", "0"), "--jobs=0 must be at least 1"),
        (command("--cell-seconds", "0"), "--cell-seconds=0 must be at least 1"),
        (command("--by-hand", "nothing.csv"), "--by-hand='nothing.csv' cannot be read"),
    ],
)
def test_wrong_arguments_are_named(course, capsys, arguments, text):
    small_class(course)
    (course / "empty").mkdir()
    assert main(arguments) == 2
    assert text in capsys.readouterr().err


def test_points_by_hand(course, capsys):
    small_class(course)
    by_hand = course / "by_hand.csv"
    by_hand.write_text("student,exercise,item,points,comment\nuntouched,2,02.gradient,1,by <mail>\nabsent,17,talk,5,\n")
    assert main(command("--by-hand", "by_hand.csv", "--jobs", "1")) == 0
    got = rows(course)
    assert (got["untouched"]["points"], got["untouched"]["02.gradient"], got["absent"]["talk"]) == ("1", "1", "5")
    assert got["absent"]["exercise"] == "17"
    (page,) = (course / "out" / "feedback").glob("untouched*/02.html")
    assert "changed by hand (before: 0): by &lt;mail&gt;" in page.read_text(encoding="utf-8")
    capsys.readouterr()

    before = contents(course / "out")
    by_hand.write_text("student,exercise,item,points,comment\nuntouched,2,02.gradient,2,\nnobody,2,talk,5,\n")
    assert main(command("--by-hand", "by_hand.csv")) == 2
    assert "line 3: student='nobody' is not in the gradebook" in capsys.readouterr().err
    assert contents(course / "out") == before


def test_all_exercises_that_the_course_has(course, capsys):
    small_class(course)
    hand_in(course, "untouched", tiny(*STUBS), "99_more.ipynb")
    assert main(command("--jobs", "1", exercise="all")) == 0
    assert "the course has no such exercise: 99" in capsys.readouterr().out
    assert {row["exercise"] for row in rows(course).values()} == {"02"}


def test_a_class_goes_to_a_dask_cluster_unchanged(course):
    small_class(course, honest=3)
    assert main(command("--jobs", "1")) == 0
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with cluster, Client(cluster) as client, parallel_config(backend="dask"):
        assert main(command(out="far")) == 0
        done = client.run(lambda dask_worker: dask_worker.state.executed_count)
    assert sum(done.values()) >= 6
    assert (course / "far" / "gradebook.csv").read_bytes() == (course / "out" / "gradebook.csv").read_bytes()


def test_progress_on_a_terminal_is_one_line_and_one_for_each_failure():
    class Terminal(io.StringIO):
        encoding = "ascii"

        def isatty(self):
            return True

    with contextlib.redirect_stdout(Terminal()) as screen:
        progress = Progress(3)
        progress.add(Result("ann", "02", status="graded"))
        progress.add(Result("王\x1b[2J", "02", status="crashed", notes=("why",)))
        progress.add(Result("cid", "02", status="missing"))
    assert screen.getvalue().replace("\x1b[K", "").split("\r") == [
        "",
        "1 done, 0 failed, 2 left",
        "\\u738b\\ufffd[2J, 02: crashed, 0 of 0 points; why\n",
        "2 done, 1 failed, 1 left",
        "3 done, 1 failed, 0 left\n",
    ]


def test_what_a_submission_left_is_removed(tmp_path):
    place = tmp_path / "place"
    here = place / "a"
    here.mkdir(parents=True)
    started = os.getcwd()
    try:
        os.chdir(here)
        for _ in range(3000):  # deeper than Python calls, and than the system opens files
            os.mkdir("d")
            os.chdir("d")
        Path("file").touch()
    finally:
        os.chdir(started)
    (place / "closed").mkdir(mode=0)
    (place / "link").symlink_to(tmp_path)
    remove(place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("note", ["", ".", "/", "ngo-x"])
def test_a_damaged_note_of_the_last_run_s_folder_removes_nothing(tmp_path, monkeypatch, note):
    (tmp_path / "ngo-x").mkdir()
    (tmp_path / "work").touch()
    (tmp_path / "note").write_text(note)
    removed = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ngo_lesson.grading.__main__.remove", removed.append)
    with _runs(tmp_path / "note") as runs:
        assert removed == []
    assert removed == [runs]
    runs.rmdir()


# Stopped at any moment


def start(course, *more):
    """Start the command in a process of its own; all that it starts has `course / "t"` in its environment."""
    (course / "t").mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "ngo_lesson.grading", *command("--jobs", "2", *more)],
        cwd=course,
        env=os.environ | {"TMPDIR": str(course / "t"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def running(course):
    """Return what runs of commands in this course."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"={course / 't'}".encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def nothing_left(course, seconds=20):
    end = time.monotonic() + seconds
    while left := running(course):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def places_left(course):
    """Return the folders where submissions ran; the sandbox's own trial, when killed, leaves one without any."""
    return [path for path in (course / "t").glob("ngo-*") if not path.name.startswith("ngo-sandbox-")]


def killed_and_resumed(course, times):
    """Kill the command at random moments, start it again, and return the CSV of an undisturbed run and of this one."""
    small_class(course, honest=6)
    started = time.monotonic()
    process = start(course, "--seed", "ours")
    said = process.communicate()[0]
    assert process.returncode == 0, said
    whole = time.monotonic() - started
    (course / "out").rename(course / "calm")
    chance = random.Random(0)
    for _ in range(times):
        process = start(course, "--seed", "ours")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, whole))
        process.kill()
        process.communicate()
        nothing_left(course)
    process = start(course, "--seed", "ours")
    said = process.communicate()[0]
    assert process.returncode == 0, said
    nothing_left(course)
    assert places_left(course) == []
    return [(course / out / "gradebook.csv").read_bytes() for out in ("calm", "out")]


@linux_only
def test_killed_at_any_moment_it_goes_on(course):
    calm, resumed = killed_and_resumed(course, 3)
    assert resumed == calm


@linux_only
@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_killed_fifty_times_it_goes_on(course):
    calm, resumed = killed_and_resumed(course, 50)
    assert resumed == calm


@linux_only
def test_ctrl_c_ends_cleanly(course):
    small_class(course, honest=6)
    process = start(course)
    for line in process.stdout:
        if "honest" in line:
            break
    process.send_signal(signal.SIGINT)
    said = process.communicate()[0]
    assert process.returncode == 130, said
    assert "Traceback" not in said
    nothing_left(course)
    assert places_left(course) == []
    done = rows(course)
    assert 0 < len(done) < 9
    process = start(course)
    said = process.communicate()[0]
    assert f"9 submissions, {9 - len(done)} of them to be graded" in said
    assert len(rows(course)) == 9


@linux_only
def test_it_goes_on_when_the_system_ends_a_worker(course):
    small_class(course, honest=6)
    process = start(course)
    for line in process.stdout:
        if "done" in line:
            break
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    (worker, *_) = [child for child in children if "LokyProcess" in Path(f"/proc/{child}/cmdline").read_text()]
    os.kill(int(worker), signal.SIGKILL)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    assert "The system ended a worker" in said
    assert sum(row["status"] == "graded" for row in rows(course).values()) == 7
    nothing_left(course)
