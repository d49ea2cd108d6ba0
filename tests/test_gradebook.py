"""The gradebook: what is stored, points by hand, and the CSV."""

import csv
import io
import sqlite3

import pytest

from ngo_lesson.grading.gradebook import Gradebook, GradebookError, as_csv, read_by_hand, write
from ngo_lesson.grading.result import Result
from ngo_lesson.questions.report import Report

HEAD = "student,exercise,item,points,comment\n"
MOST = {"02.half_mse": 2, "02.gradient": 3}


def result(student, *points, exercise="02", **fields):
    return Result(student, exercise, "02.ipynb", "graded", dict(zip(MOST, points, strict=False)), MOST, **fields)


@pytest.fixture
def gradebook(tmp_path):
    book = Gradebook(tmp_path / "gradebook.sqlite")
    yield book
    book.close()


@pytest.fixture
def merged(gradebook, tmp_path):
    """A function that merges lines of points by hand and returns the results by student and exercise."""

    def merge(lines, students=("ann", "bob")):
        path = tmp_path / "by hand.csv"
        path.write_text(HEAD + lines, encoding="utf-8-sig")
        gradebook.merge(read_by_hand(path, students))
        return {(result.student, result.exercise): result for result in gradebook.results()}

    return merge


def rows(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_what_is_stored_comes_back_sorted_also_after_reopening(gradebook, tmp_path):
    report = Report("02.half_mse", 0, 2, False, "the half is missing", "No.", (("Returned", "1"),))
    first = result("王 芳", 2, 0, reports={"02.half_mse": report}, notes=("odd",), executed={"cells": []})
    for one, key in ((first, "a"), (result("ann", 1, 1), "b"), (result("ann", 2, 3), "c")):
        gradebook.store(one, key)
    assert gradebook.keys() == {("ann", "02"): "c", ("王 芳", "02"): "a"}
    gradebook.close()
    again = Gradebook(tmp_path / "gradebook.sqlite")
    assert list(again.results()) == [result("ann", 2, 3), first]
    again.close()


def test_a_second_grading_of_the_same_folder_is_refused(gradebook, tmp_path):
    with pytest.raises(GradebookError, match="locked"):
        Gradebook(tmp_path / "gradebook.sqlite")
    (tmp_path / "other.sqlite").write_text("not a database, but text that is long enough" * 99)
    with pytest.raises(GradebookError, match="not a database"):
        Gradebook(tmp_path / "other.sqlite")


def test_a_transaction_that_was_cut_off_leaves_the_row_before(gradebook, tmp_path):
    gradebook.store(result("ann", 1, 1), "a")
    gradebook.close()
    cut = sqlite3.connect(tmp_path / "gradebook.sqlite")
    cut.execute("DELETE FROM results")
    cut.close()  # without a commit
    again = Gradebook(tmp_path / "gradebook.sqlite")
    assert list(again.results()) == [result("ann", 1, 1)]
    again.close()


def test_points_by_hand_override_add_and_are_remembered(gradebook, merged):
    gradebook.store(result("ann", 0, 3), "a")
    merged('ann,2,02.half_mse,1.5,"right, but late"\nann,02,report,4,\nbob,17,capstone,20,good\n')
    gradebook.store(result("ann", 0, 2), "b")  # graded again
    got = merged("")
    ann, bob = got["ann", "02"], got["bob", "17"]
    assert ann.points == {"02.half_mse": 1.5, "02.gradient": 2, "report": 4}
    assert ann.reasons == {
        "02.half_mse": "changed by hand (before: 0): right, but late",
        "report": "given by hand",
    }
    assert (ann.total, ann.max_total) == (7.5, 5)
    assert (bob.points, bob.status, bob.notes) == ({"capstone": 20}, "graded", ("points by hand only",))
    assert merged("ann,02,02.half_mse,,\n")["ann", "02"].points["02.half_mse"] == 0


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("cid,02,report,1,", "line 3: student='cid'"),
        ("bob,02,report,one,", "line 3: points='one' is not a number"),
        ("bob,02,report,nan,", "line 3: points='nan' is not a number"),
        ("bob,02,02.halfmse,1,", "line 3: .*did you mean '02.half_mse'"),
        ("bob,02,,1,", "line 3: item is empty"),
        ("bob,two,report,1,", "line 3: exercise='two'"),
        ("ann,2,report,1,", "line 3: a second line for 'ann', 02, 'report'"),
        ("bob,02,report,1,late, but good", "line 3: more cells than columns"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_changes(gradebook, merged, line, text):
    gradebook.store(result("ann", 2, 3), "a")
    with pytest.raises(GradebookError, match=text):
        merged(f"ann,02,report,1,\n{line}\n")
    assert list(gradebook.results()) == [result("ann", 2, 3)]


def test_a_file_that_is_no_such_table_is_named(tmp_path):
    path = tmp_path / "points.csv"
    with pytest.raises(GradebookError, match=r"points\.csv' cannot be read"):
        read_by_hand(path, ())
    path.write_text("name;points\n")
    with pytest.raises(GradebookError, match="line 1: the columns must be student, exercise, item, points, comment"):
        read_by_hand(path, ())
    path.write_bytes(b"\xff\xfes\x00")
    with pytest.raises(GradebookError, match="UTF-8"):
        read_by_hand(path, ())


def test_the_table_has_a_column_for_every_question_and_item(gradebook, merged):
    gradebook.store(Result("ann", "03", max_points={"03.lms": 4}, notes=("no file", "none")), "")
    gradebook.store(result("ann", 2, 3), "a")
    table = as_csv(list(merged("ann,03,report,1,\n").values()))
    assert table.startswith("\ufeffstudent,exercise,file,status,points,max_points,".encode())
    second, third = rows(table)
    assert list(second)[6:] == ["02.half_mse", "02.gradient", "03.lms", "report", "notes"]
    assert list(second.values()) == ["ann", "02", "02.ipynb", "graded", "5", "5", "2", "3", "", "", ""]
    assert list(third.values()) == ["ann", "03", "", "missing", "1", "4", "", "", "", "1", "no file; none"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(gradebook, merged, start):
    name = start + 'HYPERLINK("http://x")'
    gradebook.store(result(name, notes=(name,)), "a")
    (row,) = rows(as_csv(list(gradebook.results())))
    assert row["student"] == row["notes"] == "'" + name
    if start not in "\t\r":  # as copied from the gradebook, points by hand find the student
        quoted = "\"'" + name.replace('"', '""') + '"'
        assert merged(f"{quoted},02,-late,-1,\n", [name])[name, "02"].points == {"-late": -1}
        assert ",'-late,notes" in as_csv(list(gradebook.results())).decode().splitlines()[0]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.csv"
    write(path, b"1")
    write(path, b"2")
    assert [file.read_bytes() for file in path.parent.iterdir()] == [b"2"]
    with pytest.raises(TypeError):
        write(path, None)
    assert path.read_bytes() == b"2"
