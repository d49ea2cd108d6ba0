"""The judge and the sealed run: right answers get their points, and whatever an answer does harms only itself."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from ngo_lesson.answers import Seed
from ngo_lesson.grading import judge as module
from ngo_lesson.grading.judge import hidden, judge
from ngo_lesson.grading.warm import Warm
from ngo_lesson.grading.wire import Channel
from ngo_lesson.questions import exercise, exercises, find
from ngo_lesson.questions.question import Case, Question, close, follows_seed

SOLUTIONS = Path(__file__).parent.parent / "solutions"
SERVE = """\
import socket, sys
from ngo_lesson.grading.sealed import serve
from ngo_lesson.grading.wire import Channel
channel = Channel(socket.socket(fileno=int(sys.argv[1])))
serve(channel, channel.receive())
"""


class Fresh:
    """Starts the sealed process from nothing, and not isolated."""

    def __init__(self):
        self.started = 0

    def start(self, request):
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-c", SERVE, str(theirs.fileno())]
            self.process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], cwd=request["folder"], stdout=subprocess.DEVNULL
            )
        self.started += 1
        self.channel = Channel(ours)
        self.channel.send(request)
        return self.channel

    def end(self):
        self.process.kill()
        self.process.wait()
        self.channel.close()


@pytest.fixture
def warm():
    return Fresh()


@pytest.fixture
def judged(warm, tmp_path, monkeypatch):
    """A function that judges cells {id: source} and leaves no process behind."""
    monkeypatch.setattr(module, "GRACE_SECONDS", 1.0)

    def run(questions, cells, seed="secret", **limits):
        limits = {"seconds": 1.0, "cell_seconds": 1.0} | limits
        result = judge(questions, list(cells.items()), warm, seed, tmp_path, **limits)
        assert warm.process.poll() is not None
        return result

    return run


def ask(id, reference, cases, mistakes=None, points=4, **options):
    return Question(id, points, 1, 1, cases=cases, reference=reference, mistakes=mistakes or {}, hints=(), **options)


def double(x):
    return 2 * x


def triple(x):
    return 3 * x


def number_cases(rng):
    return [Case((1.0,)), Case((0.0,)), *(Case((float(x),)) for x in rng.uniform(1, 9, size=2))]


DOUBLE = ask("00.double", double, number_cases, {"squared, not doubled": lambda x: x * x})
TRIPLE = ask("00.triple", triple, number_cases)
SETUP = "import numpy as np\nfrom ngo_lesson.questions import check, score"
RIGHT = {"setup": SETUP, "double": "def double(x): return 2 * x", "triple": "def triple(x): return 3 * x"}


def points(result):
    return {id.partition(".")[2]: verdict.points for id, verdict in result.verdicts.items()}


# Right answers


@pytest.mark.parametrize("number", exercises())
def test_the_solutions_get_all_points_in_one_process(number, judged, warm):
    found = list(SOLUTIONS.glob(f"{number}_*.ipynb"))
    if not found:
        pytest.skip(f"exercise {number} has no notebook yet")
    code = [cell for cell in nbformat.read(found[0], as_version=4).cells if cell.cell_type == "code"]
    cells = {cell.id: cell.source for cell in code if not cell.id.endswith("-check")}
    result = judged(exercise(number), cells, seconds=20.0, cell_seconds=20.0)
    assert {verdict.reason for verdict in result.verdicts.values()} == {"right in all cases"}
    assert points(result) == {question.id.partition(".")[2]: question.points for question in exercise(number)}
    assert all(report.passed for report in result.reports.values())
    assert set(result.cells.values()) == {""}
    assert warm.started == 1


def test_a_forked_and_isolated_process_does_the_same(tmp_path):
    ends = RIGHT | {"double": "import os\ndef double(x): os._exit(1)"}
    with Warm("sealed") as warm:
        right, crashed = (judge([DOUBLE, TRIPLE], list(cells.items()), warm, 0, tmp_path) for cells in (RIGHT, ends))
    assert points(right) == {"double": 4, "triple": 4}
    assert points(crashed) == {"double": 0, "triple": 4}
    assert right.cpu_seconds > 0


def test_an_answer_that_is_right_for_public_cases_alone_gets_nothing(judged):
    public = {case.arguments[0]: 2 * case.arguments[0] for case in DOUBLE.cases(np.random.default_rng(0))}
    result = judged([DOUBLE], RIGHT | {"double": f"def double(x): return {public}.get(x, 1.0)"})
    verdict = result.verdicts["00.double"]
    assert result.reports["00.double"].passed
    assert (verdict.points, verdict.passed) == (0, False)
    assert verdict.reason == "The public cases are right. 4 of 4 hidden cases failed."


def test_points_for_the_share_of_the_hidden_cases_that_are_right(judged):
    smallest, second = sorted(hidden_numbers())[:2]
    wrong_below = f"def double(x): return 0.0 if 1 < x < {(smallest + second) / 2} else 2 * x"
    verdict = judged([DOUBLE], RIGHT | {"double": wrong_below}).verdicts["00.double"]
    assert verdict.reason.endswith("1 of 4 hidden cases failed.")
    assert verdict.points == 3


def hidden_numbers():
    draws = [hidden(DOUBLE, "secret", which) for which in range(2)]
    return [draw.cases[i].arguments[0] for draw, places in draws for i, place in enumerate(places) if place is None]


def test_points_are_never_more_than_the_public_cases_show(judged):
    result = judged([DOUBLE], RIGHT | {"double": "def double(x): return 2 * x or 7.0"})
    assert result.reports["00.double"].points == 3
    assert points(result) == {"double": 3}


def test_a_mistake_is_named_and_nothing_hidden_is_told(judged):
    result = judged([DOUBLE], RIGHT | {"double": "def double(x): return x ** 2"})
    verdict = result.verdicts["00.double"]
    assert verdict.reason.startswith("Recognized mistake: squared, not doubled.")
    assert verdict.reason.endswith("4 of 4 hidden cases failed.")
    assert verdict.points == 0
    assert not [number for number in hidden_numbers() if f"{number:.4g}" in repr(result)]


def test_a_mistake_that_only_hidden_cases_show_is_named(judged):
    def cases(rng):
        x = rng.random()
        return [Case((2.0,)), Case((2.0 if x == np.random.default_rng(0).random() else x,))]

    question = ask("00.double", double, cases, {"squared, not doubled": lambda x: x * x})
    verdict = judged([question], RIGHT | {"double": "def double(x): return x ** 2"}).verdicts["00.double"]
    assert verdict.reason == (
        "The public cases are right. Recognized mistake: squared, not doubled. 2 of 2 hidden cases failed."
    )
    assert verdict.points == 0


def test_references_and_mistakes_run_once_for_many_submissions(judged):
    calls = []

    def counted(x):
        calls.append(x)
        return 2 * x

    counted.__name__ = "double"
    question = ask("00.double", counted, number_cases, {"squared": lambda x: calls.append(x) or x * x})
    judged([question], RIGHT | {"double": "def double(x): return -x"})
    before = len(calls)
    result = judged([question], RIGHT | {"double": "def double(x): return -x"})
    assert len(calls) == before
    assert not result.verdicts["00.double"].passed


# Unanswered, quiz, properties of all cases


def test_unanswered_questions_and_missing_functions_get_nothing(judged):
    stub = "def double(x):\n    raise NotImplementedError('double: write your answer here')"
    result = judged([DOUBLE, TRIPLE], {"setup": SETUP, "double": stub, "triple": "1 / 0"})
    assert points(result) == {"double": 0, "triple": 0}
    assert not result.reports["00.double"].answered
    assert result.verdicts["00.double"].reason == "not answered"
    assert result.cells == {"setup": "", "double": "", "triple": "ZeroDivisionError: division by zero"}
    assert result.reports["00.triple"].message == (
        "`triple` is not defined: its cell ended with ZeroDivisionError: division by zero."
    )
    assert not judged([DOUBLE], RIGHT | {"double": "double = ..."}).reports["00.double"].answered


def test_a_quiz_is_all_or_nothing(judged):
    quiz = ask("00.quiz", ("b", 3), lambda rng: [Case()], {"this is a gradient": ("a", 3)})
    for source, got in (("quiz = ('b', 3)", 4), ("quiz = ('a', 3)", 0), ("quiz = None", 0), ("", 0)):
        assert points(judged([quiz], {"quiz": source})) == {"quiz": got}
    assert "gradient" in judged([quiz], {"quiz": "quiz = ('a', 3)"}).verdicts["00.quiz"].reason


def shuffled(n, rng):
    return rng.permutation(n)


def same_members(expected, got):
    return close(sorted(expected.value), sorted(got.value))


def test_what_all_cases_show_together_counts(judged):
    def cases(rng):
        a, b = (int(seed) for seed in rng.choice(10**6, size=2, replace=False))
        return [Case((20, Seed(seed))) for seed in (a, b, a)]

    question = ask("00.shuffled", shuffled, cases, compare=same_members, compare_all=follows_seed)
    right = judged([question], {"shuffled": "def shuffled(n, rng): return rng.permutation(n)"})
    assert points(right) == {"shuffled": 4}
    wrong = judged([question], {"shuffled": "import numpy\ndef shuffled(n, rng): return numpy.arange(n)"})
    assert points(wrong) == {"shuffled": 0}
    assert "Two different seeds" in wrong.reports["00.shuffled"].message


# Functions and generators of the judge


def slope(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def slope_cases(rng):
    a = float(rng.uniform(1, 2))

    def cubic(x):
        """a * x**3"""
        return a * x**3

    return [Case((cubic, 1.0, 0.5)), Case((cubic, np.array([1.0, 2.0]), 0.25))]


SLOPE = ask("00.slope", slope, slope_cases)


@pytest.mark.parametrize(
    ("body", "got", "message"),
    [
        ("return (f(x + h) - f(x - h)) / (2 * h)", 4, ""),
        ("f(x); return (f(x + h) - f(x - h)) / (2 * h)", 0, "`cubic` was evaluated 3 times; 2 were expected."),
        ("return f(lambda: 1)", 0, "`slope` raised TypeError: cubic was called with more than plain data: a function"),
        ("return f('a')", 0, "`slope` raised TypeError: unsupported operand type(s) for ** or pow(): 'str' and 'int'"),
        ("return f(1e200)", 0, "`slope` raised OverflowError"),
        ("\n  while True: f(x)", 0, "`slope` gave no result after 1 seconds"),
        ("import os; f(x); os._exit(1)", 0, "`slope` crashed: Python was ended"),
    ],
)
def test_functions_are_evaluated_and_counted_by_the_judge(judged, body, got, message):
    result = judged([SLOPE, DOUBLE], RIGHT | {"slope": f"def slope(f, x, h): {body}"})
    assert points(result) == {"slope": got, "double": 4}
    assert result.reports["00.slope"].message.startswith(message)


def walk(propose, x, steps, rng):
    for _ in range(steps):
        x = propose(x, rng) + rng.random()
    return x


def walk_cases(rng):
    def propose(x, rng):
        return x + rng.standard_normal(x.shape)

    return [Case((propose, np.zeros(3), steps, Seed(int(rng.integers(10**6))))) for steps in (1, 5)]


def test_a_generator_travels_to_the_judge_and_back(judged):
    source = (
        "def walk(propose, x, steps, rng):\n  for _ in range(steps): x = propose(x, rng) + rng.random()\n  return x"
    )
    assert points(judged([ask("00.walk", walk, walk_cases)], {"walk": source})) == {"walk": 4}


# What may be imported


def test_other_parts_of_the_package_cannot_be_imported(judged):
    for name in ("ngo_lesson.optimize.updates", "ngo_lesson.questions.exercise_05", "ngo_lesson.grading.judge"):
        for source in (f"import {name}", f"import importlib; importlib.import_module('{name}')"):
            result = judged([DOUBLE], RIGHT | {"double": f"def double(x):\n  {source}\n  return 2 * x"})
            assert points(result) == {"double": 0}
            assert "may not be used in an answer that is graded" in result.reports["00.double"].message
    result = judged([DOUBLE], RIGHT | {"double": "from ngo_lesson.optimize.updates import Adam\ndouble = abs"})
    assert "its cell ended with ImportError: `ngo_lesson.optimize" in result.reports["00.double"].message


def test_a_question_may_allow_or_forbid_packages(judged, warm):
    allows = ask("00.double", double, number_cases, allows=("ngo_lesson.optimize",))
    forbids = ask("00.triple", triple, number_cases, forbids=("scipy",))
    cells = {
        "double": "from ngo_lesson.optimize.updates import Adam\ndef double(x): return 2 * x if Adam else 0",
        "triple": "def triple(x):\n    import scipy.linalg\n    return 3 * x",
    }
    result = judged([forbids, allows], cells, seconds=20.0, cell_seconds=20.0)
    assert points(result) == {"triple": 0, "double": 4}
    assert list(result.verdicts) == ["00.triple", "00.double"]
    assert "`scipy` may not be used in this question" in result.reports["00.triple"].message
    assert warm.started == 2


def test_cells_may_hold_what_a_notebook_allows(judged):
    cells = {
        "setup": "%matplotlib inline\n!ls\n" + SETUP + "\ncheck('00.double', None); score('00')\nlen?",
        "double": "%%time\ndef double(x):\n    %timeit 1\n    return 2 * x\ndisplay(double(1))",
        "triple": RIGHT["triple"],
    }
    result = judged([DOUBLE, TRIPLE], cells)
    assert points(result) == {"double": 4, "triple": 4}
    assert set(result.cells.values()) == {""}


# Hostile answers: they get nothing, the other question gets all


def in_call(code):
    return "def double(x):\n    " + code.replace("\n", "\n    ")


FIND_CHANNEL = (
    "import gc\nchannel = next(o for o in gc.get_objects() if type(o).__name__ == 'Channel' and hasattr(o, 'send'))\n"
)
FIND_SEALED = (
    "import gc\nsealed = next(o for o in gc.get_objects() if getattr(o, '__name__', '') == '_asking').__globals__\n"
)
NO_ALARM = "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0)\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
LOOP = "while True: pass"
DELETE = "import builtins\nfor name in list(vars(builtins)):\n    delattr(builtins, name)"
OUTCOME = (
    "{'value': 2 * x, 'error': '', 'text': '', 'lines': (), 'arguments': (x,), 'printed': '', 'printed_count': 0, "
    "'warnings': (), 'shares': (), 'seconds': 0.0, 'held': 0}"
)


def forged(changes, number=1):
    return in_call(f"{FIND_CHANNEL}channel.send(('outcome', {number}, {OUTCOME} | {changes}))\nreturn 0.0")


HOSTILE = {
    "ends Python in the call": in_call("import os; os._exit(0)"),
    "ends Python in the cell": "import os; os._exit(0)",
    "kills itself": in_call("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
    "SystemExit in the call": in_call("raise SystemExit"),
    "SystemExit in the cell": "raise SystemExit",
    "BaseException": in_call("class Rude(BaseException): pass\nraise Rude"),
    "KeyboardInterrupt": in_call("raise KeyboardInterrupt"),
    "KeyboardInterrupt in the cell": "raise KeyboardInterrupt",
    "endless": in_call(LOOP),
    "endless cell": LOOP,
    "endless without an alarm": in_call(NO_ALARM + LOOP),
    "endless cell without an alarm": NO_ALARM + LOOP,
    "endless in except": in_call("while True:\n    try: sum(range(9))\n    except BaseException: pass"),
    "always equal": in_call("return type('E', (), {'__eq__': lambda *_: True, '__sub__': lambda *_: 0})()"),
    "always equal float": in_call("return type('E', (float,), {'__eq__': lambda *_: True})(0)"),
    "always equal array": in_call(
        "import numpy as np\nE = type('E', (np.ndarray,), {'__eq__': lambda *_: True})\nreturn np.zeros(1).view(E)"
    ),
    "100 MB": in_call("import numpy as np\nreturn np.zeros(13_000_000)"),
    "a list that holds itself": in_call("a = []\na.append(a)\nreturn a"),
    "many small lists": in_call("return [[] for _ in range(10**6)]"),
    "prints 1 GB": in_call("for _ in range(1000): print('x' * 10**6)\nreturn 0.0"),
    "prints 1 GB past Python": in_call("import os\nfor _ in range(1000): os.write(1, b'x' * 10**6)\nreturn 0.0"),
    "recursion": in_call("return double(x)"),
    "garbage on all descriptors": in_call(
        "import contextlib, os\nfor fd in range(3, 64):\n    with contextlib.suppress(OSError): os.write(fd, b'???')"
    ),
    "a frame without end": in_call(FIND_CHANNEL + "channel._stream.end.sendall(b'\\xff' * 8)\nreturn 0.0"),
    "half a frame": in_call(
        FIND_CHANNEL + NO_ALARM + "channel._stream.end.sendall(b'\\0' * 7 + b'\\x09')\nwhile True: pass"
    ),
    "a flood of frames": in_call(FIND_CHANNEL + NO_ALARM + "while True: channel.send(('ask', 0, ()))"),
    "asks for a function there is not": in_call(FIND_CHANNEL + "channel.send(('ask', 0, (1,)))\nreturn 0.0"),
    "reports a cell in a call": in_call(FIND_CHANNEL + "channel.send(('cell', 0, '', ''))\nreturn 0.0"),
    "reports a cell that is not its own": FIND_CHANNEL + "channel.send(('cell', 2, '', ''))",
    "an outcome in a cell": FIND_CHANNEL + "channel.send(('outcome', 1, {}))",
    "an outcome for another call": forged({}, 99),
    "an array as number": in_call(f"{FIND_CHANNEL}import numpy as np\nchannel.send(('outcome', np.ones(2), {{}}))"),
    "a value of another class": in_call(
        f"{FIND_CHANNEL}from numpy.random import default_rng\n"
        f"channel.send(('outcome', 1, {OUTCOME} | {{'value': default_rng()}}))\nreturn 0.0"
    ),
    "no fields": in_call(FIND_CHANNEL + "channel.send(('outcome', 1, {}))\nreturn 0.0"),
    "counts of its own": forged({"evaluations": {"f": 0}}),
    "arguments missing": forged({"arguments": ()}),
    "lines of numbers": forged({"lines": (1, 2)}),
    "an error with markup": forged({"error": "<b>"}),
    "shares beyond": forged({"shares": (7,)}),
    "printed less than nothing": forged({"printed_count": -1}),
    "seconds of text": forged({"seconds": "0"}),
    "replaces call": in_call(FIND_SEALED + "sealed['call'] = lambda *_: None\nreturn 0.0"),
    "replaces the outcome": in_call(FIND_SEALED + "sealed['Outcome'] = sealed['CLAIMED'] = None\nreturn 0.0"),
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_answers_get_nothing_and_harm_no_other(judged, source):
    result = judged([DOUBLE, TRIPLE], RIGHT | {"double": source})
    got = points(result)
    assert got["double"] <= 1  # 0.0 is right in one public case
    assert not result.verdicts["00.double"].passed
    assert got["triple"] == 4
    assert len(repr(result)) < 20_000


@pytest.mark.parametrize("source", [in_call(DELETE), DELETE, "import numpy\nnumpy.ndarray = numpy.generic = None"])
def test_who_breaks_python_for_all_answers_gets_nothing(judged, source):
    assert set(points(judged([DOUBLE, TRIPLE], RIGHT | {"double": source})).values()) == {0}


def test_a_right_answer_with_running_threads_and_a_memory_of_its_own_is_right(judged):
    source = (
        "import threading\nseen = []\ndef noise():\n    while True: print('x' * 1000)\n"
        "def double(x):\n    seen.append(x)\n    threading.Thread(target=noise, daemon=True).start()\n    return 2 * x"
    )
    assert points(judged([DOUBLE], RIGHT | {"double": source}, seconds=20.0)) == {"double": 4}


def test_the_counts_of_the_sealed_process_are_not_asked(judged):
    forge = FIND_SEALED + "sealed['CLAIMED'].append('evaluations')\n"
    wasteful = f"def slope(f, x, h):\n    f(x)\n    return (f(x + h) - f(x - h)) / (2 * h)\n{forge}"
    assert points(judged([SLOPE], {"slope": wasteful})) == {"slope": 0}
    assert "is no result" in judged([SLOPE], {"slope": wasteful}).reports["00.slope"].message


def test_a_cell_that_is_lost_costs_its_own_answer_alone(judged, warm):
    result = judged([DOUBLE, TRIPLE], {"setup": SETUP, "double": NO_ALARM + LOOP, "triple": RIGHT["triple"]})
    assert result.cells == {"setup": "", "double": "Timeout: no result after 1 seconds", "triple": ""}
    assert "`double` is not defined: its cell ended with Timeout" in result.reports["00.double"].message
    assert points(result) == {"double": 0, "triple": 4}
    assert warm.started == 2


def test_a_notebook_of_any_length_is_judged(judged):
    result = judged([DOUBLE, TRIPLE], RIGHT | {"triple": "#" * 20_000_000})
    assert points(result) == {"double": 4, "triple": 0}
    assert result.cells["triple"] == "the notebook is too long"


LOOK = """\
import gc, json, sys

