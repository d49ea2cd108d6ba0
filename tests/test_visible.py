"""The visible run: a real exercise, and answers that break everything they can."""

import copy
import json
from pathlib import Path

import nbformat
import pytest

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.restore import grade_id
from ngo_lesson.grading.visible import run
from ngo_lesson.grading.warm import Warm

SOLUTIONS = Path(__file__).parents[1] / "solutions"
CHECKS = {f"{name}-check" for name in ("half_mse", "gradient", "normal", "descent", "stable_rate")}
VARIABLES = ("NBGRADER_EXECUTION", "PYTEST_ADDOPTS", "SECRET")


@pytest.fixture(scope="module")
def warm():
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.setenv(name, "validate")
        with Warm("visible") as warm:
            yield warm


@pytest.fixture(scope="module")
def solved():
    return json.loads(next(SOLUTIONS.glob("02*.ipynb")).read_text(encoding="utf-8"))


@pytest.fixture
def grade(solved, warm, tmp_path):
    """A function that runs exercise 02 with `code` after the answer to its second question."""

    def grade(code="", cell="gradient", warm=warm, folder="run", **options):
        notebook = copy.deepcopy(solved)
        answer = next(each for each in notebook["cells"] if grade_id(each) == cell)
        answer["source"] = "".join(answer["source"]) + "\n\n" + code
        (tmp_path / folder).mkdir()
        return run(notebook, tmp_path / folder, warm, **options)

    return grade


def outputs(result):
    return {cell["id"]: cell["outputs"] for cell in json.loads(result.executed)["cells"] if "outputs" in cell}


def printed(result, cell="gradient"):
    return "".join(output.get("text", "") for output in outputs(result)[cell])


@pytest.mark.parametrize("path", sorted(SOLUTIONS.glob("*.ipynb")), ids=lambda path: path.name[:2])
def test_the_solutions_pass_and_show_what_they_showed(path, warm, tmp_path):
    solved = json.loads(path.read_text(encoding="utf-8"))
    result = run(solved, tmp_path, warm)
    checks = {grade_id(cell) for cell in solved["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")}
    assert (result.status, result.note, result.passed) == ("graded", "", checks)
    executed = json.loads(result.executed)
    nbformat.validate(executed)
    for before, after in zip(solved["cells"], executed["cells"], strict=True):
        if before["cell_type"] == "code":
            assert [output.get("data", {}).get("text/plain") for output in after["outputs"]] == [
                "".join(data) if (data := output.get("data", {}).get("text/plain")) else None
                for output in before["outputs"]
            ]
    assert "passed" in result.transcript
    assert 0 < result.usage.cpu_seconds < 30
    assert result.usage.max_memory_bytes > 2**20
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["exercise.ipynb", "home", "pytest.ini"]


def test_a_wrong_answer_fails_alone_and_shows_its_report(grade):
    result = grade("def half_mse_gradient(theta, X, y):\n    return X.T @ (X @ theta - y)")
    assert result.status == "graded"
    assert result.passed == CHECKS - {"gradient-check", "descent-check"}
    assert "02.gradient: not yet" in str(outputs(result)["gradient-check"])
    assert "02.gradient: not yet" in result.transcript


def test_warnings_and_output_cost_nothing(grade):
    code = "import sys, warnings\nprint('noise', file=sys.stderr)\nprint('one'); warnings.warn('two')\n"
    code += "def half_mse_gradient(theta, X, y):\n    warnings.warn('three')\n    return X.T @ (X @ theta - y) / len(y)"
    result = grade(code)
    assert (result.status, result.passed) == ("graded", CHECKS)
    assert "noise\n" in printed(result)
    assert "one\n" in printed(result)


def test_a_cell_can_draw_wait_and_fail(grade):
    code = "%matplotlib inline\nimport asyncio\nfrom matplotlib import pyplot as plt\nawait asyncio.sleep(0.01)"
    result = grade(code + "\nplt.plot([1, 2])[0].axes.figure.canvas.draw()", folder="drawn")
    assert (result.status, result.passed) == ("graded", CHECKS)
    assert [list(output["data"]) for output in outputs(result)["gradient"]] == [["text/plain", "image/png"]]
    result = grade(code + "\n1 / 0", folder="failed")
    assert (result.status, result.passed) == ("graded", CHECKS)
    assert [output["ename"] for output in outputs(result)["gradient"]] == ["ZeroDivisionError"]


