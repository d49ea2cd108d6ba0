"""Calling a student's answer: whatever it does, the outcome is plain data and the caller's world is as before."""

import io
import json
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings

import numpy as np
import pytest

from ngo_lesson.answers import KEPT_CHARACTERS, NotPlainError, Seed, call, plain, to_call

posix = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no interval timer")


def test_value_arguments_and_evaluations():
    def square(x):
        return x * x

    def answer(f, x, rows):
        x += 1
        rows.append(2)
        return f(1.0) + f(x[0])

    x, rows = np.array([1.0, 2.0]), [1]
    outcome = call(answer, (square, x, rows))
    assert outcome.value == 5.0
    assert outcome.error == ""
    assert outcome.evaluations == {"square": 2}
    assert outcome.arguments[0] is None
    np.testing.assert_array_equal(outcome.arguments[1], [2.0, 3.0])
    assert outcome.arguments[2] == [1, 2]
    np.testing.assert_array_equal(x, [1.0, 2.0])
    assert rows == [1]


def test_each_call_gets_a_fresh_generator():
    values = [call(lambda rng: rng.random(), (Seed(3),)).value for _ in range(2)]
    assert values == [np.random.default_rng(3).random()] * 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.0), 2.0),
        (np.str_("a"), "a"),
        ((1, [np.float64(2.0), None]), (1, [2.0, None])),
        ({"a": np.int8(1)}, {"a": 1}),
    ],
)
def test_plain(value, expected):
    result = plain(value)
    assert result == expected
    assert type(result) is type(expected)
    assert json.dumps(result) == json.dumps(expected)


class Subclass(np.ndarray):
    pass


def test_plain_arrays_are_copies_of_the_base_class():
    array = np.arange(3.0)
    result = plain(array)
    assert result is not array
    assert type(plain(array.view(Subclass))) is np.ndarray
    assert plain(np.array(["a", "b"])).dtype.kind == "U"


def nested(depth):
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "a object"),
        ({1, 2}, "a set"),
        ((i for i in range(3)), "a generator"),
        (np.array([None]), "dtype object"),
        (2**70, "64 bits"),
        (nested(20), "nested"),
    ],
)
def test_what_is_not_plain(value, text):
    with pytest.raises(NotPlainError, match=text):
        plain(value)
    outcome = call(lambda: value, ())
    assert outcome.error == "NotPlain"
    assert text in outcome.text


def test_error_is_told_with_the_students_lines_only():
    def helper(x):
        return np.linalg.inv(x)

    def answer(x):
        return helper(x)

    outcome = call(answer, (np.zeros((2, 2)),))
    assert outcome.error == "LinAlgError"
    assert outcome.text == "Singular matrix"
    assert [line.split(": ", 1)[1] for line in outcome.lines] == ["return helper(x)", "return np.linalg.inv(x)"]


class RudeError(Exception):
    def __str__(self):
        raise RuntimeError


def raise_rude():
    raise RudeError


def recurse():
    return recurse()


@pytest.mark.parametrize(
    ("answer", "error"),
    [(sys.exit, "SystemExit"), (raise_rude, "RudeError"), (recurse, "RecursionError")],
)
def test_errors_of_any_kind_are_outcomes(answer, error):
    assert call(answer, ()).error == error


def test_long_error_texts_are_cut():
    def answer():
        raise ValueError("x" * 100_000)

    assert len(call(answer, ()).text) == KEPT_CHARACTERS


def test_wrong_number_of_arguments_and_no_function():
    outcome = call(lambda a, b: a, (1.0,))
    assert (outcome.error, outcome.text) == ("Signature", "(a, b)")
    outcome = call(3.0, (1.0,))
    assert (outcome.error, outcome.text) == ("NotCallable", "a float, not a function")
    assert call(lambda a, b=1: a, (1.0,)).value == 1.0
    assert call(np.array, ([1.0],)).error == ""


def test_the_stop_button_gets_through():
    def answer():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call(answer, ())


def test_a_flood_of_prints_is_counted_not_kept(capsys):
    def answer():
        for _ in range(1000):
            print("x" * 999)
        print("e", file=sys.stderr)
        return 1.0

    outcome = call(answer, ())
    assert outcome.value == 1.0
    assert outcome.printed == "x" * KEPT_CHARACTERS
    assert outcome.printed_count == 1_000_002
    assert capsys.readouterr() == ("", "")


