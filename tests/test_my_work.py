"""Students' copies of exercises: made once, never overwritten, found from any folder of the course."""

import subprocess
import sys
from pathlib import Path

import pytest

import ngo_lesson.my_work
from ngo_lesson.my_work import CourseNotFoundError, course_folder, main, start_exercise


@pytest.fixture
def course(tmp_path, monkeypatch):
    for folder in ("exercises", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "exercises" / "02_tiny.ipynb").write_text("exercise")
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def test_copies_beside_the_exercises_and_says_where(course, capsys):
    copy = start_exercise("02")
    assert copy == course / "my_work" / "02_tiny.ipynb"
    assert copy.read_text() == "exercise"
    assert "Open my_work/02_tiny.ipynb in the folder of the course." in capsys.readouterr().out


def test_never_overwrites(course, capsys):
    start_exercise(2).write_text("my work")
    capsys.readouterr()
    assert start_exercise("02").read_text() == "my work"
    assert "there already" in capsys.readouterr().out


def test_an_unknown_exercise_is_named(course):
    with pytest.raises(CourseNotFoundError, match=r"no notebook '07' in .*there are: 02"):
        start_exercise("07")
    assert main(["07"]) == 2
    assert not (course / "my_work").exists()


def test_the_command(course):
    command = [sys.executable, "-m", "ngo_lesson.my_work", "02"]
    result = subprocess.run(command, cwd=course / "exercises", capture_output=True, text=True, check=True)
    assert "Copied" in result.stdout
    assert (course / "my_work" / "02_tiny.ipynb").exists()


def test_from_elsewhere_the_package_tells_where_the_course_is(tmp_path):
    package = Path(ngo_lesson.my_work.__file__).resolve().parents[1]
    if list(package.glob("exercises/*.ipynb")):
        assert course_folder(tmp_path) == package
    else:  # installed without the course around it
        with pytest.raises(CourseNotFoundError, match=tmp_path.name):
            course_folder(tmp_path)