def double(x):
    names = [name for name in sys.modules if name.startswith("ngo_lesson")]
    found, seeds, todo = set(), 0, [*gc.get_objects(), *sys.modules.values()]
    for thing in todo:
        for inner in [thing, *gc.get_referents(thing)]:
            file = getattr(getattr(inner, "__code__", None), "co_filename", "")
            if "/ngo_lesson/" in file:
                found.add(file.rpartition("/ngo_lesson/")[2])
            seeds += type(inner) is str and inner[::-1] == "dees-terces"
    frame, files = sys._getframe(), []
    while frame:
        files.append(frame.f_code.co_filename)
        frame = frame.f_back
    json.dump([names, sorted(found), files, seeds], open("seen.json", "w"))
    return 2 * x
"""


def test_the_sealed_process_holds_no_reference(judged, tmp_path):
    result = judged([DOUBLE], RIGHT | {"double": LOOK}, seed="secret-seed", seconds=60.0)
    assert result.verdicts["00.double"].passed
    names, files, frames, seeds = json.loads((tmp_path / "seen.json").read_text())
    assert names == ["ngo_lesson", "ngo_lesson.questions"]
    assert set(files) <= {"answers.py", "grading/wire.py", "grading/sealed.py"}
    assert not [frame for frame in frames if "judge" in frame or "questions" in frame]
    assert seeds == 0


def test_a_process_that_cannot_start_is_not_the_students_fault(warm, tmp_path):
    class Broken(Fresh):
        def start(self, request):
            return super().start(request | {"allows": None})

    broken = Broken()
    with pytest.raises(RuntimeError, match="does not start"):
        judge([DOUBLE], list(RIGHT.items()), broken, 0, tmp_path)
    assert broken.process.poll() is not None


def test_the_same_seed_gives_the_same_hidden_cases_and_another_gives_others():
    question = find("05.adam")
    (draw, places), (other, _) = hidden(question, "a", 0), hidden(question, "a", 1)
    assert places[:2] == (0, 1)
    assert places[2:] == (None, None)
    first, second = (d.cases[2].arguments[0].tolist() for d in (draw, other))
    assert first != second
    assert hidden(question, "a", 0)[0] is draw
    assert hidden(question, "b", 0)[0].cases[2].arguments[0].tolist() != first


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="the system does not list open files")
def test_no_descriptor_is_left_open(judged):
    judged([DOUBLE], RIGHT)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        judged([DOUBLE, TRIPLE], RIGHT | {"double": in_call("import os; os._exit(0)")})
    assert len(os.listdir("/proc/self/fd")) <= before
