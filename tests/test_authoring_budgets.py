"""What notebooks cost and hold: the meter of a tiny lesson, the budgets, and the page against the notebooks."""

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbformat import v4

from authoring import costs, pages, stored
from authoring.__main__ import main
from authoring.course import Course
from authoring.meter import Cost
from authoring.validate import BYTES, findings

ROOT = Path(__file__).resolve().parents[1]
LESSON = """\
# %% [markdown] id="title"
# # 02 Tiny

# %% id="work"
import subprocess, sys, time

held = b"x" * 150_000_000
code = "import time; t = time.process_time()\\nwhile time.process_time() < t + 0.5: pass"
subprocess.run([sys.executable, "-c", code])
time.sleep(0.5)
"""
QUESTIONS = [
    SimpleNamespace(id="02.one", points=2, difficulty=1, minutes=1, hints=("One.", "Two."), mistakes={"a": 1, "b": 2}),
    SimpleNamespace(id="02.two", points=2, difficulty=1, minutes=1, hints=("One.",), mistakes={}),
]
QUICK = "**Quick question.** Why?\n\n<details><summary>A. So</summary>\n\n</details>\n"
ANSWER = {"nbgrader": {"solution": True}}


def explorer(name: str, goal: bool) -> v4.nbbase.NotebookNode:
    texts = ["Explorer: A knob", "It moves.\nGoal not reached yet: up" if goal else "It moves."]
    shown = [v4.new_output("display_data", {"text/plain": text}) for text in texts]
    return v4.new_code_cell(f"{name} = 1\n{name}", id=f"{name}-explorer", outputs=shown, execution_count=1)


@pytest.fixture
def course(tmp_path) -> Course:
    (tmp_path / "authoring" / "lessons").mkdir(parents=True)
    (tmp_path / "authoring" / "exercises").mkdir()
    (tmp_path / "authoring" / "checklist.csv").write_text("id,topic,lessons\nC01,a listing,02\nF01,a formula,02\n")
    (tmp_path / "authoring" / "lessons" / "02_tiny.py").write_text(
        LESSON.replace('id="work"', 'id="work" tags=["C01"]')
    )
    (tmp_path / "authoring" / "exercises" / "02_tiny.py").write_text('# %% [markdown] id="title"\n# # 02 Tiny\n')
    (tmp_path / costs.TABLE).write_text(
        "notebook,seconds,processor,memory,machine\nnotebooks/02_tiny.ipynb,4.2,3.9,190,2 cores of a test\n"
    )
    asks = v4.new_code_cell("print(first.at(x=1))", id="asks", execution_count=1)
    cells = [v4.new_markdown_cell(QUICK), explorer("first", True), explorer("second", True), explorer("third", False)]
    lesson = v4.new_notebook(cells=[*cells, asks])
    exercise = v4.new_notebook(cells=[v4.new_code_cell("...", metadata=ANSWER), v4.new_markdown_cell("text")])
    for folder, notebook in (("notebooks", lesson), ("exercises", exercise), ("solutions", exercise)):
        stored.write(tmp_path / folder / "02_tiny.ipynb", stored.dump(notebook))
    return Course(tmp_path, lambda number: QUESTIONS)


def found(course: Course) -> list[str]:
    return [str(problem) for problem in pages.drift(course) if "budgets" in problem.file or "measured" in problem.file]


def kilobytes(course: Course, folder: str) -> str:
    return f"{(course.root / folder / '02_tiny.ipynb').stat().st_size / 1000:.0f}"


def test_page_counts_what_the_notebooks_hold(course, capsys):
    assert main(["budgets"], course) == main(["budgets"], course) == 0
    assert capsys.readouterr().out == "docs/budgets.md  written\ndocs/budgets.md  unchanged\n"
    page = (course.root / "docs" / "budgets.md").read_text(encoding="utf-8").splitlines()
    for line in (
        "- 1 of 2 rows of the checklist are answered.",
        "- 1 of 2 questions of the exercises have two hints or more.",
        "- 1 of 2 list mistakes that the check names, 2 in all; `tests/test_questions.py` makes each of them.",
        "- 1 of 3 explorers of the lessons have a goal that a cell below checks.",
        "- The lessons run in 4 s, one after the other. Measured on 2 cores of a test.",
        f"| 02_tiny | 4.2 (10) | 3.9 | 190 | {kilobytes(course, 'notebooks')} | 5 | 1 | 3 |",
        f"| 02_tiny | - | - | - | {kilobytes(course, 'exercises')} | 2 | 1 | 0 |",
    ):
        assert line in page


