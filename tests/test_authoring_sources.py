"""One small source for each way of going wrong before anything is executed: file, line and sentence of each message."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from authoring.assemble import READY, assemble
from authoring.course import Course
from authoring.problems import AuthoringError
from authoring.source import read_source
from authoring.stubs import stub_hash

TITLE = '# %% [markdown] id="title"\n# # 99 Tiny\n'
TWO = SimpleNamespace(id="99.two", points=2, difficulty=1, minutes=5, hints=("Count `1 + 1`.", "It is **even**."))
QUESTION = '# %% [markdown] id="two-question" tags=["question", "C01"]\n# Return two.\n'
ANSWER = """\
# %% id="two" tags=["answer"]
def two():
    ### BEGIN SOLUTION
    return 1 + sum([1])
    ### END SOLUTION
"""
CHECK = '# %% id="two-check" tags=["check"]\ncheck("99.two", two)\n'
EXERCISE = TITLE + QUESTION + ANSWER + CHECK


def course_in(folder: Path) -> Course:
    (folder / "authoring" / "lessons").mkdir(parents=True)
    (folder / "authoring" / "exercises").mkdir()
    (folder / "authoring" / "checklist.csv").write_text("id,topic,lessons\nC01,a listing,99\nF01,a formula,98 99\n")
    return Course(folder, lambda number: [TWO])


def assembled(folder: Path, text: str | bytes, kind: str = "lessons"):
    course = course_in(folder)
    path = folder / "authoring" / kind / "99_tiny.py"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(assemble(read_source(path, course.name(path), {"C01", "F01"}), course).values())


def problems(folder: Path, text: str | bytes, kind: str = "lessons") -> list[str]:
    with pytest.raises(AuthoringError) as caught:
        assembled(folder, text, kind)
    return [str(problem).removeprefix(f"authoring/{kind}/99_tiny.py:") for problem in caught.value.problems]


def cell(header: str, text: str = "x = 1") -> str:
    return f"{TITLE}\n{header}\n{text}\n"


def test_lesson_becomes_a_notebook_with_ids_tags_and_no_versions(tmp_path):
    [notebook] = assembled(tmp_path, cell('# %% id="load" tags=["C01", "machine"]', "\nx = 1  # 不 %time\n\n\n"))
    assert [(c.id, c.cell_type, c.source) for c in notebook.cells] == [
        ("title", "markdown", "# 99 Tiny"),
        ("ready", "code", READY),
        ("load", "code", "x = 1  # 不 %time"),
    ]
    assert notebook.cells[0].metadata == {}
    assert notebook.cells[2].metadata == {"tags": ["C01", "nbval-ignore-output"]}
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    nbformat.validate(notebook)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (cell('# %% id="a" tags=["machin"]'), "4: unknown tag 'machin'; known tags: machine and the row ids of"),
        (cell('# %% id="a" tags=["machin"]'), "did you mean 'machine'?"),
        (cell('# %% id="a" tags=["answer"]'), "4: unknown tag 'answer'"),
        (cell('# %% id="a" tags="C01"'), '4: cell header \'# %% id="a" tags="C01"\' is not understood'),
        (cell('# %% id="a" tag=["C01"]'), "4: cell header"),
        (cell('# %% [raw] id="a"'), "4: cell header"),
        (cell("# %%"), "4: cell without id; write # %% id="),
        (cell('# %% tags=["C01"]'), "4: cell without id"),
        (cell('# %% id="Two Words"'), "4: invalid id 'Two Words'; an id has 1 to 64 lowercase letters"),
        (cell('# %% id=""'), "4: invalid id ''"),
        (cell('# %% id="title"'), "4: duplicate id 'title', first used in line 1"),
        (cell('# %% id="a"', ""), "4: cell 'a' is empty"),
        (cell('# %% id="a"', "\n\nx = 1\n%timeit x"), "8: magic or shell escape '%timeit x'"),
        (cell('# %% id="a"', "files = !ls"), "5: magic or shell escape 'files = !ls'"),
        (cell('# %% id="a"', "!pip install numpy"), "5: magic or shell escape '!pip install numpy'"),
        (cell('# %% id="a"', "%%time\nx = 1"), "5: magic or shell escape '%%time'"),
        (cell('# %% id="a"', "x = 1\nx;"), "6: cell 'a' ends in ';', which hides its value in JupyterLab but not from"),
        (cell('# %% id="a"', "x = 1\nx +* 1"), "6: cell 'a' does not parse: invalid syntax"),
        (cell('# %% id="a"', 's = """\n# %% text\n"""'), "cell without id"),
        (cell('# %% id="a"', 's = """\n# %% id="b"\n"""'), "1: 3 cell headers but 2 cells; does one stand inside a"),
        (cell('# %% [markdown] id="a"', "# text\nx = 1"), "6: line of a markdown cell without '# ' in front"),
        ("import numpy\n" + TITLE, "1: text before the first cell header"),
        ("", "1: no cells"),
        (
            '# %% [markdown] id="title"\n# # 98 Tiny',
            "1: the first cell is markdown and starts with the title '# 99 ...'",
        ),
        (TITLE.encode() + b"# caf\xe9\n", "3: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (
            cell('# %% id="a"', "### BEGIN SOLUTION\nx = 1\n### END SOLUTION"),
            "5: solution marker outside an answer cell",
        ),
        (cell('# %% [markdown] id="a"', "# ### END SOLUTION"), "5: solution marker outside an answer cell"),
    ],
)
def test_faults_of_a_source(tmp_path, text, message):
    found = problems(tmp_path, text)
    assert any(message in problem for problem in found), found