def test_warnings_are_noted_once_and_a_flood_is_bounded():
    def one(x):
        return sum(1 / x for _ in range(3))

    def many():
        for i in range(1000):
            warnings.warn(f"number {i}", stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert call(one, (np.zeros(1),)).warnings == ("RuntimeWarning: divide by zero encountered in divide",)
        assert len(call(many, ()).warnings) == 5


def endless():
    while True:
        pass


def stubborn():
    while True:
        try:  # noqa: SIM105
            sum(range(100))
        except BaseException:
            pass


def swallowing():
    try:
        endless()
    except:  # noqa: E722
        return 1.0


def flooding():
    while True:
        print("again")


@posix
@pytest.mark.parametrize("answer", [endless, stubborn, swallowing, flooding])
def test_an_endless_loop_is_ended_and_the_timer_is_off_again(answer):
    def earlier(*_):
        raise AssertionError

    handler = signal.signal(signal.SIGALRM, earlier)
    left = signal.setitimer(signal.ITIMER_REAL, 200, 0)
    try:
        outcome = call(answer, (), seconds=0.2)
        assert outcome.error == "Timeout"
        assert outcome.value is None
        assert signal.getsignal(signal.SIGALRM) is earlier
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 200
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
        signal.signal(signal.SIGALRM, handler)


@posix
def test_an_endless_loop_around_a_function_argument_is_ended():
    def f(x):
        return x

    def answer(f):
        while True:
            f(1.0)

    outcome = call(answer, (f,), seconds=0.2)
    assert outcome.error == "Timeout"
    assert outcome.evaluations["f"] > 0


@pytest.mark.parametrize(
    ("answer", "shares"),
    [
        (lambda a, rows, n: a, (0,)),
        (lambda a, rows, n: (a[1:], rows[0][::2]), (0, 1)),
        (lambda a, rows, n: {"part": [rows[1].T]}, (1,)),
        (lambda a, rows, n: (a.copy(), n, rows[0] + 0), ()),
        (lambda a, rows, n: np.zeros(0), ()),
    ],
)
def test_arguments_whose_memory_the_result_shares(answer, shares):
    assert call(answer, (np.arange(4.0), [np.ones(4), np.ones(2)], 3)).shares == shares


def test_the_seconds_of_a_call_and_of_one_that_fails():
    assert call(lambda: time.sleep(0.05), ()).seconds >= 0.05
    assert call(lambda: 1 / 0, ()).seconds == 0


def test_memory_held_while_a_function_is_called():
    def loss(x):
        return np.sum(np.outer(x[:1000], x[:1000]))

    def spare(loss, x):
        x += np.ones(x.size)
        return loss(x)

    def keeping(loss, x):
        z = np.ones(x.size)
        x += z
        return loss(x) + z[0]

    tracemalloc.start()
    try:
        arguments = loss, np.zeros(10**5)
        assert call(spare, arguments, measure=True).held < 10**5
        assert call(keeping, arguments, measure=True).held > 8 * 10**5
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    assert call(keeping, arguments, measure=True).held > 8 * 10**5
    assert not tracemalloc.is_tracing()
    assert call(keeping, arguments).held == 0


def test_literals_and_answers_not_given_yet():
    assert call(to_call(("b", 3), literal=True), ()).value == ("b", 3)
    assert to_call(len) is len
    for answer, literal in ((..., False), (..., True), (None, True)):
        assert call(to_call(answer, literal), (1, 2)).error == "NotImplementedError"
    assert call(to_call(None), ()).error == "NotCallable"


def test_without_a_timer_the_stop_button_is_named(monkeypatch):
    class Screen(io.StringIO):
        def write(self, text):
            if "stop button" in text:
                named.set()
            return super().write(text)

    named, outcomes = threading.Event(), []
    monkeypatch.setattr(sys, "stdout", Screen())
    thread = threading.Thread(target=lambda: outcomes.append(call(lambda: named.wait(30), (), seconds=0.01)))
    thread.start()
    thread.join()
    assert outcomes[0].value is True


def test_it_loads_nothing_of_the_package():
    code = "import sys, ngo_lesson.answers; print([m for m in sys.modules if m.startswith('ngo_lesson')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "['ngo_lesson', 'ngo_lesson.answers']"
