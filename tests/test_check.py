"""The check cell: what a student reads, and that every kind of question of the course fits the one form."""

import time

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from ngo_lesson.answers import Seed
from ngo_lesson.questions import check, score
from ngo_lesson.questions.check import Draw, run, verdict
from ngo_lesson.questions.question import Case, Question, close, follows_seed, functions, same


def half_mse(theta, X, y):
    return np.mean((X @ theta - y) ** 2) / 2


# What a student reads


def test_a_failed_check_shows_inputs_result_and_expectation():
    report = check("02.half_mse", lambda theta, X, y: 3.0)
    assert repr(report) == (
        "02.half_mse: not yet, 0 of 2 points\n"
        "The result is 3; 0.5 was expected.\n"
        "Called as half_mse(theta, X, y) with:\n"
        "    theta = [2.]\n"
        "    X = [[3.]]\n"
        "    y = [5.]\n"
        "Returned: 3\n"
        "Expected: 0.5"
    )


def test_the_first_case_that_differs_is_shown_and_large_arrays_by_shape():
    report = check("02.half_mse", lambda theta, X, y: half_mse(theta, X, y) * (1 if len(y) < 200 else 2))
    assert "X = array of shape (200, 8)" in repr(report)
    assert report.mistake is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda theta, X, y: None, "The result is None: did you forget `return`?"),
        (lambda theta, X, y: X, "The result is an array of shape (1, 1); a number was expected."),
        (lambda theta, X, y: "0.5", "The result is text; a number was expected."),
        (lambda theta, X, y: True, "The result is True or False; a number was expected."),
        (lambda theta, X, y: np.nan, "The result is NaN (not a number)."),
        (lambda theta, X, y: half_mse(theta, X, y) + 1j, "The result is complex; a real value was expected."),
        (lambda theta, X, y: {1.0}, "The result is a set; a number was expected."),
        (lambda theta, X: 0.5, "`half_mse` takes the arguments `(theta, X)`; it is called as `half_mse(theta, X, y)`."),
        (0.5, "`half_mse` is a float, not a function. Is its name used for something else in another cell?"),
        (lambda theta, X, y: 1 / 0, "`half_mse` raised ZeroDivisionError: division by zero"),
    ],
)
def test_one_sentence_says_what_is_wrong(answer, message):
    report = check("02.half_mse", answer)
    assert report.message == message
    assert not report.passed
    assert report.mistake is None


def test_an_error_shows_the_students_line_and_no_frame_of_ours():
    def answer(theta, X, y):
        return theta.reshape(7, 7)

    text = repr(check("02.half_mse", answer))
    assert "return theta.reshape(7, 7)" in text
    assert "Traceback" not in text
    assert "answers.py" not in text


def test_a_changed_argument_has_its_own_message():
    def answer(theta, X, y):
        X *= theta
        return np.mean((X.sum(axis=1) - y) ** 2) / 2

    message = check("02.half_mse", answer).message
    assert message == "`half_mse` changed its argument `X`, which belongs to the caller: work on a copy."


def test_an_argument_that_must_change_is_compared_after_the_call():
    def mezo_step(loss, theta, seed, eps, lr):
        z = np.random.default_rng(seed).standard_normal(theta.shape)
        projected = (loss(theta + eps * z) - loss(theta - eps * z)) / (2 * eps)
        theta -= 2 * lr * projected * z
        return projected

    message = check("15.mezo", mezo_step).message
    assert message == "Entry [0] of `theta` after the call is 2.0505548; 1.5252774 was expected."


def test_a_right_value_with_a_warning_passes_and_says_so():
    def answer(theta, X, y):
        np.log(np.zeros(1))
        return half_mse(theta, X, y)

    report = check("02.half_mse", answer)
    assert report.passed
    assert repr(report).split("\n") == [
        "02.half_mse: passed, 2 of 2 points",
        "Warning while it ran: RuntimeWarning: divide by zero encountered in log",
    ]


