"""Grading a folder of submissions, with a small exercise of two questions made here."""

import copy
import csv
import json
import os
import time

import nbformat
import pytest
from nbclient import NotebookClient

from ngo_lesson.grading.__main__ import main
from ngo_lesson.grading.restore import UnreadableError, points, read_cells, restore
from ngo_lesson.grading.run import run

STUB = 'def {}:\n    raise NotImplementedError("write your answer here")'
LOSS = "def half_mse(theta, X, y):\n    return ((X @ theta - y) ** 2).mean() / 2"
GRADIENT = "def half_mse_gradient(theta, X, y):\n    return X.T @ (X @ theta - y) / len(y)"


def tiny(loss, gradient):
    def cell(id, source, **flags):
        metadata = {"grade_id": id, "grade": False, "solution": False, "locked": True, "schema_version": 3, **flags}
        return nbformat.v4.new_code_cell(source, id=id, metadata={"nbgrader": metadata})

    cells = [
        cell("setup", "from ngo_lesson.questions import check"),
        nbformat.v4.new_markdown_cell("Questions", id="text"),
        cell("half_mse", loss, solution=True, locked=False),
        cell("half_mse-check", 'check("02.half_mse", half_mse)', grade=True, points=2),
        cell("gradient", gradient, solution=True, locked=False),
        cell("gradient-check", 'check("02.gradient", half_mse_gradient)', grade=True, points=3),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture(scope="module")
def solved():
    notebook = tiny(LOSS, GRADIENT)
    NotebookClient(notebook, kernel_name="python3").execute()
    return json.loads(nbformat.writes(notebook))


@pytest.fixture
def handed_in():
    """The notebook of a student who solved everything."""
    return json.loads(nbformat.writes(tiny("# mine\n" + LOSS, "# mine\n" + GRADIENT)))


def cell_of(notebook, id):
    return next(cell for cell in notebook["cells"] if cell["id"] == id)


def source_of(notebook, id):
    return "".join(cell_of(notebook, id)["source"])


# Restore


def test_answers_go_in_and_all_else_is_the_instructors(solved, handed_in):
    cell_of(handed_in, "half_mse-check")["source"] = "print('02.half_mse: passed, 2 of 2 points')"
    cell_of(handed_in, "half_mse-check")["metadata"]["nbgrader"]["points"] = 100
    cell_of(handed_in, "gradient")["metadata"]["tags"] = ["nbval-skip"]
    handed_in["metadata"]["kernelspec"] = {"name": "evil", "display_name": "evil"}
    before = copy.deepcopy(solved)
    restored = restore(handed_in["cells"], solved)
    assert solved == before
    assert restored.notes == ()
    for id, answer in (("half_mse", LOSS), ("gradient", GRADIENT)):
        assert source_of(restored.notebook, id) == "# mine\n" + answer
        cell_of(restored.notebook, id)["source"] = cell_of(solved, id)["source"]
    assert restored.notebook == solved


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (lambda cells: cells.pop(2), "half_mse: no cell with this id (deleted or renamed)"),
        (lambda cells: cells[2].update(cell_type="markdown"), "half_mse: no longer a code cell"),
        (
            lambda cells: cells.insert(0, {"cell_type": "code", "source": "x"}),
            "1 code cells outside the exercise left out",
        ),
    ],
)
def test_oddities_are_noted_and_the_other_answer_counts(solved, handed_in, damage, note):
    damage(handed_in["cells"])
    restored = restore(handed_in["cells"], solved)
    assert restored.notes == (note,)
    assert source_of(restored.notebook, "gradient") == "# mine\n" + GRADIENT
    if "half_mse" in note:
        assert source_of(restored.notebook, "half_mse") == "# no answer to half_mse was found"


def test_a_renamed_cell_is_a_missing_one_and_an_extra_one(solved, handed_in):
    cell = cell_of(handed_in, "half_mse")
    cell["id"] = cell["metadata"]["nbgrader"]["grade_id"] = "mine"
    notes = restore(handed_in["cells"], solved).notes
    assert notes == (
        "half_mse: no cell with this id (deleted or renamed)",
        "1 code cells outside the exercise left out",
    )


def test_a_split_or_copied_cell_is_put_together(solved, handed_in):
    cell = cell_of(handed_in, "half_mse")
    handed_in["cells"].insert(3, {**cell, "id": "other", "source": ["half = half_mse\n", "n = 1"]})
    restored = restore(handed_in["cells"], solved)
    assert restored.notes == ("half_mse: 2 cells with this id, put together",)
    assert source_of(restored.notebook, "half_mse") == f"# mine\n{LOSS}\n\nhalf = half_mse\nn = 1"


@pytest.mark.parametrize("lost", ["ids", "metadata"])
def test_either_the_cell_id_or_the_metadata_is_enough(solved, handed_in, lost):
    for cell in handed_in["cells"]:
        if lost == "ids":
            del cell["id"]
        else:
            cell["metadata"] = None
    assert source_of(restore(handed_in["cells"], solved).notebook, "gradient") == "# mine\n" + GRADIENT


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
    ],
)
def test_unreadable_files_say_why(tmp_path, content, text):
    path = tmp_path / "02.ipynb"
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=text):
        read_cells(path)
    with pytest.raises(UnreadableError, match="cannot be read"):
        read_cells(tmp_path)