def test_nothing_of_the_commands_environment_is_there(grade):
    code = f"import os\nprint([os.environ.get(name) for name in {VARIABLES}], os.getcwd() == os.environ['HOME'])"
    result = grade(code)
    assert (result.status, result.passed, printed(result)) == ("graded", CHECKS, "[None, None, None] True\n")


# What ends or takes too much. The cell stands after the first check, which keeps its points.

LOOP = "\nwhile True: pass"


@pytest.mark.parametrize(
    ("code", "status", "note"),
    [
        ("import os; os._exit(0)", "crashed", "gradient: the kernel ended"),
        ("import os; os.kill(os.getpid(), 9)", "crashed", "gradient: the kernel ended"),
        ("import os; os.closerange(0, 1000)", "crashed", "gradient: the kernel ended"),
        ("import ctypes; ctypes.string_at(0)", "crashed", "gradient: the kernel ended"),
        ("import os, threading; threading.Timer(0.1, os._exit, [0]).start()" + LOOP, "crashed", "the kernel ended"),
        (LOOP, "timed out", "gradient: ran longer than 1 seconds"),
        ("import time\ntry: time.sleep(9)\nexcept KeyboardInterrupt: pass", "timed out", "gradient: ran longer than 1"),
        (
            "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)" + LOOP,
            "timed out",
            "gradient: ran longer than 1",
        ),
        ("for i in range(2000): open(str(i), 'w').close()" + LOOP, "crashed", "which is too much"),
        ("for i in range(9): open(str(i), 'wb').write(bytes(2**24))" + LOOP, "crashed", "which is too much"),
        ("import os; os.write(FD, b'x' * 100)" + LOOP, "crashed", "gradient: the kernel sent what is no message"),
        (
            "import os; os.write(FD, bytes(7) + b'\\x01N')" + LOOP,
            "crashed",
            "gradient: the kernel sent what is no message",
        ),
        ("SEND('iopub', 'stream', ID, '{')" + LOOP, "crashed", "gradient: the kernel sent what is no message"),
        ("SEND('nowhere', 'stream', ID, '{}')" + LOOP, "crashed", "gradient: the kernel sent what is no message"),
        ("while True: SEND('iopub', 'stream', ID, '[' + '1,' * 10**5 + '1]')", "crashed", "gradient: showed more than"),
        ("while True: SEND('shell', 'execute_reply', '', '{}')", "crashed", "gradient: showed more than"),
    ],
)
def test_the_end_of_the_kernel_takes_nothing_of_what_was_earned_before(grade, code, status, note):
    result = grade(HELPERS + code, cell_seconds=10 if status == "crashed" else 1)
    assert result.status == status
    assert note in result.note
    assert result.passed == {"half_mse-check"}
    assert outputs(result)["half_mse-check"] != []
    assert result.undecided == CHECKS - result.passed
    assert outputs(result)["normal-check"] == []


HELPERS = """
channel = get_ipython().kernel.session.channel
FD, ID = channel._stream.end.fileno(), get_ipython().kernel.get_parent()["header"]["msg_id"]
def SEND(*message): channel.send(message)
"""


# What is harmless: all checks pass.


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("import sys; sys.exit('bye')", "SystemExit"),
        ("exit()", ""),
        ("get_ipython().kernel.do_shutdown(False)", ""),
        ("input('name?')", "StdinNotImplementedError"),
        ("import threading; threading.Thread(target=threading.Event().wait).start()", ""),
        ("x = bytearray(10**11)", "MemoryError"),
        ("print('x' * 10**8)", "the rest is left out"),
        ("for i in range(10**5): print(i)", "the rest is left out"),
        ("from IPython.display import HTML; HTML('<b>' * 10**6)", "the rest is left out"),
        ("from IPython.display import HTML, display\nfor i in range(50): display(HTML('x' * 10**5))", "xxx"),
        ("raise ValueError('x' * 10**7)", "the rest is left out"),
        ("# NBVAL_SKIP\nhalf_mse_gradient = half_mse_gradient", ""),
        ("import os; os.listdir('/tmp')", "PermissionError"),
        ("import os; os.fork()", "PermissionError"),
        ("import socket; socket.socket()", "[Errno "),
        (f"open({str(SOLUTIONS)!r} + '/02_linear_regression.ipynb')", "PermissionError"),
        ("open('../exercise.ipynb')", "PermissionError"),
        ("import os; os.kill(os.getppid(), 9)", "PermissionError"),
    ],
)
def test_what_does_not_help_does_not_hurt(grade, code, shown):
    result = grade(code)
    assert (result.status, result.note, result.passed) == ("graded", "", CHECKS)
    assert shown in str(outputs(result)["gradient"])
    assert len(result.executed) < 3_000_000
    assert len(result.transcript) < 250_000