def test_a_flood_of_prints_is_cut():
    def answer(theta, X, y):
        print("x" * 10_000_000)

    assert "xxx ... (10000001 characters in all)" in repr(check("02.half_mse", answer))
    assert len(repr(check("02.half_mse", answer))) < 1500


def test_an_endless_loop_is_reported():
    def answer(theta, X, y):
        while True:
            pass

    text = repr(check("02.half_mse", answer))
    assert "`half_mse` gave no result after 5 seconds. Is there a loop that never ends?" in text
    assert "while True:" in text or "pass" in text


def test_html_escapes_what_the_student_wrote_and_has_words_beside_the_icon():
    def answer(theta, X, y):
        raise ValueError("<script>alert(1)</script>")

    html = check("02.half_mse", answer)._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert 'role="status"' in html
    assert "not yet" in html
    assert "<code>half_mse</code> raised ValueError" in html
    assert "--jp-error-color1" in html
    assert "passed" in check("02.half_mse", half_mse)._repr_html_()


def test_score_sums_the_latest_checks():
    check("02.half_mse", lambda theta, X, y: 0.0)
    before = score("02").points
    check("02.half_mse", half_mse)
    after = score("02")
    assert after.points == before + 2
    assert repr(after).split("\n")[0] == f"Exercise 02: {after.points} of 12 points"
    assert len(repr(after).split("\n")) == 1 + sum(line.startswith("02.") for line in after.missing)


CELLS = (
    "from ngo_lesson.questions import check",
    "def half_mse(theta, X, y):\n    return 1 / 0",
    'check("02.half_mse", half_mse)',
    "def half_mse(theta, X, y):\n    return ((X @ theta - y) ** 2).mean() / 2",
    'check("02.half_mse", half_mse)',
)


@pytest.mark.parametrize("execution", ["autograde", "validate", None])
def test_in_a_real_kernel_a_failed_check_raises_only_for_nbgrader(execution, monkeypatch):
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    if execution:
        monkeypatch.setenv("NBGRADER_EXECUTION", execution)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, allow_errors=True).execute()
    (failed,), (passed,) = notebook.cells[2].outputs, notebook.cells[4].outputs
    assert passed.data["text/plain"] == "02.half_mse: passed, 2 of 2 points"
    if execution:
        assert (failed.output_type, failed.ename) == ("error", "CheckFailed")
        lines = failed.traceback
    else:
        assert failed.output_type == "execute_result"
        lines = failed.data["text/plain"].split("\n")
    assert lines[:2] == [
        "02.half_mse: not yet, 0 of 2 points",
        "`half_mse` raised ZeroDivisionError: division by zero",
    ]
    assert "Your lines: line 2 of half_mse: return 1 / 0" in lines


# Comparing plain values


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (1.0, 1),
        (1.0, 1.0 + 1e-8),
        (1.0, 1 + 0j),
        (np.array([1.0, 2.0]), [1, 2]),
        (np.array([1.0, 1e-17]), (1.0, 0.0)),
        ((np.array([1.0]), 2.0), [[1.0], 2.0]),
        ([1.0, 2.0], np.array([1.0, 2.0])),
        ([np.array([1, 2]), np.array([3, 4])], np.array([[1, 2], [3, 4]])),
        (np.array([np.nan, np.inf]), np.array([np.nan, np.inf])),
        ({"a": 1.0}, {"a": 1.0}),
        ("text", "text"),
        (None, None),
    ],
)
def test_close(expected, got):
    assert close(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "sentence"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 3.0]), "entry [1] of the result is 3; 2 was expected."),
        (np.array([1.0, 2.0]), np.array([[1.0, 2.0]]), "the result has shape (1, 2); (2,) was expected."),
        (np.array([1.0]), [None], "the result is a list of 1; an array of shape (1,) was expected."),
        (np.array([1.0]), [[1], [1, 2]], "the result is a list of 2; an array of shape (1,) was expected."),
        (np.array([True]), np.array([1]), "an array of True and False of shape (1,) was expected."),
        (np.array([1.0, 2.0]), np.array([1.0, np.nan]), "entry [1] of the result is NaN (not a number)."),
        (np.array([10**7]), np.array([10**7 + 1]), "entry [0] of the result is 10000001; 10000000 was expected."),
        ((1.0, 2.0), (1.0,), "the result is a tuple of 1; a tuple of 2 was expected."),
        ((1.0, 2.0), np.array([1.0]), "the result is an array of shape (1,); a tuple of 2 was expected."),
        ((1.0, 2.0), (1.0, None), "part [1] of the result is None: did you forget `return`?"),
        ({"a": 1}, {"b": 1}, "the result has the keys ['b']; ['a'] were expected."),
        ("a", "b", "the result is 'b'; 'a' was expected."),
        (1.0, np.inf, "the result is inf; 1 was expected."),
    ],
)
def test_close_says_what_differs(expected, got, sentence):
    assert close(expected, got).endswith(sentence)


