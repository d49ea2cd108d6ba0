"""Building and checking a tiny course with real kernels: determinism, refusals, drift and coverage."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from nbformat import v4

from authoring import pages, stored
from authoring.__main__ import main
from authoring.build import build, build_source, same_but_machine
from authoring.course import Course
from authoring.drift import check
from authoring.execute import normalize
from authoring.problems import AuthoringError
from authoring.validate import findings

LESSON = """\
# %% [markdown] id="title"
# # 98 Tiny lesson

# %% id="setup" tags=["C01"]
import os
import ipywidgets
import matplotlib.pyplot as plt

print(sorted(os.listdir("../authoring")), {"a", "b", "c"}, plt.get_backend())
print("second", flush=True)

# %% id="figure" tags=["C01", "F01"]
plt.plot([1, 2])
_ = plt.title("tiny")

# %% id="slider"
ipywidgets.IntSlider(3)

# %% id="clock" tags=["machine"]
import sys
import time

print(time.time_ns())
print("a warning", file=sys.stderr)
"""
EXERCISE = """\
# %% [markdown] id="title"
# # 98 Tiny exercise

# %% id="setup"
def check(name, answer):
    print(f"{name}: passed, 2 of 2 points" if answer() == 2 else f"{name}: wrong, 0 of 2 points")

# %% [markdown] id="two-question" tags=["question", "F01"]
# Return two.

# %% id="two" tags=["answer"]
def two():
    ### BEGIN SOLUTION
    return 1 + sum([1])
    ### END SOLUTION

