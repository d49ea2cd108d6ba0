"""The front pages: every command in them is run, and map, links, picture and citation agree with what they tell of."""

import csv
import html
import inspect
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import numpy as np
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from PIL import Image

from authoring import picture
from benchmarks.__main__ import GROUPS

ROOT = Path(__file__).parents[1]
PAGES = "README.md", "docs/instructors.md", "docs/places.md"
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
ACTIVATE = r".venv\Scripts\activate", "source .venv/bin/activate"
PROGRAMS = "jupyter", "make", "nbgrader", "pip", "python", "source"
INLINE = re.compile(rf"`((?:{'|'.join(PROGRAMS)}) [^`]+|ngo-grade[^`]*)`")
GRADE = "python -m ngo_lesson.grading SUBMISSIONS --exercise 02 --out RESULTS"
FROM_ZIP = (
    r'python -m ngo_lesson.grading moodle.zip --exercise 02 --out RESULTS --pattern "(?P<student>[^_/]+)_.*\.ipynb"'
)

NBGRADER = "test_nbgrader.py::test_a_solution_gets_full_marks_and_the_untouched_exercise_none"

# Each command of the pages, and the test that runs it.
RUN_BY = {
    "make lab": "test_readme.py::test_make_lab_opens_the_first_page",
    "make test": "test_readme.py::test_make_test_takes_all_steps_and_is_what_ci_runs",
    "make site": "test_readme.py::test_make_knows_the_target",
    "python -m venv .venv": "test_readme.py::test_without_make",
    ACTIVATE[0]: "test_readme.py::test_without_make",
    ACTIVATE[1]: "test_readme.py::test_without_make",
    "pip install -r requirements.txt": "test_readme.py::test_without_make",
    "jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb": "test_readme.py::test_without_make",
    "python -m ngo_lesson.my_work 02": "test_readme.py::test_an_exercise_is_copied",
    GRADE: "test_readme.py::test_the_commands_for_instructors",
    FROM_ZIP: "test_readme.py::test_the_commands_for_instructors",
    f"{GRADE} --by-hand points.csv": "test_readme.py::test_the_commands_for_instructors",
    "ngo-grade": "test_readme.py::test_the_short_name",
    "nbgrader generate_assignment 02": NBGRADER,
    "nbgrader autograde": NBGRADER,
    "python -m benchmarks lms": "test_benchmarks.py::test_the_command_prints_a_table_and_stores_it",
    # Minutes, and figures of a quiet machine: the tests make each group's rows in small, the whole is run by hand.
    "python -m benchmarks": "test_readme.py::test_each_group_of_benchmarks_is_there",
    **{
        f"python -m benchmarks {group}": "test_readme.py::test_each_group_of_benchmarks_is_there"
        for group in ("explorers", "grading", "matrices", "networks", "search", "updates")
    },
}


def blocks(page):
    """The shell blocks of a page, each a list of lines without comments."""
    found = re.findall(r"```sh\n(.*?)```", TEXTS[page], re.DOTALL)
    return [[line.partition("  #")[0].strip() for line in block.splitlines() if line.strip()] for block in found]


def commands(page):
    prose = re.sub(r"```.*?```", "", TEXTS[page], flags=re.DOTALL)
    # one in a comment beside a command is a command, too
    said = [re.search(r": (source .*)", line)[1] for line in TEXTS[page].splitlines() if ": source " in line]
    return {line for block in blocks(page) for line in block} | set(INLINE.findall(prose)) | set(said)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_has_its_test(page):
    assert commands(page) <= RUN_BY.keys()


def test_the_list_names_tests_that_are_there_and_commands_that_are_used():
    assert set(RUN_BY) == set().union(*map(commands, PAGES))
    for place in set(RUN_BY.values()):
        file, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), place


def environment(**more):
    """The environment of somebody who has Python and no course yet."""
    hidden = ("MAKE", "MFLAGS", "PYTEST", "PYTHONPATH", "VIRTUAL_ENV", "JUPYTER", "NUMBA", "PIP_REQUIRE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"} | more