# Questions of later exercises: the one form carries them


def ask(reference, cases, mistakes, **options):
    return Question(
        "00.toy", 2, 1, 1, cases=lambda rng: cases, reference=reference, mistakes=mistakes, hints=("", ""), **options
    )


def answered(question, *answers):
    draw = Draw(question, 0)
    return verdict(draw, run(answers, draw.cases))


def test_several_answers():
    def double(x):
        return 2 * x

    def halve(x):
        return x / 2

    def unanswered(x):
        raise NotImplementedError

    same = "halved, not doubled"
    question = ask((double, halve), [Case((3.0,)), Case((3.0,), answer=1)], {same: (halve, halve)})
    assert answered(question, double, halve).passed
    assert answered(question, halve, halve).mistake == same
    assert "halve: write your answer" in answered(question, double, unanswered).message


def slope(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def test_function_arguments_are_counted():
    def cube(x):
        """x -> x**3"""
        return x**3

    def wasteful(f, x, h):
        f(x)
        return slope(f, x, h)

    question = ask(slope, [Case((cube, 1.0, 0.1))], {"one more evaluation at x": wasteful})
    assert answered(question, slope).passed
    assert answered(question, wasteful).mistake == "one more evaluation at x"
    report = answered(question, lambda f, x, h: (f(x) + f(x) + f(x) + f(x)) * 0 + 3.01)
    assert report.message == "`cube` was evaluated 4 times; 2 were expected."
    assert "f = the function cube, x -> x**3" in repr(report)


def test_generators_are_given_as_seeds_and_properties_compared():
    def folds(n, k, rng):
        return np.array_split(rng.permutation(n), k)

    def features(folds):
        return (sorted(map(len, folds)), sorted(np.bincount(np.concatenate(folds))))

    def same_features(expected, got):
        return close(features(expected.value), features(got.value), "the list of sizes and counts")

    def remainder_dropped(n, k, rng):
        return [np.array(part) for part in rng.permutation(n)[: n - n % k].reshape(k, -1)]

    question = ask(
        folds, [Case((7, 3, Seed(1)))], {"the remainder is dropped": remainder_dropped}, compare=same_features
    )
    assert answered(question, lambda n, k, rng: np.array_split(rng.permutation(n)[::-1], k)).passed
    assert (
        answered(question, lambda n, k, rng: list(rng.permutation(7)[1:].reshape(3, 2))).mistake
        == "the remainder is dropped"
    )
    assert answered(question, lambda n, k, rng: 3.0).message == "The result is a number; a list of 3 was expected."


def test_random_numbers_come_from_the_given_generator():
    def shuffled(n, rng):
        return rng.permutation(n)

    def same_members(expected, got):
        return close(sorted(expected.value), sorted(got.value))

    mistakes = {
        "the generator has its own seed": lambda n, rng: np.random.default_rng(0).permutation(n),
        "the generator has no seed": lambda n, rng: np.random.default_rng().permutation(n),
    }
    cases = [Case((20, Seed(seed))) for seed in (1, 2, 1)]
    question = ask(shuffled, cases, mistakes, compare=same_members, compare_all=follows_seed)
    assert answered(question, lambda n, rng: np.argsort(rng.random(n))).passed
    report = answered(question, lambda n, rng: np.arange(n)[::-1])
    assert report.mistake == "the generator has its own seed"
    assert report.message.endswith("Two different seeds gave the same result: take the random numbers from `rng`.")
    report = answered(question, lambda n, rng: np.argsort(np.random.default_rng().random(n)))
    assert report.mistake == "the generator has no seed"
    assert report.message.endswith("The same seed gave two different results: take every random number from `rng`.")
    assert "A right result: array of shape (20,)" in repr(answered(question, lambda n, rng: np.arange(n + 1)))


def test_an_answer_may_be_asked_to_change_its_argument():
    def scale_(x):
        x *= 2

    question = ask(scale_, [Case((np.ones(2),))], {"nothing is changed": lambda x: None})
    assert answered(question, scale_).passed
    assert answered(question, lambda x: None).mistake == "nothing is changed"


def test_points_for_the_share_of_cases_that_are_right():
    def double(x):
        return 2 * x

    question = ask(double, [Case((1.0,)), Case((0.0,)), Case((2.0,))], {"squared": lambda x: x * x})
    report = answered(question, lambda x: x * x)
    assert (report.points, report.max_points, report.passed) == (1, 2, False)
    assert report.mistake == "squared"
    assert repr(report).startswith("00.toy: not yet, 1 of 2 points\n")
    assert answered(question, lambda x: 7.0).points == 0
    together = ask(double, [Case((1.0,)), Case((2.0,))], {}, compare_all=lambda expected, got: "they are too few.")
    assert answered(together, double).points == 0


def test_an_answer_that_never_ends_is_called_once_and_keeps_what_was_right():
    calls = []

    def double(x):
        return 2 * x

    def endless(x):
        calls.append(x)
        while x > 1:
            pass
        return 2 * x

    report = answered(ask(double, [Case((x,)) for x in (0.0, 1.0, 2.0, 3.0)], {}), endless)
    assert len(calls) == 3
    assert (report.points, report.passed) == (1, False)


def test_a_question_may_ask_how_fast_an_answer_is_what_it_holds_and_what_it_shares():
    def first(f, x):
        return f(x[:1]) * x[:1].copy()

    def f(x):
        return 1.0

    def slow(f, x):
        time.sleep(0.002)
        return f(x) * x[:1].copy()

    def holding(f, x):
        kept = x + 1
        return f(x) * (kept - 1)[:1]

    def sharing(f, x):
        return x[:1] if f(x) else None

    def lasting(expected, got):
        if got.held > 10**6:
            return "a copy of `x` is held while `f` works."
        return same(expected, got) or ("the result shares memory with `x`." if got.shares else None)

    def quick(expected, got):
        least = min(outcome.seconds for outcome in got)
        return f"a call took at least {least:.3f} s." if least > 1e-3 else None

    cases = [Case((f, np.zeros(10**6)), measure=measure) for measure in (True, False, False)]
    question = ask(first, cases, {}, compare=lasting, compare_all=quick)
    assert answered(question, first).passed
    assert answered(question, slow).message.startswith("A call took at least")
    assert answered(question, holding).message == "A copy of `x` is held while `f` works."
    assert answered(question, sharing).message == "The result shares memory with `x`."


def test_a_comparison_that_fails_is_no_failure_of_the_check():
    def double(x):
        return 2 * x

    def strange(expected, got):
        return 1 / 0

    assert "a number was expected" in answered(ask(double, [Case((1.0,))], {}, compare=strange), double).message
    report = answered(ask(double, [Case((1.0,))], {}, compare_all=strange), double)
    assert report.message == "The results cannot be compared: division by zero."


def test_a_quiz_does_not_tell_what_was_expected():
    question = ask(("b", 3), [Case()], {"this is the definition of a gradient": ("a", 3)})
    assert question.is_quiz
    assert answered(question, *functions(("b", 3))).passed
    report = answered(question, *functions(("a", 3)))
    assert report.mistake == "this is the definition of a gradient"
    assert "'b'" not in repr(report)
