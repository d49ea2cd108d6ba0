"""The exercises in the real nbgrader: released, validated and graded automatically, by the checks that students see."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COURSE = Path(__file__).parents[1]
PLACE = COURSE / "build" / "nbgrader"
PROGRAMS = PLACE / ("Scripts" if os.name == "nt" else "bin")
NAME = "02_linear_regression.ipynb"


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory):
    """A function that runs nbgrader in a course of its own and returns what it says and its exit code."""
    if not PLACE.exists():
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
    command = [PROGRAMS / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*command, "nbgrader>=0.9,<0.10", "-e", COURSE, "-c", COURSE / "requirements.lock"], check=True)
    folder = tmp_path_factory.mktemp("nbgrader")
    # nbgrader runs `alembic`, which it looks for on PATH
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder)}

    def run(*arguments):
        done = subprocess.run(
            [PROGRAMS / "nbgrader", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout, done.returncode

    page = (COURSE / "docs" / "instructors.md").read_text(encoding="utf-8")
    config = page.partition("```python\n# nbgrader_config.py\n")[2].partition("```")[0]
    (folder / "nbgrader_config.py").write_text(config)
    run.folder = folder
    return run


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_solution_gets_full_marks_and_the_untouched_exercise_none(nbgrader):
    source = nbgrader.folder / "source" / "02"
    source.mkdir(parents=True)
    shutil.copy(COURSE / "exercises" / NAME, source)
    said, code = nbgrader("generate_assignment", "02")
    assert code == 0, said
    released = nbgrader.folder / "release" / "02" / NAME
    assert "def half_mse(theta, X, y):" in released.read_text(encoding="utf-8")
    for student, notebook in (("right", COURSE / "solutions" / NAME), ("untouched", released)):
        handed_in = nbgrader.folder / "submitted" / student / "02"
        handed_in.mkdir(parents=True)
        shutil.copy(notebook, handed_in)
        said, code = nbgrader("validate", str(handed_in / NAME))
        assert code == 0, said
        assert ("Success! Your notebook passes all the tests." in said) == (student == "right"), said
    said, code = nbgrader("autograde", "02")
    assert code == 0, said
    said, code = nbgrader("export")
    assert code == 0, said
    with (nbgrader.folder / "grades.csv").open(newline="") as file:
        scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
    assert scores == {"right": (12, 12), "untouched": (0, 12)}