def test_a_handler_that_hides_errors_passes_nothing(grade):
    code = "get_ipython().set_custom_exc((Exception,), lambda *_, **__: [])\ndel half_mse_gradient"
    result = grade(code)
    assert result.status == "graded"
    assert result.passed == CHECKS - {"gradient-check", "descent-check"}


def test_output_forged_for_a_later_cell_can_pass_here(grade, solved):
    """So this run gives no points without the sealed one."""
    data = next(cell for cell in solved["cells"] if grade_id(cell) == "gradient-check")["outputs"][0]["data"]
    data = {name: "".join(text) for name, text in data.items()}
    code = f"class Forged:\n    def _repr_mimebundle_(self, **_): return {data!r}\n"
    code += "old = check\ncheck = lambda id, *answers: Forged() if 'gradient' in id else old(id, *answers)\n"
    assert "gradient-check" in grade(code + "half_mse_gradient = None").passed


@pytest.mark.parametrize(
    "message",
    [
        ("error", '{"ename": 1, "evalue": [], "traceback": 3}'),
        ("error", "[]"),
        ("display_data", '{"data": 3, "metadata": 4}'),
        ("stream", '{"name": {}, "text": null}'),
        ("stream", '{"name": "stdout", "text": "\\\\ud800"}'),
        ("status", '{"execution_state": "idle"}'),
    ],
)
def test_strange_messages_break_nothing(grade, message):
    kind, content = message
    result = grade(HELPERS + f"SEND('iopub', {kind!r}, ID, {content!r})")
    assert (result.status, result.passed) == ("graded", CHECKS)
    result.executed.encode()
    result.transcript.encode()


def test_the_notebook_has_a_limit_and_the_processor_another(grade):
    result = grade("import time\ntime.sleep(1000)", seconds=2)
    assert (result.status, result.note) == ("timed out", "gradient: the notebook ran longer than 2 seconds")
    result = grade(LOOP, limits=sandbox.Limits(seconds=1), folder="again")
    assert (result.status, result.passed) == ("timed out", {"half_mse-check"})
    assert result.note == "gradient: the kernel ended, having used its 1 seconds of the processor"


def test_a_cell_that_an_instructor_skips_has_no_result(solved, warm, tmp_path):
    notebook = copy.deepcopy(solved)
    next(cell for cell in notebook["cells"] if grade_id(cell) == "normal-check")["metadata"]["tags"] = ["nbval-skip"]
    result = run(notebook, tmp_path, warm)
    assert (result.status, result.note) == ("partly graded", "no result of normal-check")
    assert result.undecided == {"normal-check"}
    assert result.passed == CHECKS - {"normal-check"}


def test_a_sandbox_that_fails_runs_nothing(grade):
    result = grade(limits=sandbox.Limits(open_files=-1000))
    assert result.status == "crashed"
    assert "cannot shut the process in" in result.note
    assert result.passed == set()


def test_the_next_submission_starts_anew(grade):
    grade(
        "import builtins, numpy as np, ngo_lesson.questions as q; builtins.len = np.mean = q.check = None",
        folder="first",
    )
    assert grade(folder="second").passed == CHECKS


@pytest.mark.parametrize(("code", "status"), [("import os; os._exit(0)", "crashed"), (LOOP, "timed out")])
def test_without_fork_an_ordinary_kernel_runs(grade, code, status):
    with Warm("visible", fork=False) as warm:
        result = grade(code, warm=warm, cell_seconds=5)
    assert (result.status, result.passed) == (status, {"half_mse-check"})
    assert result.usage.cpu_seconds > 0