def test_all_faults_are_reported_in_order_of_lines(tmp_path):
    text = TITLE + '# %%\nx = 1\n# %% id="B"\n%ls\n# %% id="c" tags=["F02"]\nx = 3\n'
    found = problems(tmp_path, text)
    assert [problem.split(":")[0] for problem in found] == ["3", "5", "7"]
    assert "did you mean 'F01'?" in found[2]


def test_percent_signs_and_comments_that_are_plain_python_pass(tmp_path):
    text = 'x = (7\n     % 4)\n# %time is only a comment\nprint("""\n!ls\n""" % ())'
    assert assembled(tmp_path, cell('# %% id="a"', text))[0].cells[2].source == text


def test_a_heading_that_says_solution_is_no_marker(tmp_path):
    assert len(assembled(tmp_path, cell('# %% [markdown] id="a"', "# ### Solution of the puzzle"))[0].cells) == 3


def test_the_meter_line_stands_under_the_heading(tmp_path):
    text = EXERCISE.replace("# Return two.", "# ## 1. Two\n#\n# Return two.")
    question = assembled(tmp_path, text, "exercises")[0].cells[1].source
    assert question.startswith("## 1. Two\n\n**99.two** · difficulty ★☆☆")


def test_exercise_and_solution_come_from_one_source(tmp_path):
    exercise, solution = assembled(tmp_path, EXERCISE, "exercises")
    stub = 'def two():\n    raise NotImplementedError("two: write your answer here")'
    assert exercise.cells[2].source == stub
    assert solution.cells[2].source == "def two():\n    return 1 + sum([1])"
    assert exercise.cells[1] == solution.cells[1]
    assert exercise.cells[1].metadata.tags == ["C01"]
    assert exercise.cells[1].source == (
        "**99.two** · difficulty ★☆☆ · about 5 minutes · 2 points\n\nReturn two.\n\n"
        "<details><summary>Hint 1</summary>\n\nCount `1 + 1`.\n\n"
        "<details><summary>Hint 2</summary>\n\nIt is **even**.\n\n</details>\n\n</details>"
    )
    locked = {"grade": False, "locked": True, "schema_version": 3, "solution": False, "task": False}
    assert exercise.cells[0].metadata == {"nbgrader": locked | {"grade_id": "title"}}
    answer = locked | {"grade_id": "two", "solution": True, "locked": False}
    assert exercise.cells[2].metadata == {"nbgrader": answer, "ngo": {"stub": stub_hash(stub)}}
    assert solution.cells[2].metadata == {"nbgrader": answer}
    assert exercise.cells[3].metadata == {
        "nbgrader": locked | {"grade_id": "two-check", "grade": True, "points": 2},
    }
    for notebook in (exercise, solution):
        nbformat.validate(notebook)


def test_stub_hash_is_the_start_of_sha256():
    assert stub_hash("x = ...") == "34f19f65bb3e3464"


@pytest.mark.parametrize(
    ("solution", "stub"),
    [
        ("### BEGIN SOLUTION\ntwo = 2\n### END SOLUTION", "two = ..."),
        (
            "# choose\n### BEGIN SOLUTION\n# why\ntwo = ['a',\n  -1]\nthree = {'b'}\n### END SOLUTION",
            "# choose\ntwo = ...\nthree = ...",
        ),
        (
            "def two():\n    n = 1\n  ### BEGIN SOLUTION\n\n    n = 2\n### END SOLUTION\n    return n",
            'def two():\n    n = 1\n    raise NotImplementedError("two: write your answer here")\n    return n',
        ),
    ],
)
def test_stubs(tmp_path, solution, stub):
    text = EXERCISE.replace(ANSWER, f'# %% id="two" tags=["answer"]\n{solution}\n')
    assert assembled(tmp_path, text, "exercises")[0].cells[2].source == stub


def replaced(old: str, new: str) -> str:
    assert old in EXERCISE
    return EXERCISE.replace(old, new)


def with_answer(text: str) -> str:
    return replaced(ANSWER, f'# %% id="two" tags=["answer"]\n{text}\n')