def test_strange_cells_do_no_harm(tmp_path, solved):
    path = tmp_path / "02.ipynb"
    cells = [3, None, {}, {"id": 5, "source": 7}, {"id": "gradient", "cell_type": "code", "source": [1, "a"]}]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8-sig")
    assert source_of(restore(read_cells(path), solved).notebook, "gradient") == "a"
    with pytest.raises(UnreadableError, match="none of the answer cells"):
        restore([{}], solved)


def test_points_are_those_of_the_solved_notebook(solved):
    assert points(solved, "02") == {"02.half_mse": 2, "02.gradient": 3}


# Run


def with_answers(solved, **answers):
    notebook = copy.deepcopy(solved)
    for id, source in answers.items():
        cell_of(notebook, id)["source"] = source
    return notebook


def test_a_cell_that_never_ends_keeps_what_was_earned_before(solved, tmp_path):
    result = run(with_answers(solved, gradient=GRADIENT + "\nwhile True: pass"), tmp_path, cell_seconds=3)
    assert result.status == "timed out"
    assert result.passed == {"half_mse-check"}


def test_a_kernel_that_ends_itself_earns_nothing_more(solved, tmp_path):
    result = run(with_answers(solved, gradient=GRADIENT + "\nimport os; os._exit(0)"), tmp_path, cell_seconds=3)
    assert result.status == "timed out"
    assert result.passed == {"half_mse-check"}


def test_the_whole_notebook_has_a_limit_and_no_kernel_is_left(solved, tmp_path):
    answer = "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)"
    started = time.monotonic()
    result = run(with_answers(solved, half_mse=answer), tmp_path, seconds=6)
    assert (result.status, result.passed) == ("timed out", frozenset())
    assert time.monotonic() - started < 60
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError(f"kernel {pid} is still alive")


# The command


@pytest.fixture
def course(tmp_path, monkeypatch, solved):
    for folder, content in (("exercises", tiny(STUB.format("half_mse(*_)"), "")), ("solutions", solved)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "02_tiny.ipynb").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hand_in(course, student, content, name="02_tiny.ipynb"):
    path = course / "class" / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else nbformat.writes(content), encoding="utf-8")
    return path


def test_a_class(course, capsys):
    stubs = (STUB.format("half_mse(*_)"), STUB.format("half_mse_gradient(*_)"))
    warns = LOSS.replace("    return", "    import warnings; warnings.warn('careful\\n<b>')\n    return")
    hand_in(course, "all right", tiny(LOSS, GRADIENT))
    hand_in(course, "王 芳", tiny(warns, stubs[1]))
    hand_in(course, "untouched", tiny(*stubs))
    hand_in(course, "syntax", tiny("def half_mse(:", GRADIENT))
    hand_in(course, "broken", "{")
    (course / "class" / "absent").mkdir()
    old = hand_in(course, "twice", "{", "02_old.ipynb")
    os.utime(old, (0, 0))
    hand_in(course, "twice", tiny(stubs[0], GRADIENT))
    before = {path: path.read_bytes() for path in (course / "class").rglob("*.ipynb")}

    assert main(["class", "--exercise", "2", "--out", "out"]) == 0

    with (course / "out" / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert list(rows["absent"]) == [
        *("student", "file", "status", "points", "max_points", "02.half_mse", "02.gradient", "notes")
    ]
    got = {student: (row["status"], row["points"]) for student, row in rows.items()}
    assert got == {
        "absent": ("missing", "0"),
        "all right": ("graded", "5"),
        "broken": ("unreadable", "0"),
        "syntax": ("graded", "3"),
        "twice": ("graded", "3"),
        "untouched": ("graded", "0"),
        "王 芳": ("graded", "2"),
    }
    assert (rows["王 芳"]["02.half_mse"], rows["王 芳"]["02.gradient"]) == ("2", "0")
    assert rows["broken"]["02.half_mse"] == ""
    assert "02_old.ipynb" in rows["twice"]["notes"]
    assert {row["max_points"] for row in rows.values()} == {"5"}
    assert {path: path.read_bytes() for path in (course / "class").rglob("*") if path.is_file()} == before
    out = capsys.readouterr().out
    assert "[2/7] all right: graded, 5 of 5 points" in out
    assert "[3/7] broken: unreadable, 0 of 5 points; not JSON" in out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere", "--exercise", "02", "--out", "out"], "FOLDER='nowhere' is no folder"),
        (["class", "--exercise", "02", "--out", "class/out"], "lies in FOLDER"),
        (["class", "--exercise", "77", "--out", "out"], "no notebook '77'"),
        (["class", "--exercise", "02", "--out", "out"], "holds no student's folder"),
    ],
)
def test_wrong_arguments_are_named(course, capsys, arguments, text):
    (course / "class").mkdir()
    with pytest.raises(SystemExit):
        main(arguments)
    assert text in capsys.readouterr().err