def test_a_lesson_that_was_not_measured_is_said(course):
    table = course.root / costs.TABLE
    table.write_text(table.read_text().splitlines()[0] + "\n")
    pages.refresh(course, "budgets")
    page = (course.root / "docs" / "budgets.md").read_text(encoding="utf-8")
    assert "- Not all lessons were measured yet.\n" in page
    assert "| 02_tiny | - (10) | - | - |" in page


def test_time_over_the_budget_is_bold(course):
    table = course.root / costs.TABLE
    table.write_text(table.read_text().replace("4.2,3.9", "10.1,3.9"))
    pages.refresh(course, "budgets")
    assert "| 02_tiny | **10.1** (10) | 3.9 |" in (course.root / "docs" / "budgets.md").read_text(encoding="utf-8")


def test_stored_page_must_agree_with_notebooks_and_costs(course):
    stale = ["docs/budgets.md:1: is not current; run python -m authoring budgets"]
    assert found(course) == stale
    pages.refresh(course, "budgets")
    assert found(course) == []
    path = course.root / "notebooks" / "02_tiny.ipynb"
    notebook = stored.load(path)
    notebook.cells.append(v4.new_markdown_cell("more"))
    stored.write(path, stored.dump(notebook))
    assert found(course) == stale
    path.write_text("{")
    assert found(course) == []  # reported with its source
    (course.root / costs.TABLE).unlink()
    assert found(course) == ["authoring/measured.csv:1: is missing; run python -m authoring measure"]
    (course.root / "docs" / "budgets.md").unlink()
    assert found(course) == []


def test_measuring_sees_time_and_memory_of_all_processes_and_keeps_other_rows(course, capsys):
    (course.root / "authoring" / "exercises" / "02_tiny.py").unlink()
    other = course.root / "authoring" / "lessons" / "03_other.py"
    other.write_text(LESSON.replace("02", "03"))
    table = course.root / costs.TABLE
    table.write_text(table.read_text() + "notebooks/03_other.ipynb,1,1,1,m\nnotebooks/04_gone.ipynb,1,1,1,m\n")
    assert costs.measure(course, ["02"]) == []
    rows = costs.measured(course)
    assert list(rows) == ["notebooks/02_tiny.ipynb", "notebooks/03_other.ipynb"]
    row = rows["notebooks/02_tiny.ipynb"]
    assert float(row["seconds"]) > 1
    assert 0.5 < float(row["processor"]) < 30
    assert 150 < float(row["memory"]) < 1000
    assert rows["notebooks/03_other.ipynb"]["machine"] == "m"
    assert "notebooks/02_tiny.ipynb  " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "seconds", "processor", "slow"),
    [
        ("notebooks/00_a.ipynb", 10.1, 10.1, True),
        ("notebooks/02_a.ipynb", 10.0, 10.0, False),
        ("notebooks/03_a.ipynb", 14.0, 14.0, False),
        ("notebooks/06_a.ipynb", 25.0, 14.0, False),  # a busy machine
        ("notebooks/07_a.ipynb", 15.0, 25.0, False),  # two processors
        ("notebooks/14_a.ipynb", 20.1, 20.1, True),
        ("notebooks/17_a.ipynb", 30.1, 31.0, True),
        ("solutions/00_a.ipynb", 14.0, 14.0, False),
    ],
)
def test_a_lesson_is_too_slow_when_clock_and_processor_say_so(name, seconds, processor, slow):
    assert (costs.too_slow(Path(name), Cost(seconds, processor, 0)) is not None) == slow
    assert costs.too_slow(Path(name), Cost(seconds, processor, 0), costs.BUSY) is None


def test_slow_lesson_is_reported_by_check_with_execution(course, monkeypatch):
    monkeypatch.setattr(costs, "SECONDS", (("17", 0),))
    (course.root / "authoring" / "exercises" / "02_tiny.py").unlink()
    assert main(["build"], course) == 0
    assert main(["check", "02", "--execute"], course) == 1
    [problem] = costs.measure(course)
    assert str(problem).startswith("authoring/lessons/02_tiny.py:1: notebooks/02_tiny.ipynb took ")
    assert str(problem).endswith("s of them computing; the budget is 0 s")


def test_notebook_over_its_size_is_reported():
    cell = v4.new_code_cell("x", id="a", execution_count=1)
    cell.outputs = [v4.new_output("stream", text="x" * BYTES)]
    notebook = v4.new_notebook(cells=[cell], nbformat_minor=5)
    texts = [text for cell_id, text in findings(notebook, executed=True) if cell_id is None]
    assert any(text.startswith("has 1,000,") and "the budget is 1,000,000" in text for text in texts)


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="no repository of git")
def test_a_clone_is_small(tmp_path):
    subprocess.run(["git", "clone", "-q", f"file://{ROOT}", tmp_path / "clone"], check=True)
    size = sum(path.lstat().st_size for path in (tmp_path / "clone").rglob("*"))
    assert size < 40e6