BLOCK = "    ### BEGIN SOLUTION\n    return 1 + sum([1])\n    ### END SOLUTION"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (replaced("### END SOLUTION", "### END SOLUTON"), "9: unknown marker '### END SOLUTON'; write '### BEGIN"),
        (replaced("    ### END SOLUTION", "    # end solution"), "9: unknown marker '# end solution'"),
        (replaced("    ### END SOLUTION", "    ### BEGIN HIDDEN TESTS"), "9: unknown marker '### BEGIN HIDDEN TESTS'"),
        (replaced("sum([1])", "sum([1])  ### SOLUTION"), "8: unknown marker 'return 1 + sum([1])  ### SOLUTION'"),
        (replaced("    ### END SOLUTION\n", ""), "7: ### BEGIN SOLUTION is never closed"),
        (replaced("    ### BEGIN SOLUTION\n", ""), "8: ### END SOLUTION without ### BEGIN SOLUTION"),
        (replaced("    ### END SOLUTION", "    ### BEGIN SOLUTION"), "9: ### BEGIN SOLUTION again before ### END"),
        (with_answer("def two():\n    return 1 + 1"), "5: answer cell 'two' hides no solution"),
        (with_answer("def two():\n### BEGIN SOLUTION\n### END SOLUTION\n    pass"), "5: answer cell 'two' hides no"),
        (with_answer("### BEGIN SOLUTION\ntwo = 1 + 1\n### END SOLUTION"), "5: cell 'two': a solution at the left"),
        (
            with_answer(
                "def two():\n    ### BEGIN SOLUTION\n    try:\n        n = 2\n    ### END SOLUTION\n    finally: n"
            ),
            "5: the stub of cell 'two' does not parse: ",
        ),
        (
            with_answer(f"def hint():\n    return 1 + sum([1])\ndef two():\n{BLOCK}"),
            "5: solution text is left in the exercise's cell 'two': 'return 1 + sum([1])'",
        ),
        (replaced(CHECK, CHECK + "### END SOLUTION\n"), "12: solution marker outside an answer cell of an exercise"),
        (replaced("# Return two.", "# ### BEGIN SOLUTION"), "4: solution marker outside an answer cell of an exercise"),
        (
            EXERCISE.replace("two", "twoo"),
            "5: question '99.twoo' is unknown to ngo_lesson.questions; did you mean 'two'?",
        ),
        (replaced(ANSWER, ""), "5: check cell 'two-check' has no answer cell 'two' above it"),
        (replaced(ANSWER + CHECK, CHECK + ANSWER), "5: check cell 'two-check' has no answer cell 'two' above it"),
        (TITLE, "1: question '99.two' has no cell id='two-question' with the tag 'question'"),
        (replaced(CHECK, ""), "1: question '99.two' has no cell id='two-check' with the tag 'check'"),
        (
            replaced('check("99.two", two)', 'check("99.too", two)'),
            "10: check cell 'two-check' must call check('99.two'",
        ),
        (replaced('check("99.two", two)', "two()"), "once; it checks []"),
        (replaced('["check"]', '["check", "answer"]'), "10: cell 'two-check' has more than one of the tags"),
        (
            replaced('id="two-check"', 'id="two-chck"'),
            "cell 'two-chck' with the tag 'check' needs an id that ends in '-check'",
        ),
        (replaced('# %% [markdown] id="two-question"', '# %% id="two-question"'), "must be a markdown cell"),
        (
            replaced('["check"]', '["chekc"]'),
            "unknown tag 'chekc'; known tags: machine, answer, check, question and the",
        ),
    ],
)
def test_faults_of_an_exercise(tmp_path, text, message):
    found = problems(tmp_path, text, "exercises")
    assert any(message in problem for problem in found), found


def test_exercise_without_questions_is_named(tmp_path):
    def no_questions(number):
        raise ValueError(f"exercise={number!r} has no questions; there are 02")

    course = Course(course_in(tmp_path).root, no_questions)
    path = tmp_path / "authoring" / "exercises" / "99_tiny.py"
    path.write_text(EXERCISE)
    with pytest.raises(AuthoringError, match=r"99_tiny.py:1: no questions for exercise 99: exercise='99' has no"):
        assemble(read_source(path, course.name(path), {"C01"}), course)


def test_sources_are_chosen_by_number_or_path(tmp_path):
    course = course_in(tmp_path)
    lesson, exercise, other = (
        tmp_path / "authoring" / name for name in ("lessons/99_tiny.py", "exercises/99_tiny.py", "lessons/98_other.py")
    )
    for path in (lesson, exercise, other):
        path.write_text("")
    assert course.select(["99"]) == [lesson, exercise]
    assert course.select([str(other)]) == [other]
    assert course.select([]) == [other, lesson, exercise]
    with pytest.raises(AuthoringError, match="97:1: not a source; give its path or one of the numbers 98, 99"):
        course.select(["97"])
    (tmp_path / "authoring" / "lessons" / "draft.py").write_text("")
    with pytest.raises(AuthoringError, match=r"authoring/lessons/draft.py:1: a source is named NN_name.py"):
        course.select([])


def test_the_first_code_cell_works_without_the_package(tmp_path):
    without = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    run = subprocess.run([sys.executable, "-S", "-c", READY], cwd=tmp_path, env=without, text=True, capture_output=True)
    assert run.stdout.splitlines()[0].startswith("ngo_lesson is not installed in this kernel.")
    assert "pip install -r requirements.txt" in run.stdout
    assert (run.returncode, run.stderr) == (0, "")