# %% id="two-check" tags=["check"]
check("98.two", two)
"""
TWO = SimpleNamespace(id="98.two", points=2, difficulty=3, minutes=1, hints=("One.", "Two."))
ROOT = Path(__file__).resolve().parents[1]


def course_in(folder: Path) -> Course:
    return Course(folder, lambda number: [TWO])


def write_sources(folder: Path, lesson: str = "", exercise: str = "") -> Course:
    for kind, text in (("lessons", lesson), ("exercises", exercise)):
        (folder / "authoring" / kind).mkdir(parents=True, exist_ok=True)
        if text:
            (folder / "authoring" / kind / "98_tiny.py").write_text(text)
    (folder / "authoring" / "checklist.csv").write_text(
        "id,topic,lessons\nC01,a listing,98\nF01,a formula,98\nF02,more,97\n"
    )
    return course_in(folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    course = write_sources(folder, LESSON, EXERCISE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "Agg")
        patch.setenv("PYTHONHASHSEED", "17")
        build(course)
    pages.refresh(course, "coverage")
    return folder


@pytest.fixture
def course(built, tmp_path) -> Course:
    return course_in(Path(shutil.copytree(built, tmp_path / "course")))


def notebook(course: Course, name: str) -> Path:
    return course.root / name / "98_tiny.ipynb"


def edit(path: Path, change) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_lesson_is_stored_executed_without_traces_of_the_run(built):
    text = (built / "notebooks" / "98_tiny.ipynb").read_text()
    assert text.endswith("}\n")
    assert not re.search(r"widget-view|model_id|iopub|version|Software|tEXt", text.replace("schema_version", ""))
    setup, figure, slider, clock = stored.load(built / "notebooks" / "98_tiny.ipynb").cells[2:]
    [stream] = setup.outputs
    assert "['checklist.csv', 'exercises', 'lessons']" in stream.text
    assert "inline" in stream.text  # not the Agg of this test's environment
    assert stream.text.endswith("second\n")
    assert set(figure.outputs[0].data) == {"image/png", "text/plain"}
    assert slider.outputs[0].data == {"text/plain": "IntSlider(value=3)"}
    assert [c.execution_count for c in (setup, figure, slider, clock)] == [2, 3, 4, 5]
    assert slider.outputs[0].execution_count == 4
    assert clock.metadata.tags == ["nbval-ignore-output"]


def test_exercise_is_stored_unexecuted_and_its_solution_executed(built):
    exercise, solution = (stored.load(built / name / "98_tiny.ipynb") for name in ("exercises", "solutions"))
    assert all(c.outputs == [] and c.execution_count is None for c in exercise.cells if c.cell_type == "code")
    assert "raise NotImplementedError" in exercise.cells[3].source
    assert solution.cells[4].outputs[0].text == "98.two: passed, 2 of 2 points\n"


def test_nbval_agrees_with_what_was_built(course):
    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "notebooks", "solutions"]
    run = subprocess.run(
        command, cwd=course.root, capture_output=True, text=True, env=os.environ | {"PYTHONHASHSEED": "0"}
    )
    assert "8 passed" in run.stdout, run.stdout


def test_another_process_builds_the_same_bytes_and_nothing_is_rewritten(built, course, tmp_path):
    script = (
        "import sys; from pathlib import Path;"
        "from authoring.build import build_source; from authoring.course import Course;"
        "root = Path(sys.argv[1]); build_source(Course(root, None), root / 'authoring/lessons/98_tiny.py')"
    )
    other = write_sources(tmp_path / "other", LESSON).root
    subprocess.run(
        [sys.executable, "-c", script, other], cwd=ROOT, check=True, env=os.environ | {"PYTHONHASHSEED": "5"}
    )
    first, second = (folder / "notebooks" / "98_tiny.ipynb" for folder in (built, other))
    assert first.read_bytes() != second.read_bytes()  # the clock
    clock = re.compile(rb"\d{19}")
    assert clock.sub(b"", first.read_bytes()) == clock.sub(b"", second.read_bytes())

    path = notebook(course, "notebooks")
    before = path.read_bytes(), path.stat().st_mtime_ns
    [report] = build_source(course, course.root / "authoring/lessons/98_tiny.py")
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert not report.written


def test_damaged_lesson_is_replaced_and_a_changed_text_is_written(course):
    path = notebook(course, "notebooks")
    path.write_text("{")
    source = course.root / "authoring/lessons/98_tiny.py"
    source.write_text(LESSON.split("# %% id=")[0] + '# %% id="new"\nprint(1)\n')
    assert [report.written for report in build_source(course, source)] == [True]
    assert stored.load(path).cells[2].outputs[0].text == "1\n"
    assert sorted(file.name for file in path.parent.iterdir()) == ["98_tiny.ipynb"]


def test_failing_cells_are_named_for_every_file_and_nothing_is_written(tmp_path):
    lesson = LESSON.split("# %% id=")[0] + '# %% id="bad"\nx = 0\n\n1 / x\n'
    course = write_sources(tmp_path, lesson, EXERCISE.replace("sum([1])", "sum([2])"))
    with pytest.raises(AuthoringError) as caught:
        build(course)
    assert [str(problem) for problem in caught.value.problems] == [
        "authoring/exercises/98_tiny.py:17: solutions/98_tiny.ipynb: the solution does not pass the check 'two-check'",
        "authoring/lessons/98_tiny.py:7: cell 'bad' failed in notebooks/98_tiny.ipynb: "
        "ZeroDivisionError: division by zero",
    ]
    assert not list(tmp_path.rglob("*.ipynb"))


def test_kernel_that_dies_is_named(tmp_path):
    course = write_sources(tmp_path, LESSON.split("# %% id=")[0] + '# %% id="bad"\nimport os\nos._exit(1)\n')
    with pytest.raises(AuthoringError, match=r"98_tiny.py:5: cell 'bad' failed in .*: the kernel died"):
        build(course, ["98"])


def test_failure_of_the_cell_that_no_source_holds_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("authoring.assemble.READY", "import os\nos._exit(1)")
    course = write_sources(tmp_path, LESSON)
    with pytest.raises(AuthoringError, match=r"98_tiny.py:1: cell 'ready' failed in .*: the kernel died"):
        build(course, ["98"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["cells"][3].update(source="def two():\n    return 2"), "somebody worked in cell 'two'"),
        (lambda data: data["cells"][3]["metadata"].pop("ngo"), "somebody worked in cell 'two'"),
        (
            lambda data: data["cells"].append({"cell_type": "code", "id": "mine", "metadata": {}, "source": "x"}),
            "somebody worked in cell 'mine'",
        ),
        (lambda data: data.update(nbformat=3), "is not a notebook of format version 4"),
    ],
)
def test_build_refuses_to_overwrite_work(course, change, message):
    path = notebook(course, "exercises")
    edit(path, change)
    before = path.read_bytes()
    with pytest.raises(AuthoringError, match=r"exercises/98_tiny.ipynb:1: .*move it to my_work/") as caught:
        build_source(course, course.root / "authoring/exercises/98_tiny.py")
    assert message in str(caught.value)
    assert path.read_bytes() == before


def test_an_executed_but_unchanged_exercise_may_be_replaced(course):
    path = notebook(course, "exercises")
    edit(path, lambda data: data["cells"][1].update(execution_count=7))
    reports = build_source(course, course.root / "authoring/exercises/98_tiny.py")
    assert [report.written for report in reports] == [True, False]
    assert stored.load(path).cells[1].execution_count is None


STDERR = {"output_type": "stream", "name": "stderr", "text": "/tmp/1.py: UserWarning"}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "x"}
ADDRESS = {"text/plain": "<Line2D at 0x7f0a12b4c5d0>"}
VERSION = {"name": "python", "version": "3.11.9"}


def display(data):
    return {"output_type": "display_data", "metadata": {}, "data": data}


def in_setup(**fields):
    return lambda data: data["cells"][2].update(fields)


def shown(*outputs):
    return in_setup(outputs=list(outputs))


def in_metadata(**fields):
    return lambda data: data["metadata"].update(fields)


@pytest.mark.parametrize(
    ("change", "line", "message"),
    [
        (in_setup(source="print(1)"), 4, "text of cell 'setup' differs: 'print(1)' is stored, 'import os' is built"),
        (in_setup(metadata={"tags": ["F01"]}), 4, "metadata of cell 'setup' is {'tags': ['F01']} and should be"),
        (in_setup(metadata={"execution": {}}), 4, "cell 'setup' unexpected metadata 'execution'"),
        (in_setup(id="title"), 1, "cell 'title' the id stands on two cells"),
        (in_setup(execution_count=None), 4, "cell 'setup' was not executed, its outputs are missing"),
        (in_setup(outputs=3), 1, "is not a valid notebook"),
        (lambda data: data["cells"][2].pop("source"), 1, "is not a valid notebook"),
        (lambda data: data["cells"][2].pop("id"), 1, "cell 2 (from 0) has no id"),
        (lambda data: data["cells"].pop(2), 4, "cell 'setup' is missing"),
        (lambda data: data["cells"].append(data["cells"][0] | {"id": "b"}), 1, "cell 'b' is not in the source"),
        (lambda data: data["cells"].append(data["cells"].pop(2)), 4, "cell 'figure' stands where 'setup' should"),
        (lambda data: data["cells"].__setitem__(0, data["cells"][2] | {"id": "title"}), 1, "is code and should be"),
        (shown(ERROR), 4, "cell 'setup' has an error output: ValueError: no"),
        (shown(STDERR), 4, "cell 'setup' writes to stderr"),
        (shown(display(WIDGET)), 4, "cell 'setup' widget state is left in its output"),
        (shown(display({})), 4, "cell 'setup' shows a widget only, so its outputs are missing"),
        (shown(display(ADDRESS)), 4, "cell 'setup' shows a memory address ('at 0x7f0a12b4c5d0')"),
        (in_metadata(widgets={}), 1, "widget state is left in the metadata"),
        (in_metadata(language_info=VERSION), 1, "tool version or other detail version is not what the build writes"),
        (in_metadata(jupytext={}), 1, "unexpected metadata 'jupytext'"),
        (lambda data: data["metadata"].pop("kernelspec"), 1, "metadata 'kernelspec' is missing"),
    ],
)
def test_check_finds_each_kind_of_drift_in_a_lesson(course, change, line, message):
    edit(notebook(course, "notebooks"), change)
    found = [str(problem) for problem in check(course)]
    start = f"authoring/lessons/98_tiny.py:{line}: notebooks/98_tiny.ipynb"
    assert any(problem.startswith(start) and message in problem for problem in found), found


@pytest.mark.parametrize(
    ("name", "change", "line", "message"),
    [
        (
            "exercises",
            lambda data: data["cells"][4]["metadata"]["nbgrader"].update(points=9),
            17,
            "metadata of cell 'two-",
        ),
        (
            "exercises",
            lambda data: data["cells"][1].update(execution_count=1),
            4,
            "cell 'setup' has outputs; an exercise is stored without",
        ),
        (
            "exercises",
            lambda data: data["cells"][3].update(source="def two():\n    return 2"),
            11,
            "text of cell 'two' ",
        ),
        ("solutions", lambda data: data["cells"][4].update(outputs=[]), 17, "does not pass the check 'two-check'"),
        ("solutions", lambda data: data.update(nbformat=3), 1, "is not a notebook of format version 4; run python -m"),
    ],
)
def test_check_finds_drift_in_an_exercise(course, name, change, line, message):
    edit(notebook(course, name), change)
    found = [str(problem) for problem in check(course)]
    start = f"authoring/exercises/98_tiny.py:{line}: {name}/98_tiny.ipynb"
    assert any(problem.startswith(start) and message in problem for problem in found), found


def test_check_of_what_was_built_finds_nothing_and_names_what_is_missing_or_too_much(course, capsys):
    assert main(["check"], course) == 0
    notebook(course, "solutions").unlink()
    shutil.copy(notebook(course, "notebooks"), course.root / "notebooks" / "97_old.ipynb")
    assert main(["check", "98"], course) == 1
    assert capsys.readouterr().err == (
        "authoring/exercises/98_tiny.py:1: solutions/98_tiny.ipynb is missing; run python -m authoring build\n"
        "1 problem.\n"
    )
    assert main(["check"], course) == 1
    expected = "notebooks/97_old.ipynb:1: has no source authoring/lessons/97_old.py; delete it or restore its source"
    assert expected in capsys.readouterr().err


def test_check_with_execute_compares_texts_but_no_images_and_no_machine_cells(course):
    path = notebook(course, "notebooks")

    def harmless(data):
        data["cells"][3]["outputs"][0]["data"]["image/png"] = "AAAA"
        data["cells"][5]["outputs"] = []

    edit(path, harmless)
    assert check(course, ["98"], execute=True) == []
    edit(path, lambda data: data["cells"][4]["outputs"][0]["data"].update({"text/plain": "IntSlider(value=4)"}))
    lesson = course.root / "authoring/lessons/98_tiny.py"
    [problem] = check(course, [str(lesson)], execute=True)
    assert problem.line == 16
    assert "output of cell 'slider' differs: 'text/plain IntSlider(value=4)' is stored" in problem.text


def test_coverage_names_cells_and_open_rows(course, capsys):
    page = (course.root / "docs" / "coverage.md").read_text()
    assert "**2 of 3 rows are answered.**" in page
    lesson, exercise = "../notebooks/98_tiny.ipynb#cell-id=", "../exercises/98_tiny.ipynb#cell-id="
    assert f"| C01 | a listing | 98 | [98 `setup`]({lesson}setup), [98 `figure`]({lesson}figure) |" in page
    assert f"[98 `figure`]({lesson}figure), [exercise 98 `two-question`]({exercise}two-question) |" in page
    assert "| F02 | more | 97 | open |" in page
    assert "## Formulas (1 of 2)" in page

    (course.root / "docs" / "coverage.md").write_text("edited")
    assert "docs/coverage.md:1: is not current; run python -m authoring coverage" in map(str, check(course))
    assert main(["coverage"], course) == 0
    assert main(["coverage"], course) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["docs/coverage.md  written", "docs/coverage.md  unchanged"]


def test_command_builds_one_exercise_and_says_what_it_did(course, capsys):
    (course.root / "authoring" / "lessons" / "98_tiny.py").write_text("broken")
    assert main(["build", str(course.root / "authoring" / "exercises" / "98_tiny.py")], course) == 0
    lines = capsys.readouterr().out.strip().split("\n")
    assert re.fullmatch(r"exercises/98_tiny.ipynb  \d+\.\d s  unchanged", lines[0])
    assert re.fullmatch(r"solutions/98_tiny.ipynb  \d+\.\d s  unchanged", lines[1])
    assert lines[2].startswith("docs/coverage.md is not refreshed: authoring/lessons/98_tiny.py:1: text before")
    assert main(["build", "98"], course) == 1
    assert "authoring/lessons/98_tiny.py:1: text before" in capsys.readouterr().err


def test_normalized_notebook_keeps_texts_and_pictures_and_passes_validation():
    code = v4.new_code_cell("x", id="a", execution_count=9, metadata={"execution": {"iopub": "now"}})
    code.outputs = [v4.new_output("execute_result", {**WIDGET, "image/svg+xml": "<svg/>"}, execution_count=9)]
    raw = v4.new_notebook(cells=[code], metadata={"widgets": {}, "language_info": VERSION}, nbformat_minor=5)
    [cell] = normalize(raw).cells
    assert cell.metadata == {}
    assert cell.outputs[0].data == {"text/plain": "x", "image/svg+xml": "<svg/>"}
    assert cell.outputs[0].execution_count == cell.execution_count == 1
    assert findings(raw, executed=True) == []


def test_two_notebooks_differ_by_more_than_machine_outputs():
    cells = [v4.new_code_cell("x", id="a", outputs=[v4.new_output("stream", text=text)]) for text in "12"]
    one, two = (v4.new_notebook(cells=[cell]) for cell in cells)
    assert not same_but_machine(one, two)
    for cell in cells:
        cell.metadata.tags = ["nbval-ignore-output"]
    one, two = (v4.new_notebook(cells=[cell]) for cell in cells)
    assert same_but_machine(one, two)


def test_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    stored.write(path, "old\n")

    def fail(*names):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        stored.write(path, "new\n")
    assert path.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [path]