def run(command, folder, **words):
    """Run a command as a page writes it, with a path for each of its words in capitals; return what it prints."""
    parts = [str(words.get(part.partition(".")[0], part)) for part in shlex.split(command)]
    done = subprocess.run(parts, cwd=folder, env=environment(), text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# Installing, from nothing to the first page


@pytest.fixture
def fresh(tmp_path):
    """A copy of the course as somebody gets it: what git tracks, and what it would track."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("the course is no git repository here")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tmp_path / "course" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "course" / name)
    return tmp_path / "course"


def opens(lines, course):
    """Run shell lines that end in JupyterLab; return address and text of the page that it opens in the browser."""
    home, asked = course.parent / "home", course.parent / "asked"
    (home / "config").mkdir(parents=True)
    (home / "config" / "jupyter_server_config.json").write_text('{"ServerApp": {"allow_root": true}}')
    browser = course.parent / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{asked}.new"\nmv "{asked}.new" "{asked}"\n')
    browser.chmod(0o755)
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    with (course.parent / "log").open("w+") as log:
        process = subprocess.Popen(
            ["bash", "-e", "-c", "\n".join(lines)],
            cwd=course,
            env=environment(BROWSER=str(browser), IPYTHONDIR=str(home / "ipython"), **places),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            while not asked.exists():
                assert process.poll() is None, (course.parent / "log").read_text()[-3000:]
                time.sleep(0.5)
            redirect = Path(asked.read_text().strip().removeprefix("file://")).read_text()
            address = html.unescape(re.search(r'href="(http[^"]*)"', redirect)[1])
            direct = build_opener(ProxyHandler({}))
            with direct.open(address, timeout=60) as page:
                assert page.status == 200
                text = page.read().decode()
            contents = address.replace("/lab/tree/", "/api/contents/")
            with direct.open(contents, timeout=60) as answer:
                assert json.load(answer)["type"] == "notebook"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return address, text


def assert_first_page(address, text, course):
    assert address.partition("?")[0].endswith("/lab/tree/notebooks/00_start_here.ipynb")
    assert "<title>JupyterLab</title>" in text
    said = run("python -c 'from ngo_lesson.installation import *; check_installation()'", course, python=python(course))
    assert said.splitlines()[-1] == "Everything is here. You can start."


def python(course):
    return course / ".venv" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.name == "nt", reason="a shell")
def test_make_lab_opens_the_first_page(fresh):
    assert_first_page(*opens(["make lab"], fresh), fresh)
    assert "make lab" in blocks("README.md")[0]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(os.name == "nt", reason="a shell")
def test_without_make(fresh):
    [lines] = [block for block in blocks("README.md") if "python -m venv .venv" in block]
    assert_first_page(*opens([ACTIVATE[1] if line == ACTIVATE[0] else line for line in lines], fresh), fresh)


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="no make")


def recipe(target):
    """What make would do."""
    done = subprocess.run(["make", "-n", target], cwd=ROOT, env=environment(), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_make
def test_make_test_takes_all_steps_and_is_what_ci_runs():
    steps = recipe("test")
    for step in ("ruff check .", "authoring check", "pytest tests ", "--nbval notebooks solutions"):
        assert step in steps
    assert "make test" in (ROOT / ".ci" / "run").read_text().splitlines()


@needs_make
@pytest.mark.parametrize("target", ["lab", "site"])
def test_make_knows_the_target(target):
    assert ".venv/bin/" in recipe(target)


# What is run in the installed course


def test_an_exercise_is_copied(tmp_path):
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises")
    assert "Copied" in run("python -m ngo_lesson.my_work 02", tmp_path)
    [copy] = (tmp_path / "my_work").iterdir()
    assert copy.read_bytes() == (ROOT / "exercises" / copy.name).read_bytes()


@pytest.mark.slow
def test_the_commands_for_instructors(tmp_path):
    [solution] = (ROOT / "solutions").glob("02_*.ipynb")
    [untouched] = (ROOT / "exercises").glob("02_*.ipynb")
    results, submissions = tmp_path / "results", tmp_path / "class"
    for student, notebook in (("ann", solution), ("bob", untouched)):
        (submissions / student).mkdir(parents=True)
        shutil.copy(notebook, submissions / student)
    words = {"SUBMISSIONS": submissions, "RESULTS": results}
    run(GRADE, ROOT, **words)
    book = gradebook(results)
    full = book["ann"]["max_points"]
    assert (book["ann"]["points"], book["bob"]["points"]) == (full, "0")
    assert (results / "summary.html").exists()
    assert {path.parent.name for path in (results / "feedback").rglob("02.html")} == {"ann", "bob"}

    points = tmp_path / "points.csv"
    points.write_text(re.search(r"```csv\n(.*?)```", TEXTS["docs/instructors.md"], re.DOTALL)[1])
    run(f"{GRADE} --by-hand points.csv", ROOT, points=points, **words)
    assert gradebook(results)["bob"]["02.half_mse"] == "2"

    with zipfile.ZipFile(tmp_path / "moodle.zip", "w") as export:
        export.write(solution, f"ann_123_{solution.name}")
    run(FROM_ZIP, ROOT, moodle=tmp_path / "moodle.zip", RESULTS=tmp_path / "more")
    assert gradebook(tmp_path / "more")["ann"]["points"] == full


def gradebook(folder):
    with (folder / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file) if row["exercise"] == "02"}


def test_the_short_name():
    assert "SUBMISSIONS" in run("ngo-grade --help", ROOT).upper()


def test_each_group_of_benchmarks_is_there():
    named = {command.split()[3] for command in RUN_BY if command.startswith("python -m benchmarks ")}
    for group in named:
        assert group in GROUPS
        assert inspect.isgeneratorfunction(getattr(import_module(f"benchmarks.{group}"), group))


# What the pages say


def table(text):
    """Rows of a map: number of the lesson, its minutes, the lessons it needs."""
    rows = re.findall(r"^(?:# )?\| \[(\d\d) [^\]]+\]\(([^)]+)\) \| (\d+) \| ([^|]*) \|(.*)\|$", text, re.MULTILINE)
    return {number: (int(minutes), re.findall(r"\d\d", needs)) for number, _, minutes, needs, _ in rows}


def lines_of_lessons():
    """The same, from the line that each lesson has under its title."""
    found = {}
    for path in sorted((ROOT / "authoring" / "lessons").glob("*.py")):
        text = re.sub(r"^# ?", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        minutes, needs = re.search(r"\*\*Time\*\* (\d+) minutes[^*]*\*\*Needs\*\* (.*?)\n\n", text, re.DOTALL).groups()
        needed = re.split(r"[.;](?:\s|$)", needs)[0]
        found[path.name[:2]] = int(minutes), re.findall(r"\[(\d\d)\]", needed)
    return found


def test_the_map_says_what_the_lessons_say():
    assert table(TEXTS["README.md"]) == lines_of_lessons()


def test_the_map_of_lesson_00_says_the_same():
    lessons = lines_of_lessons()
    del lessons["00"]
    assert table((ROOT / "authoring" / "lessons" / "00_start_here.py").read_text(encoding="utf-8")) == lessons


def test_a_lesson_needs_earlier_ones_only():
    for number, (_, needs) in lines_of_lessons().items():
        assert all(needed < number for needed in needs)
        assert needs == sorted(set(needs))


def test_the_counts():
    lessons, exercises = (len(list((ROOT / folder).glob("*.ipynb"))) for folder in ("notebooks", "exercises"))
    assert f"{lessons} lessons, {exercises} exercises" in TEXTS["README.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", TEXTS[page]):
        assert target.startswith("https://") or (ROOT / page).parent.joinpath(target).exists(), target


def test_the_picture_moves_is_small_and_is_told_in_words():
    alt, name = re.search(r"!\[([^\]]*)\]\(([^)]*)\)", TEXTS["README.md"]).groups()
    assert ROOT / name == picture.PICTURE
    assert picture.PICTURE.stat().st_size < 400_000
    with Image.open(picture.PICTURE) as image:
        assert image.n_frames == len(picture.DONE)
        assert alt.endswith(image.info["comment"].decode())


@pytest.mark.slow
def test_the_picture_shows_the_explorer_as_it_is():
    explorer = picture.explorer()
    with Image.open(picture.PICTURE) as image:
        for place in (0, image.n_frames - 1):
            image.seek(place)
            [(drawn, sentence)] = picture.frames(explorer, [picture.DONE[place]])
            kept = np.asarray(image.convert("RGB"), dtype=float)
            assert kept.shape == drawn.shape
            assert np.abs(kept - drawn).mean() < 2, f"{sentence} To draw it again: python -m authoring.picture"


def test_the_citation_is_that_of_the_file_and_of_the_package():
    cite = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cite["version"] == project["version"]
    assert project["license"] == " AND ".join(cite["license"])
    [author] = cite["authors"]
    text = re.sub(r'[*"]', "", " ".join(TEXTS["README.md"].split()))
    assert f"{author['name']} ({cite['date-released'].year}). {cite['title']}, version {cite['version']}." in text


def test_binder_installs_the_whole_course_with_a_python_that_it_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = (ROOT / ".binder" / "runtime.txt").read_text().strip()
    assert Version(runtime.removeprefix("python-")) in SpecifierSet(project["requires-python"])
    named = (ROOT / ".binder" / "requirements.txt").read_text().split()
    assert named == ["-r", "../requirements.txt"]
    assert "-e .[data]" in (ROOT / "requirements.txt").read_text().splitlines()
